"""Strict mode: key, bucket and secret policies that name a role not known yet are malformed, as on AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.models import Key, KmsBackend
from moto.s3.exceptions import S3ClientError
from moto.s3.models import S3Backend
from moto.secretsmanager.models import SecretsManagerBackend

from local_cloud import principals
from local_cloud.extensions import around
from local_cloud.runtime import Runtime


def install(runtime: Runtime) -> None:
    if runtime.settings.strict:
        _check_key_policies()
        _check_bucket_policies()
        _check_secret_policies()


def _check_key_policies() -> None:
    def check(policy: str | None) -> None:
        if principals.unknown(policy):
            raise JsonRESTError(
                "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals."
            )

    @around(KmsBackend, "create_key")
    def create_key(original: Callable[..., Key], self: KmsBackend, policy: str | None, *more: Any, **named: Any) -> Key:
        check(policy)
        return original(self, policy, *more, **named)

    @around(KmsBackend, "put_key_policy")
    def put_key_policy(original: Callable[..., None], self: KmsBackend, key_id: str, policy: str) -> None:
        check(policy)
        original(self, key_id, policy)


def _check_bucket_policies() -> None:
    @around(S3Backend, "put_bucket_policy")
    def put_bucket_policy(original: Callable[..., None], self: S3Backend, bucket_name: str, policy: bytes) -> None:
        if principals.unknown(policy.decode()):
            raise S3ClientError("MalformedPolicy", "Invalid principal in policy")
        original(self, bucket_name, policy)


def _check_secret_policies() -> None:
    @around(SecretsManagerBackend, "put_resource_policy")
    def put_resource_policy(
        original: Callable[..., Any], self: SecretsManagerBackend, secret_id: str, policy: str
    ) -> Any:
        if principals.unknown(policy):
            raise JsonRESTError(
                "MalformedPolicyDocumentException", "This resource policy contains an unsupported principal."
            )
        return original(self, secret_id, policy)

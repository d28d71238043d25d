"""CloudWatch Logs: classes of log groups, and keys that a log group takes only if their policy lets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.kms.models import kms_backends
from moto.logs.exceptions import LogsClientError
from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

from local_cloud.extensions import around, operation
from local_cloud.runtime import Runtime

_STANDARD = "STANDARD"


def install(runtime: Runtime) -> None:
    _keep_classes()
    _check_keys(strict=runtime.settings.strict)


def _keep_classes() -> None:
    @around(LogsResponse, "create_log_group")
    def create_log_group(original: Callable[..., str], self: LogsResponse) -> str:
        answer = original(self)
        group = self.logs_backend.groups[self._get_param("logGroupName")]
        group.log_group_class = self._get_param("logGroupClass") or _STANDARD
        return answer

    @around(LogGroup, "to_describe_dict")
    def to_describe_dict(original: Callable[..., dict[str, Any]], self: LogGroup) -> dict[str, Any]:
        return {**original(self), "logGroupClass": getattr(self, "log_group_class", _STANDARD)}


def _check_keys(*, strict: bool) -> None:
    @around(LogsBackend, "create_log_group")
    def create_log_group(
        original: Callable[..., LogGroup], self: LogsBackend, log_group_name: str, *more: Any, **named: Any
    ) -> LogGroup:
        _refuse_key(self, named.get("kmsKeyId"), log_group_name, strict=strict)
        return original(self, log_group_name, *more, **named)

    @operation(LogsResponse)
    def associate_kms_key(self: LogsResponse) -> str:
        name, key_arn = self._get_param("logGroupName"), self._get_param("kmsKeyId")
        _refuse_key(self.logs_backend, key_arn, name, strict=strict)
        _group(self.logs_backend, name).kms_key_id = key_arn
        return "{}"

    @operation(LogsResponse)
    def disassociate_kms_key(self: LogsResponse) -> str:
        _group(self.logs_backend, self._get_param("logGroupName")).kms_key_id = None
        return "{}"


def _group(backend: LogsBackend, name: str) -> LogGroup:
    if name not in backend.groups:
        raise LogsClientError("ResourceNotFoundException", "The specified log group does not exist.")
    return backend.groups[name]


def _refuse_key(backend: LogsBackend, key_arn: str | None, name: str, *, strict: bool) -> None:
    """Refuse a key that is not there; in strict mode also one whose policy does not name CloudWatch Logs."""
    if not key_arn:
        return
    keys = kms_backends[backend.account_id][backend.region_name].keys
    key = keys.get(key_arn.split("/")[-1])
    if key is None or key.arn != key_arn or (strict and not _names_logs(key.policy)):
        reason = f"The specified KMS key does not exist or is not allowed to be used with Arn '{_arn(backend, name)}'"
        raise LogsClientError("InvalidParameterException", reason)


def _names_logs(policy: str) -> bool:
    statements = json.loads(policy).get("Statement", [])
    return any("logs." in json.dumps(statement.get("Principal") or {}) for statement in statements)


def _arn(backend: LogsBackend, name: str) -> str:
    return f"arn:aws:logs:{backend.region_name}:{backend.account_id}:log-group:{name}"

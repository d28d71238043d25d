"""Contract cases of secretsmanager_secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "test"}
READERS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "123456789012"},
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "*",
        }
    ],
}
WRITERS = {**READERS, "Statement": [{**READERS["Statement"][0], "Action": "secretsmanager:PutSecretValue"}]}
JWT = {"name": "jwt", "generate": {"length": 64, "exclude_punctuation": True}, "description": "Signs tokens"}
DATABASE = {"name": "database", "template": {"username": "app"}, "keys": [{"name": "password"}]}
TLS: dict[str, Any] = {
    "name": "tls",
    "certificate": {"domain_name": "admin.example.com", "subject_alternative_names": ["a.example.com"]},
}
MAIL = {"name": "mail", "value": "correct-horse-battery", "resource_policy": READERS}


def certified(**recipe: Any) -> dict[str, Any]:
    return {**TLS, "certificate": {**TLS["certificate"], **recipe}}


def key(boto: Boto) -> Mapping[str, Any]:
    """An encryption key, known to the module by its alias."""
    kms = boto("kms")
    if "alias/contract-secrets" not in [alias["AliasName"] for alias in kms.list_aliases()["Aliases"]]:
        kms.create_alias(AliasName="alias/contract-secrets", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return {}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A secret below the prefix that is not tagged as ours, and one with our tags whose name only begins alike."""
    manager = boto("secretsmanager")
    listed = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    manager.create_secret(Name="contract/auth/foreign", SecretString="keep me")
    manager.create_secret(Name="contract/authority", SecretString="keep me", Tags=listed)
    names = ("contract/auth/foreign", "contract/authority")
    return lambda: [manager.get_secret_value(SecretId=name)["SecretString"] for name in names]


CASES = [
    Case(
        name="secretsmanager_secrets",
        module="secretsmanager_secrets",
        present={"prefix": "contract/auth", "secrets": [JWT, DATABASE, TLS, MAIL], "tags": TAGS, "purge": True},
        absent={"secrets": []},
        prepare=key,
        edits={
            "value": {"secrets": [JWT, DATABASE, TLS, {**MAIL, "value": "staple-correct-horse"}]},
            "description": {"secrets": [{**JWT, "description": "Signs access tokens"}, DATABASE, TLS, MAIL]},
            "key": {"secrets": [JWT, {**DATABASE, "kms_key_id": "alias/contract-secrets"}, TLS, MAIL]},
            "names of a certificate": {"secrets": [JWT, DATABASE, certified(subject_alternative_names=[]), MAIL]},
            "validity of a certificate": {"secrets": [JWT, DATABASE, certified(validity_days=90), MAIL]},
            "resource policy": {"secrets": [JWT, DATABASE, TLS, {**MAIL, "resource_policy": WRITERS}]},
            "no resource policy": {"secrets": [JWT, DATABASE, TLS, {**MAIL, "resource_policy": {}}]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
            "one fewer, restored afterwards": {"secrets": [JWT, DATABASE]},
            "one fewer, for good": {"secrets": [DATABASE, MAIL], "recovery_window_in_days": 0},
            "one more": {"secrets": [JWT, DATABASE, TLS, MAIL, {"name": "extra", "generate": {}}]},
        },
        foreign=lookalike,
        secrets=("correct-horse-battery", "staple-correct-horse"),
    )
]

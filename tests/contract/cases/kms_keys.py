"""Contract cases of kms_keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "test"}
LOGS = {
    "Effect": "Allow",
    "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
    "Action": ["kms:Encrypt*", "kms:Decrypt*"],
    "Resource": "*",
}
STORAGE = {"name": "storage", "description": "Storage of the database"}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A key with a matching alias that somebody else made."""
    kms = boto("kms")
    key_id = kms.create_key(Description="foreign")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/contract-foreign", TargetKeyId=key_id)
    return lambda: kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"]


CASES = [
    Case(
        name="kms_keys",
        module="kms_keys",
        present={"prefix": "contract-", "keys": [STORAGE], "tags": TAGS, "purge": True},
        absent={"keys": []},
        edits={
            "description": {"keys": [{**STORAGE, "description": "Backups as well"}]},
            "log groups": {"keys": [{**STORAGE, "log_groups": True}]},
            "alarms": {"keys": [{**STORAGE, "alarms": True}]},
            "trails": {"keys": [{**STORAGE, "trails": True}]},
            "recorders": {"keys": [{**STORAGE, "config_recorders": True}]},
            "statement": {"keys": [{**STORAGE, "statements": [LOGS]}]},
            "one more": {"keys": [STORAGE, {"name": "logs", "statements": [LOGS]}]},
            "tag": {"tags": {**TAGS, "Environment": "other"}},
        },
        foreign=lookalike,
    )
]

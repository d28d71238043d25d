"""Contract cases of log_groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "logs"}
AUTH = {"name": "/contract-logs/auth", "retention_in_days": 90, "kms_key_id": "alias/contract-logs"}
ACCESS = {"name": "/contract-logs/access", "log_group_class": "INFREQUENT_ACCESS"}
KEYS = ("alias/contract-logs", "alias/contract-logs-other")


def keys(boto: Boto) -> Mapping[str, Any]:
    """Two keys, known to the module by their aliases."""
    kms = boto("kms")
    there = {alias["AliasName"] for alias in kms.list_aliases()["Aliases"]}
    for alias in set(KEYS) - there:
        kms.create_alias(AliasName=alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return {}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A group below the prefix that is not tagged as ours, and one with our tags whose name only begins alike."""
    logs = boto("logs")
    logs.create_log_group(logGroupName="/contract-logs/foreign")
    logs.create_log_group(logGroupName="/contract-logs-too", tags=TAGS)

    def described(name: str) -> list[Any]:
        groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return [(group["logGroupName"], group.get("retentionInDays")) for group in groups]

    return lambda: described("/contract-logs/foreign") + described("/contract-logs-too")


CASES = [
    Case(
        name="log_groups",
        module="log_groups",
        present={"log_groups": [AUTH, ACCESS], "prefix": "/contract-logs/", "tags": TAGS, "purge": True},
        absent={"log_groups": []},
        prepare=keys,
        edits={
            "retention": {"log_groups": [{**AUTH, "retention_in_days": 365}, ACCESS]},
            "for ever": {"log_groups": [{**AUTH, "retention_in_days": 0}, ACCESS]},
            "key": {"log_groups": [{**AUTH, "kms_key_id": KEYS[1]}, ACCESS]},
            "no key": {"log_groups": [{**AUTH, "kms_key_id": ""}, ACCESS]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
            "one fewer": {"log_groups": [AUTH]},
            "one more": {"log_groups": [AUTH, ACCESS, {"name": "/contract-logs/extra", "retention_in_days": 1}]},
        },
        foreign=lookalike,
    ),
    Case(
        name="log_groups by name",
        module="log_groups",
        present={"log_groups": [{"name": "/contract-named/auth", "retention_in_days": 30}]},
        absent={"state": "absent"},
        edits={"retention": {"log_groups": [{"name": "/contract-named/auth", "retention_in_days": 7}]}},
    ),
]

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""KMS keys as comparable states. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.changes import Change, desired_fields, plan_set
from ..._core.errors import InvalidInput
from .. import policy as iam_policy


@dataclass(frozen=True)
class Place:
    """Where the keys are: what their policies name."""

    partition: str
    account_id: str
    region: str


MARK = "trademaster.platform:alias"  # tag that tells a key which a run could not give its alias any more
DEAD = ("PendingDeletion", "PendingReplicaDeletion")


def alias_name(prefix: str, name: str) -> str:
    return f"alias/{prefix}{name}"


def desired_states(
    prefix: str,
    keys: Sequence[Mapping[str, Any]],
    rotation_days: int,
    place: Place,
    tags: Mapping[str, str] | None,
) -> dict[str, dict[str, Any]]:
    """Desired states by alias. Raises InvalidInput for what KMS would refuse."""
    if not 90 <= rotation_days <= 2560:
        raise InvalidInput("rotation_days", rotation_days, "is not from 90 to 2560")
    states: dict[str, dict[str, Any]] = {}
    for index, key in enumerate(keys):
        alias = alias_name(prefix, key["name"])
        if alias in states:
            raise InvalidInput(f"keys[{index}].name", key["name"], "is given twice: keep one of them")
        states[alias] = desired_fields(
            {
                "description": key.get("description"),
                "policy": iam_policy.normalised(key_policy(key, place)),
                "rotation_days": rotation_days,
                "state": "Enabled",
                "tags": tags,
            }
        )
    return states


def key_policy(key: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The policy document of a key as it is written."""
    statements = [root_statement(place), *key["statements"]]
    if key["log_groups"]:
        statements.append(log_groups_statement(place))
    if key["alarms"]:
        statements.append(alarms_statement(place))
    if key["trails"]:
        statements += trails_statements(place)
    if key["config_recorders"]:
        statements.append(config_recorders_statement(place))
    return {"Version": "2012-10-17", "Statement": statements}


def root_statement(place: Place) -> dict[str, Any]:
    """The account's own access, delegated to its IAM policies; without it nobody could administer the key."""
    principal = {"AWS": f"arn:{place.partition}:iam::{place.account_id}:root"}
    return {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}


def log_groups_statement(place: Place) -> dict[str, Any]:
    """What CloudWatch Logs needs, for the log groups of this account and region only."""
    groups = f"arn:{place.partition}:logs:{place.region}:{place.account_id}:log-group:*"
    return {
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{place.region}.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    }


def alarms_statement(place: Place) -> dict[str, Any]:
    """What CloudWatch needs to notify an encrypted topic, for the alarms of this account and region only."""
    alarms = f"arn:{place.partition}:cloudwatch:{place.region}:{place.account_id}:alarm:*"
    return {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": place.account_id},
            "ArnLike": {"aws:SourceArn": alarms},
        },
    }


def trails_statements(place: Place) -> list[dict[str, Any]]:
    """What CloudTrail needs to encrypt log files, for trails of this account and region only."""
    trails = f"arn:{place.partition}:cloudtrail:{place.region}:{place.account_id}:trail/*"
    cloudtrail = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Resource": "*"}
    of_ours = {"aws:SourceArn": trails}
    return [
        {
            **cloudtrail,
            "Action": ["kms:GenerateDataKey*"],
            "Condition": {"ArnLike": {**of_ours, "kms:EncryptionContext:aws:cloudtrail:arn": trails}},
        },
        {**cloudtrail, "Action": ["kms:DescribeKey"], "Condition": {"ArnLike": of_ours}},
    ]


def config_recorders_statement(place: Place) -> dict[str, Any]:
    """What AWS Config needs to deliver into an encrypted bucket, on behalf of this account only."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": "config.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": place.account_id}},
    }


def targets(aliases: Iterable[Mapping[str, Any]], prefix: str) -> dict[str, str]:
    """Key id by alias, of the aliases that start with `prefix`."""
    start = alias_name(prefix, "")
    return {
        item["AliasName"]: item["TargetKeyId"]
        for item in aliases
        if item["AliasName"].startswith(start) and item.get("TargetKeyId")
    }


def current_state(
    metadata: Mapping[str, Any],
    policy: str,
    rotation: Mapping[str, Any],
    tags: Mapping[str, str],
    wanted: Mapping[str, str] | None,
) -> dict[str, Any]:
    """State of one key. Tags that are not in `wanted` belong to somebody else and are left out."""
    # An emulator may leave the period out of its answer; AWS rotates yearly unless told otherwise.
    days = rotation.get("RotationPeriodInDays", 365) if rotation["KeyRotationEnabled"] else 0
    return {
        "key_id": metadata["KeyId"],
        "arn": metadata["Arn"],
        "description": metadata.get("Description", ""),
        "policy": iam_policy.normalised(iam_policy.parsed("policy", policy)),
        "rotation_days": days,
        "state": metadata["KeyState"],
        "tags": {key: value for key, value in tags.items() if wanted is None or key in wanted},
    }


def plan(
    current: Mapping[str, Mapping[str, Any]],
    desired: Mapping[str, Mapping[str, Any]],
    *,
    tags: Mapping[str, str] | None,
    purge: bool,
) -> list[Change]:
    """Changes to keys; purging takes only live keys that carry all of `tags`."""
    scope = {
        alias: state
        for alias, state in current.items()
        if alias in desired or (state["state"] not in DEAD and (tags is None or state["tags"] == tags))
    }
    return plan_set("key", scope, desired, purge=purge)

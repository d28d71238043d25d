# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets as comparable states. Pure.

The value of a generated secret is never read: once a secret has a value, the state says only that it was generated.
A certificate is read, because it ends: the state says whether the one that is there suits.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_set
from ..._core.errors import InvalidInput, PlatformError
from ..._core.redact import Secret
from .. import policy
from ..session import boto3_tag_list_to_ansible_dict
from ..tagging import of_interest, owns
from . import certificate

GENERATED = "(generated)"
CERTIFIED = "(certificate)"
LENGTHS = range(1, 4097)
RECOVERY_DAYS = range(7, 31)
NO_VALUE = ("ResourceNotFoundException", "InvalidRequestException")  # no version yet, or scheduled for deletion


def full_name(prefix: str, name: str) -> str:
    """Name in the account of the secret `name` below `prefix`."""
    return f"{prefix.rstrip('/')}/{name.lstrip('/')}"


def validate_window(recovery_days: int) -> None:
    """Raise InvalidInput for a recovery window that Secrets Manager would refuse."""
    if recovery_days and recovery_days not in RECOVERY_DAYS:
        remedy = "is out of range: 7 to 30 days, or 0 to delete without recovery"
        raise InvalidInput("recovery_window_in_days", recovery_days, remedy)


def desired_states(
    prefix: str, secrets: Iterable[Mapping[str, Any]], tags: Mapping[str, str] | None
) -> dict[str, dict[str, Any]]:
    """Desired states by full name. Raises InvalidInput for what Secrets Manager would refuse."""
    if not prefix.strip("/"):
        raise InvalidInput("prefix", prefix, "is empty: give the part of the name that all secrets share")
    states: dict[str, dict[str, Any]] = {}
    for index, secret in enumerate(secrets):
        name = full_name(prefix, secret["name"])
        if name in states:
            raise InvalidInput(f"secrets[{index}].name", secret["name"], "is given twice: keep one of them")
        _validate_value(f"secrets[{index}]", secret)
        document = secret.get("resource_policy")
        states[name] = desired_fields(
            {
                "scheduled_for_deletion": False,
                "value": _value(secret),
                "description": secret.get("description"),
                "kms_key_id": secret.get("kms_key_id"),
                "resource_policy": None if document is None else _policy(f"secrets[{index}]", document),
                "tags": tags,
            }
        )
    return states


def _value(secret: Mapping[str, Any]) -> str | Secret:
    if secret.get("certificate"):
        return CERTIFIED
    return GENERATED if secret.get("value") is None else Secret(secret["value"])


def _policy(option: str, document: Any) -> dict[str, Any]:
    return policy.normalised(policy.parsed(f"{option}.resource_policy", document))


def _validate_value(option: str, secret: Mapping[str, Any]) -> None:
    if secret.get("value") is not None and not secret["value"].strip():
        raise InvalidInput(
            f"{option}.value", secret["name"], "is empty: give the secret a value or let it be generated"
        )
    if secret.get("certificate"):
        certificate.validate(f"{option}.certificate", secret["certificate"])
    if secret.get("keys") == []:
        raise InvalidInput(f"{option}.keys", [], "is empty: name at least one field to generate")
    names = [key["name"] for key in secret.get("keys") or []]
    for name in {name for name in names if names.count(name) > 1 or name in (secret.get("template") or {})}:
        raise InvalidInput(f"{option}.keys", name, "is given twice: keep one of them")
    for recipe in [*(secret.get("keys") or []), *([secret["generate"]] if secret.get("generate") else [])]:
        if recipe["length"] not in LENGTHS:
            raise InvalidInput(f"{option}: length", recipe["length"], "is out of range: 1 to 4096 characters")


def readable(listed: Iterable[Mapping[str, Any]], desired: Mapping[str, State], field: str) -> list[str]:
    """Names of listed secrets of which `field` has to be read one by one to be compared."""
    return [
        item["Name"]
        for item in listed
        if not item.get("DeletedDate")
        and field in desired.get(item["Name"], {})
        and desired[item["Name"]][field] != GENERATED
    ]


def values_by_name(values: Iterable[Mapping[str, Any]], errors: Iterable[Mapping[str, Any]]) -> dict[str, Secret]:
    """Current values by name from BatchGetSecretValue. Raises PlatformError for one that is there but not readable."""
    for error in errors:
        if error.get("ErrorCode") not in NO_VALUE:
            raise PlatformError(f"secret {error['SecretId']}: {error.get('ErrorCode')}: {error.get('Message')}")
    return {item["Name"]: Secret(item.get("SecretString", "")) for item in values}


def judged(value: Secret, recipe: Mapping[str, Any], now: datetime.datetime) -> str | Secret:
    """What a state says of a value that was read: of a certificate, only that it suits."""
    wanted = recipe.get("certificate")
    return CERTIFIED if wanted and certificate.suits(value.reveal(), wanted, now) else value


def current_states(
    listed: Iterable[Mapping[str, Any]],
    values: Mapping[str, str | Secret],
    policies: Mapping[str, str],
    desired: Mapping[str, State],
    tags: Mapping[str, str] | None,
) -> dict[str, dict[str, Any]]:
    """Current states by name.

    What cannot be read of a secret scheduled for deletion is left out of its state, so that it counts as different.
    """
    states = {}
    for item in listed:
        name = item["Name"]
        all_tags = boto3_tag_list_to_ansible_dict(item.get("Tags") or [])
        states[name] = {
            "arn": item["ARN"],
            "scheduled_for_deletion": bool(item.get("DeletedDate")),
            "description": item.get("Description", ""),
            "kms_key_id": item.get("KmsKeyId", ""),
            "tags": of_interest(all_tags, tags),
            "owned": owns(all_tags, tags),
        }
        if name in policies:
            states[name]["resource_policy"] = policy.normalised(policy.parsed(name, policies[name]))
        if desired.get(name, {}).get("value") == GENERATED and has_value(item):
            states[name]["value"] = GENERATED
        elif name in values:
            states[name]["value"] = values[name]
    return states


def has_value(item: Mapping[str, Any]) -> bool:
    """Whether a listed secret has a current version; one scheduled for deletion keeps it."""
    stages = item.get("SecretVersionsToStages") or {}
    return bool(item.get("DeletedDate")) or any("AWSCURRENT" in names for names in stages.values())


def plan(current: Mapping[str, State], desired: Mapping[str, State], *, purge: bool) -> list[Change]:
    """Changes to secrets; with `purge`, what is not desired, ours and not yet on its way out is deleted."""
    scope = {
        name: state
        for name, state in current.items()
        if name in desired or (state["owned"] and not state["scheduled_for_deletion"])
    }
    return plan_set("secret", scope, desired, purge=purge)

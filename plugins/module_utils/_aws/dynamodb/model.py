# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DynamoDB tables as comparable states. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_one
from ..._core.errors import InvalidInput
from ..._core.wait import DONE, Verdict, pending
from ..tagging import of_interest, owns

TABLE = "table"
NAME = re.compile(r"[\w.-]{3,255}", re.ASCII)
KEYS = {"hash_key": "HASH", "range_key": "RANGE"}
FOR_GOOD = ("hash_key", "range_key")


def validate(tables: Sequence[Mapping[str, Any]], *, present: bool) -> None:
    """Raise InvalidInput for what DynamoDB would refuse."""
    names = [table["name"] for table in tables]
    for index, table in enumerate(tables):
        option = f"tables[{index}]"
        if not NAME.fullmatch(table["name"]):
            remedy = "is no name of a table: 3 to 255 letters, digits and . - _"
            raise InvalidInput(f"{option}.name", table["name"], remedy)
        if table["name"] in names[:index]:
            raise InvalidInput(f"{option}.name", table["name"], "is given twice: keep one of them")
        if present and not table.get("hash_key"):
            raise InvalidInput(f"{option}.hash_key", None, "is not given, and every table has one")


def desired_state(table: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, Any]:
    """State of a table; a table with no range key given has none."""
    return {
        "hash_key": dict(table["hash_key"]),
        "range_key": dict(table["range_key"]) if table.get("range_key") else None,
        **desired_fields(
            {
                "point_in_time_recovery": table.get("point_in_time_recovery"),
                "deletion_protection": table.get("deletion_protection"),
                "kms_key_id": table.get("kms_key_id"),
                "tags": tags,
            }
        ),
    }


def current_state(
    table: Mapping[str, Any], all_tags: Mapping[str, str], tags: Mapping[str, str] | None, *, recovery: bool
) -> dict[str, Any]:
    """A described table; `recovery` tells whether it can be restored to any moment."""
    types = {item["AttributeName"]: item["AttributeType"] for item in table["AttributeDefinitions"]}
    names = {item["KeyType"]: item["AttributeName"] for item in table["KeySchema"]}
    keys = {key: {"name": names[kind], "type": types[names[kind]]} for key, kind in KEYS.items() if kind in names}
    encryption = table.get("SSEDescription") or {}
    return {
        "hash_key": keys["hash_key"],
        "range_key": keys.get("range_key"),
        "point_in_time_recovery": recovery,
        "deletion_protection": bool(table.get("DeletionProtectionEnabled")),
        "kms_key_id": encryption.get("KMSMasterKeyArn", "") if encryption.get("Status") != "DISABLED" else "",
        "tags": of_interest(all_tags, tags),
        "arn": table["TableArn"],
        "owned": owns(all_tags, tags),
    }


def plan(name: str, current: State | None, desired: State) -> list[Change]:
    """At most one change. Raises InvalidInput for one that DynamoDB cannot make in place."""
    changes = plan_one(TABLE, name, current, desired)
    for change in changes:
        for field in set(change.fields) & set(FOR_GOOD) if change.op == "update" else ():
            remedy = f"is not what the table has ({change.current[field]}) and cannot be changed: give another name"
            raise InvalidInput(f"{field} of {name}", change.desired[field], remedy)
    return changes


def plan_removal(name: str, current: State, options: Mapping[str, Any]) -> list[Change]:
    """Remove a table that is ours; one that is protected only when the protection is taken off by the same task."""
    if not current["owned"]:
        return []
    if current["deletion_protection"] and options.get("deletion_protection") is not False:
        remedy = "is set on the table: give deletion_protection: false together with state: absent to remove it"
        raise InvalidInput(f"deletion_protection of {name}", True, remedy)
    return [Change("delete", TABLE, name, before=current)]


def key_arguments(desired: State) -> dict[str, Any]:
    """Keys as CreateTable wants them."""
    keys = {kind: desired[key] for key, kind in KEYS.items() if desired.get(key)}
    return {
        "AttributeDefinitions": [{"AttributeName": key["name"], "AttributeType": key["type"]} for key in keys.values()],
        "KeySchema": [{"AttributeName": key["name"], "KeyType": kind} for kind, key in keys.items()],
    }


def encryption(kms_key_id: str) -> dict[str, Any]:
    """Encryption as DynamoDB wants it; without a key it is the one that DynamoDB owns."""
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": kms_key_id} if kms_key_id else {"Enabled": False}


def judge_usable(table: Mapping[str, Any] | None) -> Verdict:
    """Whether a table can be used and changed."""
    if table is None:
        return pending("not there yet")
    under_way = (table.get("SSEDescription") or {}).get("Status") in {"ENABLING", "UPDATING", "DISABLING"}
    if table["TableStatus"] != "ACTIVE" or under_way:
        return pending(f"{table['TableStatus'].lower()}{', its encryption changes' if under_way else ''}")
    return DONE


def judge_gone(table: Mapping[str, Any] | None) -> Verdict:
    """Whether a table is gone."""
    return DONE if table is None else pending(str(table["TableStatus"]).lower())

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a set of DynamoDB tables to its desired state."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ..._core.changes import Change
from ..._core.errors import InvalidInput
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..keys import resolved
from ..session import WORKERS, Aws, Outcome
from . import api, model


def run(aws: Aws) -> Outcome:
    """Read each table, all at once, plan, apply."""
    tables, tags = aws.params["tables"], aws.params["tags"]
    present = aws.params["state"] == "present"
    model.validate(tables, present=present)
    if not present and not tags:
        raise InvalidInput("tags", tags, "is empty: only what carries our tags is removed, so say which they are")
    current = _current(aws, [table["name"] for table in tables])
    if not present:
        return _remove(aws, current)
    changes: list[Change] = []
    for table in tables:
        name = table["name"]
        desired = resolved(aws, model.desired_state(table, tags), current.get(name, {}), ("kms_key_id",))
        changes += model.plan(name, current.get(name), desired)
    aws.apply(changes, _handlers(aws))
    made = [] if aws.check_mode else [change.key for change in changes if change.op == "create"]
    arns = {name: state["arn"] for name, state in {**current, **_current(aws, made)}.items()}
    answered = {table["name"]: {"arn": arns.get(table["name"], KNOWN_AFTER_APPLY)} for table in tables}
    return Outcome(changes, {"tables": answered})


def _current(aws: Aws, names: list[str]) -> dict[str, dict[str, Any]]:
    def read(name: str) -> dict[str, Any] | None:
        table, tags = api.describe_table(aws, name), aws.params["tags"]
        if table is None:
            return None
        all_tags = api.list_tags(aws, table["TableArn"]) if tags else {}
        recovery = api.has_point_in_time_recovery(aws, name)
        return model.current_state(table, all_tags, tags, recovery=recovery)

    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        states = dict(zip(names, pool.map(read, names), strict=True))
    return {name: state for name, state in states.items() if state is not None}


def _remove(aws: Aws, current: Mapping[str, dict[str, Any]]) -> Outcome:
    options = {table["name"]: table for table in aws.params["tables"]}
    changes = [change for name, state in current.items() for change in model.plan_removal(name, state, options[name])]
    aws.apply(changes, _handlers(aws))
    stays = [f"table {name} does not carry all of tags and stays" for name, s in current.items() if not s["owned"]]
    return Outcome(changes, {"tables": {}}, warnings=stays)


def _handlers(aws: Aws) -> dict[Any, Any]:
    return {
        (model.TABLE, "create"): partial(_create, aws),
        (model.TABLE, "update"): partial(_update, aws),
        (model.TABLE, "delete"): partial(_delete, aws),
    }


def _create(aws: Aws, change: Change) -> None:
    desired = change.desired
    given: dict[str, Any] = {
        "DeletionProtectionEnabled": desired.get("deletion_protection"),
        "SSESpecification": model.encryption(desired["kms_key_id"]) if desired.get("kms_key_id") else None,
        "Tags": [{"Key": key, "Value": value} for key, value in (desired.get("tags") or {}).items()] or None,
    }
    arguments = {name: value for name, value in given.items() if value is not None}
    api.create_table(aws, change.key, **model.key_arguments(desired), **arguments)
    _once_usable(aws, change.key)
    if desired.get("point_in_time_recovery"):
        _set_recovery(aws, change.key, enabled=True)


def _update(aws: Aws, change: Change) -> None:
    """One thing after the other: DynamoDB changes a table only while it does not change."""
    name, desired, fields = change.key, change.desired, change.fields
    _once_usable(aws, name)
    if "tags" in fields:
        api.tag_resource(aws, change.current["arn"], desired["tags"])
    if "deletion_protection" in fields:
        api.update_table(aws, name, DeletionProtectionEnabled=desired["deletion_protection"])
        _once_usable(aws, name)
    if "kms_key_id" in fields:
        api.update_table(aws, name, SSESpecification=model.encryption(desired["kms_key_id"]))
        _once_usable(aws, name)
    if "point_in_time_recovery" in fields:
        _set_recovery(aws, name, enabled=desired["point_in_time_recovery"])


def _delete(aws: Aws, change: Change) -> None:
    _once_usable(aws, change.key)
    if change.current["deletion_protection"]:
        api.update_table(aws, change.key, DeletionProtectionEnabled=False)
        _once_usable(aws, change.key)
    api.delete_table(aws, change.key)
    look = partial(api.describe_table, aws, change.key)
    aws.wait(f"table {change.key} gone", look, model.judge_gone, timeout=aws.params["timeout"])


def _once_usable(aws: Aws, name: str) -> None:
    look = partial(api.describe_table, aws, name)
    aws.wait(f"table {name} usable", look, model.judge_usable, timeout=aws.params["timeout"])


def _set_recovery(aws: Aws, name: str, *, enabled: bool) -> None:
    """Repeat the call until DynamoDB has set up the backups of a table that was just made."""
    call = partial(api.set_point_in_time_recovery, aws, name, enabled=enabled)
    aws.eventually(call, *api.BEING_MADE, timeout=aws.params["timeout"])

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing a replication group, then what was made for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ..._core.changes import Change
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..session import Aws, Outcome
from . import access, api, model
from .write import BUSY, USER_BUSY, delete_user, wait_for_group

SUBNET_GROUP_BUSY = ("CacheSubnetGroupInUse",)
PARAMETER_GROUP_BUSY = ("InvalidCacheParameterGroupState", "InvalidCacheParameterGroupStateFault")


def remove(aws: Aws) -> Outcome:
    """Remove the group, wait until it is gone, then remove the groups and users that this task's options name."""
    options = aws.params
    group_id = options["replication_group_id"]
    group = api.describe_replication_group(aws, group_id)
    leaving = group is not None and group["Status"] == "deleting"
    changes = [*_plan_groups(aws, group_id), *_plan_users(aws)]
    if group is not None and not leaving:
        shown = {"status": group["Status"], "member_clusters": group.get("MemberClusters", [])}
        changes.append(Change("delete", model.KIND, group_id, before=shown))
    deletes = any(change.kind == model.KIND for change in changes)
    snapshot = _snapshot_name(aws) if deletes else None
    if leaving and options["wait"] and not aws.check_mode:
        wait_for_group(aws, group_id, "gone", model.gone, "delete_timeout")
    aws.apply(
        changes,
        {
            (model.KIND, "delete"): partial(_delete_group, aws, snapshot),
            ("cache_subnet_group", "delete"): partial(_delete_subnet_group, aws),
            ("cache_parameter_group", "delete"): partial(_delete_parameter_group, aws),
            ("user_group", "delete"): partial(_delete_user_group, aws),
            ("user", "delete"): partial(delete_user, aws),
        },
    )
    named = KNOWN_AFTER_APPLY if snapshot and aws.check_mode else snapshot
    return Outcome(changes, {"replication_group": {}, "final_snapshot_identifier": named})


def _plan_groups(aws: Aws, group_id: str) -> list[Change]:
    subnets, parameters = aws.params["cache_subnet_group"], aws.params["cache_parameter_group"]
    changes = []
    if subnets is not None and subnets["subnet_ids"] is not None:
        name = subnets["name"] or group_id
        if api.describe_cache_subnet_group(aws, name) is not None:
            changes.append(Change("delete", "cache_subnet_group", name, before={"name": name}, level=1))
    if parameters is not None and parameters["parameters"] is not None:
        found = (group["CacheParameterGroupName"] for group in api.describe_cache_parameter_groups(aws))
        changes += [
            Change("delete", "cache_parameter_group", name, before={"name": name}, level=1)
            for name in own_parameter_groups(found, group_id, parameters["name"])
        ]
    return changes


def own_parameter_groups(found: Iterable[str], group_id: str, name: str | None) -> list[str]:
    """Of all parameter groups those that this task makes: the one it names, or one per family. Pure."""
    shape = re.escape(name) if name else rf"{re.escape(group_id)}-(redis|valkey)\d+(-x|-0)?"
    return sorted(group for group in found if re.fullmatch(shape, group))


def _plan_users(aws: Aws) -> list[Change]:
    options = aws.params["user_group"]
    if options is None or options["users"] is None:
        return []
    group_id = options["user_group_id"].lower()
    listed = {user["user_id"].lower() for user in options["users"]}
    group = api.describe_user_group(aws, group_id)
    changes = []
    if group is not None and group["Status"] != "deleting":
        members: Mapping[str, Any] = {"user_ids": sorted(group["UserIds"])}
        changes.append(Change("delete", "user_group", group_id, before=members, level=1))
    found = [user for user in api.describe_users(aws) if user["UserId"] in listed and user["Status"] != "deleting"]
    return changes + [
        Change("delete", "user", user["UserId"], before={"user_name": user["UserName"]}, level=2) for user in found
    ]


def _snapshot_name(aws: Aws) -> str | None:
    """A name that no snapshot had before: those of deleted groups stay."""
    prefix = aws.params["final_snapshot_identifier"]
    return f"{prefix}-{datetime.now(UTC):%Y%m%d%H%M%S}" if prefix else None


def _delete_group(aws: Aws, snapshot: str | None, change: Change) -> None:
    arguments = {"FinalSnapshotIdentifier": snapshot} if snapshot else {}
    delete = partial(api.delete_replication_group, aws, change.key, RetainPrimaryCluster=False, **arguments)
    aws.eventually(delete, *BUSY, timeout=aws.params["delete_timeout"])
    if aws.params["wait"]:
        wait_for_group(aws, change.key, "gone", model.gone, "delete_timeout")


def _delete_subnet_group(aws: Aws, change: Change) -> None:
    delete = partial(api.delete_cache_subnet_group, aws, change.key)
    aws.eventually(delete, *SUBNET_GROUP_BUSY, timeout=aws.params["delete_timeout"])


def _delete_parameter_group(aws: Aws, change: Change) -> None:
    delete = partial(api.delete_cache_parameter_group, aws, change.key)
    aws.eventually(delete, *PARAMETER_GROUP_BUSY, timeout=aws.params["delete_timeout"])


def _delete_user_group(aws: Aws, change: Change) -> None:
    delete = partial(api.delete_user_group, aws, change.key)
    aws.eventually(delete, *USER_BUSY, timeout=aws.params["delete_timeout"])
    look = partial(api.describe_user_group, aws, change.key)
    timeout = aws.params["delete_timeout"]
    aws.wait(f"user group {change.key} gone", look, access.gone, timeout=timeout)

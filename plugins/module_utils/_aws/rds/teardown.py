# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing a DB instance, then the groups that were made for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ..._core.changes import Change
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..._core.wait import Verdict
from ..session import Aws, Outcome
from . import api, model, validation
from .write import BUSY

SUBNET_GROUP_BUSY = ("InvalidDBSubnetGroupState", "InvalidDBSubnetGroupStateFault")
PARAMETER_GROUP_BUSY = ("InvalidDBParameterGroupState", "InvalidDBParameterGroupStateFault")


def remove(aws: Aws) -> Outcome:
    """Remove the instance, wait until it is gone, then remove the groups that this task's options name."""
    options = aws.params
    identifier = options["db_instance_identifier"]
    instance = api.describe_db_instance(aws, identifier)
    leaving = instance is not None and instance["DBInstanceStatus"] == "deleting"
    changes = _plan_groups(aws, identifier)
    if instance is not None and not leaving:
        validation.check_removal(options, instance)
        current = model.current_state(instance, options["tags"])
        changes.append(Change("delete", model.KIND, identifier, before=current))
    snapshot = _snapshot_identifier(aws) if any(change.kind == model.KIND for change in changes) else None
    if leaving and options["wait"] and not aws.check_mode:
        _wait_until(aws, identifier, "gone", model.gone)
    aws.apply(
        changes,
        {
            (model.KIND, "delete"): partial(_delete_instance, aws, snapshot),
            ("db_subnet_group", "delete"): partial(_delete_subnet_group, aws),
            ("db_parameter_group", "delete"): partial(_delete_parameter_group, aws),
        },
    )
    shown = KNOWN_AFTER_APPLY if snapshot and aws.check_mode else snapshot
    return Outcome(changes, {"db_instance": {}, "final_db_snapshot_identifier": shown})


def _plan_groups(aws: Aws, identifier: str) -> list[Change]:
    options = aws.params
    subnets, parameters = options["db_subnet_group"], options["db_parameter_group"]
    changes = []
    if subnets is not None and subnets["subnet_ids"] is not None:
        name = subnets["name"] or identifier
        if api.describe_db_subnet_group(aws, name) is not None:
            changes.append(Change("delete", "db_subnet_group", name, before={"name": name}, level=1))
    if parameters is not None and parameters["parameters"] is not None:
        found = (group["DBParameterGroupName"] for group in api.describe_db_parameter_groups(aws))
        changes += [
            Change("delete", "db_parameter_group", name, before={"name": name}, level=1)
            for name in own_parameter_groups(found, identifier, options)
        ]
    return changes


def own_parameter_groups(found: Iterable[str], identifier: str, options: Mapping[str, Any]) -> list[str]:
    """Of all parameter groups those that this task makes: the one it names, or one per major version. Pure."""
    name = options["db_parameter_group"]["name"]
    shape = re.escape(name) if name else rf"{re.escape(identifier)}-{re.escape(options['engine'])}\d+"
    return sorted(group for group in found if re.fullmatch(shape, group))


def _snapshot_identifier(aws: Aws) -> str | None:
    """A name that no snapshot had before: those of deleted instances stay."""
    if aws.params["skip_final_snapshot"]:
        return None
    prefix = aws.params["final_db_snapshot_identifier"] or f"{aws.params['db_instance_identifier']}-final"
    return f"{prefix}-{datetime.now(UTC):%Y%m%d%H%M%S}"


def _delete_instance(aws: Aws, snapshot: str | None, change: Change) -> None:
    if change.current["deletion_protection"]:
        _wait_until(aws, change.key, "ready for changes", model.ready)
        api.modify_db_instance(aws, change.key, DeletionProtection=False, ApplyImmediately=True)
        judge = partial(model.took_effect, desired={"deletion_protection": False}, immediately=True)
        _wait_until(aws, change.key, "no longer protected", judge)
    last = {"SkipFinalSnapshot": True} if snapshot is None else {"FinalDBSnapshotIdentifier": snapshot}
    backups = aws.params["delete_automated_backups"]
    delete = partial(api.delete_db_instance, aws, change.key, DeleteAutomatedBackups=backups, **last)
    aws.eventually(delete, *BUSY, timeout=aws.params["delete_timeout"])
    if aws.params["wait"]:
        _wait_until(aws, change.key, "gone", model.gone)


def _delete_subnet_group(aws: Aws, change: Change) -> None:
    delete = partial(api.delete_db_subnet_group, aws, change.key)
    aws.eventually(delete, *SUBNET_GROUP_BUSY, timeout=aws.params["delete_timeout"])


def _delete_parameter_group(aws: Aws, change: Change) -> None:
    delete = partial(api.delete_db_parameter_group, aws, change.key)
    aws.eventually(delete, *PARAMETER_GROUP_BUSY, timeout=aws.params["delete_timeout"])


def _wait_until(aws: Aws, identifier: str, what: str, judge: Callable[[dict[str, Any] | None], Verdict]) -> None:
    look = partial(api.describe_db_instance, aws, identifier)
    timeout = aws.params["delete_timeout"]
    aws.wait(f"db instance {identifier} {what}", look, judge, timeout=timeout)

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a DB instance, its subnet group and its parameter group to their desired state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..._core.changes import Change, plan_one
from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from ..._core.versions import parts
from .. import keys, store_groups
from ..session import Aws, Outcome
from . import api, groups, model, validation, write
from .teardown import remove

REBOOT = "db_instance_reboot"


@dataclass
class Seen:
    """What there is, as read once at the start. `parameters` describes the family's, read only when needed."""

    instance: dict[str, Any] | None
    subnet_group: dict[str, Any] | None = None
    subnet_group_state: dict[str, Any] | None = None
    parameter_group_state: dict[str, Any] | None = None
    parameters: list[dict[str, Any]] = field(default_factory=list)

    @property
    def lasting(self) -> dict[str, Any] | None:
        """The instance, unless it is on its way out."""
        leaving = self.instance is not None and self.instance["DBInstanceStatus"] == "deleting"
        return None if leaving else self.instance


@dataclass(frozen=True)
class Wanted:
    """The desired states; a group that is only referred to by name has none."""

    identifier: str
    instance: dict[str, Any]
    subnet_group_name: str | None
    subnet_group: dict[str, Any] | None
    parameter_group_name: str | None
    parameter_group: dict[str, Any] | None


def run(aws: Aws) -> Outcome:
    """Read, plan, apply, and wait unless RV(wait=false)."""
    options = aws.params
    if options["master_user_password"] and not is_placeholder(options["master_user_password"]):
        aws.secrets.add(options["master_user_password"])
    if options["state"] == "absent":
        return remove(aws)
    validation.check_options(options)
    seen = Seen(_joined(aws))
    wanted = _wanted(options, seen.lasting)
    _read_groups(aws, wanted, seen)
    changes = _plan(aws, wanted, seen)
    aws.apply(changes, write.handlers(aws, seen.parameters))
    return _outcome(aws, wanted, seen, changes)


def _joined(aws: Aws) -> dict[str, Any] | None:
    """The instance; one that is being made or changed is waited for, as far as this task waits at all."""
    identifier = aws.params["db_instance_identifier"]
    instance = api.describe_db_instance(aws, identifier)
    if instance is None or instance["DBInstanceStatus"] == "deleting" or aws.check_mode or not aws.params["wait"]:
        return instance
    if model.ready(instance).status == "done":
        return instance
    look = partial(api.describe_db_instance, aws, identifier)
    timeout = aws.params["create_timeout"]
    return aws.wait(f"db instance {identifier} available", look, model.ready, timeout=timeout)


def _wanted(options: Mapping[str, Any], instance: Mapping[str, Any] | None) -> Wanted:
    identifier, tags = options["db_instance_identifier"], options["tags"]
    subnets, parameters = options["db_subnet_group"], options["db_parameter_group"]
    subnet_name = (subnets["name"] or identifier) if subnets else None
    if instance is None:
        validation.check_creation(options)
    family = _family(options, instance)
    parameter_name = (parameters["name"] or f"{identifier}-{family.replace('.', '-')}") if parameters else None
    lists_subnets = subnets is not None and subnets["subnet_ids"] is not None
    lists_parameters = parameters is not None and parameters["parameters"] is not None
    return Wanted(
        identifier,
        model.desired_state(options, subnet_name, parameter_name),
        subnet_name,
        groups.desired_subnet_group(subnets, tags) if lists_subnets else None,
        parameter_name,
        groups.desired_parameter_group(parameters, family, tags) if lists_parameters else None,
    )


def _family(options: Mapping[str, Any], instance: Mapping[str, Any] | None) -> str:
    """The parameter group family: as given, or the engine's with the major version, as in postgres17."""
    given = (options["db_parameter_group"] or {}).get("family")
    version = options["engine_version"] or (instance or {}).get("EngineVersion", "")
    if not parts(version):
        raise InvalidInput("engine_version", version, "is no version: write it as in 17 or 17.4")
    return str(given or f"{options['engine']}{parts(version)[0]}")


def _read_groups(aws: Aws, wanted: Wanted, seen: Seen) -> None:
    tags = aws.params["tags"]
    if wanted.subnet_group_name and (wanted.subnet_group is not None or not seen.instance):
        group = api.describe_db_subnet_group(aws, wanted.subnet_group_name)
        seen.subnet_group = group
        if group and wanted.subnet_group is not None:
            shown = api.list_tags(aws, group["DBSubnetGroupArn"]) if tags else []
            seen.subnet_group_state = groups.current_subnet_group(group, shown, tags)
    if wanted.parameter_group_name and wanted.parameter_group is not None:
        group = api.describe_db_parameter_group(aws, wanted.parameter_group_name)
        if group:
            shown = api.list_tags(aws, group["DBParameterGroupArn"]) if tags else []
            changed = api.describe_changed_parameters(aws, wanted.parameter_group_name)
            seen.parameter_group_state = groups.current_parameter_group(group, changed, shown, tags)


def _plan(aws: Aws, wanted: Wanted, seen: Seen) -> list[Change]:
    # First of all, so that an unknown version is named before the family that would follow from it.
    instance = _plan_instance(aws, wanted, seen)
    changes = _plan_subnet_group(aws, wanted, seen) + _plan_parameter_group(aws, wanted, seen) + instance
    if aws.params["reboot_when_pending"] and seen.lasting and _reboot_ahead(wanted, seen, instance):
        before, after = {"pending_reboot": True}, {"pending_reboot": False}
        changes.append(Change("update", REBOOT, wanted.identifier, before, after, level=2))
    return changes


def _plan_subnet_group(aws: Aws, wanted: Wanted, seen: Seen) -> list[Change]:
    name, desired = wanted.subnet_group_name, wanted.subnet_group
    if name is None:
        return []
    if desired is None:
        if not seen.instance and seen.subnet_group is None and not aws.check_mode:
            raise InvalidInput("db_subnet_group.name", name, "does not exist: give subnet_ids to have it made")
        if aws.params["multi_az"] and seen.subnet_group:
            validation.check_zones(seen.subnet_group, "db_subnet_group.name")
        return []
    changes = plan_one("db_subnet_group", name, seen.subnet_group_state, desired)
    touched = {name for change in changes for name in change.fields}
    if "subnet_ids" in touched and not is_placeholder(desired["subnet_ids"]):
        found = api.describe_subnets(aws, desired["subnet_ids"])
        store_groups.check_subnets("db_subnet_group.subnet_ids", desired["subnet_ids"], found, "RDS")
    return changes


def _plan_parameter_group(aws: Aws, wanted: Wanted, seen: Seen) -> list[Change]:
    name, desired = wanted.parameter_group_name, wanted.parameter_group
    if name is None or desired is None:
        return []
    store_groups.check_group_kept("db_parameter_group", name, seen.parameter_group_state, desired)
    changes = plan_one("db_parameter_group", name, seen.parameter_group_state, desired)
    if any("parameters" in change.fields for change in changes):
        seen.parameters = api.describe_engine_default_parameters(aws, desired["family"])
        store_groups.check_parameters("db_parameter_group", desired["parameters"], seen.parameters, desired["family"])
    return changes


def _plan_instance(aws: Aws, wanted: Wanted, seen: Seen) -> list[Change]:
    options, instance, desired = aws.params, seen.lasting, wanted.instance
    password = options["master_user_password"]
    if instance is None:
        offered = api.describe_db_engine_versions(aws, options["engine"])
        validation.check_version(options["engine_version"], offered)
        return model.plan(wanted.identifier, None, desired, password=password, level=1)
    if instance["DBInstanceStatus"] == "creating":
        return []  # shows little and takes no changes yet: compared once it is available
    # What is pending counts as done, unless it shall not wait for the maintenance window any longer.
    hurry = options["apply_immediately"] and instance["DBInstanceStatus"] == "available"
    current = model.current_state(instance, options["tags"], with_pending=not hurry)
    desired = keys.resolved(aws, model.reconciled(desired, current), current, model.KEY_FIELDS)
    model.check_update(
        current,
        desired,
        allow_major_version_upgrade=options["allow_major_version_upgrade"],
        apply_immediately=options["apply_immediately"],
    )
    if desired.get("engine_version", current["engine_version"]) != current["engine_version"]:
        offered = api.describe_db_engine_versions(aws, options["engine"])
        running, asked = current["engine_version"], desired["engine_version"]
        desired["engine_version"] = validation.upgrade_target(running, asked, offered)
    unmanaged = options["manage_master_user_password"] is False and current["manage_master_user_password"]
    changed_password = password if options["update_master_user_password"] or unmanaged else None
    return model.plan(wanted.identifier, current, desired, password=changed_password, level=1)


def _reboot_ahead(wanted: Wanted, seen: Seen, planned: list[Change]) -> bool:
    """Whether static parameters wait for a reboot, or will once the plan is applied."""
    instance = seen.lasting or {}
    moves = any("db_parameter_group_name" in change.fields for change in planned)
    before, after = seen.parameter_group_state, wanted.parameter_group
    static = before is not None and after is not None and groups.needs_reboot(before, after, seen.parameters)
    return model.pending_reboot(instance) or moves or static


def _outcome(aws: Aws, wanted: Wanted, seen: Seen, changes: list[Change]) -> Outcome:
    identifier, options = wanted.identifier, aws.params
    instance = seen.lasting
    if changes and not aws.check_mode:
        instance = api.describe_db_instance(aws, identifier)
    planned = [change for change in changes if change.kind == model.KIND]
    ahead = bool(seen.lasting) and not options["reboot_when_pending"] and _reboot_ahead(wanted, seen, planned)
    result = model.described(instance, wanted.instance, identifier, reboot_ahead=ahead)
    warnings = []
    if seen.lasting is not None and seen.lasting["DBInstanceStatus"] == "creating":
        warnings.append(f"db instance {identifier}: still creating; its options are compared once it is available")
    if result["pending_reboot"] and not any(change.kind == REBOOT for change in changes):
        warnings.append(f"db instance {identifier}: parameters pending reboot; set reboot_when_pending: true to reboot")
    return Outcome(changes, {"db_instance": result}, warnings=warnings)

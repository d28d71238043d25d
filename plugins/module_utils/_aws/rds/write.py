# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing planned changes to RDS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ..._core.changes import Change
from ..._core.reconcile import Handlers
from ..._core.wait import Verdict
from ..session import Aws, ansible_dict_to_boto3_tag_list
from ..store_groups import chunks
from . import api, groups, model

DESCRIPTION = "Managed by Ansible"
BUSY = ("InvalidDBInstanceState", "InvalidDBInstanceStateFault")


def handlers(aws: Aws, parameters: Sequence[Mapping[str, Any]]) -> Handlers:
    """What executes the changes of a present instance; `parameters` describes those of the group's family."""
    return {
        ("db_subnet_group", "create"): partial(_create_subnet_group, aws),
        ("db_subnet_group", "update"): partial(_update_subnet_group, aws),
        ("db_parameter_group", "create"): partial(_create_parameter_group, aws, parameters),
        ("db_parameter_group", "update"): partial(_update_parameter_group, aws, parameters),
        (model.KIND, "create"): partial(_create_instance, aws),
        (model.KIND, "update"): partial(_update_instance, aws),
        ("db_instance_reboot", "update"): partial(_reboot, aws),
    }


def _create_subnet_group(aws: Aws, change: Change) -> None:
    state = change.desired
    api.create_db_subnet_group(
        aws,
        change.key,
        DBSubnetGroupDescription=state.get("description") or DESCRIPTION,
        SubnetIds=state["subnet_ids"],
        Tags=ansible_dict_to_boto3_tag_list(state.get("tags") or {}),
    )


def _update_subnet_group(aws: Aws, change: Change) -> None:
    if set(change.fields) - {"tags"}:
        description = change.desired.get("description") or change.current["description"]
        subnets = change.desired["subnet_ids"]
        api.modify_db_subnet_group(aws, change.key, DBSubnetGroupDescription=description, SubnetIds=subnets)
    if "tags" in change.fields:
        group = api.describe_db_subnet_group(aws, change.key) or {}
        api.add_tags(aws, group["DBSubnetGroupArn"], change.desired["tags"])


def _create_parameter_group(aws: Aws, parameters: Sequence[Mapping[str, Any]], change: Change) -> None:
    state = change.desired
    api.create_db_parameter_group(
        aws,
        change.key,
        DBParameterGroupFamily=state["family"],
        Description=state.get("description") or DESCRIPTION,
        Tags=ansible_dict_to_boto3_tag_list(state.get("tags") or {}),
    )
    _write_parameters(aws, change.key, {}, state["parameters"], parameters)


def _update_parameter_group(aws: Aws, parameters: Sequence[Mapping[str, Any]], change: Change) -> None:
    if "parameters" in change.fields:
        before, after = change.current["parameters"], change.desired["parameters"]
        _write_parameters(aws, change.key, before, after, parameters)
    if "tags" in change.fields:
        group = api.describe_db_parameter_group(aws, change.key) or {}
        api.add_tags(aws, group["DBParameterGroupArn"], change.desired["tags"])


def _write_parameters(
    aws: Aws,
    name: str,
    before: Mapping[str, str],
    after: Mapping[str, str],
    known: Sequence[Mapping[str, Any]],
) -> None:
    sets, resets = groups.parameter_writes(before, after, known)
    for some in chunks(sets):
        api.modify_db_parameter_group(aws, name, some)
    for some in chunks(resets):
        api.reset_db_parameter_group(aws, name, some)


def _create_instance(aws: Aws, change: Change) -> None:
    leaving = api.describe_db_instance(aws, change.key)
    if leaving is not None and leaving["DBInstanceStatus"] == "deleting":
        _wait(aws, change.key, "gone", model.gone, "delete_timeout")
    arguments = model.create_arguments(change.desired)
    tags = ansible_dict_to_boto3_tag_list(change.desired.get("tags") or {})
    create = partial(api.create_db_instance, aws, DBInstanceIdentifier=change.key, Tags=tags, **arguments)
    # A role, key or group made seconds ago may not have reached RDS yet.
    visible = partial(aws.eventually, create, "KMSKeyNotAccessibleFault", *api.NO_SUBNET_GROUP, *api.NO_PARAMETER_GROUP)
    aws.eventually(visible, "InvalidParameterValue", text="role")
    if aws.params["wait"]:
        _wait(aws, change.key, "available", model.ready, "create_timeout")


def _update_instance(aws: Aws, change: Change) -> None:
    arguments = model.modify_arguments(change)
    immediately = aws.params["apply_immediately"]
    if arguments:
        _wait(aws, change.key, "ready for changes", model.ready, "modify_timeout")
        if "EngineVersion" in arguments and aws.params["allow_major_version_upgrade"]:
            arguments["AllowMajorVersionUpgrade"] = True
        modify = partial(api.modify_db_instance, aws, change.key, ApplyImmediately=immediately, **arguments)
        aws.eventually(modify, *BUSY, timeout=aws.params["modify_timeout"])
    if "tags" in change.fields:
        instance = api.describe_db_instance(aws, change.key) or {}
        api.add_tags(aws, instance["DBInstanceArn"], change.desired["tags"])
    if arguments and aws.params["wait"]:
        judge = partial(model.took_effect, desired=change.desired, immediately=immediately)
        _wait(aws, change.key, "changed", judge, "modify_timeout")


def _reboot(aws: Aws, change: Change) -> None:
    _wait(aws, change.key, "ready for reboot", model.ready, "modify_timeout")
    reboot = partial(api.reboot_db_instance, aws, change.key)
    aws.eventually(reboot, *BUSY, timeout=aws.params["modify_timeout"])
    if aws.params["wait"]:
        _wait(aws, change.key, "rebooted", model.rebooted, "modify_timeout")


def _wait(aws: Aws, identifier: str, what: str, judge: Callable[[dict[str, Any] | None], Verdict], limit: str) -> None:
    look = partial(api.describe_db_instance, aws, identifier)
    aws.wait(f"db instance {identifier} {what}", look, judge, timeout=aws.params[limit])

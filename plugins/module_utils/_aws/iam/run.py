# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a set of IAM roles to its desired state."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..._core.changes import Change
from ..._core.errors import InvalidInput
from .. import policy
from ..session import Aws, Outcome, ansible_dict_to_boto3_tag_list
from . import api, model


def run(aws: Aws) -> Outcome:
    """Read all roles with two list calls, plan, apply."""
    path, roles, tags = aws.params["path"], aws.params["roles"], aws.params["tags"]
    if aws.params["purge"] and not tags:
        raise InvalidInput("tags", tags, "is empty: purge removes by tag, so say which tags are ours")
    partition = aws.identity()["partition"] if model.wants_partition(roles) else ""
    desired = model.desired_states(path, roles, tags, partition)
    current = model.current_states(api.list_roles(aws), api.role_details(aws), tags)
    changes = model.plan(current, desired, path=path, purge=aws.params["purge"])
    _refuse_unknown_policies(aws, changes)
    arns = {name: state["arn"] for name, state in current.items() if name in desired}
    if len(arns) < len(desired) or any(change.op == "replace" for change in changes):
        arns |= _known_arns(aws, path, changes)
    aws.apply(changes, _handlers(aws))
    return Outcome(changes, {"roles": {name: {"arn": arns[name]} for name in desired}})


def _known_arns(aws: Aws, path: str, changes: list[Change]) -> dict[str, str]:
    """ARNs of roles to be made: they follow from account, path and name, so check mode knows them as well."""
    identity = aws.identity()
    prefix = f"arn:{identity['partition']}:iam::{identity['account_id']}:role{path}"
    return {change.key: f"{prefix}{change.key}" for change in changes if change.op in ("create", "replace")}


def _refuse_unknown_policies(aws: Aws, changes: list[Change]) -> None:
    for arn, role in model.attachments(changes).items():
        if aws.found(partial(api.get_policy, aws, arn), "NoSuchEntity") is None:
            remedy = (
                "is no managed policy of AWS: give path and name, as in service-role/AmazonECSTaskExecutionRolePolicy"
            )
            raise InvalidInput(f"managed_policies of role {role}", arn, remedy)


def _handlers(aws: Aws) -> dict[Any, Any]:
    def create(change: Change) -> None:
        _create(aws, change.key, change.desired)
        _put_policies(aws, change.key, {}, change.desired)

    def update(change: Change) -> None:
        _update(aws, change)
        _put_policies(aws, change.key, change.current, change.desired)

    def delete(change: Change) -> None:
        _delete(aws, change.key, change.current)

    def replace(change: Change) -> None:
        delete(change)
        create(change)

    handlers = {"create": create, "update": update, "replace": replace, "delete": delete}
    return {("role", op): handler for op, handler in handlers.items()}


def _create(aws: Aws, name: str, state: Mapping[str, Any]) -> None:
    arguments = {
        "Path": state["path"],
        "AssumeRolePolicyDocument": policy.text(state["assume_role_policy"]),
        "Description": state.get("description"),
        "MaxSessionDuration": state.get("max_session_duration"),
        "PermissionsBoundary": state.get("permissions_boundary"),
        "Tags": ansible_dict_to_boto3_tag_list(state.get("tags") or {}),
    }
    given = {key: value for key, value in arguments.items() if value}
    _once_principals_exist(aws, lambda: api.create_role(aws, name, **given))


def _update(aws: Aws, change: Change) -> None:
    name, fields, desired = change.key, change.fields, change.desired
    if {"description", "max_session_duration"} & set(fields):
        wanted = {**change.current, **desired}
        api.update_role(aws, name, Description=wanted["description"], MaxSessionDuration=wanted["max_session_duration"])
    if "assume_role_policy" in fields:
        document = policy.text(desired["assume_role_policy"])
        _once_principals_exist(aws, lambda: api.update_assume_role_policy(aws, name, document))
    if "permissions_boundary" in fields and desired["permissions_boundary"]:
        api.put_permissions_boundary(aws, name, desired["permissions_boundary"])
    elif "permissions_boundary" in fields:
        api.delete_permissions_boundary(aws, name)
    if "tags" in fields:
        api.tag_role(aws, name, desired["tags"])


def _put_policies(aws: Aws, name: str, current: Mapping[str, Any], desired: Mapping[str, Any]) -> None:
    """Make policies as desired: additions before removals, so that permissions never dip in between."""
    inline = desired.get("inline_policies", current.get("inline_policies", {}))
    managed = desired.get("managed_policies", current.get("managed_policies", []))
    had_inline, had_managed = current.get("inline_policies", {}), current.get("managed_policies", [])
    for key, document in inline.items():
        if had_inline.get(key) != document:
            api.put_role_policy(aws, name, key, policy.text(document))
    for arn in managed:
        if arn not in had_managed:
            _attach(aws, name, arn)
    for key in set(had_inline) - set(inline):
        api.delete_role_policy(aws, name, key)
    for arn in set(had_managed) - set(managed):
        api.detach_role_policy(aws, name, arn)


def _attach(aws: Aws, name: str, arn: str) -> None:
    """A role or a policy made a moment ago may not be seen yet."""
    aws.eventually(lambda: api.attach_role_policy(aws, name, arn), "NoSuchEntity", timeout=30)


def _delete(aws: Aws, name: str, state: Mapping[str, Any]) -> None:
    for arn in state["managed_policies"]:
        api.detach_role_policy(aws, name, arn)
    for key in state["inline_policies"]:
        api.delete_role_policy(aws, name, key)
    for profile in state["instance_profiles"]:
        api.remove_from_instance_profile(aws, name, profile)
    aws.eventually(lambda: api.delete_role(aws, name), "DeleteConflict")


def _once_principals_exist(aws: Aws, call: Any) -> None:
    """IAM calls a trust policy malformed until the roles it names, perhaps made a moment ago, are known everywhere."""
    aws.eventually(call, "MalformedPolicyDocument", text="principal")

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing planned changes to ElastiCache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..._core.changes import Change
from ..._core.placeholders import is_placeholder
from ..._core.reconcile import Handlers
from ..._core.wait import Verdict
from ..session import Aws, ansible_dict_to_boto3_tag_list
from ..store_groups import changed_parameters, chunks
from . import access, api, model
from .steps import Step, steps

BUSY = ("InvalidReplicationGroupState", "InvalidReplicationGroupStateFault")
USER_BUSY = ("InvalidUserState", "InvalidUserGroupState")
# Things made moments ago that a replication group refers to.
NOT_YET_VISIBLE = (*api.NO_SUBNET_GROUP, *api.NO_PARAMETER_GROUP, *api.NO_USER, *api.NO_USER_GROUP)


def secrets_of(options: Mapping[str, Any]) -> set[str]:
    """All secrets among the options, as plain text."""
    users = (options.get("user_group") or {}).get("users") or []
    passwords = {password for user in users for password in user.get("passwords") or []}
    secrets = passwords | ({options["auth_token"]} if options.get("auth_token") else set())
    return {secret for secret in secrets if not is_placeholder(secret)}


def handlers(aws: Aws) -> Handlers:
    """What executes the changes of a present replication group."""
    return {
        ("cache_subnet_group", "create"): partial(_create_subnet_group, aws),
        ("cache_subnet_group", "update"): partial(_update_subnet_group, aws),
        ("cache_parameter_group", "create"): partial(_create_parameter_group, aws),
        ("cache_parameter_group", "update"): partial(_update_parameter_group, aws),
        ("user", "create"): partial(_create_user, aws),
        ("user", "update"): partial(_update_user, aws),
        ("user", "delete"): partial(delete_user, aws),
        ("user_group", "create"): partial(_create_user_group, aws),
        ("user_group", "update"): partial(_update_user_group, aws),
        (model.KIND, "create"): partial(_create_group, aws),
        (model.KIND, "update"): partial(_update_group, aws),
    }


def _tags(change: Change) -> list[dict[str, str]]:
    return list(ansible_dict_to_boto3_tag_list(change.desired.get("tags") or {}))


def _create_subnet_group(aws: Aws, change: Change) -> None:
    api.create_cache_subnet_group(
        aws,
        change.key,
        CacheSubnetGroupDescription=change.desired.get("description") or model.DESCRIPTION,
        SubnetIds=change.desired["subnet_ids"],
        Tags=_tags(change),
    )


def _update_subnet_group(aws: Aws, change: Change) -> None:
    if set(change.fields) - {"tags"}:
        description = change.desired.get("description") or change.current["description"]
        subnets = change.desired["subnet_ids"]
        api.modify_cache_subnet_group(aws, change.key, CacheSubnetGroupDescription=description, SubnetIds=subnets)
    if "tags" in change.fields:
        group = api.describe_cache_subnet_group(aws, change.key) or {}
        api.add_tags(aws, group["ARN"], change.desired["tags"])


def _create_parameter_group(aws: Aws, change: Change) -> None:
    api.create_cache_parameter_group(
        aws,
        change.key,
        CacheParameterGroupFamily=change.desired["family"],
        Description=change.desired.get("description") or model.DESCRIPTION,
        Tags=_tags(change),
    )
    _write_parameters(aws, change.key, {}, change.desired["parameters"])


def _update_parameter_group(aws: Aws, change: Change) -> None:
    if "parameters" in change.fields:
        _write_parameters(aws, change.key, change.current["parameters"], change.desired["parameters"])
    if "tags" in change.fields:
        group = api.describe_cache_parameter_group(aws, change.key) or {}
        api.add_tags(aws, group["ARN"], change.desired["tags"])


def _write_parameters(aws: Aws, name: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    sets, resets = changed_parameters(before, after)
    for some in chunks([{"ParameterName": key, "ParameterValue": value} for key, value in sets.items()]):
        api.modify_cache_parameter_group(aws, name, some)
    for some in chunks([{"ParameterName": key} for key in resets]):
        api.reset_cache_parameter_group(aws, name, some)


def _user_arguments(change: Change) -> dict[str, Any]:
    state = change.desired
    passwords = [password.reveal() for password in state.get("passwords", ())]
    secret = {"Passwords": passwords} if passwords else {"NoPasswordRequired": True}
    return {"AccessString": state["access_string"], **secret}


def _user_tags(change: Change) -> dict[str, str]:
    """Ours, and the fingerprints by which a changed password is seen."""
    passwords = change.desired.get("passwords", ())
    return {**change.desired.get("tags", {}), **(access.secret_tag(passwords) if passwords else {})}


def _create_user(aws: Aws, change: Change) -> None:
    state = change.desired
    tags = ansible_dict_to_boto3_tag_list(_user_tags(change))
    named = {"UserName": state["user_name"], "Engine": state["engine"], "Tags": tags}
    api.create_user(aws, change.key, **named, **_user_arguments(change))
    _wait_for_user(aws, change.key, access.active)


def _update_user(aws: Aws, change: Change) -> None:
    if set(change.fields) - {"tags"}:
        engine = {"Engine": change.desired["engine"]} if "engine" in change.fields else {}
        modify = partial(api.modify_user, aws, change.key, **_user_arguments(change), **engine)
        aws.eventually(modify, *USER_BUSY, timeout=aws.params["modify_timeout"])
    user = _wait_for_user(aws, change.key, access.active) or {}
    tags = _user_tags(change)
    if tags and {"tags", "passwords"} & set(change.fields):
        api.add_tags(aws, user["ARN"], tags)


def delete_user(aws: Aws, change: Change) -> None:
    """Delete a user, once no user group holds it any more."""
    delete = partial(api.delete_user, aws, change.key)
    aws.eventually(delete, *USER_BUSY, timeout=aws.params["delete_timeout"])


def _wait_for_user(aws: Aws, user_id: str, judge: Callable[[dict[str, Any] | None], Verdict]) -> dict[str, Any] | None:
    def look() -> dict[str, Any] | None:
        return next((user for user in api.describe_users(aws) if user["UserId"] == user_id), None)

    return aws.wait(f"user {user_id} active", look, judge, timeout=aws.params["modify_timeout"])


def _create_user_group(aws: Aws, change: Change) -> None:
    state = change.desired
    tags = ansible_dict_to_boto3_tag_list(aws.params["tags"] or {})
    create = partial(
        api.create_user_group, aws, change.key, Engine=state["engine"], UserIds=state["user_ids"], Tags=tags
    )
    aws.eventually(create, *api.NO_USER, *USER_BUSY)
    _wait_for_user_group(aws, change.key)


def _update_user_group(aws: Aws, change: Change) -> None:
    arguments: dict[str, Any] = {**access.member_changes(change.current["user_ids"], change.desired["user_ids"])}
    if "engine" in change.fields:
        arguments["Engine"] = change.desired["engine"]
    modify = partial(api.modify_user_group, aws, change.key, **arguments)
    aws.eventually(modify, *api.NO_USER, *USER_BUSY, timeout=aws.params["modify_timeout"])
    _wait_for_user_group(aws, change.key)


def _wait_for_user_group(aws: Aws, group_id: str) -> None:
    look = partial(api.describe_user_group, aws, group_id)
    aws.wait(f"user group {group_id} active", look, access.active, timeout=aws.params["modify_timeout"])


def _create_group(aws: Aws, change: Change) -> None:
    leaving = api.describe_replication_group(aws, change.key)
    if leaving is not None and leaving["Status"] == "deleting":
        wait_for_group(aws, change.key, "gone", model.gone, "delete_timeout")
    token = change.desired.get("auth_token")
    tags = {**change.desired.get("tags", {}), **(access.secret_tag([token]) if token else {})}
    arguments = model.create_arguments(change.desired, tags)
    aws.eventually(partial(api.create_replication_group, aws, change.key, **arguments), *NOT_YET_VISIBLE)
    if aws.params["wait"]:
        wait_for_group(aws, change.key, "available", model.ready, "create_timeout")


def _update_group(aws: Aws, change: Change) -> None:
    group = api.describe_replication_group(aws, change.key) or {}
    if "tags" in change.fields:
        api.add_tags(aws, group["ARN"], change.desired["tags"])
    todo = steps(change, group, immediately=aws.params["apply_immediately"])
    for step in todo:
        wait_for_group(aws, change.key, f"ready for {step.name}", model.ready, "modify_timeout")
        aws.eventually(partial(_take, aws, change.key, step), *BUSY, timeout=aws.params["modify_timeout"])
        if step.rotation:
            # Stored once the token works, so that an interrupted rotation is taken up again.
            tag = access.secret_tag([change.desired["auth_token"]], strategy=step.rotation)
            api.add_tags(aws, group["ARN"], tag)
        if aws.params["wait"] or step is not todo[-1]:
            judge = partial(model.has_shape, wanted=step.shape)
            wait_for_group(aws, change.key, f"changed: {step.name}", judge, "modify_timeout")


def _take(aws: Aws, group_id: str, step: Step) -> None:
    calls = {
        "modify": api.modify_replication_group,
        "increase_replicas": api.increase_replica_count,
        "decrease_replicas": api.decrease_replica_count,
        "shards": api.modify_shards,
    }
    calls[step.operation](aws, group_id, **step.arguments)


def wait_for_group(
    aws: Aws, group_id: str, what: str, judge: Callable[[dict[str, Any] | None], Verdict], limit: str
) -> None:
    """Wait for a replication group, as long as the option `limit` says."""
    look = partial(api.describe_replication_group, aws, group_id)
    aws.wait(f"replication group {group_id} {what}", look, judge, timeout=aws.params[limit])

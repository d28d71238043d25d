# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a replication group, its groups and its users to their desired state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..._core.changes import Change, State, plan_one
from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from .. import keys, store_groups
from ..secret_reader import current_value
from ..session import Aws, Outcome
from . import access, api, groups, model, validation, write
from .teardown import remove


@dataclass
class Seen:
    """What there is, as read once at the start."""

    group: dict[str, Any] | None
    member: dict[str, Any] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)
    subnet_group: dict[str, Any] | None = None
    parameter_group: dict[str, Any] | None = None
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    user_group: dict[str, Any] | None = None
    owned_users: set[str] = field(default_factory=set)

    @property
    def lasting(self) -> dict[str, Any] | None:
        """The replication group, unless it is on its way out."""
        return None if self.group is None or self.group["Status"] == "deleting" else self.group


@dataclass(frozen=True)
class Wanted:
    """The desired states; a group that is only referred to by name has none."""

    group_id: str
    group: dict[str, Any]
    subnet_group_name: str | None
    subnet_group: dict[str, Any] | None
    parameter_group_name: str | None
    parameter_group: dict[str, Any] | None
    users: dict[str, dict[str, Any]]


def run(aws: Aws) -> Outcome:
    """Read, plan, apply, and wait unless RV(wait=false)."""
    present = aws.params["state"] == "present"
    options = _with_token(aws) if present else aws.params
    aws.secrets.update(write.secrets_of(options))
    if not present:
        return remove(aws)
    validation.check_options(options)
    seen = Seen(_joined(aws))
    if seen.lasting:
        _read_member(aws, seen, seen.lasting)
    wanted = _wanted(options, seen)
    _read_groups(aws, wanted, seen)
    _read_users(aws, wanted, seen)
    # First of all, so that an unknown version is named before the family that would follow from it.
    group = _plan_group(aws, wanted, seen)
    changes = [
        *_plan_subnet_group(aws, wanted, seen),
        *_plan_parameter_group(aws, wanted, seen),
        *_plan_users(aws, wanted, seen),
        *group,
    ]
    aws.apply(changes, write.handlers(aws))
    return _outcome(aws, wanted, seen, changes)


def _with_token(aws: Aws) -> dict[str, Any]:
    """The options, with the token that a secret holds in its place."""
    options, secret = aws.params, aws.params["auth_token_secret_id"]
    if secret is None:
        return options
    version = options["auth_token_secret_version_id"] or ""
    return options | {"auth_token": current_value(aws, "auth_token_secret_id", secret, version)}


def _joined(aws: Aws) -> dict[str, Any] | None:
    """The group; one that is being made or changed is waited for, as far as this task waits at all."""
    group_id = aws.params["replication_group_id"]
    group = api.describe_replication_group(aws, group_id)
    if group is None or group["Status"] == "deleting" or aws.check_mode or not aws.params["wait"]:
        return group
    if model.ready(group).status == "done":
        return group
    look = partial(api.describe_replication_group, aws, group_id)
    name = f"replication group {group_id} available"
    return aws.wait(name, look, model.ready, timeout=aws.params["create_timeout"])


def _read_member(aws: Aws, seen: Seen, group: Mapping[str, Any]) -> None:
    if group["Status"] == "creating":
        return  # members and tags cannot be read yet
    members = group.get("MemberClusters") or []
    seen.member = api.describe_cache_cluster(aws, members[0]) if members else {}
    seen.tags = api.list_tags(aws, group["ARN"])


def _wanted(options: Mapping[str, Any], seen: Seen) -> Wanted:
    group_id, tags = options["replication_group_id"], options["tags"]
    if seen.lasting is None:
        validation.check_creation(options)
    subnets, parameters = options["cache_subnet_group"], options["cache_parameter_group"]
    clustered = options["cluster_mode"] == "enabled"
    version = options["engine_version"] or seen.member.get("EngineVersion", "")
    subnet_name = (subnets["name"] or group_id) if subnets else None
    desired_parameters, parameter_name = None, None
    if parameters is not None:
        family = parameters["family"] or groups.family(options["engine"], version)
        parameter_name = parameters["name"] or f"{group_id}-{family.replace('.', '-')}"
        if parameters["parameters"] is not None:
            desired_parameters = groups.desired_parameter_group(parameters, family, tags, cluster=clustered)
    elif seen.lasting is None:
        parameter_name = groups.default_parameter_group(options["engine"], version, cluster=clustered)
    lists_subnets = subnets is not None and subnets["subnet_ids"] is not None
    user_group = options["user_group"] or {}
    return Wanted(
        group_id,
        model.desired_state(options, subnet_name, parameter_name),
        subnet_name,
        groups.desired_subnet_group(subnets, tags) if lists_subnets else None,
        parameter_name,
        desired_parameters,
        access.desired_users(user_group.get("users") or [], options["engine"], tags),
    )


def _read_groups(aws: Aws, wanted: Wanted, seen: Seen) -> None:
    tags = aws.params["tags"]
    if wanted.subnet_group_name and wanted.subnet_group is not None:
        group = api.describe_cache_subnet_group(aws, wanted.subnet_group_name)
        if group:
            shown = api.list_tags(aws, group["ARN"]) if tags else []
            seen.subnet_group = groups.current_subnet_group(group, shown, tags)
    if wanted.parameter_group_name and wanted.parameter_group is not None:
        group = api.describe_cache_parameter_group(aws, wanted.parameter_group_name)
        if group:
            shown = api.list_tags(aws, group["ARN"]) if tags else []
            changed = api.describe_changed_parameters(aws, wanted.parameter_group_name)
            seen.parameter_group = groups.current_parameter_group(group, changed, shown, tags)


def _read_users(aws: Aws, wanted: Wanted, seen: Seen) -> None:
    options = aws.params["user_group"]
    if options is None or options["users"] is None:
        return
    seen.user_group = api.describe_user_group(aws, options["user_group_id"])
    members = set((seen.user_group or {}).get("UserIds", []))
    found = [user for user in api.describe_users(aws) if user["UserId"] in {*wanted.users, *members}]
    tags = {user["UserId"]: api.list_tags(aws, user["ARN"]) for user in found}
    seen.users = access.current_users(found, tags, wanted.users, aws.params["tags"])
    seen.owned_users = {
        user_id for user_id, state in seen.users.items() if aws.params["tags"] and state["tags"] == aws.params["tags"]
    }


def _plan_subnet_group(aws: Aws, wanted: Wanted, seen: Seen) -> list[Change]:
    name, desired = wanted.subnet_group_name, wanted.subnet_group
    if name is None or desired is None:
        return []
    changes = plan_one("cache_subnet_group", name, seen.subnet_group, desired)
    touched = {field for change in changes for field in change.fields}
    if "subnet_ids" in touched and not is_placeholder(desired["subnet_ids"]):
        found = api.describe_subnets(aws, desired["subnet_ids"])
        reason = "Multi-AZ" if aws.params["multi_az_enabled"] else ""
        store_groups.check_subnets("cache_subnet_group.subnet_ids", desired["subnet_ids"], found, reason)
    return changes


def _plan_parameter_group(aws: Aws, wanted: Wanted, seen: Seen) -> list[Change]:
    name, desired, option = wanted.parameter_group_name, wanted.parameter_group, "cache_parameter_group"
    if name is None or desired is None:
        return []
    store_groups.check_group_kept(option, name, seen.parameter_group, desired)
    changes = plan_one(option, name, seen.parameter_group, desired)
    if any("parameters" in change.fields for change in changes):
        known = api.describe_engine_default_parameters(aws, desired["family"])
        # The switch of cluster mode is set by us, and reads as fixed in the default group.
        given = {name: value for name, value in desired["parameters"].items() if name != groups.CLUSTER_SWITCH}
        store_groups.check_parameters(option, given, known, desired["family"])
    return changes


def _plan_users(aws: Aws, wanted: Wanted, seen: Seen) -> list[Change]:
    options = aws.params["user_group"]
    if options is None or options["users"] is None:
        return []
    changes = []
    for user_id, desired in wanted.users.items():
        access.check_user_kept(user_id, seen.users.get(user_id), desired)
        changes += plan_one("user", user_id, seen.users.get(user_id), desired)
    members = {"engine": aws.params["engine"], "user_ids": sorted(wanted.users)}
    changes += plan_one("user_group", options["user_group_id"].lower(), _user_group_state(seen), members, level=1)
    leaving = set((seen.user_group or {}).get("UserIds", [])) - set(wanted.users)
    return changes + [
        Change("delete", "user", user_id, before=seen.users[user_id], level=3)
        for user_id in sorted(leaving & seen.owned_users)
    ]


def _user_group_state(seen: Seen) -> State | None:
    if seen.user_group is None:
        return None
    return {"engine": seen.user_group["Engine"].lower(), "user_ids": sorted(seen.user_group["UserIds"])}


def _plan_group(aws: Aws, wanted: Wanted, seen: Seen) -> list[Change]:
    group, desired = seen.lasting, wanted.group
    if group is None:
        _check_version(aws, desired)
        return model.plan(wanted.group_id, None, desired)
    if group["Status"] == "creating":
        return []  # shows little and takes no changes yet: compared once it is available
    # What is pending counts as done, unless it shall not wait for the maintenance window any longer.
    later = not (aws.params["apply_immediately"] and group["Status"] == "available")
    current = model.current_state(group, seen.member, seen.tags, desired, with_pending=later)
    desired = keys.resolved(aws, model.reconciled(desired, current), current, ["kms_key_id"])
    model.check_update(current, desired)
    if aws.params["auth_token"] == "" and current["auth_token_enabled"] and not aws.params["user_group"]:
        raise InvalidInput("auth_token", "", "is in use and can only be replaced by users: give user_group")
    if (desired["engine"], desired.get("engine_version")) != (current["engine"], current["engine_version"]):
        _check_version(aws, desired)
    return model.plan(wanted.group_id, current, desired)


def _check_version(aws: Aws, desired: Mapping[str, Any]) -> None:
    if desired.get("engine_version"):
        offered = api.describe_cache_engine_versions(aws, desired["engine"])
        validation.check_version(desired["engine"], desired["engine_version"], offered)


def _outcome(aws: Aws, wanted: Wanted, seen: Seen, changes: list[Change]) -> Outcome:
    group, member = seen.lasting, seen.member
    if any(change.kind == model.KIND for change in changes) and not aws.check_mode:
        group = api.describe_replication_group(aws, wanted.group_id)
        members = (group or {}).get("MemberClusters")
        member = api.describe_cache_cluster(aws, members[0]) if members else {}
    result = model.described(group, member, wanted.group, wanted.group_id)
    warnings = []
    if seen.lasting is not None and seen.lasting["Status"] == "creating":
        text = "still creating; its options are compared once it is available"
        warnings.append(f"replication group {wanted.group_id}: {text}")
    if result["pending_reboot"]:
        warnings.append(f"replication group {wanted.group_id}: parameters wait for a reboot of its nodes")
    return Outcome(changes, {"replication_group": result}, warnings=warnings)

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM roles as comparable states. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.changes import Change, desired_fields, plan_set
from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from .. import policy
from ..session import boto3_tag_list_to_ansible_dict
from ..tagging import of_interest, owns

NAME = re.compile(r"^[\w+=,.@-]{1,64}$")
PATH = re.compile(r"^/([!-~]+/)?$")
SESSION = range(3600, 43201)  # seconds


def desired_states(
    path: str, roles: Iterable[Mapping[str, Any]], tags: Mapping[str, str] | None, partition: str
) -> dict[str, dict[str, Any]]:
    """Desired states by name. Raises InvalidInput for what IAM would refuse.

    `partition` turns the names of AWS managed policies into ARNs.
    """
    if not PATH.match(path):
        raise InvalidInput("path", path, "is no path: begin and end it with a slash, as in /project/environment/")
    states: dict[str, dict[str, Any]] = {}
    for index, role in enumerate(roles):
        option = f"roles[{index}]"
        if not NAME.match(role["name"]):
            raise InvalidInput(f"{option}.name", role["name"], "is no role name: up to 64 of A-Z a-z 0-9 + = , . @ _ -")
        if role["name"] in states:
            raise InvalidInput(f"{option}.name", role["name"], "is given twice: keep one of them")
        states[role["name"]] = _desired_state(option, path, role, tags, partition)
    return states


def _desired_state(
    option: str, path: str, role: Mapping[str, Any], tags: Mapping[str, str] | None, partition: str
) -> dict[str, Any]:
    trust = policy.parsed(f"{option}.assume_role_policy", role["assume_role_policy"])
    if not trust:
        raise InvalidInput(f"{option}.assume_role_policy", trust, "is empty: name who may assume the role")
    session = role.get("max_session_duration")
    if session is not None and session not in SESSION:
        limits = f"{SESSION.start} to {SESSION.stop - 1} seconds"
        raise InvalidInput(f"{option}.max_session_duration", session, f"is out of range: {limits}")
    managed = role.get("managed_policies")
    return desired_fields(
        {
            "path": path,
            "assume_role_policy": policy.normalised(trust),
            "inline_policies": _inline(option, role.get("inline_policies")),
            "managed_policies": None if managed is None else sorted({policy_arn(name, partition) for name in managed}),
            "permissions_boundary": role.get("permissions_boundary"),
            "description": role.get("description"),
            "max_session_duration": session,
            "tags": tags,
        }
    )


def _inline(option: str, policies: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if policies is None:
        return None
    states = {}
    for name, document in policies.items():
        parsed = policy.parsed(f"{option}.inline_policies.{name}", document)
        if not parsed:
            raise InvalidInput(f"{option}.inline_policies.{name}", document, "is empty: leave it out to remove it")
        states[name] = policy.normalised(parsed)
    return states


def policy_arn(name: str, partition: str) -> str:
    """The ARN of a managed policy given by ARN, or by its name among those of AWS, path included."""
    return name if name.startswith("arn:") or is_placeholder(name) else f"arn:{partition}:iam::aws:policy/{name}"


def wants_partition(roles: Iterable[Mapping[str, Any]]) -> bool:
    """Whether some managed policy is given by name, so that its ARN depends on the partition."""
    names = [name for role in roles for name in role.get("managed_policies") or []]
    return any(not name.startswith("arn:") and not is_placeholder(name) for name in names)


def current_states(
    roles: Iterable[Mapping[str, Any]], details: Iterable[Mapping[str, Any]], tags: Mapping[str, str] | None
) -> dict[str, dict[str, Any]]:
    """Current states by name from ListRoles and GetAccountAuthorizationDetails.

    A role that the second does not show yet counts as having no policies: writing those again is harmless.
    """
    detailed = {item["RoleName"]: item for item in details}
    return {item["RoleName"]: _current_state(item, detailed.get(item["RoleName"], {}), tags) for item in roles}


def _current_state(
    role: Mapping[str, Any], detail: Mapping[str, Any], tags: Mapping[str, str] | None
) -> dict[str, Any]:
    all_tags = boto3_tag_list_to_ansible_dict(detail.get("Tags", []))
    profiles = [profile["InstanceProfileName"] for profile in detail.get("InstanceProfileList", [])]
    return {
        "arn": role["Arn"],
        "path": role["Path"],
        "assume_role_policy": policy.normalised(role["AssumeRolePolicyDocument"]),
        "inline_policies": {
            item["PolicyName"]: policy.normalised(item["PolicyDocument"]) for item in detail.get("RolePolicyList", [])
        },
        "managed_policies": sorted(item["PolicyArn"] for item in detail.get("AttachedManagedPolicies", [])),
        "permissions_boundary": detail.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        "description": role.get("Description", ""),
        "max_session_duration": role.get("MaxSessionDuration", SESSION.start),
        "tags": of_interest(all_tags, tags),
        "instance_profiles": sorted(profiles),
        "owned": owns(all_tags, tags),
    }


def plan(
    current: Mapping[str, Mapping[str, Any]], desired: Mapping[str, Mapping[str, Any]], *, path: str, purge: bool
) -> list[Change]:
    """Changes to roles; with `purge`, what is not desired goes if it is below `path` and carries our tags."""
    scope = {
        name: state
        for name, state in current.items()
        if name in desired or (state["owned"] and state["path"].startswith(path))
    }
    return plan_set("role", scope, desired, purge=purge, replace_on=("path",))


def attachments(changes: Iterable[Change]) -> dict[str, str]:
    """AWS managed policies that the changes would attach, each with a role that wants it."""
    return {
        arn: change.key
        for change in changes
        if change.op != "delete"
        for arn in change.desired.get("managed_policies", [])
        if ":iam::aws:policy/" in arn and arn not in (change.before or {}).get("managed_policies", [])
    }

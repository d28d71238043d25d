# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An EFS file system with mount targets and access points as comparable states. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_one, plan_set
from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from ..._core.wait import DONE, Verdict, failed, pending
from .. import policy
from ..session import boto3_tag_list_to_ansible_dict
from ..tagging import of_interest, owns

FILE_SYSTEM, MOUNT_TARGET, ACCESS_POINT = "file_system", "mount_target", "access_point"
NAME_TAG = "Name"
# Storage of the file system that was chosen for ever, and where to change the rest.
FIXED = ("kms_key_id", "performance_mode")
TRANSITIONS = {
    "transition_to_ia": "TransitionToIA",
    "transition_to_archive": "TransitionToArchive",
    "transition_to_primary_storage_class": "TransitionToPrimaryStorageClass",
}
PERMISSIONS = re.compile(r"[0-7]{3,4}")
DEEPEST = 4
LONGEST_PATH = 100
MOST_GROUPS = 5


def validate(params: Mapping[str, Any]) -> None:
    """Raise InvalidInput for what EFS would refuse."""
    if not 1 <= len(params["name"]) <= 64:
        raise InvalidInput("name", params["name"], "is no name: 1 to 64 characters")
    provisioned = params["provisioned_throughput_in_mibps"]
    if (params["throughput_mode"] == "provisioned") != (provisioned is not None):
        remedy = "goes with throughput_mode provisioned, and that with it: give both or neither"
        raise InvalidInput("provisioned_throughput_in_mibps", provisioned, remedy)
    _validate_network(params["subnet_ids"], params["security_group_ids"])
    points = params["access_points"] or []
    names = [point["name"] for point in points]
    for index, point in enumerate(points):
        option = f"access_points[{index}]"
        if point["name"] in names[:index]:
            raise InvalidInput(f"{option}.name", point["name"], "is given twice: keep one of them")
        _validate_root(f"{option}.root_directory", point.get("root_directory"))


def _validate_network(subnets: Sequence[str] | None, groups: Sequence[str] | None) -> None:
    if groups is not None and not 1 <= len(groups) <= MOST_GROUPS:
        raise InvalidInput("security_group_ids", list(groups), f"want to be 1 to {MOST_GROUPS}")
    for index, subnet in enumerate(subnets or []):
        if subnet in (subnets or [])[:index] and not is_placeholder(subnet):
            raise InvalidInput(f"subnet_ids[{index}]", subnet, "is given twice: keep one of them")


def _validate_root(option: str, root: Mapping[str, Any] | None) -> None:
    path = (root or {}).get("path") or "/"
    if not path.startswith("/") or len(path) > LONGEST_PATH or len(path.strip("/").split("/")) > DEEPEST:
        remedy = f"is no root directory: begins with /, {LONGEST_PATH} characters and {DEEPEST} folders deep at most"
        raise InvalidInput(f"{option}.path", path, remedy)
    permissions = ((root or {}).get("creation_info") or {}).get("permissions")
    if permissions is not None and not PERMISSIONS.fullmatch(permissions):
        remedy = "are no permissions: three or four octal digits, quoted, such as '0750'"
        raise InvalidInput(f"{option}.creation_info.permissions", permissions, remedy)


def desired_file_system(params: Mapping[str, Any]) -> dict[str, Any]:
    """The file system itself. Raises InvalidInput for a policy that is none."""
    rules, document, tags = params["lifecycle_policies"], params["policy"], params["tags"]
    return desired_fields(
        {
            **{field: params[field] for field in (*FIXED, "throughput_mode", "provisioned_throughput_in_mibps")},
            "lifecycle_policies": None if rules is None else {rule: at for rule, at in rules.items() if at},
            "backup": params["backup"],
            "policy": None if document is None else policy.normalised(policy.parsed("policy", document)),
            "tags": None if tags is None else {**tags, NAME_TAG: params["name"]},
        }
    )


def desired_mount_targets(params: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """States by subnet."""
    groups = params["security_group_ids"]
    fields = desired_fields({"security_group_ids": None if groups is None else sorted(groups)})
    return dict.fromkeys(params["subnet_ids"] or [], fields)


def desired_access_points(params: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """States by name."""
    states = {}
    for point in params["access_points"] or []:
        user, root = point.get("posix_user"), point.get("root_directory")
        states[point["name"]] = desired_fields(
            {
                "posix_user": None if user is None else _user(user["uid"], user["gid"], user.get("secondary_gids")),
                "root_directory": None if root is None else _root(root.get("path"), root.get("creation_info")),
                "tags": params["tags"],
            }
        )
    return states


def _user(uid: int, gid: int, secondary: Iterable[int] | None) -> dict[str, Any]:
    return {"uid": uid, "gid": gid, "secondary_gids": sorted(secondary or [])}


def _root(path: str | None, creation: Mapping[str, Any] | None) -> dict[str, Any]:
    made = dict(creation or {})
    if made:
        made["permissions"] = made["permissions"].rjust(4, "0")
    return {"path": path or "/", "creation_info": made}


def is_leaving(answer: Mapping[str, Any]) -> bool:
    """Whether a file system is being deleted, and only its name is still taken."""
    return str(answer["LifeCycleState"]).startswith("delet")


def current_file_system(
    answer: Mapping[str, Any], details: Mapping[str, Any], tags: Mapping[str, str] | None
) -> dict[str, Any]:
    """State of the file system; `details` are what further calls answer, by field."""
    all_tags = boto3_tag_list_to_ansible_dict(answer.get("Tags") or [])
    arn = answer["FileSystemArn"]
    state = {
        "id": answer["FileSystemId"],
        "arn": arn,
        "kms_key_id": answer.get("KmsKeyId", ""),
        "performance_mode": answer["PerformanceMode"],
        "throughput_mode": answer["ThroughputMode"],
        "provisioned_throughput_in_mibps": answer.get("ProvisionedThroughputInMibps"),
        "encrypted": bool(answer.get("Encrypted")),
        "tags": of_interest(all_tags, {**(tags or {}), NAME_TAG: ""}),
        "owned": owns(all_tags, tags),
    }
    if "lifecycle_policies" in details:
        given = {name: at for rule in details["lifecycle_policies"] for name, at in rule.items()}
        state["lifecycle_policies"] = {field: given[name] for field, name in TRANSITIONS.items() if name in given}
    if "backup" in details:
        state["backup"] = details["backup"] in ("ENABLED", "ENABLING")
    if "policy" in details:
        state["policy"] = _without_own_resource(policy.normalised(policy.parsed("policy", details["policy"])), arn)
    return state


def with_policy_of(desired: State, arn: str) -> dict[str, Any]:
    """`desired` with its policy as it compares: a statement without a resource is for the file system it belongs to."""
    return {**desired, "policy": _without_own_resource(desired["policy"], arn)} if "policy" in desired else {**desired}


def _without_own_resource(document: Mapping[str, Any], arn: str) -> dict[str, Any]:
    if not document:
        return {}
    statements = [
        {name: value for name, value in statement.items() if name != "Resource" or value not in ([arn], ["*"])}
        for statement in document["Statement"]
    ]
    return policy.normalised({**document, "Statement": statements})


def current_mount_targets(answers: Iterable[tuple[Mapping[str, Any], Sequence[str]]]) -> dict[str, dict[str, Any]]:
    """States by subnet, from mount targets and their security groups."""
    return {
        target["SubnetId"]: {"id": target["MountTargetId"], "security_group_ids": sorted(groups)}
        for target, groups in answers
    }


def current_access_points(
    answers: Iterable[Mapping[str, Any]], tags: Mapping[str, str] | None
) -> dict[str, dict[str, Any]]:
    """States by name. An access point without a name goes by its id."""
    states = {}
    for point in answers:
        all_tags = boto3_tag_list_to_ansible_dict(point.get("Tags") or [])
        user, root = point.get("PosixUser") or {}, point.get("RootDirectory") or {}
        made = root.get("CreationInfo")
        creation = (
            {
                "owner_uid": made["OwnerUid"],
                "owner_gid": made["OwnerGid"],
                "permissions": made["Permissions"],
            }
            if made
            else None
        )
        states[all_tags.get(NAME_TAG, point["AccessPointId"])] = {
            "id": point["AccessPointId"],
            "arn": point["AccessPointArn"],
            "posix_user": _user(user["Uid"], user["Gid"], user.get("SecondaryGids")) if user else {},
            "root_directory": _root(root.get("Path"), creation),
            "tags": of_interest(all_tags, tags),
            "owned": owns(all_tags, tags),
        }
    return states


def refuse_fixed(current: State, desired: State) -> None:
    """Raise InvalidInput for a change that EFS cannot make to a file system that exists."""
    for field in FIXED:
        if field in desired and desired[field] != current[field]:
            remedy = f"cannot be changed: the file system was made with {current[field] or 'none'}; keep that"
            raise InvalidInput(field, desired[field], remedy)
    if not current["encrypted"]:
        raise InvalidInput("name", desired.get("tags", {}).get(NAME_TAG, ""), "exists and is not encrypted: rename it")


def plan(current: State | None, desired: State, name: str) -> list[Change]:
    """Changes of the file system itself."""
    return plan_one(FILE_SYSTEM, name, current, desired)


def plan_mount_targets(current: Mapping[str, State], desired: Mapping[str, State]) -> list[Change]:
    """Those of other subnets go first, since a zone has room for one."""
    return plan_set(MOUNT_TARGET, current, desired, purge=True, level=2, delete_level=1)


def plan_access_points(current: Mapping[str, State], desired: Mapping[str, State]) -> list[Change]:
    """Owned ones that are not desired are deleted; users and folders cannot be changed in place."""
    scope = {name: state for name, state in current.items() if name in desired or state["owned"]}
    fixed = ("posix_user", "root_directory")
    return plan_set(ACCESS_POINT, scope, desired, purge=True, level=2, replace_on=fixed)


def plan_removal(name: str, current: State, targets: Mapping[str, State], points: Mapping[str, State]) -> list[Change]:
    """Everything that hangs on the file system goes with it."""
    return [
        *plan_set(MOUNT_TARGET, targets, {}, purge=True, level=0),
        *plan_set(ACCESS_POINT, points, {}, purge=True, level=0),
        *plan_one(FILE_SYSTEM, name, current, None, level=1),
    ]


def lifecycle_rules(state: Mapping[str, str]) -> list[dict[str, str]]:
    """`lifecycle_policies` as the API takes them: each transition in an object of its own."""
    return [{TRANSITIONS[field]: at} for field, at in state.items()]


def access_point_arguments(state: State) -> dict[str, Any]:
    """An access point as CreateAccessPoint takes it."""
    arguments: dict[str, Any] = {}
    if "posix_user" in state:
        user = state["posix_user"]
        arguments["PosixUser"] = {"Uid": user["uid"], "Gid": user["gid"], "SecondaryGids": user["secondary_gids"]}
    if "root_directory" in state:
        root, made = state["root_directory"], state["root_directory"]["creation_info"]
        owner = (
            {"OwnerUid": made["owner_uid"], "OwnerGid": made["owner_gid"], "Permissions": made["permissions"]}
            if made
            else {}
        )
        arguments["RootDirectory"] = {"Path": root["path"], **({"CreationInfo": owner} if owner else {})}
    return arguments


def judge(resources: Iterable[Mapping[str, Any]]) -> Verdict:
    """Done when all are available."""
    states = [str(resource["LifeCycleState"]) for resource in resources]
    if "error" in states:
        return failed("error")
    waiting = sorted({state for state in states if state != "available"})
    return pending(", ".join(waiting)) if waiting else DONE

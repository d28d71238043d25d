# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a file system, its mount targets and its access points to their desired state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ..._core.changes import Change, State
from ..._core.errors import InvalidInput, PlatformError
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..._core.wait import DONE, pending
from .. import policy
from ..keys import resolved
from ..session import WORKERS, Aws, Outcome
from . import api, model

GONE = ("FileSystemNotFound", "MountTargetNotFound", "AccessPointNotFound")
DETAILS: Mapping[str, Callable[[Aws, str], Any]] = {
    "lifecycle_policies": api.describe_lifecycle_configuration,
    "backup": api.describe_backup_policy,
    "policy": api.describe_file_system_policy,
}
Parts = tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]


def run(aws: Aws) -> Outcome:
    """Find the file system by its token, read what is managed of it, plan, apply, wait."""
    model.validate(aws.params)
    if aws.params["state"] == "absent":
        return _remove(aws)
    desired = model.desired_file_system(aws.params)
    current = _file_system(aws, desired)
    targets, points = _parts(aws, current)
    if current:
        desired = resolved(aws, model.with_policy_of(desired, current["arn"]), current, ("kms_key_id",))
        model.refuse_fixed(current, desired)
    else:
        desired = resolved(aws, desired, {}, ("kms_key_id",))
    changes = model.plan(current, desired, aws.params["name"])
    if aws.params["subnet_ids"] is not None:
        changes += model.plan_mount_targets(targets, model.desired_mount_targets(aws.params))
    if aws.params["access_points"] is not None:
        changes += model.plan_access_points(points, model.desired_access_points(aws.params))
    place = {"id": current["id"], "arn": current["arn"]} if current else {}
    if current and changes and not aws.check_mode:
        _available(aws, aws.params["name"])  # a run that was cut off leaves one that is still being created
    aws.apply(changes, _handlers(aws, place))
    if changes and not aws.check_mode:
        points = _settled(aws, place["id"])
    return Outcome(changes, _result(aws, place, points))


def _result(aws: Aws, place: Mapping[str, str], points: Mapping[str, State]) -> dict[str, Any]:
    unknown = {"id": KNOWN_AFTER_APPLY, "arn": KNOWN_AFTER_APPLY}
    names = [point["name"] for point in aws.params["access_points"] or []]
    known = {name: {"id": state["id"], "arn": state["arn"]} for name, state in points.items()}
    return {"file_system": dict(place) or unknown, "access_points": {name: known.get(name, unknown) for name in names}}


def _file_system(aws: Aws, desired: State) -> dict[str, Any] | None:
    answer = api.describe_file_system(aws, aws.params["name"])
    if answer is None or model.is_leaving(answer):
        return None
    wanted = {field: read for field, read in DETAILS.items() if field in desired}
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        read = pool.map(lambda reader: reader(aws, answer["FileSystemId"]), wanted.values())
        details = dict(zip(wanted, read, strict=True))
    return model.current_file_system(answer, details, aws.params["tags"])


def _parts(aws: Aws, current: State | None) -> Parts:
    """Mount targets by subnet and access points by name, as far as they are managed."""
    if current is None:
        return {}, {}
    everything = aws.params["state"] == "absent"
    targets: dict[str, dict[str, Any]] = {}
    if everything or aws.params["subnet_ids"] is not None:
        found = api.describe_mount_targets(aws, current["id"])
        with ThreadPoolExecutor(max_workers=WORKERS) as pool:
            read = partial(api.describe_mount_target_security_groups, aws)
            groups = list(pool.map(read, (target["MountTargetId"] for target in found)))
        targets = model.current_mount_targets(zip(found, groups, strict=True))
    points: dict[str, dict[str, Any]] = {}
    if everything or aws.params["access_points"] is not None:
        points = model.current_access_points(api.describe_access_points(aws, current["id"]), aws.params["tags"])
    return targets, points


def _settled(aws: Aws, file_system_id: str) -> dict[str, dict[str, Any]]:
    """Access points by name, once they and the mount targets can be used."""
    timeout = aws.params["wait_timeout"]
    if aws.params["wait"]:
        look = partial(api.describe_mount_targets, aws, file_system_id)
        aws.wait("mount targets are available", look, model.judge, timeout=timeout)
    if aws.params["access_points"] is None:
        return {}
    look = partial(api.describe_access_points, aws, file_system_id)
    found = aws.wait("access points are available", look, model.judge, timeout=timeout)
    return model.current_access_points(found, aws.params["tags"])


def _handlers(aws: Aws, place: dict[str, str]) -> dict[Any, Any]:
    def create_point(change: Change) -> None:
        arguments = model.access_point_arguments(change.desired)
        tags = {**(change.desired.get("tags") or {}), model.NAME_TAG: change.key}
        api.create_access_point(aws, place["id"], tags, **arguments)

    def replace_point(change: Change) -> None:
        create_point(change)
        _delete_point(aws, change)

    return {
        (model.FILE_SYSTEM, "create"): lambda change: place.update(_create(aws, change)),
        (model.FILE_SYSTEM, "update"): partial(_update, aws),
        (model.FILE_SYSTEM, "delete"): partial(_delete, aws),
        (model.MOUNT_TARGET, "create"): lambda change: _create_target(aws, place["id"], change),
        (model.MOUNT_TARGET, "update"): partial(_update_target, aws),
        (model.MOUNT_TARGET, "delete"): partial(_delete_target, aws),
        (model.ACCESS_POINT, "create"): create_point,
        (model.ACCESS_POINT, "replace"): replace_point,
        (model.ACCESS_POINT, "update"): lambda change: _tag_point(aws, change),
        (model.ACCESS_POINT, "delete"): partial(_delete_point, aws),
    }


def _create(aws: Aws, change: Change) -> dict[str, str]:
    """Create a file system and wait until it takes settings; an answer that was lost does no harm."""
    name, desired = change.key, change.desired
    names = {
        "kms_key_id": "KmsKeyId",
        "performance_mode": "PerformanceMode",
        "throughput_mode": "ThroughputMode",
        "provisioned_throughput_in_mibps": "ProvisionedThroughputInMibps",
        "backup": "Backup",
    }
    given = {argument: desired[field] for field, argument in names.items() if field in desired}
    tags = desired.get("tags") or {model.NAME_TAG: name}
    former = api.describe_file_system(aws, name)
    if former and model.is_leaving(former):
        _gone(aws, name)
    aws.found(lambda: api.create_file_system(aws, name, tags, **given), "FileSystemAlreadyExists")
    made = _available(aws, name)
    rest = {field: desired[field] for field in ("lifecycle_policies", "policy") if desired.get(field)}
    _write(aws, made["FileSystemId"], rest)
    return {"id": made["FileSystemId"], "arn": made["FileSystemArn"]}


def _available(aws: Aws, name: str) -> dict[str, Any]:
    found = aws.wait(
        f"file system {name} is available",
        lambda: api.describe_file_system(aws, name),
        lambda seen: model.judge([seen]) if seen else pending("not listed yet"),
        timeout=aws.params["wait_timeout"],
    )
    return dict(found or {})


def _update(aws: Aws, change: Change) -> None:
    fields = {field: change.desired[field] for field in change.fields}
    names = {
        "throughput_mode": "ThroughputMode",
        "provisioned_throughput_in_mibps": "ProvisionedThroughputInMibps",
    }
    if set(names) & set(fields):
        given = {argument: change.desired[field] for field, argument in names.items() if field in change.desired}
        api.update_file_system(aws, change.current["id"], **given)
        _available(aws, change.key)
    _write(aws, change.current["id"], fields)


def _write(aws: Aws, file_system_id: str, fields: Mapping[str, Any]) -> None:
    if "tags" in fields:
        api.tag_resource(aws, file_system_id, fields["tags"])
    if "lifecycle_policies" in fields:
        api.put_lifecycle_configuration(aws, file_system_id, model.lifecycle_rules(fields["lifecycle_policies"]))
    if "backup" in fields:
        api.put_backup_policy(aws, file_system_id, enabled=fields["backup"])
    if "policy" in fields:
        _put_policy(aws, file_system_id)


def _put_policy(aws: Aws, file_system_id: str) -> None:
    """Attach the policy once the principals it names, perhaps made a moment ago, are known everywhere."""
    document = policy.parsed("policy", aws.params["policy"])
    if document:
        text = policy.text(document)
        call = partial(api.put_file_system_policy, aws, file_system_id, text)
        aws.eventually(call, "InvalidPolicyException", "ValidationException", text="principal")
    else:
        api.delete_file_system_policy(aws, file_system_id)


def _create_target(aws: Aws, file_system_id: str, change: Change) -> None:
    """Create a mount target; an answer that was lost does no harm."""
    groups = change.desired.get("security_group_ids") or []
    create = partial(api.create_mount_target, aws, file_system_id, change.key, groups)
    if aws.found(create, "MountTargetConflict") is None:
        there = {target["SubnetId"] for target in api.describe_mount_targets(aws, file_system_id)}
        if change.key not in there:
            raise PlatformError(f"the zone of {change.key} has a mount target already: give one subnet a zone")


def _update_target(aws: Aws, change: Change) -> None:
    api.modify_mount_target_security_groups(aws, change.current["id"], change.desired["security_group_ids"])


def _delete_target(aws: Aws, change: Change) -> None:
    """Delete a mount target and wait until its zone has room for another."""
    target_id = change.current["id"]
    aws.found(lambda: api.delete_mount_target(aws, target_id), *GONE)
    aws.wait(
        f"mount target {change.key} is gone",
        lambda: aws.found(lambda: api.describe_mount_target_security_groups(aws, target_id), *GONE),
        lambda seen: DONE if seen is None else pending("deleting"),
        timeout=aws.params["wait_timeout"],
    )


def _tag_point(aws: Aws, change: Change) -> None:
    api.tag_resource(aws, change.current["id"], change.desired["tags"])


def _delete_point(aws: Aws, change: Change) -> None:
    aws.found(lambda: api.delete_access_point(aws, change.current["id"]), *GONE)


def _remove(aws: Aws) -> Outcome:
    """Remove the file system if it is ours, with everything in it."""
    tags, name = aws.params["tags"], aws.params["name"]
    if not tags:
        raise InvalidInput("tags", tags, "is empty: only what carries our tags is removed, so say which they are")
    current = _file_system(aws, {})
    if current is None:
        return Outcome([], {})
    if not current["owned"]:
        return Outcome([], {}, warnings=[f"file system {name} does not carry all of tags and stays"])
    changes = model.plan_removal(name, current, *_parts(aws, current))
    aws.apply(changes, _handlers(aws, {}))
    return Outcome(changes, {})


def _delete(aws: Aws, change: Change) -> None:
    """Delete a file system once it knows that its mount targets are gone, and wait until its name is free."""
    name, timeout = change.key, aws.params["wait_timeout"]

    def delete() -> None:
        aws.found(lambda: api.delete_file_system(aws, change.current["id"]), *GONE)

    aws.remove(f"file system {name} is free", delete, list, "FileSystemInUse", timeout=timeout)
    _gone(aws, name)


def _gone(aws: Aws, name: str) -> None:
    """Wait until the name of a file system that is being deleted can be used again."""
    aws.wait(
        f"file system {name} is gone",
        lambda: api.describe_file_system(aws, name),
        lambda seen: pending(str(seen["LifeCycleState"])) if seen and model.is_leaving(seen) else DONE,
        timeout=aws.params["wait_timeout"],
    )

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Target groups as comparable states. Pure.

Protocol, port and the like cannot be changed in place, and names are unique in a region. So a target group is known by
a tag that holds its name in the task, and a replacement stands under another name in the account before the old one
goes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_one
from ..._core.errors import InvalidInput
from ..tagging import of_interest
from .attributes import NAME, TARGET_GROUP, as_attributes

LOAD_BALANCER_TAG = "platform:load-balancer"
NAME_TAG = "platform:target-group"
FIXED = ("protocol", "port", "protocol_version", "target_type", "vpc_id")
HEALTH_CHECK = {
    "enabled": "HealthCheckEnabled",
    "protocol": "HealthCheckProtocol",
    "port": "HealthCheckPort",
    "path": "HealthCheckPath",
    "interval_seconds": "HealthCheckIntervalSeconds",
    "timeout_seconds": "HealthCheckTimeoutSeconds",
    "healthy_threshold_count": "HealthyThresholdCount",
    "unhealthy_threshold_count": "UnhealthyThresholdCount",
}


def desired_states(
    balancer: str, groups: Iterable[Mapping[str, Any]], vpc_id: str | None, tags: Mapping[str, str] | None
) -> dict[str, dict[str, Any]]:
    """Desired states by name in the task. Raises InvalidInput for what AWS would refuse."""
    states: dict[str, dict[str, Any]] = {}
    for index, group in enumerate(groups):
        option, name = f"target_groups[{index}]", group["name"]
        if not NAME.match(name):
            raise InvalidInput(f"{option}.name", name, "is no name: up to 32 letters, digits and inner hyphens")
        if name in states:
            raise InvalidInput(f"{option}.name", name, "is given twice: keep one of them")
        if not vpc_id:
            raise InvalidInput("vpc_id", vpc_id, "is missing: target groups stand in a VPC")
        health = _health_check(option, group.get("health_check"))
        states[name] = desired_fields(
            {
                **{field: group.get(field) for field in FIXED},
                "vpc_id": vpc_id,
                "health_check": health,
                "attributes": as_attributes(group, TARGET_GROUP),
                "tags": {**(tags or {}), LOAD_BALANCER_TAG: balancer, NAME_TAG: name},
            }
        )
    return states


def _health_check(option: str, check: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if check is None:
        return None
    interval, timeout = check.get("interval_seconds"), check.get("timeout_seconds")
    if interval is not None and timeout is not None and timeout >= interval:
        remedy = f"is not below health_check.interval_seconds, {interval}: a check must end before the next begins"
        raise InvalidInput(f"{option}.health_check.timeout_seconds", timeout, remedy)
    return desired_fields(check)


def health_arguments(check: Mapping[str, Any], protocol_version: str | None) -> dict[str, Any]:
    """A health check as CreateTargetGroup and ModifyTargetGroup take it."""
    arguments = {HEALTH_CHECK[field]: value for field, value in check.items() if field in HEALTH_CHECK}
    if "matcher" in check:
        arguments["Matcher"] = {"GrpcCode" if protocol_version == "GRPC" else "HttpCode": check["matcher"]}
    return arguments


def current_state(
    group: Mapping[str, Any], tags: Mapping[str, str], attributes: Mapping[str, str], desired: State
) -> dict[str, Any]:
    """Current state of a target group, with what `desired` has of health check, attributes and tags."""
    matcher = group.get("Matcher") or {}
    check = {field: group.get(name) for field, name in HEALTH_CHECK.items()}
    check["matcher"] = matcher.get("HttpCode") or matcher.get("GrpcCode")
    return {
        **_fixed(group),
        "health_check": {field: value for field, value in check.items() if field in desired.get("health_check", {})},
        "attributes": of_interest(attributes, desired.get("attributes")),
        "tags": of_interest(tags, desired.get("tags")),
    }


def _fixed(group: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "protocol": group.get("Protocol"),
        "port": group.get("Port"),
        "protocol_version": group.get("ProtocolVersion") or "HTTP1",
        "target_type": group.get("TargetType"),
        "vpc_id": group.get("VpcId"),
    }


@dataclass(frozen=True)
class Place:
    """Where a desired target group stands: its name in the account, what it is now, and what it supersedes."""

    name: str
    current: Mapping[str, Any] | None
    superseded: Sequence[Mapping[str, Any]] = ()


def places(
    balancer: str,
    desired: Mapping[str, State],
    groups: Sequence[Mapping[str, Any]],
    tags: Mapping[str, Mapping[str, str]],
) -> dict[str, Place]:
    """A place for every desired target group, by its name in the task."""
    taken = {group["TargetGroupName"] for group in groups}
    found: dict[str, Place] = {}
    for name, state in desired.items():
        candidates = [group for group in groups if _stands_for(group, tags, balancer) == name]
        fixed = {field: state[field] for field in FIXED if field in state}
        fits = [group for group in candidates if fixed.items() <= _fixed(group).items()]
        others = [group for group in candidates if not fits or group is not fits[0]]
        if fits:
            found[name] = Place(fits[0]["TargetGroupName"], fits[0], others)
        else:
            found[name] = Place(_free_name(name, fixed, taken), None, others)
    return found


def _stands_for(group: Mapping[str, Any], tags: Mapping[str, Mapping[str, str]], balancer: str) -> str | None:
    """The name in the task that a group of the account stands for; a group of that name without our mark is adopted."""
    marks = tags.get(group["TargetGroupArn"], {})
    if LOAD_BALANCER_TAG not in marks:
        return str(group["TargetGroupName"])
    return marks.get(NAME_TAG) if marks[LOAD_BALANCER_TAG] == balancer else None


def _free_name(name: str, fixed: Mapping[str, Any], taken: Collection[str]) -> str:
    if name not in taken:
        return name
    digest = hashlib.sha256(repr(sorted(fixed.items())).encode()).hexdigest()
    return f"{name[:27].rstrip('-')}-{digest[:4]}"


def owned(
    balancer: str, groups: Iterable[Mapping[str, Any]], tags: Mapping[str, Mapping[str, str]]
) -> list[Mapping[str, Any]]:
    """The target groups that carry the mark of this load balancer."""
    return [group for group in groups if tags.get(group["TargetGroupArn"], {}).get(LOAD_BALANCER_TAG) == balancer]


def plan(
    current: Mapping[str, State],
    desired: Mapping[str, State],
    placed: Mapping[str, Place],
    unwanted: Iterable[str],
    *,
    level: int,
    delete_level: int,
) -> list[Change]:
    """Changes to target groups. `current` is keyed by name in the account, `desired` and `placed` by name in the task.

    `unwanted` names groups of the account to be removed. Removals come at `delete_level`, when nothing forwards to
    them any more.
    """
    changes: list[Change] = []
    for name, state in desired.items():
        place = placed[name]
        superseded = [group["TargetGroupName"] for group in place.superseded]
        if place.current is None and superseded:
            changes.append(Change("replace", "target_group", name, current[superseded[0]], state, level))
        else:
            before = current[place.name] if place.current else None
            changes += plan_one("target_group", name, before, state, level=level)
        changes += [_removal(f"{old} (replaced)", current[old], delete_level) for old in superseded]
    changes += [_removal(name, current[name], delete_level) for name in unwanted]
    return changes


def _removal(key: str, state: State, level: int) -> Change:
    return Change("delete", "target_group", key, before=state, level=level)

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One-off tasks: what to start, and whether what stopped was a success. Pure."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from ..._core.wait import DONE, Verdict, pending
from .shape import pairs, to_api
from .task_definition import short

Described = Mapping[str, Any]


def check(options: Mapping[str, Any]) -> None:
    """Raise InvalidInput for what RunTask would refuse."""
    reference = options["task_definition"]
    if not is_placeholder(reference) and not short(reference):
        raise InvalidInput("task_definition", reference, "names nothing: give family:revision or an ARN")
    network = options.get("network_configuration") or {}
    if network and not network.get("subnets"):
        raise InvalidInput("network_configuration.subnets", network.get("subnets"), "is empty: give at least one")
    if options["wait_timeout"] < 1:
        raise InvalidInput("wait_timeout", options["wait_timeout"], "is no time at all: give seconds")


def client_token(run_id: str | None) -> str:
    """Token with which ECS recognises a repeated request: the same for the same O(run_id), else used once."""
    return hashlib.sha256(run_id.encode()).hexdigest()[:36] if run_id else str(uuid.uuid4())


def arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of RunTask."""
    overrides = dict(options.get("overrides") or {})
    containers = [_override(override) for override in overrides.pop("container_overrides", None) or []]
    network = options.get("network_configuration")
    chosen = {
        "cluster": options["cluster"],
        "taskDefinition": options["task_definition"],
        "launchType": options.get("launch_type"),
        "capacityProviderStrategy": to_api(options.get("capacity_provider_strategy")),
        "platformVersion": options.get("platform_version"),
        "group": options.get("group"),
        "startedBy": options.get("started_by"),
        "propagateTags": options.get("propagate_tags"),
        "enableECSManagedTags": options.get("enable_ecs_managed_tags"),
        "enableExecuteCommand": options.get("enable_execute_command"),
        "networkConfiguration": _network(network) if network else None,
        "overrides": {**to_api(overrides), "containerOverrides": containers},
        "tags": [{"key": key, "value": value} for key, value in (options.get("tags") or {}).items()] or None,
        "clientToken": client_token(options.get("run_id")),
        "count": 1,
    }
    return {name: value for name, value in chosen.items() if value is not None}


def _override(override: Mapping[str, Any]) -> dict[str, Any]:
    environment = pairs(override.get("environment"))
    listed = [{"name": name, "value": value} for name, value in environment.items()]
    rest = to_api({name: value for name, value in override.items() if name != "environment"})
    return {**rest, "environment": listed} if listed else dict(rest)


def _network(network: Mapping[str, Any]) -> dict[str, Any]:
    public = "ENABLED" if network.get("assign_public_ip") else "DISABLED"
    groups = {"securityGroups": network["security_groups"]} if network.get("security_groups") else {}
    return {"awsvpcConfiguration": {"subnets": network["subnets"], **groups, "assignPublicIp": public}}


def refusal(failures: Sequence[Described]) -> str:
    """Why RunTask started nothing: `RESOURCE:ENI (no free address)`."""
    reasons = [f"{failure.get('reason', '')} {failure.get('detail', '')}".strip() for failure in failures]
    return ", ".join(reasons) or "no reason given"


def judge(task: Described | None) -> Verdict:
    """Whether a task has stopped."""
    if task is None:
        return pending("task not visible yet")
    return DONE if task["lastStatus"] == "STOPPED" else pending(str(task["lastStatus"]))


def decisive(options: Mapping[str, Any], task: Described) -> list[str]:
    """Names of the containers whose exit codes decide: the named one, else those overridden, else all."""
    if options.get("container"):
        return [options["container"]]
    overrides = (options.get("overrides") or {}).get("container_overrides") or []
    named = [override["name"] for override in overrides]
    return named or [container["name"] for container in task.get("containers", [])]


def succeeded(task: Described, containers: Sequence[str]) -> bool:
    """Whether every decisive container ran and ended with exit code 0."""
    codes = {container["name"]: container.get("exitCode") for container in task.get("containers", [])}
    return bool(containers) and all(codes.get(name) == 0 for name in containers)


def seconds(task: Described) -> float | None:
    """How long the containers ran; None for a task that never started."""
    if task.get("startedAt") is None or task.get("stoppedAt") is None:
        return None
    ran: timedelta = task["stoppedAt"] - task["startedAt"]
    return round(ran.total_seconds(), 1)


def addresses(tasks: Sequence[Described]) -> list[str]:
    """Private addresses of the tasks that run."""
    interfaces = [
        interface
        for task in tasks
        if task["lastStatus"] == "RUNNING"
        for container in task["containers"]
        for interface in container.get("networkInterfaces", [])
    ]
    return sorted({item["privateIpv4Address"] for item in interfaces if item.get("privateIpv4Address")})

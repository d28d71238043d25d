"""A task as DescribeTasks shows it."""

from __future__ import annotations

from typing import Any

from local_cloud.ecs.tasks import Task

PLATFORM_VERSION = "1.4.0"
PLATFORM_FAMILY = "Linux"


def describe(task: Task) -> dict[str, Any]:
    request = task.request
    definition = request.task_definition
    facts: dict[str, Any] = {
        "taskArn": task.task_arn,
        "clusterArn": f"arn:aws:ecs:{request.region}:{request.account}:cluster/{request.cluster}",
        "taskDefinitionArn": definition.arn,
        "group": request.group,
        "startedBy": request.started_by or None,
        "launchType": None if request.capacity_provider else request.launch_type,
        "capacityProviderName": request.capacity_provider,
        "platformVersion": PLATFORM_VERSION,
        "platformFamily": PLATFORM_FAMILY,
        "availabilityZone": task.interface.zone,
        "desiredStatus": task.desired_status,
        "lastStatus": task.last_status,
        "healthStatus": task.health,
        "connectivity": "CONNECTED",
        "connectivityAt": task.times.get("startedAt"),
        "stopCode": task.stop_code,
        "stoppedReason": task.stopped_reason,
        "cpu": request.overrides.get("cpu") or definition.cpu,
        "memory": request.overrides.get("memory") or definition.memory,
        "enableExecuteCommand": request.enable_execute_command,
        "ephemeralStorage": definition.ephemeral_storage or {"sizeInGiB": 20},
        "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **request.overrides},
        "attachments": [_attachment(task)],
        "attributes": [{"name": "ecs.cpu-architecture", "value": _architecture(definition.runtime_platform)}],
        "containers": [_container(task, container.describe()) for container in task.containers],
        "tags": task.tags,
        "version": len(task.times),
        **task.times,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _attachment(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "type": "ElasticNetworkInterface",
        "status": "DELETED" if task.last_status == "STOPPED" else "ATTACHED",
        "details": task.interface.details(task.address),
    }


def _container(task: Task, container: dict[str, Any]) -> dict[str, Any]:
    interface = {"attachmentId": task.id, "privateIpv4Address": task.address}
    return {**container, "networkInterfaces": [interface]}


def _architecture(platform: dict[str, str] | None) -> str:
    return (platform or {}).get("cpuArchitecture", "X86_64").lower()

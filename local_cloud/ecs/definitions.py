"""What RegisterTaskDefinition refuses, and moto does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from moto.ecs.exceptions import EcsClientException

# CPU units: memory in MiB as first, last and step.
_FARGATE = {
    256: (512, 2048, 0),
    512: (1024, 4096, 1024),
    1024: (2048, 8192, 1024),
    2048: (4096, 16384, 1024),
    4096: (8192, 30720, 1024),
    8192: (16384, 61440, 4096),
    16384: (32768, 122880, 8192),
}
_CONDITIONS = {"START", "COMPLETE", "SUCCESS", "HEALTHY"}


def check(definition: Mapping[str, Any]) -> None:
    """Raises EcsClientException."""
    containers: Sequence[Mapping[str, Any]] = definition.get("containerDefinitions") or []
    if not containers:
        raise EcsClientException("Container list cannot be empty.")
    names = [container.get("name") for container in containers]
    if len(set(names)) != len(names):
        raise EcsClientException("Container names must be unique within a task definition.")
    if not any(container.get("essential", True) for container in containers):
        raise EcsClientException("Invalid 'containerDefinitions': at least one container must be essential.")
    fargate = "FARGATE" in (definition.get("requiresCompatibilities") or [])
    if fargate:
        _check_fargate(definition)
    if not definition.get("executionRoleArn"):
        _check_without_role(containers, fargate)
    for volume in definition.get("volumes") or []:
        _check_volume(volume)
    for container in containers:
        _check_dependencies(container, {c["name"]: c for c in containers})
        _check_mounts(container, definition.get("volumes") or [])


def _check_fargate(definition: Mapping[str, Any]) -> None:
    if definition.get("networkMode") != "awsvpc":
        raise EcsClientException("Fargate only supports network mode 'awsvpc'.")
    cpu, memory = definition.get("cpu"), definition.get("memory")
    if not cpu or not memory:
        missing = "cpu" if not cpu else "memory"
        raise EcsClientException(f"Fargate requires that '{missing}' be defined at the task level.")
    try:
        legal = int(memory) in _memories(int(cpu))
    except ValueError:
        legal = True  # "1 vCPU" and "2GB" are understood by ECS; no playbook writes them
    if not legal:
        raise EcsClientException(f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory.")


def _memories(cpu: int) -> Sequence[int]:
    if cpu not in _FARGATE:
        return ()
    first, last, step = _FARGATE[cpu]
    return range(first, last + 1, step) if step else (first, 1024, last)


def _check_without_role(containers: Sequence[Mapping[str, Any]], fargate: bool) -> None:
    for container in containers:
        if container.get("secrets"):
            raise EcsClientException(
                "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
            )
        driver = (container.get("logConfiguration") or {}).get("logDriver")
        if fargate and driver == "awslogs":
            raise EcsClientException(
                "Fargate requires task definition to have execution role ARN to support log driver awslogs."
            )
        if fargate and ".dkr.ecr." in str(container.get("image")):
            raise EcsClientException(
                "Fargate requires task definition to have execution role ARN to support ECR images."
            )


def _check_dependencies(container: Mapping[str, Any], by_name: Mapping[str, Mapping[str, Any]]) -> None:
    for dependency in container.get("dependsOn") or []:
        name, condition = dependency["containerName"], dependency["condition"]
        if condition not in _CONDITIONS:
            raise EcsClientException(f"Invalid 'dependsOn' condition {condition}.")
        if name not in by_name or name == container["name"]:
            raise EcsClientException(f"Invalid 'dependsOn' setting: container {name} does not exist.")
        if condition in ("COMPLETE", "SUCCESS") and by_name[name].get("essential", True):
            raise EcsClientException(
                f"Invalid 'dependsOn' setting: condition {condition} needs container {name} not to be essential."
            )
        if condition == "HEALTHY" and not by_name[name].get("healthCheck"):
            raise EcsClientException(
                f"Invalid 'dependsOn' setting: condition HEALTHY needs a health check in container {name}."
            )


def _check_mounts(container: Mapping[str, Any], volumes: Sequence[Mapping[str, Any]]) -> None:
    names = {volume["name"] for volume in volumes}
    for mount in container.get("mountPoints") or []:
        if mount.get("sourceVolume") not in names:
            raise EcsClientException(f"Unknown volume '{mount.get('sourceVolume')}'.")


def _check_volume(volume: Mapping[str, Any]) -> None:
    efs = volume.get("efsVolumeConfiguration") or {}
    authorization = efs.get("authorizationConfig") or {}
    if authorization.get("accessPointId") and efs.get("rootDirectory", "/") != "/":
        raise EcsClientException(
            f"Invalid volume '{volume['name']}': with an access point the root directory must be omitted or set to '/'."
        )
    secured = authorization.get("accessPointId") or authorization.get("iam") == "ENABLED"
    if secured and efs.get("transitEncryption") != "ENABLED":
        raise EcsClientException(
            f"Invalid volume '{volume['name']}': EFS access points and IAM authorization need transit encryption."
        )

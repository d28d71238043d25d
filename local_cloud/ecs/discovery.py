"""Cloud Map instances of tasks, in moto's service discovery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.ecs.exceptions import InvalidParameterException
from moto.servicediscovery.models import Service, servicediscovery_backends


def check(registries: list[dict[str, Any]]) -> None:
    for entry in registries:
        if _find(entry["registryArn"]) is None:
            raise InvalidParameterException(f"Service registry {entry['registryArn']} does not exist.")


def register(entry: Mapping[str, Any], task_id: str, attributes: Mapping[str, str]) -> None:
    service = _find(entry["registryArn"])
    if service is None:
        return
    port = entry.get("containerPort") or entry.get("port")
    known = {**attributes, **({"AWS_INSTANCE_PORT": str(port)} if port else {})}
    servicediscovery_backends[service.account_id][service.arn.split(":")[3]].register_instance(
        service.id, task_id, task_id, known
    )


def set_health(entry: Mapping[str, Any], task_id: str, status: str) -> None:
    service = _find(entry["registryArn"])
    for instance in service.instances if service else []:
        if instance.instance_id == task_id:
            instance.health_status = status


def deregister(entry: Mapping[str, Any], task_id: str) -> None:
    service = _find(entry["registryArn"])
    if service and any(instance.instance_id == task_id for instance in service.instances):
        backend = servicediscovery_backends[service.account_id][service.arn.split(":")[3]]
        backend.deregister_instance(service.id, task_id)


def _find(arn: str) -> Service | None:
    region, account = arn.split(":")[3:5]
    return servicediscovery_backends[account][region].services.get(arn.rpartition("/")[2])

"""Targets of a service's load balancers, in moto's elbv2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.ecs.exceptions import InvalidParameterException
from moto.elbv2.models import FakeTargetGroup, elbv2_backends

from local_cloud.load_balancer import target_health


def find(arn: str) -> FakeTargetGroup | None:
    region, account = arn.split(":")[3:5]
    return elbv2_backends[account][region].target_groups.get(arn)


def resolved(load_balancers: list[dict[str, Any]], alternate: bool) -> list[dict[str, Any]]:
    """The entries with the target groups that tasks really join."""
    return [
        {**entry, "targetGroupArn": (entry.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")}
        if alternate and entry.get("advancedConfiguration")
        else entry
        for entry in load_balancers
    ]


def check(load_balancers: list[dict[str, Any]], containers: list[dict[str, Any]]) -> None:
    """Refuse what ECS refuses when a service is created or updated."""
    by_name = {container["name"]: container for container in containers}
    for entry in [*load_balancers, *resolved(load_balancers, alternate=True)]:
        arn = entry.get("targetGroupArn", "")
        group = find(arn) if arn.count(":") == 5 else None
        if group is None:
            raise InvalidParameterException(f"The specified target group does not exist. ({arn})")
        _check_container(entry, by_name)
        if not group.load_balancer_arns:
            raise InvalidParameterException(
                f"The target group with targetGroupArn {arn} does not have an associated load balancer."
            )
        if group.target_type != "ip":
            raise InvalidParameterException(
                f"The provided target group {arn} has target type {group.target_type}, which is incompatible "
                "with the awsvpc network mode specified in the task definition."
            )


def _check_container(entry: Mapping[str, Any], by_name: Mapping[str, Any]) -> None:
    name, port = str(entry.get("containerName")), entry.get("containerPort")
    if name not in by_name:
        raise InvalidParameterException(f"The container {name} does not exist in the task definition.")
    ports = [mapping.get("containerPort") for mapping in by_name[name].get("portMappings") or []]
    if port not in ports:
        raise InvalidParameterException(f"The container {name} did not have a container port {port} defined.")


def register(entry: Mapping[str, Any], address: str) -> None:
    group = find(entry["targetGroupArn"])
    if group:
        group.register([{"Id": address, "Port": entry["containerPort"]}])


def drain(entries: list[dict[str, Any]], address: str) -> None:
    """Take the task out of service; connections get the deregistration delay to end."""
    for entry in entries:
        group = find(entry["targetGroupArn"])
        if group and address in group.targets:
            group.deregister([{"Id": address}])


def draining(entries: list[dict[str, Any]], address: str) -> bool:
    groups = [find(entry["targetGroupArn"]) for entry in entries]
    return any(group is not None and address in group.terminated_targets for group in groups)


def health(entry: Mapping[str, Any], address: str) -> str:
    """As DescribeTargetHealth says: initial, healthy, unhealthy, draining, unused."""
    return target_health(entry["targetGroupArn"], address, int(entry["containerPort"]))

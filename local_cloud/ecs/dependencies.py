"""`dependsOn`: which container may start, and in which order they stop."""

from __future__ import annotations

import time
from collections.abc import Sequence

from local_cloud.ecs.containers import Container

_DEFAULT_START_SECONDS = 180


class DependencyError(Exception):
    """A condition cannot be met any more."""


def ready(container: Container, by_name: dict[str, Container]) -> bool:
    """Whether all conditions of the container are met. Raises DependencyError."""
    return all(
        _met(container, by_name[dependency["containerName"]], dependency["condition"])
        for dependency in container.definition.get("dependsOn") or []
    )


def stop_order(containers: Sequence[Container]) -> list[list[Container]]:
    """Groups to stop one after the other: dependents before what they depend on."""
    remaining = list(containers)
    groups: list[list[Container]] = []
    while remaining:
        needed = {
            dependency["containerName"]
            for container in remaining
            for dependency in container.definition.get("dependsOn") or []
        }
        group = [container for container in remaining if container.name not in needed] or remaining
        groups.append(group)
        remaining = [container for container in remaining if container not in group]
    return groups


def _met(container: Container, dependency: Container, condition: str) -> bool:
    stopped = dependency.status == "STOPPED"
    if condition == "START":
        met, hopeless = bool(dependency.started), False
    elif condition == "COMPLETE":
        met, hopeless = stopped, False
    elif condition == "SUCCESS":
        met, hopeless = stopped and dependency.exit_code == 0, stopped and dependency.exit_code != 0
    else:
        met = dependency.health == "HEALTHY"
        hopeless = stopped or dependency.health == "UNHEALTHY"
    timeout = float(dependency.definition.get("startTimeout") or _DEFAULT_START_SECONDS)
    late = bool(dependency.started) and time.monotonic() > dependency.started + timeout
    if not met and (hopeless or late):
        raise DependencyError(
            f"dependency graph: container {container.name} depends on {dependency.name} to be {condition}, "
            f"which it did not become{' in time' if not hopeless else ''}"
        )
    return met

"""Finding clusters, services, task definitions and tasks by what a request names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moto.ecs.exceptions import ClusterNotFoundException, EcsClientException, InvalidParameterException
from moto.ecs.models import Cluster, EC2ContainerServiceBackend, TaskDefinition

from local_cloud.ecs.model import Service
from local_cloud.ecs.tasks import Task


def cluster(backend: EC2ContainerServiceBackend, name: str | None) -> Cluster:
    """An active cluster by name or ARN."""
    found = backend.clusters.get((name or "default").rpartition("/")[2])
    if found is None or found.status != "ACTIVE":
        raise ClusterNotFoundException
    return found


def service(backend: EC2ContainerServiceBackend, cluster_name: str, name: str) -> Service | None:
    return backend.services.get(f"{cluster_name}:{name.rpartition('/')[2]}")


def task(backend: EC2ContainerServiceBackend, cluster_name: str, name: str) -> Task | None:
    tasks: dict[str, Task] = backend.tasks.get(cluster_name, {})
    return next((item for item in tasks.values() if item.id == name.rpartition("/")[2]), None)


def task_definition(backend: EC2ContainerServiceBackend, name: str | None) -> TaskDefinition:
    """An active revision; a family without revision means its latest active one."""
    family, _, number = (name or "").rpartition("/")[2].partition(":")
    revisions = backend.task_definitions.get(family, {})
    if number:
        found = revisions.get(int(number)) if number.isdecimal() else None
    else:
        active = [revision for revision in revisions.values() if revision.status == "ACTIVE"]
        found = max(active, key=lambda revision: revision.revision, default=None)
    if found is None:
        raise EcsClientException("TaskDefinition not found.")
    if found.status != "ACTIVE":
        raise EcsClientException("TaskDefinition is inactive")
    return found


def page(items: Sequence[Any], size: int | None, token: str | None, largest: int) -> tuple[list[Any], str | None]:
    """One page of a list and the token of the next. Raises InvalidParameterException."""
    if token and not token.isdecimal():
        raise InvalidParameterException("Invalid token value!")
    begin = int(token or 0)
    end = begin + min(size or largest, largest)
    return list(items[begin:end]), str(end) if end < len(items) else None

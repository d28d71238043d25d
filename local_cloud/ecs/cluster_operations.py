"""Operations of the ECS API on clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult
from moto.ecs.exceptions import ClusterNotFoundException, ECSException
from moto.ecs.models import Cluster, EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from local_cloud.ecs import lookup
from local_cloud.ecs.current import engine
from local_cloud.ecs.requests import parameters
from local_cloud.extensions import around, operation


@operation(EC2ContainerServiceResponse)
def create_cluster(self: EC2ContainerServiceResponse) -> ActionResult:
    """Creating what exists returns it as it is."""
    request = parameters(self)
    backend = self.ecs_backend
    name = request.get("clusterName") or "default"
    cluster = backend.clusters.get(name)
    if cluster is None or cluster.status != "ACTIVE":
        cluster = backend.create_cluster(
            name,
            request.get("tags"),
            request.get("settings"),
            request.get("configuration"),
            request.get("capacityProviders"),
            request.get("defaultCapacityProviderStrategy"),
            service_connect_defaults=request.get("serviceConnectDefaults"),
        )
    return ActionResult({"cluster": _describe(backend, cluster, {"TAGS", "SETTINGS", "CONFIGURATIONS"})})


@operation(EC2ContainerServiceResponse)
def describe_clusters(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    backend = self.ecs_backend
    found, failures = [], []
    with engine().lock:
        for name in request.get("clusters") or ["default"]:
            cluster = backend.clusters.get(name.rpartition("/")[2])
            if cluster:
                found.append(_describe(backend, cluster, set(request.get("include") or [])))
            else:
                arn = f"arn:aws:ecs:{backend.region_name}:{backend.account_id}:cluster/{name.rpartition('/')[2]}"
                failures.append({"arn": arn, "reason": "MISSING"})
    return ActionResult({"clusters": found, "failures": failures})


@operation(EC2ContainerServiceResponse)
def list_clusters(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    arns = [cluster.arn for cluster in self.ecs_backend.clusters.values() if cluster.status == "ACTIVE"]
    items, token = lookup.page(arns, request.get("maxResults"), request.get("nextToken"), 100)
    return ActionResult({"clusterArns": items, "nextToken": token} if token else {"clusterArns": items})


@operation(EC2ContainerServiceResponse)
def delete_cluster(self: EC2ContainerServiceResponse) -> ActionResult:
    backend = self.ecs_backend
    with engine().lock:
        cluster = backend.clusters.get(parameters(self)["cluster"].rpartition("/")[2])
        if cluster is None:
            raise ClusterNotFoundException
        if _services(backend, cluster):
            raise ECSException(
                "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
            )
        if any(task.last_status != "STOPPED" for task in backend.tasks.get(cluster.name, {}).values()):
            raise ECSException("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
        cluster.status = "INACTIVE"
        return ActionResult({"cluster": _describe(backend, cluster, set())})


@around(EC2ContainerServiceBackend, "iter_tagged_resources")
def iter_tagged_resources(
    original: Callable[..., Iterator[TaggedResource]], self: EC2ContainerServiceBackend
) -> Iterator[TaggedResource]:
    """Clusters, services and tasks that are over are still described, but not found by their tags."""
    over = {cluster.arn for cluster in self.clusters.values() if cluster.status == "INACTIVE"}
    over |= {service.arn for service in self.services.values() if service.status == "INACTIVE"}
    over |= {arn for tasks in self.tasks.values() for arn, task in tasks.items() if task.last_status == "STOPPED"}
    return (resource for resource in original(self) if resource.arn not in over)


def _services(backend: EC2ContainerServiceBackend, cluster: Cluster) -> list[Any]:
    services = backend.services.values()
    return [item for item in services if item.cluster_name == cluster.name and item.status != "INACTIVE"]


def _describe(backend: EC2ContainerServiceBackend, cluster: Cluster, include: set[str]) -> dict[str, Any]:
    live = [task for task in backend.tasks.get(cluster.name, {}).values() if task.desired_status == "RUNNING"]
    running = sum(task.last_status == "RUNNING" for task in live)
    facts = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": running,
        "pendingTasksCount": len(live) - running,
        "activeServicesCount": sum(service.status == "ACTIVE" for service in _services(backend, cluster)),
        "statistics": [],
        "tags": (cluster.tags or []) if "TAGS" in include else [],
        "settings": cluster.settings if "SETTINGS" in include else [],
        "configuration": cluster.configuration if "CONFIGURATIONS" in include else None,
        "capacityProviders": cluster.capacity_providers or [],
        "defaultCapacityProviderStrategy": cluster.default_capacity_provider_strategy or [],
        "serviceConnectDefaults": cluster.service_connect_defaults,
    }
    return {name: value for name, value in facts.items() if value is not None}

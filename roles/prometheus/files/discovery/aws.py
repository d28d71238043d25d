# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS tells: a few read calls, each answered as plain records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

DESCRIBED_TASKS = 100  # most that one DescribeTasks takes
DESCRIBED_SERVICES = 10  # most that one DescribeServices takes


@dataclass(frozen=True)
class Task:
    """A running task of a service; `definition` is `family:revision`, `started` seconds since the epoch."""

    id: str
    service: str
    address: str
    definition: str
    started: float
    healthy: bool = False


@dataclass(frozen=True)
class Service:
    """`failed` counts the tasks that the deployment in progress, or the last one, could not start."""

    name: str
    desired: int
    running: int
    pending: int
    failed: int


@dataclass(frozen=True)
class CacheNode:
    replication_group: str
    address: str
    port: int


def tasks(ecs: Any, cluster: str, platform: str) -> list[Task]:
    """The cluster's tasks that run for a service, healthy or not (ListTasks, DescribeTasks)."""
    pages = ecs.get_paginator("list_tasks").paginate(cluster=cluster, desiredStatus="RUNNING")
    arns = [arn for page in pages for arn in page["taskArns"]]
    described = [
        task
        for some in _batches(arns, DESCRIBED_TASKS)
        for task in ecs.describe_tasks(cluster=cluster, tasks=some)["tasks"]
    ]
    return [_task(task, platform) for task in described if _serves(task)]


def services(ecs: Any, cluster: str, platform: str) -> list[Service]:
    """How many tasks each service of the cluster should have and has (ListServices, DescribeServices)."""
    pages = ecs.get_paginator("list_services").paginate(cluster=cluster)
    arns = [arn for page in pages for arn in page["serviceArns"]]
    described = [
        service
        for some in _batches(arns, DESCRIBED_SERVICES)
        for service in ecs.describe_services(cluster=cluster, services=some)["services"]
    ]
    return [_service(service, platform) for service in described if service["status"] == "ACTIVE"]


def cache_nodes(elasticache: Any) -> list[CacheNode]:
    """The nodes of all replication groups that can be reached (DescribeCacheClusters)."""
    pages = elasticache.get_paginator("describe_cache_clusters").paginate(ShowCacheNodeInfo=True)
    return [
        CacheNode(cluster["ReplicationGroupId"], node["Endpoint"]["Address"], int(node["Endpoint"]["Port"]))
        for page in pages
        for cluster in page["CacheClusters"]
        for node in cluster.get("CacheNodes") or []
        if cluster.get("ReplicationGroupId") and node.get("Endpoint")
    ]


def restorable_times(rds: Any, names: Sequence[str]) -> dict[str, float]:
    """To what second since the epoch each of the databases can be restored (DescribeDBInstances)."""
    pages = rds.get_paginator("describe_db_instances").paginate()
    found = {db["DBInstanceIdentifier"]: db for page in pages for db in page["DBInstances"]}
    return {
        name: found[name]["LatestRestorableTime"].timestamp()
        for name in names
        if name in found and found[name].get("LatestRestorableTime")
    }


def _batches(items: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _serves(task: dict[str, Any]) -> bool:
    of_service = task.get("group", "").startswith("service:")
    return of_service and task["lastStatus"] == "RUNNING" and bool(_address(task))


def _task(task: dict[str, Any], platform: str) -> Task:
    started = task.get("startedAt")
    return Task(
        id=_last(task["taskArn"]),
        service=_short(task["group"].removeprefix("service:"), platform),
        address=_address(task),
        definition=_last(task["taskDefinitionArn"]),
        started=started.timestamp() if started else 0.0,
        healthy=task.get("healthStatus") == "HEALTHY",
    )


def _address(task: dict[str, Any]) -> str:
    details = [detail for attachment in task.get("attachments", []) for detail in attachment.get("details", [])]
    return next((detail["value"] for detail in details if detail["name"] == "privateIPv4Address"), "")


def _service(service: dict[str, Any], platform: str) -> Service:
    primary = [deployment for deployment in service.get("deployments", []) if deployment["status"] == "PRIMARY"]
    return Service(
        name=_short(service["serviceName"], platform),
        desired=service["desiredCount"],
        running=service["runningCount"],
        pending=service["pendingCount"],
        failed=sum(deployment.get("failedTasks", 0) for deployment in primary),
    )


def _last(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _short(name: str, platform: str) -> str:
    return name.removeprefix(f"{platform}-")

"""AWS as far as discovery asks it: an account that holds state and answers in pages of two."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/shop-test"
STARTED = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)


class Refused(Exception):
    """The call asks for more than AWS answers at once."""


@dataclass
class Paginator:
    items: Callable[[], list[Any]]
    key: str

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        items = self.items()
        for start in range(0, max(len(items), 1), 2):
            yield {self.key: items[start : start + 2]}


@dataclass
class Account:
    """One client for all services; `broken` names operations that AWS refuses."""

    tasks: list[dict[str, Any]] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)
    clusters: list[dict[str, Any]] = field(default_factory=list)
    databases: list[dict[str, Any]] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    def get_paginator(self, operation: str) -> Paginator:
        pages = {
            "list_tasks": ("taskArns", lambda: [task["taskArn"] for task in self.tasks]),
            "list_services": ("serviceArns", lambda: [service["serviceArn"] for service in self.services]),
            "describe_cache_clusters": ("CacheClusters", lambda: self.clusters),
            "describe_db_instances": ("DBInstances", lambda: self.databases),
        }
        key, items = pages[operation]
        return Paginator(lambda: self._answer(operation, items()), key)

    def describe_tasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        if not 0 < len(tasks) <= 100 or cluster != CLUSTER:
            raise Refused
        return {"tasks": self._answer("describe_tasks", [task for task in self.tasks if task["taskArn"] in tasks])}

    def describe_services(self, cluster: str, services: list[str]) -> dict[str, Any]:
        if not 0 < len(services) <= 10 or cluster != CLUSTER:
            raise Refused
        found = [service for service in self.services if service["serviceArn"] in services]
        return {"services": self._answer("describe_services", found)}

    def get_parameters(self, Names: list[str]) -> dict[str, Any]:  # noqa: N803 - the name of the API
        if not 0 < len(Names) <= 10:
            raise Refused
        known = [{"Name": name, "Value": self.parameters[name]} for name in Names if name in self.parameters]
        missing = [name for name in Names if name not in self.parameters]
        return {"Parameters": self._answer("get_parameters", known), "InvalidParameters": missing}

    def _answer(self, operation: str, items: list[Any]) -> list[Any]:
        if operation in self.broken:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, operation)
        return items


def task(name: str, service: str, address: str, *, revision: int = 1, minute: int = 0, **other: Any) -> dict[str, Any]:
    return {
        "taskArn": f"arn:aws:ecs:us-east-1:123456789012:task/shop-test/{name}",
        "taskDefinitionArn": f"arn:aws:ecs:us-east-1:123456789012:task-definition/shop-test-{service}:{revision}",
        "group": f"service:shop-test-{service}",
        "lastStatus": "RUNNING",
        "startedAt": STARTED + datetime.timedelta(minutes=minute),
        "attachments": [
            {"details": [{"name": "subnetId", "value": "subnet-1"}, {"name": "privateIPv4Address", "value": address}]}
        ],
        **other,
    }


def service(name: str, desired: int, running: int, pending: int = 0, failed: int = 0, **other: Any) -> dict[str, Any]:
    return {
        "serviceArn": f"arn:aws:ecs:us-east-1:123456789012:service/shop-test/{name}",
        "serviceName": f"shop-test-{name}",
        "status": "ACTIVE",
        "desiredCount": desired,
        "runningCount": running,
        "pendingCount": pending,
        "deployments": [{"status": "PRIMARY", "failedTasks": failed}, {"status": "ACTIVE", "failedTasks": 7}],
        **other,
    }


def cache_node(group: str, address: str) -> dict[str, Any]:
    return {"ReplicationGroupId": group, "CacheNodes": [{"Endpoint": {"Address": address, "Port": 6379}}]}

"""One task: its containers from PROVISIONING to STOPPED, each task in a thread of its own."""

from __future__ import annotations

import datetime
import shutil
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.ecs.models import TaskDefinition

from local_cloud import strict
from local_cloud.ecs import discovery, roles, targets
from local_cloud.ecs.containers import Container, TaskFacts
from local_cloud.ecs.dependencies import DependencyError, ready, stop_order
from local_cloud.ecs.errors import RoleError, TaskStartError
from local_cloud.ecs.images import ImageTable
from local_cloud.ecs.network import Interface
from local_cloud.ecs.sandbox import Sandbox
from local_cloud.ecs.volumes import Client, mounts
from local_cloud.runtime import Runtime

_POLL_SECONDS = 0.05
_INTERFACE_LINGERS_SECONDS = 30.0


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True)
class TaskRequest:
    """What a task is started with, by RunTask or by a service."""

    account: str
    region: str
    cluster: str
    task_definition: TaskDefinition
    network: Mapping[str, Any]
    group: str
    started_by: str = ""
    launch_type: str = "FARGATE"
    capacity_provider: str | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)
    enable_execute_command: bool = False
    load_balancers: list[dict[str, Any]] = field(default_factory=list)
    registries: list[dict[str, Any]] = field(default_factory=list)
    number: int = 0

    def role(self, name: str) -> str | None:
        """ARN of `taskRole` or `executionRole`, overridden or of the definition."""
        own = {
            "taskRole": getattr(self.task_definition, "task_role_arn", None),
            "executionRole": getattr(self.task_definition, "execution_role_arn", None),
        }[name]
        return self.overrides.get(f"{name}Arn") or own


class Task:
    """Attribute names that moto's backend looks at (tags, task_arn, …) are as moto has them."""

    def __init__(self, request: TaskRequest, runtime: Runtime, table: ImageTable):
        self.request = request
        self.id = uuid.uuid4().hex
        self.task_arn = f"arn:aws:ecs:{request.region}:{request.account}:task/{request.cluster}/{self.id}"
        self.task_definition_arn = request.task_definition.arn
        self.started_by = request.started_by
        self.desired_status = "RUNNING"
        self.last_status = "PROVISIONING"
        self.tags = list(request.tags)
        self.stop_code: str | None = None
        self.stopped_reason: str | None = None
        self.times: dict[str, datetime.datetime] = {"createdAt": now()}
        self.address = runtime.addresses.allocate(f"task/{self.id}")
        self.interface = Interface(
            request.account, request.region, request.network["awsvpcConfiguration"], request.number, self.address
        )
        facts = TaskFacts(
            self.id, self.task_arn, request.account, request.region, request.cluster, request.role("executionRole")
        )
        self.containers = [Container(definition, facts) for definition in _definitions(request)]
        self.running_since = 0.0
        self._runtime = runtime
        self._table = table
        self._folder: Path = runtime.settings.state / "tasks" / self.id
        self._stop = threading.Event()
        self._hurry = False
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"task {self.id}")

    @property
    def health(self) -> str:
        """Of the essential containers that have a health check."""
        checked = [c.health for c in self.containers if c.essential and c.definition.get("healthCheck")]
        if "UNHEALTHY" in checked:
            return "UNHEALTHY"
        return "HEALTHY" if checked and set(checked) == {"HEALTHY"} else "UNKNOWN"

    @property
    def has_health_check(self) -> bool:
        return any(c.essential and c.definition.get("healthCheck") for c in self.containers)

    @property
    def containers_healthy(self) -> bool:
        return self.last_status == "RUNNING" and (not self.has_health_check or self.health == "HEALTHY")

    def start(self) -> None:
        self._thread.start()

    def stop(self, code: str, reason: str) -> None:
        """Ask the task to stop; the first reason given stays."""
        if self.desired_status != "STOPPED":
            self.stop_code, self.stopped_reason = code, reason
            self.desired_status = "STOPPED"
            self.times.setdefault("stoppingAt", now())
        self._stop.set()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def kill_now(self) -> None:
        """Stop without draining or stop timeout: the local cloud itself goes away."""
        self._hurry = True
        self.stop("UserInitiated", "The local cloud stops")
        for container in self.containers:
            container.stop_seconds = min(2.0, container.stop_seconds)

    def _run(self) -> None:
        try:
            self._provision()
            self._start_containers()
            self._watch()
        except (TaskStartError, RoleError, DependencyError) as error:
            self.stop("TaskFailedToStart", str(error))
        self._shut_down()

    def _provision(self) -> None:
        for role in (self.request.role("executionRole"), self.request.role("taskRole")):
            if role:
                roles.check_assumable(role)
        self.last_status = "PENDING"
        for container in self.containers:
            container.fetch()
        self.times["pullStartedAt"] = now()
        for container in self.containers:
            container.pull(self._table)
        self.times["pullStoppedAt"] = now()

    def _start_containers(self) -> None:
        volumes, client = self._folder / "volumes", self._client()
        by_name = {container.name: container for container in self.containers}
        waiting = list(self.containers)
        while waiting and not self._ending():
            for container in [c for c in waiting if ready(c, by_name)]:
                listed = self.request.task_definition.volumes
                places = mounts(listed, container.definition, volumes, client, self._runtime)
                folder = self._folder / "containers" / container.name
                container.start(self._runtime, Sandbox(self._runtime, self.address, folder, places))
                waiting.remove(container)
            self._poll()
        if not self._ending():
            self._activate()

    def _client(self) -> Client:
        request = self.request
        return Client(request.account, request.region, self.interface.zone, request.role("taskRole"))

    def _activate(self) -> None:
        self.last_status = "ACTIVATING"
        for entry in self.request.load_balancers:
            targets.register(entry, self.address)
        for entry in self.request.registries:
            discovery.register(entry, self.id, self._discovery_attributes())
        self.running_since = time.monotonic()
        self.times["startedAt"] = now()
        self.last_status = "RUNNING"

    def _watch(self) -> None:
        while not self._ending():
            self._poll()
            for entry in self.request.registries:
                discovery.set_health(entry, self.id, "HEALTHY" if self.containers_healthy else "UNHEALTHY")

    def _poll(self) -> None:
        self._stop.wait(_POLL_SECONDS)
        for container in self.containers:
            container.poll()
        dead = [c for c in self.containers if c.essential and c.status == "STOPPED"]
        if dead:
            failed = next((c.reason for c in dead if c.reason), None)
            if failed:
                self.stop("TaskFailedToStart", failed)
            else:
                self.stop("EssentialContainerExited", "Essential container in task exited")

    def _ending(self) -> bool:
        # A one-off task whose containers have all ended is over, essential or not.
        over = all(container.status == "STOPPED" for container in self.containers)
        if over:
            self.stop("EssentialContainerExited", "Essential container in task exited")
        return self._stop.is_set()

    def _shut_down(self) -> None:
        self.last_status = "DEACTIVATING"
        for entry in self.request.registries:
            discovery.deregister(entry, self.id)
        targets.drain(self.request.load_balancers, self.address)
        while self._serving() and targets.draining(self.request.load_balancers, self.address):
            time.sleep(_POLL_SECONDS)
        self.last_status = "STOPPING"
        for group in stop_order(self.containers):
            stoppers = [threading.Thread(target=container.stop) for container in group]
            for stopper in stoppers:
                stopper.start()
            for stopper in stoppers:
                stopper.join()
        self.times["executionStoppedAt"] = now()
        self.last_status = "DEPROVISIONING"
        shutil.rmtree(self._folder, ignore_errors=True)
        self.times["stoppedAt"] = now()
        self.last_status = "STOPPED"
        # On AWS the interface outlives its task, and holds security groups and subnets meanwhile.
        time.sleep(strict.delay(_INTERFACE_LINGERS_SECONDS))
        self.interface.delete()
        self._runtime.addresses.release(f"task/{self.id}")

    def _serving(self) -> bool:
        return not self._hurry and any(container.status == "RUNNING" for container in self.containers)

    def _discovery_attributes(self) -> dict[str, str]:
        request = self.request
        return {
            "AWS_INSTANCE_IPV4": self.address,
            "AWS_INIT_HEALTH_STATUS": "HEALTHY",
            "AVAILABILITY_ZONE": self.interface.zone,
            "REGION": request.region,
            "ECS_CLUSTER_NAME": request.cluster,
            "ECS_SERVICE_NAME": request.group.removeprefix("service:"),
            "ECS_TASK_DEFINITION_FAMILY": request.task_definition.family,
        }


def _definitions(request: TaskRequest) -> list[dict[str, Any]]:
    """Container definitions with the overrides of the request merged in."""
    overrides = {entry["name"]: entry for entry in request.overrides.get("containerOverrides") or []}
    merged = []
    for definition in request.task_definition.container_definitions:
        override = dict(overrides.get(definition["name"], {}))
        environment = {entry["name"]: entry for entry in definition.get("environment") or []}
        environment.update({entry["name"]: entry for entry in override.pop("environment", None) or []})
        merged.append({**definition, **override, "environment": list(environment.values())})
    return merged

"""The ECS data plane of this process: all services and tasks, driven by one loop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends

from local_cloud.ecs.images import ImageTable
from local_cloud.ecs.model import Service
from local_cloud.ecs.scheduler import Scheduler
from local_cloud.ecs.tasks import Task, TaskRequest, now
from local_cloud.runtime import Runtime

LOG = logging.getLogger(__name__)
_EVERY_SECONDS = 0.1
_STOPPED_TASKS_SHOWN_SECONDS = 3600
_STOP_SECONDS = 5.0


class Engine:
    """Requests change the model under `lock` and call `wake`; the loop does the rest."""

    def __init__(self, runtime: Runtime, table: ImageTable):
        self.runtime = runtime
        self.table = table
        self.lock = threading.RLock()
        self._scheduler = Scheduler(runtime, table)
        self._running: dict[str, Task] = {}
        self._wake = runtime.background.every(_EVERY_SECONDS, self._round, "ECS service scheduler")
        runtime.at_stop(self._stop)

    def wake(self) -> None:
        self._wake.set()

    def admit(self, request: TaskRequest) -> Task:
        """A one-off task, not started yet."""
        task = Task(request, self.runtime, self.table)
        self._keep(ecs_backends[request.account][request.region], task)
        return task

    def _round(self) -> None:
        with self.lock:
            for backend in _backends():
                for service in list(backend.services.values()):
                    try:
                        self._reconcile(backend, service)
                    except Exception:
                        # The other services go on.
                        LOG.exception("service %s of cluster %s", service.name, service.cluster_name)
                _forget_old(backend)
            self._stop_unknown()

    def _reconcile(self, backend: EC2ContainerServiceBackend, service: Service) -> None:
        if service.status == "INACTIVE":
            return
        _bound_desired_count(backend, service)
        for task in self._scheduler.reconcile(service):
            self._keep(backend, task)
        if service.status == "DRAINING" and not service.tasks:
            service.status, service.deleted = "INACTIVE", time.time()
            service.deployments.clear()

    def _keep(self, backend: EC2ContainerServiceBackend, task: Task) -> None:
        backend.tasks.setdefault(task.request.cluster, {})[task.task_arn] = task
        self._running[task.task_arn] = task

    def _stop_unknown(self) -> None:
        """After a reset of moto the tasks of before are nobody's."""
        known = {arn for backend in _backends() for tasks in backend.tasks.values() for arn in tasks}
        for arn, task in list(self._running.items()):
            if task.last_status == "STOPPED":
                del self._running[arn]
            elif arn not in known:
                task.stop("UserInitiated", "The cluster does not exist any more")

    def _stop(self) -> None:
        with self.lock:
            tasks = list(self._running.values())
        for task in tasks:
            task.kill_now()
        deadline = time.monotonic() + _STOP_SECONDS
        for task in tasks:
            task.join(max(0.0, deadline - time.monotonic()))


def _backends() -> Iterator[EC2ContainerServiceBackend]:
    for regions in list(ecs_backends.values()):
        yield from list(regions.values())


def _bound_desired_count(backend: EC2ContainerServiceBackend, service: Service) -> None:
    """Application Auto Scaling keeps the desired count between its minimum and maximum, where it is not suspended."""
    scaling = applicationautoscaling_backends[backend.account_id][backend.region_name]
    resource = f"service/{service.cluster_name}/{service.name}"
    target = scaling.targets.get("ecs:service:DesiredCount", {}).get(resource)
    if target is None or service.status != "ACTIVE":
        return
    suspended = target.suspended_state or {}
    if not suspended.get("DynamicScalingInSuspended"):
        service.desired_count = min(int(target.max_capacity), service.desired_count)
    if not suspended.get("DynamicScalingOutSuspended"):
        service.desired_count = max(int(target.min_capacity), service.desired_count)


def _forget_old(backend: EC2ContainerServiceBackend) -> None:
    for tasks in backend.tasks.values():
        for arn, task in list(tasks.items()):
            stopped = task.times.get("stoppedAt")
            if stopped and (now() - stopped).total_seconds() > _STOPPED_TASKS_SHOWN_SECONDS:
                del tasks[arn]

"""Starting and stopping the tasks of a service, and saying so."""

from __future__ import annotations

import time
from collections.abc import Sequence

from moto.core.exceptions import ServiceException

from local_cloud.ecs import network, roles, targets
from local_cloud.ecs.errors import RoleError
from local_cloud.ecs.images import ImageTable
from local_cloud.ecs.model import Deployment, Service
from local_cloud.ecs.tasks import Task, TaskRequest
from local_cloud.runtime import Runtime

_BACKOFF_SECONDS = 0.25


class Launcher:
    def __init__(self, runtime: Runtime, table: ImageTable):
        self._runtime = runtime
        self._table = table

    def start(self, service: Service, deployment: Deployment, count: int) -> list[Task]:
        if count == 0 or time.monotonic() < service.next_start:
            return []
        try:
            for name in ("execution_role_arn", "task_role_arn"):
                role = getattr(deployment.revision.task_definition, name, None)
                if role:
                    roles.check_assumable(role)
            network.check(service.account, service.region, deployment.revision.members.get("networkConfiguration"))
        except (RoleError, ServiceException) as error:
            _cannot_launch(service, str(error))
            return []
        started = [self._new_task(service, deployment) for _ in range(count)]
        service.say(f"has started {count} tasks: {' '.join(f'(task {task.id})' for task in started)}.")
        return started

    def _new_task(self, service: Service, deployment: Deployment) -> Task:
        service.started_tasks += 1
        members = deployment.revision.members
        strategy = members.get("capacityProviderStrategy")
        request = TaskRequest(
            account=service.account,
            region=service.region,
            cluster=service.cluster_name,
            task_definition=deployment.revision.task_definition,
            network=members["networkConfiguration"],
            group=f"service:{service.name}",
            started_by=deployment.id,
            launch_type=deployment.revision.launch_type or "FARGATE",
            capacity_provider=strategy[0]["capacityProvider"] if strategy else None,
            tags=_task_tags(service, deployment),
            enable_execute_command=bool(service.members.get("enableExecuteCommand")),
            load_balancers=targets.resolved(members.get("loadBalancers") or [], deployment.alternate),
            registries=members.get("serviceRegistries") or [],
            number=service.started_tasks,
        )
        task = Task(request, self._runtime, self._table)
        service.tasks[task.id] = task
        service.owners[task.id] = deployment.id
        task.start()
        return task


def stop(service: Service, tasks: Sequence[Task]) -> None:
    if not tasks:
        return
    for task in tasks:
        owner = service.owners[task.id]
        task.stop("ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {owner})")
    with_targets = [task for task in tasks if task.request.load_balancers]
    for group in {e["targetGroupArn"] for t in with_targets for e in t.request.load_balancers}:
        service.say(f"deregistered {len(with_targets)} targets in (target-group {group}).")
    if with_targets:
        service.say(f"has begun draining connections on {len(with_targets)} tasks.")
    say_stopped(service, tasks)


def say_stopped(service: Service, tasks: Sequence[Task]) -> None:
    names = " ".join(f"(task {task.id})" for task in tasks)
    service.say(f"has stopped {len(tasks)} running tasks: {names}.")


def _cannot_launch(service: Service, error: str) -> None:
    service.say(f"failed to launch a task with (error {error}).")
    service.failures_in_row += 1
    service.next_start = time.monotonic() + _BACKOFF_SECONDS * 2 ** min(service.failures_in_row, 5)


def _task_tags(service: Service, deployment: Deployment) -> list[dict[str, str]]:
    propagate = service.members.get("propagateTags")
    source = {"SERVICE": service.tags, "TASK_DEFINITION": deployment.revision.task_definition.tags}
    tags = list(source.get(str(propagate), []))
    if service.members.get("enableECSManagedTags"):
        tags.append({"key": "aws:ecs:clusterName", "value": service.cluster_name})
        tags.append({"key": "aws:ecs:serviceName", "value": service.name})
    return tags

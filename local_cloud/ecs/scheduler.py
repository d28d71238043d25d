"""The service scheduler: brings the tasks of a service to what its deployments ask for."""

from __future__ import annotations

import time

from local_cloud.ecs import launch, shifting, targets
from local_cloud.ecs.configuration import DeploymentRules
from local_cloud.ecs.failure import judge
from local_cloud.ecs.images import ImageTable
from local_cloud.ecs.launch import Launcher
from local_cloud.ecs.model import COMPLETED, FAILED, IN_PROGRESS, Deployment, Service
from local_cloud.ecs.planner import Limits, plan
from local_cloud.ecs.task_health import candidates, healthy
from local_cloud.ecs.tasks import Task
from local_cloud.runtime import Runtime

_BACKOFF_FREE_FAILURES = 3
_BACKOFF_SECONDS = 0.25
_LONGEST_BACKOFF_SECONDS = 20.0
_ALARM_BAKE_SECONDS = 1.0


class Scheduler:
    """`reconcile` does one step for one service and returns at once."""

    def __init__(self, runtime: Runtime, table: ImageTable):
        self._launcher = Launcher(runtime, table)

    def reconcile(self, service: Service) -> list[Task]:
        """The tasks that were started."""
        rules = DeploymentRules.of(service.members.get("deploymentConfiguration") or {})
        self._notice_ended(service)
        self._replace_unhealthy(service)
        if service.status == "ACTIVE":
            judge(service, rules)
            shifting.advance(service)
        started = self._step(service, rules)
        self._settle(service, rules)
        return started

    def _notice_ended(self, service: Service) -> None:
        for task in list(service.tasks.values()):
            ended_itself = task.desired_status == "STOPPED" and task.stop_code not in (
                "ServiceSchedulerInitiated",
                "UserInitiated",
            )
            if ended_itself and task.id not in service.counted:
                service.counted.add(task.id)
                self._count_failure(service, task)
            if task.last_status == "STOPPED":
                del service.tasks[task.id]

    def _count_failure(self, service: Service, task: Task) -> None:
        service.steady = False
        for deployment in service.deployments:
            if deployment.id == service.owners[task.id] and deployment.rollout_state == IN_PROGRESS:
                deployment.failed_tasks += 1
        service.failures_in_row += 1
        waits = service.failures_in_row - _BACKOFF_FREE_FAILURES
        if waits > 0:
            delay = min(_LONGEST_BACKOFF_SECONDS, _BACKOFF_SECONDS * 2 ** min(waits, 10))
            service.next_start = time.monotonic() + delay
        if waits == 1:
            service.say("is unable to consistently start tasks successfully.")

    def _replace_unhealthy(self, service: Service) -> None:
        for task in service.live_tasks():
            reason = self._unhealthy(service, task)
            if reason:
                service.say(f"(task {task.id}) {reason}.")
                task.stop("ServiceSchedulerInitiated", f"Task {reason}")
                service.counted.add(task.id)
                self._count_failure(service, task)
                launch.say_stopped(service, [task])

    def _unhealthy(self, service: Service, task: Task) -> str | None:
        if task.last_status == "RUNNING" and task.health == "UNHEALTHY":
            return "failed container health checks"
        grace = float(service.members.get("healthCheckGracePeriodSeconds") or 0)
        if task.last_status != "RUNNING" or time.monotonic() < task.running_since + grace:
            return None
        for entry in task.request.load_balancers:
            if targets.health(entry, task.address) == "unhealthy":
                return f"failed ELB health checks in (target-group {entry['targetGroupArn']})"
        return None

    def _step(self, service: Service, rules: DeploymentRules) -> list[Task]:
        deployment = service.primary
        desired = service.desired_count if service.status == "ACTIVE" else 0
        limits = Limits.of(desired, rules.minimum_percent, rules.maximum_percent)
        if service.status == "ACTIVE" and deployment.shifting:
            return self._hold(service, limits)
        primary, old = service.tasks_of(deployment), []
        for previous in service.deployments[1:]:
            old += service.tasks_of(previous)
        if deployment.rollout_state == FAILED:
            # What still runs, of this deployment or the one before, goes on; nothing is started any more.
            launch.stop(service, [] if desired else [*primary, *old])
            return []
        step = plan(desired, limits, candidates(primary), candidates(old))
        tasks = {task.id: task for task in (*primary, *old)}
        launch.stop(service, [tasks[name] for name in step.stop])
        return self._launcher.start(service, deployment, step.start)

    def _hold(self, service: Service, limits: Limits) -> list[Task]:
        """During a shift of traffic old and new revision run side by side, each with as many tasks as are wanted."""
        started: list[Task] = []
        wanted = shifting.wanted(service)
        for deployment in service.deployments:
            tasks = service.tasks_of(deployment)
            step = plan(wanted.get(deployment.id, 0), limits, candidates(tasks), [])
            launch.stop(service, [task for task in tasks if task.id in step.stop])
            started += self._launcher.start(service, deployment, step.start)
        return started

    def _settle(self, service: Service, rules: DeploymentRules) -> None:
        """Deployments without tasks end, and the primary one completes when all its tasks are healthy."""
        self._say_registered(service)
        deployment = service.primary
        service.deployments[1:] = [d for d in service.deployments[1:] if _still_shown(service, d)]
        if service.status != "ACTIVE" or deployment.rollout_state == FAILED or deployment.shifting:
            return
        tasks = service.tasks_of(deployment)
        settled = len(tasks) == service.desired_count == sum(map(healthy, tasks))
        if not settled or len(service.deployments) > 1:
            deployment.steady_since, service.steady = None, False
            return
        deployment.steady_since = deployment.steady_since or time.monotonic()
        service.failures_in_row = 0
        if deployment.rollout_state == IN_PROGRESS:
            # A shift of traffic has baked already.
            if (
                rules.alarms
                and not deployment.passage
                and time.monotonic() < deployment.steady_since + _ALARM_BAKE_SECONDS
            ):
                return
            deployment.turn(COMPLETED, f"ECS deployment {deployment.id} completed.")
            service.say(f"(deployment {deployment.id}) deployment completed.")
        if not service.steady:
            service.steady = True
            service.say("has reached a steady state.")

    def _say_registered(self, service: Service) -> None:
        running = [t for t in service.live_tasks() if t.last_status == "RUNNING" and t.id not in service.announced]
        service.announced.update(task.id for task in running)
        for group in {e["targetGroupArn"] for t in running for e in t.request.load_balancers}:
            service.say(f"registered {len(running)} targets in (target-group {group}).")


def _still_shown(service: Service, deployment: Deployment) -> bool:
    """A replaced deployment stays while tasks of it are there, and while it may be rolled back to."""
    if service.primary.rollout_state == FAILED and deployment.was_completed:
        return True
    there = any(service.owners[task.id] == deployment.id for task in service.live_tasks())
    wanted = service.primary.rollout_state == IN_PROGRESS and deployment.was_completed and service.status == "ACTIVE"
    if there or (wanted and (service.primary.shifting or not _replaced(service))):
        return True
    deployment.status = "INACTIVE"
    return False


def _replaced(service: Service) -> bool:
    """Whether the primary deployment has all its tasks, healthy."""
    tasks = service.tasks_of(service.primary)
    return len(tasks) == service.desired_count == sum(map(healthy, tasks))

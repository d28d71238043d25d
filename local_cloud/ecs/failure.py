"""When a deployment has failed: circuit breaker, alarms, a request to stop; and rolling back."""

from __future__ import annotations

from dataclasses import dataclass

from moto.cloudwatch.models import cloudwatch_backends

from local_cloud.ecs import traffic
from local_cloud.ecs.configuration import DeploymentRules
from local_cloud.ecs.model import FAILED, IN_PROGRESS, Deployment, Service
from local_cloud.ecs.planner import breaker_threshold
from local_cloud.ecs.tasks import now

ALARM, BREAKER, REQUEST = "ECS deployment alarm", "ECS deployment circuit breaker", "ECS deployment stopped"


@dataclass(frozen=True)
class Failure:
    """In the words of an event, and of the deployment's state; whether to roll back, and what is to blame for it."""

    why: str
    reason: str
    rollback: bool
    cause: str = REQUEST


def alarming(service: Service, names: tuple[str, ...]) -> frozenset[str]:
    """Which of the alarms are in state ALARM."""
    alarms = cloudwatch_backends[service.account][service.region].alarms
    return frozenset(name for name in names if name in alarms and alarms[name].state_value == "ALARM")


def judge(service: Service, rules: DeploymentRules) -> None:
    """Fail the primary deployment if it has to be, and roll back if that is wanted."""
    deployment = service.primary
    if deployment.rollout_state != IN_PROGRESS:
        return
    triggered = alarming(service, rules.alarms) - deployment.ignored_alarms
    if deployment.requested:
        reason = "Service deployment stopped by user request."
        fail(service, Failure("stopped by user request", reason, deployment.requested == "ROLLBACK"))
    elif deployment.passage and not deployment.shifting:
        return  # nothing is left to go back to
    elif triggered:
        deployment.triggered_alarms = triggered
        fail(service, Failure("alarm detected", "ECS deployment failed: alarm detected.", rules.alarms_rollback, ALARM))
    elif rules.breaker and deployment.failed_tasks >= breaker_threshold(service.desired_count):
        deployment.breaker_tripped = True
        reason = "ECS deployment circuit breaker: tasks failed to start."
        fail(service, Failure("tasks failed to start", reason, rules.breaker_rollback, BREAKER))


def fail(service: Service, failure: Failure) -> None:
    """End the primary deployment; the last completed one becomes primary again if that is wanted."""
    deployment = service.primary
    deployment.turn(FAILED, failure.reason)
    service.say(f"(deployment {deployment.id}) deployment failed: {failure.why}.")
    if deployment.passage:
        for hook in deployment.passage.hooks:
            hook.close()
    target = service.standing
    if failure.rollback and target:
        _roll_back(service, deployment, target, failure.cause)


def _roll_back(service: Service, failed: Deployment, target: Deployment, cause: str) -> None:
    """The last completed deployment becomes primary again, and the service is described by its revision."""
    failed.status, failed.rollback_to, failed.rollback_started = "ACTIVE", target, now()
    if failed.passage:
        traffic.give_back(service, failed)
    service.deployments.remove(target)
    service.deployments.insert(0, target)
    target.status, target.failed_tasks, target.steady_since = "PRIMARY", 0, None
    target.turn(IN_PROGRESS, f"{cause}: rolling back to deploymentId {target.id}.")
    # What rang for the failed deployment says nothing about the one before.
    target.ignored_alarms = failed.triggered_alarms
    for name in {*service.primary.revision.members, *failed.revision.members}:
        service.members[name] = target.revision.members.get(name)
    service.say(f"rolling back to (deployment {target.id}).")
    service.failures_in_row, service.next_start, service.steady = 0, 0.0, False

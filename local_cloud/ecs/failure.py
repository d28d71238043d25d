"""When a deployment has failed: circuit breaker and alarms; and rolling back."""

from __future__ import annotations

from moto.cloudwatch.models import cloudwatch_backends

from local_cloud.ecs.configuration import DeploymentRules
from local_cloud.ecs.model import FAILED, IN_PROGRESS, Deployment, Service
from local_cloud.ecs.planner import breaker_threshold
from local_cloud.ecs.tasks import now


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
    if triggered:
        deployment.triggered_alarms = triggered
        _fail(service, deployment, "ECS deployment failed: alarm detected.", "alarm detected", rules.alarms_rollback)
    elif rules.breaker and deployment.failed_tasks >= breaker_threshold(service.desired_count):
        deployment.breaker_tripped = True
        reason = "ECS deployment circuit breaker: tasks failed to start."
        _fail(service, deployment, reason, "tasks failed to start", rules.breaker_rollback)


def _fail(service: Service, deployment: Deployment, reason: str, why: str, rollback: bool) -> None:
    deployment.turn(FAILED, reason)
    service.say(f"(deployment {deployment.id}) deployment failed: {why}.")
    target = next((d for d in service.deployments[1:] if d.was_completed), None)
    if rollback and target:
        _roll_back(service, deployment, target)


def _roll_back(service: Service, failed: Deployment, target: Deployment) -> None:
    """The last completed deployment becomes primary again, and the service is described by its revision."""
    by_alarm = bool(failed.triggered_alarms)
    what = "ECS deployment alarm" if by_alarm else "ECS deployment circuit breaker"
    failed.status, failed.rollback_to, failed.rollback_started = "ACTIVE", target, now()
    service.deployments.remove(target)
    service.deployments.insert(0, target)
    target.status, target.failed_tasks, target.steady_since = "PRIMARY", 0, None
    target.turn(IN_PROGRESS, f"{what}: rolling back to deploymentId {target.id}.")
    # What rang for the failed deployment says nothing about the one before.
    target.ignored_alarms = failed.triggered_alarms
    for name in {*service.primary.revision.members, *failed.revision.members}:
        service.members[name] = target.revision.members.get(name)
    service.say(f"rolling back to (deployment {target.id}).")
    service.failures_in_row, service.next_start, service.steady = 0, 0.0, False

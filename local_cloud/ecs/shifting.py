"""Deployments that shift traffic: from stage to stage, with what belongs to each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from local_cloud.ecs import failure, strategies, traffic
from local_cloud.ecs.failure import Failure
from local_cloud.ecs.hooks import HookFailed, HookRun
from local_cloud.ecs.model import Deployment, Passage, Service
from local_cloud.ecs.strategies import Seen
from local_cloud.ecs.task_health import healthy
from local_cloud.ecs.traffic import TrafficError
from local_cloud.runtime import runtime


def begin(service: Service) -> None:
    """Send the primary deployment, just made, on its way."""
    deployment, standing = service.primary, service.standing
    configuration = service.members.get("deploymentConfiguration") or {}
    if not strategies.shifts_traffic(configuration):
        return
    if standing:
        deployment.alternate, deployment.source = not standing.alternate, standing.revision
    others = [item for item in service.deployments[1:] if item is not standing]
    deployment.passage = Passage(configuration, strategies.route(configuration, reconcile=bool(others)))


def advance(service: Service) -> None:
    """At most one stage further. What was rolled back has its hooks to call."""
    for failed in service.history:
        if failed.rollback_to and failed.passage:
            _after_rollback(service, failed, failed.passage)
    deployment = service.primary
    passage = deployment.passage
    if passage is None or not deployment.shifting:
        return
    try:
        if passage.index == 0 and not passage.entered:
            _arrive(service, deployment, passage)
        for hook in passage.hooks:
            hook.poll()
        if strategies.may_leave(passage.stop, _seen(service, deployment, passage)):
            passage.index, passage.arrived = passage.index + 1, time.monotonic()
            _arrive(service, deployment, passage)
    except HookFailed as error:
        failure.fail(service, Failure(str(error), f"Service deployment rolled back because {error}.", True, "ECS hook"))
    except TrafficError as error:
        failure.fail(service, Failure(str(error), f"Service deployment failed: {error}", True, "ECS traffic shift"))


def wanted(service: Service) -> Mapping[str, int]:
    """How many tasks each deployment is to have during the shift, by its id."""
    primary, standing = service.primary, service.standing
    scaled = primary.passage is not None and primary.passage.stop.scaled
    counts = {primary.id: service.desired_count if scaled else 0}
    return {**counts, standing.id: service.desired_count} if standing else counts


def _seen(service: Service, deployment: Deployment, passage: Passage) -> Seen:
    own = service.tasks_of(deployment)
    kept = {item.id for item in (deployment, service.standing) if item}
    return Seen(
        minutes=(time.monotonic() - passage.arrived) / max(runtime().settings.deployment_minute, 1e-6),
        hooks_passed=all(hook.passed for hook in passage.hooks),
        reconciled=all(service.owners[name] in kept for name in service.tasks),
        scaled_up=len(own) == service.desired_count == sum(map(healthy, own)),
    )


def _arrive(service: Service, deployment: Deployment, passage: Passage) -> None:
    """Shift what the stop shifts, then run its hooks, which see the new weights. Raises TrafficError."""
    stop = passage.stop
    passage.entered = True
    if stop.test is not None:
        traffic.shift(deployment, "testListenerRule", stop.test)
        passage.test = stop.test
    if stop.production is not None:
        traffic.shift(deployment, "productionListenerRule", stop.production)
        passage.production = stop.production
    passage.hooks = _hooks(service, deployment, passage, stop.stage)


def _after_rollback(service: Service, failed: Deployment, passage: Passage) -> None:
    """Hooks where traffic was shifted learn that it went back; what they answer changes nothing."""
    if not passage.called_back:
        passage.called_back = True
        given = {
            strategies.PRODUCTION_TRAFFIC_SHIFT: passage.production,
            strategies.TEST_TRAFFIC_SHIFT: passage.test,
        }
        stages = [stage for stage, percent in given.items() if percent is not None]
        passage.hooks = [run for stage in stages for run in _hooks(service, failed, passage, stage)]
    for hook in passage.hooks:
        with suppress(HookFailed):
            hook.poll()


def _hooks(service: Service, deployment: Deployment, passage: Passage, stage: str) -> list[HookRun]:
    event = _event(service, deployment, passage)
    return [
        HookRun(hook, stage, event)
        for hook in passage.configuration.get("lifecycleHooks") or []
        if stage in hook["lifecycleStages"]
    ]


def _event(service: Service, deployment: Deployment, passage: Passage) -> dict[str, Any]:
    """What a function is told."""
    details = {
        "serviceArn": service.arn,
        "targetServiceRevisionArn": deployment.revision.arn,
        "testTrafficWeights": _by_revision(deployment, passage.test),
        "productionTrafficWeights": _by_revision(deployment, passage.production),
    }
    return {"resourceArn": deployment.arn, "executionDetails": details}


def _by_revision(deployment: Deployment, percent: float | None) -> dict[str, float]:
    if percent is None:
        return {}
    other = {deployment.source.arn: 100.0 - percent} if deployment.source else {}
    return {deployment.revision.arn: percent, **other}

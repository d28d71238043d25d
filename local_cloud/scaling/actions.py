"""Carries out scheduled actions: new limits for the scalable target, and the desired count brought between them."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterator
from typing import Any

from moto.applicationautoscaling.models import (
    ApplicationAutoscalingBackend,
    FakeScheduledAction,
    applicationautoscaling_backends,
)
from moto.ecs.models import ecs_backends

from local_cloud.ecs.current import engine
from local_cloud.ecs.model import Service
from local_cloud.runtime import Runtime
from local_cloud.scaling.schedule import parse

LOG = logging.getLogger(__name__)
_EVERY_SECONDS = 0.5
_DIMENSION = "ecs:service:DesiredCount"


class ScheduledActions:
    """Looks at what became due since the last look."""

    def __init__(self, runtime: Runtime):
        self._looked = datetime.datetime.now(datetime.UTC)
        runtime.background.every(_EVERY_SECONDS, self._round, "scheduled actions")

    def _round(self) -> None:
        after, self._looked = self._looked, datetime.datetime.now(datetime.UTC)
        for backend in _backends():
            for action in list(backend.scheduled_actions):
                if due(action, after, self._looked):
                    _carry_out(backend, action)


def due(action: FakeScheduledAction, after: datetime.datetime, until: datetime.datetime) -> bool:
    """Start and end bound what recurs; they mean nothing to what happens once."""
    put: datetime.datetime = action.__dict__["local_put"]
    begin, end = _moment(action.start_time), _moment(action.end_time)
    if action.schedule.startswith("at("):
        return parse(action.schedule, action.timezone, put).due(after, until)
    if (begin and until < begin) or (end and until > end):
        return False
    return parse(action.schedule, action.timezone, begin or put).due(after, until)


def _moment(given: Any) -> datetime.datetime | None:
    return datetime.datetime.fromtimestamp(float(given), datetime.UTC) if given else None


def _carry_out(backend: ApplicationAutoscalingBackend, action: FakeScheduledAction) -> None:
    target = backend.targets.get(action.scalable_dimension, {}).get(action.resource_id)
    if target is None or (target.suspended_state or {}).get("ScheduledScalingSuspended"):
        return
    limits = action.scalable_target_action or {}
    target.min_capacity = limits.get("MinCapacity", target.min_capacity)
    target.max_capacity = limits.get("MaxCapacity", target.max_capacity)
    LOG.info("%s: %s to %s tasks", action.scheduled_action_name, target.min_capacity, target.max_capacity)
    service = _service(backend, action.resource_id) if action.scalable_dimension == _DIMENSION else None
    if service is None:
        return
    with engine().lock:
        service.desired_count = max(int(target.min_capacity), min(int(target.max_capacity), service.desired_count))
        service.steady = False
    engine().wake()


def _service(backend: ApplicationAutoscalingBackend, resource: str) -> Service | None:
    _, cluster, name = resource.split("/")
    found: Service | None = ecs_backends[backend.account_id][backend.region_name].services.get(f"{cluster}:{name}")
    return found if found is not None and found.status == "ACTIVE" else None


def _backends() -> Iterator[ApplicationAutoscalingBackend]:
    for regions in list(applicationautoscaling_backends.values()):
        yield from list(regions.values())

"""Whether tasks of a service count as healthy."""

from __future__ import annotations

import time
from collections.abc import Sequence

from local_cloud.ecs import targets
from local_cloud.ecs.planner import Candidate
from local_cloud.ecs.tasks import Task

_UNCHECKED_SECONDS = 1.5


def healthy(task: Task) -> bool:
    """A task that nothing checks has to run for a moment: one that ends at once is no success."""
    checks = task.request.load_balancers or task.has_health_check
    if not checks and time.monotonic() < task.running_since + _UNCHECKED_SECONDS:
        return False
    return task.containers_healthy and all(
        targets.health(entry, task.address) == "healthy" for entry in task.request.load_balancers
    )


def candidates(tasks: Sequence[Task]) -> list[Candidate]:
    return [Candidate(task.id, healthy(task)) for task in tasks]

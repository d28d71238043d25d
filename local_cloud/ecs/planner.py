"""The arithmetic of a rolling deployment. Pure: numbers and names in, numbers and names out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

_BREAKER_SMALLEST = 3
_BREAKER_LARGEST = 200


@dataclass(frozen=True)
class Candidate:
    """A task that is meant to run."""

    id: str
    healthy: bool


@dataclass(frozen=True)
class Limits:
    """How few healthy and how many tasks there may be."""

    lower: int
    upper: int

    @classmethod
    def of(cls, desired: int, minimum_percent: int, maximum_percent: int) -> Limits:
        """The minimum is rounded up, the maximum down."""
        return cls(math.ceil(desired * minimum_percent / 100), desired * maximum_percent // 100)


@dataclass(frozen=True)
class Plan:
    """Tasks to start for the primary deployment, and tasks to stop."""

    start: int = 0
    stop: list[str] = field(default_factory=list)


def plan(desired: int, limits: Limits, primary: Sequence[Candidate], old: Sequence[Candidate]) -> Plan:
    """One step towards `desired` tasks, all of the primary deployment."""
    total = len(primary) + len(old)
    missing = max(0, desired - len(primary))
    start = min(missing, max(0, limits.upper - total))
    surplus = _worst_first(primary)[: max(0, len(primary) - desired)]
    healthy = sum(task.healthy for task in (*primary, *old)) - sum(task.healthy for task in surplus)
    # Old tasks go when new ones took their place, or when there is no room to start new ones.
    floor = min(desired, limits.lower if missing > start else desired)
    stop = []
    for task in _worst_first(old):
        if task.healthy and healthy <= floor:
            continue
        healthy -= task.healthy
        stop.append(task.id)
    return Plan(start, [task.id for task in surplus] + stop)


def breaker_threshold(desired: int) -> int:
    """Failed tasks that trip the deployment circuit breaker."""
    return min(_BREAKER_LARGEST, max(_BREAKER_SMALLEST, math.ceil(desired * 0.5)))


def _worst_first(tasks: Sequence[Candidate]) -> list[Candidate]:
    return sorted(tasks, key=lambda task: task.healthy)

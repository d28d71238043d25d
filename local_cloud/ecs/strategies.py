"""Deployment strategies that shift traffic: the way of a deployment through its lifecycle stages. Pure.

A route is a list of stops, one for each stage and, in the shift of production traffic, one for each step of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RECONCILE_SERVICE = "RECONCILE_SERVICE"
PRE_SCALE_UP = "PRE_SCALE_UP"
SCALE_UP = "SCALE_UP"
POST_SCALE_UP = "POST_SCALE_UP"
TEST_TRAFFIC_SHIFT = "TEST_TRAFFIC_SHIFT"
POST_TEST_TRAFFIC_SHIFT = "POST_TEST_TRAFFIC_SHIFT"
PRE_PRODUCTION_TRAFFIC_SHIFT = "PRE_PRODUCTION_TRAFFIC_SHIFT"
PRODUCTION_TRAFFIC_SHIFT = "PRODUCTION_TRAFFIC_SHIFT"
POST_PRODUCTION_TRAFFIC_SHIFT = "POST_PRODUCTION_TRAFFIC_SHIFT"
BAKE_TIME = "BAKE_TIME"
CLEAN_UP = "CLEAN_UP"

_UNSCALED = (RECONCILE_SERVICE, PRE_SCALE_UP)
CANARY_DEFAULTS = {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}
LINEAR_DEFAULTS = {"stepPercent": 10.0, "stepBakeTimeInMinutes": 6}


@dataclass(frozen=True)
class Stop:
    """A stage, the percentage of traffic that the new revision gets on arrival, and how long it stays at least."""

    stage: str
    test: float | None = None
    production: float | None = None
    minutes: float = 0.0

    @property
    def scaled(self) -> bool:
        """Whether tasks of the new revision are meant to run."""
        return self.stage not in _UNSCALED


@dataclass(frozen=True)
class Seen:
    """What a stop may have to wait for."""

    minutes: float = 0.0
    hooks_passed: bool = True
    reconciled: bool = True
    scaled_up: bool = True


def shifts_traffic(configuration: Mapping[str, Any] | None) -> bool:
    """Whether a deploymentConfiguration asks for a strategy other than rolling."""
    return str((configuration or {}).get("strategy") or "ROLLING") != "ROLLING"


def route(configuration: Mapping[str, Any], *, reconcile: bool) -> tuple[Stop, ...]:
    """All stops of a deployment. Only one that starts while another is under way has something to reconcile."""
    before = [Stop(PRE_SCALE_UP), Stop(SCALE_UP), Stop(POST_SCALE_UP)]
    test = [Stop(TEST_TRAFFIC_SHIFT, test=100.0), Stop(POST_TEST_TRAFFIC_SHIFT)]
    production = [
        stop
        for percent, minutes in steps(configuration)
        for stop in (
            Stop(PRE_PRODUCTION_TRAFFIC_SHIFT),
            Stop(PRODUCTION_TRAFFIC_SHIFT, production=percent, minutes=minutes),
        )
    ]
    bake = Stop(BAKE_TIME, minutes=float(configuration.get("bakeTimeInMinutes") or 0))
    first = [Stop(RECONCILE_SERVICE, production=0.0)] if reconcile else []
    return (*first, *before, *test, *production, Stop(POST_PRODUCTION_TRAFFIC_SHIFT), bake, Stop(CLEAN_UP))


def steps(configuration: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Percentages of production traffic, each with the minutes before the next. Nothing is waited for after 100."""
    strategy = configuration["strategy"]
    if strategy == "CANARY":
        canary = {**CANARY_DEFAULTS, **(configuration.get("canaryConfiguration") or {})}
        percents, minutes = [float(canary["canaryPercent"])], float(canary["canaryBakeTimeInMinutes"])
    elif strategy == "LINEAR":
        linear = {**LINEAR_DEFAULTS, **(configuration.get("linearConfiguration") or {})}
        tenths = round(float(linear["stepPercent"]) * 10)
        percents, minutes = [at / 10 for at in range(tenths, 1000, tenths)], float(linear["stepBakeTimeInMinutes"])
    else:
        percents, minutes = [], 0.0
    return [*((percent, minutes) for percent in percents if percent < 100), (100.0, 0.0)]


def may_leave(stop: Stop, seen: Seen) -> bool:
    """Whether everything is done that belongs to a stop."""
    if stop.stage == CLEAN_UP or not seen.hooks_passed or seen.minutes < stop.minutes:
        return False
    if stop.stage == RECONCILE_SERVICE:
        return seen.reconciled
    return stop.stage != SCALE_UP or seen.scaled_up


def weights(percent: float) -> tuple[int, int]:
    """A percentage in tenths as the weights of two target groups, the other one's first; 999 is the greatest."""
    if percent == int(percent):
        return 100 - int(percent), int(percent)
    tenths = round(percent * 10)
    return 1000 - tenths, tenths

"""The way of a deployment through its lifecycle stages, and its share of the traffic on the way."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.ecs.strategies import Seen, Stop, may_leave, route, steps, weights

BLUE_GREEN = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}
BEFORE = ["PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT"]
SHIFT = ["PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"]
AFTER = ["POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"]


def canary(percent: float, minutes: int) -> dict[str, Any]:
    configuration = {"canaryPercent": percent, "canaryBakeTimeInMinutes": minutes}
    return {"strategy": "CANARY", "canaryConfiguration": configuration}


def linear(percent: float, minutes: int) -> dict[str, Any]:
    configuration = {"stepPercent": percent, "stepBakeTimeInMinutes": minutes}
    return {"strategy": "LINEAR", "linearConfiguration": configuration}


def test_blue_green_shifts_at_once_and_bakes() -> None:
    stops = route(BLUE_GREEN, reconcile=False)
    assert [stop.stage for stop in stops] == [*BEFORE, *SHIFT, *AFTER]
    assert [(stop.production, stop.minutes) for stop in stops if stop.production is not None] == [(100.0, 0.0)]
    assert [stop.minutes for stop in stops if stop.stage == "BAKE_TIME"] == [5.0]


def test_only_one_that_interrupts_another_has_to_reconcile() -> None:
    first, *others = route(BLUE_GREEN, reconcile=True)
    assert (first.stage, first.production) == ("RECONCILE_SERVICE", 0.0)
    assert tuple(others) == route(BLUE_GREEN, reconcile=False)


def test_every_step_is_announced() -> None:
    stages = [stop.stage for stop in route(linear(50, 1), reconcile=False)]
    assert stages == [*BEFORE, *SHIFT, *SHIFT, *AFTER]


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        (BLUE_GREEN, [(100, 0)]),
        (canary(10, 3), [(10, 3), (100, 0)]),
        (canary(100, 3), [(100, 0)]),
        ({"strategy": "CANARY"}, [(5, 10), (100, 0)]),
        (linear(25, 2), [(25, 2), (50, 2), (75, 2), (100, 0)]),
        (linear(30, 2), [(30, 2), (60, 2), (90, 2), (100, 0)]),
        (linear(33.4, 1), [(33.4, 1), (66.8, 1), (100, 0)]),
        ({"strategy": "LINEAR"}, [*((percent, 6) for percent in range(10, 100, 10)), (100, 0)]),
    ],
)
def test_steps(configuration: dict[str, Any], expected: list[tuple[float, float]]) -> None:
    assert steps(configuration) == expected


@pytest.mark.parametrize(
    ("stop", "seen", "expected"),
    [
        (Stop("PRE_SCALE_UP"), Seen(), True),
        (Stop("PRE_SCALE_UP"), Seen(hooks_passed=False), False),
        (Stop("RECONCILE_SERVICE"), Seen(reconciled=False), False),
        (Stop("RECONCILE_SERVICE"), Seen(), True),
        (Stop("SCALE_UP"), Seen(scaled_up=False), False),
        (Stop("SCALE_UP"), Seen(), True),
        (Stop("POST_SCALE_UP"), Seen(scaled_up=False), True),
        (Stop("PRODUCTION_TRAFFIC_SHIFT", production=10, minutes=3), Seen(minutes=2.9), False),
        (Stop("PRODUCTION_TRAFFIC_SHIFT", production=10, minutes=3), Seen(minutes=3), True),
        (Stop("PRODUCTION_TRAFFIC_SHIFT", production=10, minutes=3), Seen(minutes=3, hooks_passed=False), False),
        (Stop("BAKE_TIME", minutes=5), Seen(minutes=4.9), False),
        (Stop("BAKE_TIME", minutes=5), Seen(minutes=5), True),
        (Stop("CLEAN_UP"), Seen(minutes=99), False),
    ],
)
def test_what_a_stage_waits_for(stop: Stop, seen: Seen, expected: bool) -> None:
    assert may_leave(stop, seen) is expected


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, (100, 0)), (10, (90, 10)), (100, (0, 100)), (0.1, (999, 1)), (33.4, (666, 334))]
)
def test_weights_of_target_groups(percent: float, expected: tuple[int, int]) -> None:
    assert weights(percent) == expected

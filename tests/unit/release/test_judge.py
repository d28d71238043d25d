"""What is said of a step, and what it is said from."""

from __future__ import annotations

from math import inf

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._release.judge import (
    Buckets,
    Counters,
    Figures,
    Sample,
    Thresholds,
    judge,
    latency_limit,
    quantile,
    slower_than,
)

THRESHOLDS = Thresholds(error_ratio=0.05, p95_milliseconds=500, p95_ratio=2, minimum_requests=20)


def buckets(fast: float, slow: float = 0) -> Buckets:
    """So many requests within 10 ms, and so many between 0.5 s and 1 s."""
    return ((0.01, fast), (0.5, fast), (1.0, fast + slow), (inf, fast + slow))


def good(requests: float = 100, errors: float = 0, slow: float = 0, **rest: float) -> Figures:
    return Figures(requests, errors, buckets(requests - slow, slow), **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("figures", "elapsed", "outcome", "says"),
    [
        (good(), 30, "wait", ""),
        (good(), 60, "pass", ""),
        # Nothing, or too little, is no success; neither is it a failure yet.
        (Figures(), 60, "wait", "0 requests are too few"),
        (good(19), 60, "wait", "19 requests are too few"),
        (good(20), 60, "pass", ""),
        # Errors: at the ratio is within it, and a few of few are no ratio yet.
        (good(100, errors=5), 60, "pass", ""),
        (good(100, errors=6), 60, "fail", "6.0% of 100 requests failed"),
        (good(100, errors=6), 1, "fail", "6.0% of 100 requests failed"),
        (good(2, errors=1), 10, "wait", ""),
        (good(2, errors=2), 10, "fail", "100.0% of 2 requests failed"),
        # Latency: certain only with enough requests, not by the first ones after a start, and not by chance.
        (good(1000, slow=72), 60, "fail", "p95 is"),
        (good(1000, slow=70), 60, "pass", ""),
        (good(100, slow=20), 5, "wait", ""),
        (good(100, slow=100), 5, "fail", "p95 is 975 ms, more than p95_milliseconds 500"),
        (good(10, slow=10), 5, "wait", ""),
        (good(20, slow=3), 60, "pass", ""),
        (good(20, slow=4), 60, "fail", "p95 is"),
        # The gateway's own errors count for the share that goes to the new colour.
        (good(gateway_requests=1000, gateway_errors=5), 30, "wait", ""),
        (good(gateway_requests=1000, gateway_errors=6), 30, "fail", "the gateway itself answered 6 of 1000"),
        (good(gateway_requests=10, gateway_errors=1), 30, "wait", ""),
    ],
)
def test_a_step_passes_waits_or_fails(figures: Figures, elapsed: float, outcome: str, says: str) -> None:
    ruling = judge(figures, THRESHOLDS, weight=10, elapsed=elapsed, seconds=60)
    assert ruling.outcome == outcome
    assert says in ruling.why


@pytest.mark.parametrize(
    ("live_requests", "live_fast", "limit"),
    [
        (0, 0, 500),  # nothing to compare with
        (19, 19, 500),
        (100, 100, 100),  # below the floor nothing is compared
        (100, 50, 500),  # a live colour that is slow itself loosens nothing
    ],
)
def test_the_limit_of_latency(live_requests: float, live_fast: float, limit: float) -> None:
    figures = Figures(live_requests=live_requests, live_latency=buckets(live_fast, live_requests - live_fast))
    assert latency_limit(figures, THRESHOLDS)[0] == limit


def test_the_limit_follows_the_live_colour_between_floor_and_maximum() -> None:
    live = ((0.1, 0.0), (0.2, 100.0), (inf, 100.0))
    limit, why = latency_limit(Figures(live_requests=100, live_latency=live), THRESHOLDS)
    assert limit == pytest.approx(390)
    assert "p95_ratio 2 times 195 ms of the live colour" in why


@pytest.mark.parametrize(
    ("given", "p95"),
    [
        ((), None),
        (((0.1, 0.0), (inf, 0.0)), None),
        (((0.1, 100.0), (inf, 100.0)), 95),
        (((0.1, 90.0), (0.2, 100.0), (inf, 100.0)), 150),
        (((0.1, 10.0), (inf, 100.0)), 100),  # beyond the last bound nothing is known but that
    ],
)
def test_the_quantile_of_a_histogram(given: Buckets, p95: float | None) -> None:
    assert quantile(given) == (pytest.approx(p95) if p95 is not None else None)


@pytest.mark.parametrize(("limit", "slower"), [(5, 55), (10, 10), (500, 10), (550, 9), (1000, 0), (5000, 0)])
def test_how_many_were_slower(limit: float, slower: float) -> None:
    assert slower_than(buckets(90, 10), limit) == pytest.approx(slower)


def sample(**tasks: float) -> Sample:
    return {"new_requests": {frozenset({("task", task)}): value for task, value in tasks.items()}}


@pytest.mark.parametrize(
    ("looks", "risen"),
    [
        ([sample(a=100)], 0),
        ([sample(a=100), sample(a=100)], 0),
        ([sample(a=100), sample(a=130)], 30),
        ([sample(a=100), sample(a=130), sample(a=160)], 60),
        ([sample(a=100), sample(a=10)], 10),  # begun anew
        ([sample(a=100), sample(a=110), sample(a=5)], 15),
        ([sample(a=100), sample(a=110, b=7)], 17),  # a task that came
        ([sample(a=100, b=50), sample(a=110, b=60), sample(a=120)], 30),  # a task that went
        ([sample(a=100), sample(), sample(a=130)], 30),  # a scrape that failed
        ([{}, sample(a=3)], 3),
    ],
)
def test_counters_rise(looks: list[Sample], risen: float) -> None:
    counters = Counters()
    for look in looks:
        counters.observe(look)
    assert counters.figures().requests == risen


def test_buckets_of_all_tasks_are_one_histogram() -> None:
    counters = Counters()
    counters.observe({})
    counters.observe(
        {
            "new_latency": {
                frozenset({("task", task), ("le", le)}): value
                for task, le, value in [("a", "0.1", 1.0), ("a", "+Inf", 2.0), ("b", "0.1", 3.0), ("b", "+Inf", 3.0)]
            }
        }
    )
    assert counters.figures().latency == ((0.1, 4.0), (inf, 5.0))

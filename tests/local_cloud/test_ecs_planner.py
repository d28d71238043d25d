"""The arithmetic of rolling deployments."""

from __future__ import annotations

import pytest

from local_cloud.ecs.planner import Candidate, Limits, Plan, breaker_threshold, plan


def tasks(text: str) -> list[Candidate]:
    """`a! b` is a healthy task a and one b that is not."""
    return [Candidate(word.rstrip("!"), word.endswith("!")) for word in text.split()]


@pytest.mark.parametrize(
    ("desired", "percents", "primary", "old", "expected"),
    [
        (2, (100, 200), "", "", Plan(2)),
        (2, (100, 200), "a b", "", Plan(0)),
        (2, (100, 200), "", "x! y!", Plan(2)),
        (2, (100, 200), "a b", "x! y!", Plan(0)),
        (2, (100, 200), "a! b", "x! y!", Plan(0, ["x"])),
        (2, (100, 200), "a! b!", "x! y!", Plan(0, ["x", "y"])),
        (2, (100, 150), "", "x! y!", Plan(1)),
        (2, (100, 150), "a!", "x! y!", Plan(0, ["x"])),
        (2, (50, 100), "", "x! y!", Plan(0, ["x"])),
        (2, (50, 100), "", "y!", Plan(1)),
        (1, (0, 100), "", "x!", Plan(0, ["x"])),
        (2, (100, 200), "", "x y", Plan(2, ["x", "y"])),
        (1, (100, 200), "a! b! c", "", Plan(0, ["c", "a"])),
        (0, (100, 200), "a!", "x!", Plan(0, ["a", "x"])),
    ],
)
def test_plan(desired: int, percents: tuple[int, int], primary: str, old: str, expected: Plan) -> None:
    assert plan(desired, Limits.of(desired, *percents), tasks(primary), tasks(old)) == expected


@pytest.mark.parametrize(("desired", "threshold"), [(0, 3), (1, 3), (6, 3), (7, 4), (25, 13), (400, 200), (900, 200)])
def test_breaker_threshold(desired: int, threshold: int) -> None:
    assert breaker_threshold(desired) == threshold


def test_limits_round_towards_availability() -> None:
    assert Limits.of(3, 50, 150) == Limits(2, 4)

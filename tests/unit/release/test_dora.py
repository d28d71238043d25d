"""The measures of delivery, over a history that tells of every verdict."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._release import dora

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def record(day: int, verdict: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"release-{day}",
        "service": "auth-service",
        "verb": "rollback" if verdict == "reverted" else "deploy",
        "by": "alice",
        "started_at": f"2026-11-{day:02}T10:00:00Z",
        "ended_at": f"2026-11-{day:02}T10:10:00Z",
        "from": {"version": f"1.{day - 1}", "at": f"2026-11-{day:02}T08:00:00Z"},
        "to": {"version": f"1.{day}"},
        "verdict": verdict,
        **fields,
    }


LONG_AGO = record(1, "completed", commit_at="2026-11-01T00:00:00Z")
HISTORY = [
    record(29, "completed", commit_at="2026-11-29T09:10:00Z"),
    record(28, "failed", why="migration: exit code 1"),
    record(27, "rolled_back", steps=[{"weight": 10, "seconds": 20.5}, {"weight": 50, "seconds": 9.5}]),
    record(26, "reverted"),
    record(25, "completed", commit_at="2026-11-25T08:10:00Z"),
    record(24, "completed"),
    LONG_AGO,
]
PHASES = [
    {"name": "start", "seconds": 60.0},
    {"name": "shift to 10 %", "seconds": 20.25},
    {"name": "shift to 50 %", "seconds": 5.25},
    {"name": "take back", "seconds": 30.0},
]


def test_the_measures_are_over_the_last_days() -> None:
    assert dora.delivery(HISTORY, NOW, 10) == dora.Delivery(
        days=10,
        deployments=4,  # three completed, one was on its way to all customers
        deployments_per_day=0.4,
        lead_seconds=5400.0,  # between one hour and two
        failure_ratio=0.5,  # one rolled back, one reverted
        restore_seconds=3915.0,  # between 30 s and two hours and ten minutes
    )


def test_older_releases_count_over_more_days() -> None:
    assert dora.delivery(HISTORY, NOW, 30).deployments == 5


def test_without_releases_there_is_nothing_to_tell() -> None:
    assert dora.delivery([LONG_AGO], NOW, 7) == dora.Delivery(7, 0, 0.0, None, None, None)
    assert dora.lines(dora.delivery([], NOW, 7)) == [
        "deployment frequency   0 in 7 days, 0 a day",
        "lead time for changes  -",
        "change failure rate    -",
        "time to restore        -",
    ]


@pytest.mark.parametrize(
    ("release", "lead", "restore"),
    [
        (HISTORY[0], 3600.0, None),
        (record(2, "completed", commit_at="2026-11-02T11:00:00Z"), 0.0, None),  # a clock that is fast
        (record(2, "completed", commit_at="2026-11-02T12:10:00+02:00"), 0.0, None),
        (record(2, "rolled_back", commit_at="2026-11-02T09:00:00Z"), None, None),  # its run was killed
        (HISTORY[2], None, 30.0),
        (record(2, "rolled_back", phases=PHASES, steps=[{"weight": 10, "seconds": 20.0}]), None, 25.5),
        (HISTORY[3], None, 7800.0),
        (record(2, "reverted", **{"from": None}), None, None),
        (HISTORY[1], None, None),
    ],
)
def test_durations_of_one_release(release: dict[str, Any], lead: float | None, restore: float | None) -> None:
    assert (dora.lead_seconds(release), dora.restore_seconds(release)) == (lead, restore)


def test_the_table_reads() -> None:
    why = record(3, "rolled_back", why="error ratio 20 % at 10 %\nand more lines")
    # What it did, its columns say.
    first = {**record(2, "completed", reason="the first", why="1.0.0 is live on blue", by=None), "from": None}
    assert dora.table([why, first]) == [
        "when (UTC)           who    what    from → to  took    verdict      why",
        "2026-11-03 10:00:00  alice  deploy  1.2 → 1.3  10 min  rolled back  error ratio 20 % at 10 %",
        "2026-11-02 10:00:00  -      deploy  - → 1.2    10 min  completed    the first",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.0, "0.0 s"),
        (4.21, "4.2 s"),
        (59.4, "59 s"),
        (59.7, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations_as_people_say_them(seconds: float | None, text: str) -> None:
    assert dora.spoken(seconds) == text

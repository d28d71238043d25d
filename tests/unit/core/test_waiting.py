"""Waiting and retrying, on a clock that only moves when somebody sleeps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.clock import Clock
from ansible_collections.trademaster.platform.plugins.module_utils._core.retry import retry
from ansible_collections.trademaster.platform.plugins.module_utils._core.wait import (
    DONE,
    Verdict,
    WaitFailed,
    WaitTimeout,
    failed,
    pending,
    wait_until,
)


class FakeClock:
    """Time for tests; `slept` lists the pauses."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []
        self.clock = Clock(now=lambda: self.time, sleep=self._sleep, jitter=lambda: 0.5)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def judge(status: str) -> Verdict:
    return {"available": DONE, "broken": failed("broken beyond repair")}.get(status, pending(status))


def test_the_first_look_comes_without_sleeping() -> None:
    fake = FakeClock()
    assert wait_until("database", lambda: "available", judge, timeout=60, clock=fake.clock) == (
        "available",
        0.0,
    )
    assert fake.slept == []


def test_pauses_double_up_to_the_longest() -> None:
    fake = FakeClock()
    statuses: Iterator[str] = iter(["creating"] * 6 + ["available"])
    seen, elapsed = wait_until(
        "database",
        lambda: next(statuses),
        judge,
        timeout=600,
        clock=fake.clock,
        first_pause=1,
        longest_pause=8,
    )
    assert (seen, fake.slept, elapsed) == ("available", [1, 2, 4, 8, 8, 8], 31)


def test_a_timeout_names_the_wait_the_limit_and_the_last_status() -> None:
    fake = FakeClock()
    with pytest.raises(WaitTimeout, match=r"^database: not done after 60 s \(limit 60 s\): creating$"):
        wait_until("database", lambda: "creating", judge, timeout=60, clock=fake.clock)
    assert fake.time == 60


def test_what_cannot_come_true_any_more_fails_at_once() -> None:
    fake = FakeClock()
    with pytest.raises(WaitFailed, match=r"^database: failed after 0 s: broken beyond repair$"):
        wait_until("database", lambda: "broken", judge, timeout=60, clock=fake.clock)


class Failing:
    """Fails `times` times with `error`, then answers 'ok'."""

    def __init__(self, times: int, error: Exception) -> None:
        self.left = times
        self.error = error

    def __call__(self) -> str:
        if self.left:
            self.left -= 1
            raise self.error
        return "ok"


def attempt(call: Failing, fake: FakeClock) -> str:
    return retry(
        call,
        lambda error: "later" in str(error),
        errors=OSError,
        timeout=10,
        clock=fake.clock,
        first_pause=1,
        longest_pause=4,
    )


def test_retry_repeats_what_passes() -> None:
    fake = FakeClock()
    assert attempt(Failing(3, OSError("try later")), fake) == "ok"
    assert fake.slept == [1, 2, 4]


@pytest.mark.parametrize(
    ("times", "error", "elapsed"),
    [
        pytest.param(1, OSError("never"), 0, id="an error that does not pass"),
        pytest.param(1, ValueError("later"), 0, id="an error of another type"),
        pytest.param(99, OSError("later"), 11, id="after the time is up"),
    ],
)
def test_retry_gives_up(times: int, error: Exception, elapsed: float) -> None:
    fake = FakeClock()
    with pytest.raises(type(error), match=str(error)):
        attempt(Failing(times, error), fake)
    assert fake.time == elapsed


@pytest.mark.parametrize(("jitter", "expected"), [(0.0, 3.0), (0.5, 4.0), (0.999, 4.998)])
def test_jitter_spreads_a_pause_by_a_quarter(jitter: float, expected: float) -> None:
    assert Clock(jitter=lambda: jitter).pause(2, first=1, longest=60) == pytest.approx(expected, abs=0.01)

"""Where the time of a playbook went, on a clock that is turned by hand."""

from __future__ import annotations

from ansible_collections.trademaster.platform.plugins.callback.durations import Durations


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time


def test_a_role_that_runs_twice_is_one_entry_and_gets_all_its_time() -> None:
    clock = Clock()
    durations = Durations(clock.now)
    for role, seconds in [("network", 2.0), ("network", 3.0), ("database", 1.0), ("network", 0.5), ("", 4.0)]:
        durations.enter(role)
        clock.time += seconds
    durations.enter(None)
    assert durations.lines() == ["seconds: network 5.5 · database 1.0 · total 10.5"]


def test_only_waits_of_a_second_and_more_are_shown() -> None:
    durations = Durations(Clock().now)
    durations.waited([{"name": "database", "seconds": 0.7}, {"name": "cache", "seconds": 0.2}])
    durations.waited([{"name": "database", "seconds": 0.6}])
    assert durations.lines() == ["waits:   database 1"]


def test_nothing_to_tell() -> None:
    assert Durations(Clock().now).lines() == []

"""A drill from injection to repair, with a world that remembers what was done to it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.clock import Clock
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import PlatformError
from ansible_collections.trademaster.platform.plugins.module_utils._core.interruption import Interrupted
from ansible_collections.trademaster.platform.plugins.module_utils._core.wait import wait_until
from ansible_collections.trademaster.platform.plugins.module_utils._drill import conditions
from ansible_collections.trademaster.platform.plugins.module_utils._drill.calm import is_moving
from ansible_collections.trademaster.platform.plugins.module_utils._drill.drill import Drill, Journal
from ansible_collections.trademaster.platform.plugins.module_utils._drill.timeline import (
    Incident,
    Limits,
    Run,
    Scenario,
)

PAGED_AFTER, RESOLVED_AFTER = 7, 4


@dataclass
class Time:
    """A clock that only runs when somebody sleeps."""

    seconds: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Parameters:
    """Parameter Store, as far as the journal needs it."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def put_parameter(self, *, Name: str, Value: str, **_rest: Any) -> None:  # noqa: N803
        self.values[Name] = Value

    def get_parameter(self, *, Name: str) -> dict[str, Any] | None:  # noqa: N803
        return {"Parameter": {"Value": self.values[Name]}} if Name in self.values else None

    def delete_parameter(self, *, Name: str) -> None:  # noqa: N803
        del self.values[Name]


@dataclass
class Aws:
    time: Time
    parameters: Parameters = field(default_factory=Parameters)

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.time.seconds, sleep=self.time.sleep, jitter=lambda: 0.5)

    def client(self, _service: str) -> Parameters:
        return self.parameters

    def found(self, call: Any, *_codes: str) -> Any:
        return call()

    def wait(self, name: str, look: Any, judge: Any, *, timeout: float) -> Any:
        return wait_until(name, look, judge, timeout=timeout, clock=self.clock)[0]


@dataclass
class World:
    """Conditions that are on, since when, and the incidents that follow from them."""

    time: Time
    on: dict[str, float] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    begun: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    busy: int = 0
    silent: bool = False

    def inject(self, spec: Any) -> None:
        self.log.append(f"inject {spec['what']}")
        self.on[spec["what"]] = self.begun[spec["what"]] = self.time.seconds

    def restore(self, note: Any) -> str:
        if self.busy:
            self.busy -= 1
            return "it is still stopping"
        self.log.append(f"restore {note['what']}")
        self.on.pop(note["what"], None)
        self.ended[note["what"]] = self.time.seconds
        return ""

    def since(self, _moment: Any) -> list[Incident]:
        now = self.time.seconds
        return [
            Incident(what, f"{what}Down in test", what in self.ended and now >= self.ended[what] + RESOLVED_AFTER)
            for what, begun in self.begun.items()
            if now >= begun + PAGED_AFTER and not self.silent
        ]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(Time())
    steps = (
        lambda _world, spec: {"what": spec["what"]},
        lambda _world, spec, _note: world.inject(spec),
        lambda _world, note: world.restore(note),
    )
    monkeypatch.setattr(conditions, "KINDS", {"fake": steps})
    return world


def drill(world: World, *names: str, beside: str = "") -> Drill:
    runs = [Run(Scenario(name, {"kind": "fake", "what": name}, (f"{name}Down",), beside=beside)) for name in names]
    aws: Any = Aws(world.time)
    pager: Any = world
    return Drill(
        aws, world.log.append, pager, conditions.World(aws, "cluster"), Journal(aws, "/journal"), Limits(30, 60), runs
    )


def done(world: World) -> list[str]:
    return [line for line in world.log if line.startswith(("inject", "restore "))]


def test_scenarios_follow_each_other_and_everything_is_taken_back(world: World) -> None:
    played = drill(world, "A", "B")
    played.go()
    assert done(world) == ["inject A", "restore A", "inject B", "restore B"]
    assert [run.problem for run in played.runs] == ["", ""]
    assert [run.paged_at[f"{run.scenario.name}Down"] - run.injected_at for run in played.runs] == [7, 7]
    assert world.on == {}
    assert played.aws.client("ssm").values == {}


def test_scenarios_that_do_not_disturb_each_other_run_together(world: World) -> None:
    played = drill(world, "A", "B", beside="together")
    played.go()
    assert done(world) == ["inject A", "inject B", "restore A", "restore B"]
    assert world.time.seconds < 2 * PAGED_AFTER + RESOLVED_AFTER


def test_a_repair_that_has_to_wait_is_repeated(world: World) -> None:
    world.busy = 3
    played = drill(world, "A")
    played.go()
    assert played.runs[0].restored_at == PAGED_AFTER + 3
    assert world.on == {}


def test_a_page_that_does_not_come_is_a_problem_and_the_drill_goes_on(world: World) -> None:
    world.silent = True
    played = drill(world, "A", "B")
    played.go()
    assert [bool(run.problem) for run in played.runs] == [True, True]
    assert world.on == {}


def test_what_fails_half_way_is_taken_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    played = drill(world, "A")

    def lost(_moment: Any) -> list[Incident]:
        raise PlatformError("the pager does not answer")

    monkeypatch.setattr(world, "since", lost)
    with pytest.raises(PlatformError, match="does not answer"):
        played.go()
    assert world.on == {}
    assert played.journal.notes == {}


def test_a_drill_that_is_told_to_stop_restores_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    played = drill(world, "A")

    def told(_moment: Any) -> list[Incident]:
        os.kill(os.getpid(), signal.SIGTERM)
        return []

    monkeypatch.setattr(world, "since", told)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted):
        played.go()
    assert done(world) == ["inject A", "restore A"]
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("call", ["since", "restore"])
def test_a_request_that_a_library_swallows_stops_the_drill_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """As botocore does, for which whatever is raised while it sends is a failure of the network."""
    played, called = drill(world, "A", "B"), getattr(world, call)

    def swallowed(argument: Any) -> Any:
        monkeypatch.setattr(world, call, called)
        with suppress(PlatformError):
            os.kill(os.getpid(), signal.SIGINT)
        return called(argument)

    monkeypatch.setattr(world, call, swallowed)
    with pytest.raises(Interrupted):
        played.go()
    assert done(world) == ["inject A", "restore A"]


def test_a_drill_whose_playbook_is_gone_restores_and_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    played = drill(world, "A")

    def gone(_moment: Any) -> list[Incident]:
        monkeypatch.setattr(os, "getppid", lambda: played.playbook.pid + 1)
        return []

    monkeypatch.setattr(world, "since", gone)
    with pytest.raises(Interrupted, match="playbook has ended"):
        played.go()
    assert done(world) == ["inject A", "restore A"]


def test_what_a_killed_drill_left_is_known_to_the_next(world: World) -> None:
    killed = drill(world, "A")
    killed.journal.add("A", conditions.note(killed.world, {"kind": "fake", "what": "A"}))
    world.inject({"what": "A"})

    later = Journal(killed.aws, "/journal")
    later.read()
    assert later.notes == {"A": {"kind": "fake", "what": "A"}}
    following = drill(world, "B")
    following.journal = later
    following.restore()
    assert world.on == {}
    assert later.notes == {}


def test_one_repair_that_fails_does_not_keep_the_others_from_being_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = drill(world)
    for name in ("A", "B"):
        played.journal.add(name, conditions.note(played.world, {"kind": "fake", "what": name}))
        world.inject({"what": name})
    restore, broken = world.restore, ["A"]

    def once_broken(note: Any) -> str:
        if note["what"] in broken:
            broken.clear()
            raise PlatformError("no such service")
        return restore(note)

    monkeypatch.setattr(world, "restore", once_broken)
    played.restore()
    assert done(world)[2:] == ["restore B", "restore A"]


@pytest.mark.parametrize(
    ("deployments", "moving"),
    [
        ([{"rolloutState": "COMPLETED"}], False),
        ([{}], False),
        ([{"rolloutState": "IN_PROGRESS"}], True),
        ([{"rolloutState": "COMPLETED"}, {"rolloutState": "COMPLETED"}], True),
    ],
)
def test_a_deployment_that_has_not_completed_is_a_release(deployments: list[dict[str, str]], moving: bool) -> None:
    assert is_moving(deployments) is moving

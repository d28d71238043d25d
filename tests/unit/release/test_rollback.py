"""A rollback, with a gateway and services that remember what was done to them."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.clock import Clock
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import PlatformError
from ansible_collections.trademaster.platform.plugins.module_utils._core.interruption import Interrupted
from ansible_collections.trademaster.platform.plugins.module_utils._core.wait import (
    DONE,
    Verdict,
    failed,
    pending,
    wait_until,
)
from ansible_collections.trademaster.platform.plugins.module_utils._release import rollback as module
from ansible_collections.trademaster.platform.plugins.module_utils._release.preview import Wait
from ansible_collections.trademaster.platform.plugins.module_utils._release.rollback import (
    PHASE,
    Return,
    Rollback,
    left_over,
    refusal,
    way_back,
)
from ansible_collections.trademaster.platform.plugins.module_utils._release.services import Bounds, Side
from ansible_collections.trademaster.platform.plugins.module_utils._release.situation import Repair, Seen
from ansible_collections.trademaster.platform.plugins.module_utils._release.state import (
    Colour,
    Release,
    Rollout,
    State,
)
from ansible_collections.trademaster.platform.plugins.module_utils._release.traffic import TargetHealth

FAMILY = "arn:aws:ecs:us-east-1:111122223333:task-definition/app"
NOW = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)


def release(number: int, **fields: Any) -> Release:
    given = {
        "id": f"r{number}",
        "version": f"1.{number}.0",
        "image": f"example@sha256:{number}",
        "digest": f"sha256:{number}",
        "task_definition": f"{FAMILY}:{number}",
    }
    return Release(**{**given, **fields})


ONE, TWO = release(1), release(2)
ADDRESSES = ["10.0.0.4", "10.0.0.5"]


def side(number: int, running: int, desired: int | None = None) -> Side:
    wanted = running if desired is None else desired
    return Side("app", f"{FAMILY}:{number}", wanted, running, f"ecs-svc/{number}", True)


@dataclass
class World:
    """Everything that can be written to, and the order in which it was."""

    weights: dict[Colour, int] = field(default_factory=lambda: {"blue": 0, "green": 100})
    previewed: Colour | None = None
    running: dict[Colour, int] = field(default_factory=lambda: {"blue": 2, "green": 2})
    retiring: set[Colour] = field(default_factory=lambda: {"blue"})
    noted: list[State] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=lambda: [pending("0/2 running"), DONE])
    # What the gateway finds healthy, look by look; then all.
    found: list[list[str]] = field(default_factory=list)

    # The gateway.

    def set(self, weights: Mapping[Colour, int]) -> None:
        self.weights = dict(weights)
        self.done.append(f"weights {weights['blue']}/{weights['green']}")

    def settle(self) -> None:
        self.done.append("settle")

    def preview(self, colour: Colour | None) -> None:
        self.previewed = colour

    def health(self, colour: Colour) -> TargetHealth:
        assert self.previewed == colour, "the gateway checks none but what it leads to"
        addresses = self.found.pop(0) if self.found else ADDRESSES
        self.done.append(f"{len(addresses)} healthy")
        return TargetHealth("HEALTHY" if addresses else "UNHEALTHY", frozenset(addresses), frozenset())

    # The services.

    def bounds(self, colour: Colour) -> Bounds:
        return Bounds(2, 10)

    def keep(self, colour: Colour) -> None:
        self.retiring.discard(colour)

    def start(self, colour: Colour, definition: str, count: int, bounds: Bounds) -> str:
        self.running[colour] = count
        self.done.append(f"start {colour} {definition.rpartition(':')[2]}")
        return "ecs-svc/9"

    def judge(self, colour: Colour, deployment: str, definition: str) -> Verdict:
        return self.verdicts.pop(0)

    def tasks(self, _colour: Colour) -> list[dict[str, Any]]:
        interfaces = [{"privateIpv4Address": address} for address in ADDRESSES]
        return [{"lastStatus": "RUNNING", "containers": [{"networkInterfaces": interfaces}]}]

    def stop(self, colour: Colour) -> None:
        self.running[colour] = 0
        self.done.append(f"stop {colour}")

    def retire_later(self, colour: Colour, seconds: float) -> datetime:
        self.retiring.add(colour)
        return NOW

    def explain(self, colour: Colour, deployment: str) -> dict[str, Any]:
        return {"events": [], "stopped_tasks": [], "log": {"app": ["out of memory"]}}


class Api:
    """What a run has of AWS: a clock that only runs when somebody sleeps, and waiting by it."""

    def __init__(self) -> None:
        self.at = 0.0
        self.clock = Clock(lambda: self.at, self.sleep, lambda: 0.5)

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    def wait(self, name: str, look: Callable[[], Any], judge: Callable[[Any], Verdict], *, timeout: float) -> Any:
        return wait_until(name, look, judge, timeout=timeout, clock=self.clock)[0]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(module, "write", lambda _aws, _path, state: made.noted.append(state))
    return made


def rollback(world: World, **options: Any) -> Rollback:
    state = State("app", live="green", releases={"blue": ONE, "green": TWO})
    given: dict[str, Any] = {
        "aws": Api(),
        "traffic": world,
        "services": world,
        "state_path": "/releases/app",
        "state": state,
        "identifier": "b1",
        "report": lambda _line: None,
        "smoke": lambda _wait: None,
        "warm_seconds": 600,
        "now": lambda: NOW,
    }
    return Rollback(**{**given, **options})


WARM = Return("green", "blue", TWO, ONE, warm=True, tasks=2)
COLD = replace(WARM, warm=False)


def test_customers_return_at_once_to_what_still_runs(world: World) -> None:
    rollback(world).go(WARM)
    assert world.weights == {"blue": 100, "green": 0}
    assert world.done == ["weights 100/0"]
    assert world.retiring == {"green"}
    begun, ended = world.noted
    assert begun.rollout
    assert (begun.live, begun.rollout.phase, begun.rollout.release) == ("green", PHASE, ONE)
    assert (ended.live, ended.rollout, ended.releases) == ("blue", None, {"blue": ONE, "green": TWO})


def test_what_is_left_is_stopped_when_nothing_shall_stay_warm(world: World) -> None:
    rollback(world, warm_seconds=0).go(WARM)
    assert world.done == ["weights 100/0", "settle", "stop green"]


def test_what_does_not_run_is_started_and_tried_first(world: World) -> None:
    tried: list[Colour | None] = []
    rollback(world, smoke=lambda _wait: tried.append(world.previewed)).go(COLD)
    assert tried == ["blue"]
    assert world.done == ["start blue 1", "2 healthy", "weights 100/0"]
    assert (world.running, world.previewed) == ({"blue": 2, "green": 2}, None)


def test_customers_wait_until_the_gateway_finds_what_was_started(world: World) -> None:
    world.found = [[], ["10.0.0.4"]]
    said: list[str] = []
    rollback(world, smoke=lambda _wait: world.done.append("sign-in"), report=said.append).go(COLD)
    assert world.done == ["start blue 1", "0 healthy", "1 healthy", "2 healthy", "sign-in", "weights 100/0"]
    assert "health of blue at the gateway: 1 of 2 tasks are healthy to the gateway (HEALTHY)" in said


def test_what_the_gateway_does_not_find_gets_no_customers(world: World) -> None:
    world.found = [[] for _look in range(1000)]
    with pytest.raises(PlatformError, match=r"health of blue at the gateway.*Customers are on green 1\.2\.0"):
        rollback(world).go(COLD)
    assert (world.weights["green"], world.running["blue"], world.noted[-1].rollout) == (100, 0, None)


def refuse(_wait: Wait) -> None:
    raise PlatformError("sign-in: 500")


@pytest.mark.parametrize(
    ("name", "verdicts", "smoke", "why"),
    [
        ("tasks that crash", [failed("task stopped")], lambda _wait: None, "task stopped.*app said: out of memory"),
        ("a sign-in that fails", [DONE], refuse, "sign-in: 500"),
    ],
)
def test_a_rollback_that_fails_leaves_all_as_it_was(
    world: World, name: str, verdicts: list[Verdict], smoke: Callable[[Wait], None], why: str
) -> None:
    world.verdicts = verdicts
    with pytest.raises(PlatformError, match=f"{why}.*Customers are on green 1.2.0"):
        rollback(world, smoke=smoke).go(COLD)
    assert world.weights == {"blue": 0, "green": 100}
    assert (world.running, world.previewed) == ({"blue": 0, "green": 2}, None)
    assert (world.noted[-1].rollout, world.noted[-1].live) == (None, "green")


def test_a_rollback_that_is_interrupted_leaves_all_as_it_was(world: World) -> None:
    def interrupt(_wait: Wait) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(PlatformError, match="interrupted") as raised:
        rollback(world, smoke=interrupt).go(COLD)
    assert isinstance(raised.value.__cause__, Interrupted)
    assert (world.weights["green"], world.running["blue"], world.noted[-1].rollout) == (100, 0, None)


def swallowed() -> None:
    """As botocore does, for which whatever is raised while it sends is a failure of the network."""
    with suppress(PlatformError):
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    ("way", "call"), [(WARM, "keep"), (COLD, "start"), (COLD, "judge"), (COLD, "preview"), (COLD, "health")]
)
def test_a_request_that_a_library_swallows_stops_the_rollback_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, way: Return, call: str
) -> None:
    called = getattr(world, call)

    def once(*arguments: Any) -> Any:
        setattr(world, call, called)
        swallowed()
        return called(*arguments)

    monkeypatch.setattr(world, call, once)
    with pytest.raises(PlatformError, match="interrupted"):
        rollback(world).go(way)
    assert (world.weights, world.previewed, world.noted[-1].rollout) == ({"blue": 0, "green": 100}, None, None)
    assert "weights 100/0" not in world.done


def test_nothing_stops_a_rollback_that_is_undone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "stop", lambda _colour: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(PlatformError, match="sign-in: 500"):
        rollback(world, smoke=refuse).go(COLD)
    assert (world.weights["green"], world.noted[-1].rollout) == (100, None)


def test_a_rollout_that_was_left_is_ended(world: World) -> None:
    world.weights, world.previewed = {"blue": 90, "green": 10}, "green"
    left = Repair("blue", "green", "left in phase shift")
    rollback(world).abandon(left)
    assert world.done == ["weights 100/0", "settle", "stop green"]
    assert (world.previewed, world.retiring) == (None, set())
    assert (world.noted[-1].live, world.noted[-1].rollout) == ("blue", None)


def seen(blue: Side, green: Side, rollout: Rollout | None = None) -> Seen:
    return Seen(State("app", live="green", rollout=rollout), {"blue": 0, "green": 100}, {"blue": blue, "green": green})


@pytest.mark.parametrize(
    ("name", "blue", "healthy", "warm", "tasks"),
    [
        ("as many", side(1, 4), True, True, 4),
        ("half as many", side(1, 2), True, True, 4),
        ("too few", side(1, 1), True, False, 4),
        ("none", side(1, 0), False, False, 4),
        ("ill", side(1, 4), False, False, 4),
        ("of another revision", side(3, 4), True, False, 4),
    ],
)
def test_whether_tasks_have_to_be_started(name: str, blue: Side, healthy: bool, warm: bool, tasks: int) -> None:
    way = way_back(seen(blue, side(2, 4)), "green", TWO, ONE, healthy=healthy)
    assert (way.to, way.warm, way.tasks) == ("blue", warm, tasks)


@pytest.mark.parametrize(
    ("name", "target", "by_revision", "why"),
    [
        ("another", ONE, False, ""),
        ("the same", TWO, False, r"1\.2\.0 \(revision 2\) is live already"),
        ("the same image by its version", release(7, image=TWO.image), False, "is live already"),
        ("the same image by its revision", release(7, image=TWO.image), True, ""),
    ],
)
def test_what_is_live_is_nothing_to_return_to(name: str, target: Release, by_revision: bool, why: str) -> None:
    found = refusal(replace(WARM, target=target), [], by_revision=by_revision, force=False)
    assert re.search(why, found) if why else found == ""


def test_a_release_that_the_database_does_not_fit_is_refused_unless_forced() -> None:
    way = replace(WARM, current=release(2, breaking=True, schema="2"), target=release(1, schema="1"))
    assert "does not fit 1.1.0 (revision 1) any more" in refusal(way, [], by_revision=False, force=False)
    assert refusal(way, [], by_revision=False, force=True) == ""


def test_a_rollback_that_was_killed_is_completed_and_a_deployment_is_ended() -> None:
    def left(phase: str) -> Seen:
        return seen(side(1, 2), side(2, 2), Rollout("x", "green", "blue", phase, "2026-03-02T10:15:00Z", ONE))

    assert left_over(left(PHASE)) is None
    ended = left_over(left("shift to 10 %"))
    assert ended
    assert (ended.live, ended.stop) == ("green", "blue")

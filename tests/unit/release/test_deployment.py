"""Whole rollouts in a world that remembers: what becomes of customers, tasks and state, whatever goes wrong when."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import Outcome
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput, PlatformError
from ansible_collections.trademaster.platform.plugins.module_utils._core.interruption import Playbook
from ansible_collections.trademaster.platform.plugins.module_utils._release import connections, deployment_run
from ansible_collections.trademaster.platform.plugins.module_utils._release.deployment import Deployment
from ansible_collections.trademaster.platform.plugins.module_utils._release.state import Release, Rollout, State

from tests.unit.release import world as worlds
from tests.unit.release.world import NEW, OLD, STATE, World

BACK = {"auth-service": {"blue": 100, "green": 0}, "auth-service-preview": {"blue": 0, "green": 0}}
RELEASE = Release("r2", "1.2.0", "auth@sha256:2", "sha256:2", NEW)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(connections, "gateway_client", lambda _options, _clock: made.kong)
    monkeypatch.setattr(deployment_run, "prometheus", lambda _aws, _variable, _options: made.prometheus)
    monkeypatch.setattr(connections, "Client", made.way)
    return made


def play(world: World, *, check: bool = False, **params: Any) -> Outcome:
    return deployment_run.run(world.aws(check=check, **params), world.lines.append, world.last_words.append)


def fails(world: World, **params: Any) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        play(world, **params)
    return caught.value


def is_taken_back(world: World) -> bool:
    """Customers are where they were, nothing of the release runs, and nothing is under way."""
    world.sleep(5)
    idle = not world.ecs.running("auth-green") and world.ecs.services["auth-green"].desired == 0
    return idle and world.kong.weights == BACK and world.scaling.bounds["auth-green"] == (0, 0) and not left(world)


def left(world: World) -> Rollout | None:
    return world.state.rollout if STATE in world.ssm.values else None


def in_phase(world: World, phase: str) -> bool:
    found = left(world)
    return found is not None and found.phase == phase


# What is good.


def test_a_good_release_takes_the_customers_step_by_step(world: World) -> None:
    outcome = play(world)
    assert outcome.result["verdict"] == "completed"
    assert (outcome.result["from"], outcome.result["to"], outcome.result["live"]) == ("blue", "green", "green")
    moves = [line for line in world.log if line.startswith(("green ", "blue "))]
    assert moves == ["green 10", "blue 90", "green 50", "blue 50", "green 100", "blue 0"]
    assert [(row["weight"], row["error_ratio"]) for row in outcome.result["steps"]] == [
        (10, 0),
        (50, 0),
        (100, 0),
        (100, 0),
    ]
    assert [phase["name"] for phase in outcome.result["phases"]] == [
        "start",
        "preview",
        "shift to 10 %",
        "shift to 50 %",
        "shift to 100 %",
        "bake",
        "finish",
    ]
    assert world.unserved == 0
    assert world.kong.weights["auth-service-preview"] == {"blue": 0, "green": 0}


def test_the_new_colour_scales_as_the_live_one_does(world: World) -> None:
    world.ecs.services["auth-blue"].desired = 4
    world.ecs.tick()
    play(world)
    assert world.ecs.services["auth-green"].desired == 4
    assert world.scaling.bounds["auth-green"] == (2, 10)


def test_a_live_colour_below_its_minimum_is_no_measure(world: World) -> None:
    world.scaling.bounds["auth-blue"] = (3, 6)
    play(world)
    assert world.ecs.services["auth-green"].desired == 3


def test_the_old_colour_stays_warm_until_its_retirement(world: World) -> None:
    play(world, warm_seconds=600.0)
    assert len(world.ecs.running("auth-blue")) == 2
    action = world.scaling.actions["auth-blue"]
    assert action["Schedule"].startswith("at(")
    assert action["ScalableTargetAction"] == {"MinCapacity": 0, "MaxCapacity": 0}


def test_a_colour_that_is_needed_again_does_not_retire(world: World) -> None:
    world.scaling.actions["auth-green"] = {"Schedule": "at(2026-01-01T00:00:00)"}
    play(world)
    assert "auth-green" not in world.scaling.actions


def test_the_state_says_what_runs(world: World) -> None:
    play(world)
    assert world.state == State("auth-service", "green", {"blue": None, "green": RELEASE})


def test_what_is_live_already_is_not_released_again(world: World) -> None:
    play(world)
    world.writes.clear()
    again = play(world)
    assert (again.result["verdict"], list(again.changes), world.writes) == ("unchanged", [], [])


def test_the_release_after_that_goes_the_other_way(world: World) -> None:
    play(world)
    world.releases[f"{worlds.FAMILY}:3"] = worlds.Release()
    outcome = play(world, task_definition=f"{worlds.FAMILY}:3", release={**worlds.OPTIONS["release"], "id": "r3"})
    assert outcome.result["live"] == world.state.live == "blue"
    assert world.unserved == 0


def test_check_mode_says_what_would_happen_and_writes_nothing(world: World) -> None:
    outcome = play(world, check=True)
    assert outcome.result["verdict"] == "planned"
    assert [(change.kind, change.after["live"]) for change in outcome.changes if change.after] == [("release", "green")]
    assert world.writes == []


def test_the_lock_is_renewed_while_the_run_goes_on(world: World) -> None:
    play(world)
    assert world.log.count("lock renewed") > 3


@pytest.mark.parametrize("interval", [1.0, 5.0, 15.0])
def test_any_interval_of_scrapes_will_do(world: World, interval: float) -> None:
    world.prometheus.interval = interval
    assert play(world).result["verdict"] == "completed"


def test_a_node_of_the_gateway_that_is_away_is_waited_for(world: World) -> None:
    def away() -> None:
        world.kong.away_until = world.seconds + 15

    world.when(lambda: in_phase(world, "shift to 10 %"), away)
    assert play(world).result["verdict"] == "completed"


def test_prometheus_may_be_silent_for_a_moment(world: World) -> None:
    since: list[float] = []

    def silent() -> None:
        world.prometheus.down = True
        since.append(world.seconds)
        world.when(lambda: world.seconds > since[0] + 15, lambda: setattr(world.prometheus, "down", False))

    world.when(lambda: in_phase(world, "shift to 50 %"), silent)
    assert play(world).result["verdict"] == "completed"


def test_a_step_lasts_longer_while_there_is_too_little_traffic(world: World) -> None:
    world.per_second = 5.0
    outcome = play(world)
    assert outcome.result["verdict"] == "completed"
    assert 30 < outcome.result["steps"][0]["seconds"] < 60


# What is not.


@pytest.mark.parametrize(
    ("release", "says", "verdict"),
    [
        (worlds.Release("crashes"), "deployment failed: tasks failed to start", "failed"),
        (worlds.Release("never"), "2 tasks of green: not done after 60 s", "failed"),
        (worlds.Release("ill"), "2 tasks of green: not done after 60 s", "failed"),
        (worlds.Release(signs_in=False), "preview: wrong password refused: login", "failed"),
        (worlds.Release(errors=0.2), "green at 10 %: 20.0% of", "rolled_back"),
        (worlds.Release(speed="slow"), "p95 is 9", "rolled_back"),
        (worlds.Release(dies_at_weight=50), "of its 2 tasks stopped", "rolled_back"),
    ],
)
def test_a_bad_release_is_taken_back_and_explained(
    world: World, release: worlds.Release, says: str, verdict: str
) -> None:
    world.releases[NEW] = release
    error = fails(world)
    assert says in str(error)
    assert error.details["verdict"] == verdict
    assert error.details["live"] == "blue"
    assert error.details["not_put_right"] == []
    assert is_taken_back(world)
    assert world.state.releases == {"blue": None, "green": None}


@pytest.mark.parametrize("before", [OLD, NEW])
def test_tasks_whose_health_stays_unknown_do_not_come_as_far_as_the_preview(world: World, before: str) -> None:
    """Also where the colour has had that revision, and ECS calls its deployment completed, without a task."""
    world.ecs.services["auth-green"].revision = before
    world.releases[NEW] = worlds.Release("ill")
    error = fails(world)
    assert [phase["name"] for phase in error.details["phases"]] == ["start", "take back"]
    assert is_taken_back(world)


def test_tasks_that_nothing_checks_are_healthy_when_they_run(world: World) -> None:
    world.releases[NEW] = worlds.Release("ill", checked=False)
    assert play(world).result["verdict"] == "completed"


def test_a_deployment_does_not_complete_before_its_tasks_are_there(world: World) -> None:
    """Bounds that hold the idle colour at no task would be met by a deployment without any."""
    seen: list[bool] = []
    world.when(lambda: in_phase(world, "start"), lambda: seen.append(world.ecs.services["auth-green"].completed))
    play(world)
    assert seen == [False]


def test_customers_go_back_before_tasks_are_stopped(world: World) -> None:
    world.releases[NEW].errors = 0.2
    fails(world)
    end = [line for line in world.log if not line.startswith("lock")][-4:]
    assert end == ["blue 100", "green 0", "auth-green 0", "note nothing"]


def test_errors_are_not_watched_to_the_end_of_the_step(world: World) -> None:
    world.releases[NEW].errors = 0.2
    assert fails(world).details["steps"][0]["seconds"] < 10


def test_errors_are_told_with_the_reasons_of_tasks(world: World) -> None:
    world.releases[NEW] = worlds.Release("crashes")
    error = fails(world)
    assert "Essential container in task exited" in str(error)
    assert error.details["stopped_tasks"]
    assert error.details["events"]


def test_a_colour_that_the_gateway_finds_unhealthy_gets_no_customers(world: World) -> None:
    world.kong.unhealthy = True
    error = fails(world)
    assert "0 of 2 tasks are healthy to the gateway" in str(error)
    assert "green 10" not in world.log
    assert is_taken_back(world)


def test_errors_of_the_gateway_itself_count(world: World) -> None:
    world.when(lambda: in_phase(world, "shift to 10 %"), lambda: setattr(world.prometheus, "gateway_errors", 50.0))
    assert "the gateway itself answered 50" in str(fails(world))
    assert is_taken_back(world)


@pytest.mark.parametrize(
    ("changed", "says"),
    [({"p95_ratio": 200.0}, "more than p95_milliseconds 500"), ({}, "more than p95_floor_milliseconds 100")],
)
def test_a_colour_that_is_too_slow_is_taken_back(world: World, changed: dict[str, float], says: str) -> None:
    world.releases[NEW].speed = "slow"
    assert says in str(fails(world, thresholds={**worlds.OPTIONS["thresholds"], **changed}))
    assert is_taken_back(world)


def test_too_little_traffic_is_no_success(world: World) -> None:
    world.per_second = 0.5
    error = fails(world)
    assert "too few to judge" in str(error)
    assert is_taken_back(world)


def test_a_colour_that_prometheus_does_not_reach_gets_no_customers(world: World) -> None:
    world.prometheus.scrapes_from = 10_000.0
    error = fails(world)
    assert "metrics of green: not done after 60 s" in str(error)
    assert "green 10" not in world.log


@pytest.mark.parametrize("phase", ["shift to 10 %", "shift to 100 %", "bake"])
def test_prometheus_that_stays_silent_is_no_success(world: World, phase: str) -> None:
    world.when(lambda: in_phase(world, phase), lambda: setattr(world.prometheus, "down", True))
    error = fails(world)
    assert "Prometheus does not answer" in str(error)
    assert is_taken_back(world)


def test_a_rollout_that_nobody_can_judge_is_not_begun(world: World) -> None:
    world.prometheus.down = True
    assert "no rollout is begun" in str(fails(world))
    assert world.writes == []


def test_sign_ins_that_fail_under_way_are_enough(world: World) -> None:
    world.when(lambda: in_phase(world, "shift to 50 %"), lambda: setattr(world.releases[NEW], "signs_in", False))
    assert "sign-in to the new colour failed 2 times" in str(fails(world))
    assert is_taken_back(world)


def test_a_first_release_that_fails_ends_at_nothing(world: World) -> None:
    world.ecs.services["auth-blue"].desired = 0
    world.ecs.tick()
    world.releases[NEW] = worlds.Release("crashes")
    error = fails(world)
    assert "there was no release to return to, so green is scaled to zero" in str(error)
    assert is_taken_back(world)


def test_a_first_release_that_is_good_takes_the_customers(world: World) -> None:
    world.ecs.services["auth-blue"].desired = 0
    world.ecs.tick()
    outcome = play(world)
    assert outcome.result["live"] == "green"
    assert "auth-blue" not in world.scaling.actions


# Interruption.

PHASES = ["start", "preview", "shift to 10 %", "shift to 50 %", "shift to 100 %", "bake"]


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_stop_takes_back_first(world: World, phase: str, number: int) -> None:
    before = signal.getsignal(number)
    world.when(lambda: in_phase(world, phase), lambda: os.kill(os.getpid(), number))
    error = fails(world)
    assert "the run was interrupted" in str(error)
    assert is_taken_back(world)
    assert world.unserved == 0
    assert signal.getsignal(number) is before
    assert world.last_words[0] == "taking back: the run was interrupted"
    assert world.last_words[-1] == str(error)


@pytest.mark.parametrize("phase", ["start", "preview", "shift to 10 %", "bake"])
def test_a_request_that_a_library_swallows_stops_the_run_all_the_same(world: World, phase: str) -> None:
    """As botocore does, for which whatever is raised while it sends is a failure of the network."""

    def swallowed() -> None:
        with suppress(PlatformError):
            os.kill(os.getpid(), signal.SIGINT)

    world.when(lambda: in_phase(world, phase), swallowed)
    assert "the run was interrupted" in str(fails(world))
    assert is_taken_back(world)


def test_a_run_whose_playbook_is_gone_takes_back_and_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = lambda: monkeypatch.setattr(Playbook, "has_ended", lambda _self: True)  # noqa: E731
    world.when(lambda: in_phase(world, "shift to 50 %"), gone)
    assert "the playbook has ended" in str(fails(world))
    assert is_taken_back(world)


def test_a_second_request_to_stop_does_not_keep_customers_away(world: World) -> None:
    def told() -> None:
        world.kong.away_until = world.seconds + 10
        world.when(lambda: bool(world.last_words), lambda: os.kill(os.getpid(), signal.SIGINT))
        os.kill(os.getpid(), signal.SIGINT)

    world.when(lambda: in_phase(world, "bake"), told)
    fails(world)
    assert is_taken_back(world)


class Killed(BaseException):
    """No handler runs after it, as none does after SIGKILL."""


@pytest.mark.parametrize("phase", PHASES)
def test_what_a_killed_run_left_is_put_right_by_the_next(
    world: World, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill() -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Deployment, "_taken_back", lambda _self, _plan, error: error)
        world.when(lambda: in_phase(world, phase), kill)
        with pytest.raises(Killed):
            play(world)
    assert in_phase(world, phase)
    world.log.clear()
    outcome = play(world)
    assert "was left in phase" in outcome.result["put_right"]
    assert outcome.result["verdict"] == "completed"
    assert world.unserved == 0
    assert world.log.index("auth-green 0") < world.log.index("note start")


def test_check_mode_says_what_would_be_put_right(world: World) -> None:
    world.ssm.values[STATE] = json.dumps(under_way("r1", "shift to 50 %").to_json())
    world.kong.weights["auth-service"] = {"blue": 50, "green": 50}
    outcome = play(world, check=True)
    assert [change.kind for change in outcome.changes] == ["rollout", "release"]
    assert world.writes == []


def under_way(identity: str, phase: str) -> State:
    rollout = Rollout(identity, "blue", "green", phase, "2026-01-01T00:00:00Z", RELEASE)
    return State("auth-service", rollout=rollout)


def test_a_lost_lock_stops_the_run_and_takes_back(world: World) -> None:
    def broken() -> None:
        world.dynamodb.item = {**world.dynamodb.item, "holder": {"S": ""}, "note": {"S": "broken by somebody"}}

    world.when(lambda: in_phase(world, "shift to 50 %"), broken)
    error = fails(world)
    assert "broken by somebody" in str(error)
    assert is_taken_back(world)


def test_a_run_that_another_one_has_replaced_touches_nothing(world: World) -> None:
    def replaced() -> None:
        world.dynamodb.item = {**world.dynamodb.item, "holder": {"S": "them"}}
        world.ssm.values[STATE] = json.dumps(under_way("theirs", "start").to_json())
        world.log.clear()

    world.when(lambda: in_phase(world, "shift to 50 %"), replaced)
    assert "another run has taken over" in str(fails(world))
    assert [line for line in world.log if not line.startswith("lock")] == []


# Putting right that goes wrong.


def test_a_release_whose_end_cannot_be_noted_is_taken_back(world: World) -> None:
    world.ssm.refuses_the_end = True
    assert "PutParameter: InternalServerError" in str(fails(world))
    assert is_taken_back(world)
    assert world.scaling.actions == {}, "the colour that customers are on would retire"


def test_customers_that_cannot_be_brought_back_keep_their_tasks(world: World) -> None:
    world.releases[NEW].errors = 0.2
    world.when(lambda: in_phase(world, "shift to 10 %"), lambda: setattr(world.kong, "away_until", 10_000.0))
    error = fails(world)
    assert "NOT PUT RIGHT" in str(error)
    assert len(world.ecs.running("auth-green")) == 2
    assert in_phase(world, "shift to 10 %")


# Bad options.


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"steps": []}, "steps: [] has no step"),
        ({"steps": [{"weight": 50, "seconds": 1}]}, "has to be 100"),
        ({"steps": [{"weight": 50, "seconds": 1}, {"weight": 50, "seconds": 1}]}, "steps[1].weight: 50 is not from 51"),
        ({"steps": [{"weight": 100, "seconds": -1}]}, "steps[0].seconds: -1.0 is negative"),
        ({"bake_seconds": -1.0}, "bake_seconds: -1.0 is negative"),
        ({"poll_seconds": 0.0}, "poll_seconds: 0.0 is no time at all"),
        ({"task_definition": "other:1"}, "task_definition: 'other:1' is no ACTIVE revision"),
        ({"thresholds": {**worlds.OPTIONS["thresholds"], "minimum_requests": 0}}, "no data is no success"),
        ({"thresholds": {**worlds.OPTIONS["thresholds"], "error_ratio": 2.0}}, "thresholds.error_ratio: 2.0"),
        ({"metrics": {**worlds.OPTIONS["metrics"], "queries": {"speed": "x"}}}, "metrics.queries: 'speed'"),
    ],
)
def test_bad_options_are_refused_before_the_first_write(world: World, params: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        play(world, **params)
    assert says in str(caught.value)
    assert world.writes == []

"""Releases, good and bad, with customers in the environment all the time: `make deploy` and `make rollback`.

The tests share one environment, and each begins and ends with a release that serves.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from local_cloud_support import eventually

from tests.environment import changed_tasks, plain_secrets, recap
from tests.releases.conftest import SITE
from tests.releases.customers import Customers
from tests.releases.faulty_endpoint import FaultyEndpoint
from tests.releases.releases import QUICK, Releases, other

BREAKING = "2.0.0"
GRAFANA, KONG, PROMETHEUS = (f"trademaster-local-{name}" for name in ("grafana", "kong", "prometheus"))
COMMITTED = "2026-01-05T09:30:00+00:00"
# For what is not about judging: a machine that is busy with other tests as well may be slow for a while.
SHORT: dict[str, Any] = {
    "release_steps": [{"weight": 50, "seconds": 2}, {"weight": 100, "seconds": 1}],
    "release_bake_seconds": 1,
    "release_thresholds": {**QUICK["release_thresholds"], "p95_milliseconds": 10_000},
}


def test_a_good_release_is_noticed_by_nobody(releases: Releases, customers: Customers) -> None:
    live, version, tag = releases.live, releases.version, releases.candidate
    with customers.watched() as seen:
        run = releases.deploy(tag, release_commit_time=COMMITTED).succeeded()
    releases.settled(tag)
    assert releases.live == other(live)
    assert seen.failed == []
    assert set(seen.versions) == {version, tag}
    assert f"{tag} is live" in run.text
    record = releases.history[-1]
    assert (record["verb"], record["verdict"]) == ("deploy", "completed")
    assert (record["from"]["version"], record["to"]["version"]) == (version, tag)
    assert record["to"]["digest"] == releases.digest(tag)
    assert [step["weight"] for step in record["steps"]] == [10, 50, 100, 100], "the last one is the bake"
    assert all(step["requests"] > 0 and step["error_ratio"] == 0 for step in record["steps"])
    assert {phase["name"] for phase in record["phases"]} > {"migrate", "start", "preview", "bake"}
    assert record["migrations"]["schema_after"] == "0003"
    assert releases.lock == {}


def test_site_yml_takes_nothing_back(releases: Releases, customers: Customers) -> None:
    with releases.unchanged(), customers.watched() as seen:
        again = releases.environment.make("up", SITE)
    assert again.returncode == 0, again.stdout
    assert changed_tasks(again.stdout) == []
    assert recap(again.stdout)["changed"] == 0
    assert seen.failed == []


def test_a_rollback_takes_seconds_and_is_noticed_by_nobody(
    releases: Releases, customers: Customers, record_property: Any
) -> None:
    back, before = other(releases.live), releases.history[-1]["from"]["version"]
    with customers.watched() as seen:
        run = releases.rollback()
        run.until("customers are back", lambda: releases.weights()[back] == 100)
        record_property("seconds from command to traffic", round(time.monotonic() - run.started, 1))
        run.succeeded()
    releases.settled(before)
    assert seen.failed == []
    assert (releases.history[-1]["verb"], releases.history[-1]["verdict"]) == ("rollback", "reverted")


@pytest.mark.parametrize(
    ("tag", "said", "options"),
    [
        ("9.9.9", "has no such image", {}),
        ("1.1.0-bad-migration", "failing_migration_was_asked_for", {}),
        ("1.1.0-crashes", "SAMPLE_FAIL_START is on", {}),
        # ECS gives up later: a container may take two minutes to start.
        ("1.1.0-never-healthy", "2 tasks of {idle}: not done after", {"release_timeout_seconds": 30}),
    ],
)
def test_a_release_that_cannot_serve_never_meets_a_customer(
    releases: Releases, customers: Customers, tag: str, said: str, options: dict[str, Any]
) -> None:
    version, idle = releases.version, other(releases.live)
    with releases.unchanged(), customers.watched() as seen:
        run = releases.deploy(tag, **options).failed()
    assert said.format(idle=idle) in run.text
    assert seen.failed == []
    assert set(seen.versions) == {version}
    releases.settled(version)
    assert releases.lock == {}


def test_errors_take_a_release_back_at_its_first_step(releases: Releases, customers: Customers) -> None:
    version, tag = releases.version, "1.1.0-errors"
    with releases.unchanged(), customers.watched() as seen:
        run = releases.deploy(tag).failed()
    record = releases.history[-1]
    assert (record["verdict"], [step["weight"] for step in record["steps"]]) == ("rolled_back", [10])
    # Every fifth request fails, whosever it is. So the sign-in of the gate may be refused twice before errors are many.
    judged = re.search(
        r"requests failed, more than error_ratio 5\.0%"
        r"|sign-in to the new colour failed 2 times: \S+ answered 500 SAMPLE_ERROR_RATIO is on",
        record["why"],
    )
    assert judged, record["why"]
    assert judged[0] in run.text
    assert {each.version for each in seen.failed} <= {tag}
    releases.settled(version)


def test_slowness_takes_a_release_back_at_half_of_the_traffic(releases: Releases, customers: Customers) -> None:
    version, idle = releases.version, other(releases.live)
    with releases.unchanged(), customers.watched() as seen:
        run = releases.deploy(releases.candidate)
        run.until("half of the customers are on it", lambda: releases.weights()[idle] == 50)
        releases.misbehave(idle, latency_seconds=3)
        run.failed()
    record = releases.history[-1]
    assert (record["verdict"], record["steps"][-1]["weight"]) == ("rolled_back", 50)
    assert "p95 is" in record["why"]
    assert seen.failed == []
    releases.settled(version)


def test_no_figures_are_no_good_news(releases: Releases, customers: Customers) -> None:
    """Prometheus goes away while a release bakes."""
    version = releases.version
    with releases.unchanged(), customers.watched() as seen:
        run = releases.deploy(releases.candidate, **{**SHORT, "release_bake_seconds": 60})
        run.until("it bakes", lambda: releases.phase == "bake")
        with releases.scaled_to_zero(PROMETHEUS):
            run.failed()
    record = releases.history[-1]
    assert (record["verdict"], record["steps"][-1]["weight"]) == ("rolled_back", 100)
    assert "no data for" in record["why"]
    assert "Prometheus" in run.text
    assert seen.failed == []
    releases.settled(version)


# Runs that are cut short


def reached(releases: Releases, phase: str) -> bool:
    return releases.migrating if phase == "migrate" else releases.phase == phase


def test_the_second_of_two_releases_at_once_is_told_of_the_first(releases: Releases, customers: Customers) -> None:
    """The first one is interrupted afterwards, wherever it has come to."""
    version, tag = releases.version, releases.candidate
    with releases.unchanged(), customers.watched() as seen:
        first = releases.deploy(tag, **SHORT, release_by="ada", release_reason="a first one")
        first.until("it holds the lock", lambda: releases.lock)
        second = releases.deploy(tag, release_by="grace").failed()
        assert "held by ada" in second.text
        assert "a first one" in second.text
        releases.interrupt(first)
    assert seen.failed == []
    releases.settled(version)


@pytest.mark.parametrize("phase", ["preview", "shift to 50 %", "bake"])
def test_a_release_that_is_interrupted_puts_all_right(releases: Releases, customers: Customers, phase: str) -> None:
    """Ctrl-C."""
    version = releases.version
    with releases.unchanged(), customers.watched() as seen:
        run = releases.deploy(releases.candidate, **{**SHORT, "release_bake_seconds": 10})
        run.until(phase, lambda: reached(releases, phase))
        releases.interrupt(run)
    assert run.process.returncode != 0
    assert seen.failed == []
    releases.settled(version)


@pytest.mark.parametrize("phase", ["migrate", "start", "preview", "shift to 50 %", "bake"])
def test_a_release_that_is_killed_is_put_right_by_the_next(
    releases: Releases, customers: Customers, phase: str
) -> None:
    """Kill -9. The next one is that of the next phase, and in the end one that completes."""
    with customers.watched() as seen:
        run = releases.deploy(releases.candidate, **{**SHORT, "release_bake_seconds": 10})
        run.until(phase, lambda: reached(releases, phase))
        releases.kill(run)
    assert seen.failed == []


def test_a_release_completes_after_those_that_were_killed(releases: Releases, customers: Customers) -> None:
    """Meanwhile every fifth call to ECS is refused."""
    endpoint = FaultyEndpoint(int(releases.environment.variables["LOCAL_CLOUD_AWS_PORT"]), "ecs", every=5)
    tag = releases.candidate
    with endpoint.serving() as url, customers.watched() as seen:
        run = releases.deploy(tag, **SHORT, aws_endpoint_url=url).succeeded()
    assert "was left" in run.text
    assert set(endpoint.refused) == {400, 500, 503}
    assert seen.failed == []
    releases.settled(tag)


def test_a_node_of_the_gateway_dies_during_the_shift(releases: Releases, customers: Customers) -> None:
    tag = releases.candidate
    with customers.watched() as seen:
        run = releases.deploy(tag)
        run.until("customers are being moved", lambda: releases.phase.startswith("shift"))
        killed = time.monotonic()
        releases.kill_a_task_of(KONG)
        run.succeeded()
    releases.settled(tag)
    # What the node was about to answer is lost, and nothing after that.
    assert [each for each in seen.failed if each.at > killed + 1] == []
    assert len(seen.failed) <= len(customers.all)


def test_a_release_that_the_schema_has_left_behind_is_not_returned_to(releases: Releases, customers: Customers) -> None:
    version = releases.version
    waiver = {"rule": "ban-drop-column", "file": "0004_*", "reason": "no release reads it any more"}
    migrations = {"path": "local_cloud/sample_service/migrations/breaking", "waivers": [waiver]}
    with customers.watched() as seen:
        releases.deploy(BREAKING, **SHORT, release_migrations=migrations).succeeded()
        with releases.unchanged():
            refused = releases.rollback().failed()
        assert "does not fit" in refused.text
        releases.rollback(release_force=True).succeeded()
    releases.settled(version)
    assert seen.failed == []


# What is not behind the gateway


def test_what_is_not_behind_the_gateway_is_taken_back_by_its_circuit_breaker(releases: Releases) -> None:
    before = releases.service(GRAFANA)["taskDefinition"]
    # What all roles always do before, they have done when the environment was made.
    only = "--tags grafana --skip-tags always"
    released = releases.environment.make("up", f"ARGS={only} -e grafana_image=grafana/grafana:0.0.0")
    assert released.returncode != 0
    assert "grafana/grafana:0.0.0: not found" in released.stdout
    assert "circuit breaker" in released.stdout
    assert releases.service(GRAFANA)["taskDefinition"] == before


# What is left of them


def test_every_release_is_told_where_people_look(releases: Releases) -> None:
    totals = releases.state["totals"]
    verdicts = [record["verdict"] for record in releases.history]
    assert totals == {verdict: verdicts.count(verdict) for verdict in totals}
    listed = releases.start("releases").succeeded()
    newest = releases.history[-1]
    assert newest["to"]["version"] in listed.text
    assert newest["id"] in json.dumps(releases.annotations())
    eventually(
        lambda: releases.metric('releases_total{verdict="completed"}') == totals["completed"],
        timeout=60,
        what="Prometheus has counted the releases",
    )


def test_no_secret_is_in_what_was_said(releases: Releases) -> None:
    said = "\n".join(run.said for run in releases.runs)
    found = [name for name, value in plain_secrets(releases.environment) if value in said]
    assert found == []
    assert not re.search(r"eyJ[\w-]+\.eyJ", said), "a token"

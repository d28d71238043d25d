"""An environment at a glance: what is made of what was found, and how it is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.callback import terse
from ansible_collections.trademaster.platform.plugins.module_utils._status import model

REVISION = "arn:aws:ecs:us-east-1:123456789012:task-definition/acme-auth:7"
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
RELEASE = {"version": "1.1.0"}
ROLLOUT = {"id": "r", "from": "blue", "to": "green", "phase": "shift", "started_at": "2026-11-23T06:00:00.5Z"}


def service(running: int, desired: int, *deployments: dict[str, Any], status: str = "ACTIVE") -> dict[str, Any]:
    primary = {"status": "PRIMARY", "rolloutState": "COMPLETED", "runningCount": running, "desiredCount": desired}
    return {
        "serviceName": "acme-auth-blue",
        "status": status,
        "taskDefinition": REVISION,
        "runningCount": running,
        "desiredCount": desired,
        "deployments": [*deployments] or [primary],
    }


def deployment(status: str, state: str) -> dict[str, Any]:
    return {"status": status, "rolloutState": state, "runningCount": 1, "desiredCount": 3}


@pytest.mark.parametrize(
    ("described", "state"),
    [
        (service(2, 2), "steady"),
        (service(1, 2), "tasks missing"),
        (service(0, 0), "stopped"),
        (service(2, 2, deployment("PRIMARY", "IN_PROGRESS")), "deploying 1/3"),
        (service(2, 2, deployment("PRIMARY", "COMPLETED"), deployment("ACTIVE", "COMPLETED")), "deploying 1/3"),
        (service(2, 2, deployment("PRIMARY", "FAILED")), "deployment failed"),
        (service(0, 0, status="DRAINING"), "draining"),
    ],
)
def test_what_a_service_does_is_a_word_or_two(described: dict[str, Any], state: str) -> None:
    assert model.state(described) == state


def definition(tags: dict[str, str], *images: tuple[str, str]) -> dict[str, Any]:
    containers = [{"name": name, "image": image, "essential": name != "volumes"} for name, image in images]
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()], "containerDefinitions": containers}


@pytest.mark.parametrize(
    ("described", "version"),
    [
        (definition({"trademaster:version": "1.4.2"}, ("auth", f"acme/auth@sha256:{'a' * 64}")), "1.4.2"),
        (definition({}, ("proxy", "envoy:v1.34.1"), ("auth", "registry.example.com:5000/auth:1.4.2")), "1.4.2"),
        (definition({}, ("volumes", "busybox:1"), ("web", "web:2")), "2"),
        (definition({}, ("auth", f"acme/auth@sha256:{'a' * 64}")), "a" * 12),
        ({}, ""),
    ],
)
def test_the_version_is_that_of_the_container_that_the_service_is_named_after(
    described: dict[str, Any], version: str
) -> None:
    assert model.version(described, "acme-auth-blue") == version


def test_alerts_are_told_once_and_the_one_that_always_fires_is_not() -> None:
    series = [("Watchdog", "none"), ("Slow", "warning"), ("Down", "critical"), ("Slow", "warning")]
    labels = [{"metric": {"alertname": name, "severity": severity}} for name, severity in series]

    assert model.alerts(labels) == [
        {"name": "Down", "severity": "critical"},
        {"name": "Slow", "severity": "warning"},
    ]


def row(name: str, colour: str, weight: int | None, state: str) -> dict[str, Any]:
    numbers = {"running": 2, "desired": 2, "weight": weight}
    return {"name": name, "colour": colour, "revision": "auth:7", "version": "1.0.0", "state": state, **numbers}


def test_one_screen_shows_everything() -> None:
    last = {"id": "r", "verb": "deploy", "verdict": "rolled_back", "reason": "5 % errors", "version": "1.1.0"}
    lock = {"standing": "held", "holder": "ann on build until 06:15: make deploy TAG=1.1.0"}
    status = {
        "name": "acme-staging",
        "at": "2026-11-23 06:12:33 UTC",
        "services": [
            row("auth-service", "blue", 90, "steady"),
            row("auth-service", "green", 10, "deploying 1/2"),
            row("kong", "", None, "steady"),
        ],
        "alarms": [
            model.alarm({"AlarmName": "heartbeat", "StateUpdatedTimestamp": datetime(2026, 11, 23, tzinfo=UTC)})
        ],
        "alerts": [{"name": "Slow", "severity": "warning"}],
        "releases": {
            "auth-service": {
                "live": "blue",
                "last": {**last, "ended_at": "2026-11-23T05:00:00.25Z"},
                "rollout": {**ROLLOUT, "release": RELEASE},
                "lock": lock,
            }
        },
        "unknown": {"gateway": "no answer"},
    }

    assert model.table(status) == [
        "acme-staging · 2026-11-23 06:12:33 UTC",
        "",
        "service       colour  weight  tasks  revision  version  state",
        "auth-service  blue        90    2/2  auth:7    1.0.0    steady",
        "              green       10    2/2  auth:7    1.0.0    deploying 1/2",
        "kong                            2/2  auth:7    1.0.0    steady",
        "",
        "alarms    heartbeat since 2026-11-23T00:00: ",
        "alerts    Slow (warning)",
        "release   auth-service: deploy of 1.1.0 rolled_back at 2026-11-23T05:00:00: 5 % errors",
        "rollout   1.1.0 from blue to green, phase shift, since 2026-11-23T06:00:00",
        "lock      held by ann on build until 06:15: make deploy TAG=1.1.0",
        "gateway   not known: no answer",
    ]


def test_what_was_not_asked_takes_no_line_and_calm_takes_one() -> None:
    status = {"name": "acme", "at": "now", "services": [], "alarms": [], "alerts": None, "releases": {}, "unknown": {}}

    assert model.table(status)[-1] == "alarms    none is on"


@pytest.mark.parametrize("lock", [None, {"standing": "free", "holder": ""}, {"standing": "expired", "holder": "ann"}])
def test_a_rollout_that_nobody_holds_a_lock_for_was_left(lock: dict[str, str] | None) -> None:
    [told] = model.rollout_told({"rollout": {**ROLLOUT, "release": RELEASE}, "lock": lock})

    assert told.endswith("; its run is gone, and the next one puts right what it has left")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"msg": "preflight: 1 problem"}, "preflight: 1 problem"),
        ({"stderr": "no such file"}, "no such file"),
        ({}, "failed without a word"),
        (
            {"msg": "Task failed: Finalization of task args for 'x' failed: The lookup plugin 'y' failed: start it"},
            "start it",
        ),
    ],
)
def test_a_failure_is_told_by_its_reason(answer: dict[str, str], told: str) -> None:
    assert terse.reason(answer) == told


def test_what_a_debug_task_says_is_a_text_or_lines() -> None:
    assert (terse.said("one"), terse.said(["one", 2])) == ("one", "one\n2")

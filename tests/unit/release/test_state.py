"""The state of a service's releases as the text of a parameter."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import PlatformError
from ansible_collections.trademaster.platform.plugins.module_utils._release import state
from ansible_collections.trademaster.platform.plugins.module_utils._release.state import (
    Last,
    Measure,
    Release,
    Rollout,
    State,
)

PATH = "/trademaster/staging/releases/auth-service"
DIGEST = f"sha256:{'9b' * 32}"
RELEASE = Release(
    id="20261123T090000Z-5f2c9a",
    version="1.4.2",
    image=f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/trademaster-auth@{DIGEST}",
    digest=DIGEST,
    task_definition="arn:aws:ecs:eu-central-1:123456789012:task-definition/trademaster-staging-auth:42",
    schema="V12",
    breaking=True,
    by="alice",
    at="2026-11-23T09:11:20Z",
)
FULL = State(
    service="auth-service",
    live="green",
    releases={"blue": RELEASE, "green": replace(RELEASE, id="another")},
    rollout=Rollout("20261123T090000Z-5f2c9a", "blue", "green", "shift", "2026-11-23T09:00:00Z", RELEASE),
    last=Last("another", "deploy", "rolled_back", "x" * 300, "2026-11-23T08:00:00Z", 61.5, "1.4.1"),
    totals={"completed": 12, "rolled_back": 1, "failed": 2, "reverted": 0},
    seconds={"release": Measure(812.5, 15), "lead": Measure(3600.0, 12), "restore": Measure(31.0, 1)},
)


@pytest.mark.parametrize("before", [State("auth-service"), FULL], ids=["never released", "everything"])
def test_a_state_survives_its_parameter(before: State) -> None:
    assert state.parsed(PATH, state.rendered(PATH, before)) == before


def test_a_full_state_fits_into_a_parameter_with_room_to_spare() -> None:
    assert len(state.rendered(PATH, FULL).encode()) < state.SIZE_LIMIT * 3 / 4


def test_a_state_that_does_not_fit_is_refused() -> None:
    reason = replace(RELEASE, by="x" * state.SIZE_LIMIT)
    with pytest.raises(PlatformError, match="Parameter Store takes 4096"):
        state.rendered(PATH, replace(FULL, releases={"blue": reason, "green": None}))


def test_what_is_not_there_has_its_beginning() -> None:
    found = state.parsed(PATH, json.dumps({"service": "auth-service"}))
    assert found == State("auth-service")
    assert (found.live, found.releases) == ("blue", {"blue": None, "green": None})
    assert found.totals == {"completed": 0, "rolled_back": 0, "failed": 0, "reverted": 0}


def test_what_later_versions_add_is_passed_over() -> None:
    data = FULL.to_json()
    data["releases"]["blue"]["signed_by"] = "somebody"
    data["last"]["signed_by"] = "somebody"
    assert State.from_json({**data, "more": 1}) == FULL


@pytest.mark.parametrize("text", ["", "[]", "no JSON", "{}", '{"service": "a", "releases": {"blue": {"id": "x"}}}'])
def test_what_is_no_state_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(PlatformError, match=r"holds no state of releases .* write back an earlier version"):
        state.parsed(PATH, text)


@pytest.mark.parametrize(
    ("verb", "succeeded", "reached_customers", "verdict"),
    [
        ("deploy", True, True, "completed"),
        ("deploy", False, True, "rolled_back"),
        ("deploy", False, False, "failed"),
        ("rollback", True, True, "reverted"),
        ("rollback", False, True, "failed"),
        ("rollback", False, False, "failed"),
    ],
)
def test_verdicts(verb: Any, succeeded: bool, reached_customers: bool, verdict: str) -> None:
    assert state.verdict_of(verb, succeeded=succeeded, reached_customers=reached_customers) == verdict

"""What the state of releases says, as Prometheus hears it."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._release.state import (
    Last,
    Measure,
    Release,
    Rollout,
    State,
)
from discovery import releases
from discovery.metrics import render

from .fakes import Account

PATH = "/shop/test/releases/auth-service"
PATHS = {"auth-service": PATH}
OLD = Release("r1", "1.0.0", "repo@sha256:aa", "sha256:aa", "family:7", at="2030-01-01T00:00:00+00:00")
NEW = Release("r2", "1.1.0", "repo@sha256:bb", "sha256:bb", "family:8", at="2030-01-02T00:00:00Z")
# As the deployment writes it.
STATE = State(
    "auth-service",
    live="green",
    releases={"blue": OLD, "green": NEW},
    rollout=Rollout("r3", "green", "blue", "shift", "2030-01-03T00:00:00+00:00", OLD),
    last=Last("r2", "deploy", "completed", "", "2030-01-02T00:00:00Z", version="1.1.0"),
    totals={"completed": 2, "rolled_back": 1, "failed": 0, "reverted": 0},
    seconds={"release": Measure(90.5, 3), "lead": Measure(), "restore": Measure(4.0, 1)},
)


def told(text: str) -> str:
    return render(releases.metrics(releases.states(Account(parameters={PATH: text}), PATHS)))


def test_the_state_that_a_deployment_writes_is_told() -> None:
    text = told(json.dumps(STATE.to_json()))

    of = '{service="auth-service"'
    assert f'release_info{of},colour="green",version="1.1.0",digest="sha256:bb"}} 1\n' in text
    assert f'release_timestamp_seconds{of},colour="green"}} 1893542400\n' in text
    assert f'releases_total{of},verdict="completed"}} 2\n' in text
    assert f'releases_total{of},verdict="reverted"}} 0\n' in text
    assert f'release_last_ended_timestamp_seconds{of},version="1.1.0",verdict="completed"}} 1893542400\n' in text
    assert f"release_in_progress{of}}} 1\n" in text
    assert f"release_start_timestamp_seconds{of}}} 1893628800\n" in text
    assert f"release_duration_seconds_sum{of}}} 90.5\n" in text
    assert f"release_duration_seconds_count{of}}} 3\n" in text
    assert f"release_restore_seconds_sum{of}}} 4\n" in text
    assert f"release_lead_time_seconds_count{of}}} 0\n" in text


def test_before_the_first_release_counters_are_at_their_beginning() -> None:
    text = render(releases.metrics(releases.states(Account(), PATHS)))

    samples = {line.split(" ")[0] for line in text.splitlines() if not line.startswith("#")}
    assert 'releases_total{service="auth-service",verdict="rolled_back"}' in samples
    assert {name.split("{")[0] for name in samples} == {
        "releases_total",
        "release_in_progress",
        *(f"release_{name}_{part}" for name in ("duration_seconds", "lead_time_seconds", "restore_seconds")
          for part in ("sum", "count")),
    }  # fmt: skip


def test_a_colour_that_never_ran_a_release_and_a_release_without_a_time_are_left_out() -> None:
    state = dataclasses.replace(STATE, releases={"blue": None, "green": dataclasses.replace(NEW, at="")}, rollout=None)

    text = told(json.dumps(state.to_json()))

    assert 'colour="blue"' not in text
    assert "release_timestamp_seconds{" not in text
    assert "release_start_timestamp_seconds{" not in text


def test_without_a_parameter_to_read_nothing_is_asked() -> None:
    assert releases.states(Account(broken={"get_parameters"}), {}) == {}


@pytest.mark.parametrize(
    "content",
    ["no JSON", "[]", "{}", {**STATE.to_json(), "rollout": {"id": "r3"}}, {**STATE.to_json(), "totals": None}],
    ids=["text", "list", "empty", "rollout", "totals"],
)
def test_what_is_no_state_is_said(content: Any) -> None:
    with pytest.raises(releases.Unreadable, match=PATH):
        told(content if isinstance(content, str) else json.dumps(content))

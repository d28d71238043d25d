"""When an alert may be about the last release: the expression of the role, with states as they are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

VARIABLES = Path(__file__).parents[3] / "roles" / "release" / "vars" / "main.yml"
WARM_SECONDS = 600
COMPLETED = {"verb": "deploy", "verdict": "completed"}


def ended(seconds_ago: int, **last: Any) -> dict[str, Any]:
    """A state whose last release has ended so many seconds before the test begins, not before it is collected."""
    return {"live": "green", "rollout": None, "last": {**last, "ended_at": timedelta(seconds=seconds_ago)}}


def as_kept(state: dict[str, Any]) -> dict[str, Any]:
    last = state.get("last")
    return state | {"last": {**last, "ended_at": (datetime.now(UTC) - last["ended_at"]).isoformat()}} if last else state


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (ended(1, **COMPLETED), ""),
        (ended(WARM_SECONDS - 10, **COMPLETED), ""),
        (ended(WARM_SECONDS + 10, **COMPLETED), "more than 600"),
        (ended(1, verb="rollback", verdict="reverted"), "the last rollback is not live, it was reverted"),
        (ended(1, verb="deploy", verdict="rolled_back"), "the last deploy is not live, it was rolled_back"),
        (ended(1, **COMPLETED) | {"rollout": {"phase": "bake"}}, "a release is under way"),
        ({"live": "blue", "rollout": None, "last": None}, "there was no release"),
        ({}, "there was no release"),
    ],
)
def test_only_the_last_release_that_is_live_and_warm_is_suspected(state: dict[str, Any], told: str) -> None:
    of_the_role = yaml.safe_load(VARIABLES.read_text())
    given = {name: of_the_role[name] for name in ("__release_second",)}
    variables = {**given, "__release_state": as_kept(state), "release_warm_seconds": WARM_SECONDS}
    expression = trust_as_template(of_the_role["__release_unsuspected"])
    answer = Templar(loader=DataLoader(), variables=variables).template(expression)
    assert answer == told if told == "" else told in answer

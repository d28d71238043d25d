"""Layers in time: what has begun, what has ended, and what is left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.changes import differing
from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty import schedules

NOW = datetime(2030, 1, 7, 12, 0, tzinfo=UTC)
PAST, SOON, FUTURE = "2029-12-01T00:00:00+00:00", "2030-01-07T12:02:00+00:00", "2031-01-01T00:00:00+00:00"
THERE = {
    "name": "Weeks",
    "start": "2030-01-01T00:00:00+00:00",
    "end": "",
    "rotation_virtual_start": "2026-01-05T08:00:00+00:00",
    "rotation_turn_length_seconds": 604800,
    "users": ["anna@example.com"],
    "restrictions": [],
}


@pytest.mark.parametrize(
    ("there", "given", "differs"),
    [
        pytest.param({}, {}, False, id="nothing given"),
        pytest.param({}, {"start": PAST}, False, id="what has begun is not begun anew"),
        pytest.param({"start": SOON}, {"start": PAST}, False, id="their clock is two minutes ahead"),
        pytest.param({}, {"start": FUTURE}, True, id="put off"),
        pytest.param({"start": FUTURE}, {"start": PAST}, True, id="brought forward"),
        pytest.param({"start": FUTURE}, {"start": FUTURE}, False, id="as planned"),
        pytest.param({}, {"end": ""}, False, id="no end"),
        pytest.param({"end": FUTURE}, {}, False, id="an end that is not managed"),
        pytest.param({"end": FUTURE}, {"end": ""}, True, id="go on"),
        pytest.param({}, {"restrictions": []}, False, id="no restrictions"),
        pytest.param({}, {"users": ["ben@example.com"]}, True, id="another user"),
    ],
)
def test_a_layer_is_compared_by_what_is_given(there: dict[str, Any], given: dict[str, Any], differs: bool) -> None:
    current = {"time_zone": "Etc/UTC", "schedule_layers": [{**THERE, **there}]}

    desired = schedules._desired({"schedule_layers": [{"name": "Weeks", **given}]}, current, NOW)

    assert bool(differing(current, desired)) is differs


def layer(name: str, end: str | None) -> dict[str, Any]:
    return {"id": f"P{name}", "name": name, "end": end}


def test_layers_that_have_ended_are_left_out_unless_their_end_is_given() -> None:
    # PagerDuty shows the uppermost first.
    item = {"schedule_layers": [layer("Top", None), layer("Gone", PAST), layer("Ends", PAST), layer("Base", FUTURE)]}
    given = {"schedule_layers": [{"name": "Ends", "end": PAST}]}

    assert [item["name"] for item in schedules._living(item, given, NOW)] == ["Base", "Ends", "Top"]


def test_a_layer_that_came_back_hides_the_one_that_ended() -> None:
    item = {"schedule_layers": [{**layer("Weeks", None), "id": "PNEW"}, {**layer("Weeks", PAST), "id": "POLD"}]}

    assert [item["id"] for item in schedules._living(item, {}, NOW)] == ["PNEW"]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2030-01-07T09:00:00+01:00", "2030-01-07T08:00:00+00:00"),
        ("2030-01-07T08:00:00Z", "2030-01-07T08:00:00+00:00"),
    ],
)
def test_a_point_in_time_is_the_same_however_it_is_written(text: str, same: str) -> None:
    assert schedules._moment("start", text) == same

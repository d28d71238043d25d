"""The rotation of secrets: where it stands, what comes next, and that a run that was killed is taken up anywhere."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.secretsmanager.rotation import (
    STEPS,
    Rotatable,
    Versions,
    described,
    plan,
    recipes,
    record,
    successor,
)
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

NOW = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)
POLICY: dict[str, Any] = {"name": "jwt", "generate": {"length": 64}, "maximum_age_days": 90, "overlap_seconds": 3600}
SETTLED = {"new": ["AWSCURRENT"], "old": ["AWSPREVIOUS"]}
PENDING = {"old": ["AWSCURRENT"], "new": ["AWSPENDING"]}
PROMOTED = {"old": ["AWSPREVIOUS"], "new": ["AWSCURRENT", "AWSPENDING"]}
RETIRING = {"old": ["AWSPREVIOUS", "RETIRED"], "new": ["AWSCURRENT", "AWSPENDING"]}


def secret(stages: dict[str, list[str]], *, days: int = 0, record: str = "") -> Rotatable:
    return Rotatable("jwt", "arn:jwt", Versions.of(stages), NOW - datetime.timedelta(days=days), record)


def planned(step: str, found: Rotatable, *names: str, **policy: Any) -> list[str]:
    changes = plan(step, {"jwt": found}, {"jwt": {**POLICY, **policy}}, names, NOW)
    return [str(change.desired["position"]) for change in changes]


@pytest.mark.parametrize(
    ("stages", "position", "accepted"),
    [
        pytest.param({"one": ["AWSCURRENT"]}, "settled", ["one"], id="never rotated"),
        pytest.param(SETTLED, "settled", ["new"], id="at the end"),
        pytest.param(PENDING, "pending", ["new", "old"], id="written"),
        pytest.param(PROMOTED, "promoted", ["new", "old"], id="current"),
        pytest.param(RETIRING, "retiring", ["new"], id="the one before is refused"),
        pytest.param({"one": ["AWSCURRENT", "AWSPENDING"]}, "retiring", ["one"], id="nothing before it"),
        pytest.param(
            {"older": ["RETIRED"], "old": ["AWSPREVIOUS"], "new": ["AWSCURRENT", "AWSPENDING"]},
            "promoted",
            ["new", "old"],
            id="killed when the rotation before was closed",
        ),
        pytest.param({"one": ["AWSPENDING"]}, "settled", [], id="no value"),
        pytest.param({}, "settled", [], id="nothing"),
    ],
)
def test_labels_tell_how_far_a_rotation_has_come(
    stages: dict[str, list[str]], position: str, accepted: list[str]
) -> None:
    versions = Versions.of(stages)
    assert versions.position == position
    assert versions.accepted == accepted


def test_promoting_changes_nothing_about_what_is_valid() -> None:
    assert Versions.of(PENDING).accepted == Versions.of(PROMOTED).accepted


@pytest.mark.parametrize(
    ("days", "maximum", "names", "begins"),
    [
        pytest.param(89, 90, (), False, id="young"),
        pytest.param(90, 90, (), True, id="due"),
        pytest.param(900, 0, (), False, id="may be as old as it likes"),
        pytest.param(0, 90, ("jwt",), True, id="asked for"),
    ],
)
def test_begins_with_what_is_due_or_asked_for(days: int, maximum: int, names: tuple[str, ...], begins: bool) -> None:
    assert planned("begin", secret(SETTLED, days=days), *names, maximum_age_days=maximum) == ["pending"] * begins


def test_what_begins_only_by_name_is_left_however_old_it_is() -> None:
    old = secret(SETTLED, days=900)
    assert planned("begin", old, only_named=True) == []
    assert planned("begin", old, "jwt", only_named=True) == ["pending"]
    assert described(old, POLICY, "settled", NOW)["due"]


@pytest.mark.parametrize(
    ("step", "stages"),
    [("promote", PENDING), ("retire", PROMOTED), ("finish", RETIRING)],
    ids=["promote", "retire", "finish"],
)
def test_what_was_begun_by_name_goes_on_without_it(step: str, stages: dict[str, list[str]]) -> None:
    assert planned(step, secret(stages), only_named=True, overlap_seconds=0) == [STEPS[step][1]]


@pytest.mark.parametrize(
    "stages", [SETTLED, PENDING, PROMOTED, RETIRING], ids=["settled", "pending", "promoted", "retiring"]
)
def test_whatever_was_interrupted_is_brought_to_its_end(stages: dict[str, list[str]]) -> None:
    """Only the first step is a matter of choice; from where a run was killed, the steps that are left follow."""
    found = secret(stages)
    taken = [step for step in STEPS if planned(step, found, overlap_seconds=0)]
    start = next((index for index, (begin, _end) in enumerate(STEPS.values()) if begin == found.versions.position), 0)
    assert taken == ([] if stages is SETTLED else [list(STEPS)[start]])


def test_a_second_begin_writes_no_second_version() -> None:
    for stages in (PENDING, PROMOTED, RETIRING):
        assert planned("begin", secret(stages, days=900), "jwt") == []


@pytest.mark.parametrize(
    ("promoted", "ends"),
    [
        pytest.param("2026-11-23T07:59:59+00:00", True, id="an hour ago"),
        pytest.param("2026-11-23T08:30:00+00:00", False, id="half an hour ago"),
        pytest.param("sometime", True, id="nobody knows when"),
    ],
)
def test_the_version_before_stays_valid_for_its_overlap(promoted: str, ends: bool) -> None:
    found = secret(PROMOTED, record=f"promoted {promoted} by alice")
    assert planned("retire", found) == ["retiring"] * ends


def test_tells_until_when_the_version_before_is_valid() -> None:
    found = secret(PROMOTED, record="promoted 2026-11-23T08:30:00+00:00 by alice")
    told = described(found, POLICY, "promoted", NOW)
    assert told["old_valid_until"] == "2026-11-23T09:30:00+00:00"
    assert described(found, POLICY, "retiring", NOW)["old_valid_until"] == ""


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match=r"names\[0\]: 'jtw' is no secret that is rotated: name one of jwt"):
        planned("begin", secret(SETTLED), "jtw")


def test_the_record_keeps_when_the_version_was_promoted() -> None:
    promoted = record("promote", "alice", NOW, "begun 2026-11-22T09:00:00+00:00 by bob")
    assert promoted == "promoted 2026-11-23T09:00:00+00:00 by alice"
    later = NOW + datetime.timedelta(days=1)
    assert record("retire", "bob", later, promoted) == "promoted 2026-11-23T09:00:00+00:00 by bob"
    assert record("finish", "bob", later, promoted) == "finished 2026-11-23T09:00:00+00:00 by bob"


def test_the_record_holds_only_what_a_tag_may_hold() -> None:
    assert record("begin", "Al <script>", NOW, "").endswith("by Al--script-")


ACCOUNT: dict[str, Any] = {
    "keys": [{"name": "password", "length": 40}],
    "alternate": {"field": "username", "suffix": "_clone"},
}


@pytest.mark.parametrize(("before", "after"), [("app", "app_clone"), ("app_clone", "app")])
def test_accounts_take_turns(before: str, after: str) -> None:
    current = json.dumps({"username": before, "password": "old", "host": "db"})
    assert recipes(ACCOUNT, current) == {"password": ACCOUNT["keys"][0]}
    new = json.loads(successor(ACCOUNT, current, {"password": "new"}))
    assert new == {"username": after, "password": "new", "host": "db"}


def test_lengths_take_turns() -> None:
    policy = {"generate": {"length": 72}, "alternate_lengths": [72, 56]}
    assert recipes(policy, "x" * 72)[""]["length"] == 56
    assert recipes(policy, "x" * 56)[""]["length"] == 72
    assert successor(policy, "x" * 72, {"": "generated"}) == "generated"

"""Planning: which change follows from which pair of states."""

from __future__ import annotations

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.changes import (
    Change,
    describe,
    desired_fields,
    diff,
    differing,
    plan_one,
    plan_set,
)
from ansible_collections.trademaster.platform.plugins.module_utils._core.redact import Secret

SUBNET = {"cidr": "10.0.0.0/24", "zone": "a"}


@pytest.mark.parametrize(
    ("current", "desired", "expected"),
    [
        pytest.param({}, {"a": 1}, ("a",), id="missing field differs"),
        pytest.param({"a": 1, "id": "x"}, {"a": 1}, (), id="server-owned field is not compared"),
        pytest.param({"a": 1}, {"a": None}, ("a",), id="explicit none clears"),
        pytest.param({"a": [1]}, {"a": []}, ("a",), id="explicit empty clears"),
        pytest.param({"a": 1, "b": 2}, {"b": 3, "a": 0}, ("b", "a"), id="in the order of the desired state"),
        pytest.param({"a": Secret("one")}, {"a": Secret("two")}, ("a",), id="secrets compare by value"),
    ],
)
def test_differing(current: dict, desired: dict, expected: tuple) -> None:
    assert differing(current, desired) == expected


def test_an_omitted_option_is_unmanaged() -> None:
    assert desired_fields({"a": None, "b": "", "c": [], "d": 0, "e": False}) == {
        "b": "",
        "c": [],
        "d": 0,
        "e": False,
    }


@pytest.mark.parametrize(
    ("current", "desired", "op"),
    [
        pytest.param(None, None, None, id="absent stays absent"),
        pytest.param(None, SUBNET, "create", id="missing is created"),
        pytest.param(SUBNET, None, "delete", id="unwanted is deleted"),
        pytest.param(SUBNET, SUBNET, None, id="equal stays"),
        pytest.param(SUBNET, {**SUBNET, "zone": "b"}, "update", id="field is updated"),
        pytest.param(SUBNET, {**SUBNET, "cidr": "10.0.1.0/24"}, "replace", id="immutable field replaces"),
    ],
)
def test_plan_one(current: dict | None, desired: dict | None, op: str | None) -> None:
    changes = plan_one("subnet", "a", current, desired, replace_on=["cidr"])
    assert [change.op for change in changes] == ([op] if op else [])


@pytest.mark.parametrize(
    ("purge", "ops"),
    [(True, {"a": "update", "b": "create", "c": "delete"}), (False, {"a": "update", "b": "create"})],
)
def test_plan_set(purge: bool, ops: dict[str, str]) -> None:
    current = {"a": {"v": 1}, "c": {"v": 1}, "d": {"v": 1}}
    desired = {"a": {"v": 2}, "b": {"v": 1}, "d": {"v": 1}}
    changes = plan_set("rule", current, desired, purge=purge, level=3, delete_level=1)
    assert {change.key: change.op for change in changes} == ops
    assert {change.op: change.level for change in changes} == {"update": 3, "create": 3} | (
        {"delete": 1} if purge else {}
    )


def test_diff_holds_only_what_differs_and_masks_secrets() -> None:
    changes = [
        Change(
            "update",
            "user",
            "a",
            before={"name": "x", "password": Secret("old")},
            after={"name": "x", "password": Secret("new")},
        ),
        Change("create", "user", "b", after={"note": "has s3cret inside"}),
        Change("delete", "user", "c", before={"name": "z"}),
    ]
    shown = diff(changes, secrets=["s3cret"])
    assert shown == {
        "before": {"user a": {"password": "********"}, "user c": {"name": "z"}},
        "after": {"user a": {"password": "********"}, "user b": {"note": "has ******** inside"}},
    }


def test_changes_are_described_in_order_of_execution() -> None:
    changes = [
        Change("create", "route", "b", after={"x": 1}, level=1),
        Change("create", "route", "a", after={"x": 1}, level=1),
        Change("create", "table", "t", after={"y": 1}, level=0),
    ]
    assert [change["key"] for change in describe(changes)] == ["t", "a", "b"]


def test_a_creation_has_no_state_before_it() -> None:
    with pytest.raises(ValueError, match="create subnet a has no state before it"):
        _ = Change("create", "subnet", "a", after=SUBNET).current

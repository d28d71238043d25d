"""Tables as comparable states, and what DynamoDB would refuse."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.dynamodb import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

TAGS = {"Project": "trademaster"}
LOCKS = {"name": "locks", "hash_key": {"name": "name", "type": "S"}}
DESCRIBED: dict[str, Any] = {
    "TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/locks",
    "TableStatus": "ACTIVE",
    "AttributeDefinitions": [
        {"AttributeName": "at", "AttributeType": "N"},
        {"AttributeName": "name", "AttributeType": "S"},
    ],
    "KeySchema": [{"AttributeName": "name", "KeyType": "HASH"}],
}


def current(**fields: Any) -> dict[str, Any]:
    return model.current_state({**DESCRIBED, **fields}, {**TAGS, "Owner": "x"}, TAGS, recovery=True)


def test_a_table_as_it_is_described() -> None:
    assert current() == {
        "hash_key": {"name": "name", "type": "S"},
        "range_key": None,
        "point_in_time_recovery": True,
        "deletion_protection": False,
        "kms_key_id": "",
        "tags": TAGS,
        "arn": DESCRIBED["TableArn"],
        "owned": True,
    }


@pytest.mark.parametrize(("status", "key"), [("ENABLED", "arn:key"), ("UPDATING", "arn:key"), ("DISABLED", "")])
def test_the_key_of_a_table(status: str, key: str) -> None:
    assert current(SSEDescription={"Status": status, "KMSMasterKeyArn": "arn:key"})["kms_key_id"] == key


def test_what_is_left_out_is_not_managed() -> None:
    assert model.plan("locks", current(), model.desired_state(LOCKS, TAGS)) == []
    assert model.plan("locks", current(), model.desired_state(LOCKS, None)) == []


@pytest.mark.parametrize(
    "keys",
    [
        {"hash_key": {"name": "id", "type": "S"}},
        {"hash_key": {"name": "name", "type": "N"}},
        {"range_key": {"name": "at", "type": "N"}},
    ],
)
def test_other_keys_are_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="cannot be changed: give another name"):
        model.plan("locks", current(), model.desired_state({**LOCKS, **keys}, TAGS))


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ([{**LOCKS, "name": "no"}], r"tables\[0\].name: 'no' is no name of a table"),
        ([{**LOCKS, "name": "no table"}], r"tables\[0\].name: 'no table' is no name of a table"),
        ([LOCKS, LOCKS], r"tables\[1\].name: 'locks' is given twice"),
        ([{"name": "locks"}], r"tables\[0\].hash_key: None is not given"),
    ],
)
def test_what_cannot_be_is_refused(tables: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        model.validate(tables, present=True)


def test_no_key_is_needed_for_removal() -> None:
    model.validate([{"name": "locks"}], present=False)


@pytest.mark.parametrize("given", [None, True])
def test_a_protected_table_is_not_removed_by_accident(given: bool | None) -> None:
    protected = current(DeletionProtectionEnabled=True)
    with pytest.raises(InvalidInput, match="deletion_protection of locks: True is set on the table"):
        model.plan_removal("locks", protected, {"deletion_protection": given})
    assert model.plan_removal("locks", protected, {"deletion_protection": False})


def test_what_is_not_ours_stays() -> None:
    assert model.plan_removal("locks", {**current(DeletionProtectionEnabled=True), "owned": False}, {}) == []


def test_keys_as_dynamodb_wants_them() -> None:
    desired = model.desired_state({**LOCKS, "range_key": {"name": "at", "type": "N"}}, None)
    assert model.key_arguments(desired) == {
        "AttributeDefinitions": [
            {"AttributeName": "name", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
        ],
        "KeySchema": [
            {"AttributeName": "name", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
    }


@pytest.mark.parametrize(
    ("table", "status", "detail"),
    [
        (None, "pending", "not there yet"),
        (DESCRIBED, "done", ""),
        ({**DESCRIBED, "TableStatus": "CREATING"}, "pending", "creating"),
        ({**DESCRIBED, "SSEDescription": {"Status": "UPDATING"}}, "pending", "active, its encryption changes"),
        ({**DESCRIBED, "SSEDescription": {"Status": "ENABLED"}}, "done", ""),
    ],
)
def test_when_a_table_can_be_used(table: dict[str, Any] | None, status: str, detail: str) -> None:
    verdict = model.judge_usable(table)
    assert (verdict.status, verdict.detail) == (status, detail)


def test_when_a_table_is_gone() -> None:
    assert model.judge_gone(None).status == "done"
    assert model.judge_gone({**DESCRIBED, "TableStatus": "DELETING"}).detail == "deleting"

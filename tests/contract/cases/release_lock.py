"""Contract cases of release_lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TABLE, OTHER = "contract-release-locks", "payment-service"
LOCK = {"table": TABLE, "name": "auth-service", "holder": "run-1", "owner": "alice", "reason": "deploy 1.4.2"}


def table(boto: Boto) -> Mapping[str, Any]:
    dynamodb = boto("dynamodb")
    if TABLE not in dynamodb.list_tables()["TableNames"]:
        dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        )
    return {}


def another_service(boto: Boto) -> Callable[[], Any]:
    """The lock of another service, held by the same run."""
    dynamodb = boto("dynamodb")
    item = {"name": OTHER, "holder": LOCK["holder"]}
    dynamodb.put_item(TableName=TABLE, Item={key: {"S": value} for key, value in item.items()})
    return lambda: dynamodb.get_item(TableName=TABLE, Key={"name": {"S": OTHER}}, ConsistentRead=True)["Item"]


CASES = [
    Case(
        name="release_lock",
        module="release_lock",
        present=LOCK,
        absent={"state": "absent"},
        prepare=table,
        edits={
            "reason": {"reason": "deploy 1.4.3"},
            "owner": {"owner": "bob"},
            "lease": {"lease_seconds": 60},
        },
        foreign=another_service,
    ),
    Case(
        name="release_lock broken for good",
        module="release_lock",
        present=LOCK,
        absent={"state": "absent", "holder": "run-2", "owner": "bob", "broken_by": "alice is on holiday"},
        prepare=table,
    ),
    Case(
        name="release_lock broken and taken",
        module="release_lock",
        present={**LOCK, "broken_by": "alice is on holiday"},
        absent={"state": "absent"},
        prepare=table,
        edits={"by another run": {"holder": "run-2", "owner": "bob"}},
    ),
]

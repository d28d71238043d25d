"""Contract cases of dynamodb_tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "dynamodb"}
KEYS = ("alias/contract-dynamodb", "alias/contract-dynamodb-other")
LOCKS = {
    "name": "contract-dynamodb-locks",
    "hash_key": {"name": "name"},
    "point_in_time_recovery": True,
    "deletion_protection": True,
    "kms_key_id": KEYS[0],
}
PLAIN = {
    "name": "contract-dynamodb-plain",
    "hash_key": {"name": "id", "type": "N"},
    "range_key": {"name": "at", "type": "S"},
}
FOREIGN = "contract-dynamodb-foreign"


def keys(boto: Boto) -> Mapping[str, Any]:
    """Two keys, known to the module by their aliases."""
    kms = boto("kms")
    there = {alias["AliasName"] for alias in kms.list_aliases()["Aliases"]}
    for alias in set(KEYS) - there:
        kms.create_alias(AliasName=alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return {}


def foreign(boto: Boto) -> Callable[[], Any]:
    """A table that is named for removal and not ours, and one with our tags that is not named."""
    dynamodb = boto("dynamodb")
    names = (FOREIGN, f"{LOCKS['name']}-too")
    for name, tags in zip(names, ([], [{"Key": key, "Value": value} for key, value in TAGS.items()]), strict=True):
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
            Tags=tags,
        )
    return lambda: [dynamodb.describe_table(TableName=name)["Table"]["TableArn"] for name in names]


def locks(**fields: Any) -> dict[str, Any]:
    return {"tables": [{**LOCKS, **fields}, PLAIN]}


CASES = [
    Case(
        name="dynamodb_tables",
        module="dynamodb_tables",
        present={"tables": [LOCKS, PLAIN], "tags": TAGS},
        absent={
            "tables": [
                {"name": LOCKS["name"], "deletion_protection": False},
                {"name": PLAIN["name"]},
                {"name": FOREIGN},
            ],
            "state": "absent",
        },
        prepare=keys,
        edits={
            "key": locks(kms_key_id=KEYS[1]),
            "DynamoDB's own key": locks(kms_key_id=""),
            "no recovery": locks(point_in_time_recovery=False),
            "no protection": locks(deletion_protection=False),
            "one more": {"tables": [LOCKS, PLAIN, {"name": "contract-dynamodb-more", "hash_key": {"name": "name"}}]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
        },
        foreign=foreign,
    )
]

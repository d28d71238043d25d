"""DynamoDB judges conditions one write at a time, changes encryption, and keeps one value for each tag."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from local_cloud_support import LocalCloud

WRITERS = 16


@pytest.fixture
def dynamodb(local_cloud: LocalCloud) -> Any:
    return local_cloud.client("dynamodb")


@pytest.fixture
def table(dynamodb: Any) -> Iterator[str]:
    name = f"table-{uuid4()}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
    )
    yield name
    dynamodb.delete_table(TableName=name)


@pytest.mark.parametrize("number", range(10))
def test_of_many_conditional_writes_one_succeeds(dynamodb: Any, table: str, number: int) -> None:
    start = threading.Barrier(WRITERS)

    def refused(writer: int) -> str:
        item = {"name": {"S": f"lock-{number}"}, "holder": {"S": str(writer)}}
        condition = {
            "ConditionExpression": "attribute_not_exists(#name)",
            "ExpressionAttributeNames": {"#name": "name"},
        }
        start.wait()
        try:
            dynamodb.put_item(TableName=table, Item=item, **condition)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    with ThreadPoolExecutor(WRITERS) as pool:
        assert sorted(pool.map(refused, range(WRITERS))) == ["", *["ConditionalCheckFailedException"] * (WRITERS - 1)]


def test_encryption_can_be_changed(dynamodb: Any, table: str) -> None:
    def described() -> Any:
        return dynamodb.describe_table(TableName=table)["Table"].get("SSEDescription")

    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    dynamodb.update_table(TableName=table, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})
    assert described()["KMSMasterKeyArn"] == key
    dynamodb.update_table(TableName=table, SSESpecification={"Enabled": False})
    assert described() is None


def test_a_tag_has_one_value(dynamodb: Any, table: str) -> None:
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    for value in ("one", "other"):
        dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "Owner", "Value": value}])
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "Owner", "Value": "other"}]

"""DynamoDB: conditional writes that nothing comes between, encryption that can be changed, one value for each tag."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from local_cloud.extensions import around
from local_cloud.runtime import Runtime

Original = Callable[..., Any]


def install(_runtime: Runtime) -> None:
    for name in ("put_item", "update_item", "delete_item", "transact_write_items"):
        around(DynamoDBBackend, name)(one_at_a_time)
    around(DynamoHandler, "update_table")(update_table)
    around(DynamoDBBackend, "tag_resource")(tag_resource)


_WRITING = threading.RLock()


def one_at_a_time(original: Original, *args: Any, **options: Any) -> Any:
    """The condition of a write is judged and the write done while no other is: requests are threads of this process."""
    with _WRITING:
        return original(*args, **options)


def update_table(original: Original, self: DynamoHandler) -> ActionResult:
    """moto passes encryption over."""
    table: Table = self.dynamodb_backend.get_table(self.body["TableName"])
    if "SSESpecification" in self.body:
        table.sse_specification = self.body["SSESpecification"]
    answer: ActionResult = original(self)
    return answer


def tag_resource(original: Original, self: DynamoDBBackend, arn: str, tags: dict[str, str]) -> None:
    """moto keeps the former value of a tag beside the new one."""
    self.untag_resource(arn, list(tags))
    original(self, arn, tags)

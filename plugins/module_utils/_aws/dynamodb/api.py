# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to DynamoDB, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list, boto3_tag_list_to_ansible_dict

GONE = "ResourceNotFoundException"
BEING_MADE = ("TableNotFoundException", "ContinuousBackupsUnavailableException")


def describe_table(aws: Aws, name: str) -> dict[str, Any] | None:
    """A table; None without it (DescribeTable)."""
    answer = aws.found(lambda: aws.client("dynamodb").describe_table(TableName=name), GONE)
    return dict(answer["Table"]) if answer else None


def has_point_in_time_recovery(aws: Aws, name: str) -> bool:
    """Whether a table can be restored to any moment; a table that is being made cannot (DescribeContinuousBackups)."""
    client = aws.client("dynamodb")
    answer = aws.found(lambda: client.describe_continuous_backups(TableName=name), *BEING_MADE)
    described = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {}) if answer else {}
    return bool(described.get("PointInTimeRecoveryStatus") == "ENABLED")


def list_tags(aws: Aws, arn: str) -> dict[str, str]:
    """Tags of a table (ListTagsOfResource)."""
    tags = aws.pages("dynamodb", "list_tags_of_resource", "Tags", ResourceArn=arn)
    return dict(boto3_tag_list_to_ansible_dict(tags))


def create_table(aws: Aws, name: str, **arguments: Any) -> None:
    """Begin to make a table that is paid for by request (CreateTable)."""
    aws.client("dynamodb").create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **arguments)


def update_table(aws: Aws, name: str, **arguments: Any) -> None:
    """Begin to change a table (UpdateTable)."""
    aws.client("dynamodb").update_table(TableName=name, **arguments)


def set_point_in_time_recovery(aws: Aws, name: str, *, enabled: bool) -> None:
    """Turn continuous backups on or off (UpdateContinuousBackups)."""
    wanted = {"PointInTimeRecoveryEnabled": enabled}
    aws.client("dynamodb").update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wanted)


def tag_resource(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagResource)."""
    aws.client("dynamodb").tag_resource(ResourceArn=arn, Tags=ansible_dict_to_boto3_tag_list(dict(tags)))


def delete_table(aws: Aws, name: str) -> None:
    """Begin to remove a table with its items; no error where there is none (DeleteTable)."""
    aws.found(lambda: aws.client("dynamodb").delete_table(TableName=name), GONE)

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to CloudWatch Logs, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..session import Aws


def describe_log_groups(aws: Aws, prefix: str) -> list[dict[str, Any]]:
    """Log groups whose name begins with `prefix`; all without one (DescribeLogGroups)."""
    given = {"logGroupNamePrefix": prefix} if prefix else {}
    return aws.pages("logs", "describe_log_groups", "logGroups", **given)


def list_tags(aws: Aws, arn: str) -> dict[str, str]:
    """Tags of a log group (ListTagsForResource)."""
    return dict(aws.client("logs").list_tags_for_resource(resourceArn=arn).get("tags") or {})


def create_log_group(aws: Aws, name: str, **arguments: Any) -> bool:
    """Create a log group; true, so that the answer differs from that of a call that failed (CreateLogGroup)."""
    aws.client("logs").create_log_group(logGroupName=name, **arguments)
    return True


def put_retention_policy(aws: Aws, name: str, days: int) -> None:
    """Expire events after `days` (PutRetentionPolicy)."""
    aws.client("logs").put_retention_policy(logGroupName=name, retentionInDays=days)


def delete_retention_policy(aws: Aws, name: str) -> None:
    """Keep events for ever (DeleteRetentionPolicy)."""
    aws.client("logs").delete_retention_policy(logGroupName=name)


def associate_kms_key(aws: Aws, name: str, key_arn: str) -> None:
    """Encrypt what comes in from now on with a key (AssociateKmsKey)."""
    aws.client("logs").associate_kms_key(logGroupName=name, kmsKeyId=key_arn)


def disassociate_kms_key(aws: Aws, name: str) -> None:
    """Encrypt what comes in from now on with AWS's own key (DisassociateKmsKey)."""
    aws.client("logs").disassociate_kms_key(logGroupName=name)


def tag_resource(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagResource)."""
    aws.client("logs").tag_resource(resourceArn=arn, tags=dict(tags))


def delete_log_group(aws: Aws, name: str) -> None:
    """Delete a log group with its events (DeleteLogGroup)."""
    aws.client("logs").delete_log_group(logGroupName=name)

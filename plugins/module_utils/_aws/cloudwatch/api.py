# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to CloudWatch, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list, boto3_tag_list_to_ansible_dict

BATCH = 100  # names that DescribeAlarms and EnableAlarmActions take


def describe_alarms(aws: Aws, names: Sequence[str]) -> list[dict[str, Any]]:
    """Metric alarms by name (DescribeAlarms)."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(names), BATCH):
        batch = list(names[start : start + BATCH])
        found += aws.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNames=batch)
    return found


def describe_alarms_below(aws: Aws, prefix: str) -> list[dict[str, Any]]:
    """Metric alarms whose name begins with `prefix` (DescribeAlarms)."""
    return aws.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix)


def list_tags(aws: Aws, arn: str) -> dict[str, str]:
    """Tags of an alarm (ListTagsForResource)."""
    answer = aws.client("cloudwatch").list_tags_for_resource(ResourceARN=arn)
    return dict(boto3_tag_list_to_ansible_dict(answer["Tags"]))


def put_metric_alarm(aws: Aws, tags: Mapping[str, str], **arguments: Any) -> None:
    """Create an alarm, or replace all of it but state and tags (PutMetricAlarm)."""
    given = {"Tags": ansible_dict_to_boto3_tag_list(dict(tags))} if tags else {}
    aws.client("cloudwatch").put_metric_alarm(**arguments, **given)


def enable_actions(aws: Aws, names: Sequence[str]) -> None:
    """Let alarms take their actions from now on (EnableAlarmActions)."""
    for start in range(0, len(names), BATCH):
        aws.client("cloudwatch").enable_alarm_actions(AlarmNames=list(names[start : start + BATCH]))


def tag_resource(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagResource)."""
    aws.client("cloudwatch").tag_resource(ResourceARN=arn, Tags=ansible_dict_to_boto3_tag_list(dict(tags)))


def delete_alarm(aws: Aws, name: str) -> None:
    """Delete an alarm; no error where there is none (DeleteAlarms)."""
    aws.client("cloudwatch").delete_alarms(AlarmNames=[name])

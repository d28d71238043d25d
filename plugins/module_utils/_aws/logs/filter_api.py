# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to CloudWatch Logs about metric filters, one function an operation."""

from __future__ import annotations

from typing import Any

from ..session import Aws


def describe_metric_filters(aws: Aws, log_group_name: str) -> list[dict[str, Any]]:
    """Metric filters of a log group; none without the group (DescribeMetricFilters)."""
    found = aws.found(
        lambda: aws.pages("logs", "describe_metric_filters", "metricFilters", logGroupName=log_group_name),
        "ResourceNotFoundException",
    )
    return found or []


def put_metric_filter(aws: Aws, log_group_name: str, name: str, **arguments: Any) -> None:
    """Create a metric filter, or replace it (PutMetricFilter)."""
    aws.client("logs").put_metric_filter(logGroupName=log_group_name, filterName=name, **arguments)


def delete_metric_filter(aws: Aws, log_group_name: str, name: str) -> None:
    """Delete a metric filter (DeleteMetricFilter)."""
    client = aws.client("logs")
    aws.found(
        lambda: client.delete_metric_filter(logGroupName=log_group_name, filterName=name), "ResourceNotFoundException"
    )

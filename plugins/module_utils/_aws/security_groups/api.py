# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to EC2 about security groups, one function an operation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..network.api import filters
from ..session import Aws

MOST_FILTER_VALUES = 200


def describe_security_groups(aws: Aws, vpc_id: str) -> list[dict[str, Any]]:
    """Security groups of a VPC (DescribeSecurityGroups)."""
    return aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters(vpc_id=vpc_id))


def describe_security_group_rules(aws: Aws, group_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Rules of groups, each with its id and tags (DescribeSecurityGroupRules)."""
    chunks = [group_ids[start : start + MOST_FILTER_VALUES] for start in range(0, len(group_ids), MOST_FILTER_VALUES)]
    return [
        rule
        for chunk in chunks
        for rule in aws.pages(
            "ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=filters(group_id=chunk)
        )
    ]


def describe_managed_prefix_lists(aws: Aws) -> dict[str, str]:
    """Ids of AWS's and the account's prefix lists by name (DescribeManagedPrefixLists)."""
    lists = aws.pages("ec2", "describe_managed_prefix_lists", "PrefixLists")
    return {item["PrefixListName"]: item["PrefixListId"] for item in lists}


def describe_referencing_groups(aws: Aws, group_id: str) -> list[str]:
    """Names of groups with a rule that refers to a group (DescribeSecurityGroups)."""
    found = [
        item
        for name in ("ip-permission.group-id", "egress.ip-permission.group-id")
        for item in aws.pages(
            "ec2", "describe_security_groups", "SecurityGroups", Filters=[{"Name": name, "Values": [group_id]}]
        )
    ]
    return sorted({item["GroupName"] for item in found if item["GroupId"] != group_id})

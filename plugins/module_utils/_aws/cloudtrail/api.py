# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to CloudTrail, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list, boto3_tag_list_to_ansible_dict

TRAILS_WITH_TAGS = 20  # that ListTags takes


def describe_trails(aws: Aws, names: Sequence[str]) -> list[dict[str, Any]]:
    """Trails of this region by name (DescribeTrails)."""
    answer = aws.client("cloudtrail").describe_trails(trailNameList=list(names), includeShadowTrails=False)
    return list(answer["trailList"])


def is_logging(aws: Aws, arn: str) -> bool:
    """Whether a trail records (GetTrailStatus)."""
    return bool(aws.client("cloudtrail").get_trail_status(Name=arn)["IsLogging"])


def get_event_selectors(aws: Aws, arn: str) -> list[dict[str, Any]]:
    """Advanced event selectors of a trail; none where it has basic ones (GetEventSelectors)."""
    return list(aws.client("cloudtrail").get_event_selectors(TrailName=arn).get("AdvancedEventSelectors") or [])


def get_insight_types(aws: Aws, arn: str) -> list[str]:
    """What a trail looks for beyond recording (GetInsightSelectors)."""
    client = aws.client("cloudtrail")
    answer = aws.found(lambda: client.get_insight_selectors(TrailName=arn), "InsightNotEnabledException")
    return [item["InsightType"] for item in (answer or {}).get("InsightSelectors") or []]


def list_tags(aws: Aws, arns: Sequence[str]) -> dict[str, dict[str, str]]:
    """Tags by ARN (ListTags)."""
    found = {}
    for start in range(0, len(arns), TRAILS_WITH_TAGS):
        batch = list(arns[start : start + TRAILS_WITH_TAGS])
        for item in aws.pages("cloudtrail", "list_tags", "ResourceTagList", ResourceIdList=batch):
            found[item["ResourceId"]] = dict(boto3_tag_list_to_ansible_dict(item.get("TagsList") or []))
    return found


def create_trail(aws: Aws, name: str, tags: Mapping[str, str], **arguments: Any) -> str:
    """Create a trail, which does not record yet, and answer its ARN (CreateTrail)."""
    listed = ansible_dict_to_boto3_tag_list(dict(tags))
    answer = aws.client("cloudtrail").create_trail(Name=name, TagsList=listed, **arguments)
    return str(answer["TrailARN"])


def update_trail(aws: Aws, arn: str, **arguments: Any) -> None:
    """Change settings of a trail (UpdateTrail)."""
    aws.client("cloudtrail").update_trail(Name=arn, **arguments)


def put_advanced_event_selectors(aws: Aws, arn: str, selectors: Sequence[Mapping[str, Any]]) -> None:
    """Replace what a trail records (PutEventSelectors)."""
    aws.client("cloudtrail").put_event_selectors(TrailName=arn, AdvancedEventSelectors=list(selectors))


def put_event_selectors(aws: Aws, arn: str, selectors: Sequence[Mapping[str, Any]]) -> None:
    """Replace what a trail records by basic selectors (PutEventSelectors)."""
    aws.client("cloudtrail").put_event_selectors(TrailName=arn, EventSelectors=list(selectors))


def put_insight_types(aws: Aws, arn: str, types: Sequence[str]) -> None:
    """Replace what a trail looks for; nothing with none (PutInsightSelectors)."""
    selectors = [{"InsightType": name} for name in types]
    aws.client("cloudtrail").put_insight_selectors(TrailName=arn, InsightSelectors=selectors)


def start_logging(aws: Aws, arn: str) -> None:
    """Record from now on (StartLogging)."""
    aws.client("cloudtrail").start_logging(Name=arn)


def stop_logging(aws: Aws, arn: str) -> None:
    """Record no longer (StopLogging)."""
    aws.client("cloudtrail").stop_logging(Name=arn)


def add_tags(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (AddTags)."""
    aws.client("cloudtrail").add_tags(ResourceId=arn, TagsList=ansible_dict_to_boto3_tag_list(dict(tags)))


def delete_trail(aws: Aws, arn: str) -> None:
    """Delete a trail; what it has recorded stays (DeleteTrail)."""
    aws.found(lambda: aws.client("cloudtrail").delete_trail(Name=arn), "TrailNotFoundException")

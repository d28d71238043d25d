# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to Application Auto Scaling, one function an operation. `target` names what scales, in the API's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..session import Aws

SERVICE = "application-autoscaling"
Target = Mapping[str, str]


def scalable_target(aws: Aws, target: Target) -> dict[str, Any] | None:
    """Limits of what scales (DescribeScalableTargets)."""
    arguments = {"ServiceNamespace": target["ServiceNamespace"], "ScalableDimension": target["ScalableDimension"]}
    found = aws.pages(
        SERVICE, "describe_scalable_targets", "ScalableTargets", ResourceIds=[target["ResourceId"]], **arguments
    )
    return found[0] if found else None


def policies(aws: Aws, target: Target) -> list[dict[str, Any]]:
    """Scaling policies (DescribeScalingPolicies)."""
    return aws.pages(SERVICE, "describe_scaling_policies", "ScalingPolicies", **target)


def scheduled_actions(aws: Aws, target: Target) -> list[dict[str, Any]]:
    """Scheduled actions (DescribeScheduledActions)."""
    return aws.pages(SERVICE, "describe_scheduled_actions", "ScheduledActions", **target)


def tags(aws: Aws, arn: str) -> dict[str, str]:
    """Tags of a scalable target (ListTagsForResource)."""
    return dict(aws.client(SERVICE).list_tags_for_resource(ResourceARN=arn)["Tags"])


def add_tags(aws: Aws, arn: str, added: Mapping[str, str]) -> None:
    """Add or change tags (TagResource)."""
    aws.client(SERVICE).tag_resource(ResourceARN=arn, Tags=dict(added))


def register(aws: Aws, target: Target, arguments: Mapping[str, Any]) -> None:
    """Register what scales, or change its limits (RegisterScalableTarget). A new service may not be known yet."""
    client = aws.client(SERVICE)
    aws.eventually(
        lambda: client.register_scalable_target(**target, **arguments), "ValidationException", text="doesn't exist"
    )


def deregister(aws: Aws, target: Target) -> None:
    """Remove what scales, with its policies and scheduled actions (DeregisterScalableTarget)."""
    aws.client(SERVICE).deregister_scalable_target(**target)


def put_policy(aws: Aws, target: Target, name: str, configuration: Mapping[str, Any]) -> None:
    """Create or change a target tracking policy (PutScalingPolicy)."""
    aws.client(SERVICE).put_scaling_policy(
        **target,
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=dict(configuration),
    )


def delete_policy(aws: Aws, target: Target, name: str) -> None:
    """Delete a policy (DeleteScalingPolicy). One that is gone already is as good."""
    client = aws.client(SERVICE)
    aws.found(lambda: client.delete_scaling_policy(**target, PolicyName=name), "ObjectNotFoundException")


def put_scheduled_action(aws: Aws, target: Target, name: str, arguments: Mapping[str, Any]) -> None:
    """Create or change a scheduled action (PutScheduledAction)."""
    aws.client(SERVICE).put_scheduled_action(**target, ScheduledActionName=name, **arguments)


def delete_scheduled_action(aws: Aws, target: Target, name: str) -> None:
    """Delete a scheduled action (DeleteScheduledAction). One that is gone already is as good."""
    client = aws.client(SERVICE)
    aws.found(lambda: client.delete_scheduled_action(**target, ScheduledActionName=name), "ObjectNotFoundException")

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to AWS Config, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list, boto3_tag_list_to_ansible_dict

SERVICE = "config.amazonaws.com"


def find_recorder(aws: Aws) -> dict[str, Any] | None:
    """The one recorder of this region that is not a service's own, if any (DescribeConfigurationRecorders)."""
    recorders = aws.client("config").describe_configuration_recorders()["ConfigurationRecorders"]
    ours = [recorder for recorder in recorders if not recorder.get("servicePrincipal")]
    return dict(ours[0]) if ours else None


def is_recording(aws: Aws, name: str) -> bool:
    """Whether a recorder is started (DescribeConfigurationRecorderStatus)."""
    answer = aws.client("config").describe_configuration_recorder_status(ConfigurationRecorderNames=[name])
    return any(status.get("recording") for status in answer["ConfigurationRecordersStatus"])


def find_delivery_channel(aws: Aws) -> dict[str, Any]:
    """The delivery channel of this region, of which there is one at most (DescribeDeliveryChannels)."""
    channels = aws.client("config").describe_delivery_channels()["DeliveryChannels"]
    return dict(channels[0]) if channels else {}


def has_service_linked_role(aws: Aws, name: str) -> bool:
    """Whether a role is there (IAM GetRole)."""
    return aws.found(lambda: aws.client("iam").get_role(RoleName=name), "NoSuchEntity") is not None


def create_service_linked_role(aws: Aws) -> None:
    """Let AWS Config make its role; no error where another run has (IAM CreateServiceLinkedRole)."""
    aws.found(lambda: aws.client("iam").create_service_linked_role(AWSServiceName=SERVICE), "InvalidInput")


def put_recorder(aws: Aws, recorder: Mapping[str, Any], tags: Mapping[str, str]) -> None:
    """Create a recorder, or change it; tags are for a new one (PutConfigurationRecorder)."""
    given = {"Tags": ansible_dict_to_boto3_tag_list(dict(tags))} if tags else {}
    aws.client("config").put_configuration_recorder(ConfigurationRecorder=dict(recorder), **given)


def put_delivery_channel(aws: Aws, channel: Mapping[str, Any]) -> None:
    """Create a delivery channel, or change it (PutDeliveryChannel)."""
    aws.client("config").put_delivery_channel(DeliveryChannel=dict(channel))


def start_recorder(aws: Aws, name: str) -> None:
    """Record from now on (StartConfigurationRecorder)."""
    aws.client("config").start_configuration_recorder(ConfigurationRecorderName=name)


def stop_recorder(aws: Aws, name: str) -> None:
    """Record no longer (StopConfigurationRecorder)."""
    aws.client("config").stop_configuration_recorder(ConfigurationRecorderName=name)


def delete_delivery_channel(aws: Aws, name: str) -> None:
    """Delete a delivery channel, while nothing is recorded (DeleteDeliveryChannel)."""
    client = aws.client("config")
    aws.found(lambda: client.delete_delivery_channel(DeliveryChannelName=name), "NoSuchDeliveryChannelException")


def delete_recorder(aws: Aws, name: str) -> None:
    """Delete a recorder; what it has recorded stays (DeleteConfigurationRecorder)."""
    client = aws.client("config")
    aws.found(
        lambda: client.delete_configuration_recorder(ConfigurationRecorderName=name),
        "NoSuchConfigurationRecorderException",
    )


def describe_rules(aws: Aws) -> list[dict[str, Any]]:
    """All rules of this region (DescribeConfigRules)."""
    return aws.pages("config", "describe_config_rules", "ConfigRules")


def put_rule(aws: Aws, rule: Mapping[str, Any], tags: Mapping[str, str]) -> None:
    """Create a rule, or replace it; tags are for a new one (PutConfigRule)."""
    given = {"Tags": ansible_dict_to_boto3_tag_list(dict(tags))} if tags else {}
    aws.client("config").put_config_rule(ConfigRule=dict(rule), **given)


def delete_rule(aws: Aws, name: str) -> None:
    """Begin to delete a rule with its results (DeleteConfigRule)."""
    client = aws.client("config")
    aws.found(lambda: client.delete_config_rule(ConfigRuleName=name), "NoSuchConfigRuleException")


def list_tags(aws: Aws, arn: str) -> dict[str, str]:
    """Tags of a recorder or rule (ListTagsForResource)."""
    tags = aws.pages("config", "list_tags_for_resource", "Tags", ResourceArn=arn)
    return dict(boto3_tag_list_to_ansible_dict(tags))


def tag_resource(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagResource)."""
    aws.client("config").tag_resource(ResourceArn=arn, Tags=ansible_dict_to_boto3_tag_list(dict(tags)))

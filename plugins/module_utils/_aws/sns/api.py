# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to SNS, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping

from ..session import Aws, ansible_dict_to_boto3_tag_list, boto3_tag_list_to_ansible_dict


def get_topic_attributes(aws: Aws, arn: str) -> dict[str, str] | None:
    """Attributes of a topic; None without the topic (GetTopicAttributes)."""
    answer = aws.found(lambda: aws.client("sns").get_topic_attributes(TopicArn=arn), "NotFound")
    return dict(answer["Attributes"]) if answer else None


def list_tags(aws: Aws, arn: str) -> dict[str, str]:
    """Tags of a topic (ListTagsForResource)."""
    return dict(boto3_tag_list_to_ansible_dict(aws.client("sns").list_tags_for_resource(ResourceArn=arn)["Tags"]))


def list_subscriptions(aws: Aws, arn: str) -> list[dict[str, str]]:
    """Subscriptions to a topic, those included that wait to be confirmed (ListSubscriptionsByTopic)."""
    return aws.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)


def create_topic(aws: Aws, name: str, attributes: Mapping[str, str], tags: Mapping[str, str]) -> None:
    """Create a topic; no error where it exists just like that (CreateTopic)."""
    listed = ansible_dict_to_boto3_tag_list(dict(tags))
    aws.client("sns").create_topic(Name=name, Attributes=dict(attributes), Tags=listed)


def set_topic_attribute(aws: Aws, arn: str, name: str, value: str) -> None:
    """Change one attribute (SetTopicAttributes)."""
    aws.client("sns").set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)


def tag_resource(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagResource)."""
    aws.client("sns").tag_resource(ResourceArn=arn, Tags=ansible_dict_to_boto3_tag_list(dict(tags)))


def delete_topic(aws: Aws, arn: str) -> None:
    """Delete a topic with its subscriptions; no error where there is none (DeleteTopic)."""
    aws.client("sns").delete_topic(TopicArn=arn)


def subscribe(aws: Aws, arn: str, protocol: str, endpoint: str) -> None:
    """Subscribe an endpoint, which may have to confirm it (Subscribe)."""
    aws.client("sns").subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)


def unsubscribe(aws: Aws, subscription_arn: str) -> None:
    """End a subscription (Unsubscribe)."""
    aws.client("sns").unsubscribe(SubscriptionArn=subscription_arn)

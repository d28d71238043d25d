# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, buckets and topics as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._aws.account import api as account_api
from ..._aws.kms import api as kms_api
from ..._aws.kms import model as kms
from ..._aws.s3 import model as s3
from ..._aws.s3.run import READERS
from ..._aws.sns import model as sns
from ..model import ACCOUNT, Resource
from .reading import Reading

GONE = ("NoSuchBucket", "404")


def account(reading: Reading) -> Iterator[Resource]:
    yield Resource(ACCOUNT, reading.aws.identity()["account_id"])


def account_settings(reading: Reading) -> Iterator[Resource]:
    """What holds for the whole account."""
    answer = account_api.get_public_access_block(reading.aws, reading.aws.identity()["account_id"])
    block = {flag: bool(answer.get(name)) for flag, name in s3.ACCESS_FLAGS.items()}
    yield Resource("account_setting", "s3_public_access_block", block)


def keys(reading: Reading) -> Iterator[Resource]:
    aws = reading.aws
    aliases = [
        one
        for one in kms_api.list_aliases(aws)
        if one.get("TargetKeyId") and not one["AliasName"].startswith("alias/aws/")
    ]

    def look(alias: Mapping[str, Any]) -> Resource | None:
        key = alias["TargetKeyId"]
        tags = kms_api.list_resource_tags(aws, key)
        if not reading.ours(tags):
            return None
        metadata = kms_api.describe_key(aws, key)
        policy, rotation = kms_api.get_key_policy(aws, key), kms_api.get_key_rotation_status(aws, key)
        state = kms.current_state(metadata, policy, rotation, tags, None)
        return Resource("key", alias["AliasName"], {**state, "key_spec": metadata.get("KeySpec")})

    yield from (key for key in reading.many(look, aliases) if key)


def buckets(reading: Reading) -> Iterator[Resource]:
    aws = reading.aws

    def look(name: str) -> Resource | None:
        tags = aws.found(lambda: READERS["tags"](aws, name), *GONE)
        if not reading.ours(tags):
            return None
        answers = {field: reader(aws, name) for field, reader in READERS.items()}
        return Resource("bucket", name, s3.current_state({**answers, "region": aws.region}, reading.tags))

    names = [bucket["Name"] for bucket in aws.client("s3").list_buckets().get("Buckets", [])]
    yield from (bucket for bucket in reading.many(look, names) if bucket)


def topics(reading: Reading) -> Iterator[Resource]:
    client = reading.aws.client("sns")

    def look(arn: str) -> Resource | None:
        if not reading.ours(client.list_tags_for_resource(ResourceArn=arn)["Tags"]):
            return None
        attributes = client.get_topic_attributes(TopicArn=arn)["Attributes"]
        return Resource("topic", arn.rpartition(":")[2], sns.current_topic(attributes, {}, None))

    listed = [topic["TopicArn"] for topic in reading.aws.pages("sns", "list_topics", "Topics")]
    yield from (topic for topic in reading.many(look, listed) if topic)

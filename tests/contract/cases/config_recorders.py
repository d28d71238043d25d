"""Contract cases of config_recorders. A region has one recorder, so each case has a region of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import boto3

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "config"}
BUCKETS = ("contract-config-records", "contract-config-other")
NAME = "contract-config"
KEYS = tuple(f"arn:aws:kms:eu-west-1:123456789012:key/{number}" for number in (1, 2))
TOPICS = tuple(f"arn:aws:sns:eu-west-1:123456789012:config-{number}" for number in (1, 2))


def surroundings(boto: Boto) -> Mapping[str, Any]:
    """Buckets that let AWS Config in, and its role, which stays once it was made."""
    s3, iam = boto("s3"), boto("iam")
    with suppress(iam.exceptions.InvalidInputException, iam.exceptions.EntityAlreadyExistsException):
        iam.create_service_linked_role(AWSServiceName="config.amazonaws.com")
    config = {"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "s3:PutObject"}
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket)
        statement = {**config, "Resource": f"arn:aws:s3:::{bucket}/*"}
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return {}


def foreign(boto: Boto) -> Callable[[], Any]:
    """The recorder of another team in another region."""
    endpoint = boto("config").meta.endpoint_url
    config = boto3.client("config", region_name="eu-west-2", endpoint_url=endpoint)
    recorder = {"name": NAME, "roleARN": "arn:aws:iam::123456789012:role/config"}
    config.put_configuration_recorder(ConfigurationRecorder=recorder)
    return lambda: config.describe_configuration_recorders()["ConfigurationRecorders"]


CASES = [
    Case(
        name="config_recorders",
        module="config_recorders",
        present={
            "region": "eu-west-1",
            "name": NAME,
            "s3_bucket_name": BUCKETS[0],
            "s3_key_prefix": "config",
            "s3_kms_key_arn": KEYS[0],
            "sns_topic_arn": TOPICS[0],
            "delivery_frequency": "TwentyFour_Hours",
            "tags": TAGS,
        },
        absent={"state": "absent"},
        prepare=surroundings,
        edits={
            "role": {"role_arn": "arn:aws:iam::123456789012:role/other"},
            "types": {"resource_types": ["AWS::S3::Bucket", "AWS::EC2::Instance"]},
            "no global resources": {"include_global_resource_types": False},
            "once a day": {"recording_frequency": "DAILY"},
            "bucket": {"s3_bucket_name": BUCKETS[1]},
            "prefix": {"s3_key_prefix": "other"},
            "no prefix": {"s3_key_prefix": ""},
            "key": {"s3_kms_key_arn": KEYS[1]},
            "no key": {"s3_kms_key_arn": ""},
            "topic": {"sns_topic_arn": TOPICS[1]},
            "delivery": {"delivery_frequency": "One_Hour"},
            "stopped": {"recording": False},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
        },
        foreign=foreign,
    )
]

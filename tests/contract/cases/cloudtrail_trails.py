"""Contract cases of cloudtrail_trails."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "trails"}
NAME, FOREIGN = "contract-trails-audit", "contract-trails-foreign"
BUCKETS = ("contract-trails-logs", "contract-trails-other")
KEYS = ("alias/contract-trails", "alias/contract-trails-other")
GROUPS = ("/contract-trails/audit", "/contract-trails/other")
ROLE = "contract-trails"
CLOUDTRAIL = {"Service": "cloudtrail.amazonaws.com"}
MANAGEMENT = {"name": "Management", "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}]}
OBJECTS = {
    "name": "Objects",
    "field_selectors": [
        {"field": "eventCategory", "equals": ["Data"]},
        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
        {"field": "resources.ARN", "starts_with": ["arn:aws:s3:::contract-trails-logs/"]},
    ],
}


def group_arn(name: str) -> str:
    return f"arn:aws:logs:us-east-1:123456789012:log-group:{name}"


TRAIL: dict[str, Any] = {
    "name": NAME,
    "s3_bucket_name": BUCKETS[0],
    "s3_key_prefix": "trail",
    "include_global_service_events": True,
    "is_multi_region_trail": True,
    "enable_log_file_validation": True,
    "kms_key_id": KEYS[0],
    "cloud_watch_logs_log_group_arn": group_arn(GROUPS[0]),
    "cloud_watch_logs_role_arn": f"arn:aws:iam::123456789012:role/{ROLE}",
    "advanced_event_selectors": [OBJECTS, MANAGEMENT],
    "insight_types": ["ApiErrorRateInsight"],
}


def allowing(action: str) -> str:
    statement = {"Effect": "Allow", "Principal": CLOUDTRAIL, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def surroundings(boto: Boto) -> Mapping[str, Any]:
    """Buckets and keys that let CloudTrail in, log groups, and a role."""
    kms, s3, logs, iam = (boto(service) for service in ("kms", "s3", "logs", "iam"))
    there = {alias["AliasName"] for alias in kms.list_aliases()["Aliases"]}
    for alias in set(KEYS) - there:
        key = kms.create_key(Policy=allowing("kms:GenerateDataKey*"))
        kms.create_alias(AliasName=alias, TargetKeyId=key["KeyMetadata"]["KeyId"])
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_policy(Bucket=bucket, Policy=allowing("s3:PutObject"))
    for group in GROUPS:
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_group(logGroupName=group)
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=allowing("sts:AssumeRole"))
    return {}


def foreign(boto: Boto) -> Callable[[], Any]:
    """A trail that is named for removal and not ours."""
    cloudtrail = boto("cloudtrail")
    cloudtrail.create_trail(Name=FOREIGN, S3BucketName=BUCKETS[1])
    return lambda: cloudtrail.get_trail(Name=FOREIGN)["Trail"]


def trail(**fields: Any) -> dict[str, Any]:
    return {"trails": [{**TRAIL, **fields}]}


CASES = [
    Case(
        name="cloudtrail_trails",
        module="cloudtrail_trails",
        present={"trails": [TRAIL], "tags": TAGS},
        absent={"trails": [{"name": NAME}, {"name": FOREIGN}], "state": "absent"},
        prepare=surroundings,
        edits={
            "bucket": trail(s3_bucket_name=BUCKETS[1]),
            "prefix": trail(s3_key_prefix="other"),
            "one region": trail(is_multi_region_trail=False),
            "no global services": trail(is_multi_region_trail=False, include_global_service_events=False),
            "not validated": trail(enable_log_file_validation=False),
            "key": trail(kms_key_id=KEYS[1]),
            "keys of S3": trail(kms_key_id=""),
            "log group": trail(cloud_watch_logs_log_group_arn=group_arn(GROUPS[1])),
            "no log group": trail(cloud_watch_logs_log_group_arn="", cloud_watch_logs_role_arn=""),
            "stopped": trail(is_logging=False),
            "selectors": trail(advanced_event_selectors=[MANAGEMENT]),
            "management events": trail(advanced_event_selectors=[]),
            "insights": trail(insight_types=["ApiCallRateInsight", "ApiErrorRateInsight"]),
            "no insights": trail(insight_types=[]),
            "one more": {"trails": [TRAIL, {"name": f"{NAME}-more", "s3_bucket_name": BUCKETS[0]}]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
        },
        foreign=foreign,
    )
]

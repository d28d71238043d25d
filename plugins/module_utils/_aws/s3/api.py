# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to S3, one function an operation. What a bucket does not have reads as an empty value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list, boto3_tag_list_to_ansible_dict

DEFAULT_REGION = "us-east-1"  # the one that may not be named
DELETED_AT_ONCE = 1000  # objects that DeleteObjects takes


def partition(aws: Aws) -> str:
    """The partition of the region, which ARNs begin with."""
    return str(aws.client("s3").meta.partition)


def head_bucket(aws: Aws, name: str) -> str:
    """Region of a bucket (HeadBucket)."""
    answer = aws.client("s3").head_bucket(Bucket=name)
    return str(answer.get("BucketRegion") or answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", ""))


def get_bucket_tagging(aws: Aws, name: str) -> dict[str, str]:
    """Tags of a bucket (GetBucketTagging)."""
    answer = aws.found(lambda: aws.client("s3").get_bucket_tagging(Bucket=name), "NoSuchTagSet")
    return dict(boto3_tag_list_to_ansible_dict(answer["TagSet"] if answer else []))


def get_bucket_policy(aws: Aws, name: str) -> str:
    """The policy as JSON text (GetBucketPolicy)."""
    answer = aws.found(lambda: aws.client("s3").get_bucket_policy(Bucket=name), "NoSuchBucketPolicy")
    return str(answer["Policy"]) if answer else ""


def get_bucket_encryption(aws: Aws, name: str) -> dict[str, Any]:
    """The rule by which objects are encrypted (GetBucketEncryption)."""
    missing = "ServerSideEncryptionConfigurationNotFoundError"
    answer = aws.found(lambda: aws.client("s3").get_bucket_encryption(Bucket=name), missing)
    return dict(answer["ServerSideEncryptionConfiguration"]["Rules"][0]) if answer else {}


def get_public_access_block(aws: Aws, name: str) -> dict[str, bool]:
    """What of the public is kept out (GetPublicAccessBlock)."""
    missing = "NoSuchPublicAccessBlockConfiguration"
    answer = aws.found(lambda: aws.client("s3").get_public_access_block(Bucket=name), missing)
    return dict(answer["PublicAccessBlockConfiguration"]) if answer else {}


def get_bucket_ownership_controls(aws: Aws, name: str) -> str:
    """Who owns objects that others write (GetBucketOwnershipControls)."""
    missing = "OwnershipControlsNotFoundError"
    answer = aws.found(lambda: aws.client("s3").get_bucket_ownership_controls(Bucket=name), missing)
    return str(answer["OwnershipControls"]["Rules"][0]["ObjectOwnership"]) if answer else ""


def get_bucket_versioning(aws: Aws, name: str) -> str:
    """State of versioning, empty where it never was on (GetBucketVersioning)."""
    return str(aws.client("s3").get_bucket_versioning(Bucket=name).get("Status", ""))


def get_bucket_lifecycle_configuration(aws: Aws, name: str) -> list[dict[str, Any]]:
    """The lifecycle rules (GetBucketLifecycleConfiguration)."""
    missing = "NoSuchLifecycleConfiguration"
    answer = aws.found(lambda: aws.client("s3").get_bucket_lifecycle_configuration(Bucket=name), missing)
    return list(answer["Rules"]) if answer else []


def get_bucket_logging(aws: Aws, name: str) -> dict[str, Any]:
    """Where accesses are logged (GetBucketLogging)."""
    return dict(aws.client("s3").get_bucket_logging(Bucket=name).get("LoggingEnabled") or {})


def create_bucket(aws: Aws, name: str, **arguments: Any) -> None:
    """Create a bucket in the region of the run (CreateBucket)."""
    if aws.region != DEFAULT_REGION:
        arguments["CreateBucketConfiguration"] = {"LocationConstraint": aws.region}
    aws.client("s3").create_bucket(Bucket=name, **arguments)


def put_bucket_tagging(aws: Aws, name: str, tags: Mapping[str, str]) -> None:
    """Replace all tags (PutBucketTagging)."""
    aws.client("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": ansible_dict_to_boto3_tag_list(dict(tags))})


def put_bucket_policy(aws: Aws, name: str, text: str) -> None:
    """Replace the policy (PutBucketPolicy)."""
    aws.client("s3").put_bucket_policy(Bucket=name, Policy=text)


def delete_bucket_policy(aws: Aws, name: str) -> None:
    """Remove the policy; no error where there is none (DeleteBucketPolicy)."""
    aws.client("s3").delete_bucket_policy(Bucket=name)


def put_bucket_encryption(aws: Aws, name: str, rule: Mapping[str, Any]) -> None:
    """Encrypt what is written from now on by a rule (PutBucketEncryption)."""
    configuration = {"Rules": [dict(rule)]}
    aws.client("s3").put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=configuration)


def put_public_access_block(aws: Aws, name: str, configuration: Mapping[str, bool]) -> None:
    """Keep the public out (PutPublicAccessBlock)."""
    aws.client("s3").put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict(configuration))


def put_bucket_ownership_controls(aws: Aws, name: str, ownership: str) -> None:
    """Say who owns objects that others write (PutBucketOwnershipControls)."""
    controls = {"Rules": [{"ObjectOwnership": ownership}]}
    aws.client("s3").put_bucket_ownership_controls(Bucket=name, OwnershipControls=controls)


def put_bucket_versioning(aws: Aws, name: str, status: str) -> None:
    """Turn versioning on, or suspend it (PutBucketVersioning)."""
    aws.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})


def put_bucket_lifecycle_configuration(aws: Aws, name: str, rules: Sequence[Mapping[str, Any]]) -> None:
    """Replace all lifecycle rules (PutBucketLifecycleConfiguration)."""
    aws.client("s3").put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": list(rules)})


def delete_bucket_lifecycle(aws: Aws, name: str) -> None:
    """Remove all lifecycle rules (DeleteBucketLifecycle)."""
    aws.client("s3").delete_bucket_lifecycle(Bucket=name)


def put_bucket_logging(aws: Aws, name: str, status: Mapping[str, Any]) -> None:
    """Log accesses, or with an empty status no longer (PutBucketLogging)."""
    aws.client("s3").put_bucket_logging(Bucket=name, BucketLoggingStatus=dict(status))


def holds_objects(aws: Aws, name: str) -> bool:
    """Whether there is an object, an older version of one, or the mark of a deleted one (ListObjectVersions)."""
    answer = aws.client("s3").list_object_versions(Bucket=name, MaxKeys=1)
    return bool(answer.get("Versions") or answer.get("DeleteMarkers"))


def object_versions(aws: Aws, name: str) -> Iterator[list[dict[str, str]]]:
    """All versions and delete markers, in portions that one call can delete (ListObjectVersions)."""
    for page in aws.client("s3").get_paginator("list_object_versions").paginate(Bucket=name):
        items = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if items:
            yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in items]


def list_objects(aws: Aws, name: str, prefix: str) -> list[dict[str, Any]]:
    """Objects whose key begins with `prefix` (ListObjectsV2)."""
    return aws.pages("s3", "list_objects_v2", "Contents", Bucket=name, Prefix=prefix)


def get_object(aws: Aws, name: str, key: str) -> bytes:
    """Content of an object (GetObject)."""
    return bytes(aws.client("s3").get_object(Bucket=name, Key=key)["Body"].read())


def put_object(aws: Aws, name: str, key: str, body: bytes) -> None:
    """Write an object, whole or not at all (PutObject)."""
    aws.client("s3").put_object(Bucket=name, Key=key, Body=body)


def delete_objects(aws: Aws, name: str, objects: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Delete objects, where a version is named that one for good; answers those that could not be (DeleteObjects)."""
    answer = aws.client("s3").delete_objects(Bucket=name, Delete={"Objects": list(objects), "Quiet": True})
    return list(answer.get("Errors", []))


def delete_bucket(aws: Aws, name: str) -> None:
    """Delete an empty bucket (DeleteBucket)."""
    aws.client("s3").delete_bucket(Bucket=name)

"""Contract cases of s3_buckets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "buckets"}
LOGS, DATA, FOREIGN = "contract-buckets-logs", "contract-buckets-data", "contract-buckets-foreign"
KEYS = ("alias/contract-buckets", "alias/contract-buckets-other")
CLOSED = {
    "block_public_acls": True,
    "ignore_public_acls": True,
    "block_public_policy": True,
    "restrict_public_buckets": True,
}
EXPIRY = {"id": "expiry", "prefix": "AWSLogs/", "expiration_days": 30, "noncurrent_version_expiration_days": 1}
ABORT = {"id": "abort", "abort_incomplete_multipart_upload_days": 7}


def policy(service: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["s3:PutObject"],
        "Resource": f"arn:aws:s3:::{LOGS}/*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


ENCRYPTION = {"sse_algorithm": "aws:kms", "kms_master_key_id": KEYS[0], "bucket_key_enabled": True}
ACCESSES = {
    "name": LOGS,
    "policy": policy("logging.s3.amazonaws.com"),
    "server_side_encryption": {"sse_algorithm": "AES256"},
    "lifecycle_rules": [EXPIRY, ABORT],
}
REPORTS = {
    "name": DATA,
    "server_side_encryption": ENCRYPTION,
    "public_access_block": CLOSED,
    "object_ownership": "BucketOwnerEnforced",
    "versioning": "Enabled",
    "logging": {"target_bucket": LOGS, "target_prefix": "data/"},
}


def keys(boto: Boto) -> Mapping[str, Any]:
    """Two keys, known to the module by their aliases."""
    kms = boto("kms")
    there = {alias["AliasName"] for alias in kms.list_aliases()["Aliases"]}
    for alias in set(KEYS) - there:
        kms.create_alias(AliasName=alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return {}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A bucket with our tags that is not named, and one that is named for removal and not ours."""
    s3 = boto("s3")
    names = (f"{LOGS}-too", FOREIGN)
    for name in names:
        s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket=names[0], Tagging={"TagSet": [{"Key": k, "Value": v} for k, v in TAGS.items()]})
    return lambda: sorted(bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if bucket["Name"] in names)


def logs(**fields: Any) -> dict[str, Any]:
    return {"buckets": [{**ACCESSES, **fields}, REPORTS]}


def data(**fields: Any) -> dict[str, Any]:
    return {"buckets": [ACCESSES, {**REPORTS, **fields}]}


CASES = [
    Case(
        name="s3_buckets",
        module="s3_buckets",
        present={"buckets": [REPORTS, ACCESSES], "tags": TAGS},
        # The local cloud logs accesses as they happen, so there are objects to be removed.
        absent={"buckets": [ACCESSES, REPORTS, {"name": FOREIGN}], "state": "absent", "force": True},
        prepare=keys,
        edits={
            "policy": logs(policy=policy("delivery.logs.amazonaws.com")),
            "no policy": {"buckets": [{**ACCESSES, "policy": {}}, {**REPORTS, "logging": {}}]},
            "algorithm": logs(server_side_encryption={"sse_algorithm": "aws:kms"}),
            "key": data(server_side_encryption={**ENCRYPTION, "kms_master_key_id": KEYS[1]}),
            "bucket key": data(server_side_encryption={**ENCRYPTION, "bucket_key_enabled": False}),
            "keys of S3": data(server_side_encryption={}),
            **{flag: data(public_access_block={**CLOSED, flag: False}) for flag in CLOSED},
            "open": data(public_access_block={}),
            "ownership": data(object_ownership="ObjectWriter"),
            "versioning": data(versioning="Suspended"),
            "expiry": logs(lifecycle_rules=[{**EXPIRY, "expiration_days": 90}, ABORT]),
            "expiry of versions": logs(lifecycle_rules=[{**EXPIRY, "noncurrent_version_expiration_days": 9}, ABORT]),
            "prefix": logs(lifecycle_rules=[{**EXPIRY, "prefix": "Other/"}, ABORT]),
            "uploads": logs(lifecycle_rules=[EXPIRY, {**ABORT, "abort_incomplete_multipart_upload_days": 1}]),
            "id": logs(lifecycle_rules=[EXPIRY, {**ABORT, "id": "other"}]),
            "one rule fewer": logs(lifecycle_rules=[EXPIRY]),
            "no rules": logs(lifecycle_rules=[]),
            "prefix of the log": data(logging={"target_bucket": LOGS, "target_prefix": "other/"}),
            "no log": data(logging={}),
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
            "one more": {"buckets": [ACCESSES, REPORTS, {"name": "contract-buckets-more"}]},
        },
        foreign=lookalike,
    ),
]

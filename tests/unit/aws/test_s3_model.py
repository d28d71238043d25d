"""Planning of buckets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.s3 import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY

TAGS = {"Project": "trademaster"}
STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
READ = {**STATEMENT, "Principal": {"AWS": "*"}, "Action": ["s3:GetObject"]}
RULE = {"ID": "old", "Status": "Enabled", "Expiration": {"Days": 30}}
KMS = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:k"}}


def planned(given: dict[str, Any], **answers: Any) -> list[Any]:
    current = {"logs": model.current_state({"tags": TAGS, "region": "us-east-1", **answers}, TAGS)}
    changes = model.plan(current, model.desired_states([{"name": "logs", **given}], TAGS))
    return [(change.op, change.fields) for change in changes]


@pytest.mark.parametrize(
    ("field", "wanted", "answer", "other"),
    [
        ("policy", {"Statement": [STATEMENT]}, json.dumps({"Statement": READ}), ""),
        ("policy", {}, "", '{"Statement": []}'),
        ("server_side_encryption", {}, {}, KMS),
        ("server_side_encryption", {"sse_algorithm": "aws:kms", "kms_master_key_id": "arn:k"}, KMS, {}),
        ("server_side_encryption", {"sse_algorithm": "aws:kms", "kms_master_key_id": "arn:k"}, KMS,
         {**KMS, "BucketKeyEnabled": True}),
        ("public_access_block", {}, {}, {"BlockPublicAcls": True}),
        ("public_access_block", {"block_public_policy": True}, {"BlockPublicPolicy": True}, {}),
        ("object_ownership", "ObjectWriter", "", "BucketOwnerEnforced"),
        ("versioning", "Enabled", "Enabled", ""),
        ("lifecycle_rules", [{"id": "old", "expiration_days": 30}], [{**RULE, "Prefix": ""}],
         [{**RULE, "Filter": {"Prefix": "a"}}]),
        ("lifecycle_rules", [], [], [{**RULE, "Prefix": ""}]),
        ("logging", {}, {}, {"TargetBucket": "other", "TargetPrefix": ""}),
        ("logging", {"target_bucket": "other"}, {"TargetBucket": "other", "TargetPrefix": ""},
         {"TargetBucket": "other", "TargetPrefix": "a"}),
    ],
)  # fmt: skip
def test_only_another_meaning_is_a_change(field: str, wanted: Any, answer: Any, other: Any) -> None:
    assert planned({field: wanted}, **{field: answer}) == []
    assert planned({field: wanted}, **{field: other}) == [("update", (field,))]
    assert planned({}, **{field: other}) == []


def test_a_policy_may_be_known_after_apply() -> None:
    assert planned({"policy": KNOWN_AFTER_APPLY}, policy="") == [("update", ("policy",))]


@pytest.mark.parametrize(("tags", "expected"), [(TAGS, ["delete"]), ({}, [])])
def test_only_what_is_ours_is_removed(tags: dict[str, str], expected: list[str]) -> None:
    current = {"logs": model.current_state({"tags": tags, "region": ""}, TAGS)}
    assert [change.op for change in model.plan(current, {})] == expected
    assert model.not_ours(current, {}) == ([] if expected else ["logs"])


def test_a_bucket_is_made_before_those_that_log_into_it() -> None:
    buckets = [{"name": "data", "logging": {"target_bucket": "logs"}}, {"name": "logs"}]
    changes = model.plan({}, model.desired_states(buckets, TAGS))
    assert {change.key: change.level for change in changes} == {"data": 1, "logs": 0}


def test_logs_do_not_go_round_in_circles() -> None:
    with pytest.raises(InvalidInput, match="break the circle"):
        planned({"logging": {"target_bucket": "logs"}}, logging={})


@pytest.mark.parametrize(
    "bucket",
    [
        {"name": "Logs"},
        {"name": "lo"},
        {"name": "a..b"},
        {"name": "192.0.2.1"},
        {"name": "logs-s3alias"},
        {"name": "logs", "policy": "{"},
        {"name": "logs", "server_side_encryption": {"kms_master_key_id": "arn:k"}},
        {"name": "logs", "logging": {"target_prefix": "a"}},
        {"name": "logs", "lifecycle_rules": [{"id": "a"}]},
        {"name": "logs", "lifecycle_rules": [{"id": "a", "expiration_days": 0}]},
    ],
)
def test_what_s3_would_refuse_is_refused_first(bucket: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"^buckets\[0\]\."):
        model.desired_states([bucket], TAGS)

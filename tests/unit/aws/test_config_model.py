"""The recorder and the rules of AWS Config as comparable states."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.config import recorder_model, rules_model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

TAGS = {"Project": "trademaster"}
ROLE = recorder_model.service_linked_role_arn("aws", "123456789012")
RECORDER: dict[str, Any] = {
    "name": "staging",
    "arn": "arn:recorder",
    "roleARN": ROLE,
    "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True, "resourceTypes": []},
    "recordingMode": {"recordingFrequency": "CONTINUOUS"},
}
CHANNEL: dict[str, Any] = {
    "name": "default",
    "s3BucketName": "records",
    "s3KmsKeyArn": "arn:key",
    "configSnapshotDeliveryProperties": {"deliveryFrequency": "One_Hour"},
}
WANTED: dict[str, Any] = {"name": "staging", "s3_bucket_name": "records", "recording": True, "tags": TAGS}


def current(*, recording: bool = True, tags: dict[str, str] | None = None) -> dict[str, Any]:
    return recorder_model.current_state(RECORDER, CHANNEL, TAGS if tags is None else tags, TAGS, recording=recording)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"recording_frequency": "CONTINUOUS", "delivery_frequency": "One_Hour", "s3_kms_key_arn": "arn:key"}, []),
        ({"recording_frequency": "DAILY"}, [("recording_frequency",)]),
        ({"delivery_frequency": "Six_Hours"}, [("delivery_frequency",)]),
        ({"s3_bucket_name": "other"}, [("s3_bucket_name",)]),
        ({"s3_key_prefix": "config"}, [("s3_key_prefix",)]),
        ({"s3_kms_key_arn": ""}, [("s3_kms_key_arn",)]),
        ({"sns_topic_arn": "arn:topic"}, [("sns_topic_arn",)]),
        ({"include_global_resource_types": False}, [("include_global_resource_types",)]),
        (
            {"resource_types": ["AWS::S3::Bucket"]},
            [("all_supported", "include_global_resource_types", "resource_types")],
        ),
        ({"recording": False}, [("recording",)]),
    ],
)
def test_only_what_differs_is_a_change(options: dict[str, Any], expected: list[tuple[str, ...]]) -> None:
    desired = recorder_model.desired_state({**WANTED, **options}, ROLE)
    changes = recorder_model.plan("staging", current(), desired, role_is_missing=False)
    assert [change.fields for change in changes] == expected


def test_the_role_is_made_before_the_recorder_that_needs_it() -> None:
    desired = recorder_model.desired_state(WANTED, ROLE)
    changes = recorder_model.plan("staging", None, desired, role_is_missing=True)
    assert [(change.op, change.kind, change.level) for change in changes] == [
        ("create", "service_linked_role", 0),
        ("create", "config_recorder", 1),
    ]


@pytest.mark.parametrize(("tags", "removed"), [(TAGS, True), ({}, False)])
def test_only_a_recorder_with_our_tags_is_removed(tags: dict[str, str], *, removed: bool) -> None:
    assert bool(recorder_model.plan("staging", current(tags=tags), None, role_is_missing=False)) is removed


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({"name": "x" * 257}, "is no name of a recorder"),
        ({"s3_bucket_name": None}, "s3_bucket_name: None is missing"),
        ({"resource_types": ["AWS::S3::Bucket"], "include_global_resource_types": True}, "goes with all types"),
    ],
)
def test_what_a_recorder_cannot_be(options: dict[str, Any], refused: str) -> None:
    with pytest.raises(InvalidInput, match=refused):
        recorder_model.desired_state({**WANTED, **options}, ROLE)


def test_a_channel_is_written_without_what_is_empty() -> None:
    state = {**current(), "s3_key_prefix": ""}
    assert recorder_model.channel_arguments("default", state) == CHANNEL


RULE: dict[str, Any] = {
    "ConfigRuleName": "staging-keys",
    "ConfigRuleArn": "arn:rule",
    "Description": "Old keys",
    "Source": {"Owner": "AWS", "SourceIdentifier": "ACCESS_KEYS_ROTATED"},
    "InputParameters": '{"maxAccessKeyAge":"90"}',
    "MaximumExecutionFrequency": "TwentyFour_Hours",
    "Scope": {"ComplianceResourceTypes": ["AWS::IAM::User"]},
}
GIVEN: dict[str, Any] = {
    "name": "staging-keys",
    "source_identifier": "ACCESS_KEYS_ROTATED",
    "description": "Old keys",
    "input_parameters": {"maxAccessKeyAge": 90},
}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"input_parameters": None, "maximum_execution_frequency": "TwentyFour_Hours"}, []),
        ({"source_identifier": "IAM_ROOT_ACCESS_KEY_CHECK"}, [("source_identifier",)]),
        ({"description": None}, [("description",)]),
        ({"input_parameters": {"maxAccessKeyAge": "30"}}, [("input_parameters",)]),
        ({"input_parameters": {}}, [("input_parameters",)]),
        ({"maximum_execution_frequency": "One_Hour"}, [("maximum_execution_frequency",)]),
        ({"resource_types": ["AWS::IAM::User"]}, []),
        ({"resource_types": []}, [("resource_types",)]),
    ],
)
def test_only_another_rule_is_a_change(options: dict[str, Any], expected: list[tuple[str, ...]]) -> None:
    desired = rules_model.desired_states([{**GIVEN, **options}], "staging-", TAGS)
    there = {"staging-keys": rules_model.current_state(RULE, TAGS, TAGS)}
    assert [change.fields for change in rules_model.plan(there, desired, [], purge=True)] == expected


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({"name": "staging keys"}, "is no name of a rule"),
        ({"name": "keys"}, "does not begin with prefix, staging-"),
        ({"source_identifier": None}, "is no identifier of a managed rule"),
        ({"source_identifier": "access-keys-rotated"}, "is no identifier of a managed rule"),
    ],
)
def test_what_a_rule_cannot_be(options: dict[str, Any], refused: str) -> None:
    with pytest.raises(InvalidInput, match=refused):
        rules_model.desired_states([{**GIVEN, **options}], "staging-", TAGS)


def test_rules_that_leave_or_that_a_service_manages_are_not_looked_at() -> None:
    others = [{**RULE, "ConfigRuleState": "DELETING"}, {**RULE, "CreatedBy": "securityhub.amazonaws.com"}]
    assert rules_model.living([RULE, *others]) == [RULE]


def test_only_rules_of_ours_are_purged() -> None:
    there = {
        name: rules_model.current_state(RULE, tags, TAGS) for name, tags in {"staging-a": TAGS, "staging-b": {}}.items()
    }
    assert [change.key for change in rules_model.plan(there, {}, [], purge=True)] == ["staging-a"]

"""Trails as comparable states, and what CloudTrail would refuse."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.cloudtrail import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

TAGS = {"Project": "trademaster", "Environment": "staging"}
ARN = "arn:aws:cloudtrail:us-east-1:123456789012:trail/audit"
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/audit"
ROLE = "arn:aws:iam::123456789012:role/audit"
DESCRIBED: dict[str, Any] = {
    "Name": "audit",
    "TrailARN": ARN,
    "S3BucketName": "logs",
    "IncludeGlobalServiceEvents": True,
    "IsMultiRegionTrail": True,
    "LogFileValidationEnabled": True,
    "CloudWatchLogsLogGroupArn": f"{GROUP}:*",
    "CloudWatchLogsRoleArn": ROLE,
    "KmsKeyId": "arn:key",
}
WANTED: dict[str, Any] = {
    "name": "audit",
    "s3_bucket_name": "logs",
    "include_global_service_events": True,
    "is_multi_region_trail": True,
    "enable_log_file_validation": True,
    "cloud_watch_logs_log_group_arn": GROUP,
    "cloud_watch_logs_role_arn": ROLE,
    "kms_key_id": "arn:key",
    "is_logging": True,
    "insight_types": ["ApiErrorRateInsight"],
    "advanced_event_selectors": [
        {"name": "Management", "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}]},
        {
            "field_selectors": [
                {"field": "resources.type", "equals": ["AWS::S3::Object"]},
                {"field": "eventCategory", "equals": ["Data"]},
            ]
        },
    ],
}
SELECTORS = [
    {
        "Name": "",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        ],
    },
    {"Name": "Management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
]
ANSWERS = {
    "is_logging": True,
    "advanced_event_selectors": model.canonical(SELECTORS),
    "insight_types": ["ApiErrorRateInsight"],
}


def fields(wanted: dict[str, Any], described: dict[str, Any], tags: dict[str, str]) -> list[tuple[str, ...]]:
    current = model.current_state({**DESCRIBED, **described}, ANSWERS, tags, TAGS)
    desired = model.desired_states([{**WANTED, **wanted}], TAGS)
    return [change.fields for change in model.plan({"audit": current}, desired)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, []),
        ({"s3_bucket_name": "other"}, [("s3_bucket_name",)]),
        ({"s3_key_prefix": "trail"}, [("s3_key_prefix",)]),
        ({"is_multi_region_trail": False}, [("is_multi_region_trail",)]),
        ({"enable_log_file_validation": False}, [("enable_log_file_validation",)]),
        ({"kms_key_id": ""}, [("kms_key_id",)]),
        ({"cloud_watch_logs_log_group_arn": f"{GROUP}:*"}, []),
        ({"cloud_watch_logs_log_group_arn": f"{GROUP}-other"}, [("cloud_watch_logs_log_group_arn",)]),
        ({"cloud_watch_logs_role_arn": f"{ROLE}-other"}, [("cloud_watch_logs_role_arn",)]),
        ({"is_logging": False}, [("is_logging",)]),
        ({"advanced_event_selectors": WANTED["advanced_event_selectors"][::-1]}, []),
        ({"advanced_event_selectors": []}, [("advanced_event_selectors",)]),
        ({"advanced_event_selectors": None, "insight_types": None}, []),
        ({"insight_types": []}, [("insight_types",)]),
    ],
)
def test_only_what_differs_is_a_change(wanted: dict[str, Any], expected: list[tuple[str, ...]]) -> None:
    assert fields(wanted, {}, TAGS) == expected


@pytest.mark.parametrize(
    ("wanted", "refused"),
    [
        ({"name": "ab"}, "name: 'ab' is no name of a trail"),
        ({"name": "audit-"}, "is no name of a trail"),
        ({"s3_bucket_name": None}, "s3_bucket_name: None is missing"),
        ({"include_global_service_events": False}, "does not go with is_multi_region_trail"),
        ({"cloud_watch_logs_role_arn": None}, "give both or neither"),
        ({"advanced_event_selectors": [{"field_selectors": [{"field": "eventName"}]}]}, "compares with nothing"),
    ],
)
def test_what_cloudtrail_refuses(wanted: dict[str, Any], refused: str) -> None:
    with pytest.raises(InvalidInput, match=refused):
        model.desired_states([{**WANTED, **wanted}], TAGS)


def test_two_trails_of_a_name_are_refused() -> None:
    with pytest.raises(InvalidInput, match="given twice"):
        model.desired_states([WANTED, WANTED], TAGS)


@pytest.mark.parametrize(("tags", "refused"), [(TAGS, False), ({"Project": "trademaster"}, False), ({}, True)])
def test_a_trail_with_none_of_our_tags_is_not_taken_over(tags: dict[str, str], *, refused: bool) -> None:
    current = {"audit": model.current_state(DESCRIBED, {}, tags, TAGS)}
    if not refused:
        model.refuse_foreign(current, ["audit"])
        return
    with pytest.raises(InvalidInput, match="is not taken over"):
        model.refuse_foreign(current, ["audit"])


def test_only_trails_with_all_of_our_tags_are_removed() -> None:
    states = {
        name: model.current_state({**DESCRIBED, "Name": name}, {}, tags, TAGS)
        for name, tags in {"ours": TAGS, "part": {"Project": "trademaster"}, "foreign": {}}.items()
    }
    assert [(change.op, change.key) for change in model.plan(states, {})] == [("delete", "ours")]


def test_what_is_left_out_is_not_written() -> None:
    state = model.desired_states([{"name": "audit", "s3_bucket_name": "logs", "is_logging": True}], None)["audit"]
    assert model.arguments(state, state) == {"S3BucketName": "logs"}

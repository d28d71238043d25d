"""The detector of a region as a comparable state."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.guardduty import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

TAGS = {"Project": "trademaster"}
FARGATE = "ECS_FARGATE_AGENT_MANAGEMENT"
ANSWER: dict[str, Any] = {
    "Status": "ENABLED",
    "FindingPublishingFrequency": "ONE_HOUR",
    "Tags": {"Name": "staging", "Project": "trademaster", "Owner": "x"},
    "Features": [
        {"Name": "S3_DATA_EVENTS", "Status": "ENABLED"},
        {"Name": "RDS_LOGIN_EVENTS", "Status": "DISABLED"},
        {
            "Name": "RUNTIME_MONITORING",
            "Status": "ENABLED",
            "AdditionalConfiguration": [{"Name": FARGATE, "Status": "ENABLED"}],
        },
    ],
}


def fields(options: dict[str, Any], answer: dict[str, Any]) -> list[tuple[str, ...]]:
    desired = model.desired_state({"name": "staging", "tags": TAGS, **options})
    current = model.current_state("id", {**ANSWER, **answer}, "staging", TAGS, desired)
    return [change.fields for change in model.plan("staging", current, desired)]


def runtime(*, fargate: bool) -> dict[str, Any]:
    return {
        "features": [
            {"name": "RUNTIME_MONITORING", "additional_configuration": [{"name": FARGATE, "enabled": fargate}]}
        ]
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"enable": True, "finding_publishing_frequency": "ONE_HOUR"}, []),
        ({"enable": False}, [("enabled",)]),
        ({"finding_publishing_frequency": "SIX_HOURS"}, [("finding_publishing_frequency",)]),
        ({"features": [{"name": "S3_DATA_EVENTS"}]}, []),
        ({"features": [{"name": "S3_DATA_EVENTS", "enabled": False}]}, [("features",)]),
        ({"features": [{"name": "RDS_LOGIN_EVENTS"}]}, [("features",)]),
        ({"features": [{"name": "LAMBDA_NETWORK_LOGS"}]}, [("features",)]),
        (runtime(fargate=True), []),
        (runtime(fargate=False), [("features",)]),
        ({"tags": {**TAGS, "Team": "platform"}}, [("tags",)]),
    ],
)
def test_only_what_differs_is_a_change(options: dict[str, Any], expected: list[tuple[str, ...]]) -> None:
    assert fields(options, {}) == expected


@pytest.mark.parametrize("name", [{}, {"Name": "production", **TAGS}])
def test_a_detector_of_others_is_left_alone(name: dict[str, str]) -> None:
    assert fields({"enable": False}, {"Tags": name}) == []


@pytest.mark.parametrize(
    ("tags", "removed"), [({"Name": "staging", **TAGS}, True), ({"Name": "staging"}, False), (TAGS, False)]
)
def test_only_what_carries_all_tags_is_removed(tags: dict[str, str], *, removed: bool) -> None:
    current = model.current_state("id", {**ANSWER, "Tags": tags}, "staging", TAGS, {})
    assert bool(model.plan("staging", current, None)) is removed


def test_a_feature_that_is_named_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="given twice"):
        model.desired_state({"name": "staging", "features": [{"name": "S3_DATA_EVENTS"}] * 2})


def test_features_as_the_api_takes_them() -> None:
    desired = model.desired_state({"name": "staging", "enable": True, **runtime(fargate=True)})
    assert model.arguments(desired, ["enabled", "features", "tags"]) == {
        "Enable": True,
        "Features": [
            {
                "Name": "RUNTIME_MONITORING",
                "Status": "ENABLED",
                "AdditionalConfiguration": [{"Name": FARGATE, "Status": "ENABLED"}],
            }
        ],
    }

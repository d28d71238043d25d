"""Contract cases of guardduty_detectors. A region has one detector, so each case has a region of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "guardduty"}
BUCKETS = {"name": "S3_DATA_EVENTS"}
TASKS = {"name": "RUNTIME_MONITORING", "additional_configuration": [{"name": "ECS_FARGATE_AGENT_MANAGEMENT"}]}
OTHERS = "eu-west-2"


def features(*wanted: dict[str, Any]) -> dict[str, Any]:
    return {"features": list(wanted)}


def foreign(boto: Boto) -> Callable[[], Any]:
    """The detector of another team."""
    endpoint = boto("guardduty").meta.endpoint_url
    guardduty = boto3.client("guardduty", region_name=OTHERS, endpoint_url=endpoint)
    detector = guardduty.create_detector(Enable=True, Tags={"Name": "theirs", **TAGS})["DetectorId"]

    def described() -> Any:
        answer = guardduty.get_detector(DetectorId=detector)
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    return described


CASES = [
    Case(
        name="guardduty_detectors",
        module="guardduty_detectors",
        present={
            "region": "eu-west-1",
            "name": "contract-guardduty",
            "finding_publishing_frequency": "FIFTEEN_MINUTES",
            "features": [BUCKETS, TASKS],
            "tags": TAGS,
        },
        absent={"state": "absent"},
        edits={
            "suspended": {"enable": False},
            "frequency": {"finding_publishing_frequency": "SIX_HOURS"},
            "a feature off": features({**BUCKETS, "enabled": False}, TASKS),
            "a feature more": features(BUCKETS, TASKS, {"name": "RDS_LOGIN_EVENTS"}),
            "a part off": features(
                BUCKETS,
                {**TASKS, "additional_configuration": [{"name": "ECS_FARGATE_AGENT_MANAGEMENT", "enabled": False}]},
            ),
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
        },
        foreign=foreign,
    )
]

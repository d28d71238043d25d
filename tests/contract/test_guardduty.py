"""A detector that somebody else has made is used, and neither changed nor removed."""

from __future__ import annotations

import boto3
import pytest

from tests.contract.case import Boto
from tests.contract.harness import run_module

OPTIONS = {"region": "eu-west-3", "name": "contract-theirs", "features": [{"name": "S3_DATA_EVENTS"}]}


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_detector_of_others_is_left_as_it_is(boto: Boto, state: str) -> None:
    endpoint = boto("guardduty").meta.endpoint_url
    guardduty = boto3.client("guardduty", region_name="eu-west-3", endpoint_url=endpoint)
    there = guardduty.list_detectors()["DetectorIds"] or [guardduty.create_detector(Enable=True)["DetectorId"]]

    run = run_module("guardduty_detectors", {**OPTIONS, "state": state, "tags": {"Project": "contract"}})

    assert run.calls.writes == []
    assert not run.changed
    assert not run.answer["ours"]
    assert "not ours" in str(run.answer["warnings"])
    assert run.answer["detector_id"] == (there[0] if state == "present" else "")

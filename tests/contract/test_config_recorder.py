"""A recorder that somebody else has made is used, and neither changed nor removed."""

from __future__ import annotations

import boto3
import pytest

from tests.contract.case import Boto
from tests.contract.harness import run_module

REGION = "eu-west-3"


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_recorder_of_others_is_left_as_it_is(boto: Boto, state: str) -> None:
    config = boto3.client("config", region_name=REGION, endpoint_url=boto("config").meta.endpoint_url)
    role = "arn:aws:iam::123456789012:role/config"
    config.put_configuration_recorder(ConfigurationRecorder={"name": "theirs", "roleARN": role})

    options = {"region": REGION, "name": "ours", "s3_bucket_name": "records", "state": state, "tags": {"Project": "x"}}
    run = run_module("config_recorders", options)

    assert run.calls.writes == []
    assert (run.answer["name"], run.answer["ours"]) == ("theirs", False)
    assert "theirs; it is used as it is" in str(run.answer["warnings"])

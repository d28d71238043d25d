"""A table of locks and a history that stay, and a release that is recorded and counted once."""

import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest

NAME = "molecule-release"
dynamodb = boto3.client("dynamodb")


def key_arn(purpose: str) -> str:
    return str(boto3.client("kms").describe_key(KeyId=f"alias/{NAME}-{purpose}")["KeyMetadata"]["Arn"])


def parameter(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(boto3.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    return value


@pytest.fixture(scope="module")
def release() -> dict[str, Any]:
    return parameter("/molecule/release/outputs/release")


def test_locks_are_encrypted_and_protected(release: dict[str, Any]) -> None:
    table = dynamodb.describe_table(TableName=release["locks_table"])["Table"]
    assert table["SSEDescription"]["KMSMasterKeyArn"] == key_arn("secrets")
    assert table["DeletionProtectionEnabled"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_locks_can_be_restored_to_any_moment(release: dict[str, Any]) -> None:
    answer = dynamodb.describe_continuous_backups(TableName=release["locks_table"])["ContinuousBackupsDescription"]
    assert answer["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_the_history_is_encrypted_and_kept(release: dict[str, Any]) -> None:
    (group,) = boto3.client("logs").describe_log_groups(logGroupNamePrefix=release["log_group"])["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == ("/molecule/release/releases", 3653)
    assert group["kmsKeyId"] == key_arn("logs")


def test_a_release_is_recorded_and_counted_once(release: dict[str, Any]) -> None:
    logs = boto3.client("logs")
    events = logs.get_log_events(logGroupName=release["log_group"], logStreamName="auth-service")["events"]
    state = parameter(f"{release['state_path']}/auth-service")

    assert [json.loads(event["message"])["id"] for event in events] == ["release-1"]
    assert state["totals"] == {"completed": 1, "rolled_back": 0, "failed": 0, "reverted": 0}
    assert (state["live"], state["last"]["id"], state["last"]["version"]) == ("blue", "release-1", "1.4.2")


def test_the_list_is_kept_as_json() -> None:
    listed = json.loads((Path(os.environ["LOCAL_CLOUD_STATE"]) / "molecule-reports" / "releases.json").read_text())
    assert [release["id"] for release in listed["releases"]] == ["release-1"]
    assert listed["delivery"]["deployments"] == 1

"""Storage, configurations and the pager's topic are there, encrypted, and open to whom they are for."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

NAME, BUCKET = "molecule-monitoring", "molecule-monitoring-configuration-us-east-1"
efs, s3 = boto3.client("efs"), boto3.client("s3")


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    published = boto3.client("ssm").get_parameter(Name="/molecule/monitoring/outputs/monitoring")["Parameter"]
    return dict(json.loads(published["Value"]))


@pytest.fixture(scope="module")
def key() -> str:
    return str(boto3.client("kms").describe_key(KeyId=f"alias/{NAME}-storage")["KeyMetadata"]["Arn"])


def test_the_file_system_is_encrypted_with_our_key_and_backed_up(result: dict[str, Any], key: str) -> None:
    found = efs.describe_file_systems(FileSystemId=result["file_system_id"])["FileSystems"][0]
    backup = efs.describe_backup_policy(FileSystemId=result["file_system_id"])["BackupPolicy"]

    assert (found["Encrypted"], found["KmsKeyId"], backup["Status"]) == (True, key, "ENABLED")


def test_it_can_be_mounted_in_both_zones(result: dict[str, Any]) -> None:
    targets = efs.describe_mount_targets(FileSystemId=result["file_system_id"])["MountTargets"]

    assert len({target["AvailabilityZoneName"] for target in targets}) == 2
    assert {target["LifeCycleState"] for target in targets} == {"available"}


def test_it_keeps_out_who_comes_unencrypted_or_past_an_access_point(result: dict[str, Any]) -> None:
    document = json.loads(efs.describe_file_system_policy(FileSystemId=result["file_system_id"])["Policy"])
    conditions = [statement["Condition"] for statement in document["Statement"] if statement["Effect"] == "Deny"]

    assert {"Bool": {"aws:SecureTransport": "false"}} in conditions
    assert {"Null": {"elasticfilesystem:AccessPointArn": "true"}} in conditions


def test_every_service_has_a_folder_and_a_user_of_its_own(result: dict[str, Any]) -> None:
    points = efs.describe_access_points(FileSystemId=result["file_system_id"])["AccessPoints"]

    found = {p["AccessPointId"]: (p["RootDirectory"]["Path"], p["PosixUser"]["Uid"]) for p in points}
    wanted = {"prometheus": 65534, "alertmanager": 65534, "grafana": 472}
    assert found == {result["access_points"][name]["id"]: (f"/{name}", uid) for name, uid in wanted.items()}


def test_alarms_of_this_account_and_nobody_else_publish_to_the_topic(result: dict[str, Any]) -> None:
    topic = boto3.client("sns").get_topic_attributes(TopicArn=result["topic_arn"])["Attributes"]
    allowed = [s for s in json.loads(topic["Policy"])["Statement"] if s["Effect"] == "Allow"]

    assert topic["KmsMasterKeyId"] == result["topic_kms_key_arn"]
    assert [statement["Principal"] for statement in allowed] == [{"Service": "cloudwatch.amazonaws.com"}]
    assert allowed[0]["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_the_bucket_is_encrypted_with_our_key_and_closed_to_the_public(key: str) -> None:
    rule = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"][0]
    block = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]

    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key
    assert set(block.values()) == {True}

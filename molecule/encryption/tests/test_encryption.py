"""Every purpose has a key of its own that rotates and that only the account may administer."""

import json

import boto3
import pytest

PURPOSES = ["audit", "cache", "containers", "database", "logs", "notifications", "secrets", "storage"]
OPEN_TO = {
    "audit": {"cloudtrail.amazonaws.com", "config.amazonaws.com"},
    "logs": {"logs.us-east-1.amazonaws.com"},
    "notifications": {"cloudwatch.amazonaws.com"},
}
kms = boto3.client("kms")


def key_of(purpose: str) -> str:
    return f"alias/molecule-encryption-{purpose}"


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_key_is_enabled_and_rotates(purpose: str) -> None:
    key = kms.describe_key(KeyId=key_of(purpose))["KeyMetadata"]

    assert key["KeyState"] == "Enabled"
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_key_is_open_to_the_service_it_is_for_and_to_no_other(purpose: str) -> None:
    key_id = kms.describe_key(KeyId=key_of(purpose))["KeyMetadata"]["KeyId"]
    policy = json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])

    services = {s["Principal"]["Service"] for s in policy["Statement"] if "Service" in s["Principal"]}
    assert services == OPEN_TO.get(purpose, set())


def test_the_result_is_published() -> None:
    published = boto3.client("ssm").get_parameter(Name="/molecule/encryption/outputs/encryption")["Parameter"]

    assert sorted(json.loads(published["Value"])["arns"]) == PURPOSES

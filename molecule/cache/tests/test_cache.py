"""A cache without cluster mode: one primary with a replica, reached over TLS with the token alone."""

import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest
import redis

CA = Path(os.environ["LOCAL_CLOUD_STATE"]) / "ca.pem"
PUBLISHED = boto3.client("ssm").get_parameter(Name="/molecule/cache/outputs/cache")["Parameter"]["Value"]
SESSIONS = json.loads(PUBLISHED)["groups"]["sessions"]
TOKEN = boto3.client("secretsmanager").get_secret_value(SecretId="molecule/cache/token")["SecretString"]
GROUP = boto3.client("elasticache").describe_replication_groups(ReplicationGroupId="molecule-cache-sessions")[
    "ReplicationGroups"
][0]


def client(**arguments: Any) -> redis.Redis:
    tls = {"ssl": True, "ssl_ca_certs": str(CA)}
    return redis.Redis(host=SESSIONS["address"], port=SESSIONS["port"], socket_timeout=5, **{**tls, **arguments})


def test_it_answers_over_tls_with_the_token() -> None:
    assert client(password=TOKEN).ping()


def test_it_refuses_who_has_no_token() -> None:
    with pytest.raises(redis.exceptions.AuthenticationError):
        client().ping()


def test_it_refuses_another_token() -> None:
    with pytest.raises(redis.exceptions.AuthenticationError):
        client(password="not-the-token-of-this-cache").ping()


def test_it_refuses_plain_text() -> None:
    with pytest.raises(redis.exceptions.ConnectionError):
        client(ssl=False, ssl_ca_certs=None, password=TOKEN).ping()


def test_the_parameter_is_in_force() -> None:
    assert client(password=TOKEN).info("memory")["maxmemory_policy"] == "volatile-lru"


def test_data_is_encrypted_and_kept() -> None:
    key = boto3.client("kms").describe_key(KeyId="alias/molecule-cache-cache")["KeyMetadata"]["Arn"]

    assert GROUP["TransitEncryptionEnabled"]
    assert GROUP["AtRestEncryptionEnabled"]
    assert GROUP["KmsKeyId"] == key
    assert GROUP["SnapshotRetentionLimit"] == 3


def test_a_replica_in_another_zone_takes_over() -> None:
    assert len(GROUP["MemberClusters"]) == 2
    assert GROUP["AutomaticFailover"] == "enabled"
    assert GROUP["MultiAZ"] == "enabled"


def test_the_published_result_tells_where_it_is_and_no_secret() -> None:
    assert SESSIONS["arn"] == GROUP["ARN"]
    assert not SESSIONS["cluster_mode"]
    assert TOKEN not in PUBLISHED

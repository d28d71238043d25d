"""The new versions are accepted and in use, those before are refused, and the rotation has left nothing open."""

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
import redis

CA = Path(os.environ["LOCAL_CLOUD_STATE"]) / "ca.pem"
NAME = "molecule-rotation"
SECRETS = ("monitoring/database", "cache/sessions")
manager, ecs = boto3.client("secretsmanager"), boto3.client("ecs")


def published(name: str) -> dict[str, Any]:
    parameter = boto3.client("ssm").get_parameter(Name=f"/molecule/rotation/outputs/{name}")["Parameter"]["Value"]
    return dict(json.loads(parameter))


def secret(name: str, stage: str = "AWSCURRENT") -> str:
    return str(manager.get_secret_value(SecretId=f"molecule/rotation/{name}", VersionStage=stage)["SecretString"])


def account(stage: str = "AWSCURRENT") -> dict[str, str]:
    return dict(json.loads(secret("monitoring/database", stage)))


def connected(login: dict[str, str]) -> tuple[Any, ...] | None:
    database = published("database")
    with psycopg.connect(
        host=database["address"],
        port=database["port"],
        dbname="postgres",
        user=login["username"],
        password=login["password"],
        sslmode="verify-full",
        sslrootcert=str(CA),
    ) as connection:
        return connection.execute("SELECT session_user, pg_has_role(session_user, 'pg_monitor', 'usage')").fetchone()


def cache(token: str) -> redis.Redis:
    group = published("cache")["groups"]["sessions"]
    return redis.Redis(host=group["address"], port=group["port"], password=token, ssl=True, ssl_ca_certs=str(CA))


def told(port: int, path: str) -> list[str]:
    """The lines that an exporter answers."""
    [arn] = ecs.list_tasks(cluster=NAME, serviceName=f"{NAME}-exporters", desiredStatus="RUNNING")["taskArns"]
    [task] = ecs.describe_tasks(cluster=NAME, tasks=[arn])["tasks"]
    details = {row["name"]: row["value"] for row in task["attachments"][0]["details"]}
    with urllib.request.urlopen(f"http://{details['privateIPv4Address']}:{port}/{path}", timeout=15) as answer:
        return list(answer.read().decode().splitlines())


@pytest.mark.parametrize("name", SECRETS)
def test_the_rotation_is_closed_and_says_by_whom(name: str) -> None:
    found = manager.describe_secret(SecretId=f"molecule/rotation/{name}")
    labels = sorted(label for of_version in found["VersionIdsToStages"].values() for label in of_version)
    tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}

    assert labels == ["AWSCURRENT", "AWSPREVIOUS"]
    assert tags["trademaster.platform:rotation"].startswith("finished 20")
    assert tags["trademaster.platform:rotation"].endswith(" by molecule")


def test_the_other_account_has_taken_over_with_the_same_rights() -> None:
    assert (account("AWSPREVIOUS")["username"], account()["username"]) == ("monitoring", "monitoring_clone")
    assert connected(account()) == ("monitoring_clone", True)


def test_the_account_before_cannot_log_in() -> None:
    with pytest.raises(psycopg.OperationalError, match=r"not permitted to log in|authentication failed"):
        connected(account("AWSPREVIOUS"))


def test_the_cache_takes_the_new_token_alone() -> None:
    with cache(secret("cache/sessions")) as client:
        assert client.ping()
    with cache(secret("cache/sessions", "AWSPREVIOUS")) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_who_reads_the_secrets_has_the_new_ones() -> None:
    ports, node = published("exporters")["ports"], published("cache")["groups"]["sessions"]
    assert "pg_up 1" in told(ports["postgres"], "metrics")
    assert "redis_up 1" in told(ports["caches"]["sessions"], f"scrape?target=rediss://{node['address']}:{node['port']}")


def test_no_lock_is_held() -> None:
    assert boto3.client("dynamodb").scan(TableName=published("release")["locks_table"])["Items"] == []

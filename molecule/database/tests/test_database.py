"""The database takes TLS alone; each account owns its database and is kept out of the other; no password shows."""

import json
import os
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest

CA = Path(os.environ["LOCAL_CLOUD_STATE"]) / "ca.pem"
PUBLISHED = boto3.client("ssm").get_parameter(Name="/molecule/database/outputs/database")["Parameter"]["Value"]
DATABASE = json.loads(PUBLISHED)
INSTANCE = boto3.client("rds").describe_db_instances(DBInstanceIdentifier="molecule-database")["DBInstances"][0]
ACCOUNTS = {"orders": "orders", "odd": 'Odd "name"'}
TASK = "molecule-database-database-accounts"


def secret(name: str) -> dict[str, str]:
    text = boto3.client("secretsmanager").get_secret_value(SecretId=f"molecule/database/{name}")["SecretString"]
    return dict(json.loads(text))


def connect(name: str, database: str, **arguments: Any) -> psycopg.Connection[Any]:
    account = {"user": secret(name)["username"], "password": secret(name)["password"]}
    tls = {"sslmode": "verify-full", "sslrootcert": str(CA)}
    address = {"host": DATABASE["address"], "port": DATABASE["port"], "connect_timeout": 5}
    return psycopg.connect(**{"dbname": database, **address, **account, **tls, **arguments})


@pytest.mark.parametrize(("name", "database"), ACCOUNTS.items())
def test_an_account_makes_its_schema_in_its_database(name: str, database: str) -> None:
    with connect(name, database) as connection:
        connection.execute("CREATE TEMPORARY TABLE probe (id int)")
        connection.execute("CREATE EXTENSION IF NOT EXISTS pgcrypto")
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        ).fetchone()

    assert owner == (secret(name)["username"],)


def test_an_account_is_kept_out_of_the_database_of_another() -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect("odd", "orders")


def test_an_account_is_no_administrator() -> None:
    with connect("orders", "orders") as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()

    assert row == (False, False, False)


def test_the_account_of_monitoring_sees_the_statements_of_others_and_no_data() -> None:
    with connect("orders", "orders") as connection:
        connection.execute("SELECT 'a statement of the service'")
    with connect("monitoring", "postgres") as connection:
        [statements] = connection.execute(
            "SELECT count(*) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid"
            " WHERE r.rolname = 'orders' AND s.query <> '<insufficient privilege>'"
        ).fetchone() or [0]

    assert statements > 0
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect("monitoring", "orders")


def test_plain_text_is_refused() -> None:
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        connect("orders", "orders", sslmode="disable")


def test_those_who_connect_know_the_authority_of_the_server() -> None:
    definition = boto3.client("ecs").describe_task_definition(taskDefinition=TASK)["taskDefinition"]
    environment = {pair["name"]: pair["value"] for pair in definition["containerDefinitions"][0]["environment"]}

    assert INSTANCE["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"
    assert DATABASE["authority"].strip() == CA.read_text().strip()
    assert environment["PGSSLMODE"] == "verify-full"
    assert environment["DATABASE_AUTHORITY"].strip() == CA.read_text().strip()


def test_another_password_is_refused() -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect("orders", "orders", password="not-the-password-of-this-account")


def test_no_password_shows_in_task_definition_log_or_result() -> None:
    ecs, logs = boto3.client("ecs"), boto3.client("logs")
    definition = json.dumps(ecs.describe_task_definition(taskDefinition=TASK)["taskDefinition"], default=str)
    events = json.dumps(logs.filter_log_events(logGroupName=f"/ecs/{TASK}")["events"])

    assert "owns database" in events
    for name in (*ACCOUNTS, "monitoring"):
        assert secret(name)["password"] not in definition + events + PUBLISHED


def test_the_task_reads_its_secrets_and_no_more() -> None:
    policy = boto3.client("iam").get_role_policy(RoleName=f"{TASK}-execution", PolicyName="execution")["PolicyDocument"]
    [resources] = [s["Resource"] for s in policy["Statement"] if "secretsmanager:GetSecretValue" in s["Action"]]

    accounts = [account["secret"] for account in DATABASE["accounts"]]
    assert sorted(resources) == sorted([DATABASE["master_secret_arn"], *accounts])


def test_the_instance_is_encrypted_watched_and_kept() -> None:
    key = boto3.client("kms").describe_key(KeyId="alias/molecule-database-database")["KeyMetadata"]["Arn"]

    assert INSTANCE["KmsKeyId"] == INSTANCE["MasterUserSecret"]["KmsKeyId"] == key
    assert INSTANCE["MultiAZ"]
    assert INSTANCE["DeletionProtection"]
    assert INSTANCE["BackupRetentionPeriod"] == 7
    assert INSTANCE["PerformanceInsightsEnabled"]
    assert INSTANCE["MonitoringInterval"] == 60
    assert not INSTANCE["PubliclyAccessible"]
    assert DATABASE["resource_id"] == INSTANCE["DbiResourceId"]

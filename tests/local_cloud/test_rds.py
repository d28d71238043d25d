"""RDS over boto3, with real connections to PostgreSQL."""

from __future__ import annotations

import itertools
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import psycopg
import pytest
from local_cloud_support import DEFAULT_SUBNETS, LocalCloud, eventually, local_cloud_for

from local_cloud.processes import read_records

PASSWORD = "a-password-for-tests"
_numbers = itertools.count(1)


@pytest.fixture
def rds(local_cloud: LocalCloud) -> Any:
    return local_cloud.client("rds")


@pytest.fixture
def create(rds: Any) -> Iterator[Callable[..., dict[str, Any]]]:
    """Creates instances, waits until they are available, and deletes them after the test."""
    names = []

    def make(**options: Any) -> dict[str, Any]:
        name = f"database-{next(_numbers)}"
        created = rds.create_db_instance(**wanted(DBInstanceIdentifier=name, **options))["DBInstance"]
        assert created["DBInstanceStatus"] == "creating"
        assert "Endpoint" not in created
        names.append(name)
        return reach(rds, name)

    yield make
    for name in names:
        rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
        reach(rds, name)
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        rds.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier=name, WaiterConfig={"Delay": 1})


def wanted(**options: Any) -> dict[str, Any]:
    common = {
        "DBInstanceIdentifier": "refused",
        "DBInstanceClass": "db.t4g.micro",
        "Engine": "postgres",
        "EngineVersion": "17.5",
        "AllocatedStorage": 20,
        "MasterUsername": "trademaster",
        "DBName": "app",
    }
    if "ManageMasterUserPassword" not in options:
        common["MasterUserPassword"] = PASSWORD
    return {name: value for name, value in {**common, **options}.items() if value is not None}


def look(rds: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return found


def reach(rds: Any, name: str, status: str = "available") -> dict[str, Any]:
    eventually(lambda: look(rds, name)["DBInstanceStatus"] == status, 60, f"{name} to be {status}")
    return look(rds, name)


def connect(cloud: LocalCloud, instance: dict[str, Any], **options: Any) -> psycopg.Connection:
    parameters = {
        "host": instance["Endpoint"]["Address"],
        "port": instance["Endpoint"]["Port"],
        "user": "trademaster",
        "password": PASSWORD,
        "dbname": "app",
        "sslmode": "verify-full",
        "sslrootcert": str(cloud.settings.state / "ca.pem"),
        **options,
    }
    return psycopg.connect(**parameters, autocommit=True)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call()
    return str(error.value.response["Error"]["Code"])


def test_master_user_works_over_tls_and_is_no_superuser(
    local_cloud: LocalCloud, create: Callable[..., dict[str, Any]]
) -> None:
    instance = create(Port=5433)
    with connect(local_cloud, instance) as connection:
        for extension in ("uuid-ossp", "pgcrypto", "pg_stat_statements"):
            connection.execute(f'CREATE EXTENSION IF NOT EXISTS "{extension}"')
        connection.execute("CREATE ROLE service LOGIN")
        connection.execute("CREATE TABLE rows (id int)")
        row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        assert row == (False,)
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        connect(local_cloud, instance, sslmode="disable")
    assert instance["Endpoint"]["Port"] == 5433
    assert (instance["EngineVersion"], instance["CACertificateIdentifier"]) == ("17.5", "rds-ca-rsa2048-g1")
    assert instance["CertificateDetails"]["CAIdentifier"] == "rds-ca-rsa2048-g1"


def test_managed_password_rotates(local_cloud: LocalCloud, create: Callable[..., dict[str, Any]], rds: Any) -> None:
    secrets = local_cloud.client("secretsmanager")
    instance = create(ManageMasterUserPassword=True)
    arn = instance["MasterUserSecret"]["SecretArn"]
    assert instance["MasterUserSecret"]["KmsKeyId"].startswith("arn:aws:kms:")

    def credentials() -> dict[str, str]:
        found = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
        return {"user": found["username"], "password": found["password"]}

    before = credentials()
    connect(local_cloud, instance, **before).close()
    rds.modify_db_instance(
        DBInstanceIdentifier=instance["DBInstanceIdentifier"], RotateMasterUserPassword=True, ApplyImmediately=True
    )
    reach(rds, instance["DBInstanceIdentifier"])
    assert credentials() != before
    connect(local_cloud, instance, **credentials()).close()
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        connect(local_cloud, instance, **before)


def test_parameters_follow_their_group(
    local_cloud: LocalCloud, create: Callable[..., dict[str, Any]], rds: Any
) -> None:
    rds.create_db_parameter_group(DBParameterGroupName="tuned", DBParameterGroupFamily="postgres17", Description="test")

    def set_parameter(name: str, value: str, method: str = "immediate") -> None:
        row = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}
        rds.modify_db_parameter_group(DBParameterGroupName="tuned", Parameters=[row])

    set_parameter("rds.force_ssl", "0")
    instance = create(DBParameterGroupName="tuned")
    name = instance["DBInstanceIdentifier"]
    connect(local_cloud, instance, sslmode="disable").close()
    set_parameter("rds.force_ssl", "1")
    set_parameter("log_min_duration_statement", "250")
    assert look(rds, name)["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"
    set_parameter("max_connections", "55", "pending-reboot")
    assert look(rds, name)["DBParameterGroups"][0]["ParameterApplyStatus"] == "pending-reboot"

    def duration() -> bool:
        with connect(local_cloud, instance) as connection:
            return connection.execute("SHOW log_min_duration_statement").fetchone() == ("250ms",)

    eventually(duration, what="the parameter to be applied")
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        connect(local_cloud, instance, sslmode="disable")
    rds.reboot_db_instance(DBInstanceIdentifier=name)
    assert reach(rds, name)["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"
    with connect(local_cloud, instance) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("55",)
    assert refused(lambda: rds.delete_db_parameter_group(DBParameterGroupName="tuned")) == (
        "InvalidDBParameterGroupState"
    )
    assert refused(lambda: set_parameter("max_connections", "60")) == "InvalidParameterCombination"
    assert refused(lambda: set_parameter("no_such", "1")) == "InvalidParameterValue"


def test_parameter_lists_hold_every_parameter(rds: Any) -> None:
    pages = rds.get_paginator("describe_engine_default_parameters").paginate(DBParameterGroupFamily="postgres16")
    defaults = pages.build_full_result()["EngineDefaults"]["Parameters"]
    assert len(defaults) > 200
    by_name = {row["ParameterName"]: row for row in defaults}
    assert by_name["max_connections"]["ApplyType"] == "static"
    assert by_name["rds.force_ssl"]["ParameterValue"] == "1"
    assert not by_name["port"]["IsModifiable"]


def test_changes_wait_unless_applied_immediately(create: Callable[..., dict[str, Any]], rds: Any) -> None:
    name = create()["DBInstanceIdentifier"]

    def change(*, now: bool, **options: Any) -> dict[str, Any]:
        answer = rds.modify_db_instance(DBInstanceIdentifier=name, ApplyImmediately=now, **options)
        found: dict[str, Any] = answer["DBInstance"]
        return found

    waiting = change(now=False, DBInstanceClass="db.t4g.small")
    assert waiting["DBInstanceClass"] == "db.t4g.micro"
    assert waiting["PendingModifiedValues"] == {"DBInstanceClass": "db.t4g.small"}
    assert change(now=True, AllocatedStorage=30)["DBInstanceStatus"] == "modifying"
    after = reach(rds, name)
    assert (after["DBInstanceClass"], after["AllocatedStorage"]) == ("db.t4g.small", 30)
    assert after["PendingModifiedValues"] == {}
    assert refused(lambda: change(now=True, AllocatedStorage=20)) == "InvalidParameterCombination"
    rds.reboot_db_instance(DBInstanceIdentifier=name)
    assert refused(lambda: change(now=True, AllocatedStorage=40)) == "InvalidDBInstanceState"
    reach(rds, name)
    insights = change(now=True, EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=31)
    assert insights["PerformanceInsightsRetentionPeriod"] == 31


def test_data_survives_stop_and_start(local_cloud: LocalCloud, create: Callable[..., dict[str, Any]], rds: Any) -> None:
    instance = create()
    name = instance["DBInstanceIdentifier"]
    with connect(local_cloud, instance) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS id")
    rds.stop_db_instance(DBInstanceIdentifier=name)
    reach(rds, name, "stopped")
    with pytest.raises(psycopg.OperationalError):
        connect(local_cloud, instance)
    restorable = reach(rds, name, "stopped")["LatestRestorableTime"]
    assert reach(rds, name, "stopped")["LatestRestorableTime"] == restorable
    rds.start_db_instance(DBInstanceIdentifier=name)
    assert reach(rds, name)["LatestRestorableTime"] > restorable
    with connect(local_cloud, instance) as connection:
        assert connection.execute("SELECT id FROM kept").fetchone() == (1,)


def test_without_backups_there_is_no_time_to_restore_to(create: Callable[..., dict[str, Any]]) -> None:
    assert "LatestRestorableTime" not in create(BackupRetentionPeriod=0)


def test_deletion_is_guarded(create: Callable[..., dict[str, Any]], rds: Any) -> None:
    name = create(DeletionProtection=True)["DBInstanceIdentifier"]

    def delete(**options: Any) -> None:
        rds.delete_db_instance(DBInstanceIdentifier=name, **options)

    assert refused(lambda: delete(SkipFinalSnapshot=True)) == "InvalidParameterCombination"
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
    assert refused(delete) == "InvalidParameterCombination"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"EngineVersion": "99.1"}, "InvalidParameterCombination"),
        ({"DBInstanceClass": "db.huge"}, "InvalidParameterValue"),
        ({"MasterUsername": "rdsadmin"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "short"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "with/a-slash"}, "InvalidParameterValue"),
        ({"MasterUserPassword": None}, "InvalidParameterValue"),
        ({"AllocatedStorage": 5}, "InvalidParameterValue"),
        ({"MaxAllocatedStorage": 10}, "InvalidParameterCombination"),
        ({"DBParameterGroupName": "default.postgres15"}, "InvalidParameterCombination"),
        ({"DBParameterGroupName": "absent"}, "DBParameterGroupNotFound"),
        ({"DatabaseInsightsMode": "advanced"}, "InvalidParameterCombination"),
        ({"VpcSecurityGroupIds": ["sg-absent"]}, "InvalidParameterValue"),
        ({"CACertificateIdentifier": "rds-ca-2019"}, "CertificateNotFound"),
        ({"StorageEncrypted": True, "KmsKeyId": "absent"}, "KMSKeyNotAccessibleFault"),
    ],
)
def test_bad_creations_are_refused_and_leave_nothing(rds: Any, options: dict[str, Any], code: str) -> None:
    assert refused(lambda: rds.create_db_instance(**wanted(**options))) == code
    assert refused(lambda: look(rds, "refused")) == "DBInstanceNotFound"


def test_subnet_group_needs_two_zones(local_cloud: LocalCloud, rds: Any) -> None:
    subnets = local_cloud.client("ec2").describe_subnets(Filters=DEFAULT_SUBNETS)["Subnets"]
    one = [subnets[0]["SubnetId"]]
    assert (
        refused(
            lambda: rds.create_db_subnet_group(
                DBSubnetGroupName="one-zone", DBSubnetGroupDescription="test", SubnetIds=one
            )
        )
        == "DBSubnetGroupDoesNotCoverEnoughAZs"
    )


def test_versions_name_their_upgrades(rds: Any) -> None:
    [version] = rds.describe_db_engine_versions(Engine="postgres", EngineVersion="16.8")["DBEngineVersions"]
    assert version["DBParameterGroupFamily"] == "postgres16"
    targets = {row["EngineVersion"]: row["IsMajorVersionUpgrade"] for row in version["ValidUpgradeTarget"]}
    assert targets["17.5"] is True
    assert targets["16.9"] is False


def test_dead_server_is_started_again(local_cloud: LocalCloud, create: Callable[..., dict[str, Any]]) -> None:
    instance = create()
    record = local_cloud.process(f"rds-{instance['DBInstanceIdentifier']}")
    os.kill(record.pid, signal.SIGKILL)

    def answers() -> bool:
        try:
            connect(local_cloud, instance).close()
        except psycopg.OperationalError:
            return False
        return not record.alive()

    eventually(answers, 30, "the server to answer again")


def test_killed_local_cloud_leaves_no_shared_memory(own_cloud: LocalCloud) -> None:
    own_cloud.command("up")
    rds = own_cloud.client("rds")
    rds.create_db_instance(**wanted(DBInstanceIdentifier="killed"))
    reach(rds, "killed")
    own = segments_of(own_cloud.settings.state)
    assert own <= segments()
    for record in read_records(own_cloud.settings.records):
        os.kill(record.pid, signal.SIGKILL)
    own_cloud.command("down")
    assert not own & segments()


def segments_of(state: Path) -> set[str]:
    """Ids of the shared memory segments of the servers of one local cloud; others come and go meanwhile."""
    [file] = state.glob("rds/*/data/postmaster.pid")
    _key, identity = file.read_text().splitlines()[6].split()
    return {identity}


def segments() -> set[str]:
    """Ids of the System V shared memory segments of the machine."""
    rows = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return {row.split()[1] for row in rows}


def test_creation_takes_its_scaled_time(tmp_path: Path) -> None:
    """12 minutes on AWS, 1.4 seconds at 1:500."""
    cloud = local_cloud_for(tmp_path / ".local", LOCAL_CLOUD_LATENCY="0.002")
    cloud.command("up")
    try:
        rds = cloud.client("rds")
        began = time.monotonic()
        rds.create_db_instance(**wanted(DBInstanceIdentifier="slow"))
        reach(rds, "slow")
        assert time.monotonic() - began >= 720 * 0.002
    finally:
        cloud.command("down")

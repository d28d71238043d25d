"""Planning of DB instances, their groups, and the judging of their waits."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws import store_groups
from ansible_collections.trademaster.platform.plugins.module_utils._aws.rds import groups, model, teardown, validation
from ansible_collections.trademaster.platform.plugins.module_utils._core.changes import Change
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

KNOWN = [
    {"ParameterName": "rds.force_ssl", "ApplyType": "dynamic", "AllowedValues": "0,1"},
    {"ParameterName": "max_connections", "ApplyType": "static", "AllowedValues": "6-8388607"},
    {"ParameterName": "server_version", "ApplyType": "static", "IsModifiable": False},
    {"ParameterName": "shared_preload_libraries", "ApplyType": "static", "AllowedValues": "auto_explain,pgaudit"},
]


def instance(**fields: Any) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": "auth",
        "DBInstanceStatus": "available",
        "Engine": "postgres",
        "EngineVersion": "17.4",
        "DBInstanceClass": "db.t4g.small",
        "AllocatedStorage": 50,
        "StorageEncrypted": True,
        "MultiAZ": False,
        "Endpoint": {"Address": "auth.example.com", "Port": 5432},
        "DBParameterGroups": [{"DBParameterGroupName": "auth-postgres17", "ParameterApplyStatus": "in-sync"}],
        "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-2"}, {"VpcSecurityGroupId": "sg-1"}],
        "TagList": [{"Key": "Project", "Value": "trademaster"}, {"Key": "Other", "Value": "theirs"}],
        **fields,
    }


def options(**given: Any) -> dict[str, Any]:
    return {"db_instance_identifier": "auth", "engine": "postgres", **given}


def fields_to_change(given: dict[str, Any], seen: dict[str, Any], *, hurry: bool = False) -> tuple[str, ...]:
    current = model.current_state(seen, given.get("tags"), with_pending=not hurry)
    desired = model.reconciled(model.desired_state(given, None, None), current)
    changes = model.plan("auth", current, desired, password=None, level=1)
    return changes[0].fields if changes else ()


@pytest.mark.parametrize(
    ("given", "seen", "expected"),
    [
        ({}, {}, ()),
        ({"db_instance_class": "db.t4g.small"}, {}, ()),
        ({"db_instance_class": "db.t4g.large"}, {}, ("db_instance_class",)),
        ({"engine_version": "17"}, {}, ()),
        ({"engine_version": "17.2"}, {}, ()),
        ({"engine_version": "17.6"}, {}, ("engine_version",)),
        ({"allocated_storage": 40}, {"MaxAllocatedStorage": 200}, ()),
        ({"allocated_storage": 60}, {"MaxAllocatedStorage": 200}, ("allocated_storage",)),
        ({"max_allocated_storage": 0}, {}, ()),
        ({"max_allocated_storage": 0}, {"MaxAllocatedStorage": 200}, ("max_allocated_storage",)),
        ({"vpc_security_group_ids": ["sg-1", "sg-2"]}, {}, ()),
        ({"vpc_security_group_ids": ["sg-1"]}, {}, ("vpc_security_group_ids",)),
        (
            {"preferred_maintenance_window": "Sun:01:00-Sun:02:00"},
            {"PreferredMaintenanceWindow": "sun:01:00-sun:02:00"},
            (),
        ),
        (
            {"enable_cloudwatch_logs_exports": []},
            {"EnabledCloudwatchLogsExports": ["upgrade"]},
            ("enable_cloudwatch_logs_exports",),
        ),
        ({"manage_master_user_password": True}, {"MasterUserSecret": {"SecretArn": "arn:…"}}, ()),
        ({"manage_master_user_password": True}, {}, ("manage_master_user_password",)),
        ({"tags": {"Project": "trademaster"}}, {}, ()),
        ({"tags": {"Project": "other"}}, {}, ("tags",)),
        ({"port": 5433}, {}, ("port",)),
        ({"monitoring_interval": 0}, {}, ()),
    ],
)
def test_what_differs(given: dict[str, Any], seen: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert fields_to_change(options(**given), instance(**seen)) == expected


@pytest.mark.parametrize(("hurry", "expected"), [(False, ()), (True, ("db_instance_class",))])
def test_what_is_pending_counts_unless_it_shall_be_applied_at_once(hurry: bool, expected: tuple[str, ...]) -> None:
    seen = instance(PendingModifiedValues={"DBInstanceClass": "db.t4g.large"})
    assert fields_to_change(options(db_instance_class="db.t4g.large"), seen, hurry=hurry) == expected


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        ({"storage_encrypted": False}, "storage_encrypted"),
        ({"db_name": "other"}, "db_name"),
        ({"allocated_storage": 20}, "allocated_storage"),
        ({"engine_version": "16"}, "engine_version"),
        ({"engine_version": "18"}, "engine_version"),
        ({"enable_performance_insights": False}, "enable_performance_insights"),
    ],
)
def test_impossible_updates_are_refused(given: dict[str, Any], variable: str) -> None:
    seen = instance(PerformanceInsightsEnabled=True, DatabaseInsightsMode="advanced")
    current = model.current_state(seen, None)
    desired = model.reconciled(model.desired_state(options(**given), None, None), current)
    with pytest.raises(InvalidInput) as error:
        model.check_update(current, desired, allow_major_version_upgrade=False, apply_immediately=True)
    assert error.value.variable == variable


@pytest.mark.parametrize(
    ("allowed", "immediately", "remedy"),
    [(False, True, "allow_major_version_upgrade: true"), (True, False, "apply_immediately: true")],
)
def test_a_major_upgrade_wants_to_be_asked_for(allowed: bool, immediately: bool, remedy: str) -> None:
    current = model.current_state(instance(), None)
    with pytest.raises(InvalidInput, match=remedy):
        model.check_update(
            current, {"engine_version": "18"}, allow_major_version_upgrade=allowed, apply_immediately=immediately
        )


def test_subnets_that_are_not_known_yet_are_accepted() -> None:
    unknown = {"subnet_ids": ["(known after apply)", "(known after apply)"]}
    assert groups.desired_subnet_group(unknown, None) == {"subnet_ids": ["(known after apply)"]}


def test_a_key_that_is_not_known_yet_is_not_compared() -> None:
    current = model.current_state(instance(KmsKeyId="arn:aws:kms:us-east-1:1:key/a"), None)
    desired = model.desired_state(options(kms_key_id="(known after apply)"), None, None)
    assert "kms_key_id" not in model.reconciled(desired, current)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            {"max_allocated_storage": 200, "allocated_storage": 50},
            {"max_allocated_storage": 0},
            {"MaxAllocatedStorage": 50},
        ),
        ({"port": 5432}, {"port": 5433}, {"DBPortNumber": 5433}),
        (
            {"enable_cloudwatch_logs_exports": ["upgrade"]},
            {"enable_cloudwatch_logs_exports": ["postgresql"]},
            {"CloudwatchLogsExportConfiguration": {"EnableLogTypes": ["postgresql"], "DisableLogTypes": ["upgrade"]}},
        ),
        ({"iops": 3000}, {"iops": 4000, "allocated_storage": 400}, {"Iops": 4000, "AllocatedStorage": 400}),
        ({"tags": {}}, {"tags": {"a": "b"}}, {}),
    ],
)
def test_modify_arguments(before: dict[str, Any], after: dict[str, Any], expected: dict[str, Any]) -> None:
    assert model.modify_arguments(Change("update", "db_instance", "auth", before, after)) == expected


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        (None, "pending"),
        (instance(DBInstanceStatus="creating"), "pending"),
        (instance(DBInstanceStatus="incompatible-network"), "failed"),
        (instance(Endpoint=None), "pending"),
        (instance(DBParameterGroups=[{"ParameterApplyStatus": "applying"}]), "pending"),
        (instance(), "done"),
    ],
)
def test_ready(seen: dict[str, Any] | None, status: str) -> None:
    assert model.ready(seen).status == status


@pytest.mark.parametrize(
    ("seen", "immediately", "status"),
    [
        ({}, False, "pending"),
        ({"PendingModifiedValues": {"MultiAZ": True}}, False, "done"),
        ({"PendingModifiedValues": {"MultiAZ": True}}, True, "pending"),
        ({"MultiAZ": True}, True, "done"),
        ({"MultiAZ": True, "DBInstanceStatus": "modifying"}, True, "pending"),
    ],
)
def test_took_effect(seen: dict[str, Any], immediately: bool, status: str) -> None:
    assert model.took_effect(instance(**seen), {"multi_az": True}, immediately=immediately).status == status


def test_rebooted_waits_for_the_parameters() -> None:
    waiting = instance(DBParameterGroups=[{"ParameterApplyStatus": "pending-reboot"}])
    assert model.rebooted(waiting).status == "pending"
    assert model.rebooted(instance()).status == "done"


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        ({"db_instance_identifier": "Auth"}, "db_instance_identifier"),
        ({"db_instance_identifier": "auth--db"}, "db_instance_identifier"),
        ({"db_subnet_group": {}}, "db_subnet_group"),
        ({"vpc_security_group_ids": []}, "vpc_security_group_ids"),
        ({"allocated_storage": 10}, "allocated_storage"),
        ({"allocated_storage": 50, "max_allocated_storage": 50}, "max_allocated_storage"),
        ({"storage_type": "gp2", "storage_throughput": 200}, "storage_throughput"),
        ({"storage_type": "io2"}, "iops"),
        ({"storage_type": "gp3", "allocated_storage": 100, "iops": 12000}, "iops"),
        ({"storage_encrypted": False, "kms_key_id": "alias/x"}, "kms_key_id"),
        ({"backup_retention_period": 36}, "backup_retention_period"),
        ({"preferred_backup_window": "2-3"}, "preferred_backup_window"),
        ({"preferred_maintenance_window": "01:00-02:00"}, "preferred_maintenance_window"),
        ({"master_user_password": "short"}, "master_user_password"),
        ({"master_user_password": "with/a/slash"}, "master_user_password"),
        ({"master_user_password": "long-enough", "manage_master_user_password": True}, "manage_master_user_password"),
        ({"update_master_user_password": True}, "update_master_user_password"),
        ({"master_user_secret_kms_key_id": "alias/x"}, "master_user_secret_kms_key_id"),
        ({"monitoring_interval": 60}, "monitoring_interval"),
        ({"performance_insights_retention_period": 30}, "performance_insights_retention_period"),
        ({"database_insights_mode": "advanced"}, "database_insights_mode"),
    ],
)
def test_bad_options_are_refused(given: dict[str, Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as error:
        validation.check_options(options(**given))
    assert error.value.variable == variable
    assert "with/a/slash" not in str(error.value)


def offered(*versions: str, **targets: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "EngineVersion": version,
            "ValidUpgradeTarget": [{"EngineVersion": target} for target in targets.get("to", [])],
        }
        for version in versions
    ]


def test_an_unknown_version_is_refused_with_the_known_ones() -> None:
    validation.check_version("17", offered("16.8", "17.4"))
    with pytest.raises(InvalidInput, match=r"17\.9.*offers 17\.4"):
        validation.check_version("17.9", offered("16.8", "17.4"))
    with pytest.raises(InvalidInput, match="major versions 16, 17"):
        validation.check_version("12", offered("16.8", "17.4"))


def test_an_upgrade_goes_to_the_newest_that_can_be_reached() -> None:
    versions = offered("16.8", "17.2", "17.4", "17.10", to=["17.2", "17.4"])
    assert validation.upgrade_target("16.8", "17", versions) == "17.4"
    with pytest.raises(InvalidInput, match=r"leads to 17\.2, 17\.4"):
        validation.upgrade_target("16.8", "17.10", versions)


def subnet(identifier: str, zone: str, vpc: str = "vpc-1") -> dict[str, str]:
    return {"SubnetId": identifier, "AvailabilityZone": zone, "VpcId": vpc}


@pytest.mark.parametrize(
    ("found", "reason", "text"),
    [
        ([subnet("a", "zone-1"), subnet("b", "zone-2")], "RDS", ""),
        ([subnet("a", "zone-1"), subnet("b", "zone-1")], "", ""),
        ([subnet("a", "zone-1"), subnet("b", "zone-1")], "RDS", "are all in zone-1"),
        ([subnet("a", "zone-1")], "RDS", "are no subnets"),
        ([subnet("a", "zone-1"), subnet("b", "zone-2", "vpc-2")], "RDS", "in several VPCs"),
    ],
)
def test_subnets(found: list[dict[str, str]], reason: str, text: str) -> None:
    if not text:
        store_groups.check_subnets("subnet_ids", ["a", "b"], found, reason)
        return
    with pytest.raises(InvalidInput, match=text):
        store_groups.check_subnets("subnet_ids", ["a", "b"], found, reason)


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"rds.force_ssl": "1", "shared_preload_libraries": "pgaudit,auto_explain"}, ""),
        ({"rds.force_ssl": "2"}, "is not allowed: give one of 0,1"),
        ({"max_connections": "5"}, "is not allowed"),
        ({"max_connections": "{DBInstanceClassMemory/12582880}"}, ""),
        ({"server_version": "1"}, "is fixed"),
        ({"force_ssl": "1"}, "is no parameter of family postgres17"),
    ],
)
def test_parameters(parameters: dict[str, str], text: str) -> None:
    if not text:
        store_groups.check_parameters("db_parameter_group", parameters, KNOWN, "postgres17")
        return
    with pytest.raises(InvalidInput, match=text):
        store_groups.check_parameters("db_parameter_group", parameters, KNOWN, "postgres17")


def test_static_parameters_wait_for_a_reboot() -> None:
    before, after = {"rds.force_ssl": "1", "server_version": "1"}, {"rds.force_ssl": "0", "max_connections": "200"}
    assert groups.parameter_writes(before, after, KNOWN) == (
        [
            {"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"},
            {"ParameterName": "max_connections", "ParameterValue": "200", "ApplyMethod": "pending-reboot"},
        ],
        [{"ParameterName": "server_version", "ApplyMethod": "pending-reboot"}],
    )
    assert groups.needs_reboot({"parameters": before}, {"parameters": after}, KNOWN)
    assert not groups.needs_reboot({"parameters": before}, {"parameters": {**before, "rds.force_ssl": "0"}}, KNOWN)


@pytest.mark.parametrize(("value", "expected"), [(True, "1"), (False, "0"), (500, "500"), ("on", "on")])
def test_parameter_value(value: Any, expected: str) -> None:
    assert groups.parameter_value(value) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [(None, ["auth-postgres16", "auth-postgres17"]), ("auth-postgres17-copy", ["auth-postgres17-copy"])],
)
def test_removal_takes_only_groups_of_our_making(name: str | None, expected: list[str]) -> None:
    found = ["auth-postgres16", "auth-postgres17", "auth-postgres17-copy", "my-auth-postgres17", "default.postgres17"]
    given = options(db_parameter_group={"name": name})
    assert teardown.own_parameter_groups(found, "auth", given) == expected


def test_a_protected_instance_is_only_removed_when_told_so() -> None:
    seen = instance(DeletionProtection=True)
    validation.check_removal({"deletion_protection": False}, seen)
    with pytest.raises(InvalidInput, match="deletion_protection: false"):
        validation.check_removal({"deletion_protection": None}, seen)

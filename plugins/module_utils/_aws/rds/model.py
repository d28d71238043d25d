# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DB instance as a comparable state, what may be changed on it, and when it is ready. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

from ..._core.changes import Change, State, desired_fields, differing, plan_one
from ..._core.errors import InvalidInput
from ..._core.placeholders import KNOWN_AFTER_APPLY, is_placeholder
from ..._core.redact import Secret
from ..._core.versions import is_older, satisfies
from ..._core.wait import DONE, Verdict, failed, pending
from ..store_groups import tag_dict
from ..tagging import of_interest

KIND = "db_instance"
KEY_FIELDS = ("kms_key_id", "performance_insights_kms_key_id", "master_user_secret_kms_key_id")


@dataclass(frozen=True)
class Field:
    """Names of an option in CreateDBInstance, in what DescribeDBInstances shows, and in ModifyDBInstance.

    An empty `modify` marks what an instance keeps for life.
    """

    create: str
    shown: str
    modify: str = ""


def _same(name: str) -> Field:
    return Field(name, name, name)


FIELDS = {
    "engine": Field("Engine", "Engine"),
    "engine_version": _same("EngineVersion"),
    "db_instance_class": _same("DBInstanceClass"),
    "allocated_storage": _same("AllocatedStorage"),
    "max_allocated_storage": _same("MaxAllocatedStorage"),
    "storage_type": _same("StorageType"),
    "iops": _same("Iops"),
    "storage_throughput": _same("StorageThroughput"),
    "multi_az": _same("MultiAZ"),
    "storage_encrypted": Field("StorageEncrypted", "StorageEncrypted"),
    "kms_key_id": Field("KmsKeyId", "KmsKeyId"),
    "master_username": Field("MasterUsername", "MasterUsername"),
    "manage_master_user_password": Field("ManageMasterUserPassword", "", "ManageMasterUserPassword"),
    "master_user_secret_kms_key_id": Field("MasterUserSecretKmsKeyId", "", "MasterUserSecretKmsKeyId"),
    "db_name": Field("DBName", "DBName"),
    "port": Field("Port", "", "DBPortNumber"),
    "db_subnet_group_name": Field("DBSubnetGroupName", ""),
    "db_parameter_group_name": Field("DBParameterGroupName", "", "DBParameterGroupName"),
    "vpc_security_group_ids": Field("VpcSecurityGroupIds", "", "VpcSecurityGroupIds"),
    "backup_retention_period": _same("BackupRetentionPeriod"),
    "preferred_backup_window": _same("PreferredBackupWindow"),
    "preferred_maintenance_window": _same("PreferredMaintenanceWindow"),
    "copy_tags_to_snapshot": _same("CopyTagsToSnapshot"),
    "deletion_protection": _same("DeletionProtection"),
    "enable_performance_insights": Field(
        "EnablePerformanceInsights", "PerformanceInsightsEnabled", "EnablePerformanceInsights"
    ),
    "performance_insights_kms_key_id": _same("PerformanceInsightsKMSKeyId"),
    "performance_insights_retention_period": _same("PerformanceInsightsRetentionPeriod"),
    "database_insights_mode": _same("DatabaseInsightsMode"),
    "monitoring_interval": _same("MonitoringInterval"),
    "monitoring_role_arn": _same("MonitoringRoleArn"),
    "enable_cloudwatch_logs_exports": Field("EnableCloudwatchLogsExports", "", ""),
    "auto_minor_version_upgrade": _same("AutoMinorVersionUpgrade"),
    "enable_iam_database_authentication": Field(
        "EnableIAMDatabaseAuthentication", "IAMDatabaseAuthenticationEnabled", "EnableIAMDatabaseAuthentication"
    ),
    "ca_certificate_identifier": _same("CACertificateIdentifier"),
    "publicly_accessible": _same("PubliclyAccessible"),
}
FOR_LIFE = (
    "engine",
    "storage_encrypted",
    "kms_key_id",
    "master_username",
    "db_name",
    "db_subnet_group_name",
)

# Statuses in which nothing but a person can help.
BROKEN = (
    "failed",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
    "incompatible-create",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "restore-error",
    "stopped",
    "storage-full",
)


def desired_state(options: Mapping[str, Any], subnet_group: str | None, parameter_group: str | None) -> dict[str, Any]:
    """Desired state of the instance, spelled as RDS answers it; options left out are not part of it."""
    fields: dict[str, Any] = {name: options.get(name) for name in FIELDS}
    fields |= {"db_subnet_group_name": subnet_group, "db_parameter_group_name": parameter_group}
    for name in ("preferred_backup_window", "preferred_maintenance_window"):
        fields[name] = fields[name].lower() if fields[name] else None
    for name in ("vpc_security_group_ids", "enable_cloudwatch_logs_exports"):
        fields[name] = sorted(set(fields[name])) if fields[name] is not None else None
    return desired_fields({**fields, "tags": options.get("tags")})


def current_state(
    instance: Mapping[str, Any], tags: Mapping[str, str] | None, *, with_pending: bool = True
) -> dict[str, Any]:
    """State of an instance from DescribeDBInstances; `with_pending`, as it will be after its pending changes."""
    waiting = instance.get("PendingModifiedValues", {}) if with_pending else {}
    shown = {**instance, **waiting}
    secret = instance.get("MasterUserSecret") or {}
    port = shown.get("Port") or (instance.get("Endpoint") or {}).get("Port") or instance.get("DbInstancePort")
    groups = instance.get("VpcSecurityGroups", [])
    state = {name: shown.get(field.shown) for name, field in FIELDS.items() if field.shown}
    return state | {
        "max_allocated_storage": instance.get("MaxAllocatedStorage", 0),
        "monitoring_interval": instance.get("MonitoringInterval", 0),
        "manage_master_user_password": bool(secret),
        "master_user_secret_kms_key_id": secret.get("KmsKeyId"),
        "port": port,
        "db_subnet_group_name": (instance.get("DBSubnetGroup") or {}).get("DBSubnetGroupName"),
        "db_parameter_group_name": _parameter_group(instance).get("DBParameterGroupName"),
        "vpc_security_group_ids": sorted(group["VpcSecurityGroupId"] for group in groups),
        "enable_cloudwatch_logs_exports": _log_exports(instance, waiting),
        "tags": of_interest(tag_dict(instance.get("TagList", [])), tags),
    }


def _parameter_group(instance: Mapping[str, Any]) -> Mapping[str, Any]:
    groups = instance.get("DBParameterGroups") or [{}]
    return dict(groups[0])


def _log_exports(instance: Mapping[str, Any], waiting: Mapping[str, Any]) -> list[str]:
    changes = waiting.get("PendingCloudwatchLogsExports") or {}
    exports = set(instance.get("EnabledCloudwatchLogsExports") or [])
    exports |= set(changes.get("LogTypesToEnable") or [])
    return sorted(exports - set(changes.get("LogTypesToDisable") or []))


def reconciled(desired: State, current: State) -> dict[str, Any]:
    """`desired` with what the service decides by itself taken over: minor upgrades and storage that has grown."""
    state = dict(desired)
    if "engine_version" in desired and satisfies(current["engine_version"], desired["engine_version"]):
        state["engine_version"] = current["engine_version"]
    grown = (current["allocated_storage"] or 0) > desired.get("allocated_storage", 0)
    if "allocated_storage" in desired and grown and current["max_allocated_storage"]:
        state["allocated_storage"] = current["allocated_storage"]
    # A key that does not exist yet cannot be compared with one that is in use.
    return {name: value for name, value in state.items() if name not in FOR_LIFE or not is_placeholder(value)}


def check_update(current: State, desired: State, *, allow_major_version_upgrade: bool, apply_immediately: bool) -> None:
    """Refuse changes that RDS cannot make on an existing instance."""
    for name in differing(current, desired):
        value, now = desired[name], current.get(name)
        if name in FOR_LIFE:
            remedy = f"cannot be changed, the instance has {now!r}: restore a snapshot under another identifier"
            raise InvalidInput(name, value, remedy)
        if name == "allocated_storage" and now and value < now:
            raise InvalidInput(name, value, f"cannot shrink storage, the instance has {now} GiB: give {now} or more")
        if name == "engine_version" and now:
            _check_upgrade(str(now), str(value), allow_major_version_upgrade, apply_immediately)
    mode = desired.get("database_insights_mode", current["database_insights_mode"])
    if desired.get("enable_performance_insights") is False and mode == "advanced":
        remedy = "does not go with the advanced mode of Database Insights: set database_insights_mode: standard"
        raise InvalidInput("enable_performance_insights", False, remedy)


def _check_upgrade(current: str, wanted: str, allow_major: bool, immediately: bool) -> None:
    if is_older(wanted, current):
        raise InvalidInput("engine_version", wanted, f"is older than {current}, which runs: RDS cannot go back")
    if is_older(current, wanted) and not allow_major:
        remedy = f"is a major upgrade from {current}: set allow_major_version_upgrade: true"
        raise InvalidInput("engine_version", wanted, remedy)
    if is_older(current, wanted) and not immediately:
        # Until it is done the instance could not use the parameter group of the new family.
        remedy = f"is a major upgrade from {current}, which cannot wait: set apply_immediately: true"
        raise InvalidInput("engine_version", wanted, remedy)


def plan(
    identifier: str, current: State | None, desired: State | None, *, password: str | None, level: int
) -> list[Change]:
    """Changes to the instance; `password` is a master password to set."""
    if desired is not None and password is not None:
        # Passwords cannot be read back, so one that shall be set always differs.
        desired = {**desired, "master_user_password": Secret(password)}
    return plan_one(KIND, identifier, current, desired, level=level)


def create_arguments(state: State) -> dict[str, Any]:
    """Arguments of CreateDBInstance for a desired state."""
    arguments = {field.create: state[name] for name, field in FIELDS.items() if name in state}
    if arguments.get("MaxAllocatedStorage") == 0:
        del arguments["MaxAllocatedStorage"]
    if "master_user_password" in state:
        arguments["MasterUserPassword"] = state["master_user_password"].reveal()
    return arguments


def modify_arguments(change: Change) -> dict[str, Any]:
    """Arguments of ModifyDBInstance for an update; empty if only tags differ."""
    wanted = change.desired
    named = {FIELDS[name].modify: wanted[name] for name in change.fields if name in FIELDS and FIELDS[name].modify}
    if named.get("MaxAllocatedStorage") == 0:
        # Equal sizes are how storage autoscaling is turned off.
        named["MaxAllocatedStorage"] = wanted.get("allocated_storage") or change.current["allocated_storage"]
    if {"Iops", "StorageThroughput"} & set(named) and "allocated_storage" in wanted:
        named["AllocatedStorage"] = wanted["allocated_storage"]
    if "enable_cloudwatch_logs_exports" in change.fields:
        named["CloudwatchLogsExportConfiguration"] = _log_changes(change)
    if "PerformanceInsightsRetentionPeriod" in named or "PerformanceInsightsKMSKeyId" in named:
        named["EnablePerformanceInsights"] = wanted.get("enable_performance_insights", True)
    if "DatabaseInsightsMode" in named and "performance_insights_retention_period" in wanted:
        named["PerformanceInsightsRetentionPeriod"] = wanted["performance_insights_retention_period"]
        named["EnablePerformanceInsights"] = wanted.get("enable_performance_insights", True)
    if "master_user_password" in change.fields:
        named["MasterUserPassword"] = wanted["master_user_password"].reveal()
    return named


def _log_changes(change: Change) -> dict[str, list[str]]:
    before = set(change.current["enable_cloudwatch_logs_exports"])
    after = set(change.desired["enable_cloudwatch_logs_exports"])
    return {"EnableLogTypes": sorted(after - before), "DisableLogTypes": sorted(before - after)}


def pending_reboot(instance: Mapping[str, Any]) -> bool:
    """Whether static parameters of the instance's group wait for a reboot."""
    return _parameter_group(instance).get("ParameterApplyStatus") == "pending-reboot"


def ready(instance: Mapping[str, Any] | None) -> Verdict:
    """Available, with its parameters applied or waiting for a reboot, and reachable under an endpoint."""
    if instance is None:
        return pending("not visible yet")
    status = instance["DBInstanceStatus"]
    if status in BROKEN:
        return failed(status)
    if status != "available":
        return pending(status)
    if _parameter_group(instance).get("ParameterApplyStatus") == "applying":
        return pending("applying parameters")
    if not (instance.get("Endpoint") or {}).get("Address"):
        return pending("no endpoint yet")
    return DONE


def took_effect(instance: Mapping[str, Any] | None, desired: State, *, immediately: bool) -> Verdict:
    """Ready, and what was asked for shows: as done when it was to be applied immediately, else at least as pending."""
    verdict = ready(instance)
    if instance is None or verdict.status != "done":
        return verdict
    comparable = {name: value for name, value in desired.items() if name != "master_user_password"}
    state = current_state(instance, desired.get("tags"), with_pending=not immediately)
    behind = differing(state, reconciled(comparable, state))
    return pending(f"still to come: {', '.join(behind)}") if behind else DONE


def rebooted(instance: Mapping[str, Any] | None) -> Verdict:
    """Ready again with nothing left that needs a reboot."""
    verdict = ready(instance)
    if instance is not None and verdict.status == "done" and pending_reboot(instance):
        return pending("parameters pending reboot")
    return verdict


def gone(instance: Mapping[str, Any] | None) -> Verdict:
    """No longer listed."""
    return DONE if instance is None else pending(str(instance["DBInstanceStatus"]))


def described(
    instance: Mapping[str, Any] | None, desired: State, identifier: str, *, reboot_ahead: bool
) -> dict[str, Any]:
    """What a task answers about the instance; what does not exist yet is known after apply."""
    shown = instance or {}
    endpoint = shown.get("Endpoint") or {}
    secret = shown.get("MasterUserSecret") or {}
    managed = bool(desired.get("manage_master_user_password", secret))
    waiting = dict(shown.get("PendingModifiedValues", {}))
    waiting.pop("MasterUserPassword", None)
    return {
        "db_instance_identifier": identifier,
        "db_instance_arn": shown.get("DBInstanceArn", KNOWN_AFTER_APPLY),
        "dbi_resource_id": shown.get("DbiResourceId", KNOWN_AFTER_APPLY),
        "status": shown.get("DBInstanceStatus", KNOWN_AFTER_APPLY),
        "endpoint": {
            "address": endpoint.get("Address", KNOWN_AFTER_APPLY),
            "port": endpoint.get("Port", desired.get("port", 5432)),
        },
        "engine_version": shown.get("EngineVersion", desired.get("engine_version")),
        "db_name": shown.get("DBName", desired.get("db_name")),
        "master_username": shown.get("MasterUsername", desired.get("master_username")),
        "master_user_secret_arn": secret.get("SecretArn", KNOWN_AFTER_APPLY) if managed else None,
        "multi_az": shown.get("MultiAZ", desired.get("multi_az")),
        "db_subnet_group_name": desired.get("db_subnet_group_name"),
        "db_parameter_group_name": desired.get("db_parameter_group_name"),
        "pending_reboot": pending_reboot(shown) or reboot_ahead,
        "pending_modified_values": camel_dict_to_snake_dict(waiting),
    }

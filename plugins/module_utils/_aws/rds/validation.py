# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What RDS would refuse, refused before the first write. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from ..._core.versions import is_older, matches, parts

NEEDED_TO_CREATE = ("engine_version", "db_instance_class", "allocated_storage", "master_username")
DAYS = "mon|tue|wed|thu|fri|sat|sun"
TIME = r"([01]\d|2[0-3]):[0-5]\d"
MIN_PASSWORD, MAX_PASSWORD = 8, 128
OWN_SPEED_FROM = 400  # GiB of gp3 storage from which its speed can be chosen
ADVANCED_RETENTION = 465  # days of Performance Insights that the advanced mode of Database Insights wants


def check_options(options: Mapping[str, Any]) -> None:
    """Check every option by itself and against the others."""
    _check_identifier(options["db_instance_identifier"])
    _check_groups(options)
    _check_storage(options)
    _check_times(options)
    _check_password(options)
    _check_insights(options)


def _check_identifier(identifier: str) -> None:
    if not re.fullmatch(r"(?=.{1,63}$)[a-z](-?[a-z0-9]+)*", identifier):
        remedy = "is no identifier: up to 63 lower-case letters, digits and single hyphens, a letter first"
        raise InvalidInput("db_instance_identifier", identifier, remedy)


def _check_groups(options: Mapping[str, Any]) -> None:
    for name, content in (("db_subnet_group", "subnet_ids"), ("db_parameter_group", "parameters")):
        group = options.get(name)
        if group is not None and group.get("name") is None and group.get(content) is None:
            raise InvalidInput(name, group, f"says nothing: give {content}, or the name of an existing group")
    groups = options.get("vpc_security_group_ids")
    if groups is not None and not groups:
        raise InvalidInput("vpc_security_group_ids", groups, "is empty: RDS wants at least one security group")


def _check_storage(options: Mapping[str, Any]) -> None:
    size, limit = options.get("allocated_storage"), options.get("max_allocated_storage")
    if size is not None and not 20 <= size <= 65536:
        raise InvalidInput("allocated_storage", size, "is out of range: give 20 to 65536 GiB")
    if size is not None and limit and limit <= size:
        raise InvalidInput("max_allocated_storage", limit, f"is not above allocated_storage ({size}): raise it, or 0")
    kind = options.get("storage_type")
    for name in ("iops", "storage_throughput"):
        if kind == "gp3" and size is not None and size < OWN_SPEED_FROM and options.get(name) is not None:
            remedy = f"wants allocated_storage of {OWN_SPEED_FROM} GiB or more with gp3: leave it out"
            raise InvalidInput(name, options[name], remedy)
    if options.get("storage_throughput") is not None and kind not in (None, "gp3"):
        raise InvalidInput("storage_throughput", options["storage_throughput"], f"does not go with {kind}: use gp3")
    if kind in ("io1", "io2") and options.get("iops") is None:
        raise InvalidInput("iops", None, f"is missing: storage type {kind} wants it")
    key = options.get("kms_key_id")
    if key and options.get("storage_encrypted") is False:
        raise InvalidInput("kms_key_id", key, "does not go with storage_encrypted: false: leave one of them out")


def _check_times(options: Mapping[str, Any]) -> None:
    retention = options.get("backup_retention_period")
    if retention is not None and not 0 <= retention <= 35:
        raise InvalidInput("backup_retention_period", retention, "is out of range: give 0 to 35 days")
    shapes = {
        "preferred_backup_window": (rf"{TIME}-{TIME}", "hh:mm-hh:mm"),
        "preferred_maintenance_window": (rf"({DAYS}):{TIME}-({DAYS}):{TIME}", "ddd:hh:mm-ddd:hh:mm"),
    }
    for name, (shape, example) in shapes.items():
        window = options.get(name)
        if window is not None and not re.fullmatch(shape, window.lower()):
            raise InvalidInput(name, window, f"is no window: write it as {example}, in UTC")


def _check_password(options: Mapping[str, Any]) -> None:
    password, managed = options.get("master_user_password"), options.get("manage_master_user_password")
    if password is None:
        if options.get("update_master_user_password"):
            raise InvalidInput("update_master_user_password", True, "has no master_user_password to set: give it")
        if options.get("master_user_secret_kms_key_id") and not managed:
            remedy = "encrypts a managed secret: set manage_master_user_password: true"
            raise InvalidInput("master_user_secret_kms_key_id", options["master_user_secret_kms_key_id"], remedy)
        return
    if managed:
        remedy = "does not go with a master_user_password: leave one of them out"
        raise InvalidInput("manage_master_user_password", True, remedy)
    if is_placeholder(password):
        return
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD or re.search(r'[/"@ ]|[^\x20-\x7e]', password):
        remedy = f'cannot be used: {MIN_PASSWORD} to {MAX_PASSWORD} printable ASCII characters without / " @ or blank'
        raise InvalidInput("master_user_password", "********", remedy)


def _check_insights(options: Mapping[str, Any]) -> None:
    interval, role = options.get("monitoring_interval"), options.get("monitoring_role_arn")
    if interval and not role:
        raise InvalidInput("monitoring_interval", interval, "wants a role: give monitoring_role_arn")
    retention = options.get("performance_insights_retention_period")
    if retention is not None and retention not in (7, 731) and (retention % 31 or not 31 <= retention <= 713):
        remedy = "is no period: give 7, 731 or a multiple of 31 up to 713 days"
        raise InvalidInput("performance_insights_retention_period", retention, remedy)
    if options.get("database_insights_mode") != "advanced":
        return
    if options.get("enable_performance_insights") is False or (retention or 0) < ADVANCED_RETENTION:
        remedy = (
            "wants enable_performance_insights: true and a performance_insights_retention_period of "
            f"{ADVANCED_RETENTION} days or more"
        )
        raise InvalidInput("database_insights_mode", "advanced", remedy)


def check_creation(options: Mapping[str, Any]) -> None:
    """Check that all that a new instance needs is there."""
    for name in NEEDED_TO_CREATE:
        if options.get(name) is None:
            raise InvalidInput(name, None, "is missing: a new instance wants it")
    if not options.get("manage_master_user_password") and options.get("master_user_password") is None:
        remedy = "is not set: a new instance wants it, or a master_user_password"
        raise InvalidInput("manage_master_user_password", options.get("manage_master_user_password"), remedy)


def check_zones(subnet_group: Mapping[str, Any], option: str) -> None:
    """Check that an existing subnet group spans the zones that Multi-AZ wants."""
    zones = {subnet["SubnetAvailabilityZone"]["Name"] for subnet in subnet_group.get("Subnets", [])}
    if len(zones) < 2:
        remedy = f"spans {len(zones)} availability zone: Multi-AZ wants two"
        raise InvalidInput(option, subnet_group["DBSubnetGroupName"], remedy)


def check_version(wanted: str, offered: Iterable[Mapping[str, Any]]) -> None:
    """Check that the engine has a version that `wanted` stands for."""
    versions = [item["EngineVersion"] for item in offered]
    if not any(matches(version, wanted) for version in versions):
        majors = sorted({parts(version)[0] for version in versions if parts(version)})
        shown = ", ".join(version for version in versions if matches(version, wanted.split(".", maxsplit=1)[0]))
        known = shown or "major versions " + ", ".join(str(major) for major in majors)
        raise InvalidInput("engine_version", wanted, f"is unknown to RDS in this region: it offers {known}")


def upgrade_target(current: str, wanted: str, offered: Iterable[Mapping[str, Any]]) -> str:
    """The newest version that `wanted` stands for and that an instance of version `current` can be upgraded to."""
    items = list(offered)
    targets: list[str] = [
        target["EngineVersion"]
        for item in items
        if item["EngineVersion"] == current
        for target in item.get("ValidUpgradeTarget", [])
    ] or [item["EngineVersion"] for item in items]
    fitting = sorted((version for version in targets if matches(version, wanted)), key=parts)
    if not fitting or is_older(fitting[-1], current):
        reachable = ", ".join(sorted(targets, key=parts))
        raise InvalidInput("engine_version", wanted, f"cannot be reached from {current}: it leads to {reachable}")
    return fitting[-1]


def check_removal(options: Mapping[str, Any], instance: Mapping[str, Any]) -> None:
    """Check that a protected instance is not removed unasked."""
    if instance.get("DeletionProtection") and options.get("deletion_protection") is not False:
        remedy = "is set on the instance: give deletion_protection: false together with state: absent to remove it"
        raise InvalidInput("deletion_protection", True, remedy)

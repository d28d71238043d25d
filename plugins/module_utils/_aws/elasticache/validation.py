# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ElastiCache would refuse, refused before the first write. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.errors import InvalidInput
from ..._core.versions import matches
from . import access

NEEDED_TO_CREATE = ("engine_version", "cache_node_type")
DAYS = "mon|tue|wed|thu|fri|sat|sun"
TIME = r"([01]\d|2[0-3]):[0-5]\d"
MAX_REPLICAS = 5


def check_options(options: Mapping[str, Any]) -> None:
    """Check every option by itself and against the others."""
    _check_identifier(options["replication_group_id"])
    _check_shape(options)
    _check_availability(options)
    _check_times(options)
    _check_groups(options)
    encrypted = options["transit_encryption_enabled"]
    if options.get("kms_key_id") and not options["at_rest_encryption_enabled"]:
        remedy = "does not go with at_rest_encryption_enabled: false: leave one of them out"
        raise InvalidInput("kms_key_id", options["kms_key_id"], remedy)
    token = options.get("auth_token")
    access.check_token(token, encrypted=encrypted)
    access.check_user_group(options.get("user_group"), options["engine"], encrypted=encrypted, token=token)


def _check_identifier(identifier: str) -> None:
    if not re.fullmatch(r"(?=.{1,40}$)[a-z](-?[a-z0-9]+)*", identifier):
        remedy = "is no id: up to 40 lower-case letters, digits and single hyphens, a letter first"
        raise InvalidInput("replication_group_id", identifier, remedy)


def _check_shape(options: Mapping[str, Any]) -> None:
    clustered = options["cluster_mode"] == "enabled"
    for name in ("num_cache_clusters",) if clustered else ("num_node_groups", "replicas_per_node_group"):
        if options.get(name) is not None:
            remedy = f"does not go with cluster_mode: {options['cluster_mode']}: leave it out"
            raise InvalidInput(name, options[name], remedy)
    limits = {
        "num_cache_clusters": (1, MAX_REPLICAS + 1),
        "num_node_groups": (1, 500),
        "replicas_per_node_group": (0, MAX_REPLICAS),
    }
    for name, (low, high) in limits.items():
        value = options.get(name)
        if value is not None and not low <= value <= high:
            raise InvalidInput(name, value, f"is out of range: give {low} to {high}")


def _check_availability(options: Mapping[str, Any]) -> None:
    clustered, failover = options["cluster_mode"] == "enabled", options.get("automatic_failover_enabled")
    if clustered and failover is False:
        raise InvalidInput("automatic_failover_enabled", False, "does not go with cluster mode: leave it out")
    nodes = options.get("num_cache_clusters")
    if failover and not clustered and nodes is not None and nodes < 2:
        raise InvalidInput("num_cache_clusters", nodes, "is too few for automatic failover: give 2 or more")
    if not options.get("multi_az_enabled"):
        return
    if not clustered and not failover:
        remedy = "wants automatic failover: set automatic_failover_enabled: true"
        raise InvalidInput("multi_az_enabled", True, remedy)
    if clustered and options.get("replicas_per_node_group") == 0:
        remedy = "leaves no replica for a second availability zone: give 1 or more, or multi_az_enabled: false"
        raise InvalidInput("replicas_per_node_group", 0, remedy)


def _check_times(options: Mapping[str, Any]) -> None:
    retention = options.get("snapshot_retention_limit")
    if retention is not None and not 0 <= retention <= 35:
        raise InvalidInput("snapshot_retention_limit", retention, "is out of range: give 0 to 35 days")
    shapes = {
        "snapshot_window": (rf"{TIME}-{TIME}", "hh:mm-hh:mm"),
        "preferred_maintenance_window": (rf"({DAYS}):{TIME}-({DAYS}):{TIME}", "ddd:hh:mm-ddd:hh:mm"),
    }
    for name, (shape, example) in shapes.items():
        window = options.get(name)
        if window is not None and not re.fullmatch(shape, window.lower()):
            raise InvalidInput(name, window, f"is no window: write it as {example}, in UTC")


def _check_groups(options: Mapping[str, Any]) -> None:
    for name, content in (("cache_subnet_group", "subnet_ids"), ("cache_parameter_group", "parameters")):
        group = options.get(name)
        if group is not None and group.get("name") is None and group.get(content) is None:
            raise InvalidInput(name, group, f"says nothing: give {content}, or the name of an existing group")
    groups = options.get("security_group_ids")
    if groups is not None and not groups:
        raise InvalidInput("security_group_ids", groups, "is empty: ElastiCache wants at least one security group")
    kinds = [item["log_type"] for item in options.get("log_delivery_configurations") or []]
    twice = sorted({kind for kind in kinds if kinds.count(kind) > 1})
    if twice:
        raise InvalidInput("log_delivery_configurations[].log_type", twice[0], "is given twice: keep one of them")


def check_creation(options: Mapping[str, Any]) -> None:
    """Check that all that a new group needs is there."""
    sizes = ("num_node_groups", "replicas_per_node_group")
    needed = sizes if options["cluster_mode"] == "enabled" else ("num_cache_clusters",)
    for name in (*NEEDED_TO_CREATE, *needed):
        if options.get(name) is None:
            raise InvalidInput(name, None, "is missing: a new replication group wants it")


def check_version(engine: str, wanted: str, offered: Iterable[Mapping[str, Any]]) -> None:
    """Check that the engine has a version that `wanted` stands for."""
    versions = [item["EngineVersion"] for item in offered]
    if not any(matches(version, wanted) or matches(wanted, version) for version in versions):
        known = ", ".join(versions)
        raise InvalidInput("engine_version", wanted, f"is unknown to ElastiCache for {engine}: it offers {known}")

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subnet group and parameter group of a replication group as comparable states. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.changes import desired_fields
from ..._core.errors import InvalidInput
from ..._core.versions import parts
from ..store_groups import tag_dict
from ..tagging import of_interest

CLUSTER_SWITCH = "cluster-enabled"


def family(engine: str, version: str) -> str:
    """The parameter group family of an engine version: redis5.0, redis6.x, redis7, valkey8."""
    if not parts(version):
        raise InvalidInput("engine_version", version, "is no version: write it as in 7.1")
    name = f"{engine}{parts(version)[0]}"
    return {"redis4": "redis4.0", "redis5": "redis5.0", "redis6": "redis6.x"}.get(name, name)


def default_parameter_group(engine: str, version: str, *, cluster: bool) -> str:
    """The group that AWS keeps for a family, made for cluster mode or not."""
    return f"default.{family(engine, version)}{'.cluster.on' if cluster else ''}"


def desired_subnet_group(group: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, Any]:
    """Desired state of a subnet group that lists subnets."""
    if not group["subnet_ids"]:
        raise InvalidInput("cache_subnet_group.subnet_ids", [], "is empty: give at least one subnet")
    subnets = sorted(set(group["subnet_ids"]))
    return desired_fields({"description": group.get("description"), "subnet_ids": subnets, "tags": tags})


def current_subnet_group(
    group: Mapping[str, Any], tags: Iterable[Mapping[str, str]], wanted: Mapping[str, str] | None
) -> dict[str, Any]:
    """State of a subnet group as DescribeCacheSubnetGroups shows it."""
    return {
        "description": group.get("CacheSubnetGroupDescription", ""),
        "subnet_ids": sorted(subnet["SubnetIdentifier"] for subnet in group.get("Subnets", [])),
        "tags": of_interest(tag_dict(tags), wanted),
    }


def desired_parameter_group(
    group: Mapping[str, Any], family_name: str, tags: Mapping[str, str] | None, *, cluster: bool
) -> dict[str, Any]:
    """Desired state of a parameter group that lists parameters, including the switch of cluster mode."""
    parameters = {name: parameter_value(value) for name, value in group["parameters"].items()}
    switch = "yes" if cluster else "no"
    if parameters.get(CLUSTER_SWITCH, switch) != switch:
        remedy = f"contradicts cluster_mode: leave it out, it is set to {switch}"
        raise InvalidInput(f"cache_parameter_group.parameters.{CLUSTER_SWITCH}", parameters[CLUSTER_SWITCH], remedy)
    parameters.pop(CLUSTER_SWITCH, None)
    if cluster:
        parameters[CLUSTER_SWITCH] = switch
    state = {"family": family_name, "description": group.get("description"), "parameters": parameters, "tags": tags}
    return desired_fields(state)


def parameter_value(value: Any) -> str:
    """A parameter's value as text; ElastiCache writes truth as yes and no."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def current_parameter_group(
    group: Mapping[str, Any],
    parameters: Iterable[Mapping[str, Any]],
    tags: Iterable[Mapping[str, str]],
    wanted: Mapping[str, str] | None,
) -> dict[str, Any]:
    """State of a parameter group; `parameters` are those that a user has set."""
    values = {item["ParameterName"]: item["ParameterValue"] for item in parameters if "ParameterValue" in item}
    return {
        "family": group["CacheParameterGroupFamily"],
        "description": group.get("Description", ""),
        "parameters": values,
        "tags": of_interest(tag_dict(tags), wanted),
    }

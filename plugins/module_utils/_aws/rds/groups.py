# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two groups an instance hangs on, subnets and parameters, as comparable states. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.changes import State, desired_fields
from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from ..store_groups import changed_parameters, tag_dict, touched_parameters
from ..tagging import of_interest


def desired_subnet_group(group: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, Any]:
    """Desired state of a subnet group that lists subnets."""
    subnets = group["subnet_ids"]
    if len(set(subnets)) < 2 and not is_placeholder(subnets):
        raise InvalidInput(
            "db_subnet_group.subnet_ids", subnets, "is too few: RDS wants subnets in two availability zones"
        )
    state = {"description": group.get("description"), "subnet_ids": sorted(set(subnets)), "tags": tags}
    return desired_fields(state)


def current_subnet_group(
    group: Mapping[str, Any], tags: Iterable[Mapping[str, str]], wanted: Mapping[str, str] | None
) -> dict[str, Any]:
    """State of a subnet group as DescribeDBSubnetGroups shows it."""
    return {
        "description": group.get("DBSubnetGroupDescription", ""),
        "subnet_ids": sorted(subnet["SubnetIdentifier"] for subnet in group.get("Subnets", [])),
        "tags": of_interest(tag_dict(tags), wanted),
    }


def desired_parameter_group(group: Mapping[str, Any], family: str, tags: Mapping[str, str] | None) -> dict[str, Any]:
    """Desired state of a parameter group that lists parameters, their values written as RDS does."""
    parameters = {name: parameter_value(value) for name, value in group["parameters"].items()}
    state = {"family": family, "description": group.get("description"), "parameters": parameters, "tags": tags}
    return desired_fields(state)


def parameter_value(value: Any) -> str:
    """A parameter's value as text; RDS writes truth as 1 and 0."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def current_parameter_group(
    group: Mapping[str, Any],
    parameters: Iterable[Mapping[str, Any]],
    tags: Iterable[Mapping[str, str]],
    wanted: Mapping[str, str] | None,
) -> dict[str, Any]:
    """State of a parameter group; `parameters` are those that a user has set."""
    values = {item["ParameterName"]: item["ParameterValue"] for item in parameters if "ParameterValue" in item}
    return {
        "family": group["DBParameterGroupFamily"],
        "description": group.get("Description", ""),
        "parameters": values,
        "tags": of_interest(tag_dict(tags), wanted),
    }


def parameter_writes(
    current: Mapping[str, str], desired: Mapping[str, str], known: Iterable[Mapping[str, Any]]
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Parameters to set and to reset, with the apply method each one needs."""
    static = static_parameters(known)
    sets, resets = changed_parameters(current, desired)

    def method(name: str) -> str:
        return "pending-reboot" if name in static else "immediate"

    return (
        [{"ParameterName": name, "ParameterValue": value, "ApplyMethod": method(name)} for name, value in sets.items()],
        [{"ParameterName": name, "ApplyMethod": method(name)} for name in resets],
    )


def static_parameters(known: Iterable[Mapping[str, Any]]) -> set[str]:
    """Names of the parameters that only a reboot applies."""
    return {item["ParameterName"] for item in known if item.get("ApplyType") == "static"}


def needs_reboot(current: State, desired: State, known: Iterable[Mapping[str, Any]]) -> bool:
    """Whether going from `current` to `desired` touches a static parameter."""
    return bool(touched_parameters(current, desired) & static_parameters(known))

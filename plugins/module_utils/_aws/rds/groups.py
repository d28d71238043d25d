# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two groups an instance hangs on, subnets and parameters, as comparable states. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._core.changes import State, desired_fields
from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from ..tagging import of_interest

WRITES_AT_ONCE = 20  # parameters in one ModifyDBParameterGroup


def tag_dict(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags by key."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def desired_subnet_group(group: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, Any]:
    """Desired state of a subnet group that lists subnets."""
    subnets = group["subnet_ids"]
    if len(set(subnets)) < 2:
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


def check_subnets(wanted: Sequence[str], found: Iterable[Mapping[str, Any]]) -> None:
    """Refuse subnets that do not exist, are in several VPCs or in a single zone."""
    subnets = {subnet["SubnetId"]: subnet for subnet in found}
    missing = sorted(set(wanted) - set(subnets))
    option = "db_subnet_group.subnet_ids"
    if missing:
        raise InvalidInput(option, missing, "are no subnets of this region: correct the ids")
    if len({subnet["VpcId"] for subnet in subnets.values()}) > 1:
        raise InvalidInput(option, list(wanted), "are in several VPCs: name subnets of one")
    zones = sorted({subnet["AvailabilityZone"] for subnet in subnets.values()})
    if len(zones) < 2:
        remedy = f"are all in {', '.join(zones)}: RDS wants two availability zones, for Multi-AZ and without"
        raise InvalidInput(option, list(wanted), remedy)


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


def check_parameter_group(name: str, current: State | None, desired: State) -> None:
    """Refuse what would need another group: family and description of a parameter group are for life."""
    for field in ("family", "description") if current else ():
        if field in desired and current and current[field] != desired[field]:
            remedy = (
                f"cannot be changed, group {name} has {current[field]!r}: give db_parameter_group.name another name"
            )
            raise InvalidInput(f"db_parameter_group.{field}", desired[field], remedy)


def check_parameters(parameters: Mapping[str, str], known: Iterable[Mapping[str, Any]], family: str) -> None:
    """Refuse parameters that the family does not have or does not let be changed, and values it does not allow."""
    described = {item["ParameterName"]: item for item in known}
    for name, value in parameters.items():
        option = f"db_parameter_group.parameters.{name}"
        if name not in described:
            raise InvalidInput(option, value, f"is no parameter of family {family}: correct the name")
        if not described[name].get("IsModifiable", True):
            raise InvalidInput(option, value, f"is fixed in family {family}: leave it out")
        allowed = described[name].get("AllowedValues", "")
        if not is_placeholder(value) and not is_allowed(value, allowed):
            raise InvalidInput(option, value, f"is not allowed: give one of {allowed}")


def is_allowed(value: str, allowed: str) -> bool:
    """Whether `value` is within `allowed` (`0,1` or `10-3600`); lists, patterns and expressions are left to RDS."""
    interval = re.fullmatch(r"(-?\d+)-(\d+)", allowed)
    if interval and re.fullmatch(r"-?\d+", value):
        return int(interval[1]) <= int(value) <= int(interval[2])
    if allowed and re.fullmatch(r"[\w.-]+(,[\w.-]+)*", allowed) and not interval:
        # A parameter may hold several of the values, separated by commas.
        return set(value.split(",")) <= set(allowed.split(","))
    return True


def parameter_writes(
    current: Mapping[str, str], desired: Mapping[str, str], known: Iterable[Mapping[str, Any]]
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Parameters to set and to reset, with the apply method each one needs."""
    static = static_parameters(known)

    def method(name: str) -> str:
        return "pending-reboot" if name in static else "immediate"

    changed = {name: value for name, value in desired.items() if current.get(name) != value}
    sets = [
        {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method(name)} for name, value in changed.items()
    ]
    resets = [{"ParameterName": name, "ApplyMethod": method(name)} for name in current if name not in desired]
    return sets, resets


def static_parameters(known: Iterable[Mapping[str, Any]]) -> set[str]:
    """Names of the parameters that only a reboot applies."""
    return {item["ParameterName"] for item in known if item.get("ApplyType") == "static"}


def needs_reboot(current: State, desired: State, known: Iterable[Mapping[str, Any]]) -> bool:
    """Whether going from `current` to `desired` touches a static parameter."""
    before, after = current.get("parameters", {}), desired.get("parameters", {})
    touched = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    return bool(touched & static_parameters(known))

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parameter groups and subnet groups of RDS and ElastiCache have in common. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from .._core.changes import State
from .._core.errors import InvalidInput
from .._core.placeholders import is_placeholder

WRITES_AT_ONCE = 20  # parameters that one call may set or reset
Item = TypeVar("Item")


def tag_dict(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags by key."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def chunks(items: Sequence[Item]) -> Iterator[list[Item]]:
    """`items` in portions that fit in one call."""
    for start in range(0, len(items), WRITES_AT_ONCE):
        yield list(items[start : start + WRITES_AT_ONCE])


def check_subnets(option: str, wanted: Sequence[str], found: Iterable[Mapping[str, Any]], reason: str = "") -> None:
    """Refuse subnets that do not exist or are in several VPCs; and, with a `reason`, those in a single zone."""
    subnets = {subnet["SubnetId"]: subnet for subnet in found}
    missing = sorted(set(wanted) - set(subnets))
    if missing:
        raise InvalidInput(option, missing, "are no subnets of this region: correct the ids")
    if len({subnet["VpcId"] for subnet in subnets.values()}) > 1:
        raise InvalidInput(option, list(wanted), "are in several VPCs: name subnets of one")
    zones = sorted({subnet["AvailabilityZone"] for subnet in subnets.values()})
    if reason and len(zones) < 2:
        raise InvalidInput(
            option, list(wanted), f"are all in {', '.join(zones)}: {reason} wants two availability zones"
        )


def check_group_kept(option: str, name: str, current: State | None, desired: State) -> None:
    """Refuse what would need another parameter group: its family and description are for life."""
    for field in ("family", "description") if current else ():
        if field in desired and current and current[field] != desired[field]:
            remedy = f"cannot be changed, group {name} has {current[field]!r}: give {option}.name another name"
            raise InvalidInput(f"{option}.{field}", desired[field], remedy)


def check_parameters(
    option: str, parameters: Mapping[str, str], known: Iterable[Mapping[str, Any]], family: str
) -> None:
    """Refuse parameters that the family does not have or does not let be changed, and values it does not allow."""
    described = {item["ParameterName"]: item for item in known}
    for name, value in parameters.items():
        path = f"{option}.parameters.{name}"
        if name not in described:
            raise InvalidInput(path, value, f"is no parameter of family {family}: correct the name")
        if not described[name].get("IsModifiable", True):
            raise InvalidInput(path, value, f"is fixed in family {family}: leave it out")
        allowed = described[name].get("AllowedValues", "")
        if not is_placeholder(value) and not is_allowed(value, allowed):
            raise InvalidInput(path, value, f"is not allowed: give one of {allowed}")


def is_allowed(value: str, allowed: str) -> bool:
    """Whether `value` is within `allowed` (`0,1` or `10-3600`); patterns and expressions are left to the service."""
    interval = re.fullmatch(r"(-?\d+)-(\d+)", allowed)
    if interval and re.fullmatch(r"-?\d+", value):
        return int(interval[1]) <= int(value) <= int(interval[2])
    if re.fullmatch(r"[\w.-]+(,[\w.-]+)+", allowed):
        # A parameter may hold several of the values, separated by commas.
        return set(value.split(",")) <= set(allowed.split(","))
    return True


def changed_parameters(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Parameters to set, and names of those to reset, to get from one mapping to the other."""
    sets = {name: value for name, value in after.items() if before.get(name) != value}
    return sets, [name for name in before if name not in after]


def touched_parameters(before: State, after: State) -> set[str]:
    """Names of the parameters that differ between two states of a parameter group."""
    sets, resets = changed_parameters(before.get("parameters", {}), after.get("parameters", {}))
    return {*sets, *resets}

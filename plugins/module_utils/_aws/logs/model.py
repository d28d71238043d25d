# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch log groups as comparable states. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import takewhile
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_set
from ..._core.errors import InvalidInput
from ..._core.wait import DONE, Verdict, pending
from ..tagging import of_interest, owns, within_reach

NAME = re.compile(r"[\w.\-/#]{1,512}", re.ASCII)
FOR_EVER = 0
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
DEFAULT_CLASS = "STANDARD"


def desired_states(groups: Iterable[Mapping[str, Any]], tags: Mapping[str, str] | None) -> dict[str, dict[str, Any]]:
    """Desired states by name. Raises InvalidInput for what CloudWatch Logs would refuse."""
    states: dict[str, dict[str, Any]] = {}
    for index, group in enumerate(groups):
        name, option = group["name"], f"log_groups[{index}]"
        if not NAME.fullmatch(name):
            remedy = "is no name of a log group: 1 to 512 letters, digits and . - _ / #"
            raise InvalidInput(f"{option}.name", name, remedy)
        if name in states:
            raise InvalidInput(f"{option}.name", name, "is given twice: keep one of them")
        _validate_retention(f"{option}.retention_in_days", group.get("retention_in_days"))
        fields = ("retention_in_days", "kms_key_id", "log_group_class")
        states[name] = desired_fields({**{field: group.get(field) for field in fields}, "tags": tags})
    return states


def _validate_retention(option: str, days: int | None) -> None:
    if days is None or days == FOR_EVER or days in RETENTION_DAYS:
        return
    nearest = min(RETENTION_DAYS, key=lambda allowed: (abs(allowed - days), allowed))
    listed = ", ".join(str(allowed) for allowed in RETENTION_DAYS)
    raise InvalidInput(option, days, f"is no retention that AWS offers: take {nearest}, or another of {listed}, or 0")


def validate_scope(prefix: str | None, tags: Mapping[str, str] | None, *, purge: bool) -> None:
    """Raise InvalidInput where purging would not know what is ours."""
    if purge and not tags:
        raise InvalidInput("tags", tags, "is empty: purge removes by tag, so say which tags are ours")
    if purge and not prefix:
        raise InvalidInput(
            "prefix", prefix, "is empty: say what the names of all groups that purge may remove begin with"
        )


def listing_prefix(names: Iterable[str], prefix: str | None, *, purge: bool) -> str:
    """What all names that matter begin with, so that one list call finds them."""
    ordered = sorted([*names, *([prefix or ""] if purge else [])])
    ends = zip(ordered[0], ordered[-1], strict=False) if ordered else ()
    return "".join(one for one, _other in takewhile(lambda pair: pair[0] == pair[1], ends))


def in_scope(
    listed: Iterable[Mapping[str, Any]], names: Collection[str], prefix: str | None, *, purge: bool
) -> list[Mapping[str, Any]]:
    """The listed groups that are named, or that purge may look at."""
    return [
        item
        for item in listed
        if item["logGroupName"] in names or (purge and item["logGroupName"].startswith(prefix or ""))
    ]


def arn_of(item: Mapping[str, Any]) -> str:
    """The ARN of a listed group as policies and tags want it, without the `:*` that stands for its streams."""
    return str(item.get("logGroupArn") or item["arn"]).removesuffix(":*")


def current_states(
    listed: Iterable[Mapping[str, Any]], tags_of: Mapping[str, Mapping[str, str]], tags: Mapping[str, str] | None
) -> dict[str, dict[str, Any]]:
    """Current states by name; `tags_of` holds the tags by name."""
    return {
        item["logGroupName"]: {
            "arn": arn_of(item),
            "retention_in_days": item.get("retentionInDays", FOR_EVER),
            "kms_key_id": item.get("kmsKeyId", ""),
            "log_group_class": item.get("logGroupClass", DEFAULT_CLASS),
            "tags": of_interest(tags_of.get(item["logGroupName"], {}), tags),
            "owned": owns(tags_of.get(item["logGroupName"], {}), tags),
        }
        for item in listed
    }


def plan(
    current: Mapping[str, State], desired: Mapping[str, State], removable: Collection[str], *, purge: bool
) -> list[Change]:
    """Changes to log groups; of what is not desired the `removable` and, with `purge`, the owned are deleted."""
    scope = within_reach(current, desired, removable, purge=purge)
    changes = plan_set("log_group", scope, desired, purge=True)
    for change in changes:
        _refuse_other_class(change)
    return changes


def _refuse_other_class(change: Change) -> None:
    if change.op == "update" and "log_group_class" in change.fields:
        wanted, given = change.desired["log_group_class"], change.current["log_group_class"]
        remedy = f"is not what the group has ({given}) and cannot be changed: give another name, or remove it first"
        raise InvalidInput(f"log_group_class of {change.key}", wanted, remedy)


def judge_listed(names: Collection[str], listed: Iterable[Mapping[str, Any]]) -> Verdict:
    """Whether all groups just made are listed."""
    missing = sorted(set(names) - {item["logGroupName"] for item in listed})
    return pending(f"not listed yet: {', '.join(missing)}") if missing else DONE

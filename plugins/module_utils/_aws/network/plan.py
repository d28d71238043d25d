# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes that turn the current network into the desired one, in an order EC2 accepts. Pure.

What is new is made before what is old goes (a NAT gateway before the one it relieves), except where the old stands in
the way of the new: a subnet whose addresses are wanted, a NAT gateway that moves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from ipaddress import IPv4Network

from ..._core.changes import Change, plan_set
from ..._core.errors import InvalidInput
from .current import OPEN_DEFAULT_RULES, Current, States, subnet_label

# Level of creations and updates, by kind, and of deletions.
MAKING = {
    "vpc": 2,
    "internet_gateway": 3,
    "elastic_ip": 3,
    "network_acl": 3,
    "route_table": 3,
    "security_group": 3,
    "default_security_group": 3,
    "flow_log": 3,
    "subnet": 4,
    "nat_gateway": 5,
    "vpc_endpoint": 5,
    "route": 6,
}
REMOVING = {
    "flow_log": 3,
    "route": 6,
    "vpc_endpoint": 7,
    "nat_gateway": 7,
    "security_group": 8,
    "elastic_ip": 8,
    "subnet": 9,
    "route_table": 10,
    "network_acl": 10,
    "internet_gateway": 10,
    "vpc": 11,
}
EARLY_NAT, EARLY_SUBNET = 0, 1
REPLACED_ON = {
    "subnet": ("availability_zone", "cidr_block"),
    "nat_gateway": ("subnet",),
    "vpc_endpoint": ("service_name", "type"),
    "flow_log": (
        "traffic_type",
        "log_destination_type",
        "log_group_name",
        "log_destination",
        "deliver_logs_permission_arn",
        "max_aggregation_interval",
        "log_format",
    ),
}


def plan(now: Current, desired: Mapping[str, States], *, wait: bool = True) -> list[Change]:
    """All changes. Without `wait`, routes to NAT gateways that are not available yet are left to a later run."""
    _check_block(now, desired)
    subnets = _plan_subnets(now.of("subnet"), desired["subnet"])
    gateways = _plan_nat_gateways(now.of("nat_gateway"), desired["nat_gateway"], subnets)
    changes = [*subnets, *gateways]
    for kind in MAKING:
        if kind in desired and kind not in {"subnet", "nat_gateway", "route", "default_security_group"}:
            changes += _plan_kind(kind, now.of(kind), desired[kind])
    moved = {change.key for change in gateways if change.op == "delete"}
    changes += _plan_routes(now, desired, moved, _ready(now, desired, gateways) if not wait else None)
    changes += _plan_default_group(now, desired.get("default_security_group", {}))
    return changes


def plan_removal(now: Current) -> list[Change]:
    """Everything that is ours goes; what EC2 removes along with a VPC or a route table needs no change."""
    states = {kind: now.of(kind) for kind in REMOVING if kind != "route"}
    return [
        Change("delete", kind, key, before=state, level=REMOVING[kind])
        for kind, group in states.items()
        for key, state in group.items()
    ]


def _check_block(now: Current, desired: Mapping[str, States]) -> None:
    for key, state in desired["vpc"].items():
        block = now.of("vpc").get(key, state)["cidr_block"]
        if block != state["cidr_block"]:
            raise InvalidInput(
                "cidr_block",
                state["cidr_block"],
                f"cannot replace {block} of a VPC that exists: keep that, or use another name",
            )


def _plan_kind(kind: str, current: States, desired: States) -> list[Change]:
    return plan_set(
        kind,
        current,
        desired,
        purge=True,
        level=MAKING[kind],
        delete_level=REMOVING.get(kind),
        replace_on=REPLACED_ON.get(kind, ()),
    )


def _plan_subnets(current: States, desired: States) -> list[Change]:
    """Replacements become a deletion and a creation, because more than one subnet may take part in a swap."""
    changes = _split(_plan_kind("subnet", current, desired))
    made = [change for change in changes if change.op == "create"]
    return [
        replace(change, level=EARLY_SUBNET) if change.op == "delete" and _in_the_way(change, made) else change
        for change in changes
    ]


def _in_the_way(deletion: Change, made: Collection[Change]) -> bool:
    """Whether a new subnet wants the addresses of an old one, or its name, which must stay unique."""
    range_ = IPv4Network(deletion.current["cidr_block"])
    return any(
        deletion.key == change.key or range_.overlaps(IPv4Network(change.desired["cidr_block"])) for change in made
    )


def _plan_nat_gateways(current: States, desired: States, subnets: Collection[Change]) -> list[Change]:
    changes = _split(_plan_kind("nat_gateway", current, desired))
    made = {change.key for change in changes if change.op == "create"}
    blocked = {subnet_label(change.key, change.current) for change in subnets if change.level == EARLY_SUBNET}
    return [
        replace(change, level=EARLY_NAT)
        if change.op == "delete" and (change.key in made or change.current["subnet"] in blocked)
        else change
        for change in changes
    ]


def _split(changes: list[Change]) -> list[Change]:
    split: list[Change] = []
    for change in changes:
        if change.op == "replace":
            deletion = Change("delete", change.kind, change.key, before=change.before, level=REMOVING[change.kind])
            split += [deletion, Change("create", change.kind, change.key, after=change.after, level=change.level)]
        else:
            split.append(change)
    return split


def _plan_routes(
    now: Current, desired: Mapping[str, States], moved: Collection[str], ready: Collection[str] | None
) -> list[Change]:
    """Default routes of our route tables. Of those not desired only the ones to our own gateways go."""
    tables = desired["route_table"]
    current = {
        key: {**state, "target": f"former {state['target']}"} if state["target"] in moved else state
        for key, state in now.of("route").items()
        if state["table"] in tables
    }
    ours = {*now.of("nat_gateway"), *now.of("internet_gateway"), *(f"former {key}" for key in moved)}
    scope = {
        key: state
        for key, state in current.items()
        if key in desired["route"] or state["target"] in ours or state["target"].startswith("nat-")
    }
    wanted = {
        key: state
        for key, state in desired["route"].items()
        if ready is None or state["target"] in ready or state["target"] not in desired["nat_gateway"]
    }
    changes = _plan_kind("route", scope, wanted)
    return [change for change in changes if change.op != "delete" or change.key not in desired["route"]]


def _ready(now: Current, desired: Mapping[str, States], gateways: Collection[Change]) -> set[str]:
    touched = {change.key for change in gateways if change.op != "update"}
    return {
        key
        for key, state in now.of("nat_gateway").items()
        if state["state"] == "available" and key in desired["nat_gateway"] and key not in touched
    }


def _plan_default_group(now: Current, desired: States) -> list[Change]:
    """A VPC that does not exist yet will come with an open default group."""
    current: States = now.of("default_security_group")
    if desired and not current:
        current = {key: {"rules": OPEN_DEFAULT_RULES} for key in desired}
    return plan_set("default_security_group", current, desired, purge=False, level=MAKING["default_security_group"])


def label_key(label: str) -> str:
    """The key of the subnet a label refers to."""
    return label.rsplit(" ", 1)[0]

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups and their rules as comparable states. Pure.

A group's key is its name, unique in a VPC. A rule's key says all that makes it what it is, so that only its
description and tags are left to compare: `web ingress tcp 443 from 0.0.0.0/0`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from ..._core.changes import Change, desired_fields, plan_set
from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from ..._core.wait import DONE, Verdict, pending
from ..session import boto3_tag_list_to_ansible_dict
from ..tagging import PART_OF, of_interest, owns

States = dict[str, dict[str, Any]]
TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")
PROTOCOLS = {"all": "-1", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
PEERS = ("cidr_ipv4", "cidr_ipv6", "prefix_list", "group")
CREATE_GROUP, CREATE_RULE, DELETE_RULE, DELETE_GROUP = range(4)


@dataclass(frozen=True)
class Names:
    """What names in rules stand for: groups of the VPC and prefix lists, names by id."""

    groups: Mapping[str, str] = field(default_factory=dict)
    prefix_lists: Mapping[str, str] = field(default_factory=dict)

    def of(self, identifier: str) -> str:
        return self.groups.get(identifier) or self.prefix_lists.get(identifier) or identifier


# Desired


def desired_groups(groups: Iterable[Mapping[str, Any]], tags: Mapping[str, str] | None) -> States:
    """Desired groups by name. Raises InvalidInput for what EC2 would refuse."""
    states: States = {}
    for index, group in enumerate(groups):
        option, name = f"groups[{index}]", group["name"]
        if name in states:
            raise InvalidInput(f"{option}.name", name, "is given twice: keep one of them")
        if not name or name == "default" or name.startswith("sg-") or not TEXT.fullmatch(name):
            raise InvalidInput(
                f"{option}.name", name, "is no name for a group: it is empty, reserved or not plain text"
            )
        if not group["description"] or not TEXT.fullmatch(group["description"]):
            raise InvalidInput(f"{option}.description", group["description"], "must be 1 to 255 plain characters")
        states[name] = desired_fields({"description": group["description"], "tags": _group_tags(name, group, tags)})
    return states


def _group_tags(name: str, group: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, str] | None:
    if tags is None and group["tags"] is None:
        return None
    return {"Name": name, **(tags or {}), **(group["tags"] or {})}


def desired_rules(
    groups: Iterable[Mapping[str, Any]], tags: Mapping[str, str] | None, names: Names, known: Collection[str]
) -> States:
    """Desired rules by key; `known` are the names of groups that exist or will."""
    states: States = {}
    for index, group in enumerate(groups):
        for direction in ("ingress", "egress"):
            for position, rule in enumerate(group[direction]):
                option = f"groups[{index}].{direction}[{position}]"
                identity = {"group": group["name"], "direction": direction}
                state = identity | _desired_rule(option, rule, group["name"], names, known)
                key = rule_key(state)
                if key in states:
                    raise InvalidInput(option, key, "is given twice: keep one of them")
                described = {"description": rule["description"], "tags": _rule_tags(rule, tags)}
                states[key] = state | desired_fields(described)
    return states


def _rule_tags(rule: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if tags is None and rule["tags"] is None else {**(tags or {}), **(rule["tags"] or {})}


def _desired_rule(
    option: str, rule: Mapping[str, Any], group: str, names: Names, known: Collection[str]
) -> dict[str, Any]:
    if rule["description"] and not TEXT.fullmatch(rule["description"]):
        raise InvalidInput(f"{option}.description", rule["description"], "must be at most 255 plain characters")
    protocol = PROTOCOLS.get(rule["protocol"].lower(), rule["protocol"].lower())
    first, last = _ports(option, protocol, rule)
    kind = next(name for name in PEERS if rule[name])
    variable = f"{option}.{kind}"
    if kind.startswith("cidr"):
        peer = _range(variable, rule[kind], IPv4Network if kind == "cidr_ipv4" else IPv6Network)
    elif kind == "prefix_list":
        peer = _prefix_list(variable, rule[kind], names)
    else:
        peer = _group(variable, group if rule[kind] == "self" else rule[kind], names, known)
    return {
        "protocol": protocol,
        "from_port": first,
        "to_port": last,
        "peer_kind": kind,
        "peer": peer,
    }


def _ports(option: str, protocol: str, rule: Mapping[str, Any]) -> tuple[int, int]:
    first = rule["from_port"]
    last = first if rule["to_port"] is None else rule["to_port"]
    if protocol in ("tcp", "udp"):
        if first is None or not 0 <= first <= last <= 65535:
            raise InvalidInput(f"{option}.from_port", first, f"to {last} is no port range: give 0 to 65535")
        return first, last
    if protocol.startswith("icmp"):
        return (-1, -1) if first is None else (first, -1 if rule["to_port"] is None else last)
    if first is not None:
        raise InvalidInput(
            f"{option}.from_port", first, f"has no meaning for protocol {rule['protocol']}: leave it out"
        )
    return -1, -1


def _group(option: str, value: str, names: Names, known: Collection[str]) -> str:
    name = names.groups.get(value, value)
    if name not in known and not name.startswith("sg-") and not is_placeholder(name):
        raise InvalidInput(option, value, "is neither in groups nor in the VPC: add it to groups, or give its id")
    return name


def _range(option: str, value: str, family: type[IPv4Network] | type[IPv6Network]) -> str:
    try:
        range_ = family(value, strict=False)
    except ValueError:
        raise InvalidInput(option, value, "is no address range: write it as 10.0.0.0/16 or 2001:db8::/32") from None
    if str(range_) != value.lower():
        raise InvalidInput(option, value, f"does not start its range: write {range_}")
    return str(range_)


def _prefix_list(option: str, value: str, names: Names) -> str:
    """The full name of a prefix list given by id, full name, or the last part of an AWS service's."""
    if value in names.prefix_lists or is_placeholder(value):
        return names.of(value)
    matching = [name for name in names.prefix_lists.values() if name == value or name.endswith(f".{value}")]
    if not matching:
        raise InvalidInput(option, value, "is no prefix list of this region: see DescribeManagedPrefixLists")
    return min(matching, key=len)


# Current


def current_groups(groups: Iterable[Mapping[str, Any]], desired: States) -> States:
    """Current groups by name; of their tags, those compared."""
    return {
        group["GroupName"]: {
            "id": group["GroupId"],
            "description": group["Description"],
            "tags": of_interest(tags_of(group), desired.get(group["GroupName"], {}).get("tags")),
        }
        for group in groups
    }


def owned(groups: Iterable[Mapping[str, Any]], tags: Mapping[str, str] | None) -> set[str]:
    """Names of the groups that may be purged: with all our tags, and not a part of something else."""
    return {
        group["GroupName"]
        for group in groups
        if owns(tags_of(group), tags) and PART_OF not in tags_of(group) and group["GroupName"] != "default"
    }


def tags_of(item: Mapping[str, Any]) -> dict[str, str]:
    return dict(boto3_tag_list_to_ansible_dict(item.get("Tags") or []))


def current_rules(rules: Iterable[Mapping[str, Any]], names: Names, desired: States) -> States:
    """Current rules by key, from DescribeSecurityGroupRules."""
    states: States = {}
    for rule in rules:
        kind, peer = _current_peer(rule)
        state = {
            "id": rule["SecurityGroupRuleId"],
            "group": names.of(rule["GroupId"]),
            "direction": "egress" if rule["IsEgress"] else "ingress",
            "protocol": PROTOCOLS.get(rule["IpProtocol"], rule["IpProtocol"]),
            "from_port": rule.get("FromPort", -1),
            "to_port": rule.get("ToPort", -1),
            "peer_kind": kind,
            "peer": names.of(peer),
            "description": rule.get("Description", ""),
        }
        key = rule_key(state)
        states[key] = state | {"tags": of_interest(tags_of(rule), desired.get(key, {}).get("tags"))}
    return states


def _current_peer(rule: Mapping[str, Any]) -> tuple[str, str]:
    if rule.get("CidrIpv4"):
        return "cidr_ipv4", rule["CidrIpv4"]
    if rule.get("CidrIpv6"):
        return "cidr_ipv6", rule["CidrIpv6"]
    if rule.get("PrefixListId"):
        return "prefix_list", rule["PrefixListId"]
    return "group", rule.get("ReferencedGroupInfo", {}).get("GroupId", "")


def rule_key(state: Mapping[str, Any]) -> str:
    first, last = state["from_port"], state["to_port"]
    ports = "" if (first, last) == (-1, -1) else f" {first}" if first == last else f" {first}-{last}"
    protocol = "all" if state["protocol"] == "-1" else state["protocol"]
    word = "from" if state["direction"] == "ingress" else "to"
    return f"{state['group']} {state['direction']} {protocol}{ports} {word} {state['peer']}"


# Plan


def plan(
    groups: tuple[States, States], rules: tuple[States, States], *, ours: Collection[str], purge: bool
) -> list[Change]:
    """Changes from (current, desired) groups and rules. Groups not desired go when `purge` is set and they are `ours`.

    New rules come before old ones go, so that a widened range is never closed in between; groups go last, when no
    rule of ours refers to them any more.
    """
    current, desired = groups
    for name, state in desired.items():
        existing = current.get(name, state)["description"]
        if existing != state["description"]:
            raise InvalidInput(
                f"groups[].description ({name})",
                state["description"],
                f"cannot replace {existing!r}: EC2 never changes it, keep that or give the group another name",
            )
    scope = {name: state for name, state in current.items() if name in desired or (purge and name in ours)}
    changes = plan_set("security_group", scope, desired, purge=purge, level=CREATE_GROUP, delete_level=DELETE_GROUP)
    within = {key: state for key, state in rules[0].items() if state["group"] in scope}
    return changes + plan_set(
        "security_group_rule", within, rules[1], purge=True, level=CREATE_RULE, delete_level=DELETE_RULE
    )


def permission(state: Mapping[str, Any], peer_id: str) -> dict[str, Any]:
    """A rule as the IpPermissions member that EC2 takes."""
    described = {"Description": state["description"]} if state.get("description") else {}
    field_name, id_name = {
        "cidr_ipv4": ("IpRanges", "CidrIp"),
        "cidr_ipv6": ("Ipv6Ranges", "CidrIpv6"),
        "prefix_list": ("PrefixListIds", "PrefixListId"),
        "group": ("UserIdGroupPairs", "GroupId"),
    }[state["peer_kind"]]
    ports = {} if state["protocol"] == "-1" else {"FromPort": state["from_port"], "ToPort": state["to_port"]}
    return {"IpProtocol": state["protocol"], **ports, field_name: [{id_name: peer_id, **described}]}


def visible(seen: Collection[str], made: Collection[str]) -> Verdict:
    """All of `made` among the ids that are listed."""
    late = [identifier for identifier in made if identifier not in seen]
    return pending(f"{', '.join(late)} not listed yet") if late else DONE

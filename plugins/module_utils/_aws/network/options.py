# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options ask for, checked. Pure: everything EC2 would refuse and that shows without asking it fails here."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from ..._core.errors import InvalidInput
from .layout import LARGEST_PREFIX, network, overlapping

Options = Mapping[str, Any]

TIER_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
DEFAULT_NEWBITS = 4
GATEWAY_SERVICES = ("s3", "dynamodb")
LAST_RULE_NUMBER = 32766
PROTOCOLS = {"all": "-1", "icmp": "1", "tcp": "6", "udp": "17"}


def check(options: Options) -> None:
    """Raise InvalidInput for the first option that cannot be."""
    block = network("cidr_block", options["cidr_block"])
    if "Name" in (options["tags"] or {}):
        raise InvalidInput("tags.Name", options["tags"]["Name"], "is set by the name option: leave it out")
    _check_zones(options)
    _check_tiers(options["tiers"], block)
    _check_nat(options)
    for index, endpoint in enumerate(options["endpoints"] or []):
        _check_endpoint(f"endpoints[{index}]", endpoint, options["tiers"])
    _check_unique("endpoints", "service", options["endpoints"] or [])
    for index, flow_log in enumerate(options["flow_logs"] or []):
        _check_flow_log(f"flow_logs[{index}]", flow_log)
    _check_unique("flow_logs", "name", options["flow_logs"] or [])


def _check_unique(option: str, field: str, items: Sequence[Options]) -> None:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item[field] in seen:
            raise InvalidInput(f"{option}[{index}].{field}", item[field], "is given twice: keep one of them")
        seen.add(item[field])


def _check_zones(options: Options) -> None:
    if options["zone_names"] is not None:
        if not options["zone_names"]:
            raise InvalidInput("zone_names", [], "is empty: name at least one zone, or give their number in zones")
        for index, name in enumerate(options["zone_names"]):
            if name in options["zone_names"][:index]:
                raise InvalidInput(f"zone_names[{index}]", name, "is given twice: keep one of them")
    elif options["zones"] < 1:
        raise InvalidInput("zones", options["zones"], "is not a number of zones: give 1 or more")


def _check_tiers(tiers: Sequence[Options], block: IPv4Network) -> None:
    _check_unique("tiers", "name", tiers)
    fixed: list[IPv4Network] = []
    for index, tier in enumerate(tiers):
        option = f"tiers[{index}]"
        if not TIER_NAME.fullmatch(tier["name"]):
            raise InvalidInput(f"{option}.name", tier["name"], "is no tier name: use a-z, 0-9 and dashes, as in public")
        if tier["public"] and tier["nat"]:
            raise InvalidInput(f"{option}.nat", True, "does not go with public: public subnets need no NAT gateway")
        prefix = prefix_length(tier, block)
        if not block.prefixlen < prefix <= LARGEST_PREFIX and tier["cidrs"] is None:
            raise InvalidInput(
                f"{option}.newbits",
                newbits(tier, block),
                f"makes subnets of /{prefix} in {block}: keep them within /{block.prefixlen + 1} and /{LARGEST_PREFIX}",
            )
        for position, cidr in enumerate(tier["cidrs"] or []):
            fixed.append(_fixed_range(f"{option}.cidrs[{position}]", cidr, block, fixed))
        check_rules(option, tier["network_acl_rules"] or [])


def newbits(tier: Options, block: IPv4Network) -> int:
    """Bits a tier's subnets are longer than the VPC's block."""
    given = tier["newbits"]
    return int(given) if given is not None else min(DEFAULT_NEWBITS, LARGEST_PREFIX - block.prefixlen)


def prefix_length(tier: Options, block: IPv4Network) -> int:
    return block.prefixlen + newbits(tier, block)


def _fixed_range(variable: str, cidr: str, block: IPv4Network, others: Collection[IPv4Network]) -> IPv4Network:
    range_ = network(variable, cidr)
    if not range_.subnet_of(block):
        raise InvalidInput(variable, cidr, f"is not inside cidr_block {block}: choose a range within it")
    other = overlapping(range_, others)
    if other is not None:
        raise InvalidInput(variable, cidr, f"overlaps {other}: choose ranges that share no address")
    return range_


def check_rules(option: str, rules: Sequence[Options]) -> None:
    """Numbers unique per direction, ports where the protocol has some, ranges that are ranges."""
    numbers: set[tuple[str, int]] = set()
    for index, rule in enumerate(rules):
        variable = f"{option}.network_acl_rules[{index}]"
        number = rule["rule_number"]
        if not 1 <= number <= LAST_RULE_NUMBER:
            raise InvalidInput(f"{variable}.rule_number", number, f"is not between 1 and {LAST_RULE_NUMBER}")
        if (rule["direction"], number) in numbers:
            raise InvalidInput(
                f"{variable}.rule_number", number, f"is given twice for {rule['direction']}: renumber one"
            )
        numbers.add((rule["direction"], number))
        _check_rule(variable, rule)


def _check_rule(variable: str, rule: Options) -> None:
    if protocol_number(rule["protocol"]) in (PROTOCOLS["tcp"], PROTOCOLS["udp"]):
        first, last = rule["from_port"], rule["to_port"]
        if first is None or last is None or not 0 <= first <= last <= 65535:
            raise InvalidInput(
                f"{variable}.from_port", first, f"to {last} is no port range: give from_port and to_port, 0 to 65535"
            )
    try:
        IPv4Network(rule["cidr_block"])
    except ValueError:
        raise InvalidInput(
            f"{variable}.cidr_block", rule["cidr_block"], "is no IPv4 range: write it as 10.0.0.0/16"
        ) from None


def protocol_number(protocol: str) -> str:
    """EC2's number of a protocol (`-1` is all of them)."""
    return PROTOCOLS.get(protocol.lower(), protocol)


def _check_nat(options: Options) -> None:
    wanting = [tier["name"] for tier in options["tiers"] if tier["nat"]]
    if options["nat"] == "none":
        return
    if not any(tier["public"] for tier in options["tiers"]):
        raise InvalidInput(
            "nat", options["nat"], "needs a public tier to stand in: set public on one of tiers, or nat to none"
        )
    if not wanting:
        raise InvalidInput("nat", options["nat"], "serves no tier: set nat on one of tiers, or nat to none")


def endpoint_type(endpoint: Options) -> str:
    """`Gateway` for the services that have one, `Interface` for the others, unless given."""
    given = endpoint["type"]
    return str(given) if given else "Gateway" if endpoint["service"] in GATEWAY_SERVICES else "Interface"


def _check_endpoint(variable: str, endpoint: Options, tiers: Sequence[Options]) -> None:
    known = [tier["name"] for tier in tiers]
    kind = endpoint_type(endpoint)
    for name in endpoint["tiers"]:
        if name not in known:
            raise InvalidInput(f"{variable}.tiers", name, f"is none of tiers: choose from {', '.join(known) or 'none'}")
    if kind == "Interface" and len(endpoint["tiers"]) != 1:
        raise InvalidInput(
            f"{variable}.tiers",
            endpoint["tiers"],
            "must be one tier for an interface endpoint: it takes one subnet a zone",
        )
    if kind == "Gateway" and endpoint["security_group_ids"]:
        raise InvalidInput(
            f"{variable}.security_group_ids",
            endpoint["security_group_ids"],
            "has no place on a gateway endpoint: leave it out",
        )


def _check_flow_log(variable: str, flow_log: Options) -> None:
    if flow_log["log_destination_type"] == "s3" and not flow_log["log_destination"]:
        raise InvalidInput(
            f"{variable}.log_destination", flow_log["log_destination"], "must be the bucket's ARN when the type is s3"
        )
    if flow_log["log_destination_type"] == "cloud-watch-logs":
        for field in ("log_group_name", "deliver_logs_permission_arn"):
            if not flow_log[field]:
                raise InvalidInput(f"{variable}.{field}", flow_log[field], "must be given for cloud-watch-logs")
    interval = flow_log["max_aggregation_interval"]
    if interval not in (60, 600):
        raise InvalidInput(f"{variable}.max_aggregation_interval", interval, "must be 60 or 600 seconds")

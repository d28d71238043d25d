# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired network as states by kind and key. Pure.

It is made from the options and from what exists, because subnets keep their zones and ranges (layout.py). Keys are
Name tags, references to other resources of the network are keys as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from ..._core.changes import desired_fields
from ..._core.errors import InvalidInput
from ..policy import normalised, parsed
from ..tagging import PART_OF
from .current import Current, States, endpoints_group_name, route_key, subnet_label
from .layout import choose_zones, overlapping, place
from .options import Options, endpoint_type, prefix_length, protocol_number

FLOW_LOG_FIELDS = (
    "traffic_type",
    "log_destination_type",
    "log_group_name",
    "log_destination",
    "deliver_logs_permission_arn",
    "max_aggregation_interval",
    "log_format",
)


class Desired:
    """Builds the desired states; `states` maps kind to them, `zones` lists the zones spanned."""

    def __init__(
        self, options: Options, now: Current, listed_zones: Sequence[str], services: Mapping[str, str]
    ) -> None:
        self.options = options
        self.name: str = options["name"]
        self.now = now
        self.services = services
        self.block = IPv4Network(options["cidr_block"])
        self.tiers: Sequence[Options] = options["tiers"]
        self.zones = choose_zones(
            None if options["zone_names"] else options["zones"], options["zone_names"], listed_zones, self._used_zones()
        )
        self.nat_zones = self._nat_zones()
        self.states: dict[str, States] = {}
        self._build()

    def _build(self) -> None:
        vpc = ("cidr_block", "enable_dns_support", "enable_dns_hostnames")
        fields = desired_fields({field: self.options[field] for field in vpc})
        self.states["vpc"] = {self.name: {**fields, "tags": self.tags(self.name)}}
        self.states["internet_gateway"] = self._internet_gateway()
        self.states["subnet"] = self._subnets()
        self.states["route_table"] = {
            key: {"tags": self.tags(key)} for tier in self.tiers for key in self._tables(tier)
        }
        self.states["network_acl"] = self._network_acls()
        self.states["elastic_ip"] = {
            key: {"tags": self.tags(key)} for key in (self.nat_key(zone) for zone in self.nat_zones)
        }
        self.states["nat_gateway"] = self._nat_gateways()
        self.states["route"] = self._routes()
        if self.options["endpoints"] is not None:
            self.states["vpc_endpoint"] = self._endpoints()
            self.states["security_group"] = self._endpoints_group()
        if self.options["flow_logs"] is not None:
            self.states["flow_log"] = self._flow_logs()
        if self.options["restrict_default_security_group"]:
            self.states["default_security_group"] = {f"{self.name} default": {"rules": []}}

    def tags(self, key: str) -> dict[str, str]:
        """The tags of a resource, Name first: they carry its identity even after an interrupted creation."""
        return {"Name": key, **(self.options["tags"] or {})}

    def subnet_key(self, tier: Options, zone: str) -> str:
        return f"{self.name}-{tier['name']}-{zone}"

    def nat_key(self, zone: str) -> str:
        return f"{self.name}-nat-{zone}"

    def table_key(self, tier: Options, zone: str) -> str:
        """One route table a tier, but one a zone where each zone may have a NAT gateway of its own."""
        return f"{self.name}-{tier['name']}-{zone}" if tier["nat"] else f"{self.name}-{tier['name']}"

    def _tables(self, tier: Options) -> list[str]:
        return list(dict.fromkeys(self.table_key(tier, zone) for zone in self.zones))

    def _used_zones(self) -> list[str]:
        """Zones that hold subnets of the tiers, the one with the lowest addresses first, which is the oldest."""
        held = [
            (IPv4Network(state["cidr_block"]), state["availability_zone"])
            for key, state in self.now.of("subnet").items()
            if any(key == self.subnet_key(tier, state["availability_zone"]) for tier in self.tiers)
        ]
        return list(dict.fromkeys(zone for _range, zone in sorted(held)))

    def _nat_zones(self) -> list[str]:
        if self.options["nat"] == "per_zone":
            return list(self.zones)
        if self.options["nat"] == "none":
            return []
        holding = [zone for zone in self.zones if self.nat_key(zone) in self.now.of("nat_gateway")]
        return [*holding, *self.zones][:1]

    def _internet_gateway(self) -> States:
        if not any(tier["public"] for tier in self.tiers):
            return {}
        return {self.name: {"attached": True, "tags": self.tags(self.name)}}

    # Subnets

    def _subnets(self) -> States:
        ranges = self._ranges()
        return {
            self.subnet_key(tier, zone): self._subnet(tier, zone, str(ranges[self.subnet_key(tier, zone)]))
            for tier in self.tiers
            for zone in self.zones
        }

    def _subnet(self, tier: Options, zone: str, range_: str) -> dict[str, Any]:
        key = self.subnet_key(tier, zone)
        acl = f"{self.name}-{tier['name']}"
        # A subnet that leaves an ACL of ours goes back to the default one; any other ACL is not our business.
        leaving = self.now.of("subnet").get(key, {}).get("network_acl")
        return desired_fields(
            {
                "availability_zone": zone,
                "cidr_block": range_,
                "map_public_ip_on_launch": tier["map_public_ip_on_launch"],
                "route_table": self.table_key(tier, zone),
                "network_acl": acl if tier["network_acl_rules"] is not None else "" if leaving else None,
                "tags": self.tags(key),
            }
        )

    def _ranges(self) -> dict[str, IPv4Network]:
        kept = self._kept()
        ranges = dict(kept)
        for index, tier in enumerate(self.tiers):
            if tier["cidrs"] is not None:
                ranges |= self._fixed(f"tiers[{index}].cidrs", tier, kept)
        foreign = [IPv4Network(cidr) for cidr in self.now.foreign_subnets]
        for key, range_ in ranges.items():
            other = overlapping(range_, foreign)
            if other and key not in kept:
                raise InvalidInput(
                    "tiers[].cidrs", str(range_), f"overlaps the foreign subnet {other}: choose another range"
                )
        wanted = {
            self.subnet_key(tier, zone): prefix_length(tier, self.block)
            for tier in self.tiers
            for zone in self.zones
            if self.subnet_key(tier, zone) not in ranges
        }
        leaving = [IPv4Network(state["cidr_block"]) for key, state in self.now.of("subnet").items() if key not in kept]
        return ranges | place(self.block, wanted, taken=[*ranges.values(), *foreign], leaving=leaving)

    def _kept(self) -> dict[str, IPv4Network]:
        """Ranges of the subnets that stay as they are."""
        kept: dict[str, IPv4Network] = {}
        for tier in self.tiers:
            for zone in self.zones:
                key = self.subnet_key(tier, zone)
                state = self.now.of("subnet").get(key)
                if state and self._fits(tier, IPv4Network(state["cidr_block"])):
                    kept[key] = IPv4Network(state["cidr_block"])
        return kept

    def _fits(self, tier: Options, range_: IPv4Network) -> bool:
        if tier["cidrs"] is not None:
            return str(range_) in tier["cidrs"]
        return range_.prefixlen == prefix_length(tier, self.block)

    def _fixed(self, option: str, tier: Options, kept: Mapping[str, IPv4Network]) -> dict[str, IPv4Network]:
        """Explicit ranges for the subnets of a tier that have none yet, in the order given."""
        if len(tier["cidrs"]) < len(self.zones):
            raise InvalidInput(option, tier["cidrs"], f"are too few for {len(self.zones)} zones: give one range a zone")
        keys = [self.subnet_key(tier, zone) for zone in self.zones]
        used = {str(kept[key]) for key in keys if key in kept}
        free = [cidr for cidr in tier["cidrs"] if cidr not in used]
        return dict(zip((key for key in keys if key not in kept), map(IPv4Network, free), strict=False))

    # Routing

    def _nat_gateways(self) -> States:
        public = next((tier for tier in self.tiers if tier["public"]), None)
        if public is None:
            return {}
        states: States = {}
        for zone in self.nat_zones:
            subnet = self.subnet_key(public, zone)
            label = subnet_label(subnet, self.states["subnet"][subnet])
            states[self.nat_key(zone)] = {"subnet": label, "tags": self.tags(self.nat_key(zone))}
        return states

    def _routes(self) -> States:
        states: States = {}
        for tier in self.tiers:
            for zone in self.zones:
                target = self._target(tier, zone)
                table = self.table_key(tier, zone)
                if target:
                    states[route_key(table)] = {"target": target, "table": table}
        return states

    def _target(self, tier: Options, zone: str) -> str | None:
        if tier["public"]:
            return self.name
        if not tier["nat"] or not self.nat_zones:
            return None
        return self.nat_key(zone if zone in self.nat_zones else self.nat_zones[0])

    def _network_acls(self) -> States:
        return {
            f"{self.name}-{tier['name']}": {
                "rules": sorted(
                    (_acl_rule(rule) for rule in tier["network_acl_rules"]),
                    key=lambda rule: (rule["egress"], rule["rule_number"]),
                ),
                "tags": self.tags(f"{self.name}-{tier['name']}"),
            }
            for tier in self.tiers
            if tier["network_acl_rules"] is not None
        }

    # Endpoints and flow logs

    def _endpoints(self) -> States:
        states: States = {}
        for endpoint in self.options["endpoints"]:
            key = f"{self.name}-{endpoint['service']}"
            states[key] = self._endpoint(key, endpoint)
        return states

    def _endpoint(self, key: str, endpoint: Options) -> dict[str, Any]:
        gateway = endpoint_type(endpoint) == "Gateway"
        tiers = [tier for tier in self.tiers if tier["name"] in endpoint["tiers"]]
        tables = {table for tier in tiers for table in self._tables(tier)} if gateway else set()
        subnets = [self.subnet_key(tier, zone) for tier in tiers for zone in self.zones] if not gateway else []
        groups = endpoint["security_group_ids"] or [endpoints_group_name(self.name)]
        policy = normalised(parsed(f"endpoints[{endpoint['service']}].policy", endpoint["policy"]))
        return desired_fields(
            {
                "service_name": self.services[endpoint["service"]],
                "type": endpoint_type(endpoint),
                "subnets": sorted(subnet_label(subnet, self.states["subnet"][subnet]) for subnet in subnets),
                "route_tables": sorted(tables),
                "security_groups": [] if gateway else sorted(groups),
                "private_dns_enabled": None if gateway else endpoint["private_dns_enabled"],
                "policy": policy or None,
                "tags": self.tags(key),
            }
        )

    def _endpoints_group(self) -> States:
        """A group that lets the whole VPC reach its endpoints, for interface endpoints that are given none."""
        key = endpoints_group_name(self.name)
        wanting = any(
            endpoint_type(endpoint) == "Interface" and not endpoint["security_group_ids"]
            for endpoint in self.options["endpoints"]
        )
        rules = [f"ingress tcp 443-443 {self.block}"]
        return {key: {"rules": rules, "tags": {**self.tags(key), PART_OF: self.name}}} if wanting else {}

    def _flow_logs(self) -> States:
        states: States = {}
        for flow_log in self.options["flow_logs"]:
            key = f"{self.name}-{flow_log['name']}"
            fields = desired_fields({field: flow_log[field] for field in FLOW_LOG_FIELDS})
            states[key] = {**fields, "tags": self.tags(key)}
        return states


def _acl_rule(rule: Options) -> dict[str, Any]:
    state = {
        "egress": rule["direction"] == "egress",
        "rule_number": rule["rule_number"],
        "protocol": protocol_number(rule["protocol"]),
        "rule_action": rule["rule_action"],
        "cidr_block": rule["cidr_block"],
    }
    optional = ("from_port", "to_port", "icmp_type", "icmp_code")
    return state | desired_fields({field: rule[field] for field in optional})

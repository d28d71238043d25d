# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration that a network has, from AWS's answers. Pure.

Subnets, tables, ACLs and gateways go by their Name tags, as planned ones do, or by their ids; groups by their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._aws.network.current import LIVE_ENDPOINT, LIVE_NAT, tags_of
from .._aws.network.current import acl_rule as acl_state
from .._aws.security_groups import model as security_groups
from .intervals import Intervals, addresses
from .model import Acl, Configuration, Nat, Route, RouteTable, SecurityGroup, ServiceEndpoint, Subnet, Workload
from .planned import DEFAULT_ACL, acl_rule, endpoint_name, group_rule, short_name, to_endpoint

Answer = Mapping[str, Any]
# The number of an ACL's last entry, which refuses what no other lets through.
REFUSING_RULE = 32767


@dataclass(frozen=True)
class Answers:
    """What the list operations answered, about one VPC as far as they can tell."""

    vpc: Answer
    subnets: Sequence[Answer]
    route_tables: Sequence[Answer]
    network_acls: Sequence[Answer]
    nat_gateways: Sequence[Answer]
    endpoints: Sequence[Answer]
    security_groups: Sequence[Answer]
    rules: Sequence[Answer]
    interfaces: Sequence[Answer] = ()
    load_balancers: Sequence[Answer] = ()
    listeners: Sequence[Answer] = ()
    target_groups: Sequence[Answer] = ()
    services: Sequence[Answer] = ()
    databases: Sequence[Answer] = ()
    caches: Sequence[Answer] = ()
    cache_subnets: Sequence[Answer] = ()
    prefix_lists: Mapping[str, dict[int, Intervals]] = field(default_factory=dict)
    prefix_names: Mapping[str, str] = field(default_factory=dict)


def named(items: Iterable[Answer], id_field: str) -> dict[str, str]:
    """Names by id; a second one of a name goes by its id."""
    found: dict[str, str] = {}
    for item in items:
        name = tags_of(item).get("Name") or item[id_field]
        found[item[id_field]] = item[id_field] if name in found.values() else name
    return found


class Live:
    """Builds the configuration; knows the names that ids go by."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.subnets = named(answers.subnets, "SubnetId")
        self.tables = named(answers.route_tables, "RouteTableId")
        self.nats = named(answers.nat_gateways, "NatGatewayId")
        self.acls = named(answers.network_acls, "NetworkAclId")
        self.acls |= {acl["NetworkAclId"]: DEFAULT_ACL for acl in answers.network_acls if acl["IsDefault"]}
        self.groups = {group["GroupId"]: group["GroupName"] for group in answers.security_groups}
        self.endpoints = {
            one["VpcEndpointId"]: one for one in answers.endpoints if one["State"].lower() in LIVE_ENDPOINT
        }

    def configuration(self) -> Configuration:
        answers = self.answers
        subnets, tables = (self._subnet(item) for item in answers.subnets), map(self._table, answers.route_tables)
        acls, groups = map(self._acl, answers.network_acls), self._groups()
        nats = (self._nat(item) for item in answers.nat_gateways if item["State"] in LIVE_NAT)
        return Configuration(
            addresses=_cidrs(answers.vpc, "CidrBlock"),
            subnets={one.name: one for one in subnets},
            tables={one.name: one for one in tables},
            acls={one.name: one for one in acls},
            groups={one.name: one for one in groups},
            nats={one.name: one for one in nats},
            workloads={one.name: one for one in self._workloads()},
            endpoints=tuple(self._endpoint(item) for item in self.endpoints.values()),
            prefix_lists=dict(answers.prefix_lists),
        )

    # Network

    def _subnet(self, item: Answer) -> Subnet:
        identifier = item["SubnetId"]
        return Subnet(
            name=self.subnets[identifier],
            addresses=addresses(item["CidrBlock"]) | _cidrs({**item, "CidrBlock": None}, "CidrBlock"),
            acl=self._of_subnet(self.answers.network_acls, identifier, self.acls, "NetworkAclId", "IsDefault"),
            table=self._of_subnet(self.answers.route_tables, identifier, self.tables, "RouteTableId", "Main"),
            zone=item["AvailabilityZone"],
            cidr=item["CidrBlock"],
            maps_public=bool(item.get("MapPublicIpOnLaunch")),
            id=identifier,
        )

    @staticmethod
    def _of_subnet(items: Iterable[Answer], subnet: str, names: Mapping[str, str], id_field: str, fallback: str) -> str:
        """The ACL or table that a subnet is associated with, or else the VPC's main one."""
        main = ""
        for item in items:
            associations = item.get("Associations", [])
            if any(one.get("SubnetId") == subnet for one in associations):
                return names[item[id_field]]
            if item.get(fallback) or any(one.get(fallback) for one in associations):
                main = names[item[id_field]]
        return main

    def _acl(self, item: Answer) -> Acl:
        entries = [entry for entry in item["Entries"] if entry["RuleNumber"] < REFUSING_RULE]
        name = self.acls[item["NetworkAclId"]]
        return Acl(name, tuple(acl_rule(acl_state(entry)) for entry in entries), item["NetworkAclId"])

    def _nat(self, item: Answer) -> Nat:
        identifier = item["NatGatewayId"]
        public = item.get("ConnectivityType", "public") == "public"
        return Nat(
            self.nats[identifier], self.subnets.get(item["SubnetId"]) or str(item["SubnetId"]), public, identifier
        )

    def _table(self, item: Answer) -> RouteTable:
        routes = [self._route(route) for route in item.get("Routes", [])]
        routed = {route.target for route in routes}
        for one in self.endpoints.values():
            missing = endpoint_name(short_name(one["ServiceName"])) not in routed
            if item["RouteTableId"] in (one.get("RouteTableIds") or []) and missing:
                routes.append(to_endpoint(one["ServiceName"], self.answers.prefix_lists))
        return RouteTable(self.tables[item["RouteTableId"]], tuple(routes), item["RouteTableId"])

    def _route(self, route: Answer) -> Route:
        cidr = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock")
        listed = route.get("DestinationPrefixListId", "")
        kind, target = self._target(route)
        name = self.answers.prefix_names.get(listed, listed)
        known = addresses(cidr) if cidr else dict(self.answers.prefix_lists.get(name, {}))
        length = int(cidr.partition("/")[2]) if cidr else 32
        return Route(
            kind, target, f"{cidr or name} to {target}" if kind != "local" else f"{cidr} local", known, length, name
        )

    def _target(self, route: Answer) -> tuple[str, str]:
        if route.get("State") == "blackhole":
            return "none", "nothing (black hole)"
        if route.get("NatGatewayId"):
            return "nat", self.nats.get(str(route["NatGatewayId"])) or str(route["NatGatewayId"])
        if route.get("EgressOnlyInternetGatewayId"):
            return "egress_only", route["EgressOnlyInternetGatewayId"]
        return self._gateway(route, route.get("GatewayId") or "")

    def _gateway(self, route: Answer, gateway: str) -> tuple[str, str]:
        if gateway in self.endpoints and self.endpoints[gateway]["VpcEndpointType"] == "Gateway":
            return "endpoint", endpoint_name(short_name(self.endpoints[gateway]["ServiceName"]))
        if gateway == "local" or gateway.startswith("igw-"):
            return ("local" if gateway == "local" else "internet"), gateway
        others = ("TransitGatewayId", "VpcPeeringConnectionId", "NetworkInterfaceId", "InstanceId", "LocalGatewayId")
        return "other", gateway or next((str(route[name]) for name in others if route.get(name)), "something")

    def _endpoint(self, item: Answer) -> ServiceEndpoint:
        service = short_name(item["ServiceName"])
        gateway, private = item["VpcEndpointType"] == "Gateway", bool(item.get("PrivateDnsEnabled"))
        return ServiceEndpoint(service, endpoint_name(service), gateway, private, item["VpcEndpointId"])

    # Security groups

    def _groups(self) -> list[SecurityGroup]:
        names = security_groups.Names(self.groups, self.answers.prefix_names)
        rules = list(security_groups.current_rules(self.answers.rules, names, {}).values())
        return [
            SecurityGroup(
                name,
                tuple(group_rule(one) for one in rules if one["group"] == name and one["direction"] == "ingress"),
                tuple(group_rule(one) for one in rules if one["group"] == name and one["direction"] == "egress"),
                identifier,
            )
            for identifier, name in self.groups.items()
        ]

    # Workloads

    def _workloads(self) -> list[Workload]:
        found = [
            *self._balancers(),
            *self._services(),
            *self._databases(),
            *self._caches(),
            *self._endpoint_interfaces(),
        ]
        found = [one for one in found if one.subnets]
        covered = {(frozenset(one.groups), subnet, one.public) for one in found for subnet in one.subnets}
        return found + self._interfaces(covered)

    def _workload(self, name: str, groups: Iterable[str], subnets: Iterable[str], kind: str, **fields: Any) -> Workload:
        """With names for ids; what is in another VPC has no subnets here."""
        here = tuple(sorted(self.subnets[one] for one in subnets if one in self.subnets))
        return Workload(name, tuple(sorted(self.groups.get(one, one) for one in groups)), here, kind, **fields)

    def _balancers(self) -> list[Workload]:
        found = []
        for one in self.answers.load_balancers:
            arn = one["LoadBalancerArn"]
            found.append(
                self._workload(
                    one["LoadBalancerName"],
                    one.get("SecurityGroups") or [],
                    [zone["SubnetId"] for zone in one["AvailabilityZones"]],
                    "load balancer",
                    public=one.get("Scheme") == "internet-facing",
                    listens=tuple(
                        sorted(two["Port"] for two in self.answers.listeners if two["LoadBalancerArn"] == arn)
                    ),
                    forwards=self._forwards(arn),
                )
            )
        return found

    def _forwards(self, arn: str) -> tuple[tuple[str, int], ...]:
        """Services that are registered in target groups of this load balancer, whatever rule leads there."""
        groups = {one["TargetGroupArn"] for one in self.answers.target_groups if arn in one.get("LoadBalancerArns", [])}
        return tuple(
            sorted(
                (service["serviceName"], registered["containerPort"])
                for service in self.answers.services
                for registered in service.get("loadBalancers", [])
                if registered.get("targetGroupArn") in groups
            )
        )

    def _services(self) -> list[Workload]:
        found = []
        for service in self.answers.services:
            network = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
            public = network.get("assignPublicIp") == "ENABLED"
            groups, subnets = network.get("securityGroups", []), network.get("subnets", [])
            found.append(self._workload(service["serviceName"], groups, subnets, "service", public=public))
        return found

    def _databases(self) -> list[Workload]:
        return [
            self._workload(
                one["DBInstanceIdentifier"],
                [group["VpcSecurityGroupId"] for group in one.get("VpcSecurityGroups", [])],
                [subnet["SubnetIdentifier"] for subnet in (one.get("DBSubnetGroup") or {}).get("Subnets", [])],
                "database",
                public=bool(one.get("PubliclyAccessible")),
            )
            for one in self.answers.databases
        ]

    def _caches(self) -> list[Workload]:
        """The nodes of a replication group are alike: one workload."""
        subnets = {
            one["CacheSubnetGroupName"]: [subnet["SubnetIdentifier"] for subnet in one["Subnets"]]
            for one in self.answers.cache_subnets
        }
        found: dict[str, Workload] = {}
        for one in self.answers.caches:
            name = one.get("ReplicationGroupId") or one["CacheClusterId"]
            groups = [group["SecurityGroupId"] for group in one.get("SecurityGroups") or []]
            found[name] = self._workload(name, groups, subnets.get(one.get("CacheSubnetGroupName", ""), []), "cache")
        return list(found.values())

    def _endpoint_interfaces(self) -> list[Workload]:
        return [
            self._workload(
                endpoint_name(short_name(one["ServiceName"])),
                [group["GroupId"] for group in one.get("Groups") or []],
                one.get("SubnetIds") or [],
                "endpoint",
                id=one["VpcEndpointId"],
            )
            for one in self.endpoints.values()
            if one["VpcEndpointType"] != "Gateway"
        ]

    def _interfaces(self, covered: set[tuple[frozenset[str], str, bool]]) -> list[Workload]:
        """Whatever else is in the VPC: alike interfaces as one. Those of NAT gateways let nothing in."""
        found: dict[tuple[frozenset[str], str, bool], Workload] = {}
        for one in self.answers.interfaces:
            groups = [group["GroupId"] for group in one.get("Groups", [])]
            public = bool((one.get("Association") or {}).get("PublicIp"))
            described = one.get("Description") or one.get("InterfaceType") or "interface"
            name = f"{one['NetworkInterfaceId']} ({described})"
            workload = self._workload(name, groups, [one["SubnetId"]], "interface", public=public)
            if one.get("InterfaceType") == "nat_gateway" or not workload.subnets:
                continue
            key = (frozenset(workload.groups), workload.subnets[0], public)
            if key not in covered:
                found.setdefault(key, workload)
        return list(found.values())


def _cidrs(item: Answer, field_name: str) -> dict[int, Intervals]:
    """All ranges of a VPC or a subnet, of both families."""
    ranges = [item[field_name]] if item.get(field_name) else []
    for family in ("CidrBlockAssociationSet", "Ipv6CidrBlockAssociationSet"):
        for one in item.get(family) or []:
            ranges += [one[key] for key in ("CidrBlock", "Ipv6CidrBlock") if one.get(key)]
    return addresses(*ranges)

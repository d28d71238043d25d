# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network's configuration as the analyser takes it, wherever it was read or planned. Pure data.

Everything is known by its name, which for what is planned is all there is; `id` is there once it exists. Protocols
are numbers as text, `-1` is any.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from .intervals import EVERY_PORT, EVERYWHERE, Intervals

ANY, TCP, UDP, ICMP, ICMP6 = "-1", "6", "17", "1", "58"
NUMBERS = {"all": ANY, "tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMP6}
WORDS = {number: word for word, number in NUMBERS.items()}
WITH_PORTS = (TCP, UDP)


def number(protocol: str) -> str:
    return NUMBERS.get(str(protocol).lower(), str(protocol))


def word(protocol: str) -> str:
    return WORDS.get(protocol, f"protocol {protocol}")


@dataclass(frozen=True)
class GroupRule:
    """A rule of a security group: the other side is addresses by family, a group, or a prefix list."""

    protocol: str
    ports: Intervals
    text: str
    addresses: dict[int, Intervals] = field(default_factory=dict)
    group: str = ""
    prefix_list: str = ""
    id: str = ""


@dataclass(frozen=True)
class SecurityGroup:
    name: str
    ingress: tuple[GroupRule, ...] = ()
    egress: tuple[GroupRule, ...] = ()
    id: str = ""


@dataclass(frozen=True)
class AclRule:
    """An entry of a network ACL. They are looked at in order of their numbers, and the first that matches decides."""

    number: int
    egress: bool
    allow: bool
    protocol: str
    addresses: dict[int, Intervals]
    ports: Intervals = EVERY_PORT
    text: str = ""


@dataclass(frozen=True)
class Acl:
    name: str
    rules: tuple[AclRule, ...] = ()
    id: str = ""


def open_acl(name: str) -> Acl:
    """What EC2 gives a VPC as its default network ACL."""
    rules = tuple(
        AclRule(100, egress, allow=True, protocol=ANY, addresses=EVERYWHERE, text="rule 100 (all)")
        for egress in (False, True)
    )
    return Acl(name, rules)


@dataclass(frozen=True)
class Route:
    """Where packets to some addresses go.

    `kind` is local, internet (an internet gateway), egress_only (one for IPv6), nat, endpoint (of an AWS service), none
    (a black hole), or other: a transit gateway, a peering, a VPN, an interface, behind which anything may be. A route
    to a prefix list whose addresses are not known has none.
    """

    kind: str
    target: str
    text: str
    addresses: dict[int, Intervals] = field(default_factory=dict)
    length: int = 0
    prefix_list: str = ""


@dataclass(frozen=True)
class RouteTable:
    name: str
    routes: tuple[Route, ...] = ()
    id: str = ""


@dataclass(frozen=True)
class Subnet:
    name: str
    addresses: dict[int, Intervals]
    acl: str
    table: str
    zone: str = ""
    cidr: str = ""
    maps_public: bool = False
    id: str = ""


@dataclass(frozen=True)
class Nat:
    name: str
    subnet: str
    public: bool = True
    id: str = ""


@dataclass(frozen=True)
class Workload:
    """What has interfaces in subnets: a service, a database, a load balancer, an endpoint.

    `public` says whether its interfaces have public addresses. `assumed` marks one that only is possible: a security
    group that nothing runs in yet. A load balancer `listens` on ports and `forwards` to workloads, each with its port.
    """

    name: str
    groups: tuple[str, ...]
    subnets: tuple[str, ...]
    kind: str = "service"
    public: bool = False
    assumed: bool = False
    listens: tuple[int, ...] = ()
    forwards: tuple[tuple[str, int], ...] = ()
    id: str = ""

    @property
    def names(self) -> set[str]:
        """What an assertion may call it."""
        return {self.name, *self.groups}


@dataclass(frozen=True)
class ServiceEndpoint:
    """A VPC endpoint: of an AWS service by its short name, with interfaces (a workload) or as a target of routes."""

    service: str
    name: str
    gateway: bool
    private_dns: bool = False
    id: str = ""


@dataclass(frozen=True)
class Configuration:
    """A VPC. Members are by name; `prefix_lists` have the addresses of those that are known, by name and by id."""

    addresses: dict[int, Intervals]
    subnets: dict[str, Subnet]
    tables: dict[str, RouteTable]
    acls: dict[str, Acl]
    groups: dict[str, SecurityGroup]
    nats: dict[str, Nat] = field(default_factory=dict)
    workloads: dict[str, Workload] = field(default_factory=dict)
    endpoints: tuple[ServiceEndpoint, ...] = ()
    prefix_lists: dict[str, dict[int, Intervals]] = field(default_factory=dict)

    def with_(self, **fields: Any) -> Configuration:
        return replace(self, **fields)

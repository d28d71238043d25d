# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a packet meets on its way, element by element. Pure.

A way is a list of stages in the order in which a packet and its answer meet them. A stage constrains either the
addresses of the target (`THERE`) or those of the source (`HERE`), and either the port of the service or the port that
the client opened the connection from, to which the answer goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from .intervals import EPHEMERAL, EVERY_PORT, EVERYWHERE, IPV6, PUBLIC, Intervals, of_family
from .model import ANY, TCP, Acl, Configuration, GroupRule, Route, RouteTable, SecurityGroup, ServiceEndpoint, Subnet

HERE, THERE = "here", "there"
SERVICE, CLIENT, GATEWAY = "service", "client", "gateway"
# What starts the direction of a stage in the way of the answer.
BACK = "return "
AWS_LISTS = "com.amazonaws."
OUTWARD = ("internet", "egress_only", "nat", "other")


@dataclass(frozen=True)
class Box:
    """Addresses and ports that an element lets through, and what in it does."""

    addresses: Intervals
    ports: Intervals
    text: str


@dataclass(frozen=True)
class Stage:
    element: str
    direction: str
    side: str
    ports: str
    boxes: tuple[Box, ...]
    reason: str

    @property
    def answers(self) -> bool:
        """Whether it lies in the way of the answer, not of the packet."""
        return self.direction.startswith(BACK)


@dataclass(frozen=True)
class Way:
    """Stages for the part of the addresses that take this way."""

    stages: tuple[Stage, ...]
    here: Intervals
    there: Intervals


@dataclass(frozen=True)
class Place:
    """One end of a connection: interfaces in one subnet, or addresses outside the VPC (without `subnet`).

    `groups` is None for an interface of which nothing is known: it lets everything through. `service` is the AWS
    service whose addresses these are.
    """

    name: str
    addresses: dict[int, Intervals]
    subnet: Subnet | None = None
    groups: tuple[SecurityGroup, ...] | None = None
    public: bool = True
    service: str = ""

    @property
    def group_names(self) -> set[str]:
        return {group.name for group in self.groups or ()}


def titled(kind: str, item: Any) -> str:
    return f"{kind} {item.name}" + (f" ({item.id})" if item.id else "")


class Elements:
    """Stages that the elements of a configuration make, for one family of addresses and one protocol."""

    def __init__(self, configuration: Configuration, family: int, protocol: str) -> None:
        self.configuration = configuration
        self.family = family
        self.protocol = protocol
        self.acl_boxes = cache(self._acl_boxes)
        self.lookup = cache(self._lookup)
        self.everywhere = EVERYWHERE[family]

    # Security groups

    def groups(self, place: Place, other: Place, *, egress: bool) -> list[Stage]:
        """What the groups of `place` say to `other`; nothing where they are not known."""
        if place.groups is None:
            return []
        boxes = tuple(
            Box(reached, ports, f"{titled('security group', group)} {rule.text}" + (f" [{rule.id}]" if rule.id else ""))
            for group in place.groups
            for rule in (group.egress if egress else group.ingress)
            for reached, ports in self._rule(rule, other, egress)
        )
        names = ", ".join(titled("", group).strip() for group in place.groups) or "none"
        direction = "egress" if egress else "ingress"
        element = f"security group{'s' if len(place.groups) > 1 else ''} {names}"
        peer = "to" if egress else "from"
        reason = f"no {direction} rule for it {peer} {other.name}"
        return [Stage(element, direction, THERE if egress else HERE, SERVICE, boxes, reason)]

    def _rule(self, rule: GroupRule, other: Place, egress: bool) -> Iterator[tuple[Intervals, Intervals]]:
        if rule.protocol not in (ANY, self.protocol):
            return
        reached = of_family(other.addresses, self.family)
        if rule.group:
            reached = reached if rule.group in other.group_names else Intervals()
        elif rule.prefix_list:
            reached = self._prefix_list(rule.prefix_list, reached, other, egress)
        else:
            reached &= of_family(rule.addresses, self.family)
        if reached:
            yield reached, EVERY_PORT if rule.protocol == ANY else rule.ports

    def _prefix_list(self, name: str, among: Intervals, other: Place, egress: bool) -> Intervals:
        """What of some addresses is in a list. One whose entries are not known may hold any public address.

        A way out to the addresses of an AWS service is one to that service, not to the internet.
        """
        if egress and name.startswith(AWS_LISTS) and not other.service:
            return Intervals()
        known = self.configuration.prefix_lists.get(name, PUBLIC)
        return among & of_family(known, self.family)

    # Network ACLs

    def acl(self, subnet: Subnet, *, egress: bool, side: str, ports: str = SERVICE) -> Stage:
        acl = self.configuration.acls[subnet.acl]
        direction = (BACK if ports != SERVICE else "") + ("egress" if egress else "ingress")
        which = "the answer's port" if ports != SERVICE else "it"
        reason = f"no rule lets {which} {'out of' if egress else 'into'} {subnet.name}"
        boxes = self.acl_boxes(acl.name, egress)
        return Stage(titled("network ACL", acl), direction, side, ports, boxes, reason)

    def _acl_boxes(self, name: str, egress: bool) -> tuple[Box, ...]:
        """What an ACL lets through: each rule decides what no rule before it has."""
        acl = self.configuration.acls[name]
        left, boxes = [(self.everywhere, EVERY_PORT)], []
        for rule in sorted(acl.rules, key=lambda rule: rule.number):
            matched = of_family(rule.addresses, self.family)
            if rule.egress is not egress or rule.protocol not in (ANY, self.protocol) or not matched:
                continue
            ports = EVERY_PORT if rule.protocol == ANY else rule.ports
            if rule.allow:
                boxes += [Box(a & matched, p & ports, self._acl_text(acl, egress, rule.text)) for a, p in left]
            left = [
                piece
                for a, p in left
                for piece in ((a - matched, p), (a & matched, p - ports))
                if piece[0] and piece[1]
            ]
        return tuple(box for box in boxes if box.addresses and box.ports)

    @staticmethod
    def _acl_text(acl: Acl, egress: bool, text: str) -> str:
        return f"{titled('network ACL', acl)} {'egress' if egress else 'ingress'} {text}"

    # Routes

    def _lookup(self, name: str) -> tuple[tuple[Intervals, Route], ...]:
        """Which addresses take which route: the longest prefix decides."""
        table: RouteTable = self.configuration.tables[name]
        left, found = self.everywhere, []
        for route in sorted(table.routes, key=lambda route: (-route.length, route.kind != "local")):
            taken = left & of_family(route.addresses, self.family)
            if taken:
                found.append((taken, route))
                left -= taken
        nowhere = Route("none", "", "no route")
        return tuple(found) + (((left, nowhere),) if left else ())

    def table(self, subnet: Subnet) -> str:
        return titled("route table", self.configuration.tables[subnet.table])

    def local(self, subnet: Subnet, side: str, *, back: bool = False) -> Stage:
        """Routes that stay in the VPC, or lead to a device in it."""
        boxes = tuple(
            Box(addresses, EVERY_PORT, f"{self.table(subnet)} {route.text}")
            for addresses, route in self.lookup(subnet.table)
            if route.kind in ("local", "other")
        )
        direction = (BACK if back else "") + "route"
        return Stage(self.table(subnet), direction, side, SERVICE, boxes, "its routes lead elsewhere")

    def closed(self, element: str, direction: str, reason: str) -> Stage:
        return Stage(element, direction, HERE, SERVICE, (), reason)

    def gateway(self, route: Route, text: str, direction: str, side: str) -> Stage:
        """A gateway, to be named on the way. One to the internet knows public addresses only."""
        carried = PUBLIC[self.family] if route.kind in ("internet", "egress_only") else self.everywhere
        reason = "the internet has no such addresses"
        return Stage(_gateway(route), direction, side, SERVICE, (Box(carried, EVERY_PORT, text),), reason)


class Ways:
    """All ways from one place to another."""

    def __init__(self, configuration: Configuration, family: int, protocol: str) -> None:
        self.configuration = configuration
        self.elements = Elements(configuration, family, protocol)
        self.family = family
        self.protocol = protocol

    def between(self, source: Place, target: Place) -> list[Way]:
        here, there = of_family(source.addresses, self.family), of_family(target.addresses, self.family)
        if not here or not there or (source.subnet is None and target.subnet is None):
            return []
        ways = self._ways(source, target, here, there)
        return [way if self.protocol == TCP else _first_packet(way) for way in ways]

    def _ways(self, source: Place, target: Place, here: Intervals, there: Intervals) -> list[Way]:
        if source.subnet and target.subnet:
            return [Way(tuple(self._inside(source, target)), here, there)]
        if source.subnet:
            return self._out(source, target, here, there)
        return self._in(source, target, here, there)

    def _inside(self, source: Place, target: Place) -> list[Stage]:
        start, end = source.subnet, target.subnet
        if start is None or end is None:
            return []
        elements = self.elements
        leaving = elements.groups(source, target, egress=True)
        arriving = elements.groups(target, source, egress=False)
        if start.name == end.name:  # no router and no ACL in between
            return leaving + arriving
        return [
            *leaving,
            elements.acl(start, egress=True, side=THERE),
            elements.local(start, THERE),
            elements.acl(end, egress=False, side=HERE),
            *arriving,
            elements.local(end, HERE, back=True),
            elements.acl(end, egress=True, side=HERE, ports=CLIENT),
            elements.acl(start, egress=False, side=THERE, ports=CLIENT),
        ]

    # From outside

    def _in(self, source: Place, target: Place, here: Intervals, there: Intervals) -> list[Way]:
        """By the gateway to which the answer goes: packets come in where it goes out."""
        subnet, elements = target.subnet, self.elements
        if subnet is None:
            return []
        ways = []
        for addresses, route in elements.lookup(subnet.table):
            taken = here & addresses
            if taken:
                stages = [
                    self._entrance(route, target),
                    elements.acl(subnet, egress=False, side=HERE),
                    *elements.groups(target, source, egress=False),
                    elements.acl(subnet, egress=True, side=HERE, ports=CLIENT),
                ]
                ways.append(Way(tuple(stages), taken, there))
        return ways

    def _entrance(self, route: Route, target: Place) -> Stage:
        elements, subnet = self.elements, target.subnet
        table = elements.table(subnet) if subnet else ""
        if route.kind == "internet" and not (target.public or self.family == IPV6):
            return elements.closed(target.name, "ingress", "it has no public address")
        if route.kind in ("internet", "other"):
            return elements.gateway(route, f"{_gateway(route)} ({table} {route.text})", "ingress", HERE)
        where = {"nat": "to a NAT gateway, which lets nothing in", "egress_only": "out only"}.get(route.kind, "nowhere")
        return elements.closed(table, "route", f"{route.text} leads {where}")

    # To outside

    def _out(self, source: Place, target: Place, here: Intervals, there: Intervals) -> list[Way]:
        subnet = source.subnet
        if subnet is None:
            return []
        ways = []
        for addresses, route in self.elements.lookup(subnet.table):
            taken = there & addresses
            if taken:
                ways.append(Way(tuple(self._exit(source, target, subnet, route)), here, taken))
        return ways

    def _exit(self, source: Place, target: Place, subnet: Subnet, route: Route) -> list[Stage]:
        elements = self.elements
        start = [*elements.groups(source, target, egress=True), elements.acl(subnet, egress=True, side=THERE)]
        end = elements.acl(subnet, egress=False, side=THERE, ports=CLIENT)
        named = elements.gateway(route, f"{_gateway(route)} ({elements.table(subnet)} {route.text})", "egress", THERE)
        if route.kind == "nat" and route.target in self.configuration.nats:
            return [*start, named, *self._nat(subnet, route.target), end]
        if route.kind == "internet" and not (source.public or self.family == IPV6):
            return [*start, elements.closed(source.name, "egress", "it has no public address"), end]
        if route.kind in (*OUTWARD, "endpoint"):
            return [*start, named, end]
        return [*start, elements.closed(elements.table(subnet), "route", f"{route.text} leads not there"), end]

    def _nat(self, subnet: Subnet, name: str) -> list[Stage]:
        """Into the gateway's subnet, out of it from an address and a port of its own, and back."""
        nat, elements = self.configuration.nats[name], self.elements
        home = self.configuration.subnets[nat.subnet]
        onward = tuple(
            Box(
                addresses & (PUBLIC[self.family] if route.kind == "internet" else addresses),
                EVERY_PORT,
                f"{_gateway(route)} ({elements.table(home)} {route.text})",
            )
            for addresses, route in elements.lookup(home.table)
            if route.kind == "other" or (route.kind == "internet" and nat.public)
        )
        lost = "its routes lead to no internet gateway" if nat.public else "it has no public address"
        crossing = home.name != subnet.name
        return [
            *([elements.acl(home, egress=False, side=HERE)] if crossing else []),
            elements.acl(home, egress=True, side=THERE),
            Stage(titled("NAT gateway", nat), "egress", THERE, SERVICE, onward, lost),
            elements.acl(home, egress=False, side=THERE, ports=GATEWAY),
            *([elements.acl(home, egress=True, side=HERE, ports=CLIENT)] if crossing else []),
        ]

    def to_service(self, source: Place, endpoint: ServiceEndpoint) -> list[Way]:
        """Through a gateway endpoint, where the source's route table leads to it."""
        subnet = source.subnet
        here = of_family(source.addresses, self.family)
        if subnet is None or not here or self.family == IPV6:
            return []
        routes = self.configuration.tables[subnet.table].routes
        route = next((route for route in routes if route.kind == "endpoint" and route.target == endpoint.name), None)
        if route is None:
            return []
        addresses = of_family(self.configuration.prefix_lists.get(route.prefix_list, PUBLIC), self.family)
        target = Place(f"AWS's {endpoint.service}", {self.family: addresses}, service=endpoint.service)
        way = Way(tuple(self._exit(source, target, subnet, route)), here, addresses)
        return [way if self.protocol == TCP else _first_packet(way)]


def _gateway(route: Route) -> str:
    kind = {
        "internet": "internet gateway",
        "egress_only": "egress-only internet gateway",
        "nat": "NAT gateway",
        "endpoint": "endpoint",
    }.get(route.kind, "gateway")
    return f"{kind} {route.target}"


def _first_packet(way: Way) -> Way:
    """What has no connection has arrived with its first packet."""
    return Way(tuple(stage for stage in way.stages if not stage.answers), way.here, way.there)


@dataclass(frozen=True)
class Piece:
    """A part of one side that is still on its way, with what let it through by the number of the stage."""

    addresses: Intervals
    service: Intervals
    client: Intervals
    texts: tuple[tuple[int, str], ...] = ()


def stepped(pieces: Sequence[Piece], stage: Stage, index: int) -> list[Piece]:
    """What of one side a stage lets through."""
    found = []
    for piece in pieces:
        for box in stage.boxes:
            addresses = piece.addresses & box.addresses
            service = piece.service & box.ports if stage.ports == SERVICE else piece.service
            client = piece.client & box.ports if stage.ports == CLIENT else piece.client
            usable = stage.ports != GATEWAY or box.ports & EPHEMERAL
            if addresses and service and client and usable:
                found.append(Piece(addresses, service, client, (*piece.texts, (index, box.text))))
    return found

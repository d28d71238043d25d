# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach whom, with the way or with what is in it. Pure.

Sources and targets are names: of a workload or of a security group, which stands for all workloads that carry it;
`internet`, every public address; `vpc`, any interface in any subnet of which nothing is known; `elsewhere`, private
addresses outside the VPC; a CIDR; and as a target `aws:<service>`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_network

from .intervals import (
    EPHEMERAL,
    EVERY_PORT,
    EVERYWHERE,
    IPV4,
    IPV6,
    LINUX_EPHEMERAL,
    PUBLIC,
    Intervals,
    addresses,
    of_family,
    union,
)
from .intervals import in_words as ports_in_words
from .model import ANY, ICMP, ICMP6, TCP, UDP, Configuration, ServiceEndpoint, Workload, number, word
from .ways import HERE, SERVICE, THERE, Piece, Place, Stage, Way, Ways, stepped

INTERNET, VPC, ELSEWHERE, AWS = "internet", "vpc", "elsewhere", "aws:"
# Stands for all protocols that no rule names.
ANOTHER_PROTOCOL = "253"
Places = tuple[Place, ...]


class UnknownPlace(Exception):
    """A name that is nothing in this configuration."""


@dataclass(frozen=True)
class Verdict:
    """The answer: in `path` the elements passed, or in `blocked_by` the one that ends it, its `direction`, and why."""

    allowed: bool
    path: tuple[str, ...] = ()
    blocked_by: str = ""
    direction: str = ""
    reason: str = ""

    def __str__(self) -> str:
        if self.allowed:
            return " → ".join(self.path)
        return f"blocked by {self.blocked_by}, {self.direction}: {self.reason}"


@dataclass(frozen=True)
class Flow:
    """All ports on which one place reaches another by a protocol, and the way to the first of them."""

    protocol: str
    ports: Intervals
    path: tuple[str, ...]


class Analyser:
    """Answers about one configuration. What was computed once is kept."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.outside = {
            family: EVERYWHERE[family] - of_family(configuration.addresses, family) for family in EVERYWHERE
        }
        self.ways = cache(self._ways)
        self.places = cache(self._places)
        self.flows = cache(self._flows)
        self.protocols = self._protocols()

    # Questions

    def can(self, source: str, target: str, port: int, protocol: str = "tcp") -> Verdict:
        """Whether a packet of any address of `source` reaches any of `target`, and its answer comes back."""
        return self._ask(source, target, port, protocol, whole=False, places=self.places)

    def way(self, source: str, target: str, port: int, protocol: str) -> tuple[str, ...]:
        """The way from and to the workloads of exactly these names."""
        return self._ask(source, target, port, protocol, whole=False, places=self._exactly).path

    def always(self, source: str, target: str, port: int, protocol: str = "tcp") -> Verdict:
        """Whether every address of `source` reaches every one of `target`, whatever port the client opens it from."""
        return self._ask(source, target, port, protocol, whole=True, places=self.places)

    def through_balancer(self, source: str, target: str, port: int) -> Verdict | None:
        """Like `always`, by way of a load balancer that forwards to that port; None where there is none."""
        verdict = None
        for balancer in self.configuration.workloads.values():
            forwarded = [one for one, to in balancer.forwards if to == port and one in self._names(target)]
            for listener in balancer.listens if forwarded else ():
                first = self.always(source, balancer.name, listener)
                verdict = self.always(balancer.name, target, port) if first.allowed else first
                if verdict.allowed:
                    hop = f"load balancer {balancer.name}, {listener} to {port}"
                    return Verdict(allowed=True, path=(*first.path, hop, *verdict.path))
        return verdict

    def _names(self, target: str) -> set[str]:
        return {target, *(name for workload in self.workloads(target) for name in workload.names)}

    def workloads(self, name: str) -> list[Workload]:
        return [workload for workload in self.configuration.workloads.values() if name in workload.names]

    def _protocols(self) -> tuple[str, ...]:
        rules = [rule for group in self.configuration.groups.values() for rule in (*group.ingress, *group.egress)]
        named = {rule.protocol for rule in rules} - {ANY}
        return tuple(dict.fromkeys([TCP, UDP, ICMP, ICMP6, *sorted(named), ANOTHER_PROTOCOL]))

    def _flows(self, source: str, target: str) -> tuple[Flow, ...]:
        """Every protocol and port on which `source` can reach `target`, workloads of exactly these names."""
        found = []
        for protocol in self._spoken(source, target):
            ports = Intervals()
            path: tuple[str, ...] = ()
            for way in self._all_ways(source, target, protocol, self._exactly):
                walked = walk(way, EVERY_PORT, EPHEMERAL)
                if walked.open:
                    path = path or walked.path(walked.open.first)
                    ports |= walked.open
            if ports:
                found.append(Flow(protocol, ports, path))
        return tuple(found)

    def _spoken(self, source: str, target: str) -> list[str]:
        """Protocols that the groups of both sides have a rule for with each other: most have none."""
        one, other = (self.configuration.workloads.get(name) for name in (source, target))
        return [
            protocol
            for protocol in self.protocols
            if self._ruled(one, other, protocol, egress=True) and self._ruled(other, one, protocol, egress=False)
        ]

    def _ruled(self, one: Workload | None, other: Workload | None, protocol: str, *, egress: bool) -> bool:
        if one is None:
            return True
        groups = [self.configuration.groups[name] for name in one.groups if name in self.configuration.groups]
        return any(
            rule.protocol in (ANY, protocol) and (not rule.group or (other is not None and rule.group in other.groups))
            for group in groups
            for rule in (group.egress if egress else group.ingress)
        )

    def _ask(
        self, source: str, target: str, port: int, protocol: str, *, whole: bool, places: Callable[[str], Places]
    ) -> Verdict:
        wanted = Intervals.of((port, port))
        client = self._client_ports(source) if whole else EPHEMERAL
        passed: list[tuple[str, ...]] = []
        stuck: Walked | None = None
        for way in self._all_ways(source, target, number(protocol), places):
            walked = walk(way, wanted, client, whole=whole)
            if walked.open and not whole:
                return Verdict(allowed=True, path=walked.path(port))
            passed.append(walked.path(port))
            if not walked.open and (stuck is None or walked.steps > stuck.steps):
                stuck = walked
        if stuck is not None:
            stage = stuck.stage
            return Verdict(False, (), stage.element, stage.direction, stage.reason)
        if passed:
            return Verdict(allowed=True, path=passed[0])
        return Verdict(False, (), target, "ingress", f"{source} and {target} have no addresses that could meet")

    def _client_ports(self, source: str) -> Intervals:
        """Tasks open connections from the ports of Linux; all others from any that is not reserved."""
        found = self.workloads(source)
        return LINUX_EPHEMERAL if found and all(one.kind != "load balancer" for one in found) else EPHEMERAL

    # Ways

    def _all_ways(self, source: str, target: str, protocol: str, places: Callable[[str], Places]) -> Iterator[Way]:
        """The ways of each family; IPv6 counts where both have such addresses."""
        for family in (IPV4, IPV6):
            ways = self.ways(family, protocol)
            for place in places(source):
                if target.startswith(AWS):
                    yield from self._to_service(ways, place, target.removeprefix(AWS))
                    continue
                for other in places(target):
                    yield from ways.between(place, other)

    def _ways(self, family: int, protocol: str) -> Ways:
        return Ways(self.configuration, family, protocol)

    def _to_service(self, ways: Ways, source: Place, service: str) -> Iterator[Way]:
        """As names resolve: private DNS leads to interfaces, routes to a gateway endpoint, else it is the internet."""
        endpoints = [endpoint for endpoint in self.configuration.endpoints if endpoint.service == service]
        interface = next((one for one in endpoints if not one.gateway and one.private_dns), None)
        if interface and interface.name in self.configuration.workloads:
            for other in self.places(interface.name):
                yield from ways.between(source, other)
            return
        found = [way for one in endpoints if one.gateway for way in ways.to_service(source, one)]
        if not found:
            target = Place(f"AWS's {service}", self._service_addresses(service, endpoints), service=service)
            found = ways.between(source, target)
        yield from found

    def _service_addresses(self, service: str, endpoints: Sequence[ServiceEndpoint]) -> dict[int, Intervals]:
        known = self.configuration.prefix_lists
        found = next((sets for name, sets in known.items() if name.endswith(f".{service}")), PUBLIC)
        return {IPV4: of_family(found, IPV4)} if endpoints else found

    # Places

    def _places(self, name: str) -> Places:
        if name == INTERNET:
            return (Place(INTERNET, {family: PUBLIC[family] & self.outside[family] for family in PUBLIC}),)
        if name == ELSEWHERE:
            return (Place(ELSEWHERE, {family: self.outside[family] - PUBLIC[family] for family in PUBLIC}),)
        if name == VPC:
            return self._anything(VPC, EVERYWHERE)
        found = self.workloads(name)
        if found:
            return tuple(place for workload in found for place in self._interfaces(workload))
        return self._range(name)

    def _exactly(self, name: str) -> Places:
        workload = self.configuration.workloads.get(name)
        return tuple(self._interfaces(workload)) if workload else self.places(name)

    def _interfaces(self, workload: Workload) -> Iterator[Place]:
        groups = tuple(self.configuration.groups[name] for name in workload.groups if name in self.configuration.groups)
        for subnet in workload.subnets:
            if subnet in self.configuration.subnets:
                found = self.configuration.subnets[subnet]
                yield Place(workload.name, found.addresses, found, groups, workload.public)

    def _anything(self, name: str, within: dict[int, Intervals]) -> Places:
        places = []
        for subnet in self.configuration.subnets.values():
            inside = {family: sets & of_family(within, family) for family, sets in subnet.addresses.items()}
            if any(inside.values()):
                places.append(Place(name, inside, subnet))
        return tuple(places)

    def _range(self, name: str) -> Places:
        try:
            ip_network(name, strict=False)
        except ValueError:
            known = sorted({one for workload in self.configuration.workloads.values() for one in workload.names})
            raise UnknownPlace(f"is neither a workload nor an address range: give {', '.join(known)}") from None
        within = addresses(name)
        outside = {family: sets & self.outside[family] for family, sets in within.items()}
        return self._anything(name, within) + ((Place(name, outside),) if any(outside.values()) else ())


@dataclass(frozen=True)
class Walked:
    """How far packets came on one way. `open` are the ports of the service that are reached, at the end."""

    open: Intervals
    here: tuple[Piece, ...]
    there: tuple[Piece, ...]
    stage: Stage
    steps: int

    def path(self, port: int) -> tuple[str, ...]:
        """What let a packet to this port pass, in order."""
        for one in self.here:
            for other in self.there:
                if port in one.service and port in other.service and one.client & other.client:
                    passed = sorted({*one.texts, *other.texts})
                    return tuple(dict.fromkeys(text for _step, text in passed))
        return ()


def walk(way: Way, service: Intervals, client: Intervals, *, whole: bool = False) -> Walked:
    """Take packets along a way; all of the way's addresses and ports if `whole`, or else any."""
    sides = {HERE: [Piece(way.here, service, client)], THERE: [Piece(way.there, service, client)]}
    full = {HERE: way.here, THERE: way.there}
    left = service
    stage = Stage("", "", HERE, SERVICE, (), "")
    for index, stage in enumerate(way.stages):
        sides[stage.side] = stepped(sides[stage.side], stage, index)
        if whole:
            side, ports = stage.side, client
            left = service if covers(sides[side], full[side], ports) else Intervals()
        else:
            left = passing(sides[HERE], sides[THERE])
        if not left:
            return Walked(left, tuple(sides[HERE]), tuple(sides[THERE]), stage, index)
    return Walked(left, tuple(sides[HERE]), tuple(sides[THERE]), stage, len(way.stages))


def passing(here: Sequence[Piece], there: Sequence[Piece]) -> Intervals:
    """Ports of the service for which both sides agree, with some port of the client."""
    return union(one.service & other.service for one in here for other in there if one.client & other.client)


def covers(pieces: Sequence[Piece], wanted: Intervals, client: Intervals) -> bool:
    """Whether pieces hold each of the addresses with each of the client's ports."""
    left = [(wanted, client)]
    for piece in pieces:
        left = [
            rest
            for sets, ports in left
            for rest in ((sets - piece.addresses, ports), (sets & piece.addresses, ports - piece.client))
            if rest[0] and rest[1]
        ]
    return not left


def in_words(flow: Flow) -> str:
    """`tcp 443`; other protocols have no ports worth telling."""
    return f"{word(flow.protocol)} {ports_in_words(flow.ports)}" if flow.protocol in (TCP, UDP) else word(flow.protocol)

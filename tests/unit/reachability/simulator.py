"""A naive network: it sends concrete packets, one at a time, and knows nothing of sets.

It shares no code with the analyser and takes the description a configuration is made from (`Net`), with addresses and
ports as they are written down. To ask whether anything gets through it tries everything: all addresses of a tiny
network, and each port at which some rule begins or ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

ANY, TCP, UDP = "-1", "6", "17"
VPC = IPv4Network("10.0.0.0/29")
SUBNETS = {"a": IPv4Network("10.0.0.0/31"), "b": IPv4Network("10.0.0.2/31"), "c": IPv4Network("10.0.0.4/31")}
PRIVATE = [IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]


@dataclass(frozen=True)
class Rule:
    """A rule of a security group; `peer` is a range or the name of a group."""

    egress: bool
    protocol: str
    ports: tuple[int, int]
    peer: str


@dataclass(frozen=True)
class Entry:
    """An entry of a network ACL."""

    number: int
    egress: bool
    allow: bool
    protocol: str
    cidr: str
    ports: tuple[int, int]


@dataclass(frozen=True)
class Host:
    """A workload: groups, subnets, and whether it has a public address."""

    groups: tuple[str, ...]
    subnets: tuple[str, ...]
    public: bool


@dataclass(frozen=True)
class Net:
    """Groups, ACLs and routes by subnet, hosts by name, and a NAT gateway in subnet c."""

    groups: dict[str, tuple[Rule, ...]]
    acls: dict[str, tuple[Entry, ...]]
    routes: dict[str, tuple[tuple[str, str], ...]]
    hosts: dict[str, Host]
    nat_public: bool


@dataclass(frozen=True)
class End:
    """An interface or an address outside: `groups` is None where nothing is known of it."""

    address: IPv4Address
    subnet: str | None
    groups: tuple[str, ...] | None
    public: bool


def ends(net: Net, name: str) -> Iterator[End]:
    """All interfaces of a host, or all addresses of a range."""
    if name in net.hosts:
        host = net.hosts[name]
        for subnet in host.subnets:
            for address in SUBNETS[subnet]:
                yield End(address, subnet, host.groups, host.public)
        return
    for address in IPv4Network(name):
        home = next((subnet for subnet, cidr in SUBNETS.items() if address in cidr), None)
        if home is not None or address not in VPC:
            yield End(address, home, None, True)


class Packets:
    """Sends packets by one protocol."""

    def __init__(self, net: Net, protocol: str) -> None:
        self.net = net
        self.protocol = protocol
        edges = {1024, 32768, 60999, 65535}
        for entries in net.acls.values():
            for entry in entries:
                edges |= {entry.ports[0], entry.ports[0] - 1, entry.ports[1], entry.ports[1] + 1}
        self.ports = sorted(edge for edge in edges if 1024 <= edge <= 65535)

    def connects(self, source: End, target: End, port: int, client: int) -> bool:
        """Whether a packet arrives, and for TCP the answer to it as well."""
        if source.subnet is None and target.subnet is None:
            return False
        if not self.arrives(source, target, port):
            return False
        return self.protocol != TCP or self.returns(source, target, client)

    def arrives(self, source: End, target: End, port: int) -> bool:
        if source.subnet is not None and not self.group_lets(source, target, port, egress=True):
            return False
        if source.subnet == target.subnet:
            return self.group_lets(target, source, port, egress=False)
        if source.subnet is not None and not self.leaves(source, target, port):
            return False
        if target.subnet is None:
            return True
        if source.subnet is None and not self.may_enter(source, target):
            return False
        inward = self.acl_lets(target.subnet, source.address, port, egress=False)
        return inward and self.group_lets(target, source, port, egress=False)

    def leaves(self, source: End, target: End, port: int) -> bool:
        """Out of the subnet of the source, and of the VPC where the target is outside."""
        subnet = source.subnet or ""
        if not self.acl_lets(subnet, target.address, port, egress=True):
            return False
        kind = self.route(subnet, target.address)
        if target.subnet is not None:
            return kind in ("local", "other")
        if kind == "internet":
            return source.public and is_public(target.address)
        return kind == "other" or (kind == "nat" and self.leaves_by_nat(source, target, port))

    def leaves_by_nat(self, source: End, target: End, port: int) -> bool:
        if source.subnet != "c" and not self.acl_lets("c", source.address, port, egress=False):
            return False
        if not self.acl_lets("c", target.address, port, egress=True):
            return False
        kind = self.route("c", target.address)
        return kind == "other" or (kind == "internet" and self.net.nat_public and is_public(target.address))

    def may_enter(self, source: End, target: End) -> bool:
        """Packets come in by the gateway to which their answers go."""
        kind = self.route(target.subnet or "", source.address)
        return kind == "other" or (kind == "internet" and target.public and is_public(source.address))

    def returns(self, source: End, target: End, client: int) -> bool:
        """The answer goes from the target's subnet to the client's port; groups remember the connection."""
        if source.subnet == target.subnet:
            return True
        if target.subnet is not None and not self.answer_leaves(source, target, client):
            return False
        if source.subnet is None:
            return True
        if target.subnet is None and not self.answer_passes_nat(source, target, client):
            return False
        return self.acl_lets(source.subnet, target.address, client, egress=False)

    def answer_leaves(self, source: End, target: End, client: int) -> bool:
        subnet = target.subnet or ""
        if source.subnet is not None and self.route(subnet, source.address) not in ("local", "other"):
            return False
        return self.acl_lets(subnet, source.address, client, egress=True)

    def answer_passes_nat(self, source: End, target: End, client: int) -> bool:
        """Where the packet left by the NAT gateway, which had a port of its own for it."""
        if self.route(source.subnet or "", target.address) != "nat":
            return True
        if not any(self.acl_lets("c", target.address, own, egress=False) for own in self.ports):
            return False
        return source.subnet == "c" or self.acl_lets("c", source.address, client, egress=True)

    def route(self, subnet: str, address: IPv4Address) -> str:
        found = [(VPC.prefixlen, 1, "local")] if address in VPC else []
        for cidr, kind in self.net.routes[subnet]:
            if address in IPv4Network(cidr):
                found.append((IPv4Network(cidr).prefixlen, 0, kind))
        return max(found)[2] if found else "none"

    def acl_lets(self, subnet: str, other: IPv4Address, port: int, *, egress: bool) -> bool:
        for entry in sorted(self.net.acls[subnet], key=lambda entry: entry.number):
            if entry.egress != egress or entry.protocol not in (ANY, self.protocol):
                continue
            if other not in IPv4Network(entry.cidr):
                continue
            if entry.protocol == ANY or entry.ports[0] <= port <= entry.ports[1]:
                return entry.allow
        return False

    def group_lets(self, end: End, other: End, port: int, *, egress: bool) -> bool:
        if end.groups is None:
            return True
        for group in end.groups:
            for rule in self.net.groups[group]:
                if rule.egress != egress or rule.protocol not in (ANY, self.protocol):
                    continue
                if rule.peer in self.net.groups:
                    matches = other.groups is not None and rule.peer in other.groups
                else:
                    matches = other.address in IPv4Network(rule.peer)
                if matches and (rule.protocol == ANY or rule.ports[0] <= port <= rule.ports[1]):
                    return True
        return False


def is_public(address: IPv4Address) -> bool:
    return not any(address in network for network in PRIVATE)


def can(net: Net, source: str, target: str, port: int, protocol: str) -> bool:
    packets = Packets(net, protocol)
    return any(
        packets.connects(one, other, port, client)
        for one in ends(net, source)
        for other in ends(net, target)
        for client in packets.ports
    )


def always(net: Net, source: str, target: str, port: int, protocol: str) -> bool:
    packets = Packets(net, protocol)
    least, most = (32768, 60999) if source in net.hosts else (1024, 65535)
    pairs = [
        (one, other)
        for one in ends(net, source)
        for other in ends(net, target)
        if one.subnet is not None or other.subnet is not None
    ]
    return bool(pairs) and all(
        packets.connects(one, other, port, client)
        for one, other in pairs
        for client in packets.ports
        if least <= client <= most
    )

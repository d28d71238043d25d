"""The analyser and a simulator that sends every packet agree on any network there can be."""

from __future__ import annotations

from typing import Any

from ansible_collections.trademaster.platform.plugins.module_utils._reachability.analyse import Analyser
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.intervals import (
    EVERY_PORT,
    Intervals,
    addresses,
)
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.model import (
    Acl,
    AclRule,
    Configuration,
    GroupRule,
    Nat,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Workload,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.reachability.simulator import ANY, SUBNETS, TCP, UDP, VPC, Entry, Host, Net, Rule, always, can

OUTSIDE = ["198.51.100.0/30", "192.168.7.0/31"]
RANGES = ["0.0.0.0/0", "10.0.0.0/29", "10.0.0.0/31", "10.0.0.2/32", "10.0.0.4/31", "198.51.100.0/31", *OUTSIDE]
EDGES = [0, 442, 443, 444, 1023, 1024, 3389, 32767, 32768, 40000, 60999, 65535]
GROUPS = ["one", "two"]
HOSTS = ["client", "server"]

ports = st.tuples(st.sampled_from(EDGES), st.sampled_from(EDGES)).map(lambda pair: (min(pair), max(pair)))
protocols = st.sampled_from([ANY, TCP, TCP, UDP])
rules = st.builds(Rule, st.booleans(), protocols, ports, st.sampled_from([*RANGES, *GROUPS]))
entries = st.builds(
    Entry,
    st.integers(1, 6),
    st.booleans(),
    st.sampled_from([True, True, True, False]),
    protocols,
    st.sampled_from(RANGES),
    ports,
)
# Mostly open, or nothing would ever get through all that is in the way.
OPEN = tuple(Entry(9, egress, True, ANY, "0.0.0.0/0", (0, 65535)) for egress in (False, True))
acls = st.lists(entries, max_size=4, unique_by=lambda entry: (entry.number, entry.egress)).flatmap(
    lambda found: st.sampled_from([tuple(found), (*found, *OPEN), (*found, *OPEN)])
)
routes = st.lists(
    st.tuples(
        st.sampled_from(["0.0.0.0/0", "198.51.100.0/31", "192.168.7.0/31", "10.0.0.2/31"]),
        st.sampled_from(["internet", "internet", "nat", "other", "none"]),
    ),
    max_size=3,
    unique_by=lambda route: route[0],
).map(tuple)
hosts = st.builds(
    Host,
    st.lists(st.sampled_from(GROUPS), min_size=1, unique=True).map(tuple),
    st.lists(st.sampled_from(sorted(SUBNETS)), min_size=1, max_size=2, unique=True).map(tuple),
    st.booleans(),
)
nets = st.builds(
    Net,
    st.fixed_dictionaries({name: st.lists(rules, max_size=5).map(tuple) for name in GROUPS}),
    st.fixed_dictionaries(dict.fromkeys(SUBNETS, acls)),
    st.fixed_dictionaries(dict.fromkeys(SUBNETS, routes)),
    st.fixed_dictionaries(dict.fromkeys(HOSTS, hosts)),
    st.booleans(),
)
PLACES = [*HOSTS, *OUTSIDE, "10.0.0.0/29", "10.0.0.2/32"]


def span(pair: tuple[int, int], protocol: str) -> Intervals:
    return EVERY_PORT if protocol == ANY else Intervals.of(pair)


def configuration(net: Net) -> Configuration:
    return Configuration(
        addresses=addresses(str(VPC)),
        subnets={name: Subnet(name, addresses(str(cidr)), name, name) for name, cidr in SUBNETS.items()},
        tables={name: RouteTable(name, table(found)) for name, found in net.routes.items()},
        acls={name: Acl(name, tuple(acl_rule(entry) for entry in found)) for name, found in net.acls.items()},
        groups={name: group(name, found) for name, found in net.groups.items()},
        nats={"nat": Nat("nat", "c", net.nat_public)},
        workloads={name: Workload(name, one.groups, one.subnets, public=one.public) for name, one in net.hosts.items()},
    )


def table(found: tuple[tuple[str, str], ...]) -> tuple[Route, ...]:
    local = Route("local", "local", "local", addresses(str(VPC)), VPC.prefixlen)
    return (local, *(Route(kind, kind, f"{cidr} to {kind}", addresses(cidr), length(cidr)) for cidr, kind in found))


def length(cidr: str) -> int:
    return int(cidr.partition("/")[2])


def acl_rule(entry: Entry) -> AclRule:
    sets = addresses(entry.cidr)
    return AclRule(entry.number, entry.egress, entry.allow, entry.protocol, sets, span(entry.ports, entry.protocol))


def group(name: str, found: tuple[Rule, ...]) -> SecurityGroup:
    made: dict[bool, list[GroupRule]] = {False: [], True: []}
    for rule in found:
        peer: dict[str, Any] = {"group": rule.peer} if rule.peer in GROUPS else {"addresses": addresses(rule.peer)}
        made[rule.egress].append(GroupRule(rule.protocol, span(rule.ports, rule.protocol), "a rule", **peer))
    return SecurityGroup(name, tuple(made[False]), tuple(made[True]))


questions = {
    "source": st.sampled_from(PLACES),
    "target": st.sampled_from(PLACES),
    "port": st.sampled_from([443, 444, 1024, 5432]),
    "protocol": st.sampled_from([TCP, UDP]),
}


# A datagram from b arrives in c, though what c would answer goes elsewhere.
ONE_WAY = Net(
    groups={"one": tuple(Rule(egress, ANY, (0, 0), "0.0.0.0/0") for egress in (False, True)), "two": ()},
    acls=dict.fromkeys(SUBNETS, OPEN),
    routes={"a": (), "b": (), "c": (("10.0.0.2/31", "internet"),)},
    hosts={"client": Host(("one",), ("b",), public=False), "server": Host(("one",), ("c",), public=False)},
    nat_public=False,
)


@settings(max_examples=300, deadline=None)
@given(net=nets, **questions)
@example(net=ONE_WAY, source="client", target="server", port=443, protocol=UDP)
def test_what_can_be_reached_is_what_some_packet_reaches(
    net: Net, source: str, target: str, port: int, protocol: str
) -> None:
    verdict = Analyser(configuration(net)).can(source, target, port, protocol)

    assert verdict.allowed == can(net, source, target, port, protocol)
    assert bool(verdict.blocked_by) != verdict.allowed


@settings(max_examples=300, deadline=None)
@given(net=nets, **questions)
@example(net=ONE_WAY, source="client", target="server", port=443, protocol=UDP)
def test_what_is_always_reached_is_what_every_packet_reaches(
    net: Net, source: str, target: str, port: int, protocol: str
) -> None:
    verdict = Analyser(configuration(net)).always(source, target, port, protocol)

    assert verdict.allowed == always(net, source, target, port, protocol)


@settings(max_examples=150, deadline=None)
@given(net=nets, source=st.sampled_from(HOSTS), target=st.sampled_from(HOSTS), protocol=st.sampled_from([TCP, UDP]))
def test_flows_list_exactly_the_ports_that_can_be_reached(net: Net, source: str, target: str, protocol: str) -> None:
    flows = Analyser(configuration(net)).flows(source, target)

    listed = Intervals.of(*(part for flow in flows if flow.protocol == protocol for part in flow.ports))
    for port in (0, 442, 443, 444, 1024, 40000, 65535):
        assert (port in listed) == can(net, source, target, port, protocol), port

"""Balancing, health, and names with several addresses."""

from __future__ import annotations

import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import dnslib
import pytest
from dnslib.server import BaseResolver, DNSServer
from local_cloud_support import eventually
from proxy_support import Echo, Node, World

from local_cloud.certificates import Authority
from local_cloud.kong.proxy import health
from local_cloud.kong.proxy.balancer import Peer, available, consistent_hashing, least_connections, round_robin
from local_cloud.ports import free_ports

Start = Callable[..., Node]
MakeEcho = Callable[..., Echo]


def peers(*weights: int) -> list[Peer]:
    return [Peer(str(number), "", f"192.0.2.{number}", 80, weight) for number, weight in enumerate(weights)]


@pytest.mark.parametrize(("weights", "counts"), [((1, 1), (5, 5)), ((100, 300), (10, 30)), ((10, 20, 70), (1, 2, 7))])
def test_round_robin_goes_by_weight(weights: tuple[int, ...], counts: tuple[int, ...]) -> None:
    some = peers(*weights)
    chosen = Counter(round_robin(some, [], None).target_id for _ in range(sum(counts)))
    assert tuple(chosen[str(number)] for number in range(len(weights))) == counts


def test_a_retry_goes_to_another_peer() -> None:
    some = peers(1, 100)
    for pick in (round_robin, least_connections, consistent_hashing):
        first = pick(some, [], "key")
        assert pick(some, [first], "key") is not first
        assert pick(some, some, "key") in some


def test_least_connections_regards_weight() -> None:
    some = peers(1, 2)
    some[1].connections = 1
    assert least_connections(some, [], None) is some[0]
    some[0].connections = 1
    assert least_connections(some, [], None) is some[1]


def test_consistent_hashing_moves_only_the_keys_of_a_lost_peer() -> None:
    some = peers(1, 1, 2)
    before = {key: consistent_hashing(some, [], str(key)) for key in range(2000)}
    after = {key: consistent_hashing(some[:2], [], str(key)) for key in before}
    assert all(after[key] is peer for key, peer in before.items() if peer is not some[2])
    assert 0.45 < sum(peer is some[2] for peer in before.values()) / 2000 < 0.55


@pytest.mark.parametrize(
    ("healthy", "threshold", "count"),
    [
        ((True, True), 0, 2),
        ((True, False), 0, 1),
        ((True, False), 50, 1),
        ((True, False), 51, 0),
        ((False, False), 0, 0),
    ],
)
def test_a_threshold_takes_the_whole_upstream_out(healthy: tuple[bool, ...], threshold: float, count: int) -> None:
    some = peers(1, 1)
    for peer, state in zip(some, healthy, strict=True):
        peer.healthy = state
    assert len(available(some, threshold)) == count


RULES = health.rules(
    {
        "healthy": {"successes": 2, "http_statuses": [200]},
        "unhealthy": {"http_failures": 2, "tcp_failures": 1, "timeouts": 0, "http_statuses": [500]},
    }
)


@pytest.mark.parametrize(
    ("healthy", "events", "after"),
    [
        (True, [500], True),
        (True, [500, 500], False),
        (True, [500, 404, 500], False),
        (True, [500, 200, 200, 500], True),
        (True, ["tcp_failures"], False),
        (True, ["timeouts"] * 5, True),
        (False, [200], False),
        (False, [200, 200], True),
        (False, [200, 500, 200], True),
    ],
)
def test_when_health_changes(healthy: bool, events: list[Any], after: bool) -> None:
    peer = Peer("", "", "", 0, 1, healthy=healthy)
    changes = [RULES.report_status(peer, one) if isinstance(one, int) else RULES.report(peer, one) for one in events]
    assert peer.healthy is after
    assert any(changes) is (healthy != after)


def upstream(world: World, *servers: Echo | str, **fields: Any) -> dict[str, Any]:
    """An upstream with a route `/` to it."""
    found = world.add("upstreams", name="balanced.lab", **fields)
    for age, server in enumerate(servers):
        target = server if isinstance(server, str) else server.target
        world.add("targets", target=target, upstream={"id": found["id"]}, created_at=float(age + 1))
    world.route(world.service("http://balanced.lab"), paths=["/"])
    return found


def served(node: Node, count: int = 10, headers: Any = ()) -> Counter[str]:
    return Counter(node.send("/", headers).json["server"] for _ in range(count))


ACTIVE = {
    "active": {
        "http_path": "/health",
        # Machines that are busy answer late.
        "timeout": 5,
        "healthy": {"interval": 0.1, "successes": 1},
        "unhealthy": {"interval": 0.1, "http_failures": 1, "tcp_failures": 1, "timeouts": 1},
    }
}


def test_weights_and_weight_nought(world: World, start: Start, echo: MakeEcho) -> None:
    one, two, three = echo(), echo(), echo()
    found = upstream(world)
    for server, weight in ((one, 300), (two, 100), (three, 0)):
        world.add("targets", target=server.target, weight=weight, upstream={"id": found["id"]})
    assert served(start(), 40) == {one.target: 30, two.target: 10}


def test_active_checks_fail_over_and_come_back(world: World, start: Start, echo: MakeEcho) -> None:
    good, bad = echo(), echo()
    found = upstream(world, good, bad, healthchecks=ACTIVE)
    node = start()
    assert node.health(found) == ["HEALTHY", "HEALTHY"]
    bad.behaviour.status = 500
    eventually(lambda: node.health(found) == ["HEALTHY", "UNHEALTHY"], 20)
    assert served(node) == {good.target: 10}
    assert "/health" in bad.requests
    bad.behaviour.status = 200
    eventually(lambda: node.health(found) == ["HEALTHY", "HEALTHY"], 20)
    assert served(node) == {good.target: 5, bad.target: 5}


@pytest.mark.parametrize("kind", ["tcp", "https"])
def test_other_active_checks(world: World, start: Start, echo: MakeEcho, authority: Authority, kind: str) -> None:
    pair = authority.issue("checked.example.com", ["checked.example.com"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    good = echo(context=context if kind == "https" else None)
    (nothing,) = free_ports(1)
    checks = {"active": {**ACTIVE["active"], "type": kind, "headers": {"X-Check": ["1"]}}}
    if kind == "https":
        checks["active"]["https_sni"] = "checked.example.com"
    found = upstream(world, good, f"127.0.0.1:{nothing}", healthchecks=checks)
    node = start(LUA_SSL_TRUSTED_CERTIFICATE=str(authority.certificate))
    eventually(lambda: node.health(found) == ["HEALTHY", "UNHEALTHY"], 20)
    if kind == "https":
        eventually(lambda: len(good.requests) > 1, 20)
        wrong = upstream_of_a_wrong_name(world, good, checks)
        eventually(lambda: node.health(wrong) == ["UNHEALTHY"], 20)


def upstream_of_a_wrong_name(world: World, server: Echo, checks: dict[str, Any]) -> dict[str, Any]:
    checks = {"active": {**checks["active"], "https_sni": "other.example.com"}}
    found = world.add("upstreams", name="wrong.lab", healthchecks=checks)
    world.add("targets", target=server.target, upstream={"id": found["id"]})
    return found


def test_a_target_that_dies(world: World, start: Start, echo: MakeEcho) -> None:
    good, dying = echo(), echo()
    found = upstream(world, good, dying, healthchecks=ACTIVE)
    node = start()
    dying.stop()
    # Not one request fails: until the checks see it, they are retried.
    assert served(node) == {good.target: 10}
    eventually(lambda: node.health(found) == ["HEALTHY", "UNHEALTHY"], 20)


def test_passive_checks_and_health_by_hand(world: World, start: Start, echo: MakeEcho) -> None:
    good, bad = echo(), echo()
    bad.behaviour.status = 503
    passive = {"passive": {"unhealthy": {"http_failures": 2, "http_statuses": [503]}}}
    found = upstream(world, good, bad, healthchecks=passive)
    node = start()
    assert Counter(node.send().status for _ in range(20)) == {200: 18, 503: 2}
    assert node.health(found) == ["HEALTHY", "UNHEALTHY"]
    targets = {target["target"]: target["id"] for target in world.entities["targets"].values()}

    async def set_health(server: Echo, address: str | None, healthy: bool) -> bool:
        return node.gateway.set_health(found["id"], targets[server.target], address, healthy)

    assert node.call(set_health, good, None, False)
    answer = node.send()
    assert (answer.status, answer.json["message"]) == (503, "failure to get a peer from the ring-balancer")
    assert not node.call(set_health, good, "192.0.2.1:1", True)
    assert node.call(set_health, bad, bad.target, True)
    bad.behaviour.status = 200
    assert served(node) == {bad.target: 10}


def test_without_checks_health_is_unknown(world: World, start: Start, echo: MakeEcho) -> None:
    found = upstream(world, echo())
    assert start().health(found) == ["HEALTHCHECKS_OFF"]


def test_a_change_of_the_upstream_keeps_what_is_known_of_its_peers(world: World, start: Start, echo: MakeEcho) -> None:
    good, bad, new = echo(), echo(), echo()
    bad.behaviour.status = 500
    found = upstream(world, good, bad, healthchecks=ACTIVE)
    node = start()
    eventually(lambda: node.health(found) == ["HEALTHY", "UNHEALTHY"], 20)
    world.add("targets", target=new.target, upstream={"id": found["id"]})
    assert node.health(found)[:2] == ["HEALTHY", "UNHEALTHY"]
    assert served(node) == {good.target: 5, new.target: 5}


def test_hashing_keeps_a_client_where_it_is(world: World, start: Start, echo: MakeEcho) -> None:
    servers = [echo() for _ in range(3)]
    upstream(world, *servers, algorithm="consistent-hashing", hash_on="header", hash_on_header="X-User")
    node = start()
    homes = [served(node, 4, [("X-User", str(user))]) for user in range(12)]
    assert all(len(home) == 1 for home in homes)
    assert len({server for home in homes for server in home}) > 1


class _Zone(BaseResolver):
    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}
        self.services: dict[str, list[tuple[str, int, int]]] = {}
        self.asked: list[str] = []
        self.ttl = 1

    def resolve(self, request: dnslib.DNSRecord, handler: Any) -> dnslib.DNSRecord:
        name, kind = str(request.q.qname).rstrip("."), dnslib.QTYPE[request.q.qtype]
        self.asked.append(kind)
        reply = request.reply()
        if name not in self.addresses:
            reply.header.rcode = dnslib.RCODE.NXDOMAIN
        elif kind == "SRV":
            for host, port, weight in self.services.get(name, []):
                reply.add_answer(
                    dnslib.RR(name, dnslib.QTYPE.SRV, rdata=dnslib.SRV(0, weight, port, host), ttl=self.ttl)
                )
        elif kind == "A":
            for address in self.addresses[name]:
                reply.add_answer(dnslib.RR(name, rdata=dnslib.A(address), ttl=self.ttl))
        return reply


@pytest.fixture
def zone() -> Iterator[tuple[_Zone, str]]:
    """A name server, and its address."""
    (port,) = free_ports(1)
    resolver = _Zone()
    server = DNSServer(resolver, port=port, address="127.0.0.1")
    thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield resolver, f"127.0.0.1:{port}"
    server.server.shutdown()
    server.server.server_close()


def test_a_name_with_several_addresses(world: World, start: Start, echo: MakeEcho, zone: tuple[_Zone, str]) -> None:
    (port,) = free_ports(1)
    one, two = echo(port, "127.0.31.1"), echo(port, "127.0.31.2")
    names, server = zone
    names.addresses["service.lab"] = ["127.0.31.1"]
    found = upstream(world, f"service.lab:{port}", healthchecks=ACTIVE)
    node = start(DNS_RESOLVER=server, DNS_NOT_FOUND_TTL="0.2")
    answer = node.send()
    assert (answer.json["server"], answer.seen("Host")) == (one.target, f"service.lab:{port}")
    names.addresses["service.lab"] = ["127.0.31.1", "127.0.31.2"]
    eventually(lambda: two.target in served(node, 2), 20, "the second address is used")
    assert served(node) == {one.target: 5, two.target: 5}
    two.behaviour.status = 500

    def states() -> list[tuple[str, str]]:
        async def look() -> Any:
            return list(node.gateway.health(found["id"]).values())

        (target,) = node.call(look)
        return [(address.ip, address.health) for address in target.addresses]

    eventually(lambda: states() == [("127.0.31.1", "HEALTHY"), ("127.0.31.2", "UNHEALTHY")], 20)
    assert served(node) == {one.target: 10}
    assert node.health(found) == ["HEALTHY"]
    del names.addresses["service.lab"]
    eventually(lambda: node.health(found) == ["DNS_ERROR"], 20)
    assert node.send().status == 503


def test_answers_are_kept_as_long_as_they_say(
    world: World, start: Start, echo: MakeEcho, zone: tuple[_Zone, str]
) -> None:
    server = echo(0, "127.0.31.1")
    names, address = zone
    names.ttl = 60
    names.addresses["service.lab"] = ["127.0.31.1"]
    world.route(world.service(f"http://service.lab:{server.port}"), paths=["/"])
    node = start(DNS_RESOLVER=address)
    started = time.monotonic()
    assert served(node, 20) == {server.target: 20}
    assert names.asked == ["SRV", "A"]
    assert time.monotonic() - started < 5


def test_service_records_bring_port_and_weight(
    world: World, start: Start, echo: MakeEcho, zone: tuple[_Zone, str]
) -> None:
    one, two = echo(0, "127.0.31.1"), echo(0, "127.0.31.2")
    names, address = zone
    names.addresses |= {"api.lab": [], "one.lab": ["127.0.31.1"], "two.lab": ["127.0.31.2"]}
    names.services["api.lab"] = [("one.lab", one.port, 10), ("two.lab", two.port, 30)]
    upstream(world, "api.lab:1")
    node = start(DNS_RESOLVER=address)
    assert served(node, 20) == {one.target: 5, two.target: 15}


def test_a_client_without_the_cookie_gets_one(world: World, start: Start, echo: MakeEcho) -> None:
    servers = [echo() for _ in range(3)]
    upstream(world, *servers, algorithm="consistent-hashing", hash_on="cookie", hash_on_cookie="home")
    node = start()
    given = {node.send().headers["Set-Cookie"].partition(";")[0] for _ in range(6)}
    assert len(given) == 6
    for cookie in given:
        answer = node.send("/", [("Cookie", cookie)])
        assert "Set-Cookie" not in answer.headers
        assert served(node, 2, [("Cookie", cookie)]) == {answer.json["server"]: 2}


@pytest.mark.parametrize(
    ("fields", "request_"),
    [
        ({"hash_on": "path"}, lambda key: (f"/{key}", [])),
        ({"hash_on": "query_arg", "hash_on_query_arg": "a"}, lambda key: (f"/?a={key}", [])),
        ({"hash_on": "ip"}, lambda key: ("/", [("X-Real-IP", f"192.0.2.{key}")])),
        (
            {"hash_on": "header", "hash_on_header": "X-None", "hash_fallback": "ip"},
            lambda key: ("/", [("X-Real-IP", f"192.0.2.{key}")]),
        ),
    ],
)
def test_what_hashing_goes_by(
    world: World, start: Start, echo: MakeEcho, fields: dict[str, Any], request_: Callable[[int], Any]
) -> None:
    upstream(world, *[echo() for _ in range(3)], algorithm="consistent-hashing", **fields)
    node = start(TRUSTED_IPS="127.0.0.1")
    homes = [{node.send(*request_(key)).json["server"] for _ in range(3)} for key in range(1, 11)]
    assert all(len(home) == 1 for home in homes)
    assert len(set.union(*homes)) > 1

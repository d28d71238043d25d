"""The upstreams of a node: their peers, where their names lead, and whether they are healthy."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from local_cloud.kong.proxy import health
from local_cloud.kong.proxy.balancer import ALGORITHMS, Peer, available
from local_cloud.kong.proxy.dns import Address, Resolver, UnknownName

LOG = logging.getLogger(__name__)

Entity = Mapping[str, Any]

# How often addresses are looked up again; the resolver answers from its cache while they are good.
_REFRESH_SECONDS = 0.5
# So many upstreams look names up at the same time; one that a request waits for does not queue.
_LOOKUPS = 16
_USER_AGENT = "kong/3.9.1 (stand-in)"

HEALTHY, UNHEALTHY, OFF, DNS_ERROR = "HEALTHY", "UNHEALTHY", "HEALTHCHECKS_OFF", "DNS_ERROR"


@dataclass(frozen=True)
class AddressHealth:
    ip: str
    port: int
    weight: int
    health: str


@dataclass(frozen=True)
class TargetHealth:
    """What `GET /upstreams/{upstream}/health` says of one target."""

    health: str
    host: str
    port: int
    weight: int
    dns: str
    addresses: tuple[AddressHealth, ...]


@dataclass
class _Target:
    id: str
    host: str
    port: int
    weight: int
    peers: list[Peer]
    unknown: bool = False


class Upstream:
    def __init__(self, entity: Entity, targets: Iterable[Entity], resolver: Resolver) -> None:
        self.entity = entity
        self._resolver = resolver
        self._targets = [_target(one) for one in sorted(targets, key=lambda one: (one["created_at"], one["id"]))]
        checks = entity["healthchecks"]
        self.active = health.rules(checks["active"])
        self.passive = health.rules(checks["passive"])
        self.probes = bool(checks["active"]["healthy"]["interval"] or checks["active"]["unhealthy"]["interval"])
        self._pick = ALGORITHMS[entity["algorithm"]]
        self._ready = not self.has_names
        for target in self._targets:
            fixed = resolver.fixed(target.host)
            target.peers = [_peer(target, fixed, {})] if fixed else []

    @property
    def checks_on(self) -> bool:
        return self.probes or self.passive.enabled

    @property
    def peers(self) -> list[Peer]:
        return [peer for target in self._targets for peer in target.peers]

    def inherit(self, other: Upstream) -> None:
        """Go on with the state of peers that `other`, an earlier version of the upstream, had already."""
        known = {peer.address: peer for peer in other.peers}
        for target in self._targets:
            before = [peer for peer in known.values() if (peer.host, peer.port) == (target.host, target.port)]
            target.peers = before or target.peers
            for peer in target.peers:
                peer.target_id, peer.weight = target.id, target.weight

    async def refresh(self) -> None:
        """Look the targets' names up and take over what has changed."""
        for target in self._targets:
            try:
                addresses = await self._resolver.lookup(target.host)
            except UnknownName:
                target.unknown = True
                target.peers = []
                continue
            target.unknown = False
            known = {peer.address: peer for peer in target.peers}
            target.peers = [_peer(target, address, known) for address in addresses]
        self._ready = True

    @property
    def has_names(self) -> bool:
        """Whether addresses can change."""
        return any(not self._resolver.fixed(target.host) for target in self._targets)

    async def ready(self) -> None:
        """Wait until the names of a new upstream have been looked up once."""
        if not self._ready:
            await self.refresh()

    def pick(self, tried: Sequence[Peer], key: str | None) -> Peer | None:
        usable = self.peers if not self.checks_on else available(self.peers, self._threshold)
        usable = [peer for peer in usable if peer.weight > 0]
        return self._pick(usable, tried, key) if usable else None

    @property
    def _threshold(self) -> float:
        return float(self.entity["healthchecks"].get("threshold") or 0)

    @property
    def healthy(self) -> bool:
        """Whether the upstream as a whole can serve."""
        return bool(available(self.peers, self._threshold))

    def health(self) -> dict[str, TargetHealth]:
        """Target id → health."""
        return {target.id: self._health_of(target) for target in self._targets}

    def _health_of(self, target: _Target) -> TargetHealth:
        def word(peer: Peer) -> str:
            if not self.checks_on:
                return OFF
            return HEALTHY if peer.healthy else UNHEALTHY

        addresses = tuple(AddressHealth(peer.ip, peer.port, peer.weight, word(peer)) for peer in target.peers)
        if target.unknown or not addresses:
            state = DNS_ERROR
        elif not self.checks_on:
            state = OFF
        else:
            state = HEALTHY if any(peer.healthy for peer in target.peers) else UNHEALTHY
        return TargetHealth(state, target.host, target.port, target.weight, self._resolver.kind(target.host), addresses)

    def set_health(self, target_id: str, address: str | None, *, healthy: bool) -> bool:
        """Whether there is such a target, and such an address (`ip:port`) of it."""
        found = [
            peer
            for target in self._targets
            if target.id == target_id
            for peer in target.peers
            if address is None or address in (f"{peer.ip}:{peer.port}", f"[{peer.ip}]:{peer.port}")
        ]
        for peer in found:
            health.set_health(peer, healthy)
        return bool(found)


class Upstreams:
    """All upstreams of a node, with the tasks that keep them up to date."""

    def __init__(
        self,
        resolver: Resolver,
        session: aiohttp.ClientSession,
        trust: Callable[[], ssl.SSLContext],
    ) -> None:
        self._resolver = resolver
        self._session = session
        self._trust = trust
        self._by_id: dict[str, Upstream] = {}
        self._by_name: dict[str, Upstream] = {}
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}
        self._versions: dict[str, tuple[Entity, list[Entity]]] = {}
        self._lookups = asyncio.Semaphore(_LOOKUPS)

    def update(self, upstreams: Mapping[str, Entity], targets: Mapping[str, Entity]) -> None:
        of: dict[str, list[Entity]] = {upstream_id: [] for upstream_id in upstreams}
        for target in targets.values():
            of[target["upstream"]["id"]].append(target)
        for gone in [upstream_id for upstream_id in self._by_id if upstream_id not in upstreams]:
            self._stop(gone)
            del self._by_id[gone], self._versions[gone]
        for upstream_id, entity in upstreams.items():
            version = (entity, sorted(of[upstream_id], key=lambda one: one["id"]))
            if self._versions.get(upstream_id) != version:
                self._replace(upstream_id, entity, of[upstream_id])
                self._versions[upstream_id] = version
        self._by_name = {upstream.entity["name"]: upstream for upstream in self._by_id.values()}

    def _replace(self, upstream_id: str, entity: Entity, targets: list[Entity]) -> None:
        upstream = Upstream(entity, targets, self._resolver)
        if upstream_id in self._by_id:
            upstream.inherit(self._by_id[upstream_id])
            self._stop(upstream_id)
        self._by_id[upstream_id] = upstream
        loop = asyncio.get_running_loop()
        work = [_keep_fresh(upstream, self._lookups)]
        if upstream.probes:
            prober = Prober(upstream, self._session, self._trust)
            work += [prober.run(healthy=True), prober.run(healthy=False)]
        self._tasks[upstream_id] = [loop.create_task(one) for one in work]

    def _stop(self, upstream_id: str) -> None:
        for task in self._tasks.pop(upstream_id):
            task.cancel()

    async def close(self) -> None:
        tasks = [task for tasks in self._tasks.values() for task in tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    def named(self, name: str) -> Upstream | None:
        return self._by_name.get(name)

    def get(self, upstream_id: str) -> Upstream | None:
        return self._by_id.get(upstream_id)

    def __iter__(self) -> Any:
        return iter(self._by_id.values())


async def _keep_fresh(upstream: Upstream, limit: asyncio.Semaphore) -> None:
    while upstream.has_names:
        async with limit:
            await upstream.refresh()
        await asyncio.sleep(_REFRESH_SECONDS)


class Prober:
    """Active health checks of one upstream."""

    def __init__(self, upstream: Upstream, session: aiohttp.ClientSession, trust: Callable[[], ssl.SSLContext]) -> None:
        self._upstream = upstream
        self._session = session
        self._trust = trust
        self._settings = upstream.entity["healthchecks"]["active"]

    async def run(self, *, healthy: bool) -> None:
        """Probe the peers that are (un)healthy, at the interval for them."""
        interval = self._settings["healthy" if healthy else "unhealthy"]["interval"]
        if not interval:
            return
        while True:
            await asyncio.sleep(interval)
            peers = [peer for peer in self._upstream.peers if peer.healthy == healthy and peer.weight > 0]
            limit = asyncio.Semaphore(self._settings["concurrency"])
            await asyncio.gather(*[self._probe(peer, limit) for peer in peers])

    async def _probe(self, peer: Peer, limit: asyncio.Semaphore) -> None:
        rules = self._upstream.active
        async with limit:
            try:
                async with asyncio.timeout(self._settings["timeout"]):
                    status = await self._status(peer)
            except TimeoutError:
                changed = rules.report(peer, health.TIMEOUT)
            except (aiohttp.ClientError, OSError):
                changed = rules.report(peer, health.TCP_FAILURE)
            else:
                changed = rules.report(peer, health.SUCCESS) if status is None else rules.report_status(peer, status)
        if changed:
            name = self._upstream.entity["name"]
            LOG.warning(
                "upstream %s: %s:%s is %s", name, peer.ip, peer.port, "healthy" if peer.healthy else "unhealthy"
            )

    async def _status(self, peer: Peer) -> int | None:
        """None: a connection was all that was asked for."""
        if self._settings["type"] == "tcp":
            _, writer = await asyncio.open_connection(peer.ip, peer.port)
            writer.close()
            return None
        scheme = "https" if self._settings["type"] in ("https", "grpcs") else "http"
        host = self._upstream.entity.get("host_header") or peer.host
        name = self._settings.get("https_sni") or host
        headers = {"Host": host if ":" in host else f"{host}:{peer.port}", "User-Agent": _USER_AGENT}
        for header, values in (self._settings.get("headers") or {}).items():
            headers[header] = ", ".join(values)
        address = f"[{peer.ip}]" if ":" in peer.ip else peer.ip
        async with self._session.get(
            f"{scheme}://{address}:{peer.port}{self._settings['http_path']}",
            headers=headers,
            ssl=self._trust() if self._settings["https_verify_certificate"] else False,
            server_hostname=name if scheme == "https" else None,
            allow_redirects=False,
        ) as response:
            return response.status


def _target(entity: Entity) -> _Target:
    host, _, port = entity["target"].rpartition(":")
    return _Target(entity["id"], host.strip("[]"), int(port), entity["weight"], [])


def _peer(target: _Target, address: Address, known: Mapping[tuple[str, str, int], Peer]) -> Peer:
    # The weight of a SRV record replaces the target's, unless that one takes the target out.
    weight = address.weight if address.weight is not None and target.weight else target.weight
    port = address.port or target.port
    peer = known.get((target.host, address.ip, port)) or Peer(target.id, target.host, address.ip, port, weight)
    peer.weight = weight
    return peer

"""Health of upstreams, as the balancer of this node sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_cloud.kong.admin.requests import READ, Request, Response, Route, no_content
from local_cloud.kong.admin.resources import targets_of
from local_cloud.kong.entities import find, key_of, present
from local_cloud.kong.errors import bad_request, not_found
from local_cloud.kong.kinds import KINDS
from local_cloud.kong.proxy import Gateway, TargetHealth
from local_cloud.kong.state import Entity, State
from local_cloud.kong.store import Store

_TURNS = 5
_OFF = "HEALTHCHECKS_OFF"


@dataclass(frozen=True)
class Proxy:
    gateway: Gateway
    show: Callable[[State], None]
    """Lets it work with a state now."""


class Health:
    def __init__(self, store: Store, proxy: Proxy, node_id: str):
        self._store = store
        self._proxy = proxy
        self._gateway = proxy.gateway
        self._node_id = node_id

    def routes(self) -> list[Route]:
        targets = "/upstreams/*/targets"
        words = [f"{targets}/*/{address}{word}" for address in ("", "*/") for word in ("healthy", "unhealthy")]
        return [
            Route("/upstreams/*/health", READ, self._show),
            Route(f"{targets}/all", READ, self._all),
            *(Route(path, ("PUT", "OPTIONS"), self._set) for path in words),
        ]

    async def _all(self, request: Request) -> Response:
        """All targets of an upstream at once."""
        state = await self._store.read()
        upstream = _upstream(state, request.segments[1])
        return Response(200, {"data": [dict(target) for target in targets_of(state, upstream["id"])], "next": None})

    async def _settle(self, state: State) -> None:
        """Let the balancer take up the state, and look at addresses that need no name server."""
        self._proxy.show(state)
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def _show(self, request: Request) -> Response:
        state = await self._store.read()
        upstream = _upstream(state, request.segments[1])
        await self._settle(state)
        if request.query.get("balancer_health") in ("1", "true"):
            data: Any = self._balancer(state, upstream)
        else:
            data = self._targets(state, upstream)
        return Response(200, {"data": data, "next": None, "node_id": self._node_id})

    def _targets(self, state: State, upstream: Entity) -> list[dict[str, Any]]:
        known = self._gateway.health(upstream["id"])
        shown = []
        for target in targets_of(state, upstream["id"]):
            health = known.get(target["id"])
            entry = {**present(state, KINDS["targets"], target), "health": health.health if health else _OFF}
            if health:
                entry["data"] = {**_host(health), "addresses": _addresses(health)}
            shown.append(entry)
        return shown

    def _balancer(self, state: State, upstream: Entity) -> dict[str, Any]:
        known = self._gateway.health(upstream["id"])
        targets = [
            known[target["id"]] for target in reversed(targets_of(state, upstream["id"])) if target["id"] in known
        ]
        healthy = self._gateway.balancer_health(upstream["id"])
        off = all(target.health == _OFF for target in targets)
        hosts = [{**_host(target), "addresses": _judged(target)} for target in targets]
        word = "HEALTHY" if healthy else "UNHEALTHY"
        total = sum(host["weight"]["total"] for host in hosts)
        available = sum(host["weight"]["available"] for host in hosts)
        weight = {"total": total, "available": available, "unavailable": total - available}
        return {
            "id": upstream["id"],
            "health": _OFF if off else word,
            "balancer_health": word,
            "details": {"healthy": healthy, "hosts": hosts, "weight": weight},
        }

    async def _set(self, request: Request) -> Response:
        """`/upstreams/u/targets/t[/address]/healthy`."""
        segments = request.segments
        state = await self._store.read()
        upstream = _upstream(state, segments[1])
        target = find(state, KINDS["targets"], key_of(KINDS["targets"], segments[3]), ("upstream", upstream["id"]))
        if target is None:
            raise not_found()
        if not _checked(upstream):
            raise bad_request(f"no healthchecker found for {upstream['name']}")
        await self._settle(state)
        address = segments[4] if len(segments) == 6 else None
        if not self._gateway.set_health(upstream["id"], target["id"], address, segments[-1] == "healthy"):
            raise not_found()
        return no_content()


def _upstream(state: State, name: str) -> Entity:
    upstream = find(state, KINDS["upstreams"], key_of(KINDS["upstreams"], name))
    if upstream is None:
        raise not_found()
    return upstream


def _checked(upstream: Entity) -> bool:
    """Whether anything of it is checked, actively or passively."""
    active, passive = upstream["healthchecks"]["active"], upstream["healthchecks"]["passive"]
    counts = ("http_failures", "tcp_failures", "timeouts")
    intervals = [active["healthy"]["interval"], active["unhealthy"]["interval"]]
    return any([*intervals, passive["healthy"]["successes"], *(passive["unhealthy"][name] for name in counts)])


def _host(health: TargetHealth) -> dict[str, Any]:
    available = sum(address.weight for address in health.addresses if address.health != "UNHEALTHY")
    total = sum(address.weight for address in health.addresses)
    return {
        "host": health.host,
        "port": health.port,
        "dns": health.dns,
        "nodeWeight": health.weight,
        "weight": {"total": total, "available": available, "unavailable": total - available},
    }


def _addresses(health: TargetHealth) -> list[dict[str, Any]]:
    return [
        {"ip": address.ip, "port": address.port, "weight": address.weight, "health": address.health}
        for address in health.addresses
    ]


def _judged(health: TargetHealth) -> list[dict[str, Any]]:
    return [
        {
            "ip": address.ip,
            "port": address.port,
            "weight": address.weight,
            "healthy": address.health != "UNHEALTHY",
        }
        for address in health.addresses
    ]

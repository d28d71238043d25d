"""prometheus: counters and histograms named as Kong 3.9 names them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_cloud.kong import VERSION, memory
from local_cloud.kong.proxy.exchange import Exchange
from local_cloud.kong.proxy.plugins.base import Handler, Plugin

if TYPE_CHECKING:
    from local_cloud.kong.proxy.gateway import Gateway

_KONG_BUCKETS = (1, 2, 5, 7, 10, 15, 20, 30, 50, 75, 100, 200, 500, 750, 1000, 3000, 6000)
_UPSTREAM_BUCKETS = (25, 50, 80, 100, 250, 400, 700, 1000, 2000, 5000, 10000, 30000, 60000)
_STATES = ("healthchecks_off", "healthy", "unhealthy", "dns_error")

Labels = tuple[tuple[str, str], ...]


@dataclass
class Histogram:
    """Cumulative buckets, as they are shown: one that never counted is left out."""

    help: str
    bounds: tuple[int, ...]
    buckets: dict[Labels, list[int]] = field(default_factory=dict)
    sums: dict[Labels, float] = field(default_factory=dict)

    def observe(self, labels: Labels, value: float) -> None:
        counts = self.buckets.setdefault(labels, [0] * (len(self.bounds) + 1))
        for index, bound in enumerate(self.bounds):
            if value <= bound:
                counts[index] += 1
        counts[-1] += 1
        self.sums[labels] = self.sums.get(labels, 0.0) + value

    def lines(self, name: str) -> Iterable[str]:
        if not self.buckets:
            return
        yield from _head(name, self.help, "histogram")
        for labels, counts in sorted(self.buckets.items()):
            for bound, count in zip([*map(str, self.bounds), "+Inf"], counts, strict=True):
                if count:
                    yield f"{name}_bucket{_shown((*labels, ('le', bound)))} {count}"
        for labels, counts in sorted(self.buckets.items()):
            yield f"{name}_count{_shown(labels)} {counts[-1]}"
        for labels, total in sorted(self.sums.items()):
            yield f"{name}_sum{_shown(labels)} {total:g}"


@dataclass
class Values:
    """A counter or a gauge."""

    help: str
    kind: str
    values: dict[Labels, float] = field(default_factory=dict)

    def add(self, labels: Labels, value: float) -> None:
        self.values[labels] = self.values.get(labels, 0) + value

    def lines(self, name: str) -> Iterable[str]:
        if self.values:
            yield from _head(name, self.help, self.kind)
            for labels, value in sorted(self.values.items()):
                yield f"{name}{_shown(labels)} {value:.15g}"


class Prometheus(Handler):
    name = "prometheus"
    priority = 13

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._requests = Values("HTTP status codes per consumer/service/route in Kong", "counter")
        self._bandwidth = Values("Total bandwidth (ingress/egress) throughput in bytes", "counter")
        self._kong = Histogram(
            "Latency added by Kong and enabled plugins for each service/route in Kong", _KONG_BUCKETS
        )
        self._upstream = Histogram(
            "Latency added by upstream response for each service/route in Kong", _UPSTREAM_BUCKETS
        )
        self._request = Histogram(
            "Total latency incurred during requests for each service/route in Kong", _UPSTREAM_BUCKETS
        )

    def log(self, plugin: Plugin, exchange: Exchange) -> None:
        config = plugin.config
        service, route = exchange.service, exchange.route
        where = (
            ("service", (service.get("name") or service["host"]) if service else ""),
            ("route", (route.get("name") or route["id"]) if route else ""),
        )
        consumer = exchange.consumer.get("username") if exchange.consumer and config.get("per_consumer") else None
        who = (("workspace", "default"), ("consumer", consumer or ""))
        if config.get("status_code_metrics"):
            what = (("code", str(exchange.status)), ("source", exchange.source))
            self._requests.add((*where, *what, *who), 1)
        if config.get("bandwidth_metrics"):
            self._bandwidth.add((*where, ("direction", "ingress"), *who), exchange.request_bytes)
            self._bandwidth.add((*where, ("direction", "egress"), *who), exchange.bytes_sent)
        if config.get("latency_metrics"):
            self._observe((*where, ("workspace", "default")), exchange)

    def _observe(self, labels: Labels, exchange: Exchange) -> None:
        timing = exchange.timing
        end = timing.finished or timing.started
        self._request.observe(labels, round((end - timing.started) * 1000))
        if timing.sent is not None:
            self._upstream.observe(labels, round(((timing.answered or end) - timing.sent) * 1000))
        self._kong.observe(labels, round(((timing.sent or end) - timing.started) * 1000))

    def text(self, *, datastore_reachable: bool) -> str:
        families: dict[str, Values | Histogram] = {
            "kong_bandwidth_bytes": self._bandwidth,
            "kong_http_requests_total": self._requests,
            "kong_kong_latency_ms": self._kong,
            "kong_request_latency_ms": self._request,
            "kong_upstream_latency_ms": self._upstream,
            **self._of_the_node(datastore_reachable),
        }
        configured = list(self._gateway.configured("prometheus"))
        if any(plugin.config.get("upstream_health_metrics") for plugin in configured):
            families["kong_upstream_target_health"] = self._target_health()
        lines = [line for name, family in sorted(families.items()) for line in family.lines(name)]
        return "\n".join(lines) + "\n"

    def _of_the_node(self, datastore_reachable: bool) -> dict[str, Values]:
        node = ("node_id", self._gateway.node_id)
        statistics = self._gateway.statistics()
        states = ("accepted", "active", "handled", "reading", "waiting", "writing")
        connections: Mapping[Labels, float] = {
            (node, ("subsystem", "http"), ("state", state)): statistics[f"connections_{state}"] for state in states
        }
        requests: Labels = (node, ("subsystem", "http"))
        return {
            **_memory(node),
            "kong_datastore_reachable": Values(
                "Datastore reachable from Kong, 0 is unreachable", "gauge", {(): int(datastore_reachable)}
            ),
            "kong_nginx_connections_total": Values("Number of connections by subsystem", "gauge", dict(connections)),
            "kong_nginx_metric_errors_total": Values("Number of nginx-lua-prometheus errors", "counter", {(): 0}),
            "kong_nginx_requests_total": Values(
                "Number of requests total", "gauge", {requests: statistics["total_requests"]}
            ),
            "kong_nginx_timers": Values(
                "Number of Nginx timers", "gauge", {(("state", state),): 0 for state in ("pending", "running")}
            ),
            "kong_node_info": Values("Kong Node metadata information", "gauge", {(node, ("version", VERSION)): 1}),
        }

    def _target_health(self) -> Values:
        found = Values(
            "Health status of targets of upstream. States = healthchecks_off|healthy|unhealthy|dns_error, "
            "value is 1 when state is populated.",
            "gauge",
        )
        for upstream, targets in self._gateway.upstream_healths():
            for target in targets.values():
                shown = [(f"{one.ip}:{one.port}", one.health.lower()) for one in target.addresses]
                for address, current in shown or [("", "dns_error")]:
                    labels = (("upstream", upstream), ("target", f"{target.host}:{target.port}"), ("address", address))
                    for state in _STATES:
                        found.add((*labels, ("state", state), ("subsystem", "http")), int(state == current))
        return found


def _memory(node: tuple[str, str]) -> dict[str, Values]:
    subsystem = ("kong_subsystem", "http")
    dictionaries: dict[Labels, float] = {
        (node, ("shared_dict", name), subsystem): mebibytes * memory.MEBIBYTE
        for name, mebibytes in memory.SHARED_DICTS.items()
    }
    worker: Labels = (node, ("pid", str(os.getpid())), subsystem)
    return {
        "kong_memory_lua_shared_dict_bytes": Values(
            "Allocated slabs in bytes in a shared_dict", "gauge", dict.fromkeys(dictionaries, 0)
        ),
        "kong_memory_lua_shared_dict_total_bytes": Values(
            "Total capacity in bytes of a shared_dict", "gauge", dictionaries
        ),
        "kong_memory_workers_lua_vms_bytes": Values(
            "Allocated bytes in worker Lua VM", "gauge", {worker: memory.worker_bytes()}
        ),
    }


def _head(name: str, text: str, kind: str) -> tuple[str, str]:
    return f"# HELP {name} {text}", f"# TYPE {name} {kind}"


def _shown(labels: Labels) -> str:
    if not labels:
        return ""
    escape: Callable[[str], str] = lambda text: text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")  # noqa: E731
    return "{" + ",".join(f'{name}="{escape(value)}"' for name, value in labels) + "}"

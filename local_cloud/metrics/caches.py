"""AWS/ElastiCache."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import redis
from moto.elasticache.models import elasticache_backends

from local_cloud.aws import elasticache
from local_cloud.data_stores.redis import RedisNode
from local_cloud.metrics.publish import Datum, every_backend, put
from local_cloud.metrics.rates import Growth, Rates
from local_cloud.metrics.usage import CORES, Snapshot

LOG = logging.getLogger(__name__)
NAMESPACE = "AWS/ElastiCache"
_COUNTERS = ("evicted_keys", "keyspace_hits", "keyspace_misses")
Value = tuple[str, float, str]


class Caches:
    def __init__(self) -> None:
        self._rates = Rates()
        # A connection stays open: TLS would cost more than the question.
        self._clients: dict[str, tuple[int, redis.Redis]] = {}

    def measure(self, processes: Snapshot) -> None:
        seen = set()
        for backend in every_backend(elasticache_backends):
            for group in list(elasticache.groups(backend).values()):
                nodes = group.group.nodes if group.status != "creating" else []
                infos = {node.name: info for node in nodes if (info := self._info(node))}
                lags = _lags(infos.values())
                for node in nodes:
                    if node.name in infos:
                        seen.add(node.name)
                        values = self._values(node, infos[node.name], lags.get(node.address), processes)
                        put(backend, _for_both_dimensions(node.name, list(values)))
        self._rates.keep(seen)
        self._clients = {name: client for name, client in self._clients.items() if name in seen}

    def _info(self, node: RedisNode) -> Mapping[str, Any] | None:
        if node.process is None:
            return None
        pid, client = self._clients.get(node.name, (0, None))
        if client is None or pid != node.process.record.pid:
            client = node.client()
            self._clients[node.name] = (node.process.record.pid, client)
        try:
            answer: Mapping[str, Any] = client.info()
        except redis.RedisError as error:
            LOG.info("no metrics of %s: %s", node.name, error)
            return None
        return answer

    def _values(
        self, node: RedisNode, info: Mapping[str, Any], lag: float | None, processes: Snapshot
    ) -> Iterator[Value]:
        assert node.process is not None
        # without the connection that asks
        yield "CurrConnections", info["connected_clients"] - 1, "Count"
        yield "BytesUsedForCache", info["used_memory"], "Bytes"
        yield "DatabaseMemoryUsagePercentage", 100 * info["used_memory"] / info["maxmemory"], "Percent"
        if info["role"] == "slave" and lag is not None:
            yield "ReplicationLag", lag, "Seconds"
        counters = {
            "cpu": processes.of([node.process.record.pid]).cpu_seconds,
            "engine": info["used_cpu_user_main_thread"] + info["used_cpu_sys_main_thread"],
            **{name: info[name] for name in _COUNTERS},
        }
        growth = self._rates.growth(node.name, {name: float(value) for name, value in counters.items()})
        if growth:
            yield from _rates(growth)


def _rates(growth: Growth) -> list[Value]:
    return [
        ("CPUUtilization", min(100.0, 100 * growth.rate("cpu") / CORES), "Percent"),
        ("EngineCPUUtilization", min(100.0, 100 * growth.rate("engine")), "Percent"),
        ("Evictions", growth.by["evicted_keys"], "Count"),
        ("CacheHits", growth.by["keyspace_hits"], "Count"),
        ("CacheMisses", growth.by["keyspace_misses"], "Count"),
    ]


def _lags(infos: Any) -> dict[str, float]:
    """Seconds by address of the replica, as the primaries see them."""
    replicas = [info[f"slave{number}"] for info in infos for number in range(info.get("connected_slaves", 0))]
    return {replica["ip"]: float(replica["lag"]) for replica in replicas}


def _for_both_dimensions(name: str, values: list[Value]) -> Iterator[Datum]:
    """ElastiCache has each metric of a node by cluster, and by cluster and node."""
    for dimensions in ({"CacheClusterId": name}, {"CacheClusterId": name, "CacheNodeId": "0001"}):
        for metric, value, unit in values:
            yield Datum(NAMESPACE, metric, dimensions, value, unit)

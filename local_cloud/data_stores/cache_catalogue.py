"""What ElastiCache offers: engine versions, node types, parameter families with their defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EngineVersion:
    engine: str
    version: str
    family: str


VERSIONS = (
    EngineVersion("redis", "6.0", "redis6.x"),
    EngineVersion("redis", "6.2", "redis6.x"),
    EngineVersion("redis", "7.0", "redis7"),
    EngineVersion("redis", "7.1", "redis7"),
    EngineVersion("valkey", "7.2", "valkey7"),
    EngineVersion("valkey", "8.0", "valkey8"),
    EngineVersion("valkey", "8.1", "valkey8"),
)
FAMILIES = tuple(dict.fromkeys(version.family for version in VERSIONS))

# GiB of memory of the current generations' node types.
NODE_TYPES = {
    **{f"cache.{family}.micro": 0.5 for family in ("t3", "t4g")},
    **{f"cache.{family}.small": 1.37 for family in ("t3", "t4g")},
    **{f"cache.{family}.medium": 3.09 for family in ("t3", "t4g")},
    **{
        f"cache.{family}.{size}": memory
        for family in ("m5", "m6g", "m7g")
        for size, memory in (
            ("large", 6.38),
            ("xlarge", 12.93),
            ("2xlarge", 26.04),
            ("4xlarge", 52.26),
            ("12xlarge", 157.12),
        )
    },
    **{
        f"cache.{family}.{size}": memory
        for family in ("r5", "r6g", "r7g")
        for size, memory in (
            ("large", 13.07),
            ("xlarge", 26.32),
            ("2xlarge", 52.82),
            ("4xlarge", 105.81),
            ("12xlarge", 317.77),
        )
    },
}


# Of the memory ElastiCache keeps this for itself, unless a parameter group says otherwise.
_RESERVED_PERCENT = 25


def memory_bytes(node_type: str) -> int:
    """What data may take on a node."""
    return int(NODE_TYPES[node_type] * 2**30 * (100 - _RESERVED_PERCENT) / 100)


def find_version(engine: str, version: str | None) -> EngineVersion | None:
    """The newest when no version is asked for; `7.x` and `6.x` stand for the newest of that major."""
    offered = [row for row in VERSIONS if row.engine == engine]
    if version is None:
        return offered[-1] if offered else None
    major = version.removesuffix(".x")
    for row in reversed(offered):
        if row.version == version or (version.endswith(".x") and row.version.split(".")[0] == major):
            return row
    return None


def default_parameter_group(family: str, cluster: bool) -> str:
    return f"default.{family}{'.cluster.on' if cluster else ''}"


@dataclass(frozen=True)
class Parameter:
    """`server` says that the Redis process knows the parameter under this name, at run time."""

    name: str
    value: str
    allowed: str
    type: str = "integer"
    modifiable: bool = True
    reboot: bool = False
    server: bool = True

    def refuses(self, value: str) -> bool:
        if self.type == "integer":
            low, _, high = self.allowed.rpartition("-")
            return not value.lstrip("-").isdecimal() or not int(low) <= int(value) <= int(high)
        return bool(self.allowed) and value not in self.allowed.split(",")

    def describe(self, value: str | None, source: str) -> dict[str, Any]:
        return {
            "ParameterName": self.name,
            "ParameterValue": self.value if value is None else value,
            "Description": f"Parameter {self.name} of the engine",
            "Source": source,
            "DataType": self.type,
            "AllowedValues": self.allowed,
            "IsModifiable": self.modifiable,
            "MinimumEngineVersion": "6.0.0",
            "ChangeType": "requires-reboot" if self.reboot else "immediate",
        }


_YES_NO = "yes,no"
_LARGE = str(2**31 - 1)
_POLICIES = "volatile-lru,allkeys-lru,volatile-lfu,allkeys-lfu,volatile-random,allkeys-random,volatile-ttl,noeviction"


def _buffer_limits() -> list[Parameter]:
    defaults = {"normal": (0, 0, 0), "pubsub": (33554432, 8388608, 60), "replica": (0, 0, 0)}
    kinds = ("hard-limit", "soft-limit", "soft-seconds")
    return [
        Parameter(f"client-output-buffer-limit-{group}-{kind}", str(value), f"0-{_LARGE}", server=False)
        for group, values in defaults.items()
        for kind, value in zip(kinds, values, strict=True)
    ]


_PARAMETERS = (
    Parameter("activedefrag", "no", _YES_NO, "string", server=False),
    Parameter("active-expire-effort", "1", "1-10"),
    Parameter("activerehashing", "yes", _YES_NO, "string", reboot=True),
    Parameter("acllog-max-len", "128", "1-10000"),
    Parameter("appendfsync", "everysec", "always,everysec,no", "string", modifiable=False),
    Parameter("appendonly", "no", _YES_NO, "string", modifiable=False),
    *_buffer_limits(),
    Parameter("close-on-replica-write", "yes", _YES_NO, "string", server=False),
    Parameter("cluster-allow-reads-when-down", "no", _YES_NO, "string"),
    Parameter("cluster-enabled", "no", _YES_NO, "string", reboot=True, server=False),
    Parameter("cluster-require-full-coverage", "no", _YES_NO, "string"),
    Parameter("databases", "16", "1-1200000", reboot=True, server=False),
    Parameter("hash-max-listpack-entries", "512", f"0-{_LARGE}"),
    Parameter("hash-max-listpack-value", "64", f"0-{_LARGE}"),
    Parameter("hll-sparse-max-bytes", "3000", "1-16000"),
    Parameter("latency-tracking", "no", _YES_NO, "string"),
    Parameter("lazyfree-lazy-eviction", "yes", _YES_NO, "string"),
    Parameter("lazyfree-lazy-expire", "yes", _YES_NO, "string"),
    Parameter("lazyfree-lazy-server-del", "yes", _YES_NO, "string"),
    Parameter("lazyfree-lazy-user-del", "no", _YES_NO, "string"),
    Parameter("lfu-decay-time", "1", f"0-{_LARGE}"),
    Parameter("lfu-log-factor", "10", f"1-{_LARGE}"),
    Parameter("list-compress-depth", "0", f"0-{_LARGE}"),
    Parameter("list-max-listpack-size", "-2", f"-5-{_LARGE}"),
    Parameter("lua-time-limit", "5000", "5000-5000", modifiable=False),
    Parameter("maxclients", "65000", "1-65000", modifiable=False),
    Parameter("maxmemory-policy", "volatile-lru", _POLICIES, "string"),
    Parameter("maxmemory-samples", "3", f"1-{_LARGE}"),
    Parameter("min-replicas-max-lag", "10", f"0-{_LARGE}"),
    Parameter("min-replicas-to-write", "0", f"0-{_LARGE}"),
    Parameter("notify-keyspace-events", "", "", "string"),
    Parameter("proto-max-bulk-len", "536870912", "1048576-536870912"),
    Parameter("repl-backlog-size", "1048576", f"16384-{_LARGE}"),
    Parameter("repl-backlog-ttl", "3600", f"0-{_LARGE}"),
    Parameter("replica-allow-chaining", "no", _YES_NO, "string", modifiable=False),
    Parameter("replica-ignore-maxmemory", "yes", _YES_NO, "string", modifiable=False),
    Parameter("replica-lazy-flush", "yes", _YES_NO, "string", modifiable=False),
    Parameter("reserved-memory-percent", "25", "0-100", server=False),
    Parameter("set-max-intset-entries", "512", f"0-{_LARGE}"),
    Parameter("slowlog-log-slower-than", "10000", f"-1-{_LARGE}"),
    Parameter("slowlog-max-len", "128", f"0-{_LARGE}"),
    Parameter("stream-node-max-bytes", "4096", f"0-{_LARGE}"),
    Parameter("stream-node-max-entries", "100", f"0-{_LARGE}"),
    Parameter("tcp-keepalive", "300", f"0-{_LARGE}"),
    Parameter("timeout", "0", f"0-{_LARGE}"),
    Parameter("tracking-table-max-keys", "1000000", "1-100000000"),
    Parameter("zset-max-listpack-entries", "128", f"0-{_LARGE}"),
    Parameter("zset-max-listpack-value", "64", f"0-{_LARGE}"),
)


def parameters(family: str) -> dict[str, Parameter]:
    """By name. Version 6 calls list packs zip lists."""
    rows = _PARAMETERS
    if family == "redis6.x":
        rows = tuple(
            Parameter(**{**vars(row), "name": row.name.replace("listpack", "ziplist")})
            for row in rows
            if row.name != "latency-tracking"
        )
    return {row.name: row for row in rows}

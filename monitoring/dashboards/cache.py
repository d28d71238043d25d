"""Cache: the Redis nodes of ElastiCache, those of the sessions and those of the gateway's counters."""

from __future__ import annotations

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from monitoring.dashboards.common import (
    PLAIN,
    UP_OR_DOWN,
    Look,
    Query,
    Row,
    Variable,
    above,
    below,
    board,
    metric,
    rate,
    ratio,
    series,
    stat,
    table,
    timeline,
)
from monitoring.dashboards.limits import share

GROUP = Variable("group", "Cache group", "Replication groups of ElastiCache", metric("redis_up"), "group", every=True)
NODES = {"group": "~$group"}
NODE = "{{group}} {{instance}}"
MEMORY = f"{metric('redis_memory_used_bytes', **NODES)} / ({metric('redis_memory_max_bytes', **NODES)} > 0)"
MEMORY_LIMITS = above(warning=share("cache_memory"), critical=share("cache_memory_critical"))


def dashboard() -> Dashboard:
    return board(
        "cache",
        "Cache",
        "Redis: memory, evictions, hits, clients and replication of each cache group.",
        [
            Row("Now", _now()),
            Row("Memory and keys", _memory()),
            Row("Commands", _commands()),
            Row("Clients and replication", _clients()),
            Row("ElastiCache", _elasticache()),
        ],
        variables=(GROUP,),
    )


def _now() -> list[Panel]:
    return [
        stat(
            "Nodes",
            "Whether every node answers the exporter.",
            Query(f"min by (group) ({metric('redis_up', **NODES)})", "{{group}}"),
            look=Look(units.NoUnit, 4, below(critical=1), names=UP_OR_DOWN),
        ),
        stat(
            "Memory in use",
            "Share of its memory that the fullest node of each group uses.",
            Query(f"max by (group) ({MEMORY})", "{{group}}"),
            look=Look(units.PercentUnit, 4, MEMORY_LIMITS, decimals=0),
        ),
        stat(
            "Hit ratio",
            "Share of look-ups that found their key.",
            Query(_hits("group"), "{{group}}"),
            look=Look(units.PercentUnit, 4, PLAIN, decimals=1),
        ),
        stat(
            "Evictions",
            "Keys a second that were thrown out because memory was full. Sessions must never be.",
            Query(rate("redis_evicted_keys_total", "group", **NODES), "{{group}}"),
            look=Look(units.OpsPerSecond, 4, above(critical=0.001)),
        ),
        stat(
            "Commands",
            "Commands a second.",
            Query(rate("redis_commands_processed_total", "group", **NODES), "{{group}}"),
            look=Look(units.OpsPerSecond, 4, PLAIN),
        ),
        stat(
            "Clients",
            "Connections that are open.",
            Query(f"sum by (group) ({metric('redis_connected_clients', **NODES)})", "{{group}}"),
            look=Look(units.Short, 4, PLAIN),
        ),
    ]


def _memory() -> list[Panel]:
    return [
        series(
            "Memory in use by node",
            "Share of maxmemory that each node uses.",
            Query(MEMORY, NODE),
            look=Look(units.PercentUnit, 8, MEMORY_LIMITS, least=0, most=1),
        ),
        series(
            "Keys",
            "Keys that each node holds.",
            Query(f"sum by (group, instance) ({metric('redis_db_keys', **NODES)})", NODE),
            look=Look(units.Short, 8, least=0),
        ),
        series(
            "Evicted and expired keys",
            "Keys a second that were thrown out for lack of memory, and that reached their end.",
            Query(rate("redis_evicted_keys_total", "group", **NODES), "{{group}} evicted"),
            Query(rate("redis_expired_keys_total", "group", **NODES), "{{group}} expired"),
            look=Look(units.OpsPerSecond, 8, least=0),
        ),
    ]


def _commands() -> list[Panel]:
    spent = rate("redis_commands_duration_seconds_total", "cmd", **NODES)
    return [
        series(
            "Commands by node",
            "Commands a second that each node ran.",
            Query(rate("redis_commands_processed_total", "group, instance", **NODES), NODE),
            look=Look(units.OpsPerSecond, 8, least=0),
        ),
        series(
            "Time of a command",
            "Mean time that the ten slowest commands took.",
            Query(f"topk(10, {spent} / ({rate('redis_commands_total', 'cmd', **NODES)} > 0))", "{{cmd}}"),
            look=Look(units.Seconds, 8, least=0),
        ),
        series(
            "Hit ratio over time",
            "Share of look-ups that found their key.",
            Query(_hits("group"), "{{group}}"),
            look=Look(units.PercentUnit, 8, least=0, most=1),
        ),
    ]


def _clients() -> list[Panel]:
    return [
        series(
            "Clients by node",
            "Connections that are open, and that wait in a blocking command.",
            Query(f"sum by (group, instance) ({metric('redis_connected_clients', **NODES)})", NODE),
            Query(f"sum by (group, instance) ({metric('redis_blocked_clients', **NODES)}) > 0", f"{NODE} blocked"),
            look=Look(units.Short, 8, least=0),
        ),
        timeline(
            "Nodes over time",
            "Whether each node answered the exporter.",
            Query(metric("redis_up", **NODES), NODE),
            look=Look(units.NoUnit, 8, below(critical=1), names=UP_OR_DOWN),
        ),
        table(
            "Nodes in detail",
            "Role of each node, how long it runs, and replicas that are connected to it.",
            Query(_told("redis_connected_slaves"), column="Replicas"),
            Query(_told("redis_uptime_in_seconds"), column="Running for", unit=units.Seconds),
            look=Look(units.Short, 8, PLAIN, decimals=0),
            labels={"group": "Group", "instance": "Node", "role": "Role"},
        ),
    ]


def _elasticache() -> list[Panel]:
    cluster = "{{dimension_CacheClusterId}}"
    return [
        series(
            "CPU of the engine",
            "Share of the one processor that runs commands; beyond it a node cannot go.",
            Query(_of_cluster("engine_cpuutilization_average"), cluster),
            look=Look(units.Percent, 12, least=0, most=100),
        ),
        series(
            "Replication lag",
            "Time by which replicas are behind their primary, as ElastiCache measures it.",
            Query(_of_cluster("replication_lag_average"), cluster),
            look=Look(units.Seconds, 12, least=0),
        ),
    ]


def _of_cluster(name: str) -> str:
    return f"max by (dimension_CacheClusterId) ({metric(f'aws_elasticache_{name}', job='cloudwatch')})"


def _told(name: str) -> str:
    """A value of each node beside its role."""
    return (
        f"sum by (group, instance, role) ({metric(name, **NODES)}"
        f" * on (instance) group_left (role) {metric('redis_instance_info', **NODES)})"
    )


def _hits(by: str) -> str:
    hits = rate("redis_keyspace_hits_total", by, **NODES)
    return ratio(hits, f"({hits} + {rate('redis_keyspace_misses_total', by, **NODES)})")

"""Database: PostgreSQL and how the service uses it."""

from __future__ import annotations

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from monitoring.dashboards.common import (
    UP_OR_DOWN,
    Look,
    Query,
    Row,
    above,
    below,
    board,
    metric,
    rate,
    series,
    stat,
    table,
)
from monitoring.dashboards.limits import LIMITS, share

POSTGRES = {"job": "postgres"}
CLOUDWATCH = {"job": "cloudwatch"}
TASKS = {"job": "$service"}
CONNECTIONS = metric("pg_stat_activity_count", **POSTGRES)
USED = above(warning=share("database_connections"), critical=share("database_connections_critical"))
FREE = below(
    critical=LIMITS["database_free_critical_gigabytes"] * 2**30, warning=LIMITS["database_free_gigabytes"] * 2**30
)
BACKUP = above(critical=LIMITS["database_backup_hours"] * 3600)
LONG = above(warning=LIMITS["database_query_seconds"])


def dashboard() -> Dashboard:
    return board(
        "database",
        "Database",
        "PostgreSQL: connections, the service's pool, queries, cache, storage, replication and backups.",
        [
            Row("Now", _now()),
            Row("Connections", _connections()),
            Row("Connection pool", _pool()),
            Row("Transactions", _transactions()),
            Row("Blocks, rows and locks", _work()),
            Row("Slow statements", _statements()),
            Row("Replication and backups", _safety()),
            Row("Storage", _storage()),
            Row("Instance", _instance()),
        ],
    )


def _now() -> list[Panel]:
    return [
        stat(
            "PostgreSQL",
            "Whether the exporter can query the database.",
            Query(f"min({metric('pg_up', **POSTGRES)})"),
            look=Look(units.NoUnit, 4, below(critical=1), names=UP_OR_DOWN),
        ),
        stat(
            "Connections in use",
            "Share of max_connections that is open.",
            Query(f"sum({CONNECTIONS}) / max({metric('pg_settings_max_connections', **POSTGRES)})"),
            look=Look(units.PercentUnit, 4, USED, decimals=0),
        ),
        stat(
            "Cache hit ratio",
            "Share of blocks that were found in PostgreSQL's buffers instead of being read.",
            Query(_cache_hits()),
            look=Look(units.PercentUnit, 4, below(critical=0.9, warning=0.95), decimals=1),
        ),
        stat(
            "Restorable until",
            "Age of the newest moment that the database can be restored to.",
            Query(f"time() - min({metric('rds_latest_restorable_time_seconds')})"),
            look=Look(units.Seconds, 4, BACKUP, decimals=0),
        ),
        stat(
            "Free storage",
            "Storage that is left before RDS grows it or stops writing.",
            Query(f"min({metric('aws_rds_free_storage_space_average', **CLOUDWATCH)})"),
            look=Look(units.BytesIEC, 4, FREE, decimals=1),
        ),
        stat(
            "Longest transaction",
            "Age of the oldest transaction that is still open.",
            Query(f"max({metric('pg_stat_activity_max_tx_duration', **POSTGRES)})"),
            look=Look(units.Seconds, 4, LONG, decimals=0),
        ),
    ]


def _connections() -> list[Panel]:
    return [
        series(
            "Connections by database",
            "Open connections by database, and how many the server allows.",
            Query(f"sum by (datname) ({CONNECTIONS}) > 0", "{{datname}}"),
            Query(f"max({metric('pg_settings_max_connections', **POSTGRES)})", "max_connections"),
            look=Look(units.Short, 8, least=0),
        ),
        series(
            "Connections by state",
            "Open connections by what they do. Idle in transaction holds locks and keeps old rows alive.",
            Query(f"sum by (state) ({CONNECTIONS}) > 0", "{{state}}"),
            look=Look(units.Short, 8, least=0),
            stacked=True,
        ),
        series(
            "Connection pool of the service",
            "Connections in use by task, and how many a task may open.",
            Query(metric("hikaricp_connections_active", **TASKS), "{{instance}}"),
            Query(f"max({metric('hikaricp_connections_max', **TASKS)})", "most a task"),
            look=Look(units.Short, 8, least=0),
        ),
    ]


def _pool() -> list[Panel]:
    return [
        series(
            "Waiting for a connection",
            "Requests that wait for a connection of their task's pool.",
            Query(metric("hikaricp_connections_pending", **TASKS), "{{instance}}"),
            look=Look(units.Short, 8, above(warning=LIMITS["pool_waiting"]), least=0),
        ),
        series(
            "Time to get a connection",
            "Mean time that a request waited for a connection of the pool.",
            Query(
                f"{rate('hikaricp_connections_acquire_seconds_sum', 'instance', **TASKS)}"
                f" / ({rate('hikaricp_connections_acquire_seconds_count', 'instance', **TASKS)} > 0)",
                "{{instance}}",
            ),
            look=Look(units.Seconds, 8, least=0),
        ),
        series(
            "Timed-out waits",
            "Requests a second that gave up waiting for a connection.",
            Query(rate("hikaricp_connections_timeout_total", "instance", **TASKS), "{{instance}}"),
            look=Look(units.RequestsPerSecond, 8, above(critical=0.01), least=0),
        ),
    ]


def _transactions() -> list[Panel]:
    return [
        series(
            "Transactions",
            "Transactions a second, committed and rolled back.",
            Query(rate("pg_stat_database_xact_commit", **POSTGRES), "committed"),
            Query(rate("pg_stat_database_xact_rollback", **POSTGRES), "rolled back"),
            look=Look(units.OpsPerSecond, 8, least=0),
        ),
        series(
            "Oldest open transaction",
            "Age of the oldest open transaction by database: a slow query, or one that was forgotten.",
            Query(f"max by (datname) ({metric('pg_stat_activity_max_tx_duration', **POSTGRES)}) > 0", "{{datname}}"),
            look=Look(units.Seconds, 8, LONG, least=0),
        ),
        series(
            "Deadlocks and conflicts",
            "Transactions a second that were ended by a deadlock or by recovery on a standby.",
            Query(rate("pg_stat_database_deadlocks", **POSTGRES), "deadlocks"),
            Query(rate("pg_stat_database_conflicts", **POSTGRES), "conflicts"),
            look=Look(units.OpsPerSecond, 8, above(warning=0.01), least=0),
        ),
    ]


def _work() -> list[Panel]:
    return [
        series(
            "Cache hit ratio over time",
            "Share of blocks that were found in PostgreSQL's buffers, by database.",
            Query(_cache_hits("datname"), "{{datname}}"),
            look=Look(units.PercentUnit, 8, below(critical=0.9, warning=0.95), most=1),
        ),
        series(
            "Rows",
            "Rows a second that were fetched, inserted, updated and deleted.",
            *(
                Query(rate(f"pg_stat_database_tup_{done}", **POSTGRES), done)
                for done in ("fetched", "inserted", "updated", "deleted")
            ),
            look=Look(units.RowsPerSecond, 8, least=0),
        ),
        series(
            "Locks",
            "Locks that are held, by mode.",
            Query(f"sum by (mode) ({metric('pg_locks_count', **POSTGRES)}) > 0", "{{mode}}"),
            look=Look(units.Short, 8, least=0),
            stacked=True,
        ),
    ]


def _statements() -> list[Panel]:
    calls, seconds = _of_statements("calls_total"), _of_statements("seconds_total")
    return [
        table(
            "Statements that take most time",
            "Statements by the time that the server spends on them, without the values in them.",
            Query(f"{seconds} * {_TEXT}", column="Time a second", unit=units.Seconds),
            Query(f"({seconds} / ({calls} > 0)) * {_TEXT}", column="Mean time", unit=units.Seconds),
            Query(f"{calls} * {_TEXT}", column="Calls", unit=units.OpsPerSecond),
            Query(f"{_of_statements('rows_total')} * {_TEXT}", column="Rows", unit=units.RowsPerSecond),
            look=Look(units.Short, 16),
            labels={"query": "Statement"},
        ),
        series(
            "Mean time of statements",
            "Mean time of the five statements that take longest.",
            Query(f"topk(5, ({seconds} / ({calls} > 0)) * {_TEXT})", "{{query}}"),
            look=Look(units.Seconds, 8, least=0),
        ),
    ]


def _safety() -> list[Panel]:
    return [
        series(
            "Replication lag",
            "Time by which replicas are behind. RDS hides the standby of Multi-AZ, so without read replicas this is 0.",
            Query(f"max by (server) ({metric('pg_replication_lag_seconds', **POSTGRES)})", "{{server}}"),
            look=Look(units.Seconds, 12, above(warning=LIMITS["database_replica_lag_seconds"]), least=0),
        ),
        series(
            "Age of the restorable time",
            "How old the newest moment is that the database can be restored to; RDS moves it on every five minutes.",
            Query(f"time() - {metric('rds_latest_restorable_time_seconds')}", "{{dbinstance}}"),
            look=Look(units.Seconds, 12, BACKUP, least=0),
        ),
    ]


def _storage() -> list[Panel]:
    return [
        series(
            "Size of databases",
            "Storage that each database takes.",
            Query(f"max by (datname) ({metric('pg_database_size_bytes', **POSTGRES)})", "{{datname}}"),
            look=Look(units.BytesIEC, 12, least=0),
        ),
        series(
            "Free storage over time",
            "Storage that is left on the instance.",
            Query(_instance_metric("free_storage_space_average"), "{{dimension_DBInstanceIdentifier}}"),
            look=Look(units.BytesIEC, 12, FREE, least=0),
        ),
        series(
            "Reads and writes of the storage",
            "Operations a second of the storage.",
            Query(_instance_metric("read_iops_average"), "read"),
            Query(_instance_metric("write_iops_average"), "write"),
            look=Look(units.IOOpsPerSecond, 12, least=0),
        ),
        series(
            "Latency of the storage",
            "Mean time of a read and a write of the storage.",
            Query(_instance_metric("read_latency_average"), "read"),
            Query(_instance_metric("write_latency_average"), "write"),
            look=Look(units.Seconds, 12, above(warning=0.02), least=0),
        ),
    ]


def _instance() -> list[Panel]:
    return [
        series(
            "CPU of the instance",
            "Share of the instance's processors in use.",
            Query(_instance_metric("cpuutilization_average"), "{{dimension_DBInstanceIdentifier}}"),
            look=Look(units.Percent, 8, above(warning=LIMITS["database_cpu_percent"]), least=0, most=100),
        ),
        series(
            "Free memory",
            "Memory of the instance that is not in use.",
            Query(_instance_metric("freeable_memory_average"), "{{dimension_DBInstanceIdentifier}}"),
            look=Look(units.BytesIEC, 8, least=0),
        ),
        series(
            "Connections that CloudWatch sees",
            "Connections to the instance, those of RDS itself included.",
            Query(_instance_metric("database_connections_average"), "{{dimension_DBInstanceIdentifier}}"),
            look=Look(units.Short, 8, least=0),
        ),
    ]


_TEXT = (
    f"on (queryid) group_left (query) max by (queryid, query) ({metric('pg_stat_statements_query_info', **POSTGRES)})"
)


def _of_statements(name: str) -> str:
    return rate(f"pg_stat_statements_{name}", "queryid", **POSTGRES)


def _instance_metric(name: str) -> str:
    return f"max by (dimension_DBInstanceIdentifier) ({metric(f'aws_rds_{name}', **CLOUDWATCH)})"


def _cache_hits(by: str = "") -> str:
    hit = rate("pg_stat_database_blks_hit", by, **POSTGRES)
    return f"{hit} / ({hit} + {rate('pg_stat_database_blks_read', by, **POSTGRES)} > 0)"

"""What the jobs of an environment would give, made up: a quiet afternoon with one incident in it.

Values are functions of time, so that the same environment can be scraped as it goes on and written as its own past.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from monitoring import contract

Value = Callable[[float], float]
Labels = Mapping[str, str]

SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
KONG = (1, 2, 5, 7, 10, 15, 20, 30, 50, 75, 100, 200, 500, 750, 1000, 3000, 6000)
UPSTREAM = (25, 50, 80, 100, 250, 400, 700, 1000, 2000, 5000, 10000, 30000, 60000)
WAVE = 5400.0
GIBIBYTE = 2.0**30
PLATFORM = "trademaster-local"
COLOURED = [{"service": f"auth-{colour}", "colour": colour, "upstream": "auth-service"} for colour in ("blue", "green")]
OTHERS = ["kong", "prometheus", "alertmanager", "grafana", "exporters"]
RELEASED = [
    {"service": "auth-service", "colour": colour, "version": version, "digest": f"sha256:{colour}"}
    for colour, version in (("blue", "1.5.0"), ("green", "1.4.2"))
]


@dataclass(frozen=True)
class Series:
    name: str
    labels: Labels
    value: Value

    def line(self, moment: float, *, timed: bool) -> str:
        labels = ",".join(f'{name}="{text}"' for name, text in self.labels.items())
        return f"{self.name}{{{labels}}} {self.value(moment):.10g}" + (f" {moment:.3f}" if timed else "")


@dataclass(frozen=True)
class Environment:
    """`start` is when counters began, `incident` when errors begin; they last for a quarter of an hour."""

    start: float
    incident: float

    def counter(self, rate: float, *, more: float = 0.0) -> Value:
        """Grows by `rate` a second in waves, and by `more` a second during the incident."""

        def value(moment: float) -> float:
            passed = moment - self.start
            wave = WAVE / math.tau * (1 - math.cos(math.tau * passed / WAVE))
            extra = min(max(moment - self.incident, 0.0), 900.0)
            return rate * (passed + 0.4 * wave) + more * extra

        return value

    def gauge(self, base: float, swing: float = 0.0, *, more: float = 0.0) -> Value:
        """`base`, give or take `swing` in waves, and `more` during the incident."""

        def value(moment: float) -> float:
            during = more if self.incident <= moment < self.incident + 900 else 0.0
            return base + swing * math.sin(math.tau * (moment - self.start) / WAVE) + during

        return value


def targets(job: str) -> list[Labels]:
    """Labels of the targets of a job, without `job` itself."""
    environment = {"environment": "local"}
    if job == "redis":
        nodes = [("sessions", "10.20.20.11"), ("sessions", "10.20.21.11"), ("gateway", "10.20.20.21")]
        return [{**environment, "instance": f"{address}:6379", "group": group} for group, address in nodes]
    if job == "blackbox":
        address = "https://auth.local.example.com"
        return [
            {**environment, "instance": f"{address}/{path}", "probe": probe}
            for probe, path in (("health", "health"), ("sign-in", "api/v1/auth/login"))
        ]
    tasks = 2 if job in ("auth-service", "kong") else 1
    of_task = {"task": "0123", "task_definition": f"{PLATFORM}-{job}:3", "ecs_service": job}
    found = [{**environment, "instance": f"10.20.1{number}.5:8080"} for number in range(tasks)]
    if job == "auth-service":
        colours = zip(found, ("blue", "green"), strict=True)
        return [{**one, **of_task, "ecs_service": f"auth-{colour}", "colour": colour} for one, colour in colours]
    return found if job in ("discovery", "prometheus") else [{**one, **of_task} for one in found]


def series(given: Environment) -> dict[str, list[Series]]:
    """The series of each job of `metrics.yml`, with `up` and the duration of scrapes."""
    jobs = yaml.safe_load(contract.DECLARED.read_text(encoding="utf-8"))["jobs"]
    return {job: list(_of_job(given, job, entry.get("metrics") or {})) for job, entry in jobs.items()}


def _of_job(given: Environment, job: str, metrics: Mapping[str, Any]) -> Iterator[Series]:
    for number, target in enumerate(targets(job)):
        for name, metric in metrics.items():
            for labels in _combinations(job, name, metric.get("labels") or (), number):
                yield from _family(given, name, metric["type"], {**target, **labels})


def _family(given: Environment, name: str, kind: str, labels: Labels) -> Iterator[Series]:
    rate, more = _rate(name, labels)
    if kind not in (contract.HISTOGRAM, contract.SUMMARY):
        yield Series(
            name, labels, given.counter(rate, more=more) if kind == contract.COUNTER else _gauge(given, name, labels)
        )
        return
    bounds, median = _shape(name)
    if kind == contract.HISTOGRAM:
        for bound in (*bounds, math.inf):
            share = 1 / (1 + (median / bound) ** 3) if bound != math.inf else 1.0
            slow = share if bound >= median * 8 else share * 0.3
            text = "+Inf" if bound == math.inf else f"{bound:g}"
            value = given.counter(rate * share, more=more * slow)
            yield Series(f"{name}_bucket", {**labels, "le": text}, value)
    yield Series(f"{name}_count", labels, given.counter(rate, more=more))
    yield Series(f"{name}_sum", labels, given.counter(rate * median * 1.2, more=more * median * 5))


def _shape(name: str) -> tuple[Sequence[float], float]:
    shapes: dict[str, tuple[Sequence[float], float]] = {
        "kong_request_latency_ms": (UPSTREAM, 29),
        "kong_upstream_latency_ms": (UPSTREAM, 25),
        "kong_kong_latency_ms": (KONG, 2.5),
        "hikaricp_connections_acquire_seconds": ((), 0.0008),
    }
    return shapes.get(name, (SECONDS, 0.03))


def _rate(name: str, labels: Labels) -> tuple[float, float]:
    """Increase a second, and what the incident adds."""
    code = labels.get("code") or labels.get("status") or ""
    if name.startswith(("kong_", "http_server")):
        usual = {"401": 0.4, "429": 0.05, "503": 0.004}.get(code, 4.0)
        return usual * (
            1.0 if "sign-in" in str(labels) or "login" in str(labels) else 0.6
        ), 0.5 if code == "503" else 0.0
    named = {
        "redis_evicted_keys_total": (0.0, 0.2),
        "hikaricp_connections_timeout_total": (0.0, 0.05),
        "pg_stat_database_blks_hit": (900.0, 0.0),
        "pg_stat_database_blks_read": (12.0, 40.0),
        "pg_stat_database_tup_fetched": (300.0, 0.0),
        "prometheus_tsdb_head_samples_appended_total": (420.0, 0.0),
        "redis_commands_duration_seconds_total": (0.0004, 0.0),
        "redis_keyspace_hits_total": (40.0, 0.0),
        "pg_stat_statements_seconds_total": (0.004, 0.02),
        "pg_stat_database_xact_rollback": (0.05, 0.4),
    }
    if any(
        word in name for word in ("fail", "error", "dropped", "rejected", "deadlock", "conflict", "missed", "out_of")
    ):
        return 0.0, 0.0
    return named.get(name, (3.0, 0.0))


# Base, swing, and what the incident adds.
_GAUGES: Mapping[str, tuple[float, float, float]] = {
    "hikaricp_connections_active": (6, 3, 12),
    "hikaricp_connections_idle": (8, 3, -8),
    "hikaricp_connections_max": (20, 0, 0),
    "hikaricp_connections_pending": (0, 0, 3),
    "pg_settings_max_connections": (200, 0, 0),
    "pg_stat_activity_count": (7, 3, 8),
    "pg_stat_activity_max_tx_duration": (0.4, 0.3, 40),
    "pg_database_size_bytes": (0.8 * GIBIBYTE, 0, 0),
    "redis_memory_used_bytes": (0.4 * GIBIBYTE, 0.05 * GIBIBYTE, 0),
    "redis_memory_max_bytes": (1.4 * GIBIBYTE, 0, 0),
    "redis_db_keys": (5200, 900, 0),
    "redis_keys_count": (1700, 300, 0),
    "redis_connected_clients": (24, 6, 10),
    "redis_connected_slaves": (1, 0, 0),
    "redis_uptime_in_seconds": (86400, 0, 0),
    "kong_nginx_connections_total": (40, 15, 20),
    "probe_duration_seconds": (0.08, 0.02, 0.4),
    "aws_rds_cpuutilization_average": (22, 8, 30),
    "aws_elasticache_engine_cpuutilization_average": (9, 3, 0),
    "aws_elasticache_replication_lag_average": (0.2, 0.1, 0),
    "aws_rds_read_iops_average": (40, 10, 90),
    "aws_rds_write_iops_average": (60, 15, 0),
    "aws_rds_database_connections_average": (40, 8, 30),
    "aws_applicationelb_target_response_time_p95": (0.09, 0.02, 0.3),
    "aws_rds_free_storage_space_average": (14 * GIBIBYTE, 0.2 * GIBIBYTE, 0),
    "aws_rds_freeable_memory_average": (1.6 * GIBIBYTE, 0.2 * GIBIBYTE, 0),
    "aws_rds_read_latency_average": (0.0008, 0.0003, 0.004),
    "aws_rds_write_latency_average": (0.0015, 0.0004, 0.004),
    "aws_ecs_cpuutilization_average": (28, 10, 20),
    "aws_ecs_memory_utilization_average": (54, 4, 0),
    "aws_applicationelb_request_count_sum": (600, 200, 0),
    "aws_applicationelb_httpcode_elb_5_xx_count_sum": (0, 0, 3),
    "aws_applicationelb_httpcode_target_5_xx_count_sum": (0.2, 0, 40),
    "aws_applicationelb_target_response_time_average": (0.04, 0.01, 0.2),
    "aws_natgateway_active_connection_count_maximum": (60, 20, 0),
    "aws_natgateway_bytes_out_to_destination_sum": (4e6, 1e6, 0),
    "aws_natgateway_error_port_allocation_sum": (0, 0, 0),
    "aws_natgateway_packets_drop_count_sum": (0, 0, 0),
    "prometheus_tsdb_head_series": (6200, 300, 0),
    "prometheus_tsdb_storage_blocks_bytes": (0.6 * GIBIBYTE, 0, 0),
    "prometheus_tsdb_retention_limit_bytes": (8 * GIBIBYTE, 0, 0),
    "ecs_service_desired_tasks": (2, 0, 0),
    "ecs_service_running_tasks": (2, 0, 0),
    "release_in_progress": (0, 0, 0),
}


def _gauge(given: Environment, name: str, labels: Labels) -> Value:
    if name in ("rds_latest_restorable_time_seconds", "discovery_last_success_timestamp_seconds"):
        step = 300 if name.startswith("rds") else 15
        return lambda moment: moment - moment % step
    if name == "probe_ssl_earliest_cert_expiry":
        return lambda _: given.start + 60 * 86400
    if name == "kong_upstream_target_health":
        return given.gauge(1 if labels["state"] == "healthy" else 0)
    quiet = any(word in name for word in ("blocked", "lag", "is_replica", "pending", "failed", "last_scrape_error"))
    base, swing, more = _GAUGES.get(name, (0, 0, 0) if quiet else (1, 0, 0))
    if name == "ecs_service_running_tasks" and labels["service"] == "auth-blue":
        more = -1
    if name.startswith("release_") and name.endswith("_timestamp_seconds"):
        return lambda _: given.start - 86400
    if name == "ecs_service_live":
        base = float(labels["colour"] == "blue")
    return given.gauge(base, swing, more=more)


_CHOICES: Mapping[str, Sequence[str]] = {
    "pool": ["HikariPool-1"],
    "workspace": ["default"],
    "server": ["db.local.example.com:5432"],
    "datname": ["trademaster_auth", "kong"],
    "datid": ["16384"],
    "mode": ["accesssharelock", "rowexclusivelock"],
    "upstream": ["auth-service"],
    "target": ["auth-service.local.trademaster.internal:8080"],
    "address": ["10.20.10.5:8080", "10.20.11.5:8080"],
    "subsystem": ["http"],
    "node_id": ["5f4c"],
    "version": ["3.9.1"],
    "direction": ["ingress", "egress"],
    "db": ["db0"],
    "cmd": ["get", "set", "expire"],
    "region": ["us-east-1"],
    "account_id": ["123456789012"],
    "name": ["arn:aws:example"],
    "dbinstance": [PLATFORM],
    "dimension_DBInstanceIdentifier": [PLATFORM],
    "dimension_CacheClusterId": [f"{PLATFORM}-sessions-0001-001", f"{PLATFORM}-sessions-0001-002"],
    "dimension_CacheNodeId": ["0001"],
    "key": ["trademaster:session:*"],
    "user": ["trademaster_user"],
    "queryid": ["-4205923347219482961"],
    "query": ["SELECT id, email, password_hash FROM users WHERE email = $1"],
    "dimension_ClusterName": [PLATFORM],
    "dimension_ServiceName": [f"{PLATFORM}-{name}" for name in ("auth-blue", "kong", "prometheus")],
    "dimension_LoadBalancer": ["app/trademaster-local/50dc6c495c0c9188"],
    "dimension_NatGatewayId": ["nat-05dba92075d71c408"],
    "type": ["float"],
    "rule_group": ["gateway"],
    "alertmanager": ["http://10.20.10.7:9093"],
    "integration": ["pagerduty", "sns"],
    "handler": ["/api/health"],
    "method": ["POST"],
    "status_code": ["200"],
    "exception": ["None"],
    "outcome": ["SUCCESS"],
    "source": ["service"],
    "maxmemory_policy": ["volatile-lru"],
    "redis_mode": ["standalone"],
    "redis_version": ["7.1.0"],
    "master_host": ["10.20.20.11"],
    "master_port": ["6379"],
    "api_name": ["GetMetricData"],
}


def _combinations(job: str, name: str, labels: Iterable[str], number: int) -> Iterator[Labels]:
    """Values of the labels of a metric; those that exporters leave empty are left out."""
    if name.startswith("ecs_service_"):
        yield from COLOURED if name == "ecs_service_live" else [*COLOURED, *({"service": one} for one in OTHERS)]
        return
    if name == "release_info":
        yield from RELEASED
        return
    left_out = {"err", *([] if "healthy_host" in name else ["dimension_TargetGroup"])}
    present = [label for label in labels if label not in left_out]
    for values in itertools.product(*(_choices(job, name, label, number) for label in present)):
        yield dict(zip(present, values, strict=True))


def _choices(job: str, name: str, label: str, number: int) -> Sequence[str]:
    special: dict[tuple[str, str], Sequence[str]] = {
        ("kong", "route"): ["auth-service-sign-in", "auth-service-session", "auth-service-account"],
        ("kong", "service"): ["auth-service-public"],
        ("kong", "code"): ["200", "401", "429", "503"],
        ("kong", "state"): ["active"] if "nginx" in name else ["healthy", "unhealthy", "dns_error", "healthchecks_off"],
        ("postgres", "state"): ["active", "idle", "idle in transaction"],
        ("auth-service", "uri"): ["/api/v1/auth/login", "/api/v1/auth/refresh", "/actuator/health"],
        ("auth-service", "status"): ["200", "401", "503"],
        ("discovery", "service"): ["auth-service"],
        ("discovery", "version"): ["1.5.0"],
        ("discovery", "verdict"): ["completed", "rolled_back"],
        ("discovery", "colour"): ["blue", "green"],
        ("redis", "role"): ["slave" if number == 1 else "master"],
        ("cloudwatch", "dimension_TargetGroup"): ["targetgroup/trademaster-local-kong/73e2d6bc24d8a067"],
    }
    return special.get((job, label)) or _CHOICES[label]


# Forms


def exposition(all_series: Iterable[Series], moment: float, kinds: Mapping[str, str], drop: Sequence[str]) -> str:
    """The text that a target would answer: labels of the target itself are left out, because Prometheus adds them."""
    lines = []
    told = set()
    for one in sorted(all_series, key=lambda each: each.name):
        family = next((name for name in kinds if one.name in _members(name, kinds[name])), one.name)
        if family not in told:
            told.add(family)
            lines.append(f"# TYPE {family} {kinds.get(family, 'untyped')}")
        own = {name: text for name, text in one.labels.items() if name not in drop}
        lines.append(Series(one.name, own, one.value).line(moment, timed=False))
    return "\n".join(lines) + "\n"


def _members(name: str, kind: str) -> set[str]:
    parts = ("_bucket", "_count", "_sum") if kind in (contract.HISTOGRAM, contract.SUMMARY) else ()
    return {name, *(name + part for part in parts)}


def history(given: Environment, end: float, step: float) -> Iterator[str]:
    """The past in the text form that `promtool tsdb create-blocks-from openmetrics` reads."""
    moments = [given.start + step * number for number in range(int((end - given.start) / step) + 1)]
    for job, found in series(given).items():
        up = [Series("up", labels, given.gauge(1)) for labels in targets(job)]
        scrapes = [Series("scrape_duration_seconds", labels, given.gauge(0.02, 0.01)) for labels in targets(job)]
        for one in [*found, *up, *scrapes]:
            labelled = Series(one.name, {"job": job, **one.labels}, one.value)
            for moment in moments:
                yield labelled.line(moment, timed=True)
    yield "# EOF"

"""Metrics under the names that Micrometer gives them, measured here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    Summary,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
REQUEST_LABELS = ("method", "uri", "status", "outcome", "exception")
# Declared as the original declares them, and like there nothing ever counts them.
NEVER_COUNTED = (
    "authentication_attempts",
    "authentication_successes",
    "authentication_failures",
    "mfa_attempts",
    "mfa_successes",
    "mfa_failures",
    "user_registrations",
    "user_activations",
    "user_password_resets",
    "user_account_lockouts",
    "session_creations",
    "session_destructions",
    "token_generations",
    "token_validations",
    "token_refreshes",
    "token_revocations",
    "security_incidents",
    "security_rate_limit_violations",
)
OUTCOMES = {1: "INFORMATIONAL", 2: "SUCCESS", 3: "REDIRECTION", 4: "CLIENT_ERROR", 5: "SERVER_ERROR"}


class Metrics:
    """`pool_statistics` gives what psycopg_pool counts; `histogram` adds buckets to the request timings."""

    def __init__(self, pool_statistics: Callable[[], Mapping[str, Any]], *, histogram: bool) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        help_text = "Duration of HTTP server request handling"
        self._requests: Histogram | Summary = (
            Histogram(
                "http_server_requests_seconds",
                help_text,
                REQUEST_LABELS,
                buckets=BUCKETS,
                registry=self._registry,
            )
            if histogram
            else Summary("http_server_requests_seconds", help_text, REQUEST_LABELS, registry=self._registry)
        )
        self._registry.register(_HikariCollector(pool_statistics))
        ProcessCollector(registry=self._registry)
        for name in NEVER_COUNTED:
            Counter(f"auth_{name}", "Declared only", ["service"], registry=self._registry).labels("auth")

    def observe(self, method: str, uri: str, status: int, exception: str, seconds: float) -> None:
        outcome = OUTCOMES.get(status // 100, "UNKNOWN")
        self._requests.labels(method, uri, str(status), outcome, exception).observe(seconds)

    def render(self) -> bytes:
        return generate_latest(self._registry)


class _HikariCollector(Collector):
    def __init__(self, statistics: Callable[[], Mapping[str, Any]]) -> None:
        self._statistics = statistics

    def collect(self) -> Iterator[Metric]:
        stats = {name: float(value) for name, value in self._statistics().items()}
        size, available = stats["pool_size"], stats["pool_available"]
        gauges = {
            "": size,
            "_active": size - available,
            "_idle": available,
            "_pending": stats.get("requests_waiting", 0.0),
            "_max": stats["pool_max"],
            "_min": stats["pool_min"],
        }
        for suffix, value in gauges.items():
            gauge = GaugeMetricFamily(f"hikaricp_connections{suffix}", "Connections", labels=["pool"])
            gauge.add_metric(["HikariPool-1"], value)
            yield gauge
        timeouts = CounterMetricFamily("hikaricp_connections_timeout", "Timed out waits", labels=["pool"])
        timeouts.add_metric(["HikariPool-1"], stats.get("requests_errors", 0.0))
        yield timeouts
        timings = {
            "acquire": ("requests_num", "requests_wait_ms"),
            "usage": ("requests_num", "usage_ms"),
            "creation": ("connections_num", "connections_ms"),
        }
        for name, (count, milliseconds) in timings.items():
            summary = SummaryMetricFamily(f"hikaricp_connections_{name}_seconds", name, labels=["pool"])
            seconds = stats.get(milliseconds, 0.0) / 1000
            summary.add_metric(["HikariPool-1"], int(stats.get(count, 0)), seconds)
            yield summary

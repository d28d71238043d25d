"""Metrics under the names that Grafana gives them, measured here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from local_cloud.grafana import VERSION

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25)
_LABELS = ("handler", "method", "status_code", "status_source", "slo_group")


class Metrics:
    """`totals` gives the numbers of things by the metric's name."""

    def __init__(self, totals: Callable[[], Mapping[str, int]]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        build = Gauge(
            "grafana_build_info",
            "Version that runs",
            ("version", "revision", "branch", "goversion", "edition"),
            registry=self._registry,
        )
        build.labels(VERSION, "stand-in", "HEAD", "none", "oss").set(1)
        self._requests = Histogram(
            "grafana_http_request_duration_seconds",
            "Latencies of HTTP requests",
            _LABELS,
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.in_flight = Gauge("grafana_http_request_in_flight", "Requests being served", registry=self._registry)
        self._answers = Counter(
            "grafana_api_response_status_total", "Answers of the API", ("code",), registry=self._registry
        )
        self.sign_ins = Counter("grafana_api_login_post_total", "Sign-ins by form", registry=self._registry)
        Counter("grafana_instance_start_total", "Starts of this instance", registry=self._registry).inc()
        self._registry.register(_Totals(totals))
        ProcessCollector(registry=self._registry)

    def observe(self, handler: str, method: str, status: int, seconds: float) -> None:
        self._requests.labels(handler, method, str(status), "server", "high-fast").observe(seconds)
        if handler.startswith("/api/"):
            self._answers.labels(str(status)).inc()

    def render(self) -> bytes:
        return generate_latest(self._registry)


class _Totals(Collector):
    def __init__(self, totals: Callable[[], Mapping[str, int]]) -> None:
        self._totals = totals

    def collect(self) -> Iterator[Metric]:
        for name, value in self._totals().items():
            yield GaugeMetricFamily(name, name.removeprefix("grafana_").replace("_", " "), value=value)

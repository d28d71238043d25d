"""CloudWatch: metric data that is bounded and indexed, where moto keeps all of it in one list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import CloudWatchBackend, MetricAggregatedDatum, MetricDatumBase, cloudwatch_backends
from moto.core.utils import utcnow

from local_cloud.alarms.evaluation import Sample, statistic
from local_cloud.extensions import around
from local_cloud.metrics.publish import every_backend
from local_cloud.metrics.series import RETENTION, Metric, Row, Series, naive
from local_cloud.runtime import Runtime

_FORGET_SECONDS = 30.0
# What moto makes up on the fly.
_OF_MOTO = frozenset({"AWS/S3"})

Original = Callable[..., Any]


def series_of(backend: CloudWatchBackend) -> Series:
    found: Series = backend.__dict__.setdefault("local_series", Series())
    return found


def put_metric_data(
    original: Original, self: CloudWatchBackend, namespace: str, metric_data: list[dict[str, Any]]
) -> None:
    """moto checks and takes the values apart; they move on into the series."""
    series = series_of(self)
    with series.moving:
        original(self, namespace, metric_data)
        data, self.metric_data = self.metric_data, []
    for datum in data:
        dimensions = frozenset((str(row.name), str(row.value)) for row in datum.dimensions)
        row = Row(naive(datum.timestamp), _sample(datum), datum.unit)
        series.add(Metric(datum.namespace, datum.name, dimensions), row)


def _sample(datum: Any) -> Sample:
    if isinstance(datum, MetricAggregatedDatum):
        return Sample(datum.sum, datum.min, datum.max, datum.sample_count)
    return Sample(datum.value, datum.value, datum.value)


def get_all_metrics(original: Original, self: CloudWatchBackend) -> list[MetricDatumBase]:
    """For what moto calculates itself."""
    data: list[MetricDatumBase] = original(self)
    return data + [
        MetricAggregatedDatum(
            metric.namespace,
            metric.name,
            row.sample.low,
            row.sample.high,
            row.sample.count,
            row.sample.total,
            _listed(metric),
            row.timestamp,
            row.unit,
        )
        for metric, row in series_of(self).all_rows()
    ]


def _listed(metric: Metric) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in sorted(metric.dimensions)]


def get_filtered_metrics(
    _original: Original, self: CloudWatchBackend, metric_name: str, namespace: str, dimensions: list[dict[str, str]]
) -> list[MetricDatumBase]:
    known = [MetricDatumBase(row.namespace, row.name, _listed(row), None) for row in series_of(self).metrics()]
    return [datum for datum in [*known, *self.aws_metric_data] if datum.filter(namespace, metric_name, dimensions)]


def get_metric_data(
    original: Original,
    self: CloudWatchBackend,
    queries: list[dict[str, Any]],
    **options: Any,
) -> list[dict[str, Any]]:
    if any("MetricStat" not in row or row["MetricStat"]["Metric"]["Namespace"] in _OF_MOTO for row in queries):
        answer: list[dict[str, Any]] = original(self, queries, **options)
        return answer
    start, end = (naive(options[name]).replace(microsecond=0) for name in ("start_time", "end_time"))
    if start >= end:
        raise ValidationError("The parameter EndTime must be greater than StartTime.")
    results = [_result(series_of(self), query, (start, end)) for query in queries]
    for result in results if options.get("scan_by") == "TimestampDescending" else []:
        result["values"].reverse()
        result["timestamps"].reverse()
    return results


def _result(series: Series, query: Mapping[str, Any], window: tuple[datetime, datetime]) -> dict[str, Any]:
    wanted = query["MetricStat"]
    metric, period = wanted["Metric"], timedelta(seconds=int(wanted["Period"]))
    dimensions = frozenset((row["Name"], row["Value"]) for row in metric.get("Dimensions", []))
    periods: dict[datetime, list[Sample]] = {}
    for row in series.rows(Metric(metric["Namespace"], metric["MetricName"], dimensions)):
        if window[0] <= row.timestamp < window[1] and wanted.get("Unit") in {None, row.unit}:
            start = window[0] + (row.timestamp - window[0]) // period * period
            periods.setdefault(start, []).append(row.sample)
    starts = sorted(periods)
    return {
        "id": query["Id"],
        "label": query.get("Label") or metric["MetricName"],
        "values": [_statistic(wanted["Stat"], periods[start]) for start in starts],
        "timestamps": starts,
        "status_code": "Complete",
    }


def _statistic(name: str, samples: Sequence[Sample]) -> float | None:
    try:
        return statistic(name, samples)
    except (KeyError, ValueError):
        raise ValidationError(f"The statistic {name} is not valid.") from None


def forget_all() -> None:
    for backend in every_backend(cloudwatch_backends):
        series_of(backend).forget_before(utcnow() - RETENTION)


def install(runtime: Runtime) -> None:
    for function in (put_metric_data, get_all_metrics, get_filtered_metrics, get_metric_data):
        around(CloudWatchBackend, function.__name__)(function)
    runtime.background.every(_FORGET_SECONDS, forget_all, "forgetting metric data")

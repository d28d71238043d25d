"""CloudWatch Logs: metric filters that count the events they match, as metric data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogGroup, LogsBackend, logs_backends

from local_cloud.alarms import patterns
from local_cloud.extensions import around
from local_cloud.metrics.publish import Datum, put
from local_cloud.runtime import Runtime

Original = Callable[..., Any]


def put_metric_filter(original: Original, self: LogsBackend, *given: Any) -> None:
    """In place of the one of the same name."""
    filter_name, filter_pattern, log_group_name, _metrics = given
    if log_group_name not in self.groups:
        raise ResourceNotFoundException
    if patterns.is_json_pattern(filter_pattern):
        try:
            patterns.condition(filter_pattern)
        except patterns.PatternError as error:
            raise InvalidParameterException(
                msg=f"Invalid metric filter pattern: {error}", constraint="", parameter="filterPattern", value=""
            ) from error
    self.filters.delete_filter(filter_name, log_group_name)
    original(self, *given)


def describe_metric_filters(
    original: Original, self: LogsBackend, prefix: str | None, log_group_name: str | None, *more: Any
) -> list[dict[str, Any]]:
    if log_group_name is not None and log_group_name not in self.groups:
        raise ResourceNotFoundException
    found: list[dict[str, Any]] = original(self, prefix, log_group_name, *more)
    return found


def delete_log_group(original: Original, self: LogsBackend, log_group_name: str) -> None:
    """Its filters go with it."""
    original(self, log_group_name)
    for item in self.filters.get_matching_filters(log_group_name=log_group_name):
        self.filters.delete_filter(item["filterName"], log_group_name)


def put_log_events(original: Original, self: LogGroup, log_stream_name: str, log_events: Sequence[Any]) -> Any:
    """Those of containers come here as well."""
    answer = original(self, log_stream_name, log_events)
    backend = logs_backends[self.account_id][self.region]
    filters = backend.filters.get_matching_filters(log_group_name=self.name)
    wanted = [item for item in filters if patterns.is_json_pattern(item["filterPattern"])]
    if wanted:
        events = [patterns.parsed(event["message"]) for event in log_events]
        put(backend, [datum for item in wanted for datum in _counted(item, events)])
    return answer


def _counted(item: Mapping[str, Any], events: Sequence[Any]) -> Iterator[Datum]:
    """A datum for each event that matches; where none does, the default value if there is one."""
    metric, matches = item["metricTransformations"][0], patterns.condition(item["filterPattern"])
    found = [event for event in events if event is not None and matches(event)]
    name, unit = (metric["metricNamespace"], metric["metricName"]), metric.get("unit") or "None"
    for event in found:
        value = str(metric["metricValue"])
        number = patterns.select(event, value) if value.startswith("$") else float(value)
        dimensions = {key: patterns.select(event, path) for key, path in (metric.get("dimensions") or {}).items()}
        if isinstance(number, (int, float)) and None not in dimensions.values():
            yield Datum(*name, {key: str(text) for key, text in dimensions.items()}, float(number), unit)
    if not found and metric.get("defaultValue") is not None:
        yield Datum(*name, {}, float(metric["defaultValue"]), unit)


def install(_runtime: Runtime) -> None:
    for function in (put_metric_filter, describe_metric_filters, delete_log_group):
        around(LogsBackend, function.__name__)(function)
    around(LogGroup, "put_log_events")(put_log_events)

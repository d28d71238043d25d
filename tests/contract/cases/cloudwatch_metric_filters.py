"""Contract cases of cloudwatch_metric_filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from tests.contract.case import Boto, Case

GROUP, PREFIX = "/contract-filters/audit", "contract-filters-"
ROOT = {
    "name": f"{PREFIX}root",
    "filter_pattern": '{ $.userIdentity.type = "Root" }',
    "metric_namespace": "contract-filters/audit",
    "metric_name": "root",
    "default_value": 0.0,
}
SLOW = {
    "name": f"{PREFIX}slow",
    "filter_pattern": "{ $.latency > 100 }",
    "metric_namespace": "contract-filters/audit",
    "metric_name": "slow",
    "metric_value": "$.latency",
    "dimensions": {"Path": "$.path"},
    "unit": "Milliseconds",
}


def log_group(boto: Boto) -> Mapping[str, Any]:
    logs = boto("logs")
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=GROUP)
    return {}


def foreign(boto: Boto) -> Callable[[], Any]:
    """A filter of the same group that is called otherwise."""
    logs = boto("logs")
    metric = {"metricName": "foreign", "metricNamespace": "contract-filters/foreign", "metricValue": "1"}
    logs.put_metric_filter(
        logGroupName=GROUP, filterName="foreign", filterPattern="ERROR", metricTransformations=[metric]
    )
    return lambda: logs.describe_metric_filters(logGroupName=GROUP, filterNamePrefix="foreign")["metricFilters"]


def root(**fields: Any) -> dict[str, Any]:
    return {"metric_filters": [{**ROOT, **fields}, SLOW]}


def slow(**fields: Any) -> dict[str, Any]:
    return {"metric_filters": [ROOT, {**SLOW, **fields}]}


CASES = [
    Case(
        name="cloudwatch_metric_filters",
        module="cloudwatch_metric_filters",
        present={"log_group_name": GROUP, "metric_filters": [ROOT, SLOW], "prefix": PREFIX, "purge": True},
        absent={"metric_filters": []},
        prepare=log_group,
        edits={
            "pattern": root(filter_pattern='{ $.userIdentity.type = "IAMUser" }'),
            "metric": root(metric_name="other"),
            "namespace": root(metric_namespace="contract-filters/other"),
            "value": root(metric_value="2"),
            "default value": root(default_value=None),
            "dimensions": slow(dimensions={"Path": "$.route"}),
            "unit": slow(unit="Seconds"),
            "one fewer": {"metric_filters": [ROOT]},
            "one more": {"metric_filters": [ROOT, SLOW, {**ROOT, "name": f"{PREFIX}more"}]},
        },
        foreign=foreign,
    ),
    Case(
        name="cloudwatch_metric_filters by name",
        module="cloudwatch_metric_filters",
        present={"log_group_name": GROUP, "metric_filters": [{**ROOT, "name": "contract-named"}]},
        absent={"state": "absent"},
        prepare=log_group,
        edits={"pattern": {"metric_filters": [{**ROOT, "name": "contract-named", "filter_pattern": "{ $.a = 1 }"}]}},
    ),
]

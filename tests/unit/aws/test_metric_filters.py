"""Metric filters as comparable states, and what CloudWatch Logs would refuse."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.logs import filter_model as model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

WANTED: dict[str, Any] = {
    "name": "audit-root",
    "filter_pattern": '{ $.userIdentity.type = "Root" }',
    "metric_name": "root",
    "metric_namespace": "audit",
}
DESCRIBED: dict[str, Any] = {
    "filterName": "audit-root",
    "filterPattern": WANTED["filter_pattern"],
    "metricTransformations": [{"metricName": "root", "metricNamespace": "audit", "metricValue": "1"}],
}


def fields(wanted: dict[str, Any], metric: dict[str, Any]) -> list[tuple[str, ...]]:
    described = {**DESCRIBED, "metricTransformations": [{**DESCRIBED["metricTransformations"][0], **metric}]}
    desired = model.desired_states([{**WANTED, **wanted}], "audit-")
    return [change.fields for change in model.plan(model.current_states([described]), desired, [], prefix=None)]


@pytest.mark.parametrize(
    ("wanted", "metric", "expected"),
    [
        ({}, {}, []),
        ({}, {"unit": "None"}, []),
        ({"filter_pattern": "ERROR"}, {}, [("filter_pattern",)]),
        ({"metric_name": "other"}, {}, [("metric_name",)]),
        ({"metric_namespace": "other"}, {}, [("metric_namespace",)]),
        ({"metric_value": "$.latency"}, {}, [("metric_value",)]),
        ({"default_value": 0.0}, {}, [("default_value",)]),
        ({}, {"defaultValue": 0.0}, [("default_value",)]),
        ({"dimensions": {"User": "$.user"}}, {}, [("dimensions",)]),
        ({"unit": "Count"}, {}, [("unit",)]),
    ],
)
def test_only_what_differs_is_a_change(
    wanted: dict[str, Any], metric: dict[str, Any], expected: list[tuple[str, ...]]
) -> None:
    assert fields(wanted, metric) == expected


@pytest.mark.parametrize(
    ("wanted", "refused"),
    [
        ({"name": "audit-a:b"}, "is no name of a metric filter"),
        ({"name": "root"}, "does not begin with prefix, audit-"),
        ({"filter_pattern": None}, "filter_pattern: None is missing"),
        ({"metric_name": None}, "metric_name: None is missing"),
        ({"filter_pattern": "x" * 1025}, "is too long: 1025 characters, 1024 at most"),
        ({"dimensions": dict.fromkeys("abcd", "$.a")}, "are too many: 3 at most"),
        ({"dimensions": {"a": "$.a"}, "default_value": 0.0}, "does not go with dimensions"),
    ],
)
def test_what_cloudwatch_logs_refuses(wanted: dict[str, Any], refused: str) -> None:
    with pytest.raises(InvalidInput, match=refused):
        model.desired_states([{**WANTED, **wanted}], "audit-")


@pytest.mark.parametrize(
    ("named", "prefix", "expected"),
    [([], None, []), (["audit-root"], None, ["audit-root"]), ([], "audit-", ["audit-root"]), ([], "other-", [])],
)
def test_only_what_is_named_or_begins_alike_is_removed(
    named: list[str], prefix: str | None, expected: list[str]
) -> None:
    current = model.current_states([DESCRIBED, {**DESCRIBED, "filterName": "foreign"}])
    assert [change.key for change in model.plan(current, {}, named, prefix=prefix)] == expected

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metric filters of a log group as comparable states. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..._core.changes import Change, State, plan_set
from ..._core.errors import InvalidInput

KIND = "metric_filter"
NAME = re.compile(r"[^:*]{1,512}")
LONGEST_PATTERN = 1024
MOST_DIMENSIONS = 3
NO_UNIT = "None"


def desired_states(filters: Sequence[Mapping[str, Any]], prefix: str | None) -> dict[str, dict[str, Any]]:
    """Desired states by name. Raises InvalidInput for what CloudWatch Logs would refuse."""
    states: dict[str, dict[str, Any]] = {}
    for index, given in enumerate(filters):
        option = f"metric_filters[{index}]"
        validate_name(f"{option}.name", given["name"], states, prefix)
        _validate(option, given)
        states[given["name"]] = {
            "filter_pattern": given["filter_pattern"],
            "metric_name": given["metric_name"],
            "metric_namespace": given["metric_namespace"],
            "metric_value": given.get("metric_value") or "1",
            "default_value": given.get("default_value"),
            "dimensions": dict(sorted((given.get("dimensions") or {}).items())),
            "unit": given.get("unit") or NO_UNIT,
        }
    return states


def validate_name(option: str, name: str, taken: Collection[str], prefix: str | None) -> None:
    """Raise InvalidInput for a name that no filter can have, or that is not of the set."""
    if not NAME.fullmatch(name):
        raise InvalidInput(option, name, "is no name of a metric filter: 1 to 512 characters, without : and *")
    if name in taken:
        raise InvalidInput(option, name, "is given twice: keep one of them")
    if prefix and not name.startswith(prefix):
        raise InvalidInput(option, name, f"does not begin with prefix, {prefix}: rename it")


def _validate(option: str, given: Mapping[str, Any]) -> None:
    for field in ("filter_pattern", "metric_name", "metric_namespace"):
        if given.get(field) is None:
            raise InvalidInput(f"{option}.{field}", None, "is missing: a metric filter cannot do without")
    length = len(given["filter_pattern"])
    if length > LONGEST_PATTERN:
        remedy = f"is too long: {length} characters, {LONGEST_PATTERN} at most"
        raise InvalidInput(f"{option}.filter_pattern", given["filter_pattern"][:60], remedy)
    dimensions = given.get("dimensions") or {}
    if len(dimensions) > MOST_DIMENSIONS:
        raise InvalidInput(f"{option}.dimensions", sorted(dimensions), f"are too many: {MOST_DIMENSIONS} at most")
    if dimensions and given.get("default_value") is not None:
        remedy = "does not go with dimensions: leave out one of them"
        raise InvalidInput(f"{option}.default_value", given["default_value"], remedy)


def current_states(described: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Current states by name; a filter has exactly one transformation."""
    states = {}
    for item in described:
        metric = item["metricTransformations"][0]
        states[item["filterName"]] = {
            "filter_pattern": item.get("filterPattern", ""),
            "metric_name": metric["metricName"],
            "metric_namespace": metric["metricNamespace"],
            "metric_value": metric["metricValue"],
            "default_value": metric.get("defaultValue"),
            "dimensions": dict(sorted((metric.get("dimensions") or {}).items())),
            "unit": metric.get("unit") or NO_UNIT,
        }
    return states


def plan(
    current: Mapping[str, State], desired: Mapping[str, State], named: Collection[str], *, prefix: str | None
) -> list[Change]:
    """Changes; of what is not desired go the `named` and, with a prefix to purge by, those that begin with it."""
    scope = {
        name: state
        for name, state in current.items()
        if name in desired or name in named or (prefix and name.startswith(prefix))
    }
    return plan_set(KIND, scope, desired, purge=True)


def arguments(state: State) -> dict[str, Any]:
    """A filter as PutMetricFilter takes it."""
    metric = {
        "metricName": state["metric_name"],
        "metricNamespace": state["metric_namespace"],
        "metricValue": state["metric_value"],
        "unit": state["unit"],
    }
    if state["default_value"] is not None:
        metric["defaultValue"] = state["default_value"]
    if state["dimensions"]:
        metric["dimensions"] = state["dimensions"]
    return {"filterPattern": state["filter_pattern"], "metricTransformations": [metric]}

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the metric filters of a log group to their desired state."""

from __future__ import annotations

from typing import Any

from ..._core.changes import Change
from ..._core.errors import InvalidInput
from ..session import Aws, Outcome
from . import filter_api as api
from . import filter_model as model


def run(aws: Aws) -> Outcome:
    """List the filters of the group once, plan, apply."""
    group, filters = aws.params["log_group_name"], aws.params["metric_filters"]
    prefix, purge = aws.params["prefix"], aws.params["purge"]
    if purge and not prefix:
        raise InvalidInput(
            "prefix", prefix, "is empty: say what the names of all filters that purge may remove begin with"
        )
    remove = aws.params["state"] == "absent"
    desired = {} if remove else model.desired_states(filters, prefix)
    current = model.current_states(api.describe_metric_filters(aws, group))
    named = [item["name"] for item in filters] if remove else []
    changes = model.plan(current, desired, named, prefix=prefix if purge else None)
    aws.apply(changes, _handlers(aws, group))
    return Outcome(changes, {})


def _handlers(aws: Aws, group: str) -> dict[Any, Any]:
    def put(change: Change) -> None:
        api.put_metric_filter(aws, group, change.key, **model.arguments(change.desired))

    def delete(change: Change) -> None:
        api.delete_metric_filter(aws, group, change.key)

    return {(model.KIND, "create"): put, (model.KIND, "update"): put, (model.KIND, "delete"): delete}

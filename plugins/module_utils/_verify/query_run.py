# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `prometheus_query_info`: one question, and what Prometheus answers now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws.session import Aws, Outcome
from .._core.errors import PlatformError
from .grafana import prometheus
from .http import Unreachable, Untrusted


def run(aws: Aws) -> Outcome:
    """Ask once. Nothing is ever written."""
    params = aws.params
    try:
        found = prometheus(aws, "grafana", params["grafana"]).instant(params["query"])
    except (Unreachable, Untrusted) as error:
        raise PlatformError(f"Prometheus behind Grafana: {error}") from error
    return Outcome([], {"series": [series(one) for one in found]})


def series(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of one series of an instant vector. Pure."""
    return {"labels": dict(row["metric"]), "value": float(row["value"][1])}

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened: the incidents of a service, with their alerts."""

from __future__ import annotations

import datetime
from typing import Any

from .._core.errors import InvalidInput
from .._core.rest import Item
from .client import Client
from .references import References
from .session import Outcome, PagerDuty


def run(session: PagerDuty) -> Outcome:
    options, references = session.params, References(session)
    service = references.name("service", "services", options["service"])
    if references.warnings:
        return Outcome([], {"incidents": []}, warnings=references.warnings)
    filters: dict[str, Any] = {
        "service_ids": [references.id("services", service)],
        "statuses": options["statuses"],
        "sort_by": "created_at:asc",
    }
    for name in ("since", "until"):
        if options[name]:
            filters[name] = _moment(name, options[name])
    if "since" not in filters:
        filters["date_range"] = "all"
    found = session.client.list("incidents", **filters)
    return Outcome(
        [], {"incidents": [_incident(session.client, item, with_alerts=options["alerts"]) for item in found]}
    )


def _moment(option: str, text: str) -> str:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput(option, text, "has to be a point in time with its offset, such as 2030-01-07T09:00:00Z")
    return moment.isoformat()


def _incident(client: Client, item: Item, *, with_alerts: bool) -> dict[str, Any]:
    names = ("id", "incident_number", "title", "status", "urgency", "created_at", "html_url")
    resolved = item.get("resolved_at") or item.get("last_status_change_at")
    return {
        **{name: item.get(name) for name in names},
        "resolved_at": resolved if item["status"] == "resolved" else None,
        "alerts": [_alert(alert) for alert in client.list(f"incidents/{item['id']}/alerts")] if with_alerts else [],
    }


def _alert(item: Item) -> dict[str, Any]:
    names = ("id", "alert_key", "summary", "status", "severity", "created_at")
    body = item.get("body") or {}
    return {**{name: item.get(name) for name in names}, "details": body.get("details") or {}}

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Integrations of a service: the keys with which monitoring tools reach it. The key itself is never answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.changes import Change, desired_fields
from .._core.errors import InvalidInput
from .._core.rest import Item
from .client import Client
from .entity import Kind, bring
from .references import References
from .session import Outcome, PagerDuty

TYPES = (
    "aws_cloudwatch_inbound_integration",
    "cloudkick_inbound_integration",
    "event_transformer_api_inbound_integration",
    "events_api_v2_inbound_integration",
    "generic_events_api_inbound_integration",
    "keynote_inbound_integration",
    "nagios_inbound_integration",
    "pingdom_inbound_integration",
    "sql_monitor_inbound_integration",
)
KEY = "integration_key"


def run(session: PagerDuty) -> Outcome:
    options, references = session.params, References(session)
    service = _service(session, references)
    name = options["name"]
    item = find(session.client, service, name) if service else None
    _hide(session, item)
    current = _state(item, references) if item else None
    desired = _desired(options, current, references) if options["state"] == "present" else None
    made = Kind(f"services/{service}/integrations", "integration", "integration", replace_on=("type", "vendor"))
    changes, found = bring(
        session,
        made,
        f"{options['service']}/{name}",
        current,
        desired,
        item=item,
        body=lambda change: _body(change, references),
        look=lambda: find(session.client, service or "", name),
    )
    _hide(session, found)
    shown = {**(current or {}), **(desired or {})}
    integration = {"id": found["id"], "html_url": found.get("html_url", ""), **shown} if found else {}
    return Outcome(changes, {"integration": integration}, warnings=references.warnings)


def listed(client: Client, service: str) -> list[Item]:
    """The integrations of the service of that name, with their keys; none where there is no such service."""
    found = client.named("services", service, include=["integrations"])
    return list(found["integrations"]) if found else []


def find(client: Client, service: str, name: str) -> Item | None:
    """The integration of that name, with its key. Raises InvalidInput where several have it."""
    whole = client.find(f"services/{service}", include=["integrations"])
    found = [item for item in (whole or {}).get("integrations", []) if item["name"] == name]
    if len(found) > 1:
        ids = ", ".join(item["id"] for item in found)
        raise InvalidInput(
            "name", name, f"is the name of several integrations of the service ({ids}); rename or remove"
        )
    return found[0] if found else None


def _service(session: PagerDuty, references: References) -> str | None:
    """The id of the service; None where it does not exist, or not yet."""
    given = session.params["service"]
    if session.params["state"] == "present":
        references.name("service", "services", given)
    name = references.find("services", given) if not references.warnings else None
    return references.id("services", name) if name else None


def _desired(options: Mapping[str, Any], current: Mapping[str, Any] | None, references: References) -> dict[str, Any]:
    state = desired_fields({"name": options["name"], "type": options["type"]})
    if options["vendor"]:
        state["vendor"] = references.name("vendor", "vendors", options["vendor"])
    elif options["vendor"] is not None:
        state["vendor"] = ""
    if current is None and "type" not in state:
        raise InvalidInput("type", None, "is needed for a new integration; see its choices")
    return state


def _state(item: Item, references: References) -> dict[str, Any]:
    vendor = item.get("vendor")
    return {
        "name": item["name"],
        "type": str(item["type"]).removesuffix("_reference"),
        "vendor": references.shown(vendor) if vendor else "",
    }


def _body(change: Change, references: References) -> dict[str, Any]:
    """Of one that is replaced everything is new, so what is not desired is taken over."""
    state = {**(change.before or {}), **change.desired}
    body = {"type": state["type"], "name": state["name"]}
    if state.get("vendor"):
        body["vendor"] = {"id": references.id("vendors", state["vendor"]), "type": "vendor_reference"}
    return body


def _hide(session: PagerDuty, item: Item | None) -> None:
    session.hide([item[KEY]] if item and item.get(KEY) else [])

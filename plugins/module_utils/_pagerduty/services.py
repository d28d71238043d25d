# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of PagerDuty: what is called when one breaks, and how alerts become incidents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.changes import Change, State, desired_fields
from .._core.errors import InvalidInput
from .._core.rest import Item
from .entity import Kind, bring, merged, without_empty
from .references import References
from .session import Outcome, PagerDuty

KIND = Kind("services", "service", "service")
POLICIES = "escalation_policies"
TIMEOUTS = ("auto_resolve_timeout", "acknowledgement_timeout")
RECORDS = ("incident_urgency_rule", "support_hours")


def run(session: PagerDuty) -> Outcome:
    options, references = session.params, References(session)
    name = options["name"]
    item = session.client.named(KIND.path, name)
    present, policy = options["state"] == "present", options["escalation_policy"]
    if present and policy:
        policy = references.name("escalation_policy", POLICIES, policy)
    current = _current(item, references) if item else None
    desired = _desired({**options, "escalation_policy": policy}, current) if present else None
    changes, found = bring(
        session,
        KIND,
        name,
        current,
        desired,
        item=item,
        body=lambda change: _body(change, references),
        look=lambda: session.client.named(KIND.path, name),
    )
    shown = {**(current or {}), **(desired or {})}
    if found:
        policy_id = references.id_or_later(POLICIES, policy) if policy else found["escalation_policy"]["id"]
        ids = {"id": found["id"], "escalation_policy_id": policy_id}
        shown = {**ids, "html_url": found.get("html_url", ""), **shown}
    return Outcome(changes, {"service": shown if found else {}}, warnings=references.warnings)


def _desired(options: Mapping[str, Any], current: State | None) -> dict[str, Any]:
    names = ("name", "description", "escalation_policy", *TIMEOUTS, "alert_creation")
    state = desired_fields({name: options[name] for name in names})
    for option in (*RECORDS, "alert_grouping"):
        if options[option] is not None:
            state[option] = merged(without_empty(options[option]), (current or {}).get(option))
    _check(state, current)
    return state


def _current(item: Item, references: References) -> dict[str, Any]:
    """As options say it: 0 for a timeout that is off, an empty record for what is not set."""
    grouping = item.get("alert_grouping_parameters") or {}
    config = without_empty(grouping.get("config") or {})
    return {
        "name": item["name"],
        "description": item.get("description") or "",
        "escalation_policy": references.shown(item["escalation_policy"]),
        **{name: item.get(name) or 0 for name in TIMEOUTS},
        **{name: without_empty(item.get(name) or {}) for name in RECORDS},
        "alert_creation": item.get("alert_creation"),
        "alert_grouping": {"type": grouping["type"], **config} if grouping.get("type") else {},
    }


def _check(desired: State, current: State | None) -> None:
    """What PagerDuty would refuse in words that name no option. Raises InvalidInput."""
    if current is None and "escalation_policy" not in desired:
        raise InvalidInput("escalation_policy", None, "is needed for a new service; name who is called")
    for name in TIMEOUTS:
        if desired.get(name, 0) < 0:
            raise InvalidInput(name, desired[name], "has to be a number of seconds, or 0 to switch it off")
    rule = desired.get("incident_urgency_rule") or {}
    hours = desired.get("support_hours", (current or {}).get("support_hours"))
    if rule.get("type") == "use_support_hours" and not hours:
        raise InvalidInput("support_hours", None, "is needed with incident_urgency_rule.type use_support_hours")


def _body(change: Change, references: References) -> dict[str, Any]:
    """Only what differs: naming the grouping of alerts takes a service out of a setting for several ones."""
    desired = change.desired
    body: dict[str, Any] = {"type": "service", **{name: desired[name] for name in change.fields}}
    for name in (*TIMEOUTS, *RECORDS):
        if name in body:
            body[name] = body[name] or None
    if body.get("incident_urgency_rule", {}) and body["incident_urgency_rule"].get("type") == "use_support_hours":
        body.setdefault("support_hours", desired.get("support_hours", (change.before or {}).get("support_hours")))
    if "escalation_policy" in body:
        policy = references.id(POLICIES, body["escalation_policy"])
        body["escalation_policy"] = {"id": policy, "type": "escalation_policy_reference"}
    if "alert_grouping" in body:
        config = dict(body.pop("alert_grouping"))
        kind = config.pop("type", None)
        body["alert_grouping_parameters"] = {"type": kind, "config": config if kind else None}
    return body

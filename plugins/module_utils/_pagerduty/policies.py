# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Escalation policies: who is called, and after how long the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.changes import Change, desired_fields
from .._core.errors import InvalidInput
from .._core.rest import Item
from .entity import Kind, bring
from .references import References
from .session import Outcome, PagerDuty

KIND = Kind("escalation_policies", "escalation_policy", "escalation policy")
SETTINGS = ("name", "description", "num_loops", "on_call_handoff_notifications")
TARGETS = {"users": "user_reference", "schedules": "schedule_reference"}
MOST_TARGETS = 10


def run(session: PagerDuty) -> Outcome:
    options, references = session.params, References(session)
    name = options["name"]
    item = session.client.named(KIND.path, name)
    desired = _desired(options, references) if options["state"] == "present" else None
    if desired is not None and item is None and "escalation_rules" not in desired:
        raise InvalidInput("escalation_rules", None, "is needed for a new escalation policy; name who is called")
    current = _current(item, references) if item else None
    changes, found = bring(
        session,
        KIND,
        name,
        current,
        desired,
        item=item,
        body=lambda change: _body(change, item, references),
        look=lambda: session.client.named(KIND.path, name),
    )
    shown = {**(current or {}), **(desired or {})}
    policy = {"id": found["id"], "html_url": found.get("html_url", ""), **shown} if found else {}
    return Outcome(changes, {"escalation_policy": policy}, warnings=references.warnings)


def _desired(options: Mapping[str, Any], references: References) -> dict[str, Any]:
    loops = options["num_loops"]
    if loops is not None and not 0 <= loops <= 9:
        raise InvalidInput("num_loops", loops, "has to be from 0 to 9")
    state = desired_fields({name: options[name] for name in SETTINGS})
    rules = options["escalation_rules"]
    if rules is None:
        return state
    if not rules:
        raise InvalidInput("escalation_rules", rules, "is empty; PagerDuty wants at least one rule")
    return {**state, "escalation_rules": [_rule(number, rule, references) for number, rule in enumerate(rules)]}


def _rule(number: int, rule: Mapping[str, Any], references: References) -> dict[str, Any]:
    option = f"escalation_rules[{number}]"
    users = [references.user(f"{option}.users", user) for user in rule["users"] or []]
    schedules = [references.name(f"{option}.schedules", "schedules", name) for name in rule["schedules"] or []]
    if not 1 <= len(users) + len(schedules) <= MOST_TARGETS:
        raise InvalidInput(f"{option}.users", users, f"and schedules have to name 1 to {MOST_TARGETS} to be called")
    minutes = rule["escalation_delay_in_minutes"]
    if minutes < 1:
        raise InvalidInput(f"{option}.escalation_delay_in_minutes", minutes, "has to be at least 1")
    return {
        "escalation_delay_in_minutes": minutes,
        "users": sorted(set(users)),
        "schedules": sorted(set(schedules)),
    }


def _current(item: Item, references: References) -> dict[str, Any]:
    rules = [
        {
            "escalation_delay_in_minutes": rule["escalation_delay_in_minutes"],
            **{
                name: sorted(references.shown(target) for target in rule["targets"] if _is(target, name))
                for name in TARGETS
            },
        }
        for rule in item["escalation_rules"]
    ]
    settings = {name: item.get(name) for name in SETTINGS}
    return {**settings, "description": item.get("description") or "", "escalation_rules": rules}


def _is(target: Mapping[str, Any], name: str) -> bool:
    return str(target["type"]).startswith(name.removesuffix("s"))


def _body(change: Change, item: Item | None, references: References) -> dict[str, Any]:
    """PagerDuty wants name and rules each time. A rule in the place of one keeps its id."""
    known = (item or {}).get("escalation_rules", [])
    body: dict[str, Any] = {"type": "escalation_policy", "name": change.desired["name"], "escalation_rules": known}
    body |= {name: change.desired[name] for name in change.fields}
    if "escalation_rules" in change.fields:
        rules = [_rule_body(rule, references) for rule in change.desired["escalation_rules"]]
        for rule, old in zip(rules, known, strict=False):
            rule["id"] = old["id"]
        body["escalation_rules"] = rules
    return body


def _rule_body(rule: Mapping[str, Any], references: References) -> dict[str, Any]:
    targets = [
        {"id": references.id(collection, name), "type": kind}
        for collection, kind in TARGETS.items()
        for name in rule[collection]
    ]
    return {"escalation_delay_in_minutes": rule["escalation_delay_in_minutes"], "targets": targets}

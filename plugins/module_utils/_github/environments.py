# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environments of a repository: what protects them, what may be deployed to them, and their variables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .._core.changes import Change, Op, State, desired_fields, plan_one, plan_set
from .._core.errors import InvalidInput
from .._core.placeholders import KNOWN_AFTER_APPLY
from .._core.reconcile import Handler, apply
from .._core.rest import Item
from . import variables
from .client import Client, path_of
from .session import GitHub, Outcome

KIND = "environment"
LONGEST_WAIT = 43200  # minutes: 30 days
MOST_REVIEWERS = 6
LONGEST_NAME = 255
# What deployment_branches is where only branches that have rules of their own may be deployed.
PROTECTED = "protected branches"
CUSTOM = {"protected_branches": False, "custom_branch_policies": True}


@dataclass
class Found:
    """An environment as the API shows it. `ids` are the numbers by which it knows reviewers."""

    item: Item
    patterns: Collection[tuple[str, str]]
    variables: Mapping[str, State]
    ids: dict[tuple[str, str], int] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        rules = {rule["type"]: rule for rule in self.item.get("protection_rules", [])}
        demanded = rules.get("required_reviewers", {})
        reviewers = []
        # An account that is deleted leaves an entry without a reviewer.
        for entry in (one for one in demanded.get("reviewers", []) if one.get("reviewer")):
            reviewer = entry["reviewer"]
            name = reviewer["login" if entry["type"] == "User" else "slug"]
            self.ids[entry["type"], name.lower()] = reviewer["id"]
            reviewers.append({"type": entry["type"], "name": name})
        policy = self.item.get("deployment_branch_policy") or {}
        patterns = [{"name": name, "type": kind} for name, kind in self.patterns]
        return {
            "wait_timer": rules.get("wait_timer", {}).get("wait_timer", 0),
            "reviewers": _ordered(reviewers),
            "prevent_self_review": bool(demanded.get("prevent_self_review", False)),
            "deployment_branches": PROTECTED if policy.get("protected_branches") else _ordered(patterns),
        }


def run(session: GitHub) -> Outcome:
    options = session.params
    _check(options)
    wanted = None if options["variables"] is None else variables.wanted_variables(options["variables"])
    path = session.path("environments", options["name"])
    found = _read(session, path, with_variables=wanted is not None)
    current = found.state() if found else None
    if options["state"] == "absent":
        changes = plan_one(KIND, options["name"], current, None)
        if not session.check_mode:
            apply(changes, {(KIND, "delete"): lambda _change: session.client.delete(path)})
        return Outcome(changes, {"environment": {}})
    ids = found.ids if found else {}
    desired = _desired(session, options, current or {}, ids)
    changes = plan_one(KIND, options["name"], current, desired)
    kept = found.variables if found else {}
    if wanted is not None:
        changes += plan_set(variables.KIND, kept, wanted, purge=True, level=1)
    if not session.check_mode:
        _apply(session, path, changes, ids)
    shown = {**(current or {}), **desired}
    if wanted is not None:
        shown["variables"] = variables.after(kept, [change for change in changes if change.kind == variables.KIND])
    return Outcome(changes, {"environment": {**_identity(session, path, found), **shown}})


def _check(options: Mapping[str, Any]) -> None:
    """What GitHub would refuse, or not keep. Raises InvalidInput."""
    name, wait, reviewers = options["name"], options["wait_timer"], options["reviewers"]
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput("name", name, f"has to be a name of at most {LONGEST_NAME} characters")
    if wait is not None and not 0 <= wait <= LONGEST_WAIT:
        raise InvalidInput("wait_timer", wait, f"has to be a number of minutes from 0 to {LONGEST_WAIT}")
    if reviewers and len(reviewers) > MOST_REVIEWERS:
        names = [reviewer["name"] for reviewer in reviewers]
        raise InvalidInput("reviewers", names, f"are more than {MOST_REVIEWERS}; name a team instead")
    if reviewers == [] and options["prevent_self_review"]:
        raise InvalidInput("prevent_self_review", True, "takes reviewers; name some who may approve")
    for place, pattern in enumerate(options["deployment_branches"] or []):
        if not pattern["name"].strip() or " " in pattern["name"]:
            variable = f"deployment_branches[{place}].name"
            raise InvalidInput(variable, pattern["name"], "is no pattern of branches or tags, such as main or v*")


def _read(session: GitHub, path: str, *, with_variables: bool) -> Found | None:
    item = session.client.find(path)
    if item is None:
        session.need_repository()
        return None
    policy = item.get("deployment_branch_policy") or {}
    custom = policy.get("custom_branch_policies")
    patterns = _patterns(session.client, f"{path}/deployment-branch-policies") if custom else {}
    known = session.client.pages(f"{path}/variables", "variables") if with_variables else []
    return Found(item, patterns.keys(), {entry["name"]: {"value": entry["value"]} for entry in known})


def _desired(
    session: GitHub, options: Mapping[str, Any], current: State, ids: dict[tuple[str, str], int]
) -> dict[str, Any]:
    """Only what is given. Reviewers are named as GitHub names them; `ids` learns who they are."""
    state = desired_fields({name: options[name] for name in ("wait_timer", "prevent_self_review")})
    if options["reviewers"] is not None:
        known = {(item["type"], item["name"].lower()): item for item in current.get("reviewers", [])}
        listed = [
            known.get((given["type"], given["name"].lower())) or _reviewer(session, place, given, ids)
            for place, given in enumerate(options["reviewers"])
        ]
        state["reviewers"] = _ordered(listed)
    if options["deployment_branches"] is not None:
        state["deployment_branches"] = _ordered(options["deployment_branches"])
    if state.get("prevent_self_review") and not state.get("reviewers", current.get("reviewers")):
        raise InvalidInput("prevent_self_review", True, "takes reviewers; name some who may approve")
    return state


def _reviewer(session: GitHub, place: int, given: Mapping[str, str], ids: dict[tuple[str, str], int]) -> dict[str, str]:
    kind, name = given["type"], given["name"]
    person = kind == "User"
    path = path_of("users", name) if person else path_of("orgs", session.owner, "teams", name)
    found = session.client.find(path)
    if found is None or (person and found.get("type", "User") != "User"):
        remedy = (
            "is no user of GitHub; give the login" if person else f"is no team of {session.owner}; give its short name"
        )
        raise InvalidInput(f"reviewers[{place}].name", name, remedy)
    shown = str(found["login" if person else "slug"])
    ids[kind, shown.lower()] = found["id"]
    return {"type": kind, "name": shown}


def _apply(session: GitHub, path: str, changes: Sequence[Change], ids: Mapping[tuple[str, str], int]) -> None:
    def write(change: Change) -> None:
        state = {**(change.before or {}), **change.desired}
        session.client.put(path, _body(state, ids))
        if "deployment_branches" in change.fields and state["deployment_branches"]:
            _bring_patterns(session.client, f"{path}/deployment-branch-policies", state["deployment_branches"])

    handlers: dict[tuple[str, Op], Handler] = {(KIND, "create"): write, (KIND, "update"): write}
    handlers.update(variables.handlers(session.client, f"{path}/variables"))
    # One after the other, as GitHub asks for.
    apply(changes, handlers, workers=1)


def _body(state: State, ids: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    """All of it: what a request omits, GitHub resets."""
    branches = state.get("deployment_branches")
    protected = {"protected_branches": True, "custom_branch_policies": False}
    return {
        "wait_timer": state.get("wait_timer", 0),
        "prevent_self_review": state.get("prevent_self_review", False),
        "reviewers": [
            {"type": item["type"], "id": ids[item["type"], item["name"].lower()]} for item in state.get("reviewers", [])
        ],
        "deployment_branch_policy": protected if branches == PROTECTED else CUSTOM if branches else None,
    }


def _bring_patterns(client: Client, path: str, wanted: Sequence[State]) -> None:
    """What may be deployed in addition first, then what may not be any more."""
    known = _patterns(client, path)
    for pattern in wanted:
        key = (pattern["name"], pattern["type"])
        if key not in known:
            client.create(path, pattern, partial(_pattern, client, path, key))
    kept = {(pattern["name"], pattern["type"]) for pattern in wanted}
    for key, item in known.items():
        if key not in kept:
            client.delete(path + path_of(item["id"]))


def _patterns(client: Client, path: str) -> dict[tuple[str, str], Item]:
    found = client.pages(path, "branch_policies")
    return {(item["name"], item.get("type", "branch")): item for item in found}


def _pattern(client: Client, path: str, key: tuple[str, str]) -> Item | None:
    return _patterns(client, path).get(key)


def _identity(session: GitHub, path: str, found: Found | None) -> dict[str, Any]:
    item = found.item if found else None if session.check_mode else session.client.find(path)
    if item is None:
        return {"id": KNOWN_AFTER_APPLY, "name": session.params["name"], "html_url": KNOWN_AFTER_APPLY}
    return {"id": item["id"], "name": item["name"], "html_url": item.get("html_url", "")}


def _ordered(items: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Each once, in an order of their own: GitHub keeps none."""
    return [dict(pairs) for pairs in sorted({tuple(sorted(item.items())) for item in items})]

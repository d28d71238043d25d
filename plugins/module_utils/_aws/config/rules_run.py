# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a set of rules of AWS Config to its desired state."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ..._core.changes import Change, State
from ..._core.errors import InvalidInput
from ..session import WORKERS, Aws, Outcome
from . import api
from . import rules_model as model


def run(aws: Aws) -> Outcome:
    """List the rules once, read the tags of those that matter, plan, apply."""
    rules, prefix, tags, purge = (aws.params[name] for name in ("rules", "prefix", "tags", "purge"))
    if purge and not (tags and prefix):
        missing = "prefix" if not prefix else "tags"
        raise InvalidInput(missing, aws.params[missing], "is empty: purge wants both, to know which rules are ours")
    remove = aws.params["state"] == "absent"
    names = [rule["name"] for rule in rules]
    desired = {} if remove else model.desired_states(rules, prefix, tags)
    current = _read(aws, names, prefix if purge else None)
    changes = model.plan(current, desired, names if remove else [], purge=purge)
    aws.apply(changes, _handlers(aws))
    return Outcome(changes, {})


def _read(aws: Aws, names: list[str], prefix: str | None) -> dict[str, State]:
    tags = aws.params["tags"]
    found = model.in_scope(model.living(api.describe_rules(aws)), names, prefix)
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        all_tags = pool.map(lambda rule: api.list_tags(aws, rule["ConfigRuleArn"]) if tags else {}, found)
        return {
            rule["ConfigRuleName"]: model.current_state(rule, its_tags, tags)
            for rule, its_tags in zip(found, all_tags, strict=True)
        }


def _handlers(aws: Aws) -> dict[Any, Any]:
    def create(change: Change) -> None:
        _put(aws, change.key, change.desired, change.desired.get("tags") or {})

    def update(change: Change) -> None:
        if set(change.fields) - {"tags"}:
            _put(aws, change.key, {**change.current, **change.desired}, {})
        if "tags" in change.fields:
            api.tag_resource(aws, change.current["arn"], change.desired["tags"])

    def delete(change: Change) -> None:
        _once_idle(aws, partial(api.delete_rule, aws, change.key))

    return {(model.KIND, "create"): create, (model.KIND, "update"): update, (model.KIND, "delete"): delete}


def _put(aws: Aws, name: str, state: State, tags: dict[str, str]) -> None:
    _once_idle(aws, partial(api.put_rule, aws, model.arguments(name, state), tags))


def _once_idle(aws: Aws, call: Any) -> None:
    """Repeat a call while AWS Config evaluates the rule, or still deletes one of the same name."""
    aws.eventually(call, "ResourceInUseException")

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifecycle policies of ECR repositories compared by meaning. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..._core.errors import InvalidInput

LISTS = ("tagPrefixList", "tagPatternList")
PRIORITY = "rulePriority"


def parsed(option: str, document: Any) -> dict[str, Any]:
    """A policy given as text or mapping in one canonical form; empty stays empty. Raises InvalidInput otherwise.

    The order of rules and of tags in a list does not matter, nor whether a number was written as text.
    """
    if isinstance(document, str) and document.strip():
        try:
            document = json.loads(document)
        except ValueError as error:
            raise InvalidInput(option, document[:60], f"is not JSON: {error}") from error
    if not document:
        return {}
    rules = document.get("rules") if isinstance(document, Mapping) else None
    if not isinstance(rules, list) or not rules or not all(isinstance(rule, Mapping) for rule in rules):
        raise InvalidInput(option, document, "is no lifecycle policy: it wants a list of rules")
    canonical = [_rule(f"{option}.rules[{index}]", rule) for index, rule in enumerate(rules)]
    _validate_priorities(option, [rule[PRIORITY] for rule in canonical])
    return {"rules": sorted(canonical, key=lambda rule: int(rule[PRIORITY]))}


def _rule(option: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    selection, action = rule.get("selection"), rule.get("action")
    if not isinstance(selection, Mapping) or not isinstance(action, Mapping):
        raise InvalidInput(option, dict(rule), "is no rule: it wants a selection and an action")
    chosen = {key: sorted(value) if key in LISTS else value for key, value in selection.items()}
    if "countNumber" in chosen:
        chosen["countNumber"] = _number(f"{option}.selection.countNumber", chosen["countNumber"])
    priority = _number(f"{option}.{PRIORITY}", rule.get(PRIORITY))
    return {**rule, PRIORITY: priority, "selection": chosen, "action": dict(action)}


def _number(option: str, value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise InvalidInput(option, value, "is no number") from error
    if number < 1:
        raise InvalidInput(option, value, "is too small: it starts at 1")
    return number


def _validate_priorities(option: str, priorities: list[int]) -> None:
    for priority in {priority for priority in priorities if priorities.count(priority) > 1}:
        raise InvalidInput(f"{option}: {PRIORITY}", priority, "is given twice: every rule wants its own")

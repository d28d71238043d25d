# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of AWS Config as comparable states. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_set
from ..._core.errors import InvalidInput
from ..tagging import of_interest, owns, within_reach

KIND = "config_rule"
NAME = re.compile(r"[\w-]{1,128}", re.ASCII)
IDENTIFIER = re.compile(r"[A-Z0-9_]{1,256}")
LEAVING = ("DELETING", "DELETING_RESULTS")


def desired_states(
    rules: Sequence[Mapping[str, Any]], prefix: str | None, tags: Mapping[str, str] | None
) -> dict[str, dict[str, Any]]:
    """Desired states by name. Raises InvalidInput for what AWS Config would refuse."""
    states: dict[str, dict[str, Any]] = {}
    for index, rule in enumerate(rules):
        option, name = f"rules[{index}]", rule["name"]
        validate_name(f"{option}.name", name, states, prefix)
        if not IDENTIFIER.fullmatch(rule.get("source_identifier") or ""):
            remedy = "is no identifier of a managed rule, such as S3_BUCKET_SSL_REQUESTS_ONLY"
            raise InvalidInput(f"{option}.source_identifier", rule.get("source_identifier"), remedy)
        parameters, types = rule.get("input_parameters"), rule.get("resource_types")
        states[name] = desired_fields(
            {
                "source_identifier": rule["source_identifier"],
                "description": rule.get("description") or "",
                "input_parameters": None if parameters is None else _texts(parameters),
                "maximum_execution_frequency": rule.get("maximum_execution_frequency"),
                "resource_types": None if types is None else sorted(types),
                "tags": tags,
            }
        )
    return states


def validate_name(option: str, name: str, taken: Collection[str], prefix: str | None) -> None:
    """Raise InvalidInput for a name that no rule can have, or that is not of the set."""
    if not NAME.fullmatch(name):
        raise InvalidInput(option, name, "is no name of a rule: 1 to 128 letters, digits, - and _")
    if name in taken:
        raise InvalidInput(option, name, "is given twice: keep one of them")
    if prefix and not name.startswith(prefix):
        raise InvalidInput(option, name, f"does not begin with prefix, {prefix}: rename it")


def _texts(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as AWS Config wants them, which are texts."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in sorted(parameters.items())
        if value is not None
    }


def living(described: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without those that are being deleted, and those that other services manage."""
    return [rule for rule in described if rule.get("ConfigRuleState") not in LEAVING and not rule.get("CreatedBy")]


def in_scope(
    described: Iterable[Mapping[str, Any]], names: Collection[str], prefix: str | None
) -> list[Mapping[str, Any]]:
    """The rules that are named, or that purging by `prefix` may look at."""
    return [
        rule
        for rule in described
        if rule["ConfigRuleName"] in names or (prefix and rule["ConfigRuleName"].startswith(prefix))
    ]


def current_state(
    rule: Mapping[str, Any], all_tags: Mapping[str, str], tags: Mapping[str, str] | None
) -> dict[str, Any]:
    """A described rule."""
    return {
        "source_identifier": rule["Source"]["SourceIdentifier"],
        "description": rule.get("Description", ""),
        "input_parameters": _texts(json.loads(rule.get("InputParameters") or "{}")),
        "maximum_execution_frequency": rule.get("MaximumExecutionFrequency", ""),
        "resource_types": sorted((rule.get("Scope") or {}).get("ComplianceResourceTypes") or []),
        "tags": of_interest(all_tags, tags),
        "owned": owns(all_tags, tags),
        "arn": rule["ConfigRuleArn"],
    }


def plan(
    current: Mapping[str, State], desired: Mapping[str, State], named: Collection[str], *, purge: bool
) -> list[Change]:
    """Changes of a set; `named` are those to remove by name, with `purge` all others of ours go too."""
    return plan_set(KIND, within_reach(current, desired, named, purge=purge), desired, purge=True)


def arguments(name: str, state: State) -> dict[str, Any]:
    """A rule as PutConfigRule takes it, all of it."""
    parameters, types = state.get("input_parameters"), state.get("resource_types")
    frequency = state.get("maximum_execution_frequency")
    return {
        "ConfigRuleName": name,
        "Description": state["description"],
        "Source": {"Owner": "AWS", "SourceIdentifier": state["source_identifier"]},
        **({"InputParameters": json.dumps(parameters)} if parameters else {}),
        **({"MaximumExecutionFrequency": frequency} if frequency else {}),
        **({"Scope": {"ComplianceResourceTypes": types}} if types else {}),
    }

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules as comparable states: what AWS fills in left out, sets in one order, IP sets by name. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.errors import InvalidInput
from .shapes import checked

# What AWS answers although nobody asked for it, by the structure that holds it.
DEFAULTS: dict[str, dict[str, Any]] = {
    "rate_based_statement": {"evaluation_window_sec": 300, "custom_keys": []},
    "body": {"oversize_handling": "CONTINUE"},
    "json_body": {"oversize_handling": "CONTINUE"},
    "sqli_match_statement": {"sensitivity_level": "LOW"},
    "managed_rule_group_statement": {"rule_action_overrides": [], "managed_rule_group_configs": []},
    "rule_group_reference_statement": {"rule_action_overrides": []},
    "aws_managed_rules_bot_control_rule_set": {"enable_machine_learning": True},
    "aws_managed_rules_atp_rule_set": {"enable_regex_in_path": False},
    "aws_managed_rules_acfp_rule_set": {"enable_regex_in_path": False},
}
# Lists whose order means nothing, or is given by a field, by what to sort them.
ORDERS: dict[str, Callable[[Any], Any]] = {
    "rule_action_overrides": lambda item: item["name"],
    "text_transformations": lambda item: item["priority"],
    "pre_parse_text_transformations": lambda item: item["priority"],
    "country_codes": str,
    "asn_list": int,
}
GROUPS = ("managed_rule_group_statement", "rule_group_reference_statement")
WINDOWS = (60, 120, 300, 600)
IP_SET = "ip_set_reference_statement"


def normalised(value: Any, ip_sets: Mapping[str, str], key: str = "") -> Any:
    """A statement, or part of one, in the form that is compared; `ip_sets` are names by ARN."""
    if isinstance(value, list):
        items = [normalised(item, ip_sets) for item in value]
        return sorted(items, key=ORDERS[key]) if key in ORDERS else items
    if not isinstance(value, Mapping):
        return value
    found = {name: normalised(item, ip_sets, name) for name, item in _current_form(value).items()}
    if key == IP_SET:
        found["arn"] = ip_sets.get(found["arn"], found["arn"])
    defaults = DEFAULTS.get(key, {})
    return {name: item for name, item in found.items() if name not in defaults or item != defaults[name]}


def _current_form(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Rules once were excluded; AWS answers these as rules that only count."""
    if "excluded_rules" not in value:
        return value
    others = {name: item for name, item in value.items() if name != "excluded_rules"}
    counted = [{"name": item["name"], "action_to_use": {"count": {}}} for item in value["excluded_rules"]]
    return {**others, "rule_action_overrides": [*(value.get("rule_action_overrides") or []), *counted]}


def by_arn(value: Any, arns: Mapping[str, str]) -> Any:
    """A statement in which IP sets go by their ARN again; `arns` are ARNs by name."""
    if isinstance(value, list):
        return [by_arn(item, arns) for item in value]
    if not isinstance(value, Mapping):
        return value
    found = {name: by_arn(item, arns) for name, item in value.items()}
    if IP_SET in found:
        found[IP_SET]["arn"] = arns.get(found[IP_SET]["arn"], found[IP_SET]["arn"])
    return found


def referred(value: Any) -> list[str]:
    """The IP sets that a statement uses."""
    if isinstance(value, list):
        return [name for item in value for name in referred(item)]
    if not isinstance(value, Mapping):
        return []
    own = [str(value[IP_SET]["arn"])] if IP_SET in value else []
    return own + [name for item in value.values() for name in referred(item)]


def without(value: Any, missing: Sequence[str]) -> Any:
    """A statement to weigh before its IP sets exist: looking up a country takes as much as looking up an address."""
    if isinstance(value, list):
        return [without(item, missing) for item in value]
    if not isinstance(value, Mapping):
        return value
    if IP_SET in value and value[IP_SET]["arn"] in missing:
        others = {name: item for name, item in value.items() if name != IP_SET}
        return {**others, "geo_match_statement": {"country_codes": ["US"]}}
    return {name: without(item, missing) for name, item in value.items()}


def desired_rule(rule: Mapping[str, Any], shape: Any, ip_sets: Mapping[str, str], option: str) -> dict[str, Any]:
    """A rule as WAF has it, in the form that is compared. `shape` is that of a rule."""
    statement = checked(shape.members["Statement"], rule["statement"], f"{option}.statement")
    _validate_statement(statement, f"{option}.statement")
    whole = {
        "name": rule["name"],
        "priority": rule["priority"],
        "statement": statement,
        "visibility_config": visibility(rule.get("visibility_config"), rule["name"]),
        **_verdict(rule, next(iter(statement)), option),
    }
    if rule.get("rule_labels"):
        whole["rule_labels"] = [{"name": name} for name in rule["rule_labels"]]
    kept: dict[str, Any] = normalised(checked(shape, whole, option), ip_sets)
    return kept


def _validate_statement(statement: Mapping[str, Any], option: str) -> None:
    if len(statement) != 1:
        given = ", ".join(statement) or "nothing"
        raise InvalidInput(option, given, "is not one statement: join several by and_statement or or_statement")
    window = statement.get("rate_based_statement", {}).get("evaluation_window_sec", 300)
    if window not in WINDOWS:
        remedy = f"is no window that WAF offers: take {', '.join(map(str, WINDOWS))}"
        raise InvalidInput(f"{option}.rate_based_statement.evaluation_window_sec", window, remedy)


def _verdict(rule: Mapping[str, Any], kind: str, option: str) -> dict[str, Any]:
    """What a rule does: groups have actions of their own, which may be overridden."""
    action, override = rule.get("action"), rule.get("override_action")
    if kind in GROUPS:
        if action:
            raise InvalidInput(
                f"{option}.action", action, f"does not go with a {kind}, whose rules have theirs: give override_action"
            )
        return {"override_action": {override or "none": {}}}
    if override or not action:
        raise InvalidInput(f"{option}.action", action, f"has to be given for a {kind}, and override_action must not")
    if rule.get("custom_response") and action != "block":
        raise InvalidInput(f"{option}.custom_response", action, "is for rules that block")
    return {"action": verdict(action, rule.get("custom_response"))}


def verdict(action: str, response: Mapping[str, Any] | None) -> dict[str, Any]:
    """An action, perhaps with an answer of its own."""
    if not response:
        return {action: {}}
    given = {key: item for key, item in response.items() if item is not None}
    if "response_headers" in given:
        headers = given["response_headers"].items()
        given["response_headers"] = [{"name": name, "value": value} for name, value in sorted(headers)]
    return {action: {"custom_response": given}}


def visibility(given: Mapping[str, Any] | None, name: str) -> dict[str, Any]:
    """Metrics and samples, which are on unless they are turned off."""
    chosen = {key: item for key, item in (given or {}).items() if item is not None}
    return {"sampled_requests_enabled": True, "cloud_watch_metrics_enabled": True, "metric_name": name, **chosen}

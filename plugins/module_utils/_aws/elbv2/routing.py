# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listeners and rules do with a request, in one canonical form. Pure.

A forward names target groups by their name in the account, so that a replaced group counts as another one. The
canonical forms are filled up with the defaults of AWS, so that what was left out compares equal to what AWS answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.errors import InvalidInput

Names = Callable[[str], str]  # a target group's name in the account, by its name in the task or its ARN
Action = dict[str, Any]

REDIRECT = {
    "protocol": ("Protocol", "#{protocol}"),
    "port": ("Port", "#{port}"),
    "host": ("Host", "#{host}"),
    "path": ("Path", "/#{path}"),
    "query": ("Query", "#{query}"),
    "status_code": ("StatusCode", "HTTP_301"),
}
FIXED = {
    "status_code": ("StatusCode", "200"),
    "content_type": ("ContentType", "text/plain"),
    "message_body": ("MessageBody", ""),
}
CONFIGURATIONS = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "http-header": "HttpHeaderConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
WEIGHTS = range(1000)


def validate_action(option: str, action: Mapping[str, Any], groups: Sequence[str]) -> None:
    """Raise InvalidInput for an action that lacks its details or forwards to an unknown target group."""
    details = {"forward": "target_groups", "redirect": "redirect", "fixed-response": "fixed_response"}
    wanted = details[action["type"]]
    if not action.get(wanted):
        raise InvalidInput(f"{option}.{wanted}", action.get(wanted), f"is missing: a {action['type']} action wants it")
    for name in set(details.values()) - {wanted}:
        if action.get(name):
            raise InvalidInput(f"{option}.{name}", action[name], f"does not go with a {action['type']} action")
    for index, group in enumerate(action.get("target_groups") or []):
        name = f"{option}.target_groups[{index}]"
        if group["name"] not in groups and not group["name"].startswith("arn:"):
            raise InvalidInput(f"{name}.name", group["name"], f"is not in target_groups: {', '.join(groups) or 'none'}")
        if group["weight"] not in WEIGHTS:
            raise InvalidInput(f"{name}.weight", group["weight"], "is out of range: 0 to 999")


def validate_condition(option: str, condition: Mapping[str, Any]) -> None:
    """Raise InvalidInput for a condition that cannot match."""
    if not condition["values"]:
        raise InvalidInput(f"{option}.values", [], "is empty: name at least one value")
    named = bool(condition.get("http_header_name"))
    if named != (condition["field"] == "http-header"):
        remedy = "goes with the field http-header, and only with that"
        raise InvalidInput(f"{option}.http_header_name", condition.get("http_header_name"), remedy)


def desired_action(action: Mapping[str, Any], names: Names) -> Action:
    """The canonical form of an action given as options."""
    kind = action["type"]
    if kind == "forward":
        weights = {names(group["name"]): group["weight"] for group in action["target_groups"]}
        return _forward(weights, action.get("stickiness_duration_seconds") or 0)
    details, table = (action["redirect"], REDIRECT) if kind == "redirect" else (action["fixed_response"], FIXED)
    return {"type": kind, **{option: details.get(option) or default for option, (_argument, default) in table.items()}}


def current_action(actions: Sequence[Mapping[str, Any]], names: Names) -> Action:
    """The canonical form of the actions of a listener or rule, of which the last one answers the request."""
    if not actions:
        return {}
    action = max(actions, key=lambda item: item.get("Order", 0))
    kind = action["Type"]
    if len(actions) > 1 or kind not in ("forward", "redirect", "fixed-response"):
        return {"type": ", ".join(item["Type"] for item in actions)}
    if kind == "forward":
        config = action.get("ForwardConfig") or {"TargetGroups": [{"TargetGroupArn": action["TargetGroupArn"]}]}
        weights = {names(group["TargetGroupArn"]): group.get("Weight", 1) for group in config["TargetGroups"]}
        sticky = config.get("TargetGroupStickinessConfig") or {}
        return _forward(weights, sticky.get("DurationSeconds", 0) if sticky.get("Enabled") else 0)
    redirect = kind == "redirect"
    details, table = (action["RedirectConfig"], REDIRECT) if redirect else (action["FixedResponseConfig"], FIXED)
    return {"type": kind, **{option: details.get(name) or default for option, (name, default) in table.items()}}


def _forward(weights: Mapping[str, int], stickiness_seconds: int) -> Action:
    # The weight of a lone target group means nothing.
    shares = dict.fromkeys(weights, 1) if len(weights) == 1 else dict(sorted(weights.items()))
    return {"type": "forward", "target_groups": shares, "stickiness_duration_seconds": stickiness_seconds}


def with_current_weights(desired: Action, current: Action, predecessors: Mapping[str, str]) -> Action:
    """`desired` with the weights that target groups have now, for forwards whose weights somebody else moves.

    A target group that replaces another takes over its weight; one that is new keeps the weight it is given.
    """
    has = current.get("target_groups", {})
    if desired["type"] != "forward" or not has:
        return desired
    weights = {
        name: has.get(name, has.get(predecessors.get(name, ""), weight))
        for name, weight in desired["target_groups"].items()
    }
    return _forward(weights, desired["stickiness_duration_seconds"])


def action_arguments(action: Action, arns: Callable[[str], str]) -> list[dict[str, Any]]:
    """The action as the API takes it; `arns` answers a target group's ARN by its name."""
    kind = action["type"]
    if kind == "forward":
        shares = action["target_groups"].items()
        groups = [{"TargetGroupArn": arns(name), "Weight": weight} for name, weight in shares]
        seconds = action["stickiness_duration_seconds"]
        sticky = {"Enabled": True, "DurationSeconds": seconds} if seconds else {"Enabled": False}
        forward = {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky}
        return [{"Type": kind, "ForwardConfig": forward}]
    name, table = ("RedirectConfig", REDIRECT) if kind == "redirect" else ("FixedResponseConfig", FIXED)
    return [{"Type": kind, name: {argument: action[option] for option, (argument, _default) in table.items()}}]


def desired_conditions(conditions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The canonical form of conditions given as options."""
    return _ordered(_condition(item["field"], item["values"], item.get("http_header_name")) for item in conditions)


def current_conditions(conditions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The canonical form of the conditions of a rule."""
    return _ordered(_current_condition(item) for item in conditions)


def _current_condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    config = condition.get(CONFIGURATIONS.get(condition["Field"], "")) or {}
    values = config.get("Values") or condition.get("Values") or []
    if condition["Field"] == "query-string":
        values = ["=".join(filter(None, (value.get("Key"), value["Value"]))) for value in values]
    return _condition(condition["Field"], values, config.get("HttpHeaderName"))


def _condition(field: str, values: Sequence[str], header: str | None) -> dict[str, Any]:
    condition = {"field": field, "values": sorted(values)}
    return {**condition, "http_header_name": header} if header else condition


def _ordered(conditions: Any) -> list[dict[str, Any]]:
    return sorted(conditions, key=lambda item: (item["field"], item.get("http_header_name", ""), item["values"]))


def condition_arguments(conditions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The conditions as the API takes them."""
    arguments = []
    for condition in conditions:
        config: dict[str, Any] = {"Values": list(condition["values"])}
        if condition["field"] == "query-string":
            config["Values"] = [_query(value) for value in condition["values"]]
        if "http_header_name" in condition:
            config["HttpHeaderName"] = condition["http_header_name"]
        arguments.append({"Field": condition["field"], CONFIGURATIONS[condition["field"]]: config})
    return arguments


def _query(value: str) -> dict[str, str]:
    key, separator, rest = value.partition("=")
    return {"Key": key, "Value": rest} if separator else {"Value": value}

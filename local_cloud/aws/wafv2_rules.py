"""Rules of web ACLs: what WAF refuses, what it fills in, and what they cost. Pure.

Costs: https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements-list.html
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from local_cloud.aws.wafv2_groups import GROUPS, VENDOR

Statement = Mapping[str, Any]

MOST_CAPACITY = 5000
WINDOWS = (60, 120, 300, 600)
_GROUPS = ("ManagedRuleGroupStatement", "RuleGroupReferenceStatement")
_BYTE_MATCHES = {"EXACTLY": 2, "STARTS_WITH": 2, "ENDS_WITH": 2, "CONTAINS": 10, "CONTAINS_WORD": 10}
_MATCHES = {
    "IPSetReferenceStatement": 1,
    "GeoMatchStatement": 1,
    "AsnMatchStatement": 1,
    "LabelMatchStatement": 1,
    "SizeConstraintStatement": 1,
    "RegexMatchStatement": 3,
    "RegexPatternSetReferenceStatement": 25,
    "XssMatchStatement": 40,
}
_RATE, _CUSTOM_KEY, _TRANSFORMATION = 2, 30, 10


class Refusal(Exception):
    """What WAF answers: the code of the error and a text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def invalid(text: str) -> Refusal:
    return Refusal("WAFInvalidParameterException", f"Error reason: {text}")


def missing() -> Refusal:
    text = "AWS WAF couldn't perform the operation because your resource doesn't exist."
    return Refusal("WAFNonexistentItemException", text)


def kind_of(statement: Statement) -> str:
    if len(statement) != 1:
        raise invalid(
            "You have used none or multiple values for a field that requires exactly one value., field: STATEMENT"
        )
    return next(iter(statement))


def nested(statement: Statement) -> Iterator[Statement]:
    """The statements directly inside one."""
    kind = kind_of(statement)
    body = statement[kind]
    if kind in ("AndStatement", "OrStatement"):
        yield from body["Statements"]
    elif kind == "NotStatement":
        yield body["Statement"]
    elif body.get("ScopeDownStatement"):
        yield body["ScopeDownStatement"]


def check(rules: Sequence[Mapping[str, Any]], ip_sets: Collection[str]) -> None:
    """Raise Refusal for what WAF would refuse; `ip_sets` are the ARNs of those that exist."""
    for field in ("Name", "Priority"):
        values = [rule[field] for rule in rules]
        if len(set(values)) < len(values):
            raise invalid(f"You have used the same value for several rules, field: {field.upper()}")
    for rule in rules:
        group = kind_of(rule["Statement"]) in _GROUPS
        if group != bool(rule.get("OverrideAction")) or group == bool(rule.get("Action")):
            raise invalid(f"A rule {rule['Name']} needs exactly one of Action and, for groups, OverrideAction")
        _check_statement(rule["Statement"], ip_sets, outermost=True)


def _check_statement(statement: Statement, ip_sets: Collection[str], *, outermost: bool) -> None:
    kind = kind_of(statement)
    body = statement[kind]
    if not outermost and kind in (*_GROUPS, "RateBasedStatement"):
        raise invalid(f"A {kind} cannot be inside another statement")
    if kind == "ManagedRuleGroupStatement":
        _check_group(body)
    if kind == "IPSetReferenceStatement" and body["ARN"] not in ip_sets:
        raise missing()
    if kind == "RateBasedStatement":
        if int(body["Limit"]) < 10 or int(body.get("EvaluationWindowSec", 300)) not in WINDOWS:
            raise invalid("The limit is 10 at least, and the window one of 60, 120, 300 and 600 seconds")
        if body["AggregateKeyType"] == "CONSTANT" and not body.get("ScopeDownStatement"):
            raise invalid("A rate-based statement that counts all needs a scope-down statement")
    for inner in nested(statement):
        _check_statement(inner, ip_sets, outermost=False)


def _check_group(body: Mapping[str, Any]) -> None:
    group = GROUPS.get(body["Name"]) if body["VendorName"] == VENDOR else None
    if group is None or body.get("Version", "") not in ("", *group.versions):
        raise missing()
    named = [row["Name"] for row in [*(body.get("RuleActionOverrides") or []), *(body.get("ExcludedRules") or [])]]
    unknown = sorted(set(named) - set(group.rules))
    if unknown:
        raise invalid(f"{body['Name']} has no rule {unknown[0]}, field: EXCLUDED_RULE")


def filled_in(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rules as WAF answers them."""
    found = copy.deepcopy([dict(rule) for rule in rules])
    for rule in found:
        _fill_in(rule["Statement"])
    return found


def _fill_in(statement: Any) -> None:
    kind = kind_of(statement)
    body = statement[kind]
    if kind == "RateBasedStatement":
        body.setdefault("EvaluationWindowSec", 300)
    if kind == "ManagedRuleGroupStatement":
        for row in body.pop("ExcludedRules", None) or []:
            body.setdefault("RuleActionOverrides", []).append({"Name": row["Name"], "ActionToUse": {"Count": {}}})
    field = (body.get("FieldToMatch") or {}).get("Body")
    if field is not None:
        field.setdefault("OversizeHandling", "CONTINUE")
    for inner in nested(statement):
        _fill_in(inner)


def capacity(rules: Sequence[Mapping[str, Any]]) -> int:
    """Capacity units that rules take. Raises Refusal beyond what a web ACL may have."""
    total = sum(cost(rule["Statement"]) for rule in rules)
    if total > MOST_CAPACITY:
        raise Refusal(
            "WAFLimitsExceededException",
            "AWS WAF couldn't perform the operation because you exceeded your resource limit. Maximum capacity: 5000.",
        )
    return total


def cost(statement: Statement) -> int:
    kind = kind_of(statement)
    body = statement[kind]
    inside = sum(cost(inner) for inner in nested(statement))
    if kind in ("AndStatement", "OrStatement", "NotStatement"):
        return inside
    if kind == "RateBasedStatement":
        return _RATE + inside + _CUSTOM_KEY * len(body.get("CustomKeys") or [])
    if kind == "ManagedRuleGroupStatement":
        return GROUPS[body["Name"]].capacity + inside
    return _own_cost(kind, body)


def _own_cost(kind: str, body: Mapping[str, Any]) -> int:
    base = _MATCHES.get(kind, 0)
    if kind == "ByteMatchStatement":
        base = _BYTE_MATCHES[body["PositionalConstraint"]]
    if kind == "SqliMatchStatement":
        base = 30 if body.get("SensitivityLevel") == "HIGH" else 20
    if "JsonBody" in (body.get("FieldToMatch") or {}):
        base *= 2
    steps = [row for row in body.get("TextTransformations") or [] if row["Type"] != "NONE"]
    return base + _TRANSFORMATION * len(steps)

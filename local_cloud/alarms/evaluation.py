"""Metric alarms: statistics over periods, metric math, and the state that follows."""

from __future__ import annotations

import ast
import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

ALARM, OK, INSUFFICIENT = "ALARM", "OK", "INSUFFICIENT_DATA"

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class Sample:
    """One datum: `count` values that sum up to `total`."""

    total: float
    low: float
    high: float
    count: float = 1.0


@dataclass(frozen=True)
class Criteria:
    comparison: str
    threshold: float
    periods: int
    datapoints: int
    missing: str = "missing"


def statistic(name: str, samples: Sequence[Sample]) -> float | None:
    """None without samples; `p95` and the like take each datum as one value."""
    count = sum(sample.count for sample in samples)
    if not samples or not count:
        return None
    if name.startswith("p"):
        return _percentile([sample.total / sample.count for sample in samples], float(name[1:]))
    total = sum(sample.total for sample in samples)
    values = {
        "Sum": total,
        "Average": total / count,
        "Minimum": min(sample.low for sample in samples),
        "Maximum": max(sample.high for sample in samples),
        "SampleCount": count,
    }
    return values[name]


def _percentile(values: Sequence[float], percent: float) -> float:
    if len(values) == 1:
        return values[0]
    steps = statistics.quantiles(values, n=1000, method="inclusive")
    return steps[min(max(round(percent * 10) - 1, 0), 998)]


def decide(criteria: Criteria, points: Sequence[float | None], current: str) -> tuple[str, str]:
    """(state, reason) from the datapoints of the last periods, newest last, None where data is missing."""
    compare = _COMPARISONS[criteria.comparison]
    window = list(points)[-criteria.periods :]
    present = [point for point in window if point is not None]
    missing = len(window) - len(present)
    breaching = [point for point in present if compare(point, criteria.threshold)]
    count = len(breaching) + (missing if criteria.missing == "breaching" else 0)
    if count >= criteria.datapoints:
        return ALARM, _reason(criteria, breaching or present, "")
    if present:
        calm = [point for point in present if point not in breaching]
        return OK, _reason(criteria, calm or present, "not ")
    if criteria.missing == "ignore":
        return current, "Unchanged: no datapoints were received"
    if criteria.missing == "notBreaching":
        return OK, "Threshold not crossed: missing data is treated as NonBreaching"
    return INSUFFICIENT, f"Insufficient Data: {missing} datapoints were unknown."


def _reason(criteria: Criteria, points: Sequence[float], negation: str) -> str:
    words = "".join(f" {character.lower()}" if character.isupper() else character for character in criteria.comparison)
    verb = f"was {negation}" if negation else "was "
    shown = ", ".join(f"{point:g}" for point in points) or "missing"
    return (
        f"Threshold Crossed: {len(points)} out of the last {criteria.periods} datapoints [{shown}] "
        f"{verb}{words.strip().removesuffix(' threshold')} the threshold ({criteria.threshold:g})."
    )


# -- metric math --------------------------------------------------------------------------------------

_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: lambda left, right: float(left > right),
    ast.GtE: lambda left, right: float(left >= right),
    ast.Lt: lambda left, right: float(left < right),
    ast.LtE: lambda left, right: float(left <= right),
    ast.Eq: lambda left, right: float(left == right),
    ast.NotEq: lambda left, right: float(left != right),
}


class UnsupportedExpressionError(ValueError):
    """Metric math beyond arithmetic, comparisons, IF and FILL."""


def calculate(expression: str, values: Mapping[str, float | None]) -> float | None:
    """One datapoint of a metric math expression; None where an operand is missing or divided by zero."""
    try:
        return _value(ast.parse(expression, mode="eval").body, values)
    except SyntaxError as error:
        raise UnsupportedExpressionError(expression) from error


def _value(node: ast.expr, values: Mapping[str, float | None]) -> float | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.Name) and node.id in values:
        return values[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        operand = _value(node.operand, values)
        return None if operand is None else -operand
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _apply(type(node.op), node.left, node.right, values)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _apply(type(node.ops[0]), node.left, node.comparators[0], values)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node.func.id, node.args, values)
    raise UnsupportedExpressionError(ast.unparse(node))


def _apply(kind: type[ast.AST], left: ast.expr, right: ast.expr, values: Mapping[str, float | None]) -> float | None:
    first, second = _value(left, values), _value(right, values)
    if first is None or second is None or (kind is ast.Div and not second):
        return None
    return _OPERATORS[kind](first, second)


def _call(name: str, arguments: Sequence[ast.expr], values: Mapping[str, float | None]) -> float | None:
    if name == "FILL":
        value = _value(arguments[0], values)
        return _value(arguments[1], values) if value is None else value
    if name == "IF":
        condition = _value(arguments[0], values)
        if condition is None:
            return None
        if condition:
            return _value(arguments[1], values)
        return _value(arguments[2], values) if len(arguments) > 2 else None
    raise UnsupportedExpressionError(name)

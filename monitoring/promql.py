"""What a PromQL expression reads: metrics, and the labels that have to be there for it to mean something."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import promql_parser as ast

Labels: TypeAlias = frozenset[str]
NONE: Labels = frozenset()

# Grafana's own variables, with a value of the kind that Grafana puts in their place.
_BUILT_IN = {
    "__rate_interval": "5m",
    "__interval": "1m",
    "__range": "3h",
    "__range_s": "10800",
    "__interval_ms": "60000",
}
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::\w+)?\})")
_SELECTIONS = ("topk", "bottomk", "limitk", "limit_ratio")
_CONSTANT = ("vector", "scalar", "time", "pi")
_COUNTED = ("count", "group", "absent")


class NotPromQL(ValueError):
    """The text is no PromQL: says what the parser says."""


@dataclass(frozen=True)
class Selection:
    """A place where an expression reads `metric`. `job` is the one it asks for, empty for any.

    `labels` are those that have to be there, because it selects by them, groups, joins or names; `matched` are all by
    which it selects, those that may be empty included. `within` is the function or aggregation around it.
    """

    metric: str
    labels: Labels
    matched: Labels
    job: str
    within: str


@dataclass
class Reading:
    """What one expression reads, and the labels that somebody wants of its result and that it has dropped."""

    selections: list[Selection] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Record:
    """A recording rule: its expression and the labels that it sets itself."""

    expr: str
    labels: Labels = NONE


def filled_in(expr: str, values: Mapping[str, str] | None = None) -> str:
    """Put values in the place of Grafana's variables; those without a value become `x`."""
    known = {**_BUILT_IN, **(values or {})}
    return _VARIABLE.sub(lambda found: known.get(found[1] or found[2], "x"), expr)


def parsed(expr: str) -> ast.Expr:
    """Raises NotPromQL."""
    try:
        return ast.parse(expr)
    except ValueError as error:
        raise NotPromQL(f"is no PromQL: {error}: {' '.join(expr.split())}") from error


def read(expr: str, wanted: Collection[str] = (), records: Mapping[str, Record] | None = None) -> Reading:
    """Read `expr`, of whose result the labels `wanted` are used. Series of `records` are followed to what they are
    recorded from, so that a label can be missed there too. Raises NotPromQL."""
    reader = _Reader(records or {})
    reader.visit(parsed(expr), frozenset(wanted), "")
    return reader.reading


class _Reader:
    """Descends into an expression with the labels that are wanted of each part's result."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self.reading = Reading()
        self._records = records
        self._following: list[str] = []

    def visit(self, expr: object, wanted: Labels, within: str) -> None:
        match expr:
            case ast.VectorSelector():
                self._selector(expr, wanted, within)
            case ast.MatrixSelector():
                self._selector(expr.vector_selector, wanted, within)
            case ast.AggregateExpr():
                self._aggregation(expr, wanted)
            case ast.BinaryExpr():
                self._operation(expr, wanted, within)
            case ast.Call():
                self._call(expr, wanted)
            case ast.ParenExpr() | ast.UnaryExpr() | ast.SubqueryExpr():
                self.visit(expr.expr, wanted, within)

    def _selector(self, selector: ast.VectorSelector, wanted: Labels, within: str) -> None:
        matchers = selector.matchers.matchers
        names = {one.name: one for one in matchers}
        named = selector.name or (names["__name__"].value if "__name__" in names else "")
        needed = frozenset(one.name for one in matchers if not _fits_nothing(one))
        labels = (needed | wanted) - {"__name__"}
        job = names.get("job")
        asked = job.value if job and job.op == ast.MatchOp.Equal else ""
        self.reading.selections.append(Selection(named, labels, frozenset(names), asked, within))
        if named in self._records and named not in self._following:
            record = self._records[named]
            self._following.append(named)
            self.visit(parsed(record.expr), labels - record.labels, "")
            self._following.pop()

    def _aggregation(self, expr: ast.AggregateExpr, wanted: Labels) -> None:
        name = str(expr.op).split()[0]
        grouping = frozenset(expr.modifier.labels) if expr.modifier else NONE
        if isinstance(expr.param, ast.Expr):
            self.visit(expr.param, NONE, name)
        if name in _SELECTIONS:
            inner = wanted | grouping
        elif expr.modifier and expr.modifier.type == ast.AggModifierType.Without:
            self.reading.lost |= wanted & grouping
            inner = wanted - grouping
        else:
            counted = {expr.param.val} if name == "count_values" and isinstance(expr.param, ast.StringLiteral) else NONE
            self.reading.lost |= wanted - grouping - counted
            inner = grouping
        self.visit(expr.expr, inner, name)

    def _operation(self, expr: ast.BinaryExpr, wanted: Labels, within: str) -> None:
        modifier = expr.modifier
        matching = modifier.matching if modifier else None
        on = frozenset(matching.labels) if matching and matching.type == ast.LabelModifierType.Include else None
        ignored = frozenset(matching.labels) if matching and on is None else NONE
        brought = frozenset(modifier.group_labels or ()) if modifier else NONE
        name = str(expr.op).split()[0]
        if name == "or":
            left = right = wanted | (on or NONE)
        elif name in ("and", "unless"):
            left, right = wanted | (on or NONE), on or NONE
        elif modifier and modifier.card == ast.VectorMatchCardinality.ManyToOne:
            left, right = (wanted - brought) | (on or NONE), brought | (on or NONE)
        elif modifier and modifier.card == ast.VectorMatchCardinality.OneToMany:
            left, right = brought | (on or NONE), (wanted - brought) | (on or NONE)
        else:
            self.reading.lost |= (wanted & ignored) if on is None else (wanted - on)
            left = right = on if on is not None else wanted - ignored
        self.visit(expr.lhs, left, within)
        self.visit(expr.rhs, right, within)

    def _call(self, call: ast.Call, wanted: Labels) -> None:
        name, arguments = call.func.name, call.args
        texts = [one.val for one in arguments if isinstance(one, ast.StringLiteral)]
        inner = wanted
        if name in _CONSTANT:
            inner = NONE
        elif name in ("absent", "absent_over_time"):
            inner = NONE
            self.reading.lost |= wanted - _equal(arguments[0])
        elif name == "histogram_quantile":
            inner = wanted | {"le"}
        elif name == "label_replace":
            inner = (wanted - {texts[0]}) | ({texts[2]} - {""})
        elif name == "label_join":
            inner = (wanted - {texts[0]}) | set(texts[2:])
        for argument in arguments:
            self.visit(argument, frozenset(inner), "absent" if name.startswith("absent") else name)


def _fits_nothing(matcher: ast.Matcher) -> bool:
    """Whether a series without the label is selected as well."""
    if matcher.op in (ast.MatchOp.Equal, ast.MatchOp.NotEqual):
        return bool((matcher.value == "") == (matcher.op == ast.MatchOp.Equal))
    return bool((re.fullmatch(matcher.value, "") is not None) == (matcher.op == ast.MatchOp.Re))


def _equal(argument: object) -> Labels:
    """Labels that a selector holds to one value, which is what `absent` gives its result."""
    selector = argument.vector_selector if isinstance(argument, ast.MatrixSelector) else argument
    if not isinstance(selector, ast.VectorSelector):
        return NONE
    return frozenset(one.name for one in selector.matchers.matchers if one.op == ast.MatchOp.Equal)


def is_counted(selection: Selection) -> bool:
    """Whether only the number of series is of interest, so that their kind is not."""
    return selection.within in _COUNTED

"""Rules that dashboards are held to, whoever wrote them.

Each rule is a function of a dashboard's JSON model that yields what it finds: the place, which is a panel's title or
empty for the whole dashboard, and a text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import promql_parser as ast

from monitoring import promql
from monitoring.contract import OF_ALERTS, RATES, panels

Model = Mapping[str, Any]
Found = tuple[str, str]

DATASOURCE = "${datasource}"
COLUMNS = 24
LONGEST_UID = 40
RELEASE_TAG = "release"
RANGES = ("$__rate_interval", "$__range", "${__rate_interval}", "${__range}")
WITHOUT_UNIT = ("text", "row", "table", "state-timeline", "alertlist", "dashlist")
COUNTERS = ("_total", "_count", "_sum", "_bucket")
_RANGE = re.compile(r"\b(rate|irate|increase|delta|deriv)\s*\([^\[\]]*\[([^\]]+)\]")
_UID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LINKED = re.compile(r"/d/([^/?#]+)")
_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::\w+)?\})")
_LABEL_VALUES = re.compile(r"label_values\((.+),\s*\w+\)")


@dataclass(frozen=True)
class Finding:
    """What `rule` has against a dashboard, or against one of its panels."""

    dashboard: str
    rule: str
    panel: str
    text: str

    def __str__(self) -> str:
        where = f'{self.dashboard}: panel "{self.panel}"' if self.panel else self.dashboard
        return f"{where}: {self.text} ({self.rule})"


@dataclass(frozen=True)
class Known:
    """What dashboards may refer to: uids of dashboards, and gauges whose names look like those of counters."""

    uids: Collection[str] = ()
    gauges: Collection[str] = ()


def lint(dashboard: Model, known: Known | None = None) -> list[Finding]:
    uid = str(dashboard.get("uid") or dashboard.get("title") or "a dashboard")
    return [
        Finding(uid, name, panel, text)
        for name, rule in RULES.items()
        for panel, text in rule(dashboard, known or Known())
    ]


# The dashboard


def _identity(dashboard: Model, _: Known) -> Iterator[Found]:
    uid = str(dashboard.get("uid") or "")
    if not _UID.fullmatch(uid) or len(uid) > LONGEST_UID:
        yield "", f"uid {uid!r} is not made of up to {LONGEST_UID} lower-case letters, digits and single hyphens"
    for name in ("title", "description", "tags"):
        if not dashboard.get(name):
            yield "", f"has no {name}"


def _read_only(dashboard: Model, _: Known) -> Iterator[Found]:
    if dashboard.get("editable", True):
        yield "", "can be edited in Grafana, where the next roll-out undoes it"


def _time(dashboard: Model, _: Known) -> Iterator[Found]:
    if not dashboard.get("time") or not dashboard.get("refresh"):
        yield "", "has no time and refresh to begin with"
    if dashboard.get("timezone") not in ("browser", ""):
        yield "", f"shows times of {dashboard.get('timezone')!r} instead of the reader's"


def _releases(dashboard: Model, _: Known) -> Iterator[Found]:
    listed = (dashboard.get("annotations") or {}).get("list") or []
    if not any(RELEASE_TAG in ((one.get("target") or {}).get("tags") or []) for one in listed):
        yield "", f"has no annotations with the tag {RELEASE_TAG!r}"


def _links(dashboard: Model, known: Known) -> Iterator[Found]:
    links = dashboard.get("links") or []
    if not any(link.get("type") == "dashboards" and link.get("keepTime") for link in links):
        yield "", "has no links to the other dashboards that keep the time"
    for panel in panels(dashboard):
        for link in panel.get("links") or []:
            uid = _LINKED.search(link.get("url") or "")
            if known.uids and uid and uid[1] not in known.uids:
                yield panel.get("title", ""), f"links to {uid[1]!r}, which is no dashboard"


# Variables


def _variables(dashboard: Model) -> list[Model]:
    return list((dashboard.get("templating") or {}).get("list") or [])


def _query_of(variable: Model) -> str:
    query = variable.get("query")
    return str(query.get("query") if isinstance(query, Mapping) else query or "")


def _data_source_variable(dashboard: Model, _: Known) -> Iterator[Found]:
    found = [one for one in _variables(dashboard) if one.get("type") == "datasource"]
    if not any(one.get("name") == "datasource" and one.get("query") == "prometheus" for one in found):
        yield "", "has no variable datasource of type datasource for Prometheus"


def _environment_variable(dashboard: Model, _: Known) -> Iterator[Found]:
    if not any(one.get("name") == "environment" and one.get("type") == "query" for one in _variables(dashboard)):
        yield "", "has no variable environment that asks for those there are"


def _variable_queries(dashboard: Model, _: Known) -> Iterator[Found]:
    for variable in _variables(dashboard):
        if variable.get("type") != "query":
            continue
        name = variable.get("name")
        if variable.get("refresh") != 2:
            yield "", f"variable {name} is not asked for again when the time changes"
        if (variable.get("datasource") or {}).get("uid") != DATASOURCE:
            yield "", f"variable {name} does not ask the chosen data source"
        asked = _LABEL_VALUES.fullmatch(_query_of(variable))
        if asked is None:
            yield "", f"variable {name} is no label_values(metric, label)"
        else:
            yield from (("", f"variable {name} {text}") for text in _parse_errors(asked[1]))


def _unused_variables(dashboard: Model, _: Known) -> Iterator[Found]:
    texts = [target.get("expr") or "" for panel in panels(dashboard) for target in panel.get("targets") or []]
    texts += [_query_of(variable) for variable in _variables(dashboard)]
    used = {one or other for text in texts for one, other in _REFERENCE.findall(text)} | {"datasource"}
    named = {str(variable.get("name")) for variable in _variables(dashboard)}
    for name in sorted(named - used):
        yield "", f"variable {name} is used nowhere"
    for name in sorted(used - named):
        if not name.startswith("__"):
            yield "", f"variable {name} does not exist"


# Panels


def _panel_texts(dashboard: Model, _: Known) -> Iterator[Found]:
    titles = Counter(panel.get("title") or "" for panel in panels(dashboard))
    for panel in panels(dashboard):
        title = panel.get("title") or ""
        if not title:
            yield "", f"panel {panel.get('id')} has no title"
        elif titles[title] > 1:
            yield title, "shares its title with another one"
        description = panel.get("description") or ""
        if not description:
            yield title, "has no description"
        elif not description.endswith("."):
            yield title, "has a description that is no sentence"


def _units(dashboard: Model, _: Known) -> Iterator[Found]:
    for panel in panels(dashboard):
        unit = ((panel.get("fieldConfig") or {}).get("defaults") or {}).get("unit")
        if not unit and panel.get("type") not in WITHOUT_UNIT:
            yield panel.get("title", ""), "has no unit"


def _panel_sources(dashboard: Model, _: Known) -> Iterator[Found]:
    for panel in panels(dashboard):
        if panel.get("type") == "text":
            continue
        targets = panel.get("targets") or []
        if not targets:
            yield panel.get("title", ""), "asks for nothing"
        for one in (panel, *targets):
            if (one.get("datasource") or {}).get("uid") != DATASOURCE:
                yield panel.get("title", ""), f"does not ask the chosen data source, {DATASOURCE}"
                break


def _grid(dashboard: Model, _: Known) -> Iterator[Found]:
    listed = list(dashboard.get("panels") or [])
    for identifier, count in Counter(panel.get("id") for panel in listed).items():
        if count > 1 or not identifier:
            yield "", f"{count} panels have the id {identifier}"
    placed = [(str(panel.get("title")), panel.get("gridPos") or {}) for panel in listed]
    for title, place in placed:
        if not place or place["x"] < 0 or place["x"] + place["w"] > COLUMNS:
            yield title, f"is not within the {COLUMNS} columns of the grid"
    for (one, first), (other, second) in combinations(placed, 2):
        if first and second and _overlap(first, second):
            yield one, f"lies over {other!r}"


def _overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    return across and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]


# Queries


def _targets(dashboard: Model) -> Iterator[tuple[str, Model, str]]:
    for panel in panels(dashboard):
        for target in panel.get("targets") or []:
            yield str(panel.get("title") or ""), panel, str(target.get("expr") or "")


def _parse_errors(expr: str) -> Iterator[str]:
    try:
        promql.parsed(promql.filled_in(expr))
    except promql.NotPromQL as error:
        yield str(error)


def _reading(expr: str) -> promql.Reading:
    """Empty where the expression is no PromQL, which another rule finds."""
    try:
        return promql.read(promql.filled_in(expr, {"environment": "$environment"}))
    except promql.NotPromQL:
        return promql.Reading()


def _valid_queries(dashboard: Model, _: Known) -> Iterator[Found]:
    for title, _panel, expr in _targets(dashboard):
        yield from ((title, text) for text in _parse_errors(expr))


def _rate_interval(dashboard: Model, _: Known) -> Iterator[Found]:
    for title, _panel, expr in _targets(dashboard):
        for function, window in _RANGE.findall(expr):
            if window not in RANGES:
                yield title, f"takes {function}() over {window} instead of $__rate_interval or $__range"


def _environment(dashboard: Model, _: Known) -> Iterator[Found]:
    for title, _panel, expr in _targets(dashboard):
        for selection in _reading(expr).selections:
            if selection.metric not in OF_ALERTS and "environment" not in selection.matched:
                yield title, f"{selection.metric} is not selected by environment"


def _counters(dashboard: Model, known: Known) -> Iterator[Found]:
    for title, _panel, expr in _targets(dashboard):
        for selection in _reading(expr).selections:
            looks_so = selection.metric.endswith(COUNTERS) and selection.metric not in known.gauges
            if looks_so and selection.within not in RATES and not promql.is_counted(selection):
                yield title, f"{selection.metric} is a counter, of which only the rate or increase means something"


def _rate_of_sums(dashboard: Model, _: Known) -> Iterator[Found]:
    """Restarts of single counters are lost in their sum, so that its rate is wrong."""
    for title, _panel, expr in _targets(dashboard):
        try:
            parsed = promql.parsed(promql.filled_in(expr))
        except promql.NotPromQL:
            continue
        rates: list[str] = []

        def visit(node: ast.Expr, rates: list[str] = rates) -> None:
            if isinstance(node, ast.Call) and node.func.name in RATES and isinstance(node.args[0], ast.SubqueryExpr):
                rates.append(node.func.name)

        ast.walk(parsed, visit)
        yield from ((title, f"takes {name}() of what is already put together") for name in rates)


def _legends(dashboard: Model, _: Known) -> Iterator[Found]:
    for panel in panels(dashboard):
        if panel.get("type") not in ("timeseries", "state-timeline", "bargauge"):
            continue
        legends = [target.get("legendFormat") or "" for target in panel.get("targets") or []]
        if not all(legends) or len(set(legends)) < len(legends):
            yield panel.get("title", ""), "has series without a legend of their own"


RULES: Mapping[str, Callable[[Model, Known], Iterator[Found]]] = {
    "identity": _identity,
    "read-only": _read_only,
    "time": _time,
    "release-annotations": _releases,
    "links": _links,
    "data-source-variable": _data_source_variable,
    "environment-variable": _environment_variable,
    "variable-queries": _variable_queries,
    "variables-used": _unused_variables,
    "panel-texts": _panel_texts,
    "panel-units": _units,
    "panel-data-source": _panel_sources,
    "grid": _grid,
    "valid-queries": _valid_queries,
    "rate-interval": _rate_interval,
    "environment-selected": _environment,
    "counters": _counters,
    "rate-before-sum": _rate_of_sums,
    "legends": _legends,
}

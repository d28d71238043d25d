"""Every rule finds nothing in our dashboards, and what it is there for in a bad one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from monitoring import contract, linter, schema

MODELS = {model["uid"]: model for model in contract.committed_dashboards()}
GAUGES = {one.metric for one in contract.declared() if one.kind == contract.GAUGE}
KNOWN = linter.Known(MODELS.keys(), GAUGES)
Model = dict[str, Any]


def first_panel(model: Model) -> Model:
    panel: Model = next(panel for panel in model["panels"] if panel["type"] == "timeseries")
    return panel


def with_query(expr: str) -> Callable[[Model], None]:
    def change(model: Model) -> None:
        first_panel(model)["targets"][0]["expr"] = expr

    return change


def without(*path: str | int) -> Callable[[Model], None]:
    def change(model: Model) -> None:
        inner: Any = model
        for step in path[:-1]:
            inner = inner[step]
        del inner[path[-1]]

    return change


def variable(model: Model, name: str) -> Model:
    return next(one for one in model["templating"]["list"] if one["name"] == name)


SELECTED = 'environment="$environment"'
BAD: list[tuple[str, str, Callable[[Model], None]]] = [
    ("identity", "uid", lambda model: model.update(uid="Service Overview")),
    ("identity", "description", without("description")),
    ("read-only", "can be edited", lambda model: model.update(editable=True)),
    ("time", "no time", without("refresh")),
    ("time", "times of 'utc'", lambda model: model.update(timezone="utc")),
    ("release-annotations", "tag 'release'", lambda model: model["annotations"].update(list=[])),
    ("links", "keep the time", lambda model: model["links"][0].update(keepTime=False)),
    ("links", "'nowhere'", lambda model: first_panel(model).update(links=[{"url": "/d/nowhere?a=b"}])),
    ("data-source-variable", "no variable datasource", without("templating", "list", 0)),
    ("environment-variable", "no variable environment", without("templating", "list", 1)),
    ("variable-queries", "when the time changes", lambda model: variable(model, "environment").update(refresh=1)),
    (
        "variable-queries",
        "chosen data source",
        lambda model: variable(model, "environment").update(datasource={"uid": "prometheus"}),
    ),
    ("variable-queries", "no label_values", lambda model: variable(model, "environment").update(query="up")),
    (
        "variable-queries",
        "is no PromQL",
        lambda model: variable(model, "environment").update(query={"query": "label_values(up{, job)"}),
    ),
    (
        "variables-used",
        "cluster is used nowhere",
        lambda model: model["templating"]["list"].append({"name": "cluster", "type": "custom", "query": "a,b"}),
    ),
    ("variables-used", "team does not exist", with_query(f'sum(up{{{SELECTED}, team="$team"}})')),
    ("panel-texts", "has no title", lambda model: first_panel(model).update(title="")),
    ("panel-texts", "has no description", without("panels", 1, "description")),
    ("panel-texts", "is no sentence", lambda model: first_panel(model).update(description="Requests")),
    ("panel-texts", "shares its title", lambda model: first_panel(model).update(title=model["panels"][1]["title"])),
    ("panel-units", "has no unit", lambda model: first_panel(model)["fieldConfig"]["defaults"].pop("unit")),
    ("panel-data-source", "asks for nothing", lambda model: first_panel(model).update(targets=[])),
    ("panel-data-source", "chosen data", lambda model: first_panel(model).update(datasource={"uid": "prometheus"})),
    (
        "panel-data-source",
        "chosen data",
        lambda model: first_panel(model)["targets"][0].update(datasource={"uid": "prometheus"}),
    ),
    ("grid", "have the id", lambda model: first_panel(model).update(id=model["panels"][0]["id"])),
    ("grid", "24 columns", lambda model: first_panel(model)["gridPos"].update(x=20)),
    ("grid", "lies over", lambda model: first_panel(model).update(gridPos=dict(model["panels"][1]["gridPos"]))),
    ("valid-queries", "is no PromQL", with_query("sum(rate(")),
    ("rate-interval", "over 5m", with_query(f"sum(rate(kong_bandwidth_bytes{{{SELECTED}}}[5m]))")),
    ("environment-selected", "not selected by environment", with_query('sum(up{job="kong"})')),
    ("counters", "is a counter", with_query(f"sum(kong_http_requests_total{{{SELECTED}}})")),
    (
        "rate-before-sum",
        "already put together",
        with_query(f"rate(sum(kong_http_requests_total{{{SELECTED}}})[$__rate_interval:])"),
    ),
    ("legends", "legend of their own", lambda model: first_panel(model)["targets"][0].update(legendFormat="")),
]


@pytest.mark.parametrize("uid", MODELS)
def test_our_dashboards_break_no_rule(uid: str) -> None:
    assert [str(finding) for finding in linter.lint(MODELS[uid], KNOWN)] == []


@pytest.mark.parametrize(("rule", "text", "spoil"), BAD, ids=[f"{rule}: {text}" for rule, text, _ in BAD])
def test_a_rule_finds_what_it_is_there_for(rule: str, text: str, spoil: Callable[[Model], None]) -> None:
    bad = copy.deepcopy(MODELS["service-overview"])
    spoil(bad)

    found = [str(finding) for finding in linter.lint(bad, KNOWN) if finding.rule == rule]

    assert [each for each in found if text in each], found


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, _, _ in BAD} == set(linter.RULES)


def test_a_finding_names_dashboard_panel_and_rule() -> None:
    bad = copy.deepcopy(MODELS["database"])
    with_query("sum(rate(")(bad)
    title = first_panel(bad)["title"]

    found = [str(one) for one in linter.lint(bad, KNOWN) if one.rule == "valid-queries"]

    assert found == [
        f'database: panel "{title}": is no PromQL: unclosed left parenthesis: sum(rate( (valid-queries)',
    ]


@pytest.mark.parametrize("uid", MODELS)
def test_our_dashboards_are_as_grafana_describes_them(uid: str) -> None:
    assert schema.findings(MODELS[uid]) == []


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda model: model.update(unknown=1), "'unknown' was unexpected"),
        (lambda model: model.update(refresh=5), "refresh: 5 is not of type 'string'"),
        (lambda model: first_panel(model)["gridPos"].update(w="8"), "panels."),
        (lambda model: first_panel(model)["options"].update(legends={}), "options: the whole: Additional properties"),
        (lambda model: first_panel(model)["fieldConfig"]["defaults"]["custom"].update(fill=1), "custom: the whole"),
    ],
)
def test_what_grafana_does_not_know_is_found(spoil: Callable[[Model], None], text: str) -> None:
    bad = copy.deepcopy(MODELS["service-overview"])
    spoil(bad)

    found = schema.findings(bad)

    assert [each for each in found if text in each], found

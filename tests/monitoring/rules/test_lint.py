"""What the linter finds, one line each, and what it leaves alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.trademaster.platform.plugins.filter.prometheus_rules import DOCUMENTATION, prometheus_rules
from ansible_collections.trademaster.platform.plugins.plugin_utils.prometheus_rules import (
    THRESHOLDS,
    lint,
    settings_findings,
)
from ansible_collections.trademaster.platform.plugins.plugin_utils.promql_labels import labels_given

from tests.monitoring.rules.rule_files import settings, templates

URLS = {"grafana_url": "https://grafana.example.com", "runbook_url": "https://example.com/runbooks"}
ANNOTATIONS = {
    "summary": "Down",
    "description": "It is down.",
    "dashboard": "https://grafana.example.com/d/database",
    "runbook": "https://example.com/own.md",
}
ALERT: dict[str, Any] = {
    "alert": "OwnDown",
    "expr": "sum by (job) (up) == 0",
    "labels": {"severity": "warning", "owner": "auth"},
    "annotations": ANNOTATIONS,
}


def rules(*given: dict[str, Any]) -> str:
    return yaml.safe_dump({"groups": [{"name": "own", "rules": list(given)}]})


def changed(part: str, **values: Any) -> dict[str, Any]:
    content = {name: value for name, value in {**ALERT[part], **values}.items() if value is not None}
    return {**ALERT, part: content}


BAD = {
    "unknown severity": (
        changed("labels", severity="page"),
        "severity 'page' is unknown: choose from critical, warning, info",
    ),
    "no severity": (changed("labels", severity=None), "has no label severity: choose from critical, warning, info"),
    "unknown owner": (changed("labels", owner="ops"), "owner 'ops' is unknown: choose from platform, auth, database"),
    "no owner": (changed("labels", owner=None), "has no label owner: choose from platform, auth, database"),
    "no summary": (changed("annotations", summary=None), "has no annotation summary"),
    "empty description": (changed("annotations", description=" "), "has no annotation description"),
    "no dashboard": (changed("annotations", dashboard=None), "has no annotation dashboard"),
    "no runbook": (changed("annotations", runbook=None), "has no annotation runbook"),
    "runbook without address": (changed("annotations", runbook="own.md"), "runbook 'own.md' is no URL"),
    "unknown dashboard": (
        changed("annotations", dashboard="https://grafana.example.com/d/nope?x=1"),
        (
            "dashboard 'nope' is unknown: choose from service-overview, database, cache, gateway, infrastructure, slo,"
            " releases"
        ),
    ),
    "label that is not given": (
        changed("annotations", summary="{{ $labels.instance }} is down"),
        "summary uses $labels.instance, which the expression does not give (it gives job)",
    ),
    "label in a label": (
        changed("labels", cause='{{ index $labels "group" }}'),
        "cause uses $labels.group, which the expression does not give (it gives job)",
    ),
    "recording name": (
        {"record": "own_requests", "expr": "sum(up)"},
        "is not named level:metric:operation, for instance job:http_requests:rate5m",
    ),
    "capitals in a recording name": (
        {"record": "job:Requests:rate5m", "expr": "sum(up)"},
        "is not named level:metric:operation, for instance job:http_requests:rate5m",
    ),
}


@pytest.mark.parametrize(("rule", "finding"), BAD.values(), ids=BAD.keys())
def test_each_finding_is_one_line_with_file_and_rule(rule: dict[str, Any], finding: str) -> None:
    name = rule.get("alert") or rule.get("record")
    assert lint({"own.yml": rules(rule)}, settings()) == [f"own.yml: {name}: {finding}"]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("groups: [", "own.yml: is no YAML: "),
        ("rules: []", "own.yml: has no list `groups`"),
        ("groups: {}", "own.yml: has no list `groups`"),
        ("just text", "own.yml: has no list `groups`"),
        ("", "own.yml: has no list `groups`"),
        ("groups: [{name: a, rules: [{expr: up}]}]", "own.yml: a rule: group 'a' has a rule without `alert`"),
        ("groups: [{name: a, rules: [{alert: A}]}]", "own.yml: A: group 'a' has a rule without `alert`"),
        ("groups: [{name: a, rules: [{alert: A, expr: 1}]}]", "own.yml: A: group 'a' has a rule without `alert`"),
        ("groups: [{name: a, rules: [text]}]", "own.yml: a rule: group 'a' has a rule without `alert`"),
        ("groups: [{name: a}]", ""),
    ],
)
def test_files_that_are_no_rule_files(text: str, finding: str) -> None:
    found = lint({"own.yml": text}, settings())
    assert [line.startswith(finding) and "\n" not in line for line in found] == ([True] if finding else [])


def test_a_good_rule_has_no_finding() -> None:
    assert lint({"own.yml": rules(ALERT)}, settings()) == []


def test_names_of_alerts_are_unique_in_all_files() -> None:
    found = lint({"a.yml": rules(ALERT), "b.yml": rules(ALERT)}, settings())
    assert found == ["b.yml: OwnDown: is defined in a.yml too: names of alerts are unique"]


def test_our_own_alerts_need_a_page() -> None:
    found = lint({"a.yml": rules(ALERT)}, settings(), ours={"a.yml"})
    assert found == ["a.yml: OwnDown: docs/runbooks/OwnDown.md does not exist: write it"]


def test_labels_of_recorded_series_are_known() -> None:
    recorded = {"record": "group:up:sum", "expr": "sum by (group) (up)"}
    alert = {**ALERT, "expr": "group:up:sum == 0", "annotations": {**ANNOTATIONS, "summary": "{{ $labels.job }}"}}
    assert lint({"own.yml": rules(recorded, alert)}, settings()) == [
        "own.yml: OwnDown: summary uses $labels.job, which the expression does not give (it gives group)"
    ]


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"thresholds": {"nope": 1}}, "prometheus_thresholds.nope: is unknown: choose from "),
        ({"thresholds": {"requests": "many"}}, "prometheus_thresholds.requests: 'many' is no number above 0"),
        ({"thresholds": {"requests": -1}}, "prometheus_thresholds.requests: -1 is no number above 0"),
        ({"thresholds": {"requests": True}}, "prometheus_thresholds.requests: True is no number above 0"),
        (
            {"thresholds": {"sign_in_latency_milliseconds": 120}},
            "prometheus_thresholds.sign_in_latency_milliseconds: 120 is no bucket of Kong: choose from 25, 50, ",
        ),
        ({"pace": 0.5}, "prometheus_alerting_pace: 0.5 is no number from 1"),
        ({"pace": "fast"}, "prometheus_alerting_pace: 'fast' is no number from 1"),
        ({"scrape_interval": "15"}, "prometheus_scrape_interval: '15' is no duration: write 15s"),
        ({"retention": {"time": "soon", "size": "1GB"}}, "prometheus_retention.time: 'soon' is no duration: write 15d"),
        ({"retention": {"time": "15d", "size": "much"}}, "prometheus_retention.size: 'much' is no size: write 512MB"),
        ({"retention": {"time": "15d", "size": "20G"}}, "prometheus_retention.size: '20G' is no size: write 512MB"),
    ],
)
def test_settings_are_judged_by_the_names_of_the_role(change: dict[str, Any], finding: str) -> None:
    assert [line.startswith(finding) for line in settings_findings(settings(**change))] == [True]


def test_the_documentation_names_every_threshold_with_its_default() -> None:
    thresholds = yaml.safe_load(DOCUMENTATION)["options"]["thresholds"]["description"]
    told = re.findall(r"C\((\w+)\)\s+\(([\d.]+)\)", " ".join(thresholds))
    assert {name: float(value) for name, value in told} == THRESHOLDS


def test_the_filter_fails_with_all_findings_at_once() -> None:
    bad = rules(changed("labels", severity="page"), {**changed("labels", owner="ops"), "alert": "OtherDown"})
    with pytest.raises(AnsibleFilterError) as error:
        prometheus_rules(templates(), **URLS, runbooks=settings().runbooks, additional={"own.yml": bad})
    assert [line.split(":")[1].strip() for line in str(error.value).splitlines()] == ["OwnDown", "OtherDown"]


def test_the_filter_answers_own_and_further_files() -> None:
    files = prometheus_rules(templates(), **URLS, runbooks=settings().runbooks, additional={"own.yml": rules(ALERT)})
    assert {name.removesuffix(".j2") for name in templates()} | {"own.yml"} == set(files)


@pytest.mark.parametrize(
    ("given_templates", "options", "message"),
    [
        ({"a.yml.j2": "x: [[ nope ]]"}, {}, "a.yml.j2: 'nope' is undefined"),
        ({"a.yml.j2": "x\n[% if %]"}, {}, "a.yml.j2 line 2: "),
        ({"a.yml.j2": "[[ window('soon') ]]"}, {}, "'soon' is no duration of Prometheus"),
        (
            {"a.yml.j2": "groups: []"},
            {"additional": {"a.yml": "groups: []"}},
            "a.yml: is the name of a file of this role",
        ),
        ({}, {"colour": "red"}, "prometheus_rules: .*unexpected keyword argument 'colour'"),
    ],
)
def test_the_filter_names_what_is_wrong(given_templates: dict[str, str], options: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        prometheus_rules(given_templates, **URLS, runbooks=[], **options)


@pytest.mark.parametrize(
    ("expression", "labels"),
    [
        ("up == 0", None),
        ('sum by (a, b) (rate(x{q="(}"}[5m])) > 1', {"a", "b"}),
        ("sum(x) by (a) / sum by (a) (y)", {"a"}),
        ("sum(x)", set()),
        ("sum without (a) (x)", None),
        ("sum without (a) (level:x:sum)", {"b"}),
        ('absent(up{job="kong", x=~"y"}) or sum by (job) (up)', {"job"}),
        ("histogram_quantile(0.95, sum by (le, route) (x)) > 500", {"route"}),
        ("topk(3, sum by (p) (a))", {"p"}),
        ("vector(1)", set()),
        ("time() - max by (db) (x) > 3 * 3600", {"db"}),
        ("1 - sum by (e) (x)", {"e"}),
        ("-sum by (e) (x)", {"e"}),
        ("sum by (e) (x) * on (e) group_left (z) y", {"e", "z"}),
        ("y * on (e) group_right sum by (e, f) (x)", {"e", "f"}),
        ("x / on (e) y", {"e"}),
        ("sum by (e) (x) and on (e) foo", {"e"}),
        ("sum by (e) (x offset 5m) unless sum(y)", {"e"}),
        ('label_replace(sum by (e) (x), "n", "$1", "e", "(.*)")', {"e", "n"}),
        ('count_values("version", build) > 1', {"version"}),
        ("sum by (e) (x) > bool 1 # by (f)", {"e"}),
        ("max_over_time(sum by (e) (x)[5m:1m])", {"e"}),
        ("quantile by (e) (0.9, x)", {"e"}),
        ("round(sum by (e) (x), 0.1)", {"e"}),
        ("level:x:sum > 0", {"a", "b"}),
    ],
)
def test_labels_that_an_expression_gives(expression: str, labels: set[str] | None) -> None:
    assert labels_given(expression, {"level:x:sum": frozenset("ab")}) == labels

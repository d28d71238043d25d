"""Panels and rules use what jobs give, and every way in which they might not is told by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitoring import contract
from monitoring.contract import COUNTER, GAUGE, Given, Use
from monitoring.promql import Record

TARGET = frozenset({"environment", "instance", "job"})
GIVEN = [
    Given("kong", "up", GAUGE, TARGET),
    Given("kong", "requests_total", COUNTER, TARGET | {"route", "code"}),
    Given("redis", "keys", GAUGE, TARGET | {"db"}),
    Given("redis", "time_bucket", COUNTER, TARGET | {"le"}),
    Given("redis", "time_count", COUNTER, TARGET),
]
PANEL = 'panel "Keys" of dashboard cache'
EVERYTHING = [Use("alert A", "sum(rate(requests_total[5m])) + max(keys) + sum(rate(time_count[5m]))")]

MISMATCHES = [
    (Use(PANEL, "max(kyes)"), f"{PANEL}: kyes: no job gives it (monitoring/metrics.yml)"),
    (
        Use(PANEL, 'max(keys{job="kong"})'),
        f"{PANEL}: keys: job kong does not give it, only job redis (monitoring/metrics.yml)",
    ),
    (
        Use(PANEL, 'max(keys{database="0"})'),
        f"{PANEL}: keys: has no label database (monitoring/metrics.yml, job redis)",
    ),
    (Use(PANEL, 'max(keys{base!="0"})'), f"{PANEL}: keys: has no label base (monitoring/metrics.yml, job redis)"),
    (
        Use("alert A", "max by (uri) (keys)", frozenset({"uri"})),
        "alert A: keys: has no label uri (monitoring/metrics.yml, job redis)",
    ),
    (
        Use(PANEL, "sum by (db) (keys)", frozenset({"instance"})),
        f"{PANEL}: uses label instance, which its expression drops: sum by (db) (keys)",
    ),
    (Use("alert A", "rate(keys[5m]) > 0"), "alert A: keys: rate() of a gauge means nothing: rate(keys[5m]) > 0"),
    (
        Use("alert A", "requests_total > 5"),
        (
            "alert A: requests_total: the value of a counter means nothing, only its rate or increase does:"
            " requests_total > 5"
        ),
    ),
    (Use("alert A", "sum("), "alert A: is no PromQL: unclosed left parenthesis: sum("),
]


@pytest.fixture(scope="module")
def committed() -> contract.Contract:
    return contract.checked()


def test_what_is_committed_fits(committed: contract.Contract) -> None:
    assert committed.findings == []


def test_the_committed_contract_is_the_one_of_dashboards_and_rules(committed: contract.Contract) -> None:
    text = contract.GENERATED.read_text(encoding="utf-8")

    assert text == contract.text(committed), "run `python -m monitoring contract` and commit what it writes"


def test_every_panel_and_every_rule_has_a_part_in_it(committed: contract.Contract) -> None:
    """An expression that nothing is read from would never be missed."""
    users = {user for one in committed.used.values() for user in one}
    uses, records = contract.of_rules(contract.rendered_rules())
    for dashboard in contract.committed_dashboards():
        uses += contract.of_dashboard(dashboard)
    # What is built on alerts alone needs no target.
    of_alerts = {use.user for use in uses if "ALERTS" in use.expr}

    assert {use.user for use in uses} - users - of_alerts == set()
    assert len(records) > 10


@pytest.mark.parametrize(("use", "finding"), MISMATCHES, ids=[finding for _, finding in MISMATCHES])
def test_a_mismatch_names_who_uses_what(use: Use, finding: str) -> None:
    assert contract.compare(GIVEN, [*EVERYTHING, use]).findings == [finding]


def test_what_is_declared_and_not_used_is_found() -> None:
    uses = [Use("alert A", "sum(rate(requests_total[5m]))"), Use("alert B", "sum by (le) (rate(time_bucket[5m]))")]

    # One series of a histogram stands for all of them, and nobody has to use `up`.
    assert contract.compare(GIVEN, uses).findings == [
        "monitoring/metrics.yml: job redis: keys: no panel and no rule uses it"
    ]
    assert contract.compare(GIVEN, uses, complete=False).findings == []


def test_what_is_recorded_counts_as_given_and_is_followed() -> None:
    records = {"code:requests:rate5m": Record("sum by (code) (rate(requests_total[5m]))")}
    uses = [
        Use("alert A", "code:requests:rate5m > 1", frozenset({"route"})),
        Use("recording rule code:requests:rate5m", records["code:requests:rate5m"].expr),
    ]

    made = contract.compare(GIVEN, uses, records, complete=False)

    assert made.findings == ["alert A: uses label route, which its expression drops: code:requests:rate5m > 1"]
    assert {given.metric: set(users) for given, users in made.used.items()} == {
        "requests_total": {"alert A", "recording rule code:requests:rate5m"}
    }


def test_a_metric_of_several_jobs_is_asked_of_those_that_have_its_labels() -> None:
    given = [Given("a", "up", GAUGE, TARGET), Given("b", "up", GAUGE, TARGET | {"task"})]

    made = contract.compare(given, [Use("alert A", 'count(up{task="1"})')], complete=False)

    assert made.findings == []
    assert {one.job for one in made.used} == {"b"}


def test_rules_are_read_with_the_labels_that_their_texts_use() -> None:
    rules = """
groups:
  - name: g
    rules:
      - {record: "job:a:sum", expr: "sum by (job) (a)", labels: {team: x}}
      - alert: Down
        expr: up == 0
        labels: {severity: critical, cause: '{{ $labels.job }}'}
        annotations: {summary: '{{ $labels.instance }} {{ index $labels "zone" }} {{ $labels.severity }}'}
"""

    uses, records = contract.of_rules({"g.yml": rules})

    assert uses[0] == Use("recording rule job:a:sum", "sum by (job) (a)")
    assert uses[1] == Use("alert Down", "up == 0", frozenset({"job", "instance", "zone"}))
    assert records == {"job:a:sum": Record("sum by (job) (a)", frozenset({"team"}))}


def test_dashboards_are_read_with_legends_columns_and_variables() -> None:
    organised = {"id": "organize", "options": {"includeByName": {"node": True, "Value #A": True, "Time": True}}}
    inner: dict[str, Any] = {"type": "table", "title": "T", "targets": [{"expr": "a"}], "transformations": [organised]}
    lines = {"type": "timeseries", "title": "L", "targets": [{"expr": "b", "legendFormat": "{{uri}} of {{ job }}"}]}
    row = {"type": "row", "title": "R", "panels": [inner]}
    variable = {"name": "job", "type": "query", "query": {"query": "label_values(up, job)"}}

    uses = list(contract.of_dashboard({"uid": "d", "panels": [row, lines], "templating": {"list": [variable]}}))

    assert uses == [
        Use("variable job of dashboard d", "up", frozenset({"job"})),
        Use('panel "T" of dashboard d', "a", frozenset({"node"})),
        Use('panel "L" of dashboard d', "b", frozenset({"uri", "job"})),
    ]


def test_the_document_says_what_is_used_of_each_job() -> None:
    made = contract.compare(
        [*GIVEN, Given("kong", "late", GAUGE, TARGET, "a request")],
        [Use("alert A", 'max(late) + sum(rate(requests_total{code="5"}[5m]))')],
        complete=False,
    )

    assert json.loads(contract.text(made)) == {
        "jobs": ["kong", "redis"],
        "metrics": [
            {"metric": "late", "job": "kong", "labels": [], "appears": "a request", "used_by": ["alert A"]},
            {"metric": "requests_total", "job": "kong", "labels": ["code"], "used_by": ["alert A"]},
        ],
    }

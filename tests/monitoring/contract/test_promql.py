"""What expressions read, down to the labels that somebody further out needs of them."""

from __future__ import annotations

import pytest

from monitoring import promql

# Expression, labels wanted of its result, and by metric the labels that are needed.
READ = [
    ("up", [], {"up": set()}),
    ("up", ["instance"], {"up": {"instance"}}),
    ('{__name__="up", job="kong"}', [], {"up": {"job"}}),
    ('sum by (code) (rate(a_total{route="x"}[5m]))', ["code"], {"a_total": {"code", "route"}}),
    ("sum without (pod) (a)", ["job"], {"a": {"job"}}),
    ('a{zone="", code!="200", path=~".*", kind=~"x|y", host!=""}', [], {"a": {"kind", "host"}}),
    ("topk(3, a)", ["uri"], {"a": {"uri"}}),
    ("topk by (job) (3, a)", ["uri"], {"a": {"uri", "job"}}),
    ('count_values("version", a)', ["version"], {"a": set()}),
    ("histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))", [], {"a_bucket": {"le"}}),
    ("a / on (job) b", [], {"a": {"job"}, "b": {"job"}}),
    ("a * on (id) group_left (name) b", ["name", "id"], {"a": {"id"}, "b": {"id", "name"}}),
    ("b * on (id) group_right (name) a", ["name"], {"a": {"id"}, "b": {"id", "name"}}),
    ("a and on (job) b", ["uri"], {"a": {"job", "uri"}, "b": {"job"}}),
    ("a unless b", ["uri"], {"a": {"uri"}, "b": set()}),
    ("a or b", ["uri"], {"a": {"uri"}, "b": {"uri"}}),
    ("a or vector(0)", ["uri"], {"a": {"uri"}}),
    ("1 - a > bool 0", ["uri"], {"a": {"uri"}}),
    ('label_replace(a, "to", "$1", "from", "(.*)")', ["to", "job"], {"a": {"from", "job"}}),
    ('label_join(a, "to", "-", "one", "two")', ["to"], {"a": {"one", "two"}}),
    ('absent(up{job="kong"})', ["job"], {"up": {"job"}}),
    ("max_over_time(rate(a_total[5m])[1h:1m])", ["job"], {"a_total": {"job"}}),
    ("-(a)", ["job"], {"a": {"job"}}),
    ("time() - a", [], {"a": set()}),
]

LOST = [
    ("sum by (job) (a)", ["instance"]),
    ("sum(a)", ["instance"]),
    ("sum without (instance) (a)", ["instance"]),
    ("a / on (job) b", ["instance"]),
    ("a / ignoring (instance) b", ["instance"]),
    ('absent(up{job=~"kong"})', ["job"]),
]


@pytest.mark.parametrize(("expr", "wanted", "labels"), READ, ids=[expr for expr, _, _ in READ])
def test_labels_are_asked_of_the_metrics_that_have_to_have_them(
    expr: str, wanted: list[str], labels: dict[str, set[str]]
) -> None:
    reading = promql.read(expr, wanted)

    assert {one.metric: set(one.labels) for one in reading.selections} == labels
    assert not reading.lost


@pytest.mark.parametrize(("expr", "wanted"), LOST, ids=[expr for expr, _ in LOST])
def test_labels_that_the_expression_drops_are_lost(expr: str, wanted: list[str]) -> None:
    assert promql.read(expr, wanted).lost == set(wanted)


def test_a_recorded_series_is_followed_to_what_it_is_recorded_from() -> None:
    records = {"job:a:rate5m": promql.Record("sum by (job) (rate(a_total[5m]))", frozenset({"team"}))}

    reading = promql.read("job:a:rate5m > 1", ["job", "team", "uri"], records)

    assert {one.metric: set(one.labels) for one in reading.selections} == {
        "job:a:rate5m": {"job", "team", "uri"},
        "a_total": {"job"},
    }
    assert reading.lost == {"uri"}


def test_the_job_that_is_asked_and_the_function_around_are_told() -> None:
    first, second = promql.read('sum(rate(a_total{job="kong"}[5m])) + max(b{job=~"kong|x"})').selections

    assert (first.job, first.within) == ("kong", "rate")
    assert (second.job, second.within) == ("", "max")


@pytest.mark.parametrize("expr", ["sum(", "rate(a)", "a{", "sum by (x) a +"])
def test_what_is_no_promql_says_so(expr: str) -> None:
    with pytest.raises(promql.NotPromQL, match="is no PromQL"):
        promql.read(expr)


def test_variables_of_grafana_are_filled_in() -> None:
    expr = 'rate(a{service=~"$service-.+", job="${job:regex}"}[$__rate_interval])'

    assert promql.filled_in(expr, {"service": "auth"}) == 'rate(a{service=~"auth-.+", job="x"}[5m])'

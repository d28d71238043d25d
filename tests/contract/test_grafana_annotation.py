"""grafana_annotation beyond the contract: what Grafana keeps, what it refuses, and what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.grafana_api import SECRET, GrafanaApi
from tests.contract.harness import Run, run_module

KEY = "release:contract-2"
OPTIONS = {
    "key": KEY,
    "tags": ["contract", "release"],
    "text": "auth-service 1.4.0 completed",
    "start": "2026-01-01T12:00:00Z",
    "end": "2026-01-01T12:06:30.5Z",
}


def run(grafana: GrafanaApi, **changes: Any) -> Run:
    return run_module("grafana_annotation", {**OPTIONS, "grafana": grafana.connection(), **changes})


def test_a_release_is_a_region_with_its_tags(grafana: GrafanaApi) -> None:
    answer = run(grafana).answer

    (row,) = grafana.annotations(KEY)
    assert answer["id"] == row["id"]
    assert (row["time"], row["timeEnd"], row["text"]) == (1767268800000, 1767269190500, OPTIONS["text"])
    assert set(row["tags"]) == {KEY, "contract", "release"}
    assert row["dashboardUID"] is None


def test_of_several_with_one_key_the_first_stays(grafana: GrafanaApi) -> None:
    first = run(grafana).answer["id"]
    grafana.call("POST", "/api/annotations", {"text": "twice", "tags": [KEY, "contract"]})

    answer = run(grafana).answer

    assert [change["op"] for change in answer["changes"]] == ["delete"]
    assert [row["id"] for row in grafana.annotations(KEY)] == [first] == [answer["id"]]


def test_an_account_that_grafana_does_not_know_is_named_by_its_option(grafana: GrafanaApi) -> None:
    connection = grafana.connection()
    grafana.boto("secretsmanager").put_secret_value(
        SecretId=SECRET, SecretString='{"username": "admin", "password": "not-the-right-one"}'
    )

    failed = run_module("grafana_annotation", {**OPTIONS, "grafana": connection})

    assert failed.answer["failed"]
    assert failed.answer["msg"].startswith(f"grafana.secret_id: '{SECRET}' is no account of Grafana: GET ")
    assert "not-the-right-one" not in failed.output


def test_a_grafana_that_is_not_there_is_named_by_its_option(grafana: GrafanaApi) -> None:
    connection = {**grafana.connection(), "url": "http://127.0.0.1:1"}

    failed = run_module("grafana_annotation", {**OPTIONS, "grafana": connection})

    assert failed.answer["msg"].startswith("grafana.url: http://127.0.0.1:1: ")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": "yesterday"}, "start: 'yesterday' is no time"),
        ({"start": "2026-01-01T12:00:00"}, "start: '2026-01-01T12:00:00' has no time zone"),
        ({"end": "2026-01-01T11:00:00Z"}, "end: '2026-01-01T11:00:00Z' is before start"),
        ({"text": "  "}, "text: '  ' is empty"),
        ({"key": ""}, "key: '' is no tag"),
        ({"tags": ["release", "x" * 101]}, f"tags[1]: '{'x' * 101}' is longer than the 100 letters"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(
    grafana: GrafanaApi, changes: dict[str, Any], said: str
) -> None:
    failed = run(grafana, **changes)

    assert failed.answer["msg"].startswith(said)
    assert failed.calls.operations == []

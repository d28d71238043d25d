"""What Prometheus answers to a query, through Grafana."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import Aws
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import PlatformError
from ansible_collections.trademaster.platform.plugins.module_utils._verify.query_run import run

from tests.unit.verify.test_metrics import PASSWORD, SECRET, Account, Grafana, grafana

__all__ = ["grafana"]  # the fixture


def asked(grafana: Grafana, secret: str = SECRET, **options: Any) -> Account:
    place = {
        "url": f"http://127.0.0.1:{grafana.port}",
        "server_name": "grafana.example.com",
        "ca_file": None,
        "secret_id": "grafana/admin",
        "datasource_uid": "prometheus",
    }
    return Account({"grafana": {**place, **options}, "query": "sum(up)"}, secret)


def test_the_series_are_told_with_numbers(grafana: Grafana, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"metric": {"job": "kong"}, "value": [1700000000.1, "2"]}]
    monkeypatch.setattr(grafana, "answer", lambda _path, query: {"result": rows if query == "sum(up)" else []})
    account = asked(grafana)

    assert run(cast("Aws", account)).result == {"series": [{"labels": {"job": "kong"}, "value": 2.0}]}
    assert PASSWORD in account.secrets
    assert grafana.hosts == {"grafana.example.com"}


@pytest.mark.parametrize(
    ("refusal", "options", "text"),
    [
        pytest.param((503, b""), {}, "answers 503", id="it starts"),
        pytest.param((400, b'{"error": "parse error"}'), {}, "400: parse error", id="no query"),
        pytest.param(None, {"datasource_uid": "loki"}, "Data source not found", id="no such data source"),
    ],
)
def test_who_does_not_answer_is_told(
    grafana: Grafana, refusal: tuple[int, bytes] | None, options: dict[str, Any], text: str
) -> None:
    grafana.refusals = [refusal] if refusal else []
    with pytest.raises(PlatformError, match=text):
        run(cast("Aws", asked(grafana, **options)))


def test_another_account_is_refused(grafana: Grafana) -> None:
    with pytest.raises(PlatformError, match="Invalid username or password"):
        run(cast("Aws", asked(grafana, json.dumps({"username": "admin", "password": "another one"}))))

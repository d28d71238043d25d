"""The metrics of an environment against a contract, at a stand-in of Grafana before Prometheus."""

from __future__ import annotations

import base64
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import Aws
from ansible_collections.trademaster.platform.plugins.module_utils._core.clock import Clock
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput, PlatformError
from ansible_collections.trademaster.platform.plugins.module_utils._core.session import Session
from ansible_collections.trademaster.platform.plugins.module_utils._verify import metrics
from ansible_collections.trademaster.platform.plugins.module_utils._verify.metrics_run import run

PASSWORD = "correct-horse"
CONTRACT: dict[str, Any] = {
    "jobs": ["kong", "redis"],
    "metrics": [
        {"metric": "up", "job": "kong", "labels": ["environment", "job"], "used_by": ["alert Down"]},
        {
            "metric": "keys",
            "job": "redis",
            "labels": ["db", "job"],
            "used_by": ["alert A", "alert B", "alert C", "alert D"],
        },
        {"metric": "requests_total", "job": "kong", "labels": ["code"], "appears": "a request", "used_by": ["alert E"]},
    ],
}
PARSED = metrics.parse(CONTRACT)
UP, KEYS, REQUESTS = PARSED.expected
TARGETS = (metrics.Target("kong", "10.0.0.1:8100", "up"), metrics.Target("redis", "10.0.0.2:6379", "up"))
EVERYTHING = metrics.Seen(
    TARGETS, frozenset({("up", "kong"), ("keys", "redis"), ("requests_total", "kong")}), frozenset({KEYS, REQUESTS})
)


def seen(**changes: Any) -> metrics.Seen:
    return metrics.Seen(**{**EVERYTHING.__dict__, **changes})


@pytest.mark.parametrize(
    ("found", "problems"),
    [
        (EVERYTHING, []),
        (seen(targets=TARGETS[:1]), ["job redis has no target"]),
        (
            seen(targets=(TARGETS[0], metrics.Target("redis", "10.0.0.2:6379", "down", "connection refused"))),
            ["target 10.0.0.2:6379 of job redis is down: connection refused"],
        ),
        (
            seen(targets=(TARGETS[0], metrics.Target("redis", "10.0.0.2:6379", "unknown"))),
            ["target 10.0.0.2:6379 of job redis is unknown"],
        ),
        (
            seen(present=EVERYTHING.present - {("keys", "redis")}),
            ["metric keys of job redis, used by alert A, alert B, alert C, 1 more: is missing"],
        ),
        (
            seen(labelled=frozenset({REQUESTS})),
            ["metric keys of job redis, used by alert A, alert B, alert C, 1 more: no series has all of the labels db"],
        ),
        # What appears with an event may be missing, but has to be right once it is there.
        (seen(present=EVERYTHING.present - {("requests_total", "kong")}), []),
        (
            seen(labelled=frozenset({KEYS})),
            ["metric requests_total of job kong, used by alert E: no series has all of the labels code"],
        ),
        # The same name from another job is another metric.
        (
            seen(present=frozenset({("up", "redis"), ("keys", "redis"), ("requests_total", "kong")})),
            ["metric up of job kong, used by alert Down: is missing"],
        ),
    ],
)
def test_what_is_missing_is_told(found: metrics.Seen, problems: list[str]) -> None:
    assert metrics.problems(PARSED, found) == problems


def test_what_has_yet_to_appear_is_told() -> None:
    assert metrics.unseen(PARSED, seen(present=frozenset({("up", "kong"), ("keys", "redis")}))) == ["requests_total"]


def test_the_queries_ask_for_all_at_once() -> None:
    assert metrics.presence_query(PARSED.expected) == 'count by (__name__, job) ({__name__=~"keys|requests_total|up"})'
    ((part, query),) = metrics.label_queries(metrics.with_labels(PARSED.expected))
    assert part == [KEYS, REQUESTS]
    assert query == (
        'label_replace(count(keys{job="redis",db!=""}), "expectation", "0", "", "") or '
        'label_replace(count(requests_total{job="kong",code!=""}), "expectation", "1", "", "")'
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"jobs": []}, "is no contract: KeyError 'metrics'"),
        ({"jobs": [], "metrics": [{"metric": "up"}]}, "is no contract: KeyError 'labels'"),
        ([], "is no contract: TypeError"),
        (
            {"jobs": [], "metrics": [{"metric": 'up"}', "job": "a", "labels": [], "used_by": []}]},
            "is no name of a metric or label",
        ),
    ],
)
def test_what_is_no_contract_says_so(content: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        metrics.parse(content)


# The run, at a server


@dataclass
class Grafana:
    """Answers as Grafana's proxy to Prometheus does; the first `refusals` calls get another answer."""

    port: int = 0
    refusals: list[tuple[int, bytes]] = field(default_factory=list)
    health: str = "up"
    series: tuple[tuple[str, str], ...] = (("up", "kong"), ("keys", "redis"))
    hosts: set[str] = field(default_factory=set)

    def answer(self, path: str, query: str) -> Any:
        if path.startswith("targets"):
            labels = [{"job": "kong", "instance": "10.0.0.1:8100"}, {"job": "redis", "instance": "10.0.0.2:6379"}]
            return {"activeTargets": [{"labels": one, "health": self.health, "lastError": ""} for one in labels]}
        if query.startswith("count by"):
            return {"result": [{"metric": {"__name__": name, "job": job}} for name, job in self.series]}
        return {"result": [{"metric": {"expectation": "0"}}]}


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    told = Grafana()
    prefix = "/api/datasources/proxy/uid/prometheus/api/v1/"
    allowed = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.hosts.add(self.headers["Host"])
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            query = parse_qs(body).get("query", [""])[0]
            if told.refusals:
                status, content = told.refusals.pop(0)
            elif self.headers.get("Authorization") != allowed:
                status, content = 401, b'{"message": "Invalid username or password"}'
            elif not self.path.startswith(prefix):
                status, content = 404, b'{"message": "Data source not found"}'
            else:
                data = told.answer(self.path.removeprefix(prefix), query)
                status, content = 200, json.dumps({"status": "success", "data": data}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - the name that the base class looks for

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    told.port = server.server_port
    yield told
    server.shutdown()
    server.server_close()


class Account(Session):
    """As much of a module's surroundings as the run takes, with a clock that does not wait."""

    def __init__(self, params: dict[str, Any], secret: str | None) -> None:
        self.given = params
        self.secret = secret
        time = iter(range(0, 10_000, 5))
        super().__init__(module=self, clock=Clock(now=lambda: float(next(time)), sleep=lambda _: None))
        self.no_log_values: set[str] = set()

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.given)

    check_mode = True

    def client(self, _service: str) -> Account:
        return self

    def get_secret_value(self, **_arguments: str) -> dict[str, Any]:
        return {"SecretString": self.secret}

    def found(self, call: Any, *_codes: str) -> Any:
        return call() if self.secret is not None else None


SECRET = json.dumps({"username": "admin", "password": PASSWORD})


@pytest.fixture
def contract_file(tmp_path: Path) -> Path:
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(CONTRACT), encoding="utf-8")
    return path


def account(grafana: Grafana, contract_file: Path, secret: str | None = SECRET, **changes: Any) -> Account:
    params = {
        "url": f"http://127.0.0.1:{grafana.port}",
        "server_name": "grafana.example.com",
        "ca_file": None,
        "secret_id": "grafana/admin",
        "datasource_uid": "prometheus",
        "contract": str(contract_file),
        "timeout": 5.0,
        "wait_timeout": 30,
    }
    return Account({**params, **changes}, secret)


def check(made: Account) -> dict[str, Any]:
    return dict(run(cast("Aws", made)).result)


def test_a_complete_environment_passes(grafana: Grafana, contract_file: Path) -> None:
    made = account(grafana, contract_file)

    assert check(made) == {
        "url": made.params["url"],
        "targets": {"kong": 1, "redis": 1},
        "metrics": 3,
        "unseen": ["requests_total"],
    }
    assert grafana.hosts == {"grafana.example.com"}
    assert PASSWORD in made.secrets


def test_it_waits_for_a_server_that_starts(grafana: Grafana, contract_file: Path) -> None:
    grafana.refusals = [(503, b""), (502, b"<html>")]

    assert check(account(grafana, contract_file))["metrics"] == 3


def test_what_stays_missing_is_told_at_the_end_of_the_wait(grafana: Grafana, contract_file: Path) -> None:
    grafana.health, grafana.series = "down", (("up", "kong"),)

    with pytest.raises(PlatformError) as failure:
        check(account(grafana, contract_file))

    problems = failure.value.details["problems"]
    assert problems == [
        "target 10.0.0.1:8100 of job kong is down",
        "target 10.0.0.2:6379 of job redis is down",
        "metric keys of job redis, used by alert A, alert B, alert C, 1 more: is missing",
    ]
    assert all(problem in str(failure.value) for problem in problems)


@pytest.mark.parametrize(
    ("secret", "changes", "variable"),
    [
        (json.dumps({"username": "admin", "password": "wrong"}), {}, "secret_id"),
        ("no JSON", {}, "secret_id"),
        (SECRET, {"datasource_uid": "loki"}, "datasource_uid"),
        (SECRET, {"contract": "/nowhere.json"}, "contract"),
        (SECRET, {"url": "grafana.example.com"}, "url"),
    ],
)
def test_a_wrong_option_is_named_at_once(
    secret: str, changes: dict[str, Any], variable: str, grafana: Grafana, contract_file: Path
) -> None:
    with pytest.raises(InvalidInput) as failure:
        check(account(grafana, contract_file, secret, **changes))

    assert failure.value.variable == variable


def test_an_answer_of_something_else_is_no_success(grafana: Grafana, contract_file: Path) -> None:
    grafana.refusals = [(200, b"<html>")]

    with pytest.raises(PlatformError, match="no answer of Prometheus"):
        check(account(grafana, contract_file))


def test_check_mode_takes_an_account_that_comes_to_be(grafana: Grafana, contract_file: Path) -> None:
    assert check(account(grafana, contract_file, None))["metrics"] == 0
    assert not grafana.hosts

"""A look at the account: files, metrics, and what happens when AWS refuses to tell."""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from discovery.discovery import Clients, Discovery
from discovery.metrics import Metric, gauge, render, summary
from discovery.scrape import Answer, Request, Scraper
from discovery.server import serve
from discovery.settings import Cache, Job, Relay, Settings, read

from .fakes import CLUSTER, STARTED, Account, cache_node, service, task

JOBS = (
    Job("kong", ("kong",), 8100),
    Job(
        "auth-service",
        ("auth",),
        8080,
        relay=Relay(9080, "/metrics", "/login", "/refresh"),
        colours=("blue", "green"),
    ),
)
CACHES = (Cache("sessions", "shop-sessions", "exporters", 9121),)
STATE = "/shop/test/releases/auth-service"


@pytest.fixture
def account() -> Account:
    return Account(
        tasks=[
            task("t1", "kong", "10.0.0.1"),
            task("t2", "auth-blue", "10.0.0.2"),
            task("t3", "exporters", "10.0.0.3"),
        ],
        services=[service("kong", 2, 1, 1, 3), service("auth-blue", 4, 4), service("auth-green", 0, 0)],
        clusters=[cache_node("shop-sessions", "10.0.0.9")],
        databases=[{"DBInstanceIdentifier": "shop", "LatestRestorableTime": STARTED}, {"DBInstanceIdentifier": "x"}],
    )


@pytest.fixture
def discovery(account: Account, tmp_path: Path) -> Discovery:
    found = {"caches": CACHES, "databases": ("shop", "x", "gone"), "releases": {"auth-service": STATE}}
    settings = Settings(CLUSTER, "shop-test", "test", 10, JOBS, **found)
    clients = Clients(account, account, account, account)
    scraper = Scraper(None, lambda request: Answer(200, "text/plain", request.target.encode()))
    return Discovery(settings, clients, scraper, tmp_path, "127.0.0.1:9101", clock=lambda: 1000.0)


def samples(discovery: Discovery) -> dict[str, dict[tuple[str, ...], float]]:
    return {
        f"{metric.name}{suffix}": dict(values)
        for metric in discovery.metrics()
        for suffix, values in metric.series.items()
    }


def addresses(folder: Path, job: str) -> list[str]:
    return [group["targets"][0] for group in json.loads((folder / f"{job}.json").read_text())]


def test_a_look_writes_targets_and_tells_of_services_and_databases(discovery: Discovery) -> None:
    discovery.look()

    found = samples(discovery)
    assert addresses(discovery.folder, "kong") == ["10.0.0.1:8100"]
    assert addresses(discovery.folder, "redis") == ["10.0.0.3:9121"]
    assert set(discovery.scraper.known) == {"10.0.0.2:9080"}
    kong, blue, green = ("kong", "", ""), ("auth-blue", "blue", "auth-service"), ("auth-green", "green", "auth-service")
    assert found["ecs_service_desired_tasks"] == {kong: 2, blue: 4, green: 0}
    assert found["ecs_service_running_tasks"] == {kong: 1, blue: 4, green: 0}
    assert found["ecs_service_pending_tasks"] == {kong: 1, blue: 0, green: 0}
    assert found["ecs_service_deployment_failed_tasks"] == {kong: 3, blue: 0, green: 0}
    assert found["rds_latest_restorable_time_seconds"] == {("shop",): STARTED.timestamp()}
    assert found["discovery_targets"] == {("kong",): 1, ("auth-service",): 1, ("discovery",): 1, ("redis",): 1}
    assert found["discovery_last_success_timestamp_seconds"] == {(): 1000.0}


@pytest.mark.parametrize(
    ("operation", "source"),
    [
        ("list_tasks", "tasks"),
        ("describe_tasks", "tasks"),
        ("describe_services", "services"),
        ("describe_cache_clusters", "caches"),
        ("describe_db_instances", "databases"),
        ("get_parameters", "releases"),
    ],
)
def test_what_aws_refuses_to_tell_stays_as_it_was(
    discovery: Discovery, account: Account, operation: str, source: str
) -> None:
    discovery.look()
    before = {path.name: path.read_text() for path in discovery.folder.iterdir()}
    discovery.clock = lambda: 2000.0
    account.broken.add(operation)

    discovery.look()

    found = samples(discovery)
    assert {path.name: path.read_text() for path in discovery.folder.iterdir()} == before
    assert {name: count for name, count in found["discovery_errors_total"].items() if count} == {(source,): 1}
    assert found["discovery_last_success_timestamp_seconds"] == {(): 1000.0}
    assert found["ecs_service_desired_tasks"][("kong", "", "")] == 2


def test_before_the_first_answer_no_file_is_touched(discovery: Discovery, account: Account) -> None:
    account.broken.add("list_tasks")

    discovery.look()

    assert list(discovery.folder.iterdir()) == []


def test_tasks_that_came_and_went_are_seen_at_the_next_look(discovery: Discovery, account: Account) -> None:
    discovery.look()
    account.tasks = [task("t4", "kong", "10.0.0.4")]

    discovery.look()

    assert addresses(discovery.folder, "kong") == ["10.0.0.4:8100"]
    assert discovery.scraper.known == {}


def test_the_file_of_the_role_is_read(tmp_path: Path) -> None:
    path = tmp_path / "discovery.json"
    relay = {"port": 9080, "path": "/metrics", "sign_in_path": "/login", "refresh_path": "/refresh"}
    content: dict[str, Any] = {
        "cluster": CLUSTER,
        "platform": "shop-test",
        "environment": "test",
        "interval_seconds": 5,
        "jobs": [{"job": "auth-service", "services": ["auth"], "colours": ["blue"], "port": 8080, "relay": relay}],
        "probes": {
            "service": "exporters",
            "port": 9115,
            "targets": [{"url": "https://x", "probe": "p", "module": "m"}],
        },
        "caches": [{"group": "g", "replication_group": "r", "service": "exporters", "port": 9121}],
        "databases": ["shop"],
        "releases": {"auth-service": STATE},
    }
    path.write_text(json.dumps(content))

    found = read(path)

    assert found.jobs[0].relay == Relay(9080, "/metrics", "/login", "/refresh")
    assert found.jobs[0].colour_of == {"auth-blue": "blue"}
    assert found.releases == {"auth-service": STATE}
    assert found.probes
    assert found.probes.targets[0].probe == "p"
    assert found.caches == (Cache("g", "r", "exporters", 9121),)


def test_metrics_are_written_as_prometheus_reads_them() -> None:
    metrics: list[Metric] = [
        gauge("a", "An a", ("name", "colour"), {('q"\\\n', "blue"): 1.5, ("x", ""): 2}),
        gauge("b", "A b", (), {(): 1893456000.25}),
        summary("c_seconds", "A c", ("name",), {("x",): 7.5}, {("x",): 2}),
    ]

    assert render(metrics) == (
        '# HELP a An a\n# TYPE a gauge\na{name="q\\"\\\\\\n",colour="blue"} 1.5\na{name="x"} 2\n'
        "# HELP b A b\n# TYPE b gauge\nb 1893456000.25\n"
        '# HELP c_seconds A c\n# TYPE c_seconds summary\nc_seconds_sum{name="x"} 7.5\nc_seconds_count{name="x"} 2\n'
    )


@pytest.fixture
def address(discovery: Discovery) -> Iterator[str]:
    discovery.look()
    server = serve(("127.0.0.1", 0), discovery.metrics, discovery.scraper)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def get(url: str) -> tuple[int, str]:
    answer = requests.get(url, timeout=10)
    return answer.status_code, answer.text


def test_prometheus_gets_our_metrics_and_those_of_known_targets(address: str) -> None:
    assert 'ecs_service_desired_tasks{service="kong"} 2\n' in get(f"{address}/metrics")[1]
    assert get(f"{address}/scrape?target=10.0.0.2:9080") == (200, "10.0.0.2:9080")
    assert get(f"{address}/scrape?target=169.254.170.2:80")[0] == 403
    assert get(f"{address}/else")[0] == 404


def test_a_scrape_ends_before_prometheus_gives_up(discovery: Discovery, address: str) -> None:
    asked: list[Request] = []
    discovery.scraper._send = lambda request: (asked.append(request), Answer(200, "text/plain", b""))[1]
    headers = {"X-Prometheus-Scrape-Timeout-Seconds": "4"}

    requests.get(f"{address}/scrape?target=10.0.0.2:9080", headers=headers, timeout=10)

    assert [round(request.timeout, 1) for request in asked] == [3.6]


def test_a_day_of_dates_is_told_in_full(discovery: Discovery, account: Account) -> None:
    account.databases[0]["LatestRestorableTime"] = STARTED + datetime.timedelta(seconds=0.5)

    discovery.look()

    assert 'rds_latest_restorable_time_seconds{dbinstance="shop"} 1893456000.5\n' in render(discovery.metrics())


def test_customers_get_the_first_colour_until_a_release_says_otherwise(discovery: Discovery, account: Account) -> None:
    blue, green = ("auth-blue", "blue", "auth-service"), ("auth-green", "green", "auth-service")
    discovery.look()
    assert samples(discovery)["ecs_service_live"] == {blue: 1, green: 0}

    account.parameters[STATE] = json.dumps({"live": "green", "releases": {}, "totals": {}})
    discovery.look()
    assert samples(discovery)["ecs_service_live"] == {blue: 0, green: 1}


def test_a_state_that_cannot_be_read_leaves_the_one_before(discovery: Discovery, account: Account) -> None:
    account.parameters[STATE] = json.dumps({"live": "green", "releases": {}, "totals": {}})
    discovery.look()
    account.parameters[STATE] = "{"

    discovery.look()

    found = samples(discovery)
    assert found["ecs_service_live"][("auth-green", "green", "auth-service")] == 1
    assert found["discovery_errors_total"][("releases",)] == 1


def test_which_colour_is_live_is_not_told_before_it_is_known(discovery: Discovery, account: Account) -> None:
    account.broken.add("get_parameters")

    discovery.look()

    assert samples(discovery)["ecs_service_live"] == {}

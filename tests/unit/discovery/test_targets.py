"""What of the account becomes a target, of which job, with which labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from discovery import aws, targets
from discovery.aws import CacheNode, Task
from discovery.settings import Cache, Job, Probe, Probes, Relay, Settings

from .fakes import CLUSTER, Account, cache_node, service, task

OWN = "127.0.0.1:9101"
RELAY = Relay(9080, "/actuator/prometheus", "/api/v1/auth/login", "/api/v1/auth/refresh")


def settings(*jobs: Job, **other: Any) -> Settings:
    return Settings(CLUSTER, "shop-test", "test", 10, jobs, **other)


def a_task(name: str, service: str, address: str, started: float = 0.0, *, healthy: bool = False) -> Task:
    return Task(name, service, address, f"shop-test-{service}:1", started, healthy)


def test_every_running_task_of_a_service_is_found_over_all_pages() -> None:
    account = Account(tasks=[task(f"t{n}", "kong", f"10.0.0.{n}", revision=3) for n in range(5)])

    assert aws.tasks(account, CLUSTER, "shop-test") == [
        Task(f"t{n}", "kong", f"10.0.0.{n}", "shop-test-kong:3", 1893456000.0) for n in range(5)
    ]


@pytest.mark.parametrize(
    "other",
    [{"lastStatus": "PENDING"}, {"group": "family:migrate"}, {"attachments": []}],
    ids=["starts", "one-off", "no address"],
)
def test_what_is_no_running_task_of_a_service_is_left_out(other: dict[str, Any]) -> None:
    account = Account(tasks=[task("t1", "kong", "10.0.0.1", **other)])

    assert aws.tasks(account, CLUSTER, "shop-test") == []


def test_an_unhealthy_task_stays_a_target() -> None:
    account = Account(tasks=[task("t1", "kong", "10.0.0.1", healthStatus="UNHEALTHY")])

    assert [found.id for found in aws.tasks(account, CLUSTER, "shop-test")] == ["t1"]


def test_services_are_counted_in_batches() -> None:
    account = Account(services=[service(f"s{n:02}", 2, 1, 1, failed=n) for n in range(12)])
    account.services.append(service("gone", 0, 0, status="INACTIVE"))

    found = aws.services(account, CLUSTER, "shop-test")

    assert found[11] == aws.Service("s11", desired=2, running=1, pending=1, failed=11)
    assert len(found) == 12


def test_a_cache_node_without_address_or_group_is_left_out() -> None:
    account = Account(
        clusters=[
            cache_node("sessions", "10.0.0.1"),
            {"ReplicationGroupId": "sessions", "CacheNodes": [{}]},
            {"CacheNodes": [{"Endpoint": {"Address": "10.0.0.9", "Port": 6379}}]},
        ]
    )

    assert aws.cache_nodes(account) == [CacheNode("sessions", "10.0.0.1", 6379)]


def test_all_tasks_of_a_job_with_several_services_are_its_targets() -> None:
    job = Job("shop", ("blue", "green"), 8080, "/actuator/prometheus")
    tasks = [a_task("t2", "blue", "10.0.0.2"), a_task("t1", "green", "10.0.0.1"), a_task("t3", "kong", "10.0.0.3")]

    found = targets.compose(settings(job), tasks, [], OWN)

    assert [group["targets"] for group in found["shop"]] == [["10.0.0.2:8080"], ["10.0.0.1:8080"]]
    assert found["shop"][0]["labels"] == {
        "environment": "test",
        "task": "t2",
        "task_definition": "shop-test-blue:1",
        "ecs_service": "blue",
        "instance": "10.0.0.2:8080",
        "__metrics_path__": "/actuator/prometheus",
    }


def test_tasks_of_both_colours_are_targets_of_one_job_that_tell_which_they_are() -> None:
    job = Job("shop", ("shop",), 8080, colours=("blue", "green"))
    tasks = [a_task("t1", "shop-green", "10.0.0.1"), a_task("t2", "shop-blue", "10.0.0.2"), a_task("t3", "shop", "x")]

    found = targets.compose(settings(job), tasks, [], OWN)["shop"]

    assert [(group["targets"], group["labels"]["colour"], group["labels"]["ecs_service"]) for group in found] == [
        (["10.0.0.2:8080"], "blue", "shop-blue"),
        (["10.0.0.1:8080"], "green", "shop-green"),
    ]


@pytest.mark.parametrize(
    ("healthy", "asked"), [({"old", "new"}, "10.0.0.2"), (set(), "10.0.0.2"), ({"old"}, "10.0.0.1")]
)
def test_of_tasks_that_tell_the_same_the_newest_is_asked_unless_another_is_healthier(
    healthy: set[str], asked: str
) -> None:
    tasks = [
        a_task("old", "exporters", "10.0.0.1", 1.0, healthy="old" in healthy),
        a_task("new", "exporters", "10.0.0.2", 2.0, healthy="new" in healthy),
    ]

    found = targets.compose(settings(Job("postgres", ("exporters",), 9187, single=True)), tasks, [], OWN)

    assert [group["targets"] for group in found["postgres"]] == [[f"{asked}:9187"]]


def test_metrics_behind_a_sign_in_are_asked_of_ourselves_and_named_after_the_task() -> None:
    tasks = [a_task("t1", "auth", "10.0.0.1")]
    asked = settings(Job("auth-service", ("auth",), 8080, relay=RELAY))

    group = targets.compose(asked, tasks, [], OWN)["auth-service"][0]

    assert group["targets"] == [OWN]
    assert group["labels"]["__metrics_path__"] == "/scrape"
    assert group["labels"]["__param_target"] == "10.0.0.1:9080"
    assert group["labels"]["instance"] == "10.0.0.1:8080"
    assert targets.relayed(asked, tasks) == {"10.0.0.1:9080": RELAY}


def test_a_probe_is_named_after_the_address_that_it_asks() -> None:
    probes = Probes("exporters", 9115, (Probe("https://shop.example.com/health", "health", "http_2xx", "30s"),))

    found = targets.compose(settings(probes=probes), [a_task("t1", "exporters", "10.0.0.1")], [], OWN)

    assert found["blackbox"] == [
        {
            "targets": ["10.0.0.1:9115"],
            "labels": {
                "__metrics_path__": "/probe",
                "__param_module": "http_2xx",
                "__scrape_interval__": "30s",
                "__param_target": "https://shop.example.com/health",
                "instance": "https://shop.example.com/health",
                "probe": "health",
                "environment": "test",
            },
        }
    ]


def test_each_node_of_a_cache_is_asked_through_the_exporter_of_its_group() -> None:
    caches = (
        Cache("sessions", "shop-sessions", "exporters", 9121),
        Cache("gateway", "shop-gateway", "exporters", 9122),
    )
    nodes = [CacheNode("shop-gateway", "c.example.com", 6379), CacheNode("shop-sessions", "b.example.com", 6379)]
    nodes += [CacheNode("shop-sessions", "a.example.com", 6379), CacheNode("other", "d.example.com", 6379)]

    found = targets.compose(settings(caches=caches), [a_task("t1", "exporters", "10.0.0.1")], nodes, OWN)

    asked = [
        (group["targets"], group["labels"]["__param_target"], group["labels"]["group"]) for group in found["redis"]
    ]
    assert asked == [
        (["10.0.0.1:9121"], "rediss://a.example.com:6379", "sessions"),
        (["10.0.0.1:9121"], "rediss://b.example.com:6379", "sessions"),
        (["10.0.0.1:9122"], "rediss://c.example.com:6379", "gateway"),
    ]


def test_without_an_exporter_nothing_is_asked_through_it() -> None:
    probes = Probes("exporters", 9115, (Probe("https://shop.example.com", "health"),))
    caches = (Cache("sessions", "shop-sessions", "exporters", 9121),)

    found = targets.compose(settings(probes=probes, caches=caches), [], [CacheNode("shop-sessions", "a", 1)], OWN)

    assert (found["blackbox"], found["redis"]) == ([], [])


def test_a_file_is_written_only_when_its_content_changes(tmp_path: Path) -> None:
    targets.write(tmp_path, {"kong": [], "redis": []})
    before = (tmp_path / "redis.json").stat().st_ino

    changed = targets.write(tmp_path, {"kong": [{"targets": ["10.0.0.1:8100"], "labels": {}}], "redis": []})

    assert changed == ["kong"]
    assert json.loads((tmp_path / "kong.json").read_text())[0]["targets"] == ["10.0.0.1:8100"]
    assert (tmp_path / "redis.json").stat().st_ino == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kong.json", "redis.json"]

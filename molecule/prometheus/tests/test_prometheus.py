"""Prometheus scrapes what there is, keeps its data over a rollout, and gets no configuration that is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

CLUSTER, SERVICE = "molecule-prometheus", "molecule-prometheus-prometheus"
STATE = "/molecule/prometheus/releases/auth-service"
SCENARIO = Path(__file__).resolve().parents[1]
ecs, s3, ssm = (boto3.client(name) for name in ("ecs", "s3", "ssm"))


def eventually(look: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.2)
    return found


def published() -> dict[str, Any]:
    return dict(json.loads(ssm.get_parameter(Name="/molecule/prometheus/outputs/prometheus")["Parameter"]["Value"]))


def task() -> dict[str, Any]:
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]
    (running,) = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
    return dict(running)


def address() -> str:
    details = task()["attachments"][0]["details"]
    return str(next(detail["value"] for detail in details if detail["name"] == "privateIPv4Address"))


def ask(path: str, **parameters: str) -> Any:
    answer = requests.get(f"http://{address()}:9090/api/v1/{path}", parameters, timeout=10)
    answer.raise_for_status()
    return answer.json()["data"]


def samples(query: str) -> list[dict[str, Any]]:
    return list(ask("query", query=query)["result"])


def definition() -> dict[str, Any]:
    answer = ecs.describe_task_definition(taskDefinition=published()["task_definition_arn"])
    return dict(answer["taskDefinition"])


def container(name: str) -> dict[str, Any]:
    return next(found for found in definition()["containerDefinitions"] if found["name"] == name)


def uploaded() -> set[str]:
    bucket = "molecule-prometheus-configuration-us-east-1"
    return {item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


def converge(**variables: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", json.dumps(variables), SCENARIO / "converge.yml"],
        cwd=SCENARIO.parents[1],
        env={**os.environ, "MOLECULE_PROJECT_DIRECTORY": str(SCENARIO.parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("job", "labels"),
    [
        ("prometheus", {"task_definition": "molecule-prometheus-prometheus:1"}),
        ("discovery", {}),
        ("blackbox-exporter", {"task_definition": "molecule-prometheus-exporters:1"}),
        ("blackbox", {"probe": "health", "instance": f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/"}),
        ("others", {"task_definition": "molecule-prometheus-exporters:1"}),
    ],
)
def test_what_runs_is_scraped(job: str, labels: dict[str, str]) -> None:
    (found,) = eventually(lambda: samples(f'up{{job="{job}"}} == 1'), f"{job} up")

    assert found["metric"] == {**found["metric"], **labels, "environment": "prometheus"}


def test_a_probe_tells_whether_the_address_answers() -> None:
    assert eventually(lambda: samples('probe_success{probe="health"} == 1'), "a probe that succeeds")


def test_what_is_down_is_seen_as_down() -> None:
    assert {found["metric"]["job"] for found in samples("up == 0")} >= {"static", "postgres"}


def test_services_are_counted() -> None:
    counted = {found["metric"]["service"]: found["value"][1] for found in samples("ecs_service_running_tasks")}

    assert counted == {"prometheus": "1", "exporters": "1"}


def test_releases_are_told_from_their_state_and_nothing_else_of_parameter_store_can_be_read() -> None:
    assert samples('releases_total{verdict="rolled_back"}')[0]["value"][1] == "0"
    totals = {"completed": 3, "rolled_back": 1}
    state = {"service": "auth-service", "live": "green", "releases": {}, "totals": totals, "seconds": {}}
    ssm.put_parameter(Name=STATE, Value=json.dumps(state), Type="String")
    try:
        seen = eventually(lambda: samples('releases_total{verdict="completed"} > 0'), "releases")
    finally:
        ssm.delete_parameter(Name=STATE)

    assert seen[0]["metric"]["service"] == "auth-service"
    assert seen[0]["value"][1] == "3"
    role = published()["task_role_arn"].rpartition("/")[2]
    document = boto3.client("iam").get_role_policy(RoleName=role, PolicyName="task")["PolicyDocument"]
    (reads,) = [found for found in document["Statement"] if "ssm:GetParameters" in found["Action"]]
    assert [arn.split(":", 5)[5] for arn in reads["Resource"]] == [f"parameter{STATE}"]


def test_all_rules_are_loaded_and_can_be_evaluated() -> None:
    def groups() -> list[dict[str, Any]]:
        found = ask("rules")["groups"]
        return found if all(rule["health"] != "unknown" for group in found for rule in group["rules"]) else []

    rules = [rule for group in eventually(groups, "evaluated rules") for rule in group["rules"]]
    assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []
    assert {"job:up:sum", "Watchdog", "TargetDown"} <= {rule["name"] for rule in rules}


def test_nobody_can_reload_stop_or_delete_over_http() -> None:
    for path in ("-/reload", "-/quit", "api/v1/admin/tsdb/snapshot"):
        assert requests.post(f"http://{address()}:9090/{path}", timeout=10).status_code in {403, 404, 405, 500, 503}
    assert "--web.enable-lifecycle" not in container("prometheus")["command"]
    assert task()["healthStatus"] == "HEALTHY"


def test_data_is_behind_an_access_point_that_asks_for_the_task_role() -> None:
    (data,) = [volume for volume in definition()["volumes"] if volume["name"] == "data"]
    role = published()["task_role_arn"].rpartition("/")[2]
    document = boto3.client("iam").get_role_policy(RoleName=role, PolicyName="task")["PolicyDocument"]
    (mounts,) = [found for found in document["Statement"] if "elasticfilesystem:ClientMount" in found["Action"]]

    assert data["efsVolumeConfiguration"]["transitEncryption"] == "ENABLED"
    assert data["efsVolumeConfiguration"]["authorizationConfig"]["iam"] == "ENABLED"
    assert set(mounts["Action"]) == {"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"}
    (condition,) = mounts["Condition"]["StringEquals"].items()
    point = data["efsVolumeConfiguration"]["authorizationConfig"]["accessPointId"]
    assert condition[0].lower() == "elasticfilesystem:accesspointarn"
    assert condition[1][0].endswith(f":access-point/{point}")


def test_containers_write_to_their_volumes_alone() -> None:
    assert container("prometheus")["readonlyRootFilesystem"] is True
    assert container("prometheus")["user"] == "65534"
    assert container("discovery")["readonlyRootFilesystem"] is True
    assert container("discovery")["linuxParameters"]["capabilities"]["drop"] == ["ALL"]


def test_one_task_goes_before_the_next_one_comes() -> None:
    service = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]

    assert service["deploymentConfiguration"]["maximumPercent"] == 100
    assert service["deploymentConfiguration"]["minimumHealthyPercent"] == 0


def test_a_wrong_rule_is_refused_before_anything_is_uploaded() -> None:
    before = (uploaded(), published())
    wrong = {"record": "a:b:c", "expr": "sum by (job (up)"}

    ended = converge(prometheus_rules={"broken": [{"name": "molecule", "rules": [wrong]}]})

    assert ended.returncode == 2, ended.stdout
    assert 'rules/broken.yml: 4:15: group "molecule", rule 1, "a:b:c"' in (ended.stdout + ended.stderr).replace(
        "\\", ""
    )
    assert (uploaded(), published()) == before


def test_a_change_rolls_out_and_the_data_stays() -> None:
    old, former = task(), f"{address()}:9090"
    assert eventually(lambda: samples(f'up{{instance="{former}"}} == 1'), "a sample of the old task")

    ended = converge(prometheus_thresholds={"error_percent": 7})

    assert ended.returncode == 0, ended.stdout
    assert definition()["revision"] == 2
    assert address() != former
    assert samples(f'last_over_time(up{{instance="{former}"}}[10m])')
    ecs.get_waiter("tasks_stopped").wait(cluster=CLUSTER, tasks=[old["taskArn"]], WaiterConfig={"Delay": 1})
    (stopped,) = ecs.describe_tasks(cluster=CLUSTER, tasks=[old["taskArn"]])["tasks"]
    codes = {found["name"]: found["exitCode"] for found in stopped["containers"]}
    assert codes == {"configuration": 0, "prometheus": 0, "discovery": 0}
    assert (stopped["stoppedAt"] - stopped["stoppingAt"]).total_seconds() < 15

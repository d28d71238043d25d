"""A service by the role: good and bad revisions, rolled out by the strategies of ECS."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from tests.roles.playbooks import client, play

BLUE_GREEN = {"strategy": "BLUE_GREEN", "bake_minutes": 1}
DEPLOYMENTS: list[dict[str, Any]] = [
    {"script": "echo first; sleep 600", "how": {}},
    {"script": "echo broken; exit 3", "how": {}},
    {"script": "echo second; sleep 600", "how": BLUE_GREEN},
    {"script": "echo broken as well; exit 4", "how": BLUE_GREEN},
]


@dataclass(frozen=True)
class Deployed:
    """What each deployment failed with, what was printed, and the service as it is at the end."""

    failures: list[str]
    output: str
    service: dict[str, Any]
    statuses: list[str]
    command: list[str]


@pytest.fixture(scope="module")
def deployed(aws_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    prefix, report = f"strategies-{uuid.uuid4().hex[:8]}", tmp_path_factory.mktemp("strategies") / "report.json"
    given = {"prefix": prefix, "report": str(report), "deployments": DEPLOYMENTS}
    ended = play("strategies", aws_endpoint, given, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    ecs = client("ecs", aws_endpoint)
    service = ecs.describe_services(cluster=prefix, services=[f"{prefix}-app"])["services"][0]
    found = ecs.list_service_deployments(cluster=prefix, service=f"{prefix}-app")["serviceDeployments"]
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    script = definition["containerDefinitions"][0]["command"]
    statuses = [item["status"] for item in reversed(found)]
    return Deployed(json.loads(report.read_text()), ended.stdout, service, statuses, script)


def test_good_revisions_are_deployed_and_bad_ones_fail(deployed: Deployed) -> None:
    assert [bool(failure) for failure in deployed.failures] == [False, True, False, True]
    assert deployed.statuses == ["SUCCESSFUL", "ROLLBACK_SUCCESSFUL", "SUCCESSFUL", "ROLLBACK_SUCCESSFUL"]


def test_the_circuit_breaker_of_a_rolling_deployment_is_told_with_what_the_tasks_said(deployed: Deployed) -> None:
    assert "tasks failed to start" in deployed.failures[1]
    assert "exit code 3" in deployed.failures[1]
    assert "broken" in deployed.failures[1]


def test_a_traffic_shift_is_watched_and_its_failure_explained(deployed: Deployed) -> None:
    assert "SUCCESSFUL, 100 % of production traffic" in deployed.output
    assert "ROLLBACK_SUCCESSFUL, last seen at SCALE_UP" in deployed.failures[3]
    assert "exit code 4" in deployed.failures[3]


def test_the_last_good_revision_is_what_runs_at_the_end(deployed: Deployed) -> None:
    assert "second" in deployed.command[-1]
    assert (deployed.service["runningCount"], deployed.service["desiredCount"]) == (1, 1)
    assert deployed.service["deploymentConfiguration"]["strategy"] == "BLUE_GREEN"

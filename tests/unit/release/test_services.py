"""Whether the tasks of a colour are healthy."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._release.services import is_checked, tasks_healthy

REVISION = "arn:aws:ecs:us-east-1:111122223333:task-definition/app:1"
CHECK = {"command": ["CMD-SHELL", "curl http://localhost/health"]}


def task(health: str | None = None, status: str = "RUNNING") -> dict[str, Any]:
    found = {"lastStatus": status, "taskDefinitionArn": REVISION}
    return found if health is None else {**found, "healthStatus": health}


@pytest.mark.parametrize(
    ("tasks", "wanted", "checked", "waits_for"),
    [
        ([task("HEALTHY"), task("HEALTHY")], 2, True, ""),
        ([task("HEALTHY")], 2, True, "1 of 2 tasks are there"),
        ([], 0, True, "0 of 1 tasks are there"),
        ([task("HEALTHY"), task("UNKNOWN")], 2, True, "1 of 2 tasks are RUNNING UNKNOWN"),
        ([task("UNKNOWN"), task()], 2, True, "2 of 2 tasks are RUNNING, RUNNING UNKNOWN"),
        ([task("UNKNOWN"), task()], 2, False, ""),
        ([task("UNKNOWN", "PENDING")], 1, False, "1 of 1 tasks are PENDING UNKNOWN"),
        ([task("HEALTHY", "DEACTIVATING")], 1, True, "1 of 1 tasks are DEACTIVATING HEALTHY"),
        ([task("UNHEALTHY")], 1, True, "1 of 1 tasks are RUNNING UNHEALTHY"),
    ],
)
def test_tasks_are_healthy(tasks: list[dict[str, Any]], wanted: int, checked: bool, waits_for: str) -> None:
    verdict = tasks_healthy(tasks, wanted, {REVISION} if checked else set())
    assert (verdict.status, verdict.detail) == ("pending" if waits_for else "done", waits_for)


@pytest.mark.parametrize(
    ("containers", "checked"),
    [
        ([], False),
        ([{"name": "app"}], False),
        ([{"name": "app", "healthCheck": CHECK}], True),
        ([{"name": "app"}, {"name": "proxy", "essential": True, "healthCheck": CHECK}], True),
        ([{"name": "app"}, {"name": "proxy", "essential": False, "healthCheck": CHECK}], False),
        ([{"name": "app", "healthCheck": {"command": ["NONE"]}}], False),
    ],
)
def test_what_ecs_finds_out_of_health(containers: list[dict[str, Any]], checked: bool) -> None:
    assert is_checked({"containerDefinitions": containers}) is checked

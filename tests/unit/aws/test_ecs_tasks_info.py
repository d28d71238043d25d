"""Where tasks run: what is answered of them, in which order, and when waiting ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.modules import ecs_tasks_info


def task(name: str, *, health: str = "HEALTHY", minute: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "taskArn": f"arn:aws:ecs:us-east-1:123456789012:task/staging/{name}",
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/kong:4",
        "healthStatus": health,
        "startedAt": datetime(2026, 1, 1, 12, minute, tzinfo=UTC),
        **more,
    }


def test_healthy_tasks_come_first_and_the_oldest_of_them() -> None:
    tasks = [
        task("ill", health="UNHEALTHY"),
        task("young", minute=5),
        task("unknown", health="UNKNOWN"),
        task("old", minute=1),
    ]
    found = [ecs_tasks_info.shown(one)["id"] for one in sorted(tasks, key=ecs_tasks_info.order)]
    assert found == ["old", "young", "unknown", "ill"]


def test_address_and_runtime_ids_come_from_the_containers() -> None:
    containers = [
        {"name": "init", "networkInterfaces": []},
        {
            "name": "kong",
            "runtimeId": "abc-1",
            "networkInterfaces": [{"attachmentId": "1", "privateIpv4Address": "10.0.0.7"}],
        },
    ]
    found = ecs_tasks_info.shown(task("one", containers=containers))
    assert found["private_address"] == "10.0.0.7"
    assert found["runtime_ids"] == {"init": "", "kong": "abc-1"}


def test_a_task_without_containers_has_no_address() -> None:
    assert ecs_tasks_info.shown(task("new"))["private_address"] == ""


@pytest.mark.parametrize(
    ("healths", "status", "detail"),
    [
        ([], "pending", "no task runs"),
        (["UNHEALTHY", "UNHEALTHY"], "pending", "all tasks are unhealthy"),
        (["UNHEALTHY", "HEALTHY"], "done", ""),
        (["UNKNOWN"], "done", ""),
    ],
)
def test_waiting_ends_with_a_task_that_is_not_unhealthy(healths: list[str], status: str, detail: str) -> None:
    verdict = ecs_tasks_info.judge([ecs_tasks_info.shown(task("one", health=health)) for health in healths])
    assert (verdict.status, verdict.detail) == (status, detail)

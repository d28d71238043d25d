"""Telling a finished deployment from a failed one, and telling why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs import diagnosis, rollout, task

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def deployment(number: int, state: str = "IN_PROGRESS", **fields: Any) -> dict[str, Any]:
    base = {
        "id": f"ecs-svc/{number}",
        "status": "PRIMARY",
        "taskDefinition": f"arn:aws:ecs:us-east-1:123456789012:task-definition/app:{number}",
        "createdAt": BEGIN + timedelta(minutes=number),
        "rolloutState": state,
        "rolloutStateReason": f"reason {number}",
        "desiredCount": 2,
        "runningCount": 1,
        "pendingCount": 1,
        "failedTasks": 0,
    }
    return {**base, **fields}


def service(*deployments: dict[str, Any], running: int = 2, events: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "status": "ACTIVE",
        "deployments": list(deployments),
        "desiredCount": 2,
        "runningCount": running,
        "events": [{"message": message} for message in events],
    }


OLD = deployment(1, "COMPLETED", status="ACTIVE")
JUDGED: dict[str, tuple[dict[str, Any] | None, str, str]] = {
    "not visible": (None, "pending", "not visible"),
    "completed": (service(deployment(2, "COMPLETED")), "done", ""),
    "completed, a task was lost since": (service(deployment(2, "COMPLETED"), running=1), "pending", "1/2 running"),
    "under way": (service(deployment(2), OLD), "pending", "1/2 running, 1 pending, 0 failed"),
    "failed": (service(deployment(2, "FAILED"), OLD), "failed", "reason 2 (app:2)"),
    "rolled back, still listed": (
        service(deployment(3, taskDefinition=OLD["taskDefinition"]), deployment(2, "FAILED", status="ACTIVE")),
        "failed",
        "reason 2: ecs-svc/3 of app:1 took over",
    ),
    "rolled back and steady again": (
        service(
            deployment(3, "COMPLETED", taskDefinition=OLD["taskDefinition"]),
            events=("steady", "(service app) (deployment ecs-svc/2) deployment failed: tasks failed to start."),
        ),
        "failed",
        "tasks failed to start: ecs-svc/3 of app:1 took over",
    ),
    "superseded": (
        service(deployment(3), deployment(2, status="ACTIVE")),
        "failed",
        "ecs-svc/2 gave way: ecs-svc/3 of app:3 took over",
    ),
    "another revision": (service(deployment(2, "COMPLETED", taskDefinition="x/app:9")), "failed", "app:9, not app:2"),
    "nothing left": (service(), "failed", "no deployment"),
}


@pytest.mark.parametrize(("seen", "status", "detail"), JUDGED.values(), ids=JUDGED.keys())
def test_only_our_deployment_on_our_revision_is_success(seen: dict[str, Any] | None, status: str, detail: str) -> None:
    verdict = rollout.judge(seen, "ecs-svc/2", "app:2")
    assert verdict.status == status
    assert detail in verdict.detail


@pytest.mark.parametrize(
    ("seen", "first"),
    [
        (service(deployment(2, "FAILED")), True),
        (service(deployment(2)), True),
        (service(deployment(2, "COMPLETED")), False),
        (service(deployment(2, "FAILED"), OLD), False),
        (None, False),
    ],
)
def test_a_first_deployment_has_nothing_to_return_to(seen: dict[str, Any] | None, first: bool) -> None:
    assert rollout.is_first(seen, "ecs-svc/2") is first


@pytest.mark.parametrize(
    ("seen", "tasks", "status"),
    [
        (None, [], "done"),
        ({"status": "INACTIVE"}, [], "done"),
        ({"status": "DRAINING"}, [], "pending"),
        ({"status": "INACTIVE"}, [{"taskArn": "x/1", "lastStatus": "DEPROVISIONING"}], "pending"),
        ({"status": "INACTIVE"}, [{"taskArn": "x/1", "lastStatus": "STOPPED"}], "done"),
    ],
)
def test_a_service_is_gone_with_its_tasks(seen: dict[str, Any] | None, tasks: list[Any], status: str) -> None:
    assert rollout.judge_removal(seen, tasks).status == status


STOPPED = {
    "taskArn": "arn:aws:ecs:us-east-1:123456789012:task/c/0f9d",
    "stopCode": "EssentialContainerExited",
    "stoppedReason": "Essential container in task exited",
    "containers": [{"name": "app", "exitCode": 3}, {"name": "proxy", "reason": "CannotPullContainerError: no"}],
}


def test_a_stopped_task_is_told_in_one_line() -> None:
    report = {**diagnosis.summary(STOPPED), "log": {"app": ["one", "two"]}}
    assert diagnosis.sentence(report) == (
        "task 0f9d stopped (EssentialContainerExited: Essential container in task exited); app: exit code 3; "
        "proxy: CannotPullContainerError: no; app said: one | two"
    )
    assert diagnosis.story([report, report]) == diagnosis.sentence(report)


def test_what_stopped_by_itself_tells_more_than_what_ecs_stopped() -> None:
    stopped = [
        {"taskArn": "crashed first", "stopCode": "EssentialContainerExited", "stoppedAt": BEGIN},
        {"taskArn": "never began", "stopCode": "ServiceSchedulerInitiated", "stoppedAt": BEGIN + timedelta(seconds=3)},
        {"taskArn": "crashed last", "stopCode": "EssentialContainerExited", "stoppedAt": BEGIN + timedelta(seconds=1)},
    ]
    ordered = [task["taskArn"] for task in diagnosis.by_meaning(stopped)]
    assert ordered == ["crashed last", "crashed first", "never began"]


def test_log_streams_are_those_of_awslogs() -> None:
    options = {"awslogs-group": "/app", "awslogs-stream-prefix": "p"}
    containers = [
        {"name": "app", "logConfiguration": {"logDriver": "awslogs", "options": options}},
        {"name": "quiet"},
        {"name": "other", "logConfiguration": {"logDriver": "splunk", "options": {}}},
    ]
    assert diagnosis.log_streams({"containerDefinitions": containers}, STOPPED) == {"app": ("/app", "p/app/0f9d")}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("started in 3 s on port: 8080", "started in 3 s on port: 8080"),
        ("cannot start: password=hunter2", "cannot start: password=********"),
        ('{"apiKey": "abc", "level": "info"}', '{"apiKey": "********", "level": "info"}'),
        ("jdbc:postgresql://user:hunter2@db:5432/auth", "jdbc:postgresql://user:********@db:5432/auth"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ********"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln seen", "token ******** seen"),
        ("kms_key_id=alias/x", "kms_key_id=alias/x"),
    ],
)
def test_log_lines_show_no_secret(line: str, shown: str) -> None:
    assert diagnosis.masked(line) == shown


OVERRIDDEN = {"overrides": {"container_overrides": [{"name": "app"}]}}


@pytest.mark.parametrize(
    ("options", "codes", "succeeded"),
    [
        ({}, {"app": 0}, True),
        ({}, {"app": 0, "proxy": 143}, False),
        (OVERRIDDEN, {"app": 0, "proxy": 143}, True),
        ({"container": "proxy"}, {"app": 1, "proxy": 0}, True),
        (OVERRIDDEN, {"app": 1}, False),
        (OVERRIDDEN, {"app": None}, False),
        ({"container": "typo"}, {"app": 0}, False),
        ({}, {}, False),
    ],
)
def test_exit_codes_decide(options: dict[str, Any], codes: dict[str, int | None], succeeded: bool) -> None:
    stopped = {"containers": [{"name": name, "exitCode": code} for name, code in codes.items()]}
    assert task.succeeded(stopped, task.decisive(options, stopped)) is succeeded


def test_a_repeated_run_has_the_same_token() -> None:
    assert task.client_token("release-7") == task.client_token("release-7")
    assert task.client_token(None) != task.client_token(None)
    assert len(task.client_token("x")) <= 36


def test_arguments_of_a_run() -> None:
    options = {
        "cluster": "c",
        "task_definition": "app:1",
        "network_configuration": {"subnets": ["subnet-a"], "security_groups": None, "assign_public_ip": None},
        "overrides": {"container_overrides": [{"name": "app", "command": ["migrate"], "environment": {"A": True}}]},
        "run_id": "x",
    }
    assert task.arguments(options) == {
        "cluster": "c",
        "taskDefinition": "app:1",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"], "assignPublicIp": "DISABLED"}},
        "overrides": {
            "containerOverrides": [
                {"name": "app", "command": ["migrate"], "environment": [{"name": "A", "value": "true"}]}
            ]
        },
        "clientToken": task.client_token("x"),
        "count": 1,
    }

"""What is told of a service deployment while it is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs.service_watch import Watch
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import Aws

SHIFTED = {"requestedProductionTrafficWeight": 100.0, "runningTaskCount": 1, "requestedTaskCount": 1}


class FakeEcs:
    """A service deployment that is something else at each look."""

    def __init__(self, *looks: dict[str, Any]) -> None:
        self.looks: Iterator[dict[str, Any]] = iter(looks)

    def client(self, _service: str) -> FakeEcs:
        return self

    def list_service_deployments(self, **_arguments: Any) -> dict[str, Any]:
        return {"serviceDeployments": [{"serviceDeploymentArn": "arn/2", "targetServiceRevisionArn": "arn:r/app/2"}]}

    def describe_service_deployments(self, **_arguments: Any) -> dict[str, Any]:
        return {"serviceDeployments": [next(self.looks)]}


def told(*looks: dict[str, Any]) -> tuple[list[str], str]:
    """The lines that were told, and the stage at which it was seen last."""
    lines: list[str] = []
    watch = Watch(cast(Aws, FakeEcs(*looks)), "c", "app", "ecs-svc/2", lines.append)
    for _ in looks:
        watch.look()
    return lines, watch.seen.stage


def at(stage: str, status: str = "IN_PROGRESS", **target: Any) -> dict[str, Any]:
    return {"status": status, "lifecycleStage": stage, "targetServiceRevision": target}


def test_each_stage_is_told_once() -> None:
    lines, stage = told(at("SCALE_UP"), at("SCALE_UP"), at("BAKE_TIME", **SHIFTED))
    assert lines == [
        "app: SCALE_UP, 0/0 running, 0 pending",
        "app: BAKE_TIME, 100 % of production traffic, 1/1 running, 0 pending",
    ]
    assert stage == "BAKE_TIME"


def test_success_is_told_with_its_traffic_however_few_stages_were_seen() -> None:
    lines, stage = told(at("SCALE_UP"), at("CLEAN_UP", "SUCCESSFUL", **SHIFTED))
    assert lines[-1] == "app: SUCCESSFUL, 100 % of production traffic, 1/1 running, 0 pending"
    assert stage == "SCALE_UP"


@pytest.mark.parametrize("status", ["ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "STOPPED"])
def test_what_ecs_gives_up_is_left_to_the_failure(status: str) -> None:
    lines, stage = told(at("SCALE_UP"), at("CLEAN_UP", status, **SHIFTED))
    assert (len(lines), stage) == (1, "SCALE_UP")

"""What ecs_service says of deployments that go through the lifecycle stages of ECS, and of those that ECS gives up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.case import Boto
from tests.contract.ecs_stage import BREAKER, CRASH, FOREVER, Stage
from tests.contract.harness import Run

BLUE_GREEN: dict[str, Any] = {**BREAKER, "strategy": "BLUE_GREEN", "bake_time_in_minutes": 1}
BAKING = {**BLUE_GREEN, "bake_time_in_minutes": 600}
OTHER = "echo other; sleep 600"


@pytest.fixture
def stage(boto: Boto) -> Iterator[Stage]:
    stage = Stage(boto)
    yield stage
    assert not stage.remove().answer.get("failed")


def deploy(stage: Stage, script: str, configuration: dict[str, Any], **options: Any) -> Run:
    return stage.deploy(stage.revision(script), deployment_configuration=configuration, **options)


def newest(stage: Stage) -> dict[str, Any]:
    ecs = stage.boto("ecs")
    arn = ecs.list_service_deployments(cluster=stage.name, service="app")["serviceDeployments"][0]
    found = ecs.describe_service_deployments(serviceDeploymentArns=[arn["serviceDeploymentArn"]])
    return dict(found["serviceDeployments"][0])


class Meanwhile(threading.Thread):
    """Does something once the deployment that started last is at a stage."""

    def __init__(self, stage: Stage, at: str, act: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__(daemon=True)
        self._stage, self._at, self._act = stage, at, act
        self._before = newest(stage)["serviceDeploymentArn"]
        self.done = False

    def run(self) -> None:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            seen = newest(self._stage)
            if seen["serviceDeploymentArn"] != self._before and seen.get("lifecycleStage") == self._at:
                self._act(seen)
                self.done = True
                return
            time.sleep(0.05)


def meanwhile(stage: Stage, at: str, act: Callable[[dict[str, Any]], Any], run: Callable[[], Run]) -> Run:
    other = Meanwhile(stage, at, act)
    other.start()
    result = run()
    other.join()
    assert other.done, f"never at {at}"
    return result


def test_a_shift_is_waited_for_and_then_nothing_is_left_to_do(stage: Stage) -> None:
    first = deploy(stage, FOREVER, BLUE_GREEN)
    assert not first.answer.get("failed"), first.answer.get("msg")
    revision = stage.revision(OTHER)
    second = stage.deploy(revision, deployment_configuration=BLUE_GREEN)
    assert not second.answer.get("failed"), second.answer.get("msg")
    assert [wait["name"] for wait in second.answer["waits"]] == ["traffic shift of app", "deployment of app"]
    assert newest(stage)["status"] == "SUCCESSFUL"
    assert second.answer["service"]["task_definition"] == revision == stage.service()["taskDefinition"]
    again = stage.deploy(revision, deployment_configuration=BLUE_GREEN)
    assert (again.changed, again.calls.writes) == (False, [])


def test_waiting_takes_one_call_a_look(stage: Stage) -> None:
    run = deploy(stage, FOREVER, {**BLUE_GREEN, "bake_time_in_minutes": 4})
    operations = run.calls.operations
    assert operations.count("ListServiceDeployments") <= 2
    assert operations.count("DescribeServices") <= 4
    assert operations.count("DescribeServiceDeployments") >= 2


def test_a_hook_that_fails_ends_in_the_revision_before(stage: Stage) -> None:
    deploy(stage, FOREVER, BLUE_GREEN)
    hook = {
        "hook_target_arn": "arn:aws:lambda:us-east-1:123456789012:function:none",
        "role_arn": stage.role,
        "lifecycle_stages": ["POST_TEST_TRAFFIC_SHIFT"],
    }
    bad = deploy(stage, OTHER, {**BLUE_GREEN, "lifecycle_hooks": [hook]})
    assert bad.answer["failed"]
    assert "ROLLBACK_SUCCESSFUL" in bad.answer["msg"]
    assert "failed at POST_TEST_TRAFFIC_SHIFT" in bad.answer["msg"]
    assert "took over" in bad.answer["msg"]
    assert bad.answer["service_deployment"]["status"] == "ROLLBACK_SUCCESSFUL"
    assert stage.service()["runningCount"] == 1


def test_tasks_that_crash_are_explained(stage: Stage) -> None:
    deploy(stage, FOREVER, BLUE_GREEN)
    bad = deploy(stage, CRASH, BLUE_GREEN)
    assert bad.answer["failed"]
    assert "last seen at SCALE_UP: ECS deployment circuit breaker" in bad.answer["msg"]
    assert "exit code 3" in bad.answer["msg"]
    assert "hunter2" not in bad.output


def test_an_alarm_during_the_bake_is_named(stage: Stage) -> None:
    cloudwatch = stage.boto("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=stage.name,
        MetricName="errors",
        Namespace="contract",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    deploy(stage, FOREVER, BLUE_GREEN)
    alarms = {"alarm_names": [stage.name], "enable": True, "rollback": True}

    def ring(_seen: dict[str, Any]) -> None:
        cloudwatch.set_alarm_state(AlarmName=stage.name, StateValue="ALARM", StateReason="test")

    bad = meanwhile(stage, "BAKE_TIME", ring, lambda: deploy(stage, OTHER, {**BAKING, "alarms": alarms}))
    assert bad.answer["failed"]
    assert f"alarms in state ALARM: {stage.name}" in bad.answer["msg"]
    assert bad.answer["service_deployment"]["status"] == "ROLLBACK_SUCCESSFUL"


@pytest.mark.parametrize(("kind", "status"), [("ROLLBACK", "ROLLBACK_SUCCESSFUL"), ("ABORT", "STOPPED")])
def test_a_deployment_that_somebody_stops_fails(stage: Stage, kind: str, status: str) -> None:
    deploy(stage, FOREVER, BLUE_GREEN)

    def stop(seen: dict[str, Any]) -> None:
        arn = seen["serviceDeploymentArn"]
        stage.boto("ecs").stop_service_deployment(serviceDeploymentArn=arn, stopType=kind)

    bad = meanwhile(stage, "BAKE_TIME", stop, lambda: deploy(stage, OTHER, BAKING))
    assert bad.answer["failed"]
    assert f"{status}, last seen at " in bad.answer["msg"]
    assert "Service deployment stopped by user request" in bad.answer["msg"]


def test_a_deployment_that_another_one_replaces_fails(stage: Stage) -> None:
    deploy(stage, FOREVER, BLUE_GREEN)
    third = stage.revision("echo third; sleep 600")

    def update(_seen: dict[str, Any]) -> None:
        stage.boto("ecs").update_service(cluster=stage.name, service="app", taskDefinition=third)

    bad = meanwhile(stage, "BAKE_TIME", update, lambda: deploy(stage, OTHER, BAKING))
    assert bad.answer["failed"]
    assert "STOPPED, last seen at " in bad.answer["msg"]
    assert f"of {third.rsplit('/', 1)[-1]} took over" in bad.answer["msg"]


def test_a_first_deployment_that_fails_ends_at_zero(stage: Stage) -> None:
    bad = deploy(stage, CRASH, BLUE_GREEN)
    assert bad.answer["failed"]
    assert "STOPPED, last seen at SCALE_UP" in bad.answer["msg"]
    assert "scaled to zero" in bad.answer["msg"]
    assert stage.service()["desiredCount"] == 0


def test_the_strategy_changes_without_what_belonged_to_the_one_before(stage: Stage) -> None:
    revision = stage.revision(FOREVER)
    connected = {"enabled": True, "namespace": stage.name}
    canary = {**BREAKER, "strategy": "CANARY", "canary_configuration": {"canary_percent": 10}}
    options: dict[str, Any] = {"service_connect_configuration": connected}
    assert not stage.deploy(revision, deployment_configuration=canary, **options).answer.get("failed")
    assert not stage.deploy(revision, deployment_configuration=canary, **options).changed
    linear = {"strategy": "LINEAR", "linear_configuration": {"step_percent": 50, "step_bake_time_in_minutes": 1}}
    changed = stage.deploy(revision, deployment_configuration=linear, **options)
    assert not changed.answer.get("failed"), changed.answer.get("msg")
    kept = stage.service()["deploymentConfiguration"]
    assert (kept["strategy"], "canaryConfiguration" in kept) == ("LINEAR", False)
    assert not stage.deploy(revision, deployment_configuration=linear, **options).changed

"""Blue/green, canary and linear deployments behind a load balancer, and what ends them early."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ecs_support import World
from local_cloud_support import eventually
from traffic_support import Crossing, Shift

BLUE_GREEN: dict[str, Any] = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}
BAKING: dict[str, Any] = {**BLUE_GREEN, "bakeTimeInMinutes": 600}
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
NEW, OLD = (0, 100), (100, 0)


@pytest.fixture
def shift(world: World) -> Iterator[Shift]:
    crossing = Crossing(world).create()
    yield Shift(world, crossing)
    world.remove()
    crossing.elb.delete_load_balancer(LoadBalancerArn=crossing.balancer)


def answer(url: str) -> tuple[int, str]:
    """Status, and which release answered."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/")
        response = connection.getresponse()
        body = response.read()
        return response.status, json.loads(body)["environment"]["RELEASE"] if response.status == 200 else ""
    finally:
        connection.close()


class Client(threading.Thread):
    """Asks all the time; `seen` are the answers."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.seen: set[tuple[int, str]] = set()
        self._url = url
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.02):
            self.seen.add(answer(self._url))

    def stop(self) -> None:
        self._over.set()
        self.join()


def test_blue_green_moves_all_traffic_without_losing_a_request(shift: Shift) -> None:
    shift.serve(BLUE_GREEN)
    crossing = shift.crossing
    assert crossing.weights(crossing.production) == OLD
    eventually(lambda: answer(crossing.url())[0] == 200, what="the first release to answer")
    client = Client(crossing.url())
    client.start()
    shift.update("2")
    done = shift.ended("SUCCESSFUL")
    eventually(lambda: answer(crossing.url()) == (200, "2"), what="the second release to answer")
    eventually(lambda: shift.releases == {"2"}, what="the first release's tasks to stop")
    client.stop()
    assert client.seen == {(200, "1"), (200, "2")}
    assert crossing.weights(crossing.production) == crossing.weights(crossing.test) == NEW
    assert done["lifecycleStage"] == "CLEAN_UP"
    assert done["targetServiceRevision"]["requestedProductionTrafficWeight"] == 100
    found = shift.world.ecs.describe_service_revisions(serviceRevisionArns=[done["targetServiceRevision"]["arn"]])
    resolved = found["serviceRevisions"][0]["resolvedConfiguration"]["loadBalancers"]
    assert [item["targetGroupArn"] for item in resolved] == [crossing.groups[1]]
    shift.update("3")
    shift.ended("SUCCESSFUL")
    assert crossing.weights(crossing.production) == OLD


def test_both_revisions_run_during_the_bake(shift: Shift) -> None:
    shift.serve({**BLUE_GREEN, "bakeTimeInMinutes": 1})
    shift.update("2", deploymentConfiguration={**BLUE_GREEN, "bakeTimeInMinutes": 3})
    baking = shift.at("BAKE_TIME")
    assert (baking["status"], shift.releases) == ("IN_PROGRESS", {"1", "2"})
    assert [item["requestedProductionTrafficWeight"] for item in baking["sourceServiceRevisions"]] == [0]
    shift.ended("SUCCESSFUL")
    eventually(lambda: shift.releases == {"2"}, what="the old tasks to stop")


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 2}}, {10, 100}),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 40, "stepBakeTimeInMinutes": 1}}, {40, 80, 100}),
    ],
)
def test_traffic_moves_in_steps(shift: Shift, configuration: dict[str, Any], expected: set[int]) -> None:
    shift.serve(BLUE_GREEN)
    shift.update("2", deploymentConfiguration={**configuration, "bakeTimeInMinutes": 1})
    seen: set[float] = set()

    def over() -> bool:
        newest = shift.newest()
        seen.add(newest["targetServiceRevision"].get("requestedProductionTrafficWeight", 0))
        return newest["status"] != "IN_PROGRESS"

    eventually(over, timeout=40, what="the deployment to end")
    assert seen == {0, *expected}
    assert shift.newest()["status"] == "SUCCESSFUL"


def test_an_alarm_during_the_bake_gives_the_traffic_back(shift: Shift) -> None:
    name = shift.world.name
    cloudwatch = shift.world.cloud.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        MetricName="errors",
        Namespace="test",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    alarms = {"enable": True, "rollback": True, "alarmNames": [name]}
    shift.serve(BLUE_GREEN)
    shift.update("2", deploymentConfiguration={**BAKING, "alarms": alarms})
    shift.at("BAKE_TIME")
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    failed = shift.ended("ROLLBACK_SUCCESSFUL")
    assert failed["alarms"]["triggeredAlarmNames"] == [name]
    assert "alarm detected" in failed["statusReason"]
    assert failed["targetServiceRevision"]["requestedProductionTrafficWeight"] == 0
    assert shift.crossing.weights(shift.crossing.production) == OLD
    assert shift.releases == {"1"}


def test_tasks_that_fail_never_get_traffic(shift: Shift) -> None:
    shift.serve(BLUE_GREEN)
    shift.update("2", environment={"FAIL_AT_START": "1"}, deploymentConfiguration={**BLUE_GREEN, **BREAKER})
    failed = shift.ended("ROLLBACK_SUCCESSFUL")
    assert failed["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert "requestedProductionTrafficWeight" not in failed["targetServiceRevision"]
    assert shift.releases == {"1"}


def test_a_first_deployment_that_fails_has_nothing_to_return_to(shift: Shift) -> None:
    world = shift.world
    crashing = world.define(world.container(environment={"FAIL_AT_START": "1"}))
    configuration = {**BLUE_GREEN, **BREAKER}
    world.serve(crashing, loadBalancers=[shift.crossing.entry], deploymentConfiguration=configuration)
    failed = shift.ended("STOPPED")
    assert "rollback" not in failed
    assert failed["lifecycleStage"] == "SCALE_UP"
    assert world.service()["deployments"][0]["rolloutState"] == "FAILED"


def test_functions_are_called_at_their_stages(shift: Shift) -> None:
    calls = shift.world.cloud.settings.state / f"{shift.world.name}-calls"
    code = f"""
        import json
        def handle(event, context):
            with open({str(calls)!r}, "a") as file:
                file.write(json.dumps(event) + chr(10))
            return {{"hookStatus": "SUCCEEDED"}}
    """
    stages = ("PRE_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")
    hook = {**shift.crossing.hook(shift.crossing.function("watch", code), *stages), "hookDetails": json.dumps({"a": 1})}
    shift.serve(BLUE_GREEN)
    shift.update("2", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": [hook]})
    done = shift.ended("SUCCESSFUL")
    events = [json.loads(line) for line in calls.read_text().splitlines()]
    assert [event["lifecycleStage"] for event in events] == list(stages)
    details = events[-1]["executionDetails"]
    assert details["targetServiceRevisionArn"] == done["targetServiceRevision"]["arn"]
    assert details["productionTrafficWeights"][done["targetServiceRevision"]["arn"]] == 100
    assert (events[0]["executionDetails"]["testTrafficWeights"], events[0]["hookDetails"]) == ({}, {"a": 1})


def test_a_function_learns_that_traffic_went_back(shift: Shift) -> None:
    calls = shift.world.cloud.settings.state / f"{shift.world.name}-weights"
    code = f"""
        def handle(event, context):
            details = event["executionDetails"]
            with open({str(calls)!r}, "a") as file:
                print(details["productionTrafficWeights"][details["targetServiceRevisionArn"]], file=file)
            return {{"hookStatus": "SUCCEEDED"}}
    """
    watch = shift.crossing.hook(shift.crossing.function("watch", code), "PRODUCTION_TRAFFIC_SHIFT")
    shift.serve(BLUE_GREEN)
    shift.update("2", deploymentConfiguration={**BAKING, "lifecycleHooks": [watch]})
    shift.world.ecs.stop_service_deployment(serviceDeploymentArn=shift.at("BAKE_TIME")["serviceDeploymentArn"])
    shift.ended("ROLLBACK_SUCCESSFUL")
    eventually(lambda: len(calls.read_text().split()) == 2, what="the second call")
    assert [float(weight) for weight in calls.read_text().split()] == [100, 0]


def test_a_function_that_is_not_done_is_called_again(shift: Shift) -> None:
    state = shift.world.cloud.settings.state / f"{shift.world.name}-called"
    code = f"""
        import pathlib
        def handle(event, context):
            called = pathlib.Path({str(state)!r})
            if called.exists():
                return {{"hookStatus": "SUCCEEDED"}}
            called.touch()
            return {{"hookStatus": "IN_PROGRESS", "callBackDelay": 30}}
    """
    hook = shift.crossing.hook(shift.crossing.function("later", code), "PRE_SCALE_UP")
    shift.serve(BLUE_GREEN)
    shift.update("2", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": [hook]})
    shift.ended("SUCCESSFUL")
    assert state.exists()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def handle(event, context):\n    return {'hookStatus': 'FAILED'}\n", 'it answered "FAILED"'),
        ("def handle(event, context):\n    return None\n", "it answered null"),
        ("def handle(event, context):\n    raise RuntimeError\n", "ended with an error"),
        ("", "Function not found"),
    ],
)
def test_a_function_that_fails_rolls_back(shift: Shift, code: str, reason: str) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:none"
    hook = shift.crossing.hook(shift.crossing.function("bad", code) if code else arn, "POST_PRODUCTION_TRAFFIC_SHIFT")
    shift.serve(BLUE_GREEN)
    shift.update("2", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": [hook]})
    failed = shift.ended("ROLLBACK_SUCCESSFUL")
    assert reason in failed["rollback"]["reason"]
    assert "POST_PRODUCTION_TRAFFIC_SHIFT" in failed["statusReason"]
    assert shift.crossing.weights(shift.crossing.production) == OLD


@pytest.mark.parametrize(("action", "status"), [("CONTINUE", "SUCCESSFUL"), ("ROLLBACK", "ROLLBACK_SUCCESSFUL")])
def test_a_pause_waits_for_somebody(shift: Shift, action: str, status: str) -> None:
    pause = {"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}
    shift.serve(BLUE_GREEN)
    shift.update("2", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": [pause]})
    paused = shift.at("POST_TEST_TRAFFIC_SHIFT")
    hook = paused["lifecycleHookDetails"][0]
    assert (hook["status"], hook["targetType"], hook["timeoutAction"]) == ("AWAITING_ACTION", "PAUSE", "ROLLBACK")
    assert shift.crossing.weights(shift.crossing.test) == NEW
    assert shift.crossing.weights(shift.crossing.production) == OLD
    known = {"serviceDeploymentArn": paused["serviceDeploymentArn"], "hookId": hook["hookId"]}
    shift.world.ecs.continue_service_deployment(**known, action=action)
    shift.ended(status)
    with pytest.raises(ClientError, match="ConflictException"):
        shift.world.ecs.continue_service_deployment(**known)


@pytest.mark.parametrize(("action", "status"), [("CONTINUE", "SUCCESSFUL"), ("ROLLBACK", "ROLLBACK_SUCCESSFUL")])
def test_a_pause_that_nobody_ends_times_out(shift: Shift, action: str, status: str) -> None:
    timeout = {"timeoutInMinutes": 1, "action": action}
    pause = {"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"], "timeoutConfiguration": timeout}
    shift.serve(BLUE_GREEN)
    shift.update("2", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": [pause]})
    shift.ended(status)


@pytest.mark.parametrize(
    ("kind", "status", "weights"), [("ROLLBACK", "ROLLBACK_SUCCESSFUL", OLD), ("ABORT", "STOPPED", NEW)]
)
def test_stopping_a_deployment(shift: Shift, kind: str, status: str, weights: tuple[int, int]) -> None:
    shift.serve(BLUE_GREEN)
    shift.update("2", deploymentConfiguration=BAKING)
    arn = shift.at("BAKE_TIME")["serviceDeploymentArn"]
    shift.world.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType=kind)
    stopped = shift.ended(status)
    assert "stopped by user request" in stopped["statusReason"]
    assert shift.crossing.weights(shift.crossing.production) == weights
    with pytest.raises(ClientError, match="ConflictException"):
        shift.world.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    with pytest.raises(ClientError, match="ServiceDeploymentNotFoundException"):
        shift.world.ecs.stop_service_deployment(serviceDeploymentArn=f"{arn}x")


def test_a_deployment_that_interrupts_another_reconciles_first(shift: Shift) -> None:
    shift.serve(BLUE_GREEN)
    shift.update("2", deploymentConfiguration=BAKING)
    shift.at("BAKE_TIME")
    assert shift.crossing.weights(shift.crossing.production) == NEW
    pause = {"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}
    shift.update("3", deploymentConfiguration={**BLUE_GREEN, "lifecycleHooks": [pause]})
    paused = shift.at("PRE_SCALE_UP")
    assert shift.newest(1)["status"] == "STOPPED"
    assert shift.crossing.weights(shift.crossing.production) == OLD
    assert shift.releases == {"1"}
    hook = paused["lifecycleHookDetails"][0]["hookId"]
    shift.world.ecs.continue_service_deployment(serviceDeploymentArn=paused["serviceDeploymentArn"], hookId=hook)
    shift.ended("SUCCESSFUL")
    eventually(lambda: shift.releases == {"3"}, what="the third release alone")


def test_a_role_that_may_not_shift_traffic_rolls_back(shift: Shift) -> None:
    shift.serve(BLUE_GREEN)
    shift.world.cloud.client("iam").delete_role_policy(RoleName=f"{shift.world.name}-infrastructure", PolicyName="own")
    shift.update("2")
    failed = shift.ended("ROLLBACK_SUCCESSFUL")
    assert "not authorized to perform: elasticloadbalancing:ModifyRule" in failed["statusReason"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"strategy": "SIDEWAYS"}, "Invalid deployment strategy"),
        ({"strategy": "BLUE_GREEN"}, "bakeTimeInMinutes is required"),
        ({**BLUE_GREEN, "bakeTimeInMinutes": 1441}, "bakeTimeInMinutes must be between 0 and 1440"),
        ({**BLUE_GREEN, "canaryConfiguration": {"canaryPercent": 5}}, "only valid when .* CANARY"),
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.05}}, "canaryPercent must be a multiple"),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 2.9}}, "stepPercent must be a multiple"),
        ({"strategy": "ROLLING", "lifecycleHooks": [{"lifecycleStages": ["PRE_SCALE_UP"]}]}, "lifecycleHooks are not"),
        ({**BLUE_GREEN, "lifecycleHooks": [{"lifecycleStages": ["SCALE_UP"]}]}, "lifecycleStages must be"),
        ({**BLUE_GREEN, "lifecycleHooks": [{"lifecycleStages": ["PRE_SCALE_UP"]}]}, "hookTargetArn must be"),
        (
            {**BLUE_GREEN, "lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": ["TEST_TRAFFIC_SHIFT"]}]},
            "PAUSE hooks cannot",
        ),
    ],
)
def test_refused_configurations(world: World, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ClientError, match=f"InvalidParameterException.*{reason}"):
        world.serve(world.define(world.container()), deploymentConfiguration=change)


def test_refused_load_balancers(shift: Shift) -> None:
    world, entry = shift.world, shift.crossing.entry
    definition = world.define(world.container())

    def refusal(**advanced: Any) -> str:
        given = {**entry, "advancedConfiguration": {**entry["advancedConfiguration"], **advanced}}
        with pytest.raises(ClientError) as raised:
            world.serve(definition, loadBalancers=[given], deploymentConfiguration=BLUE_GREEN)
        return str(raised.value)

    plain = {name: value for name, value in entry.items() if name != "advancedConfiguration"}
    with pytest.raises(ClientError, match=r"advancedConfiguration\.alternateTargetGroupArn is required"):
        world.serve(definition, loadBalancers=[plain], deploymentConfiguration=BLUE_GREEN)
    assert "must differ from the target group" in refusal(alternateTargetGroupArn=shift.crossing.groups[0])
    assert "listener rule does not exist" in refusal(productionListenerRule=f"{shift.crossing.production}0")
    assert "test listener rule must differ" in refusal(testListenerRule=shift.crossing.production)
    with pytest.raises(ClientError, match="CANARY requires a load balancer"):
        world.serve(definition, deploymentConfiguration={"strategy": "CANARY"})

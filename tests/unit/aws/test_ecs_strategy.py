"""Strategies of ECS that shift traffic: comparison, what is refused, and how their deployments are judged."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs import service as model
from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs import service_deployment, strategy
from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs.service_deployment import Seen
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:check"
ROLE = "arn:aws:iam::123456789012:role/ecs"
HOOK = {"hook_target_arn": FUNCTION, "role_arn": ROLE, "lifecycle_stages": ["PRE_SCALE_UP", "POST_SCALE_UP"]}
DESCRIBED_HOOK = {
    "targetType": "AWS_LAMBDA",
    "hookTargetArn": FUNCTION,
    "roleArn": ROLE,
    "lifecycleStages": ["POST_SCALE_UP", "PRE_SCALE_UP"],
    "hookDetails": {"maxErrors": 3},
    "timeoutConfiguration": {"timeoutInMinutes": 1440, "action": "ROLLBACK"},
}


def service(**configuration: Any) -> dict[str, Any]:
    return {
        "serviceName": "app",
        "status": "ACTIVE",
        "taskDefinition": "arn:aws:ecs:us-east-1:123456789012:task-definition/app:1",
        "desiredCount": 1,
        "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100, **configuration},
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED"}],
    }


def planned(described: dict[str, Any], **configuration: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The fields that differ, and the deployment configuration that is sent."""
    options = {"deployment_configuration": configuration}
    changes = model.plan("app", described, model.desired_state(options, described))
    if not changes:
        return (), {}
    names = tuple(name.removeprefix("deployment_configuration.") for name in changes[0].fields)
    return names, model.update_arguments(changes[0])["deploymentConfiguration"]


CANARY = service(
    strategy="CANARY", canaryConfiguration={"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 10}, bakeTimeInMinutes=0
)


def test_what_is_left_out_is_no_difference() -> None:
    assert planned(CANARY, strategy="CANARY", canary_configuration={"canary_percent": 10.0}) == ((), {})
    assert planned(CANARY, strategy="CANARY") == ((), {})
    assert planned(CANARY, canary_configuration={"canary_percent": 10, "canary_bake_time_in_minutes": None}) == ((), {})


def test_hooks_are_compared_by_what_they_do() -> None:
    described = service(strategy="BLUE_GREEN", bakeTimeInMinutes=5, lifecycleHooks=[DESCRIBED_HOOK])
    hook = {**HOOK, "hook_details": {"maxErrors": 3}, "target_type": None, "timeout_configuration": None}
    assert planned(described, lifecycle_hooks=[hook]) == ((), {})
    fields, sent = planned(described, lifecycle_hooks=[{**hook, "hook_details": {"maxErrors": 4}}])
    assert fields == ("lifecycle_hooks",)
    assert sent["lifecycleHooks"][0]["hookDetails"] == {"maxErrors": 4}
    assert planned(described, lifecycle_hooks=[])[0] == ("lifecycle_hooks",)


def test_another_strategy_drops_what_belonged_to_the_one_before() -> None:
    fields, sent = planned(CANARY, strategy="LINEAR")
    assert fields == ("strategy",)
    assert "canaryConfiguration" not in sent
    described = service(strategy="BLUE_GREEN", bakeTimeInMinutes=0, lifecycleHooks=[DESCRIBED_HOOK])
    assert "lifecycleHooks" not in planned(described, strategy="ROLLING")[1]


def test_a_bake_time_of_zero_is_repeated_where_ecs_wants_it() -> None:
    described = service(strategy="BLUE_GREEN", bakeTimeInMinutes=0)
    assert planned(described, maximum_percent=150)[1]["bakeTimeInMinutes"] == 0
    assert "bakeTimeInMinutes" not in planned(service(bakeTimeInMinutes=0), maximum_percent=150)[1]


def test_the_means_of_a_shift_are_compared_without_what_is_left_out() -> None:
    advanced = {"alternateTargetGroupArn": "b", "productionListenerRule": "r", "roleArn": ROLE}
    entry = {"targetGroupArn": "a", "containerName": "app", "containerPort": 80, "advancedConfiguration": advanced}
    described = {**CANARY, "loadBalancers": [entry]}
    given = {**ENTRY, "advanced_configuration": {**ADVANCED, "test_listener_rule": None}}
    assert model.plan("app", described, model.desired_state({"load_balancers": [given]}, described)) == []
    (change,) = model.plan("app", described, model.desired_state({"load_balancers": [ENTRY]}, described))
    assert change.fields == ("load_balancers",)


@pytest.mark.parametrize(
    ("configuration", "minutes"),
    [
        ({}, 0),
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}, 5),
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryBakeTimeInMinutes": 3}, "bakeTimeInMinutes": 5}, 8),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 30.0, "stepBakeTimeInMinutes": 2}}, 6),
        ({"strategy": "LINEAR"}, 54),
    ],
)
def test_what_ecs_waits_itself_comes_on_top(configuration: dict[str, Any], minutes: float) -> None:
    assert strategy.waiting_minutes(configuration) == minutes


ENTRY = {"target_group_arn": "a", "container_name": "app", "container_port": 80}
ADVANCED = {"alternate_target_group_arn": "b", "production_listener_rule": "r", "role_arn": ROLE}
BLUE_GREEN = {"strategy": "BLUE_GREEN", "bake_time_in_minutes": 5}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no bake time": ({"strategy": "BLUE_GREEN"}, "bake_time_in_minutes"),
    "long bake time": ({**BLUE_GREEN, "bake_time_in_minutes": 1441}, "bake_time_in_minutes"),
    "canary of another": ({**BLUE_GREEN, "canary_configuration": {"canary_percent": 5}}, "canary_configuration"),
    "no canary": (
        {"strategy": "CANARY", "canary_configuration": {"canary_percent": 0.0}},
        "canary_configuration.canary_percent",
    ),
    "no tenths": (
        {"strategy": "CANARY", "canary_configuration": {"canary_percent": 5.25}},
        "canary_configuration.canary_percent",
    ),
    "small steps": ({"linear_configuration": {"step_percent": 2.9}}, "linear_configuration.step_percent"),
    "long steps": (
        {"linear_configuration": {"step_bake_time_in_minutes": 1441}},
        "linear_configuration.step_bake_time_in_minutes",
    ),
    "hooks when rolling": ({"strategy": "ROLLING", "lifecycle_hooks": [HOOK]}, "lifecycle_hooks"),
    "no stage": (
        {**BLUE_GREEN, "lifecycle_hooks": [{**HOOK, "lifecycle_stages": []}]},
        "lifecycle_hooks[0].lifecycle_stages",
    ),
    "no such stage": (
        {**BLUE_GREEN, "lifecycle_hooks": [HOOK, {**HOOK, "lifecycle_stages": ["BAKE_TIME"]}]},
        "lifecycle_hooks[1].lifecycle_stages",
    ),
    "no function": (
        {**BLUE_GREEN, "lifecycle_hooks": [{"lifecycle_stages": ["PRE_SCALE_UP"]}]},
        "lifecycle_hooks[0].hook_target_arn",
    ),
    "pause in a shift": (
        {**BLUE_GREEN, "lifecycle_hooks": [{"target_type": "PAUSE", "lifecycle_stages": ["TEST_TRAFFIC_SHIFT"]}]},
        "lifecycle_hooks[0].lifecycle_stages",
    ),
    "timeout": (
        {**BLUE_GREEN, "lifecycle_hooks": [{**HOOK, "timeout_configuration": {"timeout_in_minutes": 0}}]},
        "lifecycle_hooks[0].timeout_configuration",
    ),
}


@pytest.mark.parametrize(("configuration", "variable"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_configurations_are_refused_by_name(configuration: dict[str, Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        strategy.check({"deployment_configuration": configuration})
    assert refusal.value.variable == f"deployment_configuration.{variable}"


@pytest.mark.parametrize("missing", ADVANCED)
def test_a_load_balancer_needs_the_means_of_a_shift(missing: str) -> None:
    advanced = {name: value for name, value in ADVANCED.items() if name != missing}
    with pytest.raises(InvalidInput) as refusal:
        strategy.check(
            {
                "deployment_configuration": BLUE_GREEN,
                "load_balancers": [{**ENTRY, "advanced_configuration": advanced}],
            }
        )
    assert refusal.value.variable == f"load_balancers[0].advanced_configuration.{missing}"


GOOD: list[dict[str, Any]] = [
    {},
    {"deployment_configuration": BLUE_GREEN},
    {"deployment_configuration": BLUE_GREEN, "load_balancers": [{**ENTRY, "advanced_configuration": ADVANCED}]},
    {"deployment_configuration": {**BLUE_GREEN, "lifecycle_hooks": [HOOK]}},
    {"deployment_configuration": {"strategy": "LINEAR", "linear_configuration": {"step_percent": 33.4}}},
    {"deployment_configuration": {"strategy": "ROLLING"}, "load_balancers": [ENTRY]},
]


@pytest.mark.parametrize("options", GOOD)
def test_good_configurations_pass(options: dict[str, Any]) -> None:
    strategy.check(options)


def seen(status: str, stage: str = "BAKE_TIME", **fields: Any) -> Seen:
    return Seen({"status": status, "lifecycleStage": "CLEAN_UP", **fields}, stage)


ALARMS = {"triggeredAlarmNames": ["slow", "errors"]}
TARGET = {
    "requestedProductionTrafficWeight": 10.0,
    "runningTaskCount": 1,
    "requestedTaskCount": 2,
    "pendingTaskCount": 1,
}
PAUSE = {"hookId": "h-1", "status": "AWAITING_ACTION", "targetType": "PAUSE"}
JUDGED: dict[str, tuple[Seen, str, str]] = {
    "not visible": (Seen(None), "pending", "not visible"),
    "successful": (seen("SUCCESSFUL"), "done", ""),
    "begins": (seen("PENDING", lifecycleStage=None), "pending", "PENDING, 0/0 running"),
    "under way": (
        seen("IN_PROGRESS", lifecycleStage="PRODUCTION_TRAFFIC_SHIFT", targetServiceRevision=TARGET),
        "pending",
        "PRODUCTION_TRAFFIC_SHIFT, 10 % of production traffic, 1/2 running, 1 pending",
    ),
    "paused": (seen("IN_PROGRESS", lifecycleHookDetails=[PAUSE]), "pending", "pause h-1 waits for Continue"),
    "stopping": (seen("STOP_REQUESTED"), "pending", "STOP_REQUESTED"),
    "rolling back": (seen("ROLLBACK_IN_PROGRESS", statusReason="a hook failed."), "pending", "a hook failed"),
    "rolled back": (
        seen("ROLLBACK_SUCCESSFUL", rollback={"reason": "alarm detected"}, alarms=ALARMS),
        "failed",
        "ROLLBACK_SUCCESSFUL, last seen at BAKE_TIME: alarm detected; alarms in state ALARM: errors, slow",
    ),
    "not even rolled back": (seen("ROLLBACK_FAILED"), "failed", "ROLLBACK_FAILED"),
    "stopped": (seen("STOPPED", stage=""), "failed", "STOPPED: no reason given"),
}


@pytest.mark.parametrize(("look", "status", "detail"), JUDGED.values(), ids=JUDGED.keys())
def test_only_a_successful_service_deployment_is_success(look: Seen, status: str, detail: str) -> None:
    verdict = service_deployment.judge(look)
    assert verdict.status == status
    assert detail in verdict.detail


def test_the_service_deployment_of_a_deployment_is_found_by_its_number() -> None:
    briefs = [
        {"serviceDeploymentArn": f"arn/{number}", "targetServiceRevisionArn": f"arn:revision/c/app/{number}"}
        for number in (12, 2, 1)
    ]
    assert service_deployment.ours(briefs, "ecs-svc/2") == "arn/2"
    assert service_deployment.ours(briefs, "ecs-svc/3") is None

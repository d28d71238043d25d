"""Scaling of ECS services: planning and bad input."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.autoscaling import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY

LABEL = "app/lb/1/targetgroup/tg/2"
CPU: dict[str, Any] = {
    "name": "cpu",
    "metric": "ECSServiceAverageCPUUtilization",
    "target_value": 60,
    "resource_label": None,
    "scale_in_cooldown": 300,
    "scale_out_cooldown": 300,
    "disable_scale_in": False,
}
REQUESTS = {**CPU, "name": "requests", "metric": "ALBRequestCountPerTarget", "resource_label": LABEL}
NIGHT: dict[str, Any] = {
    "name": "night",
    "schedule": "cron(0 20 * * ? *)",
    "timezone": "UTC",
    "min_capacity": 0,
    "max_capacity": None,
}
CURRENT_POLICY = {
    "PolicyName": "cpu",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 60.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    },
}
CURRENT_ACTION = {
    "ScheduledActionName": "night",
    "Schedule": "cron(0 20 * * ? *)",
    "ScalableTargetAction": {"MinCapacity": 0},
}


def planned(policies: list[Any] | None, actions: list[Any] | None, *, purge: bool = True) -> list[str]:
    limits = {"min_capacity": 2, "max_capacity": 10}
    changes = model.plan(
        "service/c/s",
        (limits, limits),
        (model.current_policies([CURRENT_POLICY]), None if policies is None else model.desired_policies(policies)),
        (model.current_actions([CURRENT_ACTION]), None if actions is None else model.desired_actions(actions)),
        purge=purge,
    )
    return [f"{change} {','.join(change.fields)} @{change.level}" for change in changes]


@pytest.mark.parametrize(
    ("policies", "actions", "purge", "expected"),
    [
        ([CPU], [NIGHT], True, []),
        (None, None, True, []),
        ([], [], False, []),
        ([], None, True, ["delete scaling_policy cpu  @0"]),
        ([{**CPU, "target_value": 50}], None, True, ["update scaling_policy cpu target_value @2"]),
        ([CPU], [{**NIGHT, "timezone": "Europe/Berlin"}], True, ["update scheduled_action night timezone @2"]),
        ([CPU], [], True, ["delete scheduled_action night  @0"]),
    ],
)
def test_plan(policies: list[Any] | None, actions: list[Any] | None, purge: bool, expected: list[str]) -> None:
    assert planned(policies, actions, purge=purge) == expected


def test_limits_that_a_release_owns_are_no_difference() -> None:
    limits = model.desired_target({"min_capacity": 0, "max_capacity": 10, "tags": {"Project": "x"}}, keep=True)
    current = {"min_capacity": 2, "max_capacity": 4, "tags": {"Project": "x"}}
    assert model.plan("k", (current, limits), ({}, None), ({}, None), purge=True) == []


def test_what_a_release_has_scheduled_for_one_time_is_not_seen() -> None:
    retirement = {"ScheduledActionName": "retirement", "Schedule": "at(2026-01-15T09:30:00)"}
    assert list(model.current_actions([CURRENT_ACTION, retirement])) == ["night", "retirement"]
    assert list(model.current_actions([CURRENT_ACTION, retirement], recurring_only=True)) == ["night"]


def test_everything_goes_before_the_target() -> None:
    changes = model.plan_removal("k", {"min_capacity": 1}, {"cpu": {}}, {"night": {}})
    assert [(change.kind, change.level) for change in changes] == [
        ("scaling_policy", 0),
        ("scheduled_action", 0),
        ("scalable_target", 1),
    ]


def test_a_policy_of_another_type_is_replaced_by_ours() -> None:
    current = model.current_policies([{"PolicyName": "cpu", "StepScalingPolicyConfiguration": {}}])
    assert current["cpu"]["metric"] == ""


def test_what_scales_is_named_from_name_or_arn() -> None:
    by_arn = model.target("arn:aws:ecs:us-east-1:123456789012:cluster/c", "s")
    assert by_arn == model.target("c", "s")
    assert by_arn["ResourceId"] == "service/c/s"


def options(**fields: Any) -> dict[str, Any]:
    return {"min_capacity": 2, "max_capacity": 10, "policies": [CPU], "scheduled_actions": [NIGHT], **fields}


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        (options(min_capacity=11), "min_capacity"),
        (options(min_capacity=-1), "min_capacity"),
        (options(policies=[{**CPU, "target_value": 0}]), "policies[0].target_value"),
        (options(policies=[{**REQUESTS, "resource_label": None}]), "policies[0].resource_label"),
        (options(policies=[{**REQUESTS, "resource_label": "lb"}]), "policies[0].resource_label"),
        (options(policies=[{**CPU, "resource_label": LABEL}]), "policies[0].resource_label"),
        (options(policies=[CPU, CPU]), "policies"),
        (options(policies=[CPU, {**CPU, "name": "again"}]), "policies"),
        (options(scheduled_actions=[{**NIGHT, "min_capacity": None}]), "scheduled_actions[0]"),
        (
            options(scheduled_actions=[{**NIGHT, "min_capacity": 3, "max_capacity": 2}]),
            "scheduled_actions[0].min_capacity",
        ),
        (options(scheduled_actions=[{**NIGHT, "schedule": "0 20 * * *"}]), "scheduled_actions[0].schedule"),
    ],
)
def test_bad_input_is_refused_by_name(given: dict[str, Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        model.check(given)
    assert refusal.value.variable == variable


def test_good_input_passes() -> None:
    model.check(options(policies=[CPU, REQUESTS]))
    model.check(options(policies=[{**REQUESTS, "resource_label": KNOWN_AFTER_APPLY}]))

"""ECS services: comparison, arguments, bad input."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs import service as model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY

ARN = "arn:aws:ecs:us-east-1:123456789012:task-definition/app"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/1"
OTHER_GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/b/2"


def described(**fields: Any) -> dict[str, Any]:
    """A service as DescribeServices answers it."""
    service = {
        "serviceName": "app",
        "serviceArn": "arn:aws:ecs:us-east-1:123456789012:service/c/app",
        "status": "ACTIVE",
        "taskDefinition": f"{ARN}:1",
        "desiredCount": 2,
        "runningCount": 2,
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "deploymentConfiguration": {
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "strategy": "ROLLING",
            "bakeTimeInMinutes": 0,
        },
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": ["subnet-b", "subnet-a"],
                "securityGroups": ["sg-1"],
                "assignPublicIp": "DISABLED",
            }
        },
        "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}],
        "schedulingStrategy": "REPLICA",
        "tags": [{"key": "Project", "value": "x"}, {"key": "aws:own", "value": "y"}],
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED"}],
    }
    return {**service, **fields}


def changed(options: dict[str, Any], service: dict[str, Any]) -> tuple[str, ...]:
    changes = model.plan("app", service, model.desired_state(options, service))
    return changes[0].fields if changes else ()


BALANCER = {"target_group_arn": GROUP, "container_name": "app", "container_port": 80, "advanced_configuration": None}
DEPLOYMENT = "deployment_configuration"
COMPARED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "nothing given": ({}, ()),
    "task definition by ARN": ({"task_definition": f"{ARN}:1"}, ()),
    "task definition by name": ({"task_definition": "app:1"}, ()),
    "next revision": ({"task_definition": "app:2"}, ("task_definition",)),
    "revision not known yet": ({"task_definition": KNOWN_AFTER_APPLY}, ("task_definition",)),
    "order of subnets": ({"network_configuration": {"subnets": ["subnet-a", "subnet-b"]}}, ()),
    "public address": (
        {"network_configuration": {"subnets": ["subnet-a", "subnet-b"], "assign_public_ip": True}},
        ("network_configuration.assign_public_ip",),
    ),
    "security groups": (
        {"network_configuration": {"subnets": ["subnet-a", "subnet-b"], "security_groups": ["sg-2"]}},
        ("network_configuration.security_groups",),
    ),
    "part of the deployment configuration": ({DEPLOYMENT: {"maximum_percent": 200}}, ()),
    "maximum": ({DEPLOYMENT: {"maximum_percent": 150}}, (f"{DEPLOYMENT}.maximum_percent",)),
    "circuit breaker": (
        {DEPLOYMENT: {"deployment_circuit_breaker": {"enable": True, "rollback": False}}},
        (f"{DEPLOYMENT}.deployment_circuit_breaker.rollback",),
    ),
    "alarms off is the default": ({DEPLOYMENT: {"alarms": {"enable": False, "alarm_names": []}}}, ()),
    "bake time": ({DEPLOYMENT: {"bake_time_in_minutes": 5}}, (f"{DEPLOYMENT}.bake_time_in_minutes",)),
    "same load balancer": ({"load_balancers": [BALANCER]}, ()),
    "no load balancer": ({"load_balancers": []}, ("load_balancers",)),
    "no registries": ({"service_registries": []}, ()),
    "Service Connect off": ({"service_connect_configuration": {"enabled": False}}, ()),
    "Service Connect on": (
        {"service_connect_configuration": {"enabled": True, "namespace": "x"}},
        ("service_connect_configuration",),
    ),
    "grace period": ({"health_check_grace_period_seconds": 60}, ("health_check_grace_period_seconds",)),
    "exec": ({"enable_execute_command": True}, ("enable_execute_command",)),
    "latest platform": ({"platform_version": "LATEST"}, ()),
    "platform": ({"platform_version": "1.4.0"}, ("platform_version",)),
    "managed count": ({"desired_count": 3}, ("desired_count",)),
    "count owned by autoscaling": ({"desired_count_on_create": 5}, ()),
    "revision owned by releases": ({"task_definition_on_create": "app:2"}, ()),
    "tags of others": ({"tags": {"Project": "x"}}, ()),
    "tags": ({"tags": {"Project": "z"}}, ("tags",)),
    "trigger": ({"deployment_trigger": "1"}, ("deployment_trigger",)),
    "propagation": ({"propagate_tags": "SERVICE"}, ("propagate_tags",)),
}


@pytest.mark.parametrize(("options", "fields"), COMPARED.values(), ids=COMPARED.keys())
def test_only_what_is_given_and_differs_changes(options: dict[str, Any], fields: tuple[str, ...]) -> None:
    assert changed(options, described()) == fields


def test_the_grace_period_goes_with_the_last_load_balancer() -> None:
    service = described(healthCheckGracePeriodSeconds=60)

    fields = changed({"load_balancers": []}, service)

    assert fields == ("health_check_grace_period_seconds", "load_balancers")
    assert changed({"load_balancers": [BALANCER]}, service) == ()


def test_an_update_repeats_what_its_group_needs() -> None:
    service = described()
    options = {DEPLOYMENT: {"maximum_percent": 150}, "network_configuration": {"subnets": ["subnet-c"]}}
    (change,) = model.plan("app", service, model.desired_state(options, service))
    assert model.update_arguments(change) == {
        "deploymentConfiguration": {
            "maximumPercent": 150,
            "minimumHealthyPercent": 100,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        },
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": ["subnet-c"],
                "securityGroups": ["sg-1"],
                "assignPublicIp": "DISABLED",
            }
        },
    }


def test_a_failed_first_deployment_is_tried_again_at_full_size() -> None:
    service = described(desiredCount=0, deployments=[{"id": "1", "status": "PRIMARY", "rolloutState": "FAILED"}])
    options = {"task_definition": "app:1", "desired_count_on_create": 2}
    (change,) = model.plan("app", service, model.desired_state(options, service))
    assert change.fields == ("desired_count", "rollout_state")
    assert model.update_arguments(change) == {"desiredCount": 2, "forceNewDeployment": True}


def test_a_failed_deployment_of_a_revision_that_releases_own_is_left_to_them() -> None:
    service = described(desiredCount=0, deployments=[{"id": "1", "status": "PRIMARY", "rolloutState": "FAILED"}])
    assert changed({"task_definition_on_create": "app:2", "desired_count_on_create": 0}, service) == ()


def test_a_new_service_may_begin_without_tasks() -> None:
    options = {"task_definition_on_create": "app:1", "desired_count_on_create": 0}
    (change,) = model.plan("app", None, model.desired_state(options, None))
    arguments = model.create_arguments("c", "app", change.desired)
    assert (arguments["taskDefinition"], arguments["desiredCount"]) == ("app:1", 0)


@pytest.mark.parametrize(
    ("options", "forced"),
    [
        ({"deployment_trigger": "2"}, True),
        ({"capacity_provider_strategy": [{"capacity_provider": "FARGATE_SPOT", "weight": 1}]}, True),
        ({"task_definition": "app:2"}, False),
        ({"desired_count": 5}, False),
    ],
)
def test_a_deployment_is_forced_only_where_ecs_starts_none(options: dict[str, Any], forced: bool) -> None:
    service = described()
    (change,) = model.plan("app", service, model.desired_state(options, service))
    assert model.update_arguments(change).get("forceNewDeployment", False) is forced


def test_a_new_service_gets_all_that_is_given() -> None:
    options = {
        "task_definition": "app:1",
        "desired_count_on_create": 2,
        "launch_type": "FARGATE",
        "network_configuration": {"subnets": ["subnet-a"], "assign_public_ip": False},
        "enable_ecs_managed_tags": True,
        "load_balancers": [BALANCER],
        "deployment_trigger": "1",
        "tags": {"Project": "x"},
    }
    (change,) = model.plan("app", None, model.desired_state(options, None))
    assert change.op == "create"
    assert model.create_arguments("c", "app", change.desired) == {
        "cluster": "c",
        "serviceName": "app",
        "taskDefinition": "app:1",
        "desiredCount": 2,
        "launchType": "FARGATE",
        "enableECSManagedTags": True,
        "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"], "assignPublicIp": "DISABLED"}},
        "tags": [{"key": "Project", "value": "x"}, {"key": model.TRIGGER_TAG, "value": "1"}],
    }


@pytest.mark.parametrize(("status", "exists"), [("ACTIVE", True), ("DRAINING", False), ("INACTIVE", False)])
def test_remains_of_a_deleted_service_do_not_count(status: str, exists: bool) -> None:
    assert model.exists(described(status=status)) is exists


def test_what_cannot_change_is_refused() -> None:
    with pytest.raises(InvalidInput, match="launch_type"):
        changed({"launch_type": "EC2"}, described())


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "revision": ({"task_definition": "app"}, "task_definition"),
    "negative": ({"desired_count": -1}, "desired_count"),
    "minimum above maximum": (
        {DEPLOYMENT: {"minimum_healthy_percent": 150, "maximum_percent": 100}},
        f"{DEPLOYMENT}.minimum_healthy_percent",
    ),
    "no room to move": (
        {DEPLOYMENT: {"minimum_healthy_percent": 100, "maximum_percent": 100}},
        f"{DEPLOYMENT}.minimum_healthy_percent",
    ),
    "alarms without names": ({DEPLOYMENT: {"alarms": {"enable": True}}}, f"{DEPLOYMENT}.alarms.alarm_names"),
    "no subnet": ({"network_configuration": {"subnets": []}}, "network_configuration.subnets"),
    "grace without load balancer": (
        {"health_check_grace_period_seconds": 9, "load_balancers": []},
        "health_check_grace_period_seconds",
    ),
}


@pytest.mark.parametrize(("options", "variable"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_input_is_refused_by_name(options: dict[str, Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        model.check(options)
    assert refusal.value.variable == variable

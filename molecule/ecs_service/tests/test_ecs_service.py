"""The service runs on its revision, with roles that may do no more than it needs, and scales between its limits."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

CLUSTER, SERVICE = "molecule-ecs-service", "molecule-greeter"
LOG_GROUP = f"/ecs/{SERVICE}"
ecs, iam, logs = boto3.client("ecs"), boto3.client("iam"), boto3.client("logs")


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    found: dict[str, Any] = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
    return found


def policy_of(role: str, name: str) -> list[dict[str, Any]]:
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    return list(document["Statement"])


def test_two_tasks_run(service: dict[str, Any]) -> None:
    assert service["runningCount"] == 2
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"


def test_a_failed_deployment_rolls_back(service: dict[str, Any]) -> None:
    breaker = service["deploymentConfiguration"]["deploymentCircuitBreaker"]

    assert (breaker["enable"], breaker["rollback"]) == (True, True)


def test_the_container_has_its_secrets_and_its_log() -> None:
    group = logs.describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"][0]
    events = logs.filter_log_events(logGroupName=LOG_GROUP)["events"]

    assert group["retentionInDays"] == 30
    assert [event["message"] for event in events].count("hello molecule") == 2


def test_the_container_starts_when_its_configuration_is_there() -> None:
    messages = [event["message"] for event in logs.filter_log_events(logGroupName=LOG_GROUP)["events"]]

    assert messages.count("good morning") == 2
    assert len([message for message in messages if message.endswith(": 1 files in place")]) == 2


def test_the_tasks_read_the_configurations_of_this_service_and_nothing_else() -> None:
    allowed = {_listed(s["Action"])[0]: s for s in policy_of(f"{SERVICE}-task", "task")}

    assert _listed(allowed["s3:GetObject"]["Resource"]) == [f"arn:aws:s3:::{CLUSTER}/greeter/*"]
    assert "greeter/*" in str(allowed["s3:ListBucket"]["Condition"])


def test_the_execution_role_reads_this_secret_and_no_other() -> None:
    statements = policy_of(f"{SERVICE}-execution", "execution")
    secret = boto3.client("secretsmanager").describe_secret(SecretId="molecule/ecs_service/greeting")["ARN"]

    resources = {action: s["Resource"] for s in statements for action in _listed(s["Action"])}
    assert _listed(resources["secretsmanager:GetSecretValue"]) == [secret]
    assert "*" not in [resource for listed in resources.values() for resource in _listed(listed)]


def test_only_tasks_of_this_account_take_the_roles_on() -> None:
    for role in (f"{SERVICE}-execution", f"{SERVICE}-task"):
        trust = json.dumps(iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]).lower()
        assert "aws:sourceaccount" in trust
        assert "aws:sourcearn" in trust


def test_it_scales_by_cpu_and_memory_between_its_limits() -> None:
    scaling = boto3.client("application-autoscaling")
    resource = {"ServiceNamespace": "ecs", "ResourceId": f"service/{CLUSTER}/{SERVICE}"}
    target = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource["ResourceId"]])
    policies = scaling.describe_scaling_policies(**resource)["ScalingPolicies"]

    assert (target["ScalableTargets"][0]["MinCapacity"], target["ScalableTargets"][0]["MaxCapacity"]) == (2, 4)
    assert sorted(policy["PolicyName"] for policy in policies) == ["cpu", "memory"]


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]

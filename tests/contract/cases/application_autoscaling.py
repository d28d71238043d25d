"""Contract cases of application_autoscaling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "test"}
CLUSTER = "contract-scaling"
CPU: dict[str, Any] = {"name": "cpu", "metric": "ECSServiceAverageCPUUtilization", "target_value": 60}
MEMORY: dict[str, Any] = {"name": "memory", "metric": "ECSServiceAverageMemoryUtilization", "target_value": 70}
LABEL = "app/contract/50dc6c495c0c9188/targetgroup/contract/943f017f100becff"
REQUESTS = {"name": "requests", "metric": "ALBRequestCountPerTarget", "target_value": 500, "resource_label": LABEL}
NIGHT: dict[str, Any] = {"name": "night", "schedule": "cron(0 20 * * ? *)", "min_capacity": 0, "max_capacity": 0}
MORNING: dict[str, Any] = {"name": "morning", "schedule": "cron(0 6 * * ? *)", "min_capacity": 2, "max_capacity": 10}


def prepared(boto: Boto) -> Mapping[str, Any]:
    """Two services without tasks."""
    ec2, ecs = boto("ec2"), boto("ecs")
    vpc = ec2.create_vpc(CidrBlock="10.81.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.81.0.0/24")["Subnet"]["SubnetId"]
    ecs.create_cluster(clusterName=CLUSTER)
    ecs.register_task_definition(
        family="contract-scaling",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "app", "image": "example/app:1"}],
    )
    there = {arn.rsplit("/", 1)[-1] for arn in ecs.list_services(cluster=CLUSTER)["serviceArns"]}
    for name in {"auth", "other"} - there:
        ecs.create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition="contract-scaling:1",
            desiredCount=0,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
        )
    return {}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """Scaling of another service, with a policy of the same name."""
    scaling = boto("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{CLUSTER}/other",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    scaling.put_scaling_policy(
        **target,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 33.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    )

    def seen() -> Any:
        policies = scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=target["ResourceId"])
        return [policy["TargetTrackingScalingPolicyConfiguration"] for policy in policies["ScalingPolicies"]]

    return seen


CASES = [
    Case(
        name="application_autoscaling",
        module="application_autoscaling",
        present={
            "cluster": CLUSTER,
            "service": "auth",
            "min_capacity": 2,
            "max_capacity": 10,
            "policies": [CPU, MEMORY],
            "scheduled_actions": [NIGHT, MORNING],
            "purge": True,
            "tags": TAGS,
        },
        absent={"state": "absent"},
        edits={
            "minimum": {"min_capacity": 3},
            "maximum": {"max_capacity": 12},
            "target value": {"policies": [{**CPU, "target_value": 50}, MEMORY]},
            "cooldowns": {"policies": [{**CPU, "scale_in_cooldown": 600, "scale_out_cooldown": 30}, MEMORY]},
            "scale-in": {"policies": [{**CPU, "disable_scale_in": True}, MEMORY]},
            "metric": {"policies": [CPU, {**REQUESTS, "name": "memory"}]},
            "requests per target": {"policies": [CPU, MEMORY, REQUESTS]},
            "one policy fewer": {"policies": [CPU]},
            "schedule": {"scheduled_actions": [{**NIGHT, "schedule": "cron(0 22 * * ? *)"}, MORNING]},
            "time zone": {"scheduled_actions": [{**NIGHT, "timezone": "Europe/Berlin"}, MORNING]},
            "scheduled limits": {"scheduled_actions": [{**NIGHT, "max_capacity": 1}, MORNING]},
            "one action fewer": {"scheduled_actions": [MORNING]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
            "no schedules": {"scheduled_actions": []},
        },
        prepare=prepared,
        foreign=lookalike,
    )
]

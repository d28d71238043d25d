"""Contract cases of ecs_service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "test"}
CLUSTER = "contract-services"
DEPLOYMENT: dict[str, Any] = {
    "minimum_healthy_percent": 50,
    "maximum_percent": 200,
    "deployment_circuit_breaker": {"enable": True, "rollback": True},
}
FAMILY = "contract-service"


def network(boto: Boto) -> dict[str, Any]:
    """A cluster, two subnets, two security groups and two revisions of a task that needs no image: none is started."""
    ec2, ecs = boto("ec2"), boto("ecs")
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.77.{number}.0/24")["Subnet"]["SubnetId"] for number in range(2)
    ]
    groups = [
        ec2.create_security_group(VpcId=vpc, GroupName=f"contract-{name}", Description="contract")["GroupId"]
        for name in "ab"
    ]
    ecs.create_cluster(clusterName=CLUSTER)
    for number in range(2):
        ecs.register_task_definition(
            family=FAMILY,
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[{"name": "app", "image": f"example/app:{number}"}],
        )
    return {"subnets": subnets, "security_groups": groups, "assign_public_ip": False}


def prepared(boto: Boto) -> Mapping[str, Any]:
    given = network(boto)
    first = {"subnets": given["subnets"], "security_groups": given["security_groups"][:1], "assign_public_ip": False}
    return {"network_configuration": first}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A service of the same name in another cluster."""
    ecs = boto("ecs")
    ecs.create_cluster(clusterName="contract-others")
    subnet = boto("ec2").describe_subnets(Filters=[{"Name": "cidr-block", "Values": ["10.77.0.0/24"]}])["Subnets"][0]
    ecs.create_service(
        cluster="contract-others",
        serviceName="contract",
        taskDefinition=f"{FAMILY}:1",
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet["SubnetId"]]}},
    )
    return lambda: ecs.describe_services(cluster="contract-others", services=["contract"])["services"][0]["status"]


# No task is ever started, so nothing has to be waited for; deployments are the end-to-end tests' business.
CASES = [
    Case(
        name="ecs_service",
        module="ecs_service",
        present={
            "cluster": CLUSTER,
            "name": "contract",
            "task_definition": f"{FAMILY}:1",
            "desired_count": 0,
            "launch_type": "FARGATE",
            "platform_version": "LATEST",
            "deployment_configuration": DEPLOYMENT,
            "enable_execute_command": False,
            "enable_ecs_managed_tags": False,
            "propagate_tags": "NONE",
            "availability_zone_rebalancing": "DISABLED",
            "load_balancers": [],
            "service_registries": [],
            "wait": False,
            "tags": TAGS,
        },
        absent={"state": "absent"},
        edits={
            "task definition": {"task_definition": f"{FAMILY}:2"},
            "minimum healthy": {"deployment_configuration": {**DEPLOYMENT, "minimum_healthy_percent": 100}},
            "maximum": {"deployment_configuration": {**DEPLOYMENT, "maximum_percent": 150}},
            "circuit breaker": {
                "deployment_configuration": {
                    **DEPLOYMENT,
                    "deployment_circuit_breaker": {"enable": True, "rollback": False},
                }
            },
            "alarms": {
                "deployment_configuration": {
                    **DEPLOYMENT,
                    "alarms": {"alarm_names": ["errors"], "enable": True, "rollback": True},
                }
            },
            "execute command": {"enable_execute_command": True},
            "managed tags": {"enable_ecs_managed_tags": True},
            "propagated tags": {"propagate_tags": "SERVICE"},
            "zone rebalancing": {"availability_zone_rebalancing": "ENABLED"},
            "platform version": {"platform_version": "1.4.0"},
            "trigger": {"deployment_trigger": "secret-version-2"},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
        },
        prepare=prepared,
        foreign=lookalike,
    )
]

"""A small world for tests of the ECS data plane: network, roles, cluster, task definitions."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from local_cloud_support import LocalCloud, eventually

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
APP = "123456789012.dkr.ecr.us-east-1.amazonaws.com/test-app"


@dataclass
class World:
    """Everything carries a name of its own, so that tests do not meet."""

    cloud: LocalCloud
    name: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:8]}")
    subnets: list[str] = field(default_factory=list)
    vpc: str = ""
    group: str = ""
    role: str = ""

    @property
    def ecs(self) -> Any:
        return self.cloud.client("ecs")

    @property
    def network(self) -> dict[str, Any]:
        return {"awsvpcConfiguration": {"subnets": self.subnets, "securityGroups": [self.group]}}

    def create(self) -> World:
        ec2 = self.cloud.client("ec2")
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        for number, zone in enumerate("ab"):
            block, place = f"10.0.{number}.0/24", f"us-east-1{zone}"
            subnet = ec2.create_subnet(VpcId=self.vpc, CidrBlock=block, AvailabilityZone=place)
            self.subnets.append(subnet["Subnet"]["SubnetId"])
        group = ec2.create_security_group(GroupName=self.name, Description="test", VpcId=self.vpc)
        self.group = group["GroupId"]
        self.role = self.create_role(self.name, _POLICY)
        self.ecs.create_cluster(clusterName=self.name)
        self.cloud.client("logs").create_log_group(logGroupName=self.name)
        ecr = self.cloud.client("ecr")
        if not any(r["repositoryName"] == "test-app" for r in ecr.describe_repositories()["repositories"]):
            ecr.create_repository(repositoryName="test-app")
        return self

    def create_role(self, name: str, policy: dict[str, Any]) -> str:
        """A role that tasks can assume."""
        arn = self.create_foreign_role(name, _TRUST)
        iam = self.cloud.client("iam")
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        return arn

    def create_foreign_role(self, name: str, trust: dict[str, Any]) -> str:
        iam = self.cloud.client("iam")
        return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"])

    def target_group(self, name: str) -> str:
        """Create a target group for tasks, which are healthy after two checks; its ARN."""
        group = self.cloud.client("elbv2").create_target_group(
            Name=f"{self.name}-{name}",
            Protocol="HTTP",
            Port=8080,
            VpcId=self.vpc,
            TargetType="ip",
            HealthCheckPath="/health",
            HealthCheckIntervalSeconds=5,
            HealthCheckTimeoutSeconds=2,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
        )
        return str(group["TargetGroups"][0]["TargetGroupArn"])

    def container(self, name: str = "app", image: str = f"{APP}:1", **more: Any) -> dict[str, Any]:
        environment = {"BIND": "localhost", **more.pop("environment", {})}
        return {
            "name": name,
            "image": image,
            "portMappings": [{"containerPort": 8080}] if name == "app" else [],
            "environment": [{"name": key, "value": value} for key, value in environment.items()],
            "stopTimeout": 2,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": self.name,
                    "awslogs-region": "us-east-1",
                    "awslogs-stream-prefix": "t",
                },
            },
            **more,
        }

    def shell(self, name: str, script: str, **more: Any) -> dict[str, Any]:
        """A container that runs a shell script."""
        return self.container(name, "test-shell:1", entryPoint=["sh", "-c"], command=[script], **more)

    def define(self, *containers: dict[str, Any], **more: Any) -> str:
        """Register a revision of the world's family; its ARN."""
        definition = self.ecs.register_task_definition(
            **{
                "family": self.name,
                "containerDefinitions": list(containers),
                "requiresCompatibilities": ["FARGATE"],
                "networkMode": "awsvpc",
                "cpu": "256",
                "memory": "512",
                "executionRoleArn": self.role,
                **more,
            }
        )
        return str(definition["taskDefinition"]["taskDefinitionArn"])

    def run(self, definition: str, **more: Any) -> dict[str, Any]:
        result = self.ecs.run_task(
            cluster=self.name,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=self.network,
            **more,
        )
        return dict(result["tasks"][0])

    def task(self, arn: str) -> dict[str, Any]:
        return dict(self.ecs.describe_tasks(cluster=self.name, tasks=[arn], include=["TAGS"])["tasks"][0])

    def stopped(self, arn: str) -> dict[str, Any]:
        """The task once it has stopped."""
        eventually(lambda: self.task(arn)["lastStatus"] == "STOPPED", what=f"{arn} to stop")
        return self.task(arn)

    def lines(self, container: str, task_arn: str) -> list[str]:
        """What a container logged."""
        stream = f"t/{container}/{task_arn.rpartition('/')[2]}"
        events = self.cloud.client("logs").get_log_events(logGroupName=self.name, logStreamName=stream)
        return [event["message"] for event in events["events"]]

    def serve(self, definition: str, name: str = "app", count: int = 1, **more: Any) -> dict[str, Any]:
        """Create a service."""
        result = self.ecs.create_service(
            cluster=self.name,
            serviceName=name,
            taskDefinition=definition,
            desiredCount=count,
            **{"launchType": "FARGATE", "networkConfiguration": self.network, **more},
        )
        return dict(result["service"])

    def service(self, name: str = "app") -> dict[str, Any]:
        found = self.ecs.describe_services(cluster=self.name, services=[name], include=["TAGS"])
        return dict(found["services"][0])

    def steady(self, name: str = "app") -> dict[str, Any]:
        """The service once its only deployment has completed with all its tasks."""

        def done() -> bool:
            service = self.service(name)
            deployments = service["deployments"]
            complete = len(deployments) == 1 and deployments[0]["rolloutState"] == "COMPLETED"
            return complete and service["runningCount"] == service["desiredCount"]

        eventually(done, what=f"service {name} to be steady")
        return self.service(name)

    def tasks(self, name: str = "app") -> list[dict[str, Any]]:
        arns = self.ecs.list_tasks(cluster=self.name, serviceName=name)["taskArns"]
        return list(self.ecs.describe_tasks(cluster=self.name, tasks=arns)["tasks"]) if arns else []

    def messages(self, name: str = "app") -> list[str]:
        """Service events, the oldest first, without the name of the service."""
        events = self.service(name)["events"]
        return [event["message"].removeprefix(f"(service {name}) ") for event in reversed(events)]

    def remove(self) -> None:
        """Stop all services; the session's cloud lives on."""
        for arn in self.ecs.list_services(cluster=self.name)["serviceArns"]:
            self.ecs.delete_service(cluster=self.name, service=arn, force=True)


def address_of(task: dict[str, Any]) -> str:
    details = {entry["name"]: entry["value"] for entry in task["attachments"][0]["details"]}
    return str(details["privateIPv4Address"])

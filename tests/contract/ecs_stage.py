"""A cluster whose tasks really run, and the ECS modules applied to it."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from tests.contract.case import Boto
from tests.contract.harness import Run, run_module

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}],
}
LOGS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"},
    ],
}
FOREVER = "echo serving; sleep 600"
CRASH = "echo cannot start: password=hunter2 >&2; exit 3"
BREAKER = {"deployment_circuit_breaker": {"enable": True, "rollback": True}, "minimum_healthy_percent": 0}


class Stage:
    """A cluster with all that its tasks need, and the modules applied to it."""

    def __init__(self, boto: Boto) -> None:
        self.name = f"rollout-{uuid4().hex[:8]}"
        self.boto = boto
        ec2, iam = boto("ec2"), boto("iam")
        vpc = ec2.create_vpc(CidrBlock="10.82.0.0/16")["Vpc"]["VpcId"]
        self.subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.82.0.0/24")["Subnet"]["SubnetId"]
        self.role = iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        iam.put_role_policy(RoleName=self.name, PolicyName="logs", PolicyDocument=json.dumps(LOGS))
        boto("logs").create_log_group(logGroupName=f"/{self.name}")
        boto("ecs").create_cluster(clusterName=self.name)

    def define(
        self, script: str, image: str = "busybox:1.36", health_check: dict[str, Any] | None = None, **options: Any
    ) -> Run:
        logs = {"awslogs-group": f"/{self.name}", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "app"}
        container = {
            "name": "app",
            "image": image,
            "command": ["sh", "-c", script],
            "log_configuration": {"log_driver": "awslogs", "options": logs},
            **({"health_check": health_check} if health_check else {}),
        }
        sizes = {"cpu": "256", "memory": "512", "execution_role_arn": self.role}
        return run_module(
            "ecs_task_definition", {"family": self.name, "container_definitions": [container], **sizes, **options}
        )

    def revision(self, script: str, **options: Any) -> str:
        return str(self.define(script, **options).answer["task_definition"]["arn"])

    @property
    def place(self) -> dict[str, Any]:
        return {
            "cluster": self.name,
            "launch_type": "FARGATE",
            "network_configuration": {"subnets": [self.subnet]},
            "wait_timeout": 60,
        }

    def deploy(self, revision: str, **options: Any) -> Run:
        given = {**self.place, "name": "app", "task_definition": revision, "deployment_configuration": BREAKER}
        return run_module("ecs_service", {**given, "desired_count": 1, **options})

    def run(self, script: str, **options: Any) -> Run:
        overrides = {"container_overrides": [{"name": "app", "command": ["sh", "-c", script]}]}
        given = {**self.place, "task_definition": self.revision(FOREVER), "overrides": overrides}
        return run_module("ecs_run_task", {**given, **options})

    def service(self) -> dict[str, Any]:
        return dict(self.boto("ecs").describe_services(cluster=self.name, services=["app"])["services"][0])

    def remove(self) -> Run:
        return run_module("ecs_service", {"cluster": self.name, "name": "app", "state": "absent", "wait_timeout": 60})

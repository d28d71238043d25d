"""Contract case of ecs_run_task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tests.contract.case import Boto, Case

CLUSTER = "contract-tasks"
FAMILY = "contract-task"


def prepared(boto: Boto) -> Mapping[str, Any]:
    """A cluster, a subnet, a log group, a role, and a task definition whose container says one thing and ends."""
    ec2, ecs, iam = boto("ec2"), boto("ecs"), boto("iam")
    vpc = ec2.create_vpc(CidrBlock="10.78.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.78.0.0/24")["Subnet"]["SubnetId"]
    trust = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
        ' "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}'
    )
    name = f"contract-run-task-{uuid4().hex[:8]}"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    allowed = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",'
        ' "Action": ["logs:CreateLogStream", "logs:PutLogEvents"]}]}'
    )
    iam.put_role_policy(RoleName=name, PolicyName="logs", PolicyDocument=allowed)
    boto("logs").create_log_group(logGroupName=f"/{name}")
    ecs.create_cluster(clusterName=CLUSTER)
    options = {
        "awslogs-group": f"/{name}",
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "job",
    }
    container = {
        "name": "job",
        "image": "busybox:1.36",
        "command": ["sh", "-c", "echo token=$API_TOKEN"],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    registered = ecs.register_task_definition(
        family=FAMILY,
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        executionRoleArn=role,
        containerDefinitions=[container],
    )
    revision = registered["taskDefinition"]["taskDefinitionArn"]
    return {"network_configuration": {"subnets": [subnet]}, "task_definition": revision}


CASES = [
    Case(
        name="ecs_run_task",
        module="ecs_run_task",
        present={
            "cluster": CLUSTER,
            "launch_type": "FARGATE",
            "overrides": {"container_overrides": [{"name": "job", "environment": {"API_TOKEN": "correct-horse"}}]},
            "wait_timeout": 60,
        },
        absent={},
        edits={"command": {"overrides": {"container_overrides": [{"name": "job", "command": ["sh", "-c", "exit 0"]}]}}},
        prepare=prepared,
        secrets=("correct-horse",),
        repeatable=True,
    )
]

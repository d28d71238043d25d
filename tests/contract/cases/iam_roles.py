"""Contract cases of iam_roles."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "test"}


def allow(action: str, resource: str = "*") -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


def trust(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


EXECUTION = {
    "name": "contract-execution",
    "description": "Starts tasks",
    "assume_role_policy": trust("ecs-tasks.amazonaws.com"),
    "inline_policies": {"secrets": allow("secretsmanager:GetSecretValue"), "keys": allow("kms:Decrypt")},
    "managed_policies": ["service-role/AmazonECSTaskExecutionRolePolicy", "AmazonSSMReadOnlyAccess"],
    "max_session_duration": 3600,
}
TASK = {"name": "contract-task", "assume_role_policy": trust("ecs-tasks.amazonaws.com")}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A role on the same path with none of our tags, and one with our tags on another path."""
    iam = boto("iam")
    listed = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    document = json.dumps(trust("ec2.amazonaws.com"))
    iam.create_role(RoleName="contract-foreign", Path="/contract/", AssumeRolePolicyDocument=document)
    iam.create_role(RoleName="contract-elsewhere", Path="/other/", AssumeRolePolicyDocument=document, Tags=listed)
    return lambda: [iam.get_role(RoleName=name)["Role"]["Arn"] for name in ("contract-foreign", "contract-elsewhere")]


def boundary(boto: Boto) -> Mapping[str, Any]:
    iam = boto("iam")
    known = {policy["PolicyName"]: policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]}
    document = json.dumps(allow("*"))
    arn = (
        known.get("contract-boundary")
        or (iam.create_policy(PolicyName="contract-boundary", PolicyDocument=document)["Policy"]["Arn"])
    )
    return {"roles": [{**EXECUTION, "permissions_boundary": arn}, TASK]}


CASES = [
    Case(
        name="iam_roles",
        module="iam_roles",
        present={"path": "/contract/", "roles": [], "tags": TAGS, "purge": True},
        prepare=boundary,
        absent={"roles": []},
        edits={
            "description": {"roles": [{**EXECUTION, "description": "Starts the tasks"}, TASK]},
            "trust policy": {"roles": [{**EXECUTION, "assume_role_policy": trust("ec2.amazonaws.com")}, TASK]},
            "one inline policy fewer": {
                "roles": [{**EXECUTION, "inline_policies": {"keys": allow("kms:Decrypt")}}, TASK]
            },
            "inline policy": {"roles": [{**EXECUTION, "inline_policies": {"keys": allow("kms:Encrypt")}}, TASK]},
            "managed policies": {"roles": [{**EXECUTION, "managed_policies": ["AmazonSSMReadOnlyAccess"]}, TASK]},
            "no managed policies": {"roles": [{**EXECUTION, "managed_policies": []}, TASK]},
            "no boundary": {"roles": [{**EXECUTION, "permissions_boundary": ""}, TASK]},
            "session": {"roles": [{**EXECUTION, "max_session_duration": 7200}, TASK]},
            "path": {"path": "/contract/deeper/"},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
            "one fewer": {"roles": [EXECUTION]},
            "one more": {"roles": [EXECUTION, TASK, {**TASK, "name": "contract-second"}]},
        },
        foreign=lookalike,
    )
]

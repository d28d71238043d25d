"""What a role's policies say, by table."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._release import permissions

GET, SECRET = "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:123456789012:secret:auth/jwt-AbCdEf"
VIA = {"kms:viaservice": "secretsmanager.us-east-1.amazonaws.com"}
ECS = {"aws:sourceaccount": "123456789012", "aws:sourcearn": "arn:aws:ecs:us-east-1:123456789012:*"}
ROLE = "arn:aws:iam::123456789012:role/execution"


def allow(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": GET, "Resource": SECRET, **more}


def deny(**more: Any) -> dict[str, Any]:
    return {**allow(**more), "Effect": "Deny"}


def condition(operator: str, key: str, *values: str) -> dict[str, Any]:
    return {"Condition": {operator: {key: list(values)}}}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], False),
        ([allow()], True),
        ([allow(Action=["s3:*", "secretsmanager:get*"])], True),
        ([allow(Action="ssm:GetParameters")], False),
        ([allow(Resource="*")], True),
        ([allow(Resource=f"{SECRET[:-6]}??????")], True),
        ([allow(Resource=f"{SECRET}-other")], False),
        ([allow(Resource="arn:aws:secretsmanager:us-east-1:123456789012:secret:${aws:PrincipalTag/team}/*")], True),
        ([allow(Resource="arn:aws:secretsmanager:us-east-1:123456789012:secret:auth/[jJ]wt-*")], False),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": "secretsmanager:*", "Resource": "*"}], False),
        ([{"Effect": "Allow", "Action": "*", "NotResource": SECRET}], False),
        ([allow(), deny(Resource="*")], False),
        ([allow(), deny(Action="secretsmanager:PutSecretValue")], True),
        ([allow(**condition("StringLike", "kms:ViaService", "secretsmanager.*", "ssm.*"))], True),
        ([allow(**condition("StringLike", "kms:ViaService", "s3.*"))], False),
        ([allow(**condition("StringNotEquals", "kms:ViaService", "s3.us-east-1.amazonaws.com"))], True),
        ([allow(**condition("StringNotLike", "kms:ViaService", "secretsmanager.*"))], False),
        ([allow(**condition("StringEqualsIfExists", "kms:ViaService", "s3.us-east-1.amazonaws.com"))], False),
        ([allow(**condition("StringEqualsIgnoreCase", "kms:ViaService", VIA["kms:viaservice"].upper()))], True),
        # What cannot be known does not refuse.
        ([allow(**condition("StringEquals", "aws:PrincipalTag/team", "auth"))], True),
        ([allow(**condition("IpAddress", "aws:SourceIp", "192.0.2.0/24"))], True),
        ([allow(), deny(**condition("Bool", "aws:SecureTransport", "false"))], True),
    ],
)
def test_policies_of_a_role(statements: list[dict[str, Any]], expected: bool) -> None:
    document = {"Version": "2012-10-17", "Statement": statements}

    assert permissions.allowed([document], GET, SECRET, VIA) is expected


def test_a_single_statement_may_stand_alone_and_documents_add_up() -> None:
    documents = [{"Statement": allow(Action="ssm:*")}, {"Statement": allow()}]

    assert permissions.allowed(documents, GET, SECRET)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({}, True),
        ({"Principal": {"Service": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]}}, True),
        ({"Principal": {"Service": "ec2.amazonaws.com"}}, False),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, False),
        ({"Action": "sts:AssumeRoleWithWebIdentity"}, False),
        ({"Effect": "Deny"}, False),
        (condition("StringEquals", "aws:SourceAccount", "123456789012"), True),
        (condition("StringEquals", "aws:SourceAccount", "210987654321"), False),
        (condition("ArnLike", "aws:SourceArn", "arn:aws:ecs:us-east-1:123456789012:*"), True),
        (condition("ArnLike", "aws:SourceArn", "arn:aws:ecs:eu-west-1:123456789012:*"), False),
        (condition("StringEquals", "sts:ExternalId", "secret"), True),
    ],
)
def test_who_may_assume_a_role(statement: dict[str, Any], expected: bool) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
        **statement,
    }

    assert permissions.trusts({"Statement": [trust]}, "ecs-tasks.amazonaws.com", ECS) is expected


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"AWS": ROLE}, True),
        ({"AWS": [ROLE, "210987654321"]}, True),
        ("*", True),
        ({"AWS": "arn:aws:iam::123456789012:root"}, False),
        ({"Service": "ecs-tasks.amazonaws.com"}, False),
    ],
)
def test_policies_of_a_resource(principal: Any, expected: bool) -> None:
    assert permissions.names({"Statement": [allow(Principal=principal, Resource="*")]}, ROLE, GET) is expected

"""The committed policies: derived from the recordings, no wider than what is recorded a reason for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cloudsplaining.scan.policy_document import PolicyDocument

from permissions import catalogue, page, policies, rendering
from permissions.evaluation import Asked, allowed
from permissions.rendering import Place

ROLES = sorted(catalogue.data("roles"))
PLACE = Place(
    account="123456789012", region="ap-southeast-3", project="trademaster", environment="a-long-named-staging"
)
ACCOUNT = f"{PLACE.region}:{PLACE.account}"
NAME = f"{PLACE.project}-{PLACE.environment}"
OURS = {"aws:ResourceTag/Project": PLACE.project, "aws:ResourceTag/Environment": PLACE.environment}
THEIRS = {"aws:ResourceTag/Project": PLACE.project, "aws:ResourceTag/Environment": "production"}


def documents(role: str) -> list[dict[str, Any]]:
    return rendering.rendered(rendering.committed(role), PLACE)


def statements(role: str) -> Iterator[dict[str, Any]]:
    for document in documents(role):
        yield from document["Statement"]


@pytest.mark.parametrize("role", ROLES)
def test_policies_are_what_the_recordings_ask_for(role: str) -> None:
    derived = [policies.text(document) for document in policies.documents(policies.actions(role))]
    committed = [path.read_text() for path in rendering.committed(role)]
    assert committed == derived, "make policies"


def test_the_page_tells_of_them() -> None:
    assert (policies.POLICIES / "README.md").read_text() == page.page(), "make policies"


@pytest.mark.parametrize("role", ROLES)
def test_policies_fit_into_what_a_role_can_have(role: str) -> None:
    assert 0 < len(documents(role)) <= 10


@pytest.mark.parametrize("role", ROLES)
def test_every_action_is_one_that_iam_has(role: str) -> None:
    named = {action for statement in statements(role) for action in statement["Action"]}
    assert [action for action in sorted(named) if not catalogue.known(action)] == []


@pytest.mark.parametrize("role", ROLES)
def test_no_action_is_allowed_for_all_resources_without_a_reason(role: str) -> None:
    """Reads that AWS answers for the account or not at all, what a tag limits, or a recorded reason."""
    unexplained = [
        action
        for statement in statements(role)
        if statement["Resource"] == ["*"] and "Condition" not in statement
        for action in statement["Action"]
        if (catalogue.kinds(action) or catalogue.access_level(action) not in ("List", "Read"))
        and not policies.reason(action)
    ]
    assert unexplained == []


@pytest.mark.parametrize("role", ROLES)
def test_what_only_an_id_names_is_held_to_our_tags(role: str) -> None:
    scopes = catalogue.data("scopes")
    by_tags = {f"arn:${{partition}}:{arn}" for arns in scopes["tagged"].values() for arn in arns}
    for path in rendering.committed(role):
        for statement in json.loads(path.read_text())["Statement"]:
            if by_tags & set(statement["Resource"]):
                assert "Tag/Environment" in json.dumps(statement.get("Condition", {})), statement


@pytest.mark.parametrize("role", ROLES)
def test_an_independent_judge_finds_no_way_to_more_rights(role: str) -> None:
    whole = PolicyDocument({"Version": "2012-10-17", "Statement": list(statements(role))})
    assert whole.allows_privilege_escalation == []
    assert whole.credentials_exposure == []
    assert whole.service_wildcard == []


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{ACCOUNT}:{rest}"


ROLE = f"arn:aws:iam::{PLACE.account}:role/{NAME}-auth/{NAME}-auth-task"


@pytest.mark.parametrize(
    ("role", "asked"),
    [
        ("ci", Asked("rds:DeleteDBInstance", arn("rds", f"db:{NAME}"), OURS)),
        ("ci", Asked("rds:ModifyDBInstance", arn("rds", f"db:{NAME}"), OURS)),
        ("ci", Asked("iam:CreateRole", ROLE)),
        ("ci", Asked("iam:PutRolePolicy", ROLE)),
        ("ci", Asked("iam:AttachRolePolicy", ROLE)),
        ("ci", Asked("iam:UpdateAssumeRolePolicy", ROLE)),
        ("ci", Asked("iam:CreateUser", f"arn:aws:iam::{PLACE.account}:user/mallory")),
        ("ci", Asked("kms:ScheduleKeyDeletion", arn("kms", "key/1"), OURS)),
        ("ci", Asked("kms:PutKeyPolicy", arn("kms", "key/1"), OURS)),
        ("ci", Asked("ec2:AuthorizeSecurityGroupIngress", arn("ec2", "security-group/sg-1"), OURS)),
        ("ci", Asked("secretsmanager:DeleteSecret", arn("secretsmanager", f"secret:{PLACE.project}/x/y-abcdef"))),
        ("ci", Asked("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:rds!db-1-abcdef"))),
        (
            "ci",
            Asked("secretsmanager:GetSecretValue", arn("secretsmanager", f"secret:{PLACE.project}/production/auth")),
        ),
        ("ci", Asked("ecs:DeleteService", arn("ecs", f"service/{NAME}/{NAME}-auth-blue"))),
        ("ci", Asked("ecs:UpdateService", arn("ecs", "service/production/auth"))),
        ("awx", Asked("rds:DeleteDBInstance", arn("rds", f"db:{NAME}"))),
        ("awx", Asked("kms:ScheduleKeyDeletion", arn("kms", "key/1"), OURS)),
        ("awx", Asked("ec2:DeleteVpc", arn("ec2", "vpc/vpc-1"), OURS)),
        ("deployer", Asked("ec2:DeleteVpc", arn("ec2", "vpc/vpc-1"), THEIRS)),
        ("deployer", Asked("kms:ScheduleKeyDeletion", arn("kms", "key/1"), THEIRS)),
        ("deployer", Asked("rds:DeleteDBInstance", arn("rds", "db:trademaster-production"))),
        ("deployer", Asked("iam:PutRolePolicy", f"arn:aws:iam::{PLACE.account}:role/admin")),
        (
            "deployer",
            Asked(
                "iam:PassRole",
                f"arn:aws:iam::{PLACE.account}:role/admin",
                {"iam:PassedToService": "ecs-tasks.amazonaws.com"},
            ),
        ),
        ("deployer", Asked("iam:PassRole", ROLE, {"iam:PassedToService": "lambda.amazonaws.com.example"})),
        (
            "deployer",
            Asked("iam:AttachRolePolicy", ROLE, {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ),
        # The way of the pipeline into the account is not theirs to change who deploy.
        *(
            (
                role,
                Asked(action, f"arn:aws:iam::{PLACE.account}:{kind}/cicd/{PLACE.project}/{PLACE.environment}/{NAME}-x"),
            )
            for role in ROLES
            for action, kind in (
                ("iam:UpdateAssumeRolePolicy", "role"),
                ("iam:PutRolePolicy", "role"),
                ("iam:CreatePolicyVersion", "policy"),
            )
        ),
        (
            "deployer",
            Asked("iam:CreateOpenIDConnectProvider", f"arn:aws:iam::{PLACE.account}:oidc-provider/example.com"),
        ),
        ("deployer", Asked("iam:CreateUser", f"arn:aws:iam::{PLACE.account}:user/mallory")),
        (
            "deployer",
            Asked(
                "ec2:CreateTags",
                arn("ec2", "vpc/vpc-1"),
                {**THEIRS, **{key.replace("Resource", "Request"): value for key, value in OURS.items()}},
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.action}-{value.resource.rpartition(':')[2]}",
)
def test_what_a_role_may_not_do(role: str, asked: Asked) -> None:
    assert not allowed(documents(role), asked)


@pytest.mark.parametrize(
    ("role", "asked"),
    [
        ("deployer", Asked("ec2:DeleteVpc", arn("ec2", "vpc/vpc-1"), OURS)),
        ("deployer", Asked("rds:ModifyDBInstance", arn("rds", f"db:{NAME}"))),
        ("deployer", Asked("iam:PassRole", ROLE, {"iam:PassedToService": "ecs-tasks.amazonaws.com"})),
        ("ci", Asked("iam:PassRole", ROLE, {"iam:PassedToService": "ecs-tasks.amazonaws.com"})),
        ("ci", Asked("ecs:UpdateService", arn("ecs", f"service/{NAME}/{NAME}-auth-blue"))),
        ("awx", Asked("ecs:UpdateService", arn("ecs", f"service/{NAME}/{NAME}-auth-blue"))),
    ],
    ids=lambda value: value if isinstance(value, str) else value.action,
)
def test_what_a_role_has_to_do(role: str, asked: Asked) -> None:
    assert allowed(documents(role), asked)


def test_an_action_without_scope_and_reason_is_refused() -> None:
    with pytest.raises(policies.Unscoped, match="ec2:StopInstances"):
        policies.grants("ec2:StopInstances")
    with pytest.raises(policies.Unscoped, match="gives no reason"):
        policies.grants("iam:CreateAccountAlias")


def test_an_action_that_iam_does_not_have_is_refused() -> None:
    with pytest.raises(catalogue.UnknownAction, match="s3:NoSuchThing"):
        policies.grants("s3:NoSuchThing")


def test_a_policy_beyond_what_iam_takes_is_refused(tmp_path: Any) -> None:
    path = tmp_path / "1.json"
    path.write_text(json.dumps({"Statement": ["x" * policies.LIMIT]}))
    with pytest.raises(ValueError, match="IAM takes 6144"):
        rendering.rendered([path], PLACE)

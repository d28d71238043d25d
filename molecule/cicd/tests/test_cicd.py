"""Who gets in, what they may do then, and what GitHub and the repository know of it."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3
import yaml

from permissions.evaluation import Asked, allowed

CLOUD = json.loads((Path(os.environ["LOCAL_CLOUD_STATE"]) / "endpoints.json").read_text())
GITHUB = CLOUD["github"]
HTTP = urllib3.PoolManager(ca_certs=CLOUD["ca"])
TOKEN = Path(GITHUB["api"]["token_file"]).read_text()
WORKFLOWS = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "checkout" / ".github" / "workflows"
ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"
REPOSITORY = GITHUB["repository"]
ECR = "arn:aws:ecr:us-east-1:123456789012:repository"
DEPLOY, READ = "molecule-cicd-deploy", "molecule-cicd-read"
OTHER, PLANS = "molecule-cicd-other-deploy", "molecule-cicd-other-read"

iam = boto3.client("iam")
published = json.loads(boto3.client("ssm").get_parameter(Name="/molecule/cicd/outputs/cicd")["Parameter"]["Value"])


def get(path: str) -> Any:
    url = f"{GITHUB['api']['url']}/repos/{REPOSITORY}/{path}"
    answer = HTTP.request("GET", url, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status == 200, answer.data
    return json.loads(answer.data)


@cache
def documents(role: str) -> list[Any]:
    """All that the role may do."""
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    found = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    for item in attached:
        version = iam.get_policy(PolicyArn=item["PolicyArn"])["Policy"]["DefaultVersionId"]
        found.append(
            iam.get_policy_version(PolicyArn=item["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"]
        )
    return found


def gets_in(role: str, subject: str, audience: str = "sts.amazonaws.com") -> bool:
    (statement,) = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Federated": [PROVIDER]}
    context = {f"{ISSUER}:sub": subject, f"{ISSUER}:aud": audience}
    return allowed(
        [{"Statement": [{**statement, "Resource": "*"}]}], Asked("sts:AssumeRoleWithWebIdentity", "*", context)
    )


@pytest.mark.parametrize(
    ("role", "subject", "expected"),
    [
        (DEPLOY, f"repo:{REPOSITORY}:environment:cicd", True),
        (DEPLOY, f"repo:{REPOSITORY}:environment:cicd-read", False),
        (DEPLOY, f"repo:{REPOSITORY}:environment:CICD", False),
        (DEPLOY, f"repo:{REPOSITORY}:ref:refs/heads/main", False),
        (DEPLOY, f"repo:{REPOSITORY}:pull_request", False),
        (DEPLOY, "repo:trademaster/payments:environment:cicd", False),
        (DEPLOY, f"repo:{REPOSITORY}-fork:environment:cicd", False),
        (READ, f"repo:{REPOSITORY}:environment:cicd-read", True),
        (READ, f"repo:{REPOSITORY}:environment:cicd", False),
        (OTHER, f"repo:{REPOSITORY.replace('/', '@5544123/')}@821093847:environment:cicd-other", True),
        (OTHER, f"repo:{REPOSITORY}:environment:cicd-other", False),
        (OTHER, "repo:trademaster/platform:environment:cicd-other", False),
        (PLANS, "repo:trademaster/platform:environment:cicd-other-read", True),
        (PLANS, f"repo:{REPOSITORY.replace('/', '@5544123/')}@821093847:environment:cicd-other-read", True),
        (PLANS, f"repo:{REPOSITORY}:environment:cicd-other-read", False),
    ],
)
def test_one_environment_of_one_repository_gets_in(role: str, subject: str, expected: bool) -> None:
    assert gets_in(role, subject) is expected
    assert not gets_in(role, subject, audience=f"https://github.com/{REPOSITORY.partition('/')[0]}")


@pytest.mark.parametrize(
    ("role", "action", "resource", "expected"),
    [
        (DEPLOY, "ecr:PutImage", f"{ECR}/molecule-auth", True),
        (DEPLOY, "ecr:PutImage", f"{ECR}/molecule-auth-2", False),
        (DEPLOY, "ecr:PutImage", f"{ECR}/molecule-platform-batch", False),
        (DEPLOY, "ecr:DeleteRepository", f"{ECR}/molecule-auth", False),
        (DEPLOY, "ecr:GetAuthorizationToken", "*", True),
        (DEPLOY, "ecs:UpdateService", "arn:aws:ecs:us-east-1:123456789012:service/molecule-cicd/auth-blue", True),
        (
            DEPLOY,
            "ecs:UpdateService",
            "arn:aws:ecs:us-east-1:123456789012:service/molecule-production/auth-blue",
            False,
        ),
        (DEPLOY, "iam:UpdateAssumeRolePolicy", "arn:aws:iam::123456789012:role/cicd/molecule/cicd/" + DEPLOY, False),
        (DEPLOY, "iam:CreatePolicyVersion", "arn:aws:iam::123456789012:policy/cicd/molecule/cicd/x", False),
        (READ, "ecs:DescribeServices", "arn:aws:ecs:us-east-1:123456789012:service/molecule-cicd/auth-blue", True),
        (READ, "ecr:PutImage", f"{ECR}/molecule-auth", False),
        (READ, "ecs:UpdateService", "arn:aws:ecs:us-east-1:123456789012:service/molecule-cicd/auth-blue", False),
        (
            READ,
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:molecule/cicd/x",
            False,
        ),
    ],
)
def test_a_role_may_do_what_its_jobs_do(role: str, action: str, resource: str, expected: bool) -> None:
    assert allowed(documents(role), Asked(action, resource)) is expected


def test_roles_and_policies_are_where_those_who_deploy_may_change_nothing() -> None:
    for role in (DEPLOY, READ):
        assert iam.get_role(RoleName=role)["Role"]["Path"] == "/cicd/molecule/cicd/"
    for policy in iam.list_policies(Scope="Local", PathPrefix="/cicd/molecule/")["Policies"]:
        assert policy["AttachmentCount"] == 1


def test_github_lets_the_branch_release_that_somebody_approved() -> None:
    environment = get("environments/cicd")
    rules = {rule["type"]: rule for rule in environment["protection_rules"]}

    assert environment["deployment_branch_policy"] == {"protected_branches": False, "custom_branch_policies": True}
    branches = get("environments/cicd/deployment-branch-policies")["branch_policies"]
    assert [(item["name"], item["type"]) for item in branches] == [("main", "branch")]
    reviewers = rules["required_reviewers"]
    assert reviewers["prevent_self_review"] is True
    who = [item["reviewer"].get("login") or item["reviewer"]["slug"] for item in reviewers["reviewers"]]
    assert sorted(who) == ["alice", "platform"]


def test_github_lets_every_pull_request_be_planned() -> None:
    environment = get("environments/cicd-read")

    assert (environment["protection_rules"], environment["deployment_branch_policy"]) == ([], None)


@pytest.mark.parametrize(("environment", "role"), [("cicd", DEPLOY), ("cicd-read", READ)])
def test_jobs_know_their_role_and_what_else_they_need(environment: str, role: str) -> None:
    variables = {item["name"]: item["value"] for item in get(f"environments/{environment}/variables")["variables"]}

    pushes = {"ECR_REPOSITORY": "molecule-auth"} if environment == "cicd" else {}
    assert variables == {
        "AWS_ROLE_ARN": iam.get_role(RoleName=role)["Role"]["Arn"],
        "AWS_REGION": "us-east-1",
        "INVENTORY": "inventories/cicd",
        **pushes,
    }
    assert variables == published["environments"][environment]


def test_workflows_call_ours_with_what_they_need_and_no_more() -> None:
    jobs = {path.stem: yaml.safe_load(path.read_text()) for path in WORKFLOWS.glob("*.yml") if path.stem != "lint"}
    ours = "trademaster/trademaster.platform/.github/workflows/{}.yml@0123456789abcdef0123456789abcdef01234567"

    assert [jobs[name]["permissions"] for name in sorted(jobs)] == [{}, {}, {}]
    assert jobs["release"]["jobs"]["release"] == {
        "uses": ours.format("release-service"),
        "permissions": {"contents": "read", "id-token": "write", "attestations": "write"},
        "secrets": {"platform-token": "${{ secrets.PLATFORM_TOKEN }}"},
        "with": {"environment": "cicd", "branches": "main", "test-command": "make test", "attest": False},
    }
    assert jobs["rollback"]["jobs"]["rollback"]["uses"] == ours.format("rollback-service")
    assert jobs["plan"]["jobs"]["plan"]["uses"] == ours.format("plan-environment")


def test_the_team_keeps_its_own_workflows() -> None:
    assert (WORKFLOWS / "lint.yml").read_text() == "name: lint\n"

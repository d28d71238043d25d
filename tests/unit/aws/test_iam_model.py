"""Planning of IAM roles."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.iam import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

TAGS = {"Project": "trademaster"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}]}
READ_ONLY = "arn:aws-cn:iam::aws:policy/ReadOnlyAccess"


def role(**options: Any) -> dict[str, Any]:
    return {"name": "web", "assume_role_policy": TRUST, **options}


def listed(**fields: Any) -> dict[str, Any]:
    return {"RoleName": "web", "Path": "/app/", "Arn": "arn:…:role/web", "AssumeRolePolicyDocument": TRUST, **fields}


def detail(**fields: Any) -> dict[str, Any]:
    return {"RoleName": "web", "Tags": [{"Key": "Project", "Value": "trademaster"}], **fields}


def planned(options: dict[str, Any], lists: list[Any], details: list[Any], **scope: Any) -> list[tuple[str, Any]]:
    desired = model.desired_states("/app/", [options] if options else [], TAGS, "aws-cn")
    current = model.current_states(lists, details, TAGS)
    changes = model.plan(current, desired, path="/app/", purge=scope.get("purge", True))
    return [(change.op, change.fields) for change in changes]


@pytest.mark.parametrize(
    ("options", "lists", "details", "expected"),
    [
        pytest.param(role(), [listed()], [detail()], [], id="nothing to do"),
        pytest.param(role(), [listed(Path="/")], [detail()], [("replace", ("path",))], id="other path"),
        pytest.param(
            role(description=""), [listed(Description="x")], [detail()], [("update", ("description",))], id="cleared"
        ),
        pytest.param(
            role(managed_policies=["ReadOnlyAccess"]),
            [listed()],
            [detail(AttachedManagedPolicies=[{"PolicyArn": READ_ONLY, "PolicyName": "ReadOnlyAccess"}])],
            [],
            id="managed policy by name",
        ),
        pytest.param(
            role(inline_policies={"logs": WRITE}), [listed()], [], [("update", ("inline_policies", "tags"))], id="stale"
        ),
        pytest.param({}, [listed()], [detail()], [("delete", ())], id="purged"),
        pytest.param({}, [listed()], [detail(Tags=[])], [], id="not ours"),
        pytest.param({}, [listed(Path="/other/")], [detail()], [], id="elsewhere"),
    ],
)
def test_plan(options: dict[str, Any], lists: list[Any], details: list[Any], expected: Any) -> None:
    assert planned(options, lists, details) == expected


def test_without_purge_nothing_is_removed() -> None:
    assert planned({}, [listed()], [detail()], purge=False) == []


@pytest.mark.parametrize(
    ("path", "roles", "variable"),
    [
        ("app", [role()], "path"),
        ("/", [role(name="white space")], "roles[0].name"),
        ("/", [role(), role()], "roles[1].name"),
        ("/", [role(assume_role_policy={})], "roles[0].assume_role_policy"),
        ("/", [role(max_session_duration=60)], "roles[0].max_session_duration"),
        ("/", [role(inline_policies={"logs": {}})], "roles[0].inline_policies.logs"),
    ],
)
def test_what_iam_would_refuse(path: str, roles: list[Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as error:
        model.desired_states(path, roles, TAGS, "aws")
    assert error.value.variable == variable


def test_only_new_policies_of_aws_are_looked_up() -> None:
    desired = model.desired_states("/app/", [role(managed_policies=["ReadOnlyAccess", "Other"])], TAGS, "aws-cn")
    attached = detail(AttachedManagedPolicies=[{"PolicyArn": READ_ONLY, "PolicyName": "ReadOnlyAccess"}])
    changes = model.plan(model.current_states([listed()], [attached], TAGS), desired, path="/app/", purge=False)
    assert model.attachments(changes) == {"arn:aws-cn:iam::aws:policy/Other": "web"}

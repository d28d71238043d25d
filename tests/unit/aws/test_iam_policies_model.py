"""Planning of customer managed policies."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.iam_policies import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

TAGS = {"Project": "trademaster"}
PATH = "/cicd/"


def allow(*actions: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}


def wanted(*actions: str) -> dict[str, Any]:
    return {"name": "read", "policy": allow(*actions)}


def there(path: str = PATH, tags: dict[str, str] = TAGS) -> dict[str, Any]:
    listed = {"PolicyName": "read", "Arn": "arn", "Path": path}
    return {"read": model.current_state(listed, allow("ecs:ListTasks", "ecs:ListServices"), tags, TAGS)}


def planned(policies: list[Any], current: dict[str, Any], *, purge: bool = True) -> list[tuple[str, Any, int]]:
    changes = model.plan(current, model.desired_states(PATH, policies, TAGS), purge=purge)
    return [(change.op, change.fields, change.level) for change in changes]


@pytest.mark.parametrize(
    ("policies", "current", "expected"),
    [
        pytest.param([wanted("ecs:ListServices", "ecs:ListTasks")], there(), [], id="in any order"),
        pytest.param([wanted("ecs:ListTasks")], there(), [("update", ("policy",), 0)], id="document"),
        pytest.param([wanted("ecs:ListTasks")], {}, [("create", ("path", "policy", "tags"), 0)], id="new"),
        pytest.param([], there(), [("delete", (), 1)], id="purged, and last"),
        pytest.param([], there(tags={}), [], id="not ours"),
    ],
)
def test_plan(policies: list[Any], current: dict[str, Any], expected: Any) -> None:
    assert planned(policies, current) == expected


def test_without_purge_nothing_is_removed() -> None:
    assert planned([], there(), purge=False) == []


def test_purge_looks_below_the_path_only() -> None:
    listed = [{"PolicyName": "read", "Path": "/other/"}, {"PolicyName": "push", "Path": "/cicd/staging/"}]
    assert [item["PolicyName"] for item in model.in_scope(listed, {}, PATH, purge=True)] == ["push"]
    assert [item["PolicyName"] for item in model.in_scope(listed, {"read": {}}, PATH, purge=False)] == ["read"]


def test_the_oldest_version_makes_room_and_the_one_that_holds_stays() -> None:
    versions = [{"VersionId": f"v{number}", "IsDefaultVersion": number == 2} for number in (10, 9, 2, 1)]
    assert model.superseded(versions) == ["v1", "v9", "v10"]


@pytest.mark.parametrize(
    ("path", "policies", "message"),
    [
        ("cicd", [], "path: 'cicd' is no path"),
        (PATH, [{"name": "white space", "policy": allow("ecs:ListTasks")}], "policies[0].name: 'white space' is no"),
        (PATH, [wanted("a:b"), wanted("a:b")], "policies[1].name: 'read' is given twice"),
        (PATH, [{"name": "read", "policy": {}}], "policies[0].policy: {} is empty"),
        (
            PATH,
            [wanted(*(f"ecs:Action{number:04}" for number in range(400)))],
            "policies[0].policy: '6885 characters' is too much",
        ),
    ],
)
def test_bad_input_is_named(path: str, policies: list[Any], message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        model.desired_states(path, policies, TAGS)
    assert str(refused.value).startswith(message)


def test_a_policy_is_not_moved() -> None:
    with pytest.raises(InvalidInput, match="path: '/cicd/' is not where read is "):
        planned([wanted("ecs:ListTasks")], there(path="/other/"))

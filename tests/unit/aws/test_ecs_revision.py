"""A copy of a revision with other images."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs.revision import copied, is_same, plan
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

VERSION = "trademaster:version"


def described(**fields: Any) -> dict[str, Any]:
    return {
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:111122223333:task-definition/app:7",
        "family": "app",
        "revision": 7,
        "status": "ACTIVE",
        "requiresAttributes": [{"name": "ecs.capability.task-eni"}],
        "compatibilities": ["EC2", "FARGATE"],
        "registeredAt": "2026-01-01",
        "registeredBy": "arn:aws:iam::111122223333:root",
        "cpu": "512",
        "somethingOfTomorrow": {"enabled": True},
        "containerDefinitions": [
            {"name": "app", "image": "example/app:1", "newField": 1},
            {"name": "proxy", "image": "example/proxy:2"},
        ],
        "tags": [{"key": "Project", "value": "p"}, {"key": VERSION, "value": "1"}],
        **fields,
    }


def test_only_the_image_differs_and_what_nobody_here_knows_stays() -> None:
    source = described()
    copy = copied(source, {"app": "example/app:2"}, {})
    assert copy == {
        "family": "app",
        "cpu": "512",
        "somethingOfTomorrow": {"enabled": True},
        "containerDefinitions": [
            {"name": "app", "image": "example/app:2", "newField": 1},
            {"name": "proxy", "image": "example/proxy:2"},
        ],
        "tags": source["tags"],
    }


def test_tags_are_added_to_those_of_the_source() -> None:
    tags = copied(described(), {}, {VERSION: "2"})["tags"]
    assert {tag["key"]: tag["value"] for tag in tags} == {"Project": "p", VERSION: "2"}


def test_a_revision_without_tags_gets_none() -> None:
    assert "tags" not in copied(described(tags=[]), {}, {})


def test_an_unknown_container_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"images\.web.*app:7, which has \['app', 'proxy'\]"):
        copied(described(), {"web": "example/web:1"}, {})


@pytest.mark.parametrize(
    ("found", "same"),
    [
        (described(), True),
        (described(tags=list(reversed(described()["tags"]))), True),
        (described(status="INACTIVE"), False),
        (described(cpu="1024"), False),
        (described(tags=[]), False),
        (described(containerDefinitions=[{"name": "app", "image": "example/app:2"}]), False),
    ],
)
def test_an_equal_active_revision_is_recognised(found: dict[str, Any], same: bool) -> None:
    assert is_same(found, copied(described(), {}, {})) is same


def test_the_plan_shows_images_and_the_tags_that_are_set() -> None:
    tags = {VERSION: "2"}
    change = plan(described(), copied(described(), {"app": "example/app:2"}, tags), tags)
    assert change.fields == ("images", "tags")
    assert change.desired["tags"] == tags

"""Contract case of ecs_task_definition_revision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

FAMILY = "contract-copied"
VERSION = "trademaster:version"


def prepared(boto: Boto) -> Mapping[str, Any]:
    """A revision with much in it that no option of the module knows."""
    registered = boto("ecs").register_task_definition(
        family=FAMILY,
        cpu="512",
        memory="1024",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        volumes=[{"name": "data"}],
        containerDefinitions=[
            {
                "name": "app",
                "image": "example/app:1.0.0",
                "environment": [{"name": "B", "value": "1"}, {"name": "A", "value": ""}],
                "healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 10},
                "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}],
                "dockerLabels": {"com.example.team_name": "platform"},
            },
            {"name": "proxy", "image": "example/proxy:2.0.0", "stopTimeout": 90},
        ],
        tags=[{"key": "Project", "value": "contract"}, {"key": VERSION, "value": "1.0.0"}],
    )
    return {"source": registered["taskDefinition"]["taskDefinitionArn"]}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A family whose name begins alike."""
    ecs = boto("ecs")
    ecs.register_task_definition(
        family=f"{FAMILY}-worker", containerDefinitions=[{"name": "app", "image": "example/app:1", "memory": 64}]
    )
    return lambda: ecs.list_task_definitions(familyPrefix=f"{FAMILY}-worker")["taskDefinitionArns"]


CASES = [
    Case(
        name="ecs_task_definition_revision",
        module="ecs_task_definition_revision",
        present={"images": {"app": "example/app:1.1.0"}, "tags": {VERSION: "1.1.0"}},
        # A revision stays: what runs may need it. Going back to the source's images is a revision, too.
        absent={"images": {"app": "example/app:1.0.0", "proxy": "example/proxy:2.0.1"}},
        edits={
            "image": {"images": {"app": "example/app:1.2.0"}},
            "another image": {"images": {"app": "example/app:1.1.0", "proxy": "example/proxy:2.1.0"}},
            "tags": {"tags": {VERSION: "1.1.0-renamed"}},
        },
        prepare=prepared,
        foreign=lookalike,
    )
]

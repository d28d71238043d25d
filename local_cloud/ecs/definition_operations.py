"""Operations of the ECS API on task definitions, where moto is too lenient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import TaskDefinitionNotFoundException
from moto.ecs.models import EC2ContainerServiceBackend, TaskDefinition
from moto.ecs.responses import EC2ContainerServiceResponse

from local_cloud.ecs import definitions
from local_cloud.ecs.requests import parameters
from local_cloud.extensions import around


@around(EC2ContainerServiceResponse, "register_task_definition")
def register_task_definition(original: Callable[..., Any], self: EC2ContainerServiceResponse) -> ActionResult:
    definitions.check(parameters(self))
    return original(self)


@around(EC2ContainerServiceBackend, "describe_task_definition")
def describe_task_definition(
    original: Callable[..., Any], self: EC2ContainerServiceBackend, task_definition_str: str
) -> TaskDefinition:
    """A family without revision means its latest active one."""
    family = task_definition_str.rpartition("/")[2]
    if ":" in family:
        return original(self, task_definition_str)
    revisions = self.task_definitions.get(family, {}).values()
    active = [revision for revision in revisions if revision.status == "ACTIVE"]
    if not active:
        raise TaskDefinitionNotFoundException
    return max(active, key=lambda revision: revision.revision)

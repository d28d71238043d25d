"""ECS: clusters and task definitions by moto, services and tasks by the data plane in `local_cloud.ecs`."""

from __future__ import annotations

import importlib

from local_cloud.ecs.current import set_engine
from local_cloud.ecs.engine import Engine
from local_cloud.runtime import Runtime

_OPERATIONS = ("cluster", "definition", "deployment", "service", "task")


def install(runtime: Runtime) -> None:
    for name in _OPERATIONS:
        importlib.import_module(f"local_cloud.ecs.{name}_operations")
    set_engine(Engine(runtime, runtime.images))

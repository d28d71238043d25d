"""The engine of this process, for the operations of the API."""

from __future__ import annotations

from local_cloud.ecs.engine import Engine

_current: list[Engine] = []


def set_engine(engine: Engine) -> None:
    _current[:] = [engine]


def engine() -> Engine:
    return _current[0]

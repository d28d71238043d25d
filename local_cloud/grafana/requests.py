"""How handlers are described, and how they read what they are given."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from local_cloud.grafana.errors import Refused
from local_cloud.grafana.identity import Identity

Handler = Callable[[web.Request, Identity], Awaitable[Any]]


@dataclass(frozen=True)
class Route:
    """`role` is the least that a caller needs. A handler answers with a response, or with what becomes JSON."""

    method: str
    path: str
    handler: Handler
    role: str


async def body(request: web.Request) -> dict[str, Any]:
    """A JSON object. Raises Refused."""
    if request.content_type != "application/json":
        raise Refused(400, "bad request data")
    try:
        given = json.loads(await request.read())
    except ValueError as error:
        raise Refused(400, "bad request data") from error
    if not isinstance(given, dict):
        raise Refused(400, "bad request data")
    return given


def number(given: MultiMapping[str], name: str) -> int:
    """0 for what is not given or is no number, as Grafana takes it."""
    try:
        return int(given.get(name, "0"))
    except ValueError:
        return 0

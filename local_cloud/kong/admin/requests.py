"""A request to an API, what it is answered with, and by whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_cloud.kong.admin import bodies
from local_cloud.kong.admin.bodies import Query
from local_cloud.kong.schema import Field


@dataclass
class Request:
    method: str
    """`GET` also for HEAD."""
    path: str
    """As it was sent, without query and trailing slash."""
    segments: tuple[str, ...]
    """Decoded."""
    query: Query
    content_type: str = ""
    body: bytes = b""

    def data(self, schema: Callable[[Mapping[str, Any]], Field]) -> dict[str, Any]:
        """The body as an object; `schema` tells the types for a form, given what it holds."""
        data, is_form = bodies.parse(self.content_type, self.body)
        if is_form:
            return bodies.from_form(schema(dict(data)), data)
        return bodies.as_object(data)


@dataclass
class Response:
    status: int = 200
    body: Any = None
    """To be written as JSON; text is JSON already."""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


Handler = Callable[[Request], Awaitable[Response]]
READ = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Route:
    """`path` has `*` for any one segment."""

    path: str
    methods: tuple[str, ...]
    handler: Handler

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(part for part in self.path.split("/") if part)


def created(text: str) -> Response:
    return Response(201, text)


def no_content() -> Response:
    return Response(204)


def allowing(methods: tuple[str, ...]) -> Response:
    """The answer to OPTIONS."""
    allowed = ", ".join(sorted(methods))
    headers = {
        "Allow": allowed,
        "Access-Control-Allow-Methods": allowed,
        "Access-Control-Allow-Headers": "Content-Type",
    }
    return Response(204, headers=headers)

"""A request to the Admin API and what it is answered with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_cloud.kong.admin import bodies
from local_cloud.kong.admin.bodies import Query
from local_cloud.kong.schema import Field


@dataclass
class Request:
    method: str
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


def created(text: str) -> Response:
    return Response(201, text)


def no_content() -> Response:
    return Response(204)

"""What the schemas of the operations demand of a body. Raises ApiError where it does not fit."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from local_cloud.github.errors import malformed
from local_cloud.github.site import Object

_NAMES = {str: "a string", int: "an integer", bool: "a boolean", list: "an array", dict: "an object"}


def record(body: Any, allowed: Collection[str], where: str = "") -> Object:
    """An object that has no other fields than these; none at all where the request had no body."""
    if body is None and not where:
        return {}
    if not isinstance(body, dict):
        raise malformed(f"For '{where or 'links/0/schema'}', {json.dumps(body)} is not an object.")
    for name in body:
        if name not in allowed:
            raise malformed(f'"{name}" is not a permitted key.')
    return body


def field(body: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    """A field of a type, or its default; null counts as omitted."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise malformed(f"For 'properties/{name}', {json.dumps(value)} is not {_NAMES[kind]}.")
    return value


def needed(body: Mapping[str, Any], name: str, kind: type) -> Any:
    if body.get(name) is None:
        raise malformed(f'"{name}" wasn\'t supplied.')
    return field(body, name, kind, None)


def one_of(body: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = field(body, name, str, default)
    if value not in allowed:
        raise malformed(f"For 'properties/{name}', {value} is not a member of {json.dumps(allowed)}.")
    return str(value)

"""What a request carries: JSON, forms with types by schema, queries."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from local_cloud.kong.errors import UnexpectedError, bad_request
from local_cloud.kong.schema import Field

MAXIMUM_BYTES = 10 * 1024 * 1024
_INDEX = re.compile(r"(?P<name>[^\[\]]+)(?P<rest>(\[[^\]]*\])*)")


class HtmlError(Exception):
    """An error that nginx answers by itself."""

    def __init__(self, status: int, reason: str, *, close: bool = False):
        super().__init__(reason)
        self.status = status
        self.title = f"{status} {reason}"
        self.close = close


async def read(request: web.BaseRequest) -> bytes:
    """Raises HtmlError when there is too much of it."""
    if (request.content_length or 0) > MAXIMUM_BYTES:
        raise HtmlError(413, "Request Entity Too Large", close=True)
    received = bytearray()
    async for chunk in request.content.iter_any():
        received += chunk
        if len(received) > MAXIMUM_BYTES:
            raise HtmlError(413, "Request Entity Too Large", close=True)
    return bytes(received)


def parse(content_type: str, body: bytes) -> tuple[Any, bool]:
    """(data, whether it is a form). Raises AdminError and HtmlError."""
    if not body or not content_type:
        return {}, False
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return from_json(body), False
    if kind == "application/x-www-form-urlencoded":
        return parse_qsl(body.decode(errors="replace"), keep_blank_values=True), True
    if kind == "multipart/form-data":
        return _multipart(content_type, body), True
    raise HtmlError(415, "Unsupported Media Type")


def from_json(body: bytes) -> Any:
    try:
        data = json.loads(body, parse_constant=_no_number)
        if rb"\u" in body:
            json.dumps(data, ensure_ascii=False).encode()  # fails for halves of surrogate pairs
        return data
    except (ValueError, RecursionError):
        raise bad_request("Cannot parse JSON body") from None


def _no_number(text: str) -> None:
    raise ValueError(text)


def as_object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise UnexpectedError
    return data


def _multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    head = b"Content-Type: " + content_type.encode() + b"\r\n\r\n"
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    found = []
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            found.append((name, payload.decode(errors="replace").rstrip("\r\n")))
    return found


# -- forms ----------------------------------------------------------------------------------------


def from_form(schema: Field, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`config.status_code=503`, `tags[]=a`, `paths[1]=/a`, `tags=a&tags=b`: nested and typed as the schema has it."""
    data: dict[str, Any] = {}
    for name, value in pairs:
        _insert(data, _parts(name), value)
    return {name: _typed(_field(schema, name), value) for name, value in data.items()}


def _parts(name: str) -> list[str]:
    parts: list[str] = []
    for piece in name.split("."):
        match = _INDEX.fullmatch(piece)
        parts.append(match["name"] if match else piece)
        if match and match["rest"]:
            parts += re.findall(r"\[([^\]]*)\]", match["rest"])
    return parts


def _insert(data: dict[str, Any], parts: list[str], value: str) -> None:
    for part in parts[:-1]:
        inner = data.get(part)
        if not isinstance(inner, dict):
            inner = data[part] = {}
        data = inner
    last = parts[-1] if parts[-1] else str(len(data) + 1)
    if last in data:
        known = data[last] if isinstance(data[last], list) else [data[last]]
        data[last] = [*known, value]
    else:
        data[last] = value


def _field(schema: Field | None, name: str) -> Field | None:
    return (schema.fields.get(name) or schema.shorthands.get(name)) if schema else None


def _typed(field: Field | None, value: Any) -> Any:
    if field is None or value == "":
        return None if value == "" else value
    if field.type in ("array", "set"):
        return [_typed(field.elements, item) for item in _items(value)]
    if field.type == "map" and isinstance(value, dict):
        return {key: _typed(field.values, item) for key, item in value.items()}
    if field.type in ("record", "foreign") and isinstance(value, dict):
        return {name: _typed(_field(field, name), item) for name, item in value.items()}
    return _scalar(field.type, value)


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value[key] for key in sorted(value, key=lambda key: int(key) if key.isdecimal() else 0)]
    return value if isinstance(value, list) else [value]


def _scalar(kind: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if kind == "boolean":
        return {"true": True, "false": False}.get(value, value)
    if kind in ("integer", "number"):
        try:
            return int(value)
        except ValueError:
            return _decimal(value)
    return value


def _decimal(value: str) -> Any:
    try:
        return float(value)
    except ValueError:
        return value


# -- queries --------------------------------------------------------------------------------------


class Query:
    """Arguments of a list."""

    def __init__(self, text: str):
        self._pairs = parse_qsl(text, keep_blank_values=True)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name]

    def get(self, name: str) -> str | None:
        values = self.all(name)
        return values[0] if values else None

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self._pairs)

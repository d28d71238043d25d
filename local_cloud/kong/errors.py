"""What the Admin API answers when something is wrong: `{name, code, message, fields}`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Errors = dict[str, Any]
"""Field → message, or the errors within; `@entity` → messages about several fields."""

ENTITY = "@entity"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class ConfigurationError(Exception):
    """A declarative configuration cannot be taken."""


class AdminError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, body: Mapping[str, Any]):
        super().__init__(body.get("message"))
        self.status = status
        self.body = body


class UnexpectedError(AdminError):
    """A request that Kong itself does not survive: it answers 500."""

    def __init__(self, message: str = "An unexpected error occurred"):
        super().__init__(500, {"message": message})


def not_found() -> AdminError:
    return AdminError(404, {"message": "Not found"})


def method_not_allowed() -> AdminError:
    return AdminError(405, {"message": "Method not allowed"})


def bad_request(message: str) -> AdminError:
    return AdminError(400, {"message": message})


def schema_violation(errors: Errors) -> AdminError:
    found = messages(errors)
    count = "schema violation" if len(found) == 1 else f"{len(found)} schema violations"
    message = f"{count} ({'; '.join(found)})"
    return AdminError(400, {"name": "schema violation", "code": 2, "message": message, "fields": errors})


def primary_key_violation(identity: str | None) -> AdminError:
    shown = "userdata: NULL" if identity is None else identity
    message = f"primary key violation on key '{{id=\"{shown}\"}}'"
    return AdminError(400, {"name": "primary key violation", "code": 3, "message": message, "fields": {"id": identity}})


def unique_violation(fields: Mapping[str, Any]) -> AdminError:
    message = f"UNIQUE violation detected on '{as_lua(fields)}'"
    body = {"name": "unique constraint violation", "code": 5, "message": message, "fields": dict(fields)}
    return AdminError(409, body)


def dangling_reference(field: str, reference: str, key: Mapping[str, Any]) -> AdminError:
    message = f"the foreign key '{as_lua(key)}' does not reference an existing '{reference}' entity."
    body = {"name": "foreign key violation", "code": 4, "message": message, "fields": {field: dict(key)}}
    return AdminError(400, body)


def still_referenced(kind: str, by: str) -> AdminError:
    message = f"an existing '{by}' entity references this '{kind}' entity"
    body = {"name": "foreign key violation", "code": 4, "message": message, "fields": {"@referenced_by": by}}
    return AdminError(400, body)


def authority_in_use(identity: str, kind: str, by: str) -> AdminError:
    message = f"ca certificate {identity} is still referenced by {kind} (id = {by})"
    return AdminError(400, {"name": "referenced by others", "code": 19, "message": message})


def unresolved_reference(errors: Errors) -> AdminError:
    found = messages(errors)
    count = "foreign key" if len(found) == 1 else f"{len(found)} foreign keys"
    message = f"{count} unresolved ({'; '.join(found)})"
    return AdminError(400, {"name": "foreign keys unresolved", "code": 13, "message": message, "fields": errors})


def missing_entity(key: Mapping[str, Any]) -> AdminError:
    message = f"could not find the entity with '{as_lua(key)}'"
    return AdminError(404, {"name": "not found", "code": 6, "message": message, "fields": dict(key)})


def invalid_option(option: str, problem: str) -> AdminError:
    message = f"invalid option ({option}: {problem})"
    body = {"name": "invalid options", "code": 11, "message": message, "options": {option: problem}}
    return AdminError(400, body)


def invalid_size(message: str) -> AdminError:
    return AdminError(400, {"name": "invalid size", "code": 9, "message": message})


def invalid_offset(offset: str) -> AdminError:
    message = f"'{offset}' is not a valid offset: bad json encoding"
    return AdminError(400, {"name": "invalid offset", "code": 7, "message": message})


# -- texts ----------------------------------------------------------------------------------------


def messages(errors: Errors) -> list[str]:
    """One text per error: entity errors first, then `field: …` and `field.part: …` in order."""
    found: list[str] = list(errors.get(ENTITY, ()))
    for field in sorted(key for key in errors if key != ENTITY):
        problem = errors[field]
        if isinstance(problem, str):
            found.append(f"{field}: {problem}")
            continue
        for part, inner in _parts(problem):
            if part == ENTITY and isinstance(inner, list):
                found.extend(f"{field}.{ENTITY}.{index}: {text}" for index, text in enumerate(inner, 1))
            else:
                found.append(f"{field}.{part}: {inner if isinstance(inner, str) else pretty(inner)}")
    return found


def _parts(problem: Mapping[str, Any] | Sequence[Any]) -> list[tuple[str, Any]]:
    if isinstance(problem, Mapping):
        return sorted(problem.items())
    return [(str(index), inner) for index, inner in enumerate(problem, 1) if inner is not None]


def pretty(value: Any, indent: str = "") -> str:
    """Nested errors over several lines, written as a Lua table."""
    inner = indent + "  "
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        lines = [f"{_key(name)} = {pretty(value[name], inner)}" for name in sorted(value)]
    else:
        lines = _positional(value, inner)
    return "{\n" + ",\n".join(inner + line for line in lines) + f"\n{indent}}}"


def _positional(values: Sequence[Any], indent: str) -> list[str]:
    dense = values[0] is not None
    lines = []
    for index, value in enumerate(values, 1):
        if value is None:
            dense = False
        elif dense:
            lines.append(pretty(value, indent))
        else:
            lines.append(f"[{index}] = {pretty(value, indent)}")
    return lines


def as_lua(value: Any) -> str:
    """On one line, keys in order: `{name="a",route=null}`."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_key(name)}={as_lua(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, Sequence):
        if None in value:
            return "{" + ",".join(f"[{i}]={as_lua(item)}" for i, item in enumerate(value, 1) if item is not None) + "}"
        return "{" + ",".join(as_lua(item) for item in value) + "}"
    return "null" if value is None else str(value).lower()


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else f"[{_quoted(name)}]"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

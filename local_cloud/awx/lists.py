"""Lists: filters of the query, order, and pages."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Sequence
from typing import Any

from local_cloud.awx.errors import refused
from local_cloud.awx.fields import Field, Flag, Reference
from local_cloud.awx.kinds import GROUPS, KINDS
from local_cloud.awx.store import Object, Store

Query = Sequence[tuple[str, str]]
Match = Callable[[Object], bool]

_RESERVED = ("page", "page_size", "format", "order", "order_by", "search", "type", "count_disabled", "no_truncate")
_PAGE = 25
_LARGEST_PAGE = 200
_SECRETS = ("inputs", "notification_configuration", "survey_spec", "password")
_COMPARISONS: dict[str, Callable[[Any, str], bool]] = {
    "exact": lambda value, wanted: str(value) == wanted,
    "iexact": lambda value, wanted: str(value).lower() == wanted.lower(),
    "contains": lambda value, wanted: wanted in str(value),
    "icontains": lambda value, wanted: wanted.lower() in str(value).lower(),
    "startswith": lambda value, wanted: str(value).startswith(wanted),
    "istartswith": lambda value, wanted: str(value).lower().startswith(wanted.lower()),
    "endswith": lambda value, wanted: str(value).endswith(wanted),
    "iendswith": lambda value, wanted: str(value).lower().endswith(wanted.lower()),
    "regex": lambda value, wanted: re.search(wanted, str(value)) is not None,
    "iregex": lambda value, wanted: re.search(wanted, str(value), re.IGNORECASE) is not None,
    "in": lambda value, wanted: str(value) in wanted.split(","),
    "gt": lambda value, wanted: _as(value, wanted) < value,
    "gte": lambda value, wanted: _as(value, wanted) <= value,
    "lt": lambda value, wanted: _as(value, wanted) > value,
    "lte": lambda value, wanted: _as(value, wanted) >= value,
}
_TRUE = ("true", "1", "yes", "t")
_FALSE = ("false", "0", "no", "f")


class Filter:
    """What of a kind, or of a group of kinds, a query asks for."""

    def __init__(self, store: Store, kind: str) -> None:
        self._store = store
        self._kind = kind

    def apply(self, items: list[Object], query: Query) -> list[Object]:
        """Raises ApiError."""
        every: list[Match] = []
        some: list[Match] = []
        for name, value in query:
            if name in _RESERVED:
                continue
            group = some if name.startswith("or__") else every
            plain = name.removeprefix("or__").removeprefix("chain__")
            match = self._match(plain.removeprefix("not__"), value)
            group.append(_not(match) if plain.startswith("not__") else match)
        found = [
            item
            for item in items
            if all(match(item) for match in every) and (not some or any(match(item) for match in some))
        ]
        return self._ordered(self._searched(self._typed(found, query), query), query)

    def _match(self, name: str, value: str) -> Match:
        path = name.split("__")
        comparison = path.pop() if len(path) > 1 and path[-1] in (*_COMPARISONS, "isnull") else "exact"
        field = self._field(path)
        if comparison == "isnull":
            wanted = _flag(value)
            return lambda item: (self._value(item, path) is None) == wanted
        if comparison == "exact" and isinstance(field, Reference):
            return self._refers(path, value)
        if comparison == "exact" and isinstance(field, Flag):
            expected = _flag(value)
            return lambda item: self._value(item, path) is expected
        if comparison in ("exact", "gt", "gte", "lt", "lte") and path[-1] == "id":
            _number(value, "id")
        if comparison in ("regex", "iregex"):
            _check_pattern(value)
        compare = _COMPARISONS[comparison]
        return lambda item: (found := self._value(item, path)) is not None and compare(found, value)

    def _refers(self, path: list[str], value: str) -> Match:
        number = None if value.lower() in ("none", "null") else _number(value, path[-1])
        return lambda item: self._value(item, path) == number

    def _field(self, path: list[str]) -> Field | None:
        """The field that a path names. Raises ApiError where there is none."""
        kind = self._kind
        for position, name in enumerate(path):
            if name in _SECRETS:
                raise refused(f"Filtering on {name} is not allowed.", 403)
            members = [KINDS[member] for member in GROUPS.get(kind, (kind,))]
            fields = [member.fields[name] for member in members if name in member.fields]
            known = name in ("id", "pk", "created", "modified", "type") or any(name in one.more for one in members)
            if not fields and not known:
                model = members[0].model if len(members) == 1 else kind.title().replace("_", "")
                raise refused(f"{model} has no field named '{name}'")
            last = fields[0] if fields else None
            if position < len(path) - 1:
                if not isinstance(last, Reference):
                    raise refused(f"No related model for field {name}.")
                kind = last.kind
        return last

    def _value(self, item: Object, path: list[str]) -> Any:
        current: Object | None = item
        for name in path[:-1]:
            number = current[name] if current else None
            current = self._store.find(self._reference(current, name), number) if current else None
        return None if current is None else current.get("id" if path[-1] == "pk" else path[-1])

    def _reference(self, item: Object, name: str) -> str:
        return next(reference.kind for field, reference in KINDS[item["type"]].references() if field == name)

    def _typed(self, items: list[Object], query: Query) -> list[Object]:
        wanted = [kind for name, value in query if name == "type" for kind in value.split(",")]
        return [item for item in items if item["type"] in wanted] if wanted else items

    def _searched(self, items: list[Object], query: Query) -> list[Object]:
        for name, value in query:
            if name == "search":
                items = [
                    item
                    for item in items
                    if any(value.lower() in str(item.get(field, "")).lower() for field in ("name", "description"))
                ]
        return items

    def _ordered(self, items: list[Object], query: Query) -> list[Object]:
        for name, value in query:
            if name in ("order", "order_by"):
                for field in reversed(value.split(",")):
                    path = field.removeprefix("-").split("__")
                    self._field(path)
                    items = sorted(
                        items,
                        key=lambda item, path=path: str(self._value(item, path)).lower(),  # type: ignore[misc]
                        reverse=field.startswith("-"),
                    )
        return items


def page(path: str, query: Query, found: list[Object]) -> tuple[list[Object], Object]:
    """The objects of the page that is asked for, and what is said of it. Raises ApiError."""
    given = dict(query)
    size = min(_positive(given.get("page_size", str(_PAGE))) or _PAGE, _LARGEST_PAGE)
    number = _positive(given.get("page", "1"))
    last = max(1, -(-len(found) // size))
    if not 1 <= number <= last:
        raise refused("Invalid page.", 404)

    def link(other: int) -> str:
        rest = [(name, value) for name, value in query if name != "page"]
        return f"{path}?{urllib.parse.urlencode([*rest, ('page', str(other))])}"

    head = {
        "count": len(found),
        "next": link(number + 1) if number < last else None,
        "previous": link(number - 1) if number > 1 else None,
    }
    return found[(number - 1) * size : number * size], head


def _not(match: Match) -> Match:
    return lambda item: not match(item)


def _as(value: Any, wanted: str) -> Any:
    return type(value)(wanted)


def _flag(text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise refused(f'Unable to parse boolean value "{text}".')
    return text.lower() in _TRUE


def _number(text: str, field: str) -> int:
    try:
        return int(text)
    except ValueError:
        if field == "id":
            raise refused(f"Field 'id' expected a number but got '{text}'.") from None
        raise refused(f"Invalid {field} id: {text}") from None


def _check_pattern(text: str) -> None:
    try:
        re.compile(text)
    except re.error as error:
        raise refused(str(error)) from None


def _positive(text: str) -> int:
    return int(text) if text.isdecimal() else 0

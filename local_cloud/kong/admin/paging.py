"""Lists in pages: ordered by id, `next` leads on."""

from __future__ import annotations

import base64
import binascii
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from local_cloud.kong.admin.bodies import Query
from local_cloud.kong.entities import live, present
from local_cloud.kong.errors import UnexpectedError, invalid_offset, invalid_option, invalid_size
from local_cloud.kong.kinds import Kind
from local_cloud.kong.schema import is_uuid
from local_cloud.kong.state import Entity, State

DEFAULT_SIZE = 100
MAXIMUM_SIZE = 1000
_MAXIMUM_TAGS = 5


def size_of(query: Query) -> int:
    given = query.all("size")
    if not given:
        return DEFAULT_SIZE
    if len(given) > 1:
        raise UnexpectedError
    try:
        size = float(given[0])
    except ValueError:
        raise invalid_size("size must be a number") from None
    if not size.is_integer() or not 1 <= size <= MAXIMUM_SIZE:
        raise invalid_size(f"size must be an integer between 1 and {MAXIMUM_SIZE}")
    return int(size)


# -- offsets --------------------------------------------------------------------------------------


def encode_offset(*parts: Any) -> str:
    text = json.dumps(list(parts), separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_offset(text: str) -> list[Any]:
    try:
        decoded = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise invalid_offset(text) from None
    if not isinstance(decoded, list) or not decoded or not is_uuid(decoded[0]):
        raise UnexpectedError
    return decoded


def offset_of(query: Query) -> list[Any] | None:
    text = query.get("offset")
    return decode_offset(text) if text else None


# -- tags -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TagFilter:
    text: str
    tags: frozenset[str]
    every: bool

    def matches(self, entity: Entity) -> bool:
        tags = set(entity.get("tags") or ())
        return self.tags <= tags if self.every else bool(self.tags & tags)


def tag_filter(query: Query) -> TagFilter | None:
    """`a,b`: both, `a/b`: either."""
    given = query.all("tags")
    if not given:
        return None
    text = ",".join(given)
    if not text:
        raise invalid_option("tags", "cannot be null")
    separator = "/" if "/" in text else ","
    tags = text.split(separator)
    if ("/" in text and "," in text) or not all(tags):
        raise invalid_option("tags", "invalid filter syntax")
    if len(tags) > _MAXIMUM_TAGS:
        raise invalid_option("tags", f"cannot query more than {_MAXIMUM_TAGS} tags")
    return TagFilter(text, frozenset(tags), separator == ",")


# -- pages ----------------------------------------------------------------------------------------


def page(state: State, kind: Kind, query: Query, path: str) -> str:
    """A page of a whole collection, as JSON text."""
    size, tags, offset = size_of(query), tag_filter(query), offset_of(query)
    entities = (item for item in state.after(kind.name, offset[0] if offset else None) if live(kind, item))
    if tags:
        entities = (entity for entity in entities if tags.matches(entity))
    kept = f"&tags={quote(tags.text, safe='')}" if tags else ""
    if "size" in query:
        kept += f"&size={size}"
    return _page(state, kind, entities, size, lambda offset: f"{path}?offset={offset}{kept}")


def page_below(state: State, kind: Kind, parent: tuple[str, str], query: Query, path: str) -> str:
    """A page of the entities that refer to a parent (field, id); its `next` keeps no size."""
    size, offset = size_of(query), offset_of(query)
    ids = state.referring(kind.name, *parent)
    entities = (state.entities[kind.name][identity] for identity in ids if not offset or identity > offset[0])
    alive = (entity for entity in entities if live(kind, entity))
    return _page(state, kind, alive, size, lambda offset: f"{path}?offset={offset}")


def _page(state: State, kind: Kind, entities: Iterator[Entity], size: int, next_path: Callable[[str], str]) -> str:
    found = list(itertools.islice(entities, size + 1))
    data = ",".join(text_of(state, kind, entity) for entity in found[:size])
    if len(found) < size or (len(found) == size and state.looks_ahead):
        return f'{{"data":[{data}],"next":null}}'
    offset = encode_offset(found[size - 1]["id"])
    return f'{{"data":[{data}],"offset":"{offset}","next":{json.dumps(next_path(offset))}}}'


def text_of(state: State, kind: Kind, entity: Entity) -> str:
    """JSON of an entity."""
    if kind.ttl or kind.name == "certificates":
        return dumps(present(state, kind, entity))
    texts = state.texts[kind.name]
    text = texts.get(entity["id"])
    if text is None:
        text = texts[entity["id"]] = dumps(present(state, kind, entity))
    return text


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# -- tags of all kinds ----------------------------------------------------------------------------


def tag_rows(state: State, kinds: list[Kind], tag: str | None) -> list[tuple[str, int, str, str]]:
    """(entity id, position of the tag, entity name, tag), in order."""
    rows = []
    for kind in kinds:
        for identity, entity in state.entities[kind.name].items():
            for position, found in enumerate(entity.get("tags") or (), 1):
                if tag in (None, found):
                    rows.append((identity, position, kind.label or kind.name, found))
    return sorted(rows)


def page_of_tags(state: State, kinds: list[Kind], tag: str | None, query: Query, path: str) -> dict[str, Any]:
    size, offset = size_of(query), offset_of(query)
    rows = tag_rows(state, kinds, tag)
    if offset:
        rows = [row for row in rows if row[:2] > (offset[0], offset[1] if len(offset) > 1 else 0)]
    data = [{"entity_id": row[0], "entity_name": row[2], "tag": row[3]} for row in rows[:size]]
    if len(rows) <= size:
        return {"data": data, "next": None}
    following = encode_offset(*rows[size - 1][:2])
    kept = f"&size={size}" if "size" in query and tag is None else ""
    return {"data": data, "offset": following, "next": f"{path}?offset={following}{kept}"}


def page_of_tags_by_kind(state: State, kinds: list[Kind], tag: str | None, query: Query, path: str) -> dict[str, Any]:
    """A node without database looks at one kind per page, so that pages may be empty."""
    name = (query.get("offset") or "").partition("|")[0]
    names = [kind.name for kind in kinds]
    index = names.index(name) if name in names else 0
    rows = tag_rows(state, kinds[index : index + 1], tag)
    data = [{"entity_id": row[0], "entity_name": row[2], "tag": row[3]} for row in rows]
    if index + 1 == len(names):
        return {"data": data, "next": None}
    following = f"{names[index + 1]}|nil"
    return {"data": data, "offset": following, "next": f"{path}?offset={quote(following)}"}

"""Collections and their entities: what all kinds have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_cloud.kong import kinds
from local_cloud.kong.admin import paging
from local_cloud.kong.admin.requests import Request, Response, created, no_content
from local_cloud.kong.entities import Catalogue, Editor, find, key_of
from local_cloud.kong.errors import (
    UnexpectedError,
    bad_request,
    method_not_allowed,
    missing_entity,
    not_found,
)
from local_cloud.kong.kinds import KINDS, Kind
from local_cloud.kong.schema import Field, is_uuid
from local_cloud.kong.state import Entity, State, Transaction
from local_cloud.kong.store import Store

# PUT by name ends in an error of Kong's own for these, with PostgreSQL.
_NO_PUT_BY_NAME = ("keys", "key_sets")


@dataclass(frozen=True)
class Place:
    """Where a path leads: a kind, perhaps below a parent (kind, its key in the path, the referring field)."""

    kind: Kind
    key: str | None = None
    parent: tuple[Kind, str, str] | None = None


@dataclass(frozen=True)
class Referred:
    """`/routes/r/service`: the entity that another one refers to."""

    kind: Kind
    key: str
    reference: str


def locate(segments: tuple[str, ...]) -> Place | Referred | None:
    kind = kinds.BY_PATH.get(segments[0]) if segments else None
    if kind is None or kind.name == "targets":
        return None
    if len(segments) <= 2:
        return Place(kind, segments[1] if len(segments) == 2 else None)
    found = kinds.below(kind.name, segments[2])
    if found and len(segments) <= 4:
        return Place(found[0], segments[3] if len(segments) == 4 else None, (kind, segments[1], found[1]))
    if len(segments) == 3 and segments[2] in kind.references:
        return Referred(kind, segments[1], segments[2])
    return None


def methods(place: Place | Referred) -> tuple[str, ...]:
    if isinstance(place, Place) and place.key is None:
        return ("GET", "HEAD", "OPTIONS", "POST")
    return ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT")


class Resources:
    def __init__(self, store: Store, catalogue: Catalogue):
        self._store = store
        self._catalogue = catalogue

    async def handle(self, request: Request, place: Place | Referred) -> Response:
        if request.method not in methods(place):
            raise method_not_allowed()
        if isinstance(place, Referred):
            return await self._referred(request, place)
        if place.key is None:
            return await (self._list if request.method == "GET" else self._create)(request, place)
        return await self._entity(request, place)

    async def _entity(self, request: Request, place: Place) -> Response:
        handlers = {"GET": self._get, "PUT": self._put, "PATCH": self._patch, "DELETE": self._delete}
        return await handlers[request.method](request, place)

    def _data(self, request: Request, kind: Kind) -> dict[str, Any]:
        def schema(given: Mapping[str, Any]) -> Field:
            return self._catalogue.schema(kind, given)[0]

        return request.data(schema)

    # -- collections ------------------------------------------------------------------------------

    async def _list(self, request: Request, place: Place) -> Response:
        state = await self._store.read()
        if place.parent:
            parent = _parent(state, place)
            assert parent
            if place.kind.name == "targets":
                return Response(200, targets_page(state, parent[1], request))
            text = paging.page_below(state, place.kind, parent, request.query, request.path)
            return Response(200, text)
        if place.kind.name == "consumers" and "custom_id" in request.query:
            return Response(200, _by_custom_id(state, request))
        return Response(200, paging.page(state, place.kind, request.query, request.path))

    async def _create(self, request: Request, place: Place) -> Response:
        data = self._data(request, place.kind)

        def operation(transaction: Transaction) -> str:
            state = transaction.state
            parent = _parent(state, place)
            if parent:
                data[parent[0]] = {"id": parent[1]}
            entity = Editor(self._catalogue, transaction).create(place.kind, data)
            return paging.text_of(state, place.kind, entity)

        return created(await self._store.write(operation))

    # -- entities ---------------------------------------------------------------------------------

    async def _get(self, request: Request, place: Place) -> Response:
        state = await self._store.read()
        entity = _find(state, place, _parent(state, place))
        if entity is None:
            raise not_found()
        return Response(200, paging.text_of(state, place.kind, entity))

    async def _put(self, request: Request, place: Place) -> Response:
        if place.kind.name == "targets":
            return await self._patch(request, place)
        data = self._data(request, place.kind)
        key = key_of(place.kind, str(place.key))
        if place.kind.name in _NO_PUT_BY_NAME and "id" not in key:
            raise UnexpectedError

        def operation(transaction: Transaction) -> str:
            state = transaction.state
            parent = _parent(state, place)
            if parent:
                data[parent[0]] = {"id": parent[1]}
            editor = Editor(self._catalogue, transaction)
            entity = self._replace(editor, place, data, parent)
            return paging.text_of(state, place.kind, entity)

        return Response(200, await self._store.write(operation))

    def _replace(self, editor: Editor, place: Place, data: dict[str, Any], parent: tuple[str, str] | None) -> Entity:
        kind = place.kind
        key = key_of(kind, str(place.key))
        if kind.name == "certificates" and not is_uuid(place.key):
            return _put_certificate_by_sni(editor, str(place.key), data)
        shared = kind.key in kind.unique or "id" in key
        # An entity of another parent moves here; where the key is unique only below its parent it is another one.
        current = find(editor.state, kind, key, None if shared else parent)
        return editor.replace(kind, key, data, current)

    async def _patch(self, request: Request, place: Place) -> Response:
        data = self._data(request, place.kind)

        def operation(transaction: Transaction) -> str:
            state = transaction.state
            current = _find(state, place, _parent(state, place))
            if current is None:
                raise not_found() if place.parent else missing_entity(key_of(place.kind, str(place.key)))
            entity = Editor(self._catalogue, transaction).change(place.kind, current, data)
            return paging.text_of(state, place.kind, entity)

        return Response(200, await self._store.write(operation))

    async def _delete(self, request: Request, place: Place) -> Response:
        def operation(transaction: Transaction) -> None:
            state = transaction.state
            current = _find(state, place, _parent(state, place))
            if current is not None:
                Editor(self._catalogue, transaction).delete(place.kind, current["id"])
            elif place.parent:
                raise not_found()

        await self._store.write(operation)
        return no_content()

    # -- the other end of a reference -------------------------------------------------------------

    async def _referred(self, request: Request, place: Referred) -> Response:
        target = KINDS[place.kind.references[place.reference]]
        state = await self._store.read()
        entity = find(state, place.kind, key_of(place.kind, place.key))
        referred = (entity or {}).get(place.reference)
        if not referred or place.kind.name == "snis":
            raise not_found()
        if request.method == "DELETE":
            raise method_not_allowed()
        return await self._entity(request, Place(target, referred["id"]))


def _parent(state: State, place: Place) -> tuple[str, str] | None:
    """(referring field, id of the parent). Raises AdminError when there is no such parent."""
    if not place.parent:
        return None
    kind, text, reference = place.parent
    parent = find(state, kind, key_of(kind, text))
    if parent is None:
        raise not_found()
    return reference, parent["id"]


def _find(state: State, place: Place, parent: tuple[str, str] | None) -> Entity | None:
    text = str(place.key)
    if place.kind.name == "certificates" and not is_uuid(text):
        holder = state.holder("snis", "name", text)
        return state.get("certificates", state.entities["snis"][holder]["certificate"]["id"]) if holder else None
    return find(state, place.kind, key_of(place.kind, text), parent)


def _put_certificate_by_sni(editor: Editor, name: str, data: dict[str, Any]) -> Entity:
    """The certificate of the SNI, or a new one. The name itself counts only where other names are given."""
    kind = KINDS["certificates"]
    holder = editor.state.holder("snis", "name", name)
    if isinstance(data.get("snis"), list) and name not in data["snis"]:
        data["snis"] = [*data["snis"], name]
    if not holder:
        data.pop("id", None)
        return editor.create(kind, data)
    identity = editor.state.entities["snis"][holder]["certificate"]["id"]
    return editor.replace(kind, {"id": identity}, data, editor.state.get("certificates", identity))


def _by_custom_id(state: State, request: Request) -> str:
    wanted = request.query.get("custom_id")
    if not wanted:
        raise bad_request("custom_id must be an unempty string")
    holder = state.holder("consumers", "custom_id", wanted)
    found = [state.entities["consumers"][holder]] if holder else []
    return paging.dumps({"data": found, "next": None})


# -- targets: newest first, pages by number ---------------------------------------------------------


def targets_of(state: State, upstream: str) -> list[Entity]:
    found = [state.entities["targets"][identity] for identity in state.referring("targets", "upstream", upstream)]
    return sorted(found, key=lambda target: (target["created_at"], target["id"]), reverse=True)


def targets_page(state: State, upstream: str, request: Request) -> str:
    size = paging.size_of(request.query)
    offset = request.query.get("offset") or "0"
    start = int(offset) if offset.isdecimal() else 0
    found = targets_of(state, upstream)[start:]
    page: dict[str, Any] = {"data": [dict(target) for target in found[:size]], "next": None}
    if len(found) > size:
        page |= {"offset": str(start + size), "next": f"{request.path}?offset={start + size}"}
    return paging.dumps(page)

"""A node without a database: all entities come from one declarative configuration."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from local_cloud.kong import errors, kinds
from local_cloud.kong.admin import bodies, paging
from local_cloud.kong.admin.requests import Request, Response, created
from local_cloud.kong.admin.resources import Place, Referred, Resources
from local_cloud.kong.entities import Catalogue, Data, finished, key_of
from local_cloud.kong.errors import AdminError, Errors, bad_request
from local_cloud.kong.kinds import KINDS, Kind
from local_cloud.kong.schema import REQUIRED, UNKNOWN, ShorthandError, fill, is_uuid, problems
from local_cloud.kong.settings import Settings
from local_cloud.kong.state import State, Transaction
from local_cloud.kong.store import MemoryStore

T = TypeVar("T")

EMPTY_HASH = "0" * 32
_VERSIONS = ("1.1", "2.1", "3.0")
_OWN_KEYS = ("_format_version", "_transform", "_comment", "_info", "_plugin_configs", "_workspace")
_NAMESPACE = uuid.UUID("fd02801f-0957-4a15-a55a-c8d9606f30b5")
_SINGULAR = {"ca_certificates": "ca_certificate", "key_sets": "key_set"}


class DeclarativeError(errors.ConfigurationError):
    """The configuration is wrong; `errors` nest as it does."""

    def __init__(self, found: Errors, items: list[Item] | None = None):
        super().__init__(message(found))
        self.errors = found
        self.items = items or []


def message(found: Errors) -> str:
    return f"declarative config is invalid: {errors.as_lua(found)}"


@dataclass
class Item:
    """One entity of the configuration, at a path of keys and positions."""

    kind: Kind
    given: Data
    path: tuple[str | int, ...]
    data: Data = field(default_factory=dict)
    """Filled in."""
    errors: Errors = field(default_factory=dict)


# -- reading --------------------------------------------------------------------------------------


def read_text(text: str) -> Any:
    """YAML, of which JSON is a part. Raises DeclarativeError."""
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.context_mark or error.problem_mark
        where = f"{mark.line + 1}:{mark.column + 1}: " if mark else ""
        problem = f"failed parsing declarative configuration: {where}{error.problem}"
        raise DeclarativeError({"error": problem}) from None


def parse(document: Any, catalogue: Catalogue) -> State:
    """Raises DeclarativeError."""
    if not isinstance(document, dict):
        raise DeclarativeError({"error": "failed parsing declarative configuration: expected an object"})
    found: Errors = _head(document)
    items = list(_items(document))
    for item in items:
        _fill(item, catalogue)
    for item in items:
        if item.errors:
            _place(found, item.path, item.errors)
    if found:
        raise DeclarativeError(found, items)
    return _connected(items)


def _head(document: Mapping[str, Any]) -> Errors:
    found: Errors = {name: UNKNOWN for name in document if name not in KINDS and name not in _OWN_KEYS}
    version = document.get("_format_version")
    if version is None:
        found["_format_version"] = REQUIRED
    elif version not in _VERSIONS:
        found["_format_version"] = f"expected one of: {', '.join(_VERSIONS)}"
    for name in document:
        if name in KINDS and not isinstance(document[name], list):
            found[name] = "expected an array"
    return found


def _items(document: Mapping[str, Any]) -> Iterator[Item]:
    for name, kind in KINDS.items():
        entries = document.get(name)
        if isinstance(entries, list):
            for position, entry in enumerate(entries):
                yield from _item(kind, entry, (name, position), {})


def _item(kind: Kind, entry: Any, path: tuple[str | int, ...], parent: Data) -> Iterator[Item]:
    """The entity and, after it, those that are nested in it."""
    if not isinstance(entry, dict):
        yield Item(kind, {}, path, errors={errors.ENTITY: ["expected a record"]})
        return
    children = _children(kind, entry)
    own = {name: value for name, value in entry.items() if name not in children}
    item = Item(kind, {**own, **parent}, path)
    item.given.setdefault("id", _identity(kind, item.given))
    yield item
    for name, (child, reference) in children.items():
        if isinstance(entry[name], list):
            for position, inner in enumerate(entry[name]):
                below = {reference: {"id": item.given["id"]}}
                named = {"name": inner} if child.name == "snis" and isinstance(inner, str) else inner
                yield from _item(child, named, (*path, name, position), below)


def _children(kind: Kind, entry: Mapping[str, Any]) -> dict[str, tuple[Kind, str]]:
    referrers = {child.name: (child, reference) for child, reference in kinds.referrers(kind.name)}
    return {name: referrers[name] for name in entry if name in referrers}


def _identity(kind: Kind, given: Mapping[str, Any]) -> str:
    """The same for the same entity in every load, where its key tells which it is."""
    namespace = uuid.uuid5(_NAMESPACE, kind.name)
    if kind.together:
        parts = [errors.as_lua(given.get(name)) for name in kind.together]
        return str(uuid.uuid5(namespace, ":".join(parts)))
    key = given.get(kind.key) if kind.key and not kind.nested else None
    return str(uuid.uuid5(namespace, key)) if isinstance(key, str) else str(uuid.uuid4())


def _fill(item: Item, catalogue: Catalogue) -> None:
    given = {name: value for name, value in item.given.items() if not (item.kind.ttl and name == "ttl")}
    for name in item.kind.references:
        if isinstance(given.get(name), str):
            # Followed when all entities are known.
            given[name] = {"id": str(uuid.UUID(int=0))}
    schema, wrong_name = catalogue.schema(item.kind, given)
    if wrong_name:
        given.pop("config", None)
    try:
        item.data = fill(schema, given, "insert")
    except ShorthandError as error:
        item.errors = error.errors
        return
    item.errors = problems(schema, item.data) | wrong_name


def _place(found: Errors, path: tuple[str | int, ...], problem: Errors) -> None:
    """Put the errors of an entity where the configuration has it."""
    at: Any = found
    for name, position in zip(path[::2], path[1::2], strict=True):
        assert isinstance(position, int)
        entries = at.setdefault(name, [])
        entries.extend([None] * (position + 1 - len(entries)))
        if entries[position] is None:
            entries[position] = {}
        at = entries[position]
    at.update(problem)


# -- connecting -----------------------------------------------------------------------------------


def _connected(items: list[Item]) -> State:
    """The entities with their references followed. Raises DeclarativeError."""
    state = State(looks_ahead=False)
    for item in items:
        duplicate = _duplicate(state, item)
        if duplicate:
            found: Errors = {}
            _place_text(found, item.path, duplicate)
            raise DeclarativeError(found, items)
        state.apply((item.kind.name, item.data["id"], item.data))
    wrong: Errors = {}
    for item in items:
        _follow(state, item, wrong)
    if wrong:
        raise DeclarativeError(wrong, items)
    linked = State(looks_ahead=False)
    for item in items:
        linked.apply((item.kind.name, item.data["id"], finished(item.kind, item.data, item.given)))
    return linked


def _duplicate(state: State, item: Item) -> str | None:
    kind = item.kind
    values = {name: item.data.get(name) for name in kind.unique}
    clash = next((f"{n} set to '{v}'" for n, v in values.items() if v and state.holder(kind.name, n, v)), None)
    if clash is None and state.get(kind.name, item.data["id"]):
        clash = f"primary key set to '{item.data['id']}'"
    return clash and f"uniqueness violation: '{kind.name}' entity with {clash} already declared"


def _place_text(found: Errors, path: tuple[str | int, ...], text: str) -> None:
    *above, name, position = path
    holder: Errors = {}
    if above:
        _place(found, tuple(above), holder)
        for outer, index in zip(above[::2], above[1::2], strict=True):
            found = found[str(outer)][index]
    assert isinstance(position, int)
    found[str(name)] = [*[None] * position, text]


def _follow(state: State, item: Item, wrong: Errors) -> None:
    for name, target in item.kind.references.items():
        value = item.given.get(name)
        if isinstance(value, str):
            identity = value if is_uuid(value) else _by_key(state, KINDS[target], value)
            if identity is None or not state.get(target, identity):
                label = str(item.given.get(item.kind.key or "id") or item.given["id"])
                text = f"invalid reference '{name}: {value}' (no such entry in '{target}')"
                wrong.setdefault(item.kind.name, {}).setdefault(label, []).append(text)
                continue
            item.data[name] = {"id": identity}


def _by_key(state: State, kind: Kind, value: str) -> str | None:
    return state.holder(kind.name, kind.key, value) if kind.key in kind.unique else None


class _Dumper(yaml.SafeDumper):
    """Writes null as `~`."""


_Dumper.add_representer(type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", "~"))


# -- the node -------------------------------------------------------------------------------------


class _RefusingStore(MemoryStore):
    """Finds out what a write would do, and refuses it if it would change anything."""

    def __init__(self, state: State, refusal: AdminError):
        super().__init__()
        self.state = state
        self._refusal = refusal

    async def write(self, operation: Callable[[Transaction], T]) -> T:
        transaction = Transaction(self.state)
        try:
            result = operation(transaction)
            if transaction.changes:
                raise self._refusal
        finally:
            transaction.take_back()
        return result


class Declarative:
    def __init__(self, store: MemoryStore, catalogue: Catalogue):
        self._store = store
        self._catalogue = catalogue
        self.hash = EMPTY_HASH
        store.state = State(looks_ahead=False)

    @property
    def loaded(self) -> bool:
        return self.hash != EMPTY_HASH

    def start(self, settings: Settings) -> None:
        """Load what the settings name. Raises DeclarativeError and OSError."""
        text = settings.declarative_config_string
        if settings.declarative_config:
            text = Path(settings.declarative_config).read_text()
        if text:
            self._take(parse(read_text(text), self._catalogue), text)

    def _take(self, state: State, text: str) -> None:
        state.version = self._store.state.version + 1
        self._store.state = state
        self.hash = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    async def show(self, request: Request) -> Response:
        document: dict[str, Any] = {"_transform": False, "_format_version": "3.0"}
        for name, found in self._store.state.entities.items():
            if found:
                document[name] = [_flat(KINDS[name], entity) for entity in found.values()]
        text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
        return Response(200, {"config": text})

    async def load(self, request: Request) -> Response:
        text, document = _document(request)
        try:
            state = parse(read_text(text) if document is None else document, self._catalogue)
        except DeclarativeError as error:
            raise _answer(error, flatten=request.query.get("flatten_errors") in ("1", "true")) from None
        self._take(state, text)
        return created(paging.dumps({name: found for name, found in state.entities.items() if found}))

    async def refuse(self, request: Request, place: Place | Referred) -> Response:
        """Anything but reading: what is wrong with the request comes first."""
        resources = Resources(_RefusingStore(self._store.state, _refusal(request, place)), self._catalogue)
        return await resources.handle(request, place)


def _document(request: Request) -> tuple[str, Any]:
    """(text, parsed document if it came as JSON)."""
    kind = request.content_type.partition(";")[0].strip().lower()
    text = request.body.decode(errors="replace")
    if not text.strip():
        raise bad_request("expected a declarative configuration")
    if kind in ("text/yaml", "application/yaml", "text/x-yaml"):
        return text, None
    data, _ = bodies.parse(request.content_type, request.body)
    if isinstance(data, list):
        data = dict(data)
    if isinstance(data, dict) and isinstance(data.get("config"), str):
        return data["config"], None
    if not data:
        raise bad_request("expected a declarative configuration")
    return text, data


def _flat(kind: Kind, entity: Mapping[str, Any]) -> Data:
    flat = dict(entity)
    for name in kind.references:
        if flat.get(name):
            flat[name] = flat[name]["id"]
    return flat


def _refusal(request: Request, place: Place | Referred) -> AdminError:
    kind = place.kind if isinstance(place, Place) else KINDS[place.kind.references[place.reference]]
    verbs = {"POST": "create", "PUT": "create or update", "PATCH": "update", "DELETE": "delete"}
    by = ""
    if isinstance(place, Place) and place.key is not None:
        (name,) = key_of(kind, place.key)
        by = f" by '{name}'" if name != "id" else ""
    text = f"cannot {verbs[request.method]} '{kind.name}' entities{by} when not using a database"
    return AdminError(405, {"name": "operation unsupported", "code": 12, "message": text})


def _answer(error: DeclarativeError, *, flatten: bool) -> AdminError:
    body: dict[str, Any] = {"name": "invalid declarative configuration", "code": 14}
    if not flatten:
        return AdminError(400, body | {"message": str(error), "fields": error.errors})
    rest = {name: value for name, value in error.errors.items() if name not in KINDS}
    flattened = [_flattened(item) for item in reversed(error.items) if item.errors]
    return AdminError(400, body | {"message": message(rest), "fields": rest, "flattened_errors": flattened})


def _flattened(item: Item) -> dict[str, Any]:
    given = {name: value for name, value in item.given.items() if name != "id" or value != item.data.get("id")}
    entry: dict[str, Any] = {
        "entity_type": _SINGULAR.get(item.kind.name, item.kind.name.removesuffix("s")),
        "entity": item.given if _declared(item) else given,
        "errors": list(_flat_errors(item.errors)),
    }
    for name, label in (("id", "entity_id"), ("name", "entity_name"), ("tags", "entity_tags")):
        if entry["entity"].get(name):
            entry[label] = entry["entity"][name]
    return entry


def _declared(item: Item) -> bool:
    """Whether the configuration gives the id."""
    return item.given.get("id") != _identity(item.kind, {k: v for k, v in item.given.items() if k != "id"})


def _flat_errors(found: Errors, path: str = "") -> Iterator[dict[str, str]]:
    for name, problem in found.items():
        if name == errors.ENTITY:
            yield from ({"type": "entity", "message": text} for text in problem)
        elif isinstance(problem, str):
            yield {"type": "field", "field": f"{path}{name}", "message": problem}
        elif isinstance(problem, Mapping):
            yield from _flat_errors(dict(problem), f"{path}{name}.")
        else:
            numbered = {str(index): text for index, text in enumerate(problem, 1) if text is not None}
            yield from _flat_errors(numbered, f"{path}{name}.")

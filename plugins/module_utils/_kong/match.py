# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which entity of a gateway is meant by which of a file, and the ids that references stand for. Pure.

An entity is known by its id where the file gives one that exists, by its natural key otherwise, and by another unique
field where only that is left: a consumer with a new name and the old `custom_id` has been renamed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from .._core.errors import InvalidInput
from .entities import KINDS, Entity, Kind
from .files import Listed
from .find import address
from .state import Collected, Handle

Identity = tuple[Any, ...]
# What others refer to comes before them.
ORDER = sorted(KINDS, key=lambda name: name == "plugins")
OWNED_BY_SERVER = ("id", "updated_at")


@dataclass(slots=True)
class Wanted:
    """An entity of the file: its `fields` as they are sent, its id, and what is there of it."""

    kind: Kind
    path: str
    fields: dict[str, Any]
    id: str
    current: Entity | None


def identity(kind: Kind, key: tuple[str, ...], entity: Entity) -> Identity | None:
    """The values of a unique key, None where the entity has none."""
    values = tuple(_plain(name, entity.get(name)) for name in key)
    if None not in values:
        return values
    partly = kind.optional_keys and len(key) > 1 and values[0] is not None
    return values if partly else None


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get("id")
    if value is None:
        return None
    if name == "target":
        return address(str(value))
    return " ".join(str(value).split()) if name == "cert" else value


def unresolved(entities: Iterable[Listed], current: Collected) -> set[Handle]:
    """References to what is neither in the file nor among what was read."""
    listed = list(entities)
    known = {
        (item.collection, name, item.fields[name])
        for item in listed
        for name in (*KINDS[item.collection].handles, "id")
        if isinstance(item.fields.get(name), str)
    }
    for collection, found in current.items():
        for entity in found.values():
            known.update((collection, name, entity.get(name)) for name in (*KINDS[collection].handles, "id"))
    return {handle for item in listed for _field, handle in _references(item)} - known


def _references(item: Listed) -> Iterator[tuple[str, Handle]]:
    for name, collection in KINDS[item.collection].references.items():
        value = item.fields.get(name)
        for one in value if isinstance(value, list) else [value]:
            handle = _handle(collection, one)
            if handle is not None:
                yield name, handle


def _handle(collection: str, value: Any) -> Handle | None:
    if isinstance(value, str):
        return collection, "id", value
    if not isinstance(value, Mapping):
        return None
    given = {name: item for name, item in value.items() if item is not None}
    name = "id" if "id" in given else next(iter(given), "id")
    return (collection, name, str(given[name])) if given else None


def match(
    entities: Iterable[Listed], current: Collected, foreign: Mapping[Handle, Entity], tags: Collection[str] = ()
) -> list[Wanted]:
    """The entities of a file, parents first, each with the one that is there and with references by id.

    `foreign` holds what is referred to and not ours, `tags` are added to every entity. Raises `InvalidInput` for a
    reference to nothing.
    """
    by_kind: dict[str, list[Listed]] = {}
    for item in entities:
        by_kind.setdefault(item.collection, []).append(item)
    ids: dict[Handle, str] = {handle: entity["id"] for handle, entity in foreign.items()}
    for collection, found in current.items():
        for entity_id, entity in found.items():
            for name in (*KINDS[collection].handles, "id"):
                if isinstance(entity.get(name), str):
                    ids[collection, name, entity[name]] = entity_id
    snis = _snis(by_kind.get("snis", ()), current.get("snis", {}))
    wanted: list[Wanted] = []
    for collection in ORDER:
        if collection in by_kind:
            matcher = _Matcher(KINDS[collection], current.get(collection, {}), ids, snis)
            wanted += matcher.run(by_kind[collection], set(tags))
    return wanted


def keep_weights(wanted: Iterable[Wanted]) -> list[Wanted]:
    """The same, with the weight that a target has in place of the one of the file."""
    return [
        replace(item, fields={**item.fields, "weight": item.current["weight"]})
        if item.kind.collection == "targets" and item.current is not None
        else item
        for item in wanted
    ]


def predecessors(wanted: Any, current: Any, secrets: Collection[str]) -> Iterator[str]:
    """What stands now where one of `secrets` is wanted: a secret as well, that was valid up to now."""
    if isinstance(wanted, Mapping):
        for name, value in wanted.items():
            yield from predecessors(value, current.get(name) if isinstance(current, Mapping) else None, secrets)
    elif isinstance(wanted, list):
        if any(value in secrets for value in wanted) and isinstance(current, list):
            yield from (text for text in current if isinstance(text, str))
    elif wanted in secrets and isinstance(current, str):
        yield current


def _snis(listed: Iterable[Listed], current: Mapping[str, Entity]) -> dict[str, str]:
    """Which certificate of the gateway one of the file stands for, as they are for the same server name."""
    owners = {entity["name"]: entity["certificate"]["id"] for entity in current.values()}
    found: dict[str, str] = {}
    for item in listed:
        owner = owners.get(item.fields.get("name", ""))
        handle = _handle("certificates", item.fields.get("certificate"))
        if owner and handle:
            found.setdefault(handle[2], owner)
    return found


class _Matcher:
    """The entities of one kind."""

    def __init__(
        self, kind: Kind, current: Mapping[str, Entity], ids: dict[Handle, str], snis: Mapping[str, str]
    ) -> None:
        self.kind = kind
        self.current = current
        self.ids = ids
        self.snis = snis
        self.free = dict.fromkeys(current)

    def run(self, listed: list[Listed], tags: set[str]) -> list[Wanted]:
        found = [(item, self._fields(item, tags)) for item in listed]
        chosen: list[str | None] = [None] * len(found)
        for way in self._ways():
            for index, (item, fields) in enumerate(found):
                if chosen[index] is None:
                    entity_id = way(item, fields)
                    if entity_id in self.free:
                        chosen[index] = entity_id
                        del self.free[entity_id]
        return [self._wanted(item, fields, chosen[index]) for index, (item, fields) in enumerate(found)]

    def _ways(self) -> Iterator[Callable[[Listed, dict[str, Any]], str | None]]:
        """How an entity may be known, the surest way first."""
        yield lambda item, _fields: item.fields.get("id")
        if self.kind.collection == "certificates":
            yield lambda item, _fields: self.snis.get(str(item.fields.get("id")))
        for key in self.kind.keys:
            yield self._by_key(key)
        if self.kind.generated and "consumer" in self.kind.references:
            yield self._keyless

    def _by_key(self, key: tuple[str, ...]) -> Callable[[Listed, dict[str, Any]], str | None]:
        known = {identity(self.kind, key, entity): name for name, entity in self.current.items()}
        known.pop(None, None)
        return lambda _item, fields: known.get(identity(self.kind, key, fields)) if known else None

    def _keyless(self, _item: Listed, fields: dict[str, Any]) -> str | None:
        """A credential whose key Kong made up: any of the consumer that nobody else claims."""
        if fields.get(self.kind.keys[0][0]) is not None:
            return None
        return next((name for name in self.free if self.current[name]["consumer"] == fields["consumer"]), None)

    def _fields(self, item: Listed, tags: set[str]) -> dict[str, Any]:
        fields = {name: value for name, value in item.fields.items() if name not in OWNED_BY_SERVER}
        for name, collection in self.kind.references.items():
            if fields.get(name) is not None:
                fields[name] = self._resolved(collection, fields[name], f"{item.path}.{name}")
        if tags:
            given = fields.get("tags") or []
            fields["tags"] = [*given, *sorted(tags - set(given))]
        return fields

    def _resolved(self, collection: str, value: Any, path: str) -> Any:
        if isinstance(value, list):
            return [self._id(collection, item, f"{path}[{index}]") for index, item in enumerate(value)]
        return {"id": self._id(collection, value, path)}

    def _id(self, collection: str, value: Any, path: str) -> str:
        handle = _handle(collection, value)
        if handle is None or handle not in self.ids:
            shown = value if isinstance(value, str) else next(iter(dict(value).values()), None)
            noun = KINDS[collection].noun
            raise InvalidInput(path, shown, f"refers to a {noun} that is neither given here nor on the gateway")
        return self.ids[handle]

    def _wanted(self, item: Listed, fields: dict[str, Any], entity_id: str | None) -> Wanted:
        found = self.current[entity_id] if entity_id else None
        final = entity_id or item.fields.get("id") or self._new_id(item, fields)
        for name in (*self.kind.handles, "id"):
            if isinstance(item.fields.get(name), str):
                self.ids[self.kind.collection, name, item.fields[name]] = final
        return Wanted(self.kind, item.path, fields, final, found)

    def _new_id(self, item: Listed, fields: dict[str, Any]) -> str:
        """An id that is the same whenever the entity is made. One of a secret would tell something of it."""
        key = next((found for key in self.kind.keys if (found := identity(self.kind, key, fields))), None)
        if key is None and not self.kind.generated:
            raise InvalidInput(
                f"{item.path}.name", None, "is missing: without name and id, no later run would find it again"
            )
        if key is None or set(self.kind.keys[0]) & set(self.kind.secret):
            return str(uuid4())
        made = str(uuid5(NAMESPACE_URL, f"kong:{self.kind.collection}:{':'.join(map(str, key))}"))
        return made if made not in self.current else str(uuid5(NAMESPACE_URL, f"{made}:again"))

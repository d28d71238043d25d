"""All entities of one version in memory, with the indexes that constraints and lists need."""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterator, Mapping
from typing import Any

from local_cloud.kong.kinds import KINDS, Kind

Entity = Mapping[str, Any]
Change = tuple[str, str, Entity | None]
"""Kind, id, and what it has become: None when it is gone."""


class State:
    def __init__(self, *, looks_ahead: bool = True) -> None:
        """Without looking ahead a full page has a next one, even if that is empty: lists of a node without database."""
        self.looks_ahead = looks_ahead
        self.version = 0
        self.entities: dict[str, dict[str, Entity]] = {name: {} for name in KINDS}
        self.texts: dict[str, dict[str, str]] = {name: {} for name in KINDS}
        """JSON of entities by id, as far as it has been asked for."""
        self._ids: dict[str, list[str]] = {name: [] for name in KINDS}
        self._unique: dict[tuple[str, str], dict[Any, str]] = {}
        self._together: dict[str, dict[tuple[Any, ...], str]] = {name: {} for name in KINDS}
        self._referring: dict[tuple[str, str], dict[str, set[str]]] = {}
        for kind in KINDS.values():
            self._unique.update({(kind.name, name): {} for name in kind.unique})
            self._referring.update({(kind.name, name): {} for name in kind.references})

    # -- reading ----------------------------------------------------------------------------------

    def get(self, kind: str, identity: str) -> Entity | None:
        return self.entities[kind].get(identity)

    def holder(self, kind: str, name: str, value: Any) -> str | None:
        """Id of the entity with that value in a unique field."""
        return self._unique[kind, name].get(_hashable(value))

    def holder_together(self, kind: Kind, entity: Entity) -> str | None:
        return self._together[kind.name].get(_together(kind, entity)) if kind.together else None

    def after(self, kind: str, last: str | None) -> Iterator[Entity]:
        """In order of ids, beyond `last`."""
        ids = self._ids[kind]
        start = bisect.bisect_right(ids, last) if last else 0
        entities = self.entities[kind]
        return (entities[ids[index]] for index in range(start, len(ids)))

    def referring(self, kind: str, reference: str, identity: str) -> list[str]:
        """Ids of the entities that refer to an entity, in order."""
        return sorted(self._referring[kind, reference].get(identity, ()))

    # -- writing ----------------------------------------------------------------------------------

    def apply(self, change: Change) -> Change:
        """Returns the change that takes it back."""
        kind, identity, entity = change
        self.texts[kind].pop(identity, None)
        before = self.entities[kind].get(identity)
        if before is not None:
            self._forget(KINDS[kind], before)
        if entity is not None:
            self._remember(KINDS[kind], entity)
        return kind, identity, before

    def _remember(self, kind: Kind, entity: Entity) -> None:
        identity = entity["id"]
        self.entities[kind.name][identity] = entity
        bisect.insort(self._ids[kind.name], identity)
        for name in kind.unique:
            value = _hashable(entity.get(name))
            if value is not None:
                self._unique[kind.name, name][value] = identity
        if kind.together:
            self._together[kind.name][_together(kind, entity)] = identity
        for name in kind.references:
            if entity.get(name):
                self._referring[kind.name, name].setdefault(entity[name]["id"], set()).add(identity)

    def _forget(self, kind: Kind, entity: Entity) -> None:
        identity = entity["id"]
        del self.entities[kind.name][identity]
        ids = self._ids[kind.name]
        del ids[bisect.bisect_left(ids, identity)]
        for name in kind.unique:
            self._unique[kind.name, name].pop(_hashable(entity.get(name)), None)
        if kind.together:
            del self._together[kind.name][_together(kind, entity)]
        for name in kind.references:
            if entity.get(name):
                holders = self._referring[kind.name, name]
                holders[entity[name]["id"]].discard(identity)
                if not holders[entity[name]["id"]]:
                    del holders[entity[name]["id"]]


def _hashable(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value


def _together(kind: Kind, entity: Entity) -> tuple[Any, ...]:
    return tuple(_hashable(entity.get(name)) for name in kind.together)


class Transaction:
    """Changes of a state that take effect at once and can be taken back."""

    def __init__(self, state: State):
        self.state = state
        self.changes: list[Change] = []
        self._before: list[Change] = []

    def put(self, kind: str, entity: Entity) -> None:
        self._apply((kind, entity["id"], entity))

    def remove(self, kind: str, identity: str) -> None:
        self._apply((kind, identity, None))

    def _apply(self, change: Change) -> None:
        self._before.append(self.state.apply(change))
        self.changes.append(change)

    @property
    def mark(self) -> int:
        return len(self.changes)

    def take_back(self, mark: int = 0) -> None:
        """Undo everything since `mark`."""
        while len(self.changes) > mark:
            self.changes.pop()
            self.state.apply(self._before.pop())

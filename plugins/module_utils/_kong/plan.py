# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what is desired and what is there to the calls that make one of the other. Everything in this file is pure.

Order: values that others are waiting for are given up first, then entities are created and changed, parents and what
protects them first; what is no longer wanted goes after that, children first, and what cannot be undone comes last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

from .._core.changes import Change
from .._core.errors import InvalidInput
from .._core.redact import Secret
from . import meaning
from .entities import KINDS, Entity, Kind, children, level
from .match import Identity, Wanted, identity
from .meaning import merged
from .schemas import Schemas
from .state import Collected

# The fields that Step has of Change are not seen by pylint.
# pylint: disable=redundant-keyword-arg

FREEING = -1
REMOVING = {"routes": 10, "certificates": 12, "ca_certificates": 12, "vaults": 12}
REMOVING_PARENTS = 11
REMOVING_CHILDREN = 10
BEYOND_RECALL = 20

Method = Literal["POST", "PUT", "PATCH", "DELETE"]
Row = tuple[Kind, Entity]


@dataclass(frozen=True)
class Step(Change):
    """A change as a call: how, what is sent, and what there was, to which undoing it goes back.

    `cascade` are the entities that a deletion takes along. `lost` says what undoing cannot bring back.
    """

    row: Kind = KINDS["services"]
    method: Method = "PUT"
    id: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    was: Entity = field(default_factory=dict)
    cascade: tuple[Row, ...] = ()
    lost: str = ""
    path: str = ""
    secrets: tuple[str, ...] = ()

    @property
    def target(self) -> Entity:
        """What the path of the call is made of."""
        return {**self.body, **self.was, "id": self.id}


@dataclass(frozen=True)
class Plan:
    """The calls, and the changes that they bring about, which are more where a deletion takes others along."""

    steps: tuple[Step, ...]
    changes: tuple[Change, ...]
    unchanged: Mapping[str, int]


def plan(wanted: Sequence[Wanted], current: Collected, schemas: Schemas, *, purge: bool, absent: bool = False) -> Plan:
    """What makes the desired state. With `purge`, what is there and not wanted goes; with `absent`, what is listed."""
    return _Planner(wanted, current, schemas, purge=purge, absent=absent).run()


def creations(wanted: Sequence[Wanted]) -> tuple[Change, ...]:
    """All that a gateway would be given that is not there yet. Without its schemas, no values are shown."""
    names = _Names(wanted, {})
    return tuple(
        Change("create", item.kind.noun, names.of(item.kind, item.fields, item.id), after={}) for item in wanted
    )


class _Planner:
    def __init__(
        self, wanted: Sequence[Wanted], current: Collected, schemas: Schemas, *, purge: bool, absent: bool
    ) -> None:
        self.wanted = () if absent else tuple(wanted)
        self.current = current
        self.schemas = schemas
        self.unchanged: dict[str, int] = {}
        self.names = _Names(wanted, current)
        self.parked: dict[tuple[str, str], Mapping[str, Any]] = {}
        claimed = {(item.kind.collection, item.id) for item in wanted if item.current is not None}
        self.doomed: dict[tuple[str, str], Entity] = {
            (collection, entity_id): entity
            for collection, entities in (current.items() if purge or absent else ())
            for entity_id, entity in entities.items()
            if ((collection, entity_id) in claimed) == absent
        }

    def run(self) -> Plan:
        steps = [step for item in self.wanted for step in self._keep(item)]
        self._refuse_references()
        steps = _Freeing(self, steps).run()
        removals = list(self._remove({(step.row.collection, step.id) for step in steps if step.op == "delete"}))
        steps += removals
        taken = [
            Change(
                "delete", kind.noun, self.names.of(kind, entity), before=self._masked(kind, entity), level=step.level
            )
            for step in removals
            for kind, entity in step.cascade
        ]
        shown: list[Change] = [step for step in steps if step.level != FREEING or step.op == "delete"]
        return Plan(tuple(steps), (*shown, *taken), self.unchanged)

    def _keep(self, item: Wanted) -> Iterator[Step]:
        """The change that an entity of the file needs, if any."""
        if item.current is None:
            yield self.creation(item, item.fields)
            return
        schema = self.schemas.of(item.kind.collection, item.fields)
        found = list(schema.differences(meaning.comparable(item.kind, item.fields, item.current), item.current))
        if not found:
            self.unchanged[item.kind.collection] = self.unchanged.get(item.kind.collection, 0) + 1
            return
        hidden = dict(schema.secrets(item.fields)).keys() | dict(schema.secrets(item.current)).keys()
        before = {path: _hidden(path, have, hidden) for path, _want, have in found}
        after = {path: _hidden(path, want, hidden) for path, want, _have in found}
        lost = self._lost_by_change(item.kind, after)
        yield Step(
            "update",
            item.kind.noun,
            self.names.of(item.kind, item.fields, item.id),
            before,
            after,
            BEYOND_RECALL if lost else level(item.kind, item.fields),
            row=item.kind,
            method=item.kind.update,
            id=item.id,
            body=self._body(item, item.current, {path.partition(".")[0] for path in after}),
            was=item.current,
            lost=lost,
            path=item.path,
            secrets=self._secrets(item.kind, item.fields),
        )

    def creation(self, item: Wanted, fields: Mapping[str, Any]) -> Step:
        return Step(
            "create",
            item.kind.noun,
            self.names.of(item.kind, item.fields, item.id),
            None,
            self._masked(item.kind, fields),
            level(item.kind, fields),
            row=item.kind,
            method="POST",
            id=item.id,
            body={**fields, "id": item.id},
            path=item.path,
            secrets=self._secrets(item.kind, fields),
        )

    def _body(self, item: Wanted, current: Entity, changed: Collection[str]) -> dict[str, Any]:
        """What is sent to change an entity: the whole of it with PUT, what differs with PATCH."""
        schema = self.schemas.of(item.kind.collection, item.fields)
        if item.kind.update == "PATCH":
            defaults = {name: row.default for name, row in schema.fields.items()}
            names = {*changed, *((item.kind.hashed,) if "consumer" in changed else ())} - {""}
            return {name: item.fields.get(name, defaults.get(name)) for name in sorted(names)}
        kept = schema.kept(schema.translated(item.fields), current)
        return merged({**item.fields, "created_at": current["created_at"]}, kept)

    def removal(self, kind: Kind, entity: Entity, at: int, cascade: Sequence[Row] = ()) -> Step:
        lost = "; ".join(text for row, taken in ((kind, entity), *cascade) if (text := self._lost(row, taken)))
        return Step(
            "delete",
            kind.noun,
            self.names.of(kind, entity),
            self._masked(kind, entity),
            None,
            BEYOND_RECALL if lost else at,
            row=kind,
            method="DELETE",
            id=entity["id"],
            was=entity,
            cascade=tuple(cascade),
            lost=lost,
        )

    def _remove(self, gone: Collection[tuple[str, str]]) -> Iterator[Step]:
        """Deletions of what nobody wants, each with what Kong deletes along with it."""
        cascades: dict[tuple[str, str], list[Row]] = {}
        roots: list[Row] = []
        for (collection, entity_id), entity in self.doomed.items():
            kind = KINDS[collection]
            if (collection, entity_id) in gone:
                continue
            owner = self._owner(kind, entity)
            if owner is None:
                roots.append((kind, entity))
            else:
                cascades.setdefault(owner, []).append((kind, entity))
        for kind, entity in roots:
            at = REMOVING.get(kind.collection, REMOVING_PARENTS if _is_parent(kind) else REMOVING_CHILDREN)
            step = self.removal(kind, entity, at, cascades.get((kind.collection, entity["id"]), ()))
            park = self.parked.get((kind.collection, entity["id"]))
            yield replace(step, was={**entity, **park}) if park else step

    def _owner(self, kind: Kind, entity: Entity) -> tuple[str, str] | None:
        """What is deleted too and takes the entity along."""
        for name in kind.owners:
            reference = entity.get(name)
            if reference and (owner := (kind.references[name], reference["id"])) in self.doomed:
                return owner
        return None

    def _refuse_references(self) -> None:
        """What stays must not refer to what goes."""
        for item in self.wanted if self.doomed else ():
            for name, collection in item.kind.references.items():
                value = item.fields.get(name)
                for entity_id in value if isinstance(value, list) else [value["id"]] if value else []:
                    if (collection, entity_id) in self.doomed:
                        gone = self.names.of(KINDS[collection], self.doomed[collection, entity_id])
                        raise InvalidInput(
                            f"{item.path}.{name}", gone, "would be removed, as it is not listed; list it"
                        )

    def _lost(self, kind: Kind, entity: Entity) -> str:
        """What cannot be brought back once an entity is deleted."""
        if not kind.hashed or entity.get("hash_secret") is False:
            return ""
        return f"the {kind.hashed} of {kind.noun} {self.names.of(kind, entity)}, of which Kong tells the hash only"

    def _lost_by_change(self, kind: Kind, changed: Collection[str]) -> str:
        if kind.hashed and {kind.hashed, "hash_secret", "consumer"} & set(changed):
            return f"the {kind.hashed} that it had, of which Kong tells the hash only"
        return ""

    def _masked(self, kind: Kind, entity: Entity) -> dict[str, Any]:
        hidden = {path for path, _value in self.schemas.of(kind.collection, entity).secrets(entity)}
        shown = {name: value for name, value in entity.items() if value is not None and name != "updated_at"}
        return masked(shown, hidden)

    def _secrets(self, kind: Kind, entity: Entity) -> tuple[str, ...]:
        return tuple(value for _path, value in self.schemas.of(kind.collection, entity).secrets(entity))


class _Freeing:
    """Unique values that change hands: who has one gives it up before another takes it."""

    def __init__(self, planner: _Planner, steps: list[Step]) -> None:
        self.planner = planner
        self.steps = {(step.row.collection, step.id): step for step in steps}
        self.wanted = {(item.kind.collection, item.id): item for item in planner.wanted}
        self.extra: list[Step] = []
        self.freed: set[tuple[str, str]] = set()

    def run(self) -> list[Step]:
        kinds = {step.row.collection for step in self.steps.values()}
        for collection in kinds:
            kind = KINDS[collection]
            for key in kind.keys:
                self._free_key(kind, key)
        return [*self.extra, *self.steps.values()]

    def _free_key(self, kind: Kind, key: tuple[str, ...]) -> None:
        takers = {
            value: step
            for (collection, _id), step in list(self.steps.items())
            if collection == kind.collection and (value := self._taken(kind, key, step)) is not None
        }
        if not takers:
            return
        for entity_id, entity in self.planner.current.get(kind.collection, {}).items():
            value = identity(kind, key, entity)
            if value in takers and takers[value].id != entity_id:
                self._free(kind, key, entity, takers[value])

    def _taken(self, kind: Kind, key: tuple[str, ...], step: Step) -> Identity | None:
        """The value that a step gives an entity which did not have it."""
        item = self.wanted[kind.collection, step.id]
        value = identity(kind, key, item.fields)
        return None if step.was and identity(kind, key, step.was) == value else value

    def _free(self, kind: Kind, key: tuple[str, ...], holder: Entity, taker: Step) -> None:
        place = (kind.collection, holder["id"])
        if place in self.freed:
            return
        if place not in self.planner.doomed and not self._gives_up(kind, key, place, holder):
            name = self.planner.names.of(kind, holder)
            field_name = key[0] if key[0] in taker.body else key[-1]
            raise InvalidInput(f"{taker.path}.{field_name}", taker.key, f"is taken by {kind.noun} {name}, which stays")
        self.freed.add(place)
        park = _parked(kind, key, holder)
        if park is None or not (_is_parent(kind) or kind.hashed):
            self._replace(kind, holder)
        else:
            self._park(kind, holder, park)

    def _gives_up(self, kind: Kind, key: tuple[str, ...], place: tuple[str, str], holder: Entity) -> bool:
        return place in self.steps and identity(kind, key, self.wanted[place].fields) != identity(kind, key, holder)

    def _replace(self, kind: Kind, holder: Entity) -> None:
        """Delete the holder now; where it stays, it is created again later as what it is to become."""
        place = (kind.collection, holder["id"])
        self.extra.append(self.planner.removal(kind, holder, FREEING))
        changed = self.steps.get(place)
        if changed is not None:
            item = self.wanted[place]
            body = {**item.fields, **changed.body, "created_at": holder["created_at"]}
            self.steps[place] = self.planner.creation(item, body)

    def _park(self, kind: Kind, holder: Entity, park: Mapping[str, Any]) -> None:
        place = (kind.collection, holder["id"])
        before = {name: holder[name] for name in park}
        key = self.planner.names.of(kind, holder)
        step = Step("update", kind.noun, key, before, park, FREEING, row=kind, method="PATCH", id=holder["id"])
        self.extra.append(replace(step, body=park, was=holder))
        changed = self.steps.get(place)
        if changed is not None:
            self.steps[place] = replace(changed, was={**changed.was, **park})
        self.planner.parked[place] = park


class _Names:
    """What entities are called in what is shown: never by a secret."""

    def __init__(self, wanted: Iterable[Wanted], current: Collected) -> None:
        self.current = current
        self.wanted = {(item.kind.collection, item.id): item.fields for item in wanted}

    def of(self, kind: Kind, entity: Entity, entity_id: str = "") -> str:
        """The name of an entity, after that of its parent where it means nothing alone."""
        parts = []
        for name in kind.keys[0]:
            value = entity.get(name)
            if isinstance(value, Mapping):
                parts.append(self._parent(kind.references[name], value["id"]))
            elif value is not None and name not in (*kind.secret, "cert"):
                parts.append(str(value))
        if "consumer" in kind.owners and kind.collection not in {"acls", "plugins"}:
            parts.insert(0, self._parent("consumers", entity["consumer"]["id"]))
        if kind.collection == "plugins":
            return f"{parts[0]} of {' and '.join(parts[1:]) or 'all'}"
        own = entity.get("username") or entity.get("custom_id") or entity.get("kid")
        if not parts or (len(parts) == 1 and "consumer" in kind.owners):
            parts.append(str(own or self._known_id(kind, entity_id or entity.get("id"))))
        return "/".join(parts)

    def _known_id(self, kind: Kind, entity_id: Any) -> Any:
        """An id, unless it is one that is made up anew in each run until the entity is there."""
        random = set(kind.keys[0]) & set(kind.secret)
        return "new" if random and entity_id not in self.current.get(kind.collection, {}) else entity_id

    def _parent(self, collection: str, entity_id: str) -> str:
        parent = self.wanted.get((collection, entity_id)) or self.current.get(collection, {}).get(entity_id)
        named = parent and next((parent[name] for name in KINDS[collection].handles if parent.get(name)), None)
        return str(named or entity_id)


def masked(entity: Mapping[str, Any], hidden: Collection[str], path: str = "") -> dict[str, Any]:
    """A copy in which the values at the paths of `hidden` do not show."""
    if not hidden:
        return dict(entity)
    return {
        name: masked(value, hidden, f"{path}{name}.")
        if isinstance(value, Mapping)
        else _hidden(f"{path}{name}", value, hidden)
        for name, value in entity.items()
    }


def _hidden(path: str, value: Any, hidden: Collection[str]) -> Any:
    return Secret(str(value)) if value is not None and path in hidden else value


def _is_parent(kind: Kind) -> bool:
    return any(children(kind.collection))


def _parked(kind: Kind, key: tuple[str, ...], holder: Entity) -> dict[str, str] | None:
    """A value of its own for an entity whose unique value goes to another."""
    names = [name for name in key if name not in kind.references and isinstance(holder.get(name), str)]
    if kind.collection == "plugins" or not names or names[-1] == "cert":
        return None
    return {names[-1]: f"parked-{uuid5(NAMESPACE_URL, holder['id']).hex[:12]}"}

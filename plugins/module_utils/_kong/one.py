# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that manages one entity.

An option that is left out is not managed: what differs is sent with PATCH, and nothing else. An empty text, list or
map clears. References are names or ids; in check mode they may be to what an earlier task would create.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid4, uuid5

from .._core.changes import Change
from .._core.errors import InvalidInput, PlatformError
from .._core.placeholders import KNOWN_AFTER_APPLY, is_placeholder
from . import find
from .apply import apply
from .client import KongError
from .entities import KINDS, Kind
from .fields import FIELDS, UUID, VAULT_REFERENCE, check
from .meaning import comparable, expand_url, merged
from .plan import Step
from .rules import check_whole
from .schemas import Record, Schemas
from .session import Kong, Outcome

EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass
class One:
    """One entity: what is given of it, and what there is."""

    kong: Kong
    kind: Kind
    given: Mapping[str, Any]
    warnings: list[str] = field(default_factory=list)

    @cached_property
    def desired(self) -> dict[str, Any]:
        """What is given, as the Admin API takes it: references by id, no shorthand."""
        given = self.given if is_placeholder(self.given.get("url")) else expand_url(self.given)
        desired = {**given, **{name: self._referred(name) for name in self._references}}
        if "target" in desired:
            desired["target"] = find.address(desired["target"])
        return desired

    @cached_property
    def current(self) -> dict[str, Any] | None:
        if is_placeholder({name: self.desired.get(name) for name in self.kind.owners}):
            return None
        return find.entity(self.kong.client, self.kind, self.desired)

    @cached_property
    def schema(self) -> Record:
        return Schemas(self.kong.client).of(self.kind.collection, self.current or self.desired)

    @cached_property
    def key(self) -> str:
        """What a person calls the entity."""
        return find.key(self.kind, self.given)

    @property
    def _references(self) -> list[str]:
        return [name for name in self.kind.references if isinstance(self.given.get(name), str)]

    def _referred(self, name: str) -> dict[str, Any]:
        """The id of what an option refers to."""
        target, value = KINDS[self.kind.references[name]], self.given[name]
        if is_placeholder(value):
            return {"id": KNOWN_AFTER_APPLY}
        found = self.kong.client.find(f"{target.path}/{quote(value, safe='')}")
        if found is not None:
            return {"id": found["id"]}
        if self.kong.params["state"] == "absent" and name in self.kind.owners:
            return {"id": KNOWN_AFTER_APPLY}
        if not self.kong.check_mode:
            raise InvalidInput(name, value, f"is no {target.noun} that exists; create it first")
        self.warnings.append(f"{name}: {target.noun} {value} does not exist; it is taken to be made before")
        return {"id": KNOWN_AFTER_APPLY}

    def change(self) -> Change | None:
        """What there is to do, if anything."""
        if self.kong.params["state"] == "absent":
            if self.current is None:
                return None
            return Change("delete", self.kind.noun, self.key, before=self._shown(self.current))
        if self.current is None:
            return Change("create", self.kind.noun, self.key, after=self._shown(self.desired))
        found = dict(self.differences())
        if not found:
            return None
        before = {path: have for path, (_want, have) in found.items()}
        after = {path: self._named(path, want) for path, (want, _have) in found.items()}
        return Change("update", self.kind.noun, self.key, before=before, after=after)

    def differences(self) -> Iterator[tuple[str, tuple[Any, Any]]]:
        """Fields that are given and have another value: path, and what is desired and there."""
        current = self.current or {}
        desired = {name: value for name, value in self.desired.items() if name != "id"}
        for name in self.kind.derived:
            if name in desired and set(desired.pop(name)) != set(current.get(name) or ()):
                yield name, (self.desired[name], current.get(name))
        if self.kind.collection == "vaults" and isinstance(desired.get("config"), Mapping):
            # It has no schema of its own: what is left out of it is as it is.
            desired["config"] = {**(current.get("config") or {}), **desired["config"]}
        stored = {name: value for name, value in comparable(self.kind, desired, current).items() if name in desired}
        for path, want, have in self.schema.differences(stored, current, partial=True):
            if not (want in EMPTY and have in EMPTY):
                yield path, (want, have)

    def write(self, change: Change) -> dict[str, Any]:
        """Do it, or leave everything as it was; the entity as it then is."""
        client, current = self.kong.client, self.current
        if change.op == "delete":
            try:
                client.delete(self.kind.entity_path(current or {}))
            except KongError as error:
                raise PlatformError(f"{change}: {error}") from None  # the text says it all
            return {}
        step = self._step(change)
        apply(client, [step])
        return client.find(self.kind.entity_path(step.target)) or {}

    def _step(self, change: Change) -> Step:
        """The change as the one call of a plan."""
        current = self.current or {}
        made = {} if current else {**self.desired, "id": self.desired.get("id") or self._free_id()}
        body = made or self._patch()
        lost = f"the {self.kind.hashed} that it had, of which Kong tells the hash only"
        # The fields that Step has of Change are not seen by pylint.
        return Step(  # pylint: disable=redundant-keyword-arg
            change.op,
            change.kind,
            change.key,
            change.before,
            change.after,
            row=self.kind,
            method="PATCH" if current else "POST",
            id=str(current.get("id") or made["id"]),
            body=body,
            was=current,
            lost=lost if current and self.kind.hashed in body else "",
            secrets=tuple(self.secrets(self.desired, current)),
        )

    def predicted(self, change: Change | None) -> dict[str, Any]:
        """The entity as it is or, in check mode, as it would be."""
        if change is None:
            return {} if self.kong.params["state"] == "absent" else dict(self.current or {})
        if change.op == "delete":
            return {}
        if self.current is not None:
            return merged(self.current, self._patch())
        return {**self.schema.filled(self.desired), "id": self.desired.get("id") or KNOWN_AFTER_APPLY}

    def validate(self) -> None:
        """Let the rules and Kong judge the whole entity, before anything is written."""
        whole = self.desired if self.current is None else merged(self.current, self._patch())
        missing = check(self.kind.collection, self.desired, "") if self.current is None else ()
        for problem in (*missing, *check_whole(self.kind.collection, whole)):
            raise problem
        if self.current is not None:
            # What the schema does not know is for Kong to refuse.
            whole = merged(self.schema.filled(whole), self._patch())
        references = {name: {"id": self._made_id(name)} for name in self._references if is_placeholder(whole[name])}
        if is_placeholder({**whole, **references}):
            return
        body = {name: value for name, value in {**whole, **references}.items() if name != "ttl"}  # not in the schema
        try:
            self.kong.client.validate(self.kind.collection, body)
        except KongError as error:
            if error.status != 400:
                raise
            reasons = "; ".join(f"{path}: {reason}" if path else reason for path, reason in error.reasons())
            raise PlatformError(f"{self.kind.noun} {self.key}: {reasons}") from None

    def _patch(self) -> dict[str, Any]:
        body: dict[str, Any] = {}
        for path, (want, _have) in self.differences():
            *parents, last = path.split(".")
            place = body
            for name in parents:
                place = place.setdefault(name, {})
            place[last] = want
        return body

    def _free_id(self) -> str:
        """The id of a new entity: another one where an entity has it that has been renamed since.

        One that comes of a secret would tell something of it.
        """
        if set(self.kind.keys[0]) & set(self.kind.secret):
            return str(uuid4())
        made = self._made_id()
        taken = self.kong.client.find(self.kind.entity_path({**self.desired, "id": made}))
        return made if taken is None else str(uuid4())

    def _made_id(self, *more: str) -> str:
        """An id that is the same whenever the entity is made, so that a run that was cut off is taken up again."""
        parts = [self.kind.collection, *(str(self.given.get(name)) for key in self.kind.keys for name in key), *more]
        return str(uuid5(NAMESPACE_URL, "kong:" + ":".join(parts)))

    def _shown(self, entity: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._named(name, value) for name, value in entity.items()}

    def _named(self, path: str, value: Any) -> Any:
        """What is desired, with references as they are given."""
        return self.given[path] if path in self._references and value == self.desired[path] else value

    def secrets(self, *entities: Mapping[str, Any]) -> set[str]:
        found = {value for entity in entities for _path, value in self.schema.secrets(entity)}
        rows = FIELDS[self.kind.collection]
        for entity in entities:
            found |= {str(value) for name, value in entity.items() if name in rows and rows[name].secret and value}
        return {secret for secret in found if not VAULT_REFERENCE.fullmatch(secret)}


def run(kong: Kong, collection: str, result: str, options: Mapping[str, Any] | None = None) -> Outcome:
    """Bring one entity to its state.

    `result` names the return value that describes it. `options` are those of the module unless given.
    """
    one = One(kong, KINDS[collection], given_options(kong.params if options is None else options, collection))
    refuse(one)
    change = one.change()
    kong.hide(one.secrets(one.desired, one.current or {}))
    if change is not None and change.op != "delete":
        one.validate()
    entity = one.predicted(change) if change is None or kong.check_mode else one.write(change)
    kong.hide(one.secrets(entity))
    return Outcome([change] if change else [], {result: entity}, warnings=one.warnings)


def given_options(params: Mapping[str, Any], collection: str) -> dict[str, Any]:
    """The options that say something of the entity; those left out, at any depth, are not there."""
    known = FIELDS[collection]
    found = {name: value for name, value in params.items() if name in known and value is not None}
    return {name: None if value == "" else pruned(value, known[name].type) for name, value in found.items()}


def pruned(value: Any, kind: str) -> Any:
    """A record without the suboptions that were left out."""
    if kind == "record" and isinstance(value, Mapping):
        return {name: pruned(item, "record") for name, item in value.items() if item is not None}
    if kind == "list" and isinstance(value, list):
        return [pruned(item, "record") for item in value]
    return value


def refuse(one: One) -> None:
    """Options that no Kong takes, before it is asked for anything."""
    for problem in check(one.kind.collection, one.given, "", partial=True):
        raise problem
    for name in one.kind.handles:
        value = one.given.get(name)
        if isinstance(value, str) and UUID.fullmatch(value):
            raise InvalidInput(name, value, "is looked up as an id by Kong, and never found; choose another")

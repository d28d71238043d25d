"""What happens to entities: create, replace, change, delete, by the rules of their schemas and of the database.

`data` is what a client sent. Every function raises AdminError with the answer that Kong would give, and has then
changed nothing that the caller does not take back.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping
from typing import Any

from local_cloud.kong import addresses, cryptography_checks, errors, schemas
from local_cloud.kong.errors import Errors
from local_cloud.kong.kinds import KINDS, Kind, referrers
from local_cloud.kong.schema import (
    REQUIRED,
    Context,
    Field,
    ShorthandError,
    fill,
    is_uuid,
    merge,
    problems,
    with_former_names,
)
from local_cloud.kong.state import Entity, State, Transaction

Data = dict[str, Any]
Key = Mapping[str, Any]
"""`{"id": …}`, or the natural key."""

_MAXIMUM_TTL = 100_000_000
_EXPIRING = tuple(name for name, kind in KINDS.items() if kind.ttl)
_EXPIRES = "ttl"  # stored: when it expires; answered: the seconds until then


# -- finding --------------------------------------------------------------------------------------


def key_of(kind: Kind, text: str) -> Key:
    """What a part of a path stands for: anything that looks like a UUID is an id."""
    return {"id": text} if is_uuid(text) or kind.key is None else {kind.key: text}


def find(state: State, kind: Kind, key: Key, parent: tuple[str, str] | None = None) -> Entity | None:
    """`parent` is (reference, id) of the entity in whose collection to look."""
    ((name, value),) = key.items()
    entity = state.get(kind.name, value.lower()) if name == "id" else _by_key(state, kind, value, parent)
    if entity is None or _expired(kind, entity):
        return None
    if parent and (entity.get(parent[0]) or {}).get("id") != parent[1]:
        return None
    return entity


def _by_key(state: State, kind: Kind, value: str, parent: tuple[str, str] | None) -> Entity | None:
    if kind.key in kind.unique:
        holder = state.holder(kind.name, kind.key, value)
        return state.get(kind.name, holder) if holder else None
    if parent is None:
        return None
    wanted = _normal_target(value) if kind.name == "targets" else value
    for identity in state.referring(kind.name, parent[0], parent[1]):
        entity = state.entities[kind.name][identity]
        if entity[str(kind.key)] == wanted:
            return entity
    return None


def _expired(kind: Kind, entity: Entity) -> bool:
    return kind.ttl and entity.get(_EXPIRES) is not None and entity[_EXPIRES] <= time.time()


def present(state: State, kind: Kind, entity: Entity) -> dict[str, Any]:
    """The entity as the Admin API answers it."""
    if kind.name == "plugins" and entity["name"] in schemas.PLUGINS:
        return with_former_names(schemas.plugin(entity["name"]), entity)
    if kind.name == "certificates":
        return {**entity, "snis": sni_names(state, entity["id"])}
    if kind.ttl and entity.get(_EXPIRES) is not None:
        return {**entity, _EXPIRES: max(0, int(entity[_EXPIRES] - time.time()))}
    return dict(entity)


def live(kind: Kind, entity: Entity) -> bool:
    return not _expired(kind, entity)


def next_expiry(state: State) -> float:
    """When the next entity expires; infinity when none will."""
    now = time.time()
    times = (entity.get(_EXPIRES) for name in _EXPIRING for entity in state.entities[name].values())
    return min((at for at in times if at and at > now), default=math.inf)


def purge(transaction: Transaction) -> None:
    """Remove what has expired, and what belongs to it."""
    editor = Editor(Catalogue(), transaction)
    for name in _EXPIRING:
        kind = KINDS[name]
        for identity in [
            identity for identity, entity in transaction.state.entities[name].items() if _expired(kind, entity)
        ]:
            editor.delete(kind, identity)


def sni_names(state: State, certificate: str) -> list[str]:
    ids = state.referring("snis", "certificate", certificate)
    return sorted(state.entities["snis"][identity]["name"] for identity in ids)


# -- preparing ------------------------------------------------------------------------------------


class Catalogue:
    """Which plugins are enabled."""

    def __init__(self, plugins: tuple[str, ...] = ("bundled",)):
        bundled = tuple(schemas.PLUGINS) if "bundled" in plugins else ()
        self.plugins = tuple(dict.fromkeys([*bundled, *(name for name in plugins if name in schemas.PLUGINS)]))

    def schema(self, kind: Kind, data: Mapping[str, Any]) -> tuple[Field, Errors]:
        """The schema of an entity, and what is wrong with the name that chooses it."""
        if kind.name not in ("plugins", "vaults"):
            return schemas.entity(kind.name), {}
        name = data.get("name")
        known = self.plugins if kind.name == "plugins" else tuple(schemas.VAULTS)
        if name in known:
            return (schemas.plugin if kind.name == "plugins" else schemas.vault)(name), {}
        unknown = f"vault '{name}' is not installed"
        if kind.name == "plugins":
            unknown = f"plugin '{name}' not enabled; add it to the 'plugins' configuration property"
        return schemas.entity(kind.name), {"name": unknown if isinstance(name, str) else REQUIRED}


def validated(catalogue: Catalogue, state: State | None, kind: Kind, data: Mapping[str, Any], context: Context) -> Data:
    """A new entity, filled in and valid. Without a state references by name are not followed."""
    schema, wrong_name = catalogue.schema(kind, data)
    if wrong_name:
        data = {name: value for name, value in data.items() if name != "config"}
    try:
        filled = fill(schema, data, context)
    except ShorthandError as error:
        raise errors.schema_violation(error.errors) from None
    if state:
        _follow_references(state, kind, filled)
    found = problems(schema, filled) | wrong_name
    if found:
        raise errors.schema_violation(found)
    return filled


def _changed(catalogue: Catalogue, state: State, kind: Kind, current: Entity, data: Mapping[str, Any]) -> Data:
    """The entity with the change merged in, valid."""
    schema, wrong_name = catalogue.schema(kind, {**current, **data})
    try:
        change = fill(schema, data, "update")
    except ShorthandError as error:
        raise errors.schema_violation(error.errors) from None
    _follow_references(state, kind, change)
    change["id"] = current["id"]
    merged = merge(schema, current, change)
    expires = merged.pop(_EXPIRES, None) if kind.ttl else None
    found = problems(schema, merged, updating=True) | wrong_name
    if found:
        raise errors.schema_violation(found)
    return {**merged, _EXPIRES: expires} if kind.ttl else merged


def _follow_references(state: State, kind: Kind, data: Data) -> None:
    unresolved: Errors = {}
    for name, target in kind.references.items():
        value = data.get(name)
        if not isinstance(value, Mapping):
            continue
        if "id" in value:
            data[name] = {"id": value["id"]}
            continue
        unique = next((field for field in KINDS[target].unique if isinstance(value.get(field), str)), None)
        if unique is None:
            continue
        holder = state.holder(target, unique, value[unique])
        if holder:
            data[name] = {"id": holder}
        else:
            shown = errors.as_lua({unique: value[unique]})
            message = f"the foreign key cannot be resolved with '{shown}' for an existing '{target}' entity"
            unresolved[name] = {unique: message}
    if unresolved:
        raise errors.unresolved_reference(unresolved)


def finished(kind: Kind, entity: Data, given: Mapping[str, Any]) -> Data:
    """What is derived from valid data before it is stored."""
    for name in kind.references:
        if isinstance(entity.get(name), Mapping):
            entity[name] = {"id": entity[name]["id"].lower()}
    if kind.name == "targets":
        entity["target"] = _normal_target(entity["target"])
    elif kind.name == "basicauth_credentials" and "password" in given:
        salted = str(entity["password"]) + entity["consumer"]["id"]
        entity["password"] = hashlib.sha1(salted.encode(), usedforsecurity=False).hexdigest()
    elif kind.name == "ca_certificates":
        entity["cert_digest"] = cryptography_checks.digest(entity["cert"])
    return entity


def _normal_target(text: str) -> str:
    address = addresses.parse(text)
    return address.with_port(8000) if address else text


def _ttl(kind: Kind, data: Data) -> float | None:
    """Takes the time to live out of the data: when the entity expires."""
    value = data.pop(_EXPIRES, None)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAXIMUM_TTL:
        raise errors.invalid_option("ttl", f"must be an integer between 0 and {_MAXIMUM_TTL}")
    return time.time() + value if value else None


def _referred(data: Mapping[str, Any], name: str) -> str | None:
    reference = data.get(name)
    identity = reference.get("id") if isinstance(reference, Mapping) else None
    return identity if isinstance(identity, str) else None


# -- creating, replacing, changing, deleting ------------------------------------------------------


class Editor:
    """Edits entities in a transaction."""

    def __init__(self, catalogue: Catalogue, transaction: Transaction):
        self._catalogue = catalogue
        self._transaction = transaction
        self.state = transaction.state

    def create(self, kind: Kind, data: Mapping[str, Any]) -> Entity:
        data = dict(data)
        if "id" in data and data["id"] is None:
            raise errors.primary_key_violation(None)
        expires = _ttl(kind, data) if kind.ttl else None
        self._check_protocols(kind, data)
        entity = self._new(kind, data, "insert", expires)
        if self.state.get(kind.name, entity["id"]):
            raise errors.primary_key_violation(entity["id"])
        return self._store(kind, entity)

    def replace(self, kind: Kind, key: Key, data: Mapping[str, Any], current: Entity | None) -> Entity:
        """Create or replace what `key` stands for; `current` is what is there."""
        data = {name: value for name, value in data.items() if name != "id"} | dict(key)
        if current is not None:
            data["id"] = current["id"]
        expires = _ttl(kind, data) if kind.ttl else None
        self._check_protocols(kind, data)
        entity = self._new(kind, data, "upsert", expires)
        if kind.name == "certificates":
            entity["snis"] = entity["snis"] or []
        return self._store(kind, entity)

    def change(self, kind: Kind, current: Entity, data: Mapping[str, Any]) -> Entity:
        data = dict(data)
        self._check_protocols(kind, {**current, **data})
        expires = {_EXPIRES: _ttl(kind, data)} if kind.ttl and _EXPIRES in data else {}
        entity = _changed(self._catalogue, self.state, kind, current, data) | expires
        return self._store(kind, finished(kind, entity, data))

    def delete(self, kind: Kind, identity: str) -> None:
        self._refuse_if_needed(kind, identity)
        for other, reference in referrers(kind.name):
            cascades = other.cascades(reference) or (kind.name == "certificates" and other.name == "snis")
            referring = self.state.referring(other.name, reference, identity)
            if referring and not cascades:
                raise errors.still_referenced(kind.name, other.name)
            for child in referring:
                if self.state.get(other.name, child):
                    self.delete(other, child)
        self._transaction.remove(kind.name, identity)

    def _refuse_if_needed(self, kind: Kind, identity: str) -> None:
        if kind.name != "ca_certificates":
            return
        for service in self.state.entities["services"].values():
            if identity in (service.get("ca_certificates") or ()):
                raise errors.authority_in_use(identity, "services", service["id"])

    def _check_protocols(self, kind: Kind, data: Mapping[str, Any]) -> None:
        """A plugin has to share a protocol with its route, or with a route of its service."""
        protocols = data.get("protocols")
        if kind.name != "plugins" or not isinstance(protocols, list):
            return
        route, service = (_referred(data, name) for name in ("route", "service"))
        if route is not None:
            known = self.state.get("routes", route)
            routes, message = [known] if known else [], "must match the associated route's protocols"
        else:
            ids = self.state.referring("routes", "service", service) if service else []
            routes = [self.state.entities["routes"][identity] for identity in ids]
            message = "must match the protocols of at least one route pointing to this Plugin's service"
        if routes and not any(set(entity["protocols"]) & set(map(str, protocols)) for entity in routes):
            raise errors.schema_violation({"protocols": message})

    def _new(self, kind: Kind, data: Data, context: Context, expires: float | None) -> Data:
        entity = validated(self._catalogue, self.state, kind, data, context)
        entity["id"] = entity["id"].lower()
        entity = finished(kind, entity, data)
        return {**entity, _EXPIRES: expires} if kind.ttl else entity

    def _store(self, kind: Kind, entity: Data) -> Entity:
        snis = entity.pop("snis", None) if kind.name == "certificates" else None
        if snis:
            self._check_snis(entity["id"], snis)
        self._check_unique(kind, entity)
        for name, target in kind.references.items():
            if entity.get(name) and not self.state.get(target, entity[name]["id"]):
                raise errors.dangling_reference(name, target, entity[name])
        self._transaction.put(kind.name, entity)
        if snis is not None:
            self.set_snis(entity["id"], snis)
        return entity

    def _check_unique(self, kind: Kind, entity: Entity) -> None:
        for name in kind.unique:
            value = entity.get(name)
            if value is not None and self.state.holder(kind.name, name, value) not in (None, entity["id"]):
                raise errors.unique_violation({name: value})
        if kind.together and self.state.holder_together(kind, entity) not in (None, entity["id"]):
            raise errors.unique_violation({name: entity.get(name) for name in kind.together})

    # -- certificates carry the names of their SNIs ------------------------------------------------

    def _check_snis(self, certificate: str, names: list[str]) -> None:
        for name in names:
            if names.count(name) > 1:
                raise errors.schema_violation({"snis": f"{name} is duplicated"})
            holder = self.state.holder("snis", "name", name)
            owner = self.state.entities["snis"][holder]["certificate"]["id"] if holder else certificate
            if owner != certificate:
                message = f"{name} already associated with existing certificate '{owner}'"
                raise errors.schema_violation({"snis": message})

    def set_snis(self, certificate: str, names: list[str]) -> None:
        kind = KINDS["snis"]
        kept = set()
        for identity in self.state.referring("snis", "certificate", certificate):
            name = self.state.entities["snis"][identity]["name"]
            if name in names:
                kept.add(name)
            else:
                self._transaction.remove("snis", identity)
        for name in names:
            if name not in kept:
                self.create(kind, {"name": name, "certificate": {"id": certificate}})

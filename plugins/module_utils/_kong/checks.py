# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of a plan that need the gateway, made before the first write."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._core.errors import InvalidInput, PlatformError
from .._core.placeholders import is_placeholder
from .._core.redact import redact
from . import state
from .client import Client, KongError
from .entities import KINDS, Entity, Kind, children, holders
from .match import identity
from .meaning import merged
from .plan import FREEING, Step
from .state import Collected

# Judging an entity costs Kong more than storing it. Plugins are judged all, as their schemas check the most; others as
# far as they differ in more than what makes each one unique, and not without end.
MOST_OTHERS = 100
SENT_ALONE = ("id", "created_at", "updated_at", "tags")


def validate(client: Client, steps: Iterable[Step]) -> None:
    """Let Kong judge what would be written, each distinct configuration once. Raises `PlatformError` with paths."""
    distinct: dict[str, tuple[Step, Mapping[str, Any]]] = {}
    others = 0
    for step in steps:
        if step.op == "delete" or step.level == FREEING:
            continue
        body = _whole(step)
        if is_placeholder(body):
            continue
        shape = _shape(step.row, body)
        if shape in distinct or (others >= MOST_OTHERS and step.row.collection != "plugins"):
            continue
        others += step.row.collection != "plugins"
        distinct[shape] = step, body
    refusals = [text for found in client.each(lambda one: _refusals(client, *one), distinct.values()) for text in found]
    if refusals:
        raise PlatformError("; ".join(refusals), {"refused": refusals})


def _whole(step: Step) -> dict[str, Any]:
    """An entity as it would be once written."""
    body = merged(step.was, step.body) if step.method == "PATCH" else step.body
    hidden = {"created_at", "updated_at", "ttl", *step.row.derived}  # ttl is no field of the schema
    return {name: value for name, value in body.items() if name not in hidden}


def _shape(kind: Kind, body: Mapping[str, Any]) -> str:
    unique = {name for key in kind.keys for name in key} if kind.collection != "plugins" else {"instance_name"}
    regexes = any(str(path).startswith("~") for path in body.get("paths") or ())
    alone = {*SENT_ALONE, *unique, *kind.references, *(() if regexes else ("paths",))}
    scopes = sorted(name for name in kind.references if body.get(name))
    rest = {name: value for name, value in body.items() if name not in alone}
    return json.dumps([kind.collection, scopes, rest], sort_keys=True, default=str)


def _refusals(client: Client, step: Step, body: Mapping[str, Any]) -> list[str]:
    try:
        client.validate(step.row.collection, body)
    except KongError as error:
        if error.status != 400:
            raise
        return [
            redact(f"{step.path}{f'.{path}' if path else ''}: {reason}", step.secrets)
            for path, reason in error.reasons()
        ]
    return []


def spare_others(client: Client, steps: Sequence[Step], current: Collected, tags: Sequence[str]) -> None:
    """Refuse to delete what others hang on: with `tags`, what was read is only ours."""
    gone = {(step.row.collection, step.id): step for step in steps if step.op == "delete"}
    held = list(_held(current, gone, {(step.row.collection, step.id) for step in steps}))
    if held:
        raise PlatformError("; ".join(held), {"held": held})
    if not tags or not gone:
        return
    doomed = {collection for collection, _id in gone}
    kinds = {kind.collection for collection in doomed for kind, _field in (*children(collection), *holders(collection))}
    everything = state.read(client, kinds - {"targets"})
    if "targets" in kinds:
        upstreams = [entity_id for collection, entity_id in gone if collection == "upstreams"]
        everything["targets"] = state.targets(client, upstreams)
    found = list(_hanging(everything, current, gone))
    if found:
        raise PlatformError("; ".join(found), {"not_ours": found})


def refuse_taken(client: Client, steps: Sequence[Step], current: Collected, tags: Sequence[str]) -> None:
    """Refuse what needs a name, or an id, of an entity that is not ours: with `tags`, what was read is only ours."""
    writes = [step for step in steps if step.op != "delete" and step.level != FREEING] if tags else []
    if not writes:
        return
    kinds = {step.row.collection: step.row for step in writes}
    everything = state.read(client, kinds.keys() - {"targets"})
    upstreams = {step.target["upstream"]["id"] for step in writes if step.row.nested}
    everything["targets"] = state.targets(client, upstreams & current.get("upstreams", {}).keys())
    taken = [
        problem
        for collection, kind in kinds.items()
        for key in (*kind.keys, ("id",))
        for problem in _taken(kind, key, [step for step in writes if step.row is kind], everything[collection], current)
    ]
    if taken:
        raise PlatformError("; ".join(taken), {"taken": taken})


def _taken(
    kind: Kind, key: tuple[str, ...], steps: Iterable[Step], everything: Mapping[str, Entity], current: Collected
) -> Iterator[str]:
    ours = current.get(kind.collection, {})
    others = {identity(kind, key, entity): entity for name, entity in everything.items() if name not in ours}
    for step in steps:
        body = {**merged(step.was, step.body), "id": step.id}
        value = identity(kind, key, body)
        if value in others and value is not None and value != identity(kind, key, step.was):
            field = next((name for name in key if name not in kind.references), key[0])
            holder = f"{kind.noun} {_name(kind, others[value])}"
            remedy = f"is taken by {holder}, which is not ours; tag that, or choose another"
            shown = step.key if field in {*kind.secret, "cert"} else body[field]
            yield str(InvalidInput(f"{step.path}.{field}", shown, remedy))


def _held(
    current: Collected, gone: Mapping[tuple[str, str], Step], changed: Collection[tuple[str, str]]
) -> Iterator[str]:
    """What Kong would refuse to delete, as something stays that refers to it."""
    for collection in {holder.collection for kind, _id in gone for holder, _field in holders(kind)}:
        kind = KINDS[collection]
        for entity_id, entity in current.get(collection, {}).items():
            if (collection, entity_id) not in changed:
                for target in _referred(kind, entity) & gone.keys():
                    yield f"{gone[target]}: {kind.noun} {_name(kind, entity)} refers to it; remove that too"


def _hanging(everything: Collected, current: Collected, gone: Mapping[tuple[str, str], Step]) -> Iterator[str]:
    for collection, entities in everything.items():
        kind = KINDS[collection]
        for entity_id in entities.keys() - current.get(collection, {}).keys():
            for owner in _referred(kind, entities[entity_id]) & gone.keys():
                name = _name(kind, entities[entity_id])
                yield f"{gone[owner]}: {kind.noun} {name} hangs on it and is not ours; remove that first"


def _referred(kind: Kind, entity: Entity) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for name, collection in kind.references.items():
        value = entity.get(name)
        ids: Collection[str] = value if isinstance(value, list) else [value["id"]] if value else ()
        found |= {(collection, entity_id) for entity_id in ids}
    return found


def _name(kind: Kind, entity: Entity) -> str:
    named = next((entity[name] for name in ("name", "username", "group", "target") if entity.get(name)), None)
    return f"{named} ({entity['id']})" if named and kind.collection == "plugins" else str(named or entity["id"])

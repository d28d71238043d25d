# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of the module that manages the whole state of a gateway."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .._core.errors import InvalidInput, PlatformError
from .._core.placeholders import is_placeholder
from . import fields, files, state
from .apply import apply
from .checks import refuse_taken, spare_others, validate
from .entities import KINDS, SERVER_OWNED, Entity, children, holders
from .files import Document, Listed
from .lint import Finding, Target, lint
from .match import Wanted, keep_weights, match, predecessors, unresolved
from .plan import Plan, creations, plan
from .schemas import Field, Schemas
from .session import Kong, Outcome
from .state import Collected

MOST_TAGS = 5  # in one query of Kong
SHORTEST_SECRET = 8  # what is shorter would be masked out of half the text
SHOWN_PROBLEMS = 20
COUNTED = {"create": "created", "update": "updated", "replace": "updated", "delete": "deleted"}


def run(kong: Kong) -> Outcome:
    """Bring a gateway to a state, or describe the one it has."""
    wanted_state = kong.params["state"]
    document = _document(kong)
    if wanted_state == "rendered":
        _refuse(files.problems(document))
        warnings = _judge(kong, document, Target())
        return Outcome([], {"config": files.declarative(document.entities), "summary": {}}, warnings=warnings)
    tags = _tags(kong, document)
    if kong.check_mode and is_placeholder(kong.params["admin_url"]):
        return _to_come(kong, document, tags)
    if not kong.client.node.has_database:
        raise PlatformError("admin_url: this node runs without database: give it a file, rendered with state=rendered")
    if wanted_state == "gathered":
        found = state.read(kong.client, set(KINDS), tags)
        return Outcome([], {"config": files.deck(_listed(kong, found), tags), "summary": _counts(found)})
    return _converge(kong, document, tags)


def _to_come(kong: Kong, document: Document, tags: list[str]) -> Outcome:
    """What a gateway would be given that the run has still to create."""
    _refuse(files.problems(document))
    warnings = _judge(kong, document, Target())
    present = kong.params["state"] == "present"
    changes = creations(match(document.entities, {}, {}, tags)) if present else ()
    return Outcome(changes, {"summary": summary(Plan((), changes, {}))}, warnings=warnings)


def _converge(kong: Kong, document: Document, tags: list[str]) -> Outcome:
    absent = kong.params["state"] == "absent"
    everything = _is_everything(kong, document)
    warnings: list[str] = []
    if not absent:
        _refuse(files.problems(document))
        node = kong.client.node
        warnings = _judge(kong, document, Target(node.edition, node.plugins, node.lua_modules))
    current = state.read(kong.client, _collections(document, absent=absent, everything=everything), tags)
    schemas = Schemas(kong.client)
    wanted = _match(kong, document, current, tags, absent=absent)
    kong.hide({text for item in wanted for text in predecessors(item.fields, item.current, kong.secrets)})
    _load(schemas, wanted, current, everything=everything or absent)
    planned = plan(wanted, current, schemas, purge=everything, absent=absent and not everything)
    spare_others(kong.client, planned.steps, current, tags)
    refuse_taken(kong.client, planned.steps, current, tags)
    _hide_in_functions(kong, wanted, schemas)
    if kong.params["validate"]:
        validate(kong.client, planned.steps)
    if not kong.check_mode and planned.steps:
        apply(kong.client, planned.steps)
    return Outcome(planned.changes, {"summary": summary(planned)}, warnings=warnings)


def _document(kong: Kong) -> Document:
    """What the options say. The configuration itself is not echoed: it is large, and holds secrets."""
    config, src = kong.params["config"], kong.params["src"]
    kong.hide(set(kong.params["secrets"] or ()))
    if src:
        try:
            text = Path(src).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput("src", src, f"cannot be read: {error}") from error
        data, variables = files.parse(text, os.environ)
        kong.hide({value for value in variables if len(value) >= SHORTEST_SECRET})
        return files.read(data)
    if config is not None:
        kong.module.params["config"] = {
            name: f"({len(value)})" if isinstance(value, list) else "(…)" for name, value in config.items()
        }
        return files.read(config, version_required=False)
    return Document(())


def _tags(kong: Kong, document: Document) -> list[str]:
    tags = list(dict.fromkeys(kong.params["select_tags"] or document.select_tags))
    if len(tags) > MOST_TAGS:
        raise InvalidInput("select_tags", tags, f"are more than {MOST_TAGS}, which is what Kong looks for at once")
    for index, tag in enumerate(tags):
        if not tag or "," in tag or "/" in tag:
            raise InvalidInput(f"select_tags[{index}]", tag, "has to be a tag without commas and slashes")
    return tags


def _is_everything(kong: Kong, document: Document) -> bool:
    """Whether what is not listed goes. Refuses to remove all there is by an oversight."""
    absent = kong.params["state"] == "absent"
    everything = bool(kong.params["purge"]) if not absent else not document.entities
    owned = bool(kong.params["select_tags"]) and absent
    if everything and not document.entities and not owned and not kong.params["allow_empty"]:
        option = "src" if kong.params["src"] else "config"
        raise InvalidInput(
            option, None, "lists nothing, which would remove everything: set allow_empty if that is meant"
        )
    return everything


def _collections(document: Document, *, absent: bool, everything: bool) -> set[str]:
    """What has to be read: all of it, or what is listed with what it refers to and what hangs on it."""
    if everything:
        return set(KINDS)
    listed = {item.collection for item in document.entities}
    found = {*listed, *(target for name in listed for target in KINDS[name].references.values())}
    if "certificates" in listed:
        found.add("snis")
    if absent:
        found |= {kind.collection for name in listed for kind, _field in (*children(name), *holders(name))}
    return found


def _match(kong: Kong, document: Document, current: Collected, tags: list[str], *, absent: bool) -> list[Wanted]:
    foreign = state.look_up(kong.client, unresolved(document.entities, current))
    if not absent:
        found = match(document.entities, current, foreign, tags)
        return keep_weights(found) if kong.params["keep_weights"] else found
    # What refers to nothing does not exist either.
    gone = unresolved(document.entities, current) - foreign.keys()
    there = [item for item in document.entities if not (unresolved([item], current) & gone)] if gone else None
    found = match(document.entities if there is None else there, current, foreign)
    return [item for item in found if item.current is not None]


def _load(schemas: Schemas, wanted: Iterable[Wanted], current: Collected, *, everything: bool) -> None:
    """The schemas of what is compared or shown, in one go."""
    listed = list(wanted)
    collections = {item.kind.collection for item in listed}
    plugins = {str(item.fields["name"]) for item in listed if item.kind.collection == "plugins"}
    if everything:
        collections |= {name for name, entities in current.items() if entities}
        plugins |= {entity["name"] for entity in current.get("plugins", {}).values()}
    schemas.load(collections, plugins)


def _refuse(problems: Iterable[InvalidInput]) -> None:
    found = [str(problem) for problem in problems]
    if found:
        more = f"; and {len(found) - SHOWN_PROBLEMS} more" if len(found) > SHOWN_PROBLEMS else ""
        raise PlatformError("; ".join(found[:SHOWN_PROBLEMS]) + more, {"problems": found})


def _judge(kong: Kong, document: Document, target: Target) -> list[str]:
    """Warnings of the lint; its errors end the run."""
    mode = kong.params["lint"]
    issuers = kong.params["token_issuers"]
    target = replace(target, issuers=None if issuers is None else frozenset(issuers))
    findings: list[Finding] = lint(document.entities, target) if mode != "skip" else []
    errors = [str(finding) for finding in findings if finding.level == "error" and mode == "enforce"]
    if errors:
        raise PlatformError("; ".join(errors), {"lint": errors})
    return [str(finding) for finding in findings]


def _hide_in_functions(kong: Kong, wanted: Iterable[Wanted], schemas: Schemas) -> None:
    """Secrets of the state that stand inside other text, such as a key in the Lua of a plugin."""
    listed = list(wanted)
    texts = [
        str(entity.get("config"))
        for item in listed
        for entity in (item.fields, item.current or {})
        if item.kind.collection == "plugins" and str(item.fields["name"]).endswith("-function")
    ]
    secrets = {
        value
        for item in (listed if texts else ())
        if item.kind.secret
        for entity in (item.fields, item.current or {})
        for _path, value in schemas.of(item.kind.collection, item.fields).secrets(entity)
        if len(value) >= SHORTEST_SECRET
    }
    kong.hide({secret for secret in secrets if any(secret in text for text in texts)})


def summary(planned: Plan) -> dict[str, dict[str, int]]:
    """How many entities of each kind were created, updated, deleted, or left as they are."""
    collections = {kind.noun: name for name, kind in KINDS.items()}
    made: dict[str, Counter[str]] = {name: Counter(unchanged=count) for name, count in planned.unchanged.items()}
    for change in planned.changes:
        made.setdefault(collections[change.kind], Counter())[COUNTED[change.op]] += 1
    return {
        name: {count: made[name][count] for count in ("created", "updated", "deleted", "unchanged")}
        for name in KINDS
        if name in made
    }


def _counts(found: Collected) -> dict[str, int]:
    return {name: len(entities) for name, entities in found.items() if entities}


def _listed(kong: Kong, found: Collected) -> Iterator[Listed]:
    """What was read, with references by name, and without names of fields that are deprecated."""
    schemas = Schemas(kong.client)
    _load(schemas, (), found, everything=True)
    for collection in sorted(found, key=list(fields.FIELDS).index):
        for entity in found[collection].values():
            rows = schemas.of(collection, entity).fields
            own: dict[str, Any] = {name: _current(name, entity[name], rows) for name in rows if name in entity}
            kept = {name: entity[name] for name in (*SERVER_OWNED, "ttl") if name in entity}
            yield Listed(collection, {**kept, **own, **_references(collection, entity, found)}, collection)


def _current(name: str, value: Any, rows: Mapping[str, Field]) -> Any:
    """A value without the deprecated names and the nulls of its records, unless null stands against a default."""
    below = rows[name].record
    if below is None or not isinstance(value, Mapping):
        return value
    own = {inner: _current(inner, value[inner], below.fields) for inner in below.fields if inner in value}
    return {inner: item for inner, item in own.items() if item is not None or below.fields[inner].default is not None}


def _references(collection: str, entity: Entity, found: Collected) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, target in KINDS[collection].references.items():
        value = entity.get(name)
        if isinstance(value, Mapping):
            other: Mapping[str, Any] = found.get(target, {}).get(value["id"], value)
            handle = next((field for field in (*KINDS[target].handles, "id") if other.get(field)), "id")
            shown[name] = {handle: other[handle]}
    return shown

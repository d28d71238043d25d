# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Kong's schemas say of an entity: its defaults, and whether two of them mean the same.

A schema is what `GET /schemas/…` answers. It is compiled once; comparing then copies nothing, because with thousands
of entities that is where the time goes. Defaults serve to compare and are never sent. Apart from `Schemas`, which asks
a node, everything in this file is pure.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .client import NOT_KONG, Client, KongError
from .entities import KINDS, SERVER_OWNED, Kind

# Where Kong's schema names no replacement for a deprecated field that it still takes.
RENAMED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "session": {
        "cookie_lifetime": ("rolling_timeout",),
        "cookie_idletime": ("idling_timeout",),
        "cookie_samesite": ("cookie_same_site",),
        "cookie_httponly": ("cookie_http_only",),
        "cookie_discard": ("stale_ttl",),
        "cookie_persistent": ("remember",),
        "cookie_renew": (),
    },
    "opentelemetry": {"endpoint": ("traces_endpoint",)},
}
PEM = "-----BEGIN"
MISSING: Any = object()

Difference = tuple[str, Any, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `kept` is one that Kong makes up where it is left out, which no later run is to make up anew."""

    type: str
    default: Any = None
    kept: bool = False
    secret: bool = False
    record: Record | None = None
    elements: Field | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """Fields by name, and deprecated names with the path that took their place."""

    fields: Mapping[str, Field]
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def filled(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A copy with every default filled in and deprecated names translated."""
        translated = self.translated(given)
        return {name: _filled(row, translated.get(name, row.default)) for name, row in self.fields.items()}

    def translated(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was given, under the names that are not deprecated. A new name wins over a deprecated one."""
        old = self.aliases.keys() & given.keys()
        if not old:
            return given
        made = {name: value for name, value in given.items() if name not in old}
        for name in sorted(old):
            if self.aliases[name]:
                _put_below(made, self.aliases[name], given[name])
        return made

    def differences(
        self, desired: Mapping[str, Any], current: Mapping[str, Any], *, path: str = "", partial: bool = False
    ) -> Iterator[Difference]:
        """Where `current` is not what is desired: path, desired and current value.

        What is left out is desired to have its default; with `partial` it is not compared.
        """
        if self.aliases:
            desired = self.translated(desired)
        for name, row in self.fields.items():
            want = desired.get(name, MISSING)
            if want is MISSING:
                if partial or row.kept:
                    continue
                want = row.default
            have = current.get(name)
            if want != have:
                yield from _differing(row, want, have, f"{path}{name}", partial)
        if len(desired) > len(self.fields) or not desired.keys() <= self.fields.keys():
            for name in desired.keys() - self.fields.keys():
                if name not in SERVER_OWNED and desired[name] != current.get(name):
                    yield f"{path}{name}", desired[name], current.get(name)

    def secrets(self, given: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
        """Paths and values of what must not show, a deprecated name being a path more. A reference to a vault may."""
        for name in self.aliases.keys() & given.keys():
            made = self.translated({name: given[name]})
            yield from ((f"{path}{name}", value) for _path, value in self.secrets(made))
        for name, value in self.translated(given).items():
            row = self.fields.get(name)
            if row is None or value is None:
                continue
            if row.record is not None and isinstance(value, Mapping):
                yield from row.record.secrets(value, f"{path}{name}.")
            elif row.secret and isinstance(value, str) and not value.startswith("{vault://"):
                yield f"{path}{name}", value

    def kept(self, desired: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
        """What Kong has made up before and would make up anew, nested as in `current`."""
        found: dict[str, Any] = {}
        for name, row in self.fields.items():
            have = current.get(name)
            if have is None:
                continue
            if row.kept and name not in desired:
                found[name] = have
            elif row.record is not None and isinstance(have, Mapping):
                below = row.record.kept(desired.get(name) or {}, have)
                if below:
                    found[name] = below
        return found


def compile_record(
    schema: Mapping[str, Any],
    *,
    without: Collection[str] = (),
    kept: Collection[str] = (),
    unordered: Collection[str] = (),
    secret: Collection[str] = (),
    renamed: Mapping[str, tuple[str, ...]] | None = None,
) -> Record:
    """A schema or a record of one, as `GET /schemas/…` answers it."""
    fields = {
        name: _field(row, kept=name in kept, unordered=name in unordered, secret=name in secret)
        for name, row in _rows(schema.get("fields", ()))
        if name not in without
    }
    aliases = dict(renamed or {})
    for name, row in _rows(schema.get("shorthand_fields", ())):
        replaced = row.get("deprecation", {}).get("replaced_with")
        if replaced:
            aliases[name] = tuple(replaced[0]["path"])
    return Record(fields, aliases)


def compile_entity(kind: Kind, schema: Mapping[str, Any]) -> Record:
    """The schema of a kind, without what the server owns."""
    return compile_record(
        schema,
        without=(*SERVER_OWNED, *kind.derived),
        kept=kind.generated,
        unordered=kind.unordered,
        secret=kind.secret,
    )


def compile_plugin(name: str, schema: Mapping[str, Any], common: Record) -> Record:
    """A plugin with the schema of its configuration: what all plugins have in common, and what this one says."""
    own = dict(_rows(schema.get("fields", ())))
    config = compile_record(own.get("config", {}), renamed=RENAMED.get(name))
    rows = {field_name: _field(row) for field_name, row in own.items() if field_name != "config"}
    # A scope that the plugin does not allow is described as `eq: null`; it is still to be compared.
    rows = {field_name: row for field_name, row in rows.items() if row.type != "foreign"}
    made = Field("record", default=config.filled({}), record=config)
    return Record({**common.fields, **rows, "config": made}, common.aliases)


def _rows(fields: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for row in fields:
        yield from row.items()


def _field(row: Mapping[str, Any], *, kept: bool = False, unordered: bool = False, secret: bool = False) -> Field:
    kind = str(row.get("type", "any"))
    record = compile_record(row) if kind == "record" and "fields" in row else None
    default = row.get("default")
    if record is not None and (default is not None or row.get("required")):
        default = record.filled(default or {})
    below = row.get("elements") or row.get("values")
    encrypted = bool(row.get("encrypted"))
    return Field(
        type="set" if unordered else kind,
        default=default,
        # Only a random value is both a secret and a default.
        kept=kept or bool(row.get("auto")) or (encrypted and row.get("default") is not None),
        secret=secret or encrypted,
        record=record,
        elements=_field(below) if isinstance(below, Mapping) else None,
    )


def _filled(row: Field, value: Any) -> Any:
    if value is None:
        return None
    if row.record is not None and isinstance(value, Mapping):
        return row.record.filled(value)
    if row.elements is not None and row.elements.record is not None:
        if isinstance(value, list):
            return [_filled(row.elements, item) for item in value]
        if row.type == "map" and isinstance(value, Mapping):
            return {name: _filled(row.elements, item) for name, item in value.items()}
    return value


def _put_below(made: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *parents, last = path
    for name in parents:
        made[name] = dict(made.get(name) or {})
        made = made[name]
    made.setdefault(last, value)


def _differing(row: Field, want: Any, have: Any, path: str, partial: bool) -> Iterator[Difference]:
    if row.record is not None and isinstance(want, Mapping) and isinstance(have, Mapping):
        yield from row.record.differences(want, have, path=f"{path}.", partial=partial)
    elif not _same(row, want, have):
        yield path, want, have


def _same(row: Field, want: Any, have: Any) -> bool:
    """Whether two values that are not equal mean the same."""
    if want == have:
        return True
    if isinstance(want, str) and isinstance(have, str):
        return PEM in want and want.split() == have.split()
    if row.record is not None and isinstance(want, Mapping) and isinstance(have, Mapping):
        return next(row.record.differences(want, have), None) is None
    if isinstance(want, list) and isinstance(have, list):
        return _same_items(row, want, have)
    if isinstance(want, Mapping) and isinstance(have, Mapping):
        return want.keys() == have.keys() and all(
            _same(row.elements or Field("any"), want[name], have[name]) for name in want
        )
    # Lua has one empty table: an empty map may come back as an empty list.
    return want in ({}, []) and have in ({}, [])


def _same_items(row: Field, want: list[Any], have: list[Any]) -> bool:
    elements = row.elements or Field("any")
    if row.type == "set":
        return {_comparable(elements, item) for item in want} == {_comparable(elements, item) for item in have}
    return len(want) == len(have) and all(_same(elements, a, b) for a, b in zip(want, have, strict=True))


def _comparable(row: Field, value: Any) -> Any:
    """An item of a set as something that hashes."""
    if isinstance(value, (Mapping, list)):
        return json.dumps(_filled(row, value), sort_keys=True)
    return value


class Schemas:
    """The schemas of a node, each asked for once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._entities: dict[str, Record] = {}
        self._plugins: dict[str, Record] = {}

    def load(self, collections: Collection[str], plugins: Collection[str]) -> None:
        """Ask for what is needed, at the same time. A plugin that the node does not know has no schema."""
        wanted = {*collections, *({"plugins"} if plugins else ())} - self._entities.keys()
        names = sorted(set(plugins) - self._plugins.keys())
        paths = [(collection, f"/schemas/{collection}") for collection in sorted(wanted)]
        paths += [(name, f"/schemas/plugins/{name}") for name in names]
        answers = self._client.each(lambda item: self._ask(item[1]), paths)
        for (collection, _path), answer in zip(paths[: len(wanted)], answers, strict=False):
            if answer is None:
                raise KongError(f"GET /schemas/{collection}", 404, NOT_KONG)
            self._entities[collection] = compile_entity(KINDS[collection], answer)
        for name, answer in zip(names, answers[len(wanted) :], strict=True):
            if answer is not None:
                self._plugins[name] = compile_plugin(name, answer, self._entities["plugins"])

    def of(self, collection: str, entity: Mapping[str, Any]) -> Record:
        """The schema of an entity, that of its plugin for a plugin. Loads what `load` was not told of."""
        if collection == "plugins":
            name = str(entity.get("name"))
            if name not in self._plugins:
                self.load((), (name,))
            return self._plugins.get(name) or self._entities["plugins"]
        if collection not in self._entities:
            self.load((collection,), ())
        return self._entities[collection]

    def knows_plugin(self, name: str) -> bool:
        return name in self._plugins

    def _ask(self, path: str) -> Any:
        try:
            return self._client.get(path)
        except KongError as error:
            if error.missing:
                return None
            raise

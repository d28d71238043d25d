# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that describe the state of a gateway: decK's, read and written, and Kong's own for running without database.

A file nests entities as their users think of them; everything else here works on one flat list in which an entity
refers to its parent by natural key, as the Admin API lets it: `{"service": {"name": "auth"}}`. Apart from `parse`,
which reads YAML, everything in this file is pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from .._core.errors import InvalidInput, PlatformError
from .._core.redact import Secret
from .fields import FIELDS, SECRETIVE, UUID, check
from .find import address
from .meaning import merged
from .rules import check_whole

try:
    import yaml
except ImportError:
    HAS_YAML = False
else:
    HAS_YAML = True

FORMAT_VERSION = "3.0"
VARIABLE = re.compile(r"""\$\{\{\s*env\s+["'](DECK_\w+)["']\s*\}\}""")

# What a parent may hold: collection of the children → their reference to the parent.
CREDENTIALS = (
    *("jwt_secrets", "keyauth_credentials", "basicauth_credentials", "hmacauth_credentials"),
    *("oauth2_credentials", "acls"),
)
CHILDREN: Mapping[str, Mapping[str, str]] = {
    "services": {"routes": "service", "plugins": "service"},
    "routes": {"plugins": "route"},
    "consumers": {"plugins": "consumer", **dict.fromkeys(CREDENTIALS, "consumer")},
    "upstreams": {"targets": "upstream"},
    "certificates": {"snis": "certificate"},
    "key_sets": {"keys": "set"},
}
# The fields by which others refer to an entity, the first that it has.
HANDLES: Mapping[str, tuple[str, ...]] = {
    "services": ("name", "id"),
    "routes": ("name", "id"),
    "consumers": ("username", "custom_id", "id"),
    "upstreams": ("name", "id"),
    "key_sets": ("name", "id"),
    "certificates": ("id",),
    "ca_certificates": ("id",),
}
# Fields, alone or together, of which no two entities may have the same.
UNIQUE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "services": (("name",),),
    "routes": (("name",),),
    "upstreams": (("name",),),
    "targets": (("upstream", "target"),),
    "consumers": (("username",), ("custom_id",)),
    "jwt_secrets": (("key",),),
    "keyauth_credentials": (("key",),),
    "basicauth_credentials": (("username",),),
    "hmacauth_credentials": (("username",),),
    "oauth2_credentials": (("client_id",),),
    "acls": (("consumer", "group"),),
    "plugins": (("instance_name",), ("name", "service", "route", "consumer")),
    "snis": (("name",),),
    "vaults": (("prefix",),),
    "keys": (("name",),),
    "key_sets": (("name",),),
}
UNIQUE_WITH_ID = {collection: (*UNIQUE.get(collection, ()), ("id",)) for collection in FIELDS}
REFERENCES: Mapping[str, Mapping[str, str]] = {
    collection: {name: row.reference for name, row in rows.items() if row.reference}
    for collection, rows in FIELDS.items()
}
MAY_BE_ABSENT = {"service", "route", "consumer"}
SECRET_KEYS = {("keyauth_credentials", "key")}
ENTERPRISE = {
    *("consumer_groups", "consumer_group_plugins", "rbac_roles", "rbac_endpoint_permissions", "rbac_users"),
    *("licenses", "partials", "degraphql_routes", "graphql_ratelimiting_cost_decorations", "event_hooks", "admins"),
    *("mtls_auth_credentials", "service_packages", "document_objects", "custom_entities"),
}
REMARKS = {"_comment", "_ignore"}  # at the top, and in any entity
DEFAULTS = {"service": "services", "route": "routes", "upstream": "upstreams", "target": "targets"}
TIMESTAMPS = {"created_at", "updated_at"}


@dataclass(frozen=True)
class Listed:
    """One entity of a file: its `fields` with references by natural key, and where it stands (`services[3]`)."""

    collection: str
    fields: Mapping[str, Any]
    path: str


@dataclass(frozen=True)
class Document:
    """What a file says: its entities, and the tags that mark what is owned by it."""

    entities: tuple[Listed, ...]
    select_tags: tuple[str, ...] = ()


@dataclass
class _Reading:
    """What was found in a file so far, and what its entities have in common.

    These are defaults by collection, and configurations that plugins name.
    """

    defaults: Mapping[str, Mapping[str, Any]]
    configs: Mapping[str, Any]
    found: list[Listed] = field(default_factory=list)


def parse(text: str, environment: Mapping[str, str]) -> tuple[Any, set[str]]:
    """The data of a YAML or JSON file, and the values of the `DECK_` variables that it names, which may be secret."""
    used: set[str] = set()

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in environment:
            raise PlatformError(f"{name}: the file names this environment variable, and it is not set")
        used.add(environment[name])
        return environment[name]

    filled = VARIABLE.sub(value, text)
    if filled.lstrip().startswith("{"):
        return json.loads(filled), used
    if not HAS_YAML:
        raise PlatformError("src: reading YAML needs the Python library PyYAML; install it or use JSON")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is several times as fast
    return yaml.load(filled, Loader=loader), used  # noqa: S506 - either is a safe one


def read(data: Any, *, version_required: bool = True) -> Document:
    """The flat list of a decK or declarative file. What the file may not hold raises `InvalidInput` with its path."""
    top = _map(data, "config")
    version = top.get("_format_version", None if version_required else FORMAT_VERSION)
    if version != FORMAT_VERSION:
        raise InvalidInput(
            "_format_version", version, f'has to be "{FORMAT_VERSION}", in quotes; deck convert renews older files'
        )
    _check_top(top)
    info = _map(top.get("_info") or {}, "_info")
    reading = _Reading(_defaults(info), _map(top.get("_plugin_configs") or {}, "_plugin_configs"))
    for collection in FIELDS:
        for index, entity in enumerate(_list(top.get(collection), collection, collection)):
            _walk(reading, collection, entity, f"{collection}[{index}]", {})
    _check_transform(top, reading.found)
    tags = info.get("select_tags") or []
    for index, tag in enumerate(_list(tags, "_info.select_tags")):
        if not isinstance(tag, str):
            raise InvalidInput(f"_info.select_tags[{index}]", tag, "has to be a text")
    return Document(tuple(reading.found), tuple(tags))


def problems(document: Document) -> Iterator[InvalidInput]:
    """What is wrong with values of the entities, and which of them stand twice, by path."""
    for listed in document.entities:
        yield from check(listed.collection, listed.fields, listed.path)
        yield from check_whole(listed.collection, listed.fields, listed.path)
    yield from _duplicates(document.entities)


def refer(collection: str, value: Any) -> dict[str, Any]:
    """A reference as the Admin API takes it, from a name, an id, or a map that already is one."""
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if item is not None}
    if UUID.fullmatch(str(value)):
        return {"id": value}
    return {HANDLES[collection][0]: value}


def deck(entities: Iterable[Listed], select_tags: Iterable[str] = ()) -> dict[str, Any]:
    """A decK file: children nested in their parents, without ids, timestamps and nulls."""
    tags = list(select_tags)
    info = {"_info": {"select_tags": tags}} if tags else {}
    return {"_format_version": FORMAT_VERSION, **info, **_nested(entities, by_name=False)}


def declarative(entities: Iterable[Listed]) -> dict[str, Any]:
    """A file for Kong without database: as decK's, with references by bare name, which that Kong wants."""
    return {"_format_version": FORMAT_VERSION, "_transform": True, **_nested(entities, by_name=True)}


def _map(value: Any, path: str, collection: str = "") -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInput(path, Secret("") if collection in SECRETIVE else value, "has to be a map")
    return value


def _list(value: Any, path: str, collection: str = "") -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidInput(path, Secret("") if collection in SECRETIVE else value, "has to be a list")
    return value


def _check_top(top: Mapping[str, Any]) -> None:
    known = {*FIELDS, *REMARKS, "_konnect", "_format_version", "_info", "_plugin_configs", "_transform", "_workspace"}
    for name, value in top.items():
        if name in ENTERPRISE:
            raise InvalidInput(name, value, "is a kind that Kong's open-source edition does not have; leave it out")
        if name not in known:
            raise InvalidInput(name, value, f"is unknown; kinds are {', '.join(FIELDS)}")
    if top.get("_workspace", "default") != "default":
        raise InvalidInput("_workspace", top["_workspace"], "needs Kong's Enterprise edition; leave it out")
    if top.get("_konnect"):
        raise InvalidInput("_konnect", top["_konnect"], "is for Kong's hosted service; leave it out")


def _check_transform(top: Mapping[str, Any], found: Iterable[Listed]) -> None:
    if top.get("_transform", True):
        return
    for listed in found:
        if listed.collection == "basicauth_credentials":
            raise InvalidInput(
                f"{listed.path}.password", "********", "is hashed (_transform: false), and would be hashed again"
            )


def _defaults(info: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    given = _map(info.get("defaults") or {}, "_info.defaults")
    unknown = set(given) - set(DEFAULTS)
    if unknown:
        name = sorted(unknown)[0]
        raise InvalidInput(f"_info.defaults.{name}", given[name], f"is unknown; known are {', '.join(DEFAULTS)}")
    return {DEFAULTS[name]: _map(values, f"_info.defaults.{name}") for name, values in given.items()}


def _walk(reading: _Reading, collection: str, entity: Any, path: str, parent: Mapping[str, Any]) -> None:
    """Add an entity and what is nested in it, the parent first."""
    if collection == "snis" and isinstance(entity, str):
        entity = {"name": entity}
    children = CHILDREN.get(collection, {})
    given = _map(entity, path, collection)
    fields = {**reading.defaults.get(collection, {}), **given}
    nested = {name: fields.pop(name) for name in children if name in fields}
    for name in REMARKS & fields.keys():
        del fields[name]
    if collection == "plugins":
        fields = _with_config(fields, path, reading.configs)
    fields = _with_references(collection, fields, path, parent)
    if collection == "certificates":
        fields.setdefault("id", _certificate_id(given))
    reading.found.append(Listed(collection, fields, path))
    for name, listed in nested.items():
        below = _list(listed, f"{path}.{name}", name)
        handle = {children[name]: _handle(collection, fields, path)} if below else {}
        for index, child in enumerate(below):
            _walk(reading, name, child, f"{path}.{name}[{index}]", handle)


def _with_config(fields: dict[str, Any], path: str, configs: Mapping[str, Any]) -> dict[str, Any]:
    """A plugin with the shared configuration that it names below its own."""
    name = fields.get("_config")
    if name is None:
        return fields
    if name not in configs:
        raise InvalidInput(f"{path}._config", name, "is not among _plugin_configs")
    own = {key: value for key, value in fields.items() if key != "_config"}
    return {**own, "config": merged(configs[name], own.get("config") or {})}


def _with_references(
    collection: str, fields: Mapping[str, Any], path: str, parent: Mapping[str, Any]
) -> dict[str, Any]:
    clash = [name for name in parent if fields.get(name) is not None]
    if clash:
        raise InvalidInput(f"{path}.{clash[0]}", fields[clash[0]], "is given already by where it is nested")
    references = {
        name: refer(target, fields[name])
        for name, target in REFERENCES[collection].items()
        if isinstance(fields.get(name), (str, dict))
    }
    return {**fields, **references, **parent}


def _handle(collection: str, fields: Mapping[str, Any], path: str) -> dict[str, Any]:
    """How the children of an entity refer to it."""
    for name in HANDLES[collection]:
        if fields.get(name) is not None:
            return {name: fields[name]}
    wanted = " or ".join(HANDLES[collection])
    raise InvalidInput(path, dict(fields), f"has entities nested in it and therefore needs {wanted}")


def _certificate_id(given: Mapping[str, Any]) -> str:
    """Certificates are known by nothing but their id: derive one from the first SNI, which outlives a renewal."""
    snis = given.get("snis") or []
    first = snis[0] if isinstance(snis, list) and snis else ""
    name = first.get("name") if isinstance(first, dict) else first
    return str(uuid5(NAMESPACE_URL, f"kong:certificates:{name or given.get('cert')}"))


def _duplicates(entities: Iterable[Listed]) -> Iterator[InvalidInput]:
    first: dict[tuple[Any, ...], str] = {}
    for listed in entities:
        fields = listed.fields
        for names in UNIQUE_WITH_ID[listed.collection]:
            if all(fields.get(name) is None for name in names if name not in MAY_BE_ABSENT):
                continue
            key = (listed.collection, names, *[_comparable(name, fields.get(name)) for name in names])
            earlier = first.setdefault(key, listed.path)
            if earlier is not listed.path:
                own = next((name for name in names if name not in REFERENCES[listed.collection]), names[0])
                yield InvalidInput(
                    f"{listed.path}.{own}", _twice(listed, names), f"is the same as in {earlier}; keep one of them"
                )


def _twice(listed: Listed, names: tuple[str, ...]) -> str:
    if (listed.collection, names[0]) in SECRET_KEYS:
        return "********"
    given = [value for name in names if (value := listed.fields.get(name)) is not None]
    return ", ".join(str(next(iter(value.values()), "") if isinstance(value, dict) else value) for value in given)


def _comparable(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(value.items())
    return address(value) if name == "target" and isinstance(value, str) else value


def _nested(entities: Iterable[Listed], *, by_name: bool) -> dict[str, Any]:
    listed = list(entities)
    rows = [(item, _written(item, with_ids=by_name)) for item in listed]
    homes = {
        (item.collection, name, item.fields[name]): row
        for item, row in rows
        for name in HANDLES.get(item.collection, ())
        if item.fields.get(name) is not None
    }
    top: dict[str, Any] = {}
    for item, row in rows:
        home = _home(item, homes)
        if home is None:
            row.update(_bare_references(item, homes) if by_name else _shown_references(item))
            home = top
        home.setdefault(item.collection, []).append(row)
    return {collection: top[collection] for collection in FIELDS if collection in top}


def _references(item: Listed) -> dict[str, Mapping[str, Any]]:
    fields = item.fields
    return {name: fields[name] for name in REFERENCES[item.collection] if isinstance(fields.get(name), dict)}


def _home(item: Listed, homes: Mapping[tuple[str, str, Any], dict[str, Any]]) -> dict[str, Any] | None:
    """The parent that an entity is written into; None for one with no parent in the file, or with several."""
    references = _references(item)
    if len(references) != 1:
        return None
    ((name, target),) = references.items()
    parent = FIELDS[item.collection][name].reference
    if CHILDREN.get(parent, {}).get(item.collection) != name:
        return None
    found = [homes[parent, key, value] for key, value in target.items() if (parent, key, value) in homes]
    return found[0] if found else None


def _shown_references(item: Listed) -> dict[str, Any]:
    # decK writes the scope of a plugin as a bare name.
    bare = item.collection == "plugins"
    return {name: next(iter(value.values())) if bare else dict(value) for name, value in _references(item).items()}


def _bare_references(item: Listed, homes: Mapping[tuple[str, str, Any], dict[str, Any]]) -> dict[str, Any]:
    """References as a Kong without database looks them up: by name or id, and by no other unique field."""
    shown: dict[str, Any] = {}
    for name, target in _references(item).items():
        collection = FIELDS[item.collection][name].reference
        handle, value = next(iter(target.items()))
        if handle == "custom_id" and (row := homes.get((collection, handle, value))) is not None:
            made = str(uuid5(NAMESPACE_URL, f"kong:{collection}:{handle}:{value}"))
            value = row.get("username") or row.setdefault("id", made)
        shown[name] = value
    return shown


def _written(item: Listed, *, with_ids: bool) -> dict[str, Any]:
    """An entity without its references, timestamps and nulls, and without an id that nothing has to refer to."""
    hidden = {*TIMESTAMPS, *_references(item)}
    handles = [name for name in HANDLES.get(item.collection, ()) if item.fields.get(name) is not None]
    if not with_ids and handles != ["id"]:
        hidden.add("id")
    return {name: value for name, value in item.fields.items() if name not in hidden and value is not None}

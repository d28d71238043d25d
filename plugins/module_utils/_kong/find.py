# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding one entity by what a person knows it by, with as few calls as Kong's lookups allow."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from .._core.errors import InvalidInput
from .client import Client
from .entities import Kind
from .fields import UUID

Entity = Mapping[str, Any]
Finder = Callable[[Client, Kind, Entity], "dict[str, Any] | None"]

DEFAULT_TARGET_PORT = 8000
WITH_PORT = re.compile(r"(\[[^\]]+\]|[^:]+)(?::(\d+))?")
SCOPES = ("route", "service", "consumer")
# Where the credentials of a consumer stand below it.
BELOW_CONSUMER: Mapping[str, str] = {
    "jwt_secrets": "jwt",
    "keyauth_credentials": "key-auth",
    "basicauth_credentials": "basic-auth",
    "hmacauth_credentials": "hmac-auth",
    "oauth2_credentials": "oauth2",
    "acls": "acls",
}
# What a credential is known by; the application's name where Kong made up the id of an oauth2 client.
KNOWN_BY: Mapping[str, tuple[str, ...]] = {
    "jwt_secrets": ("key",),
    "keyauth_credentials": ("key",),
    "basicauth_credentials": ("username",),
    "hmacauth_credentials": ("username",),
    "oauth2_credentials": ("client_id", "name"),
    "acls": ("group",),
}


def entity(client: Client, kind: Kind, wanted: Entity) -> dict[str, Any] | None:
    """The entity that is meant, by its id or by what it is known by; None where there is none."""
    if wanted.get("id"):
        return client.find(kind.entity_path(wanted))
    return FINDERS.get(kind.collection, _by_name)(client, kind, wanted)


def key(kind: Kind, given: Entity) -> str:
    """How an entity is called in what is shown."""
    if kind.collection in KNOWN_BY:
        known = next((given[name] for name in KNOWN_BY[kind.collection] if given.get(name)), given.get("id"))
        return f"{given.get('consumer')}/{known}"
    if kind.collection == "plugins":
        scopes = [f"{name} {given[name]}" for name in SCOPES if given.get(name)]
        return f"{given.get('name')} of {' and '.join(scopes) or 'all'}"
    if kind.collection == "targets":
        return f"{given.get('upstream')}/{given.get('target')}"
    names = [given.get(name) for name in (*kind.handles, "name", "kid", "id")]
    snis = given.get("snis") or [""]
    return str(next((name for name in (*names, snis[0]) if name), None) or _digest(given.get("cert")))


def address(target: str) -> str:
    """An address as Kong gives it back: with a port, IPv6 in full."""
    match = WITH_PORT.fullmatch(target)
    host, port = (match[1], match[2]) if match else (target, None)
    try:
        parsed = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        written = host
    else:
        written = f"[{parsed.exploded}]" if parsed.version == 6 else str(parsed)
    return f"{written}:{port or DEFAULT_TARGET_PORT}"


def _digest(cert: Any) -> str:
    return f"sha256:{hashlib.sha256(' '.join(str(cert).split()).encode()).hexdigest()[:16]}"


def _by_name(client: Client, kind: Kind, wanted: Entity) -> dict[str, Any] | None:
    name = wanted.get(kind.handles[0])
    return client.find(f"{kind.path}/{quote(name, safe='')}") if name else None


def _consumer(client: Client, kind: Kind, wanted: Entity) -> dict[str, Any] | None:
    named = _by_name(client, kind, wanted)
    if named is not None or not wanted.get("custom_id"):
        return named
    # One that has the custom_id and another name is to be renamed.
    found = client.get(f"{kind.path}?custom_id={quote(str(wanted.get('custom_id')), safe='')}")["data"]
    return dict(found[0]) if found else None


def _target(client: Client, kind: Kind, wanted: Entity) -> dict[str, Any] | None:
    return _among(client, kind.collection_path(wanted), {"target": wanted["target"]})


def _credential(client: Client, kind: Kind, wanted: Entity) -> dict[str, Any] | None:
    name = next(name for name in KNOWN_BY[kind.collection] if wanted.get(name))
    path = f"/consumers/{wanted['consumer']['id']}/{BELOW_CONSUMER[kind.collection]}"
    found = _among(client, path, {name: wanted[name]})
    if found is None and (name,) == kind.keys[0] and not UUID.fullmatch(wanted[name]):
        other = client.find(f"{kind.path}/{quote(wanted[name], safe='')}")
        if other is not None:
            shown = "********" if name in kind.secret else wanted[name]
            owner = other["consumer"]["id"]
            raise InvalidInput(name, shown, f"belongs to another consumer ({owner}); remove it there first")
    return found


def _plugin(client: Client, _kind: Kind, wanted: Entity) -> dict[str, Any] | None:
    scopes = {name: (wanted.get(name) or {}).get("id") for name in SCOPES}
    narrowest = next((name for name in SCOPES if scopes[name]), "")
    parent = f"/{narrowest}s/{scopes[narrowest]}" if narrowest else ""
    for plugin in client.pages(f"{parent}/plugins"):
        placed = {name: (plugin.get(name) or {}).get("id") for name in SCOPES}
        if plugin["name"] == wanted["name"] and placed == scopes:
            return plugin
    instance = wanted.get("instance_name")
    if instance and client.find(f"/plugins/{quote(instance, safe='')}"):
        raise InvalidInput("instance_name", instance, "is that of another plugin; choose another, or remove that one")
    return None


def _certificate(client: Client, kind: Kind, wanted: Entity) -> dict[str, Any] | None:
    for sni in wanted.get("snis") or ():
        found = client.find(f"{kind.path}/{quote(sni, safe='')}")
        if found is not None:
            return found
    return _by_text(client, kind, wanted)


def _by_text(client: Client, kind: Kind, wanted: Entity) -> dict[str, Any] | None:
    text = str(wanted.get("cert")).split()
    return next((found for found in client.pages(kind.path) if found["cert"].split() == text), None)


def _key(client: Client, kind: Kind, wanted: Entity) -> dict[str, Any] | None:
    found = _by_name(client, kind, wanted)
    if found is None and wanted.get("kid"):
        fields = {"kid": wanted["kid"], "set": wanted.get("set")}
        # Without a name so far, where one is given: another's key is not taken.
        found = _among(client, kind.path, {**fields, "name": None} if wanted.get("name") else fields)
    return found


def _among(client: Client, path: str, fields: Mapping[str, Any]) -> dict[str, Any] | None:
    listed = client.pages(path)
    return next((found for found in listed if all(found.get(name) == value for name, value in fields.items())), None)


FINDERS: Mapping[str, Finder] = {
    "consumers": _consumer,
    "targets": _target,
    "plugins": _plugin,
    "certificates": _certificate,
    "ca_certificates": _by_text,
    "keys": _key,
    **dict.fromkeys(BELOW_CONSUMER, _credential),
}

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Kong makes of a field that it does not store as given. Everything in this file is pure.

Comparing what was given with what Kong answers would find differences that no writing can remove. What these rules
answer serves to compare and is never sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from .entities import Kind
from .find import address
from .hashes import fits

Entity = Mapping[str, Any]
Rule = Callable[[Entity, Entity], Entity]

PORTS = {"http": 80, "https": 443}


def comparable(kind: Kind, desired: Entity, current: Entity) -> Entity:
    """What is desired, as Kong would answer it once stored; `current` is what it answers now."""
    if kind.hashed:
        desired = _hashed(kind.hashed, desired, current)
    rule = RULES.get(kind.collection)
    return rule(desired, current) if rule else desired


def merged(below: Entity, above: Entity) -> dict[str, Any]:
    """An entity with what is laid over it, as a PATCH does: records are merged, everything else is replaced."""
    made = {**below, **above}
    for name in below.keys() & above.keys():
        if isinstance(below[name], Mapping) and isinstance(above[name], Mapping):
            made[name] = merged(below[name], above[name])
    return made


def expand_url(service: Entity) -> Entity:
    """`url` as the fields it stands for, which it overrides. Kong drops its query and user."""
    url = service.get("url")
    if not isinstance(url, str):
        return service
    parts = urlsplit(url)
    host, given_port = _host_and_port(parts.netloc)
    port = int(given_port) if given_port else PORTS.get(parts.scheme)
    made = {"protocol": parts.scheme, "host": host, "path": parts.path or None}
    rest = {name: value for name, value in service.items() if name not in {"url", "port", *made}}
    return {**rest, **made, **({} if port is None else {"port": port})}


def _host_and_port(netloc: str) -> tuple[str, str]:
    """As they are written: Kong keeps upper case, and judges the port itself."""
    given = netloc.rpartition("@")[2]
    if given.startswith("["):
        host, _bracket, rest = given[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _colon, port = given.partition(":")
    return host, port


def _hashed(name: str, desired: Entity, current: Entity) -> Entity:
    secret, stored = desired.get(name), current.get(name)
    if isinstance(secret, str) and isinstance(stored, str) and fits(secret, stored, current):
        return {**desired, name: stored}
    return desired


def _service(desired: Entity, _current: Entity) -> Entity:
    return expand_url(desired)


def _upstream(desired: Entity, current: Entity) -> Entity:
    """Kong ties `hash_on` and `algorithm` to each other, and corrects one by the other without a word."""
    if desired.get("hash_on") in {None, "none"}:
        return desired
    if desired.get("algorithm") == "least-connections":
        return {**desired, "hash_on": "none"}
    if current.get("algorithm") == "consistent-hashing":
        return {**desired, "algorithm": "consistent-hashing"}
    return desired


def _target(desired: Entity, _current: Entity) -> Entity:
    return {**desired, "target": address(str(desired.get("target")))}


def _key_auth(desired: Entity, current: Entity) -> Entity:
    """The time that a key has left is less than it was given."""
    given, left = desired.get("ttl"), current.get("ttl")
    if given is not None and left is not None and left <= given:
        desired = {**desired, "ttl": left}
    # Not part of the schema: without an answer in it there is none to compare with.
    return desired if "ttl" in desired or left is None else {**desired, "ttl": None}


RULES: Mapping[str, Rule] = {
    "services": _service,
    "upstreams": _upstream,
    "targets": _target,
    "keyauth_credentials": _key_auth,
}

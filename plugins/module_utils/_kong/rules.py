# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fields of one entity have to agree on. Everything in this file is pure.

These are checks of Kong's own that take several fields into account, made before anything is sent. They look at a
whole entity, in which what is left out has its default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._core.errors import InvalidInput

Entity = Mapping[str, Any]
Rule = Callable[[Entity], Iterator[tuple[str, str]]]

LAYER_FOUR = {"tcp", "tls", "tls_passthrough", "udp"}
ENCRYPTED = {"https", "tls"}
WITH_SNI = {"grpcs", "https", "tls", "tls_passthrough"}
FOR_HTTP = ("methods", "hosts", "headers", "paths")
FOR_STREAMS = ("sources", "destinations", "snis")
PUBLIC_KEY = ("RS", "PS", "EdDSA")  # Kong does not ask for one with ES


def check_whole(collection: str, entity: Entity, path: str = "") -> Iterator[InvalidInput]:
    """What is wrong with an entity as a whole, by the path of a field that can be changed to make it right."""
    for rule in RULES.get(collection, ()):
        for name, remedy in rule(entity):
            yield InvalidInput(f"{path}.{name}" if path else name, entity.get(name), remedy)


def services(entity: Entity) -> Iterator[tuple[str, str]]:
    url = str(entity.get("url") or "")
    if not url and not entity.get("host"):
        yield "host", "is missing: a service needs host or url"
    protocol = entity.get("protocol") or url.partition("://")[0] or "http"
    if protocol not in ENCRYPTED:
        for name in ("client_certificate", "tls_verify", "tls_verify_depth", "ca_certificates"):
            if entity.get(name) is not None:
                yield name, f"needs protocol https or tls, and it is {protocol}"
    if protocol not in {"http", "https"} and entity.get("path"):
        yield "path", f"cannot be given with protocol {protocol}"


def routes(entity: Entity) -> Iterator[tuple[str, str]]:
    protocols = entity.get("protocols")
    if protocols == []:
        yield "protocols", "has to hold at least one"
        return
    spoken = set(protocols or ("http", "https"))
    wanted: tuple[str, ...] = FOR_STREAMS if spoken & LAYER_FOUR else FOR_HTTP
    if spoken & WITH_SNI and "snis" not in wanted:
        wanted = (*wanted, "snis")
    if not any(entity.get(name) for name in wanted):
        yield wanted[0], f"is missing: a route for {', '.join(sorted(spoken))} needs one of {', '.join(wanted)}"
    if entity.get("snis") and not spoken & WITH_SNI:
        yield "snis", f"needs one of the protocols {', '.join(sorted(WITH_SNI))}"
    if spoken & LAYER_FOUR:
        for name in FOR_HTTP:
            if entity.get(name):
                yield name, f"cannot be given with the protocols {', '.join(sorted(spoken & LAYER_FOUR))}"
    if any(str(name).lower() == "host" for name in entity.get("headers") or ()):
        yield "headers", "cannot hold host, which belongs into hosts"


def upstreams(entity: Entity) -> Iterator[tuple[str, str]]:
    hash_on = entity.get("hash_on") or "none"
    fallback = entity.get("hash_fallback") or "none"
    if hash_on in {"none", "cookie"} and fallback != "none":
        yield "hash_fallback", f"has to be none with hash_on {hash_on}"
    for name, value in (("hash_on", hash_on), ("hash_fallback", fallback)):
        field = "hash_on_cookie" if value == "cookie" else f"{name}_{value}"
        if value in {"header", "cookie", "query_arg", "uri_capture"} and not entity.get(field):
            yield field, f"is missing, and {name} {value} needs it"


def consumers(entity: Entity) -> Iterator[tuple[str, str]]:
    if not entity.get("username") and not entity.get("custom_id"):
        yield "username", "is missing: a consumer needs username or custom_id"


def jwt_secrets(entity: Entity) -> Iterator[tuple[str, str]]:
    algorithm = str(entity.get("algorithm") or "HS256")
    if algorithm.startswith(PUBLIC_KEY) and not entity.get("rsa_public_key"):
        yield "rsa_public_key", f"is missing, and the algorithm {algorithm} needs it"


def keys(entity: Entity) -> Iterator[tuple[str, str]]:
    if bool(entity.get("jwk")) == bool(entity.get("pem")):
        yield "pem", "has to be given, or jwk, but not both"


RULES: Mapping[str, tuple[Rule, ...]] = {
    "services": (services,),
    "routes": (routes,),
    "upstreams": (upstreams,),
    "consumers": (consumers,),
    "jwt_secrets": (jwt_secrets,),
    "keys": (keys,),
}

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Well-known mistakes that Kong accepts, or refuses too late. Everything in this file is pure.

Kong takes a state that leaves routes open, counts the requests of all users as one, or never matches: its schemas
judge one field at a time. These rules look at the state as a whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from .entities import KINDS
from .fields import UUID
from .files import Listed
from .lint_model import (
    AUTHENTICATION,
    FUNCTIONS,
    Finding,
    Target,
    World,
    code_of,
    error,
    items,
    plain,
    settings,
    warning,
)
from .lint_plugins import check_plugin

__all__ = ["Finding", "Target", "lint"]

Rule = Callable[[World], Iterator[Finding]]

SURELY_REGEX = re.compile(r"\\|\(\?|\.[*+]|[\[\]^|]|\)[*+?{]|\$$|\{\d+,?\d*\}")
MAYBE_REGEX = re.compile(r"[()*+?{}$]")
BYTES_OF = {"HS256": 32, "HS384": 48, "HS512": 64}
PLACEHOLDER_SECRET = re.compile(
    r"change.?(me|this|it)|your[-_ ]|placeholder|example|default[-_ ]|^(secret|password)$", re.I
)
IDENTITY_HEADER = "x-consumer-"
BEFORE_ROUTING = ("rewrite",)
BEFORE_LIMITS = ("rewrite", "access")


def lint(entities: Iterable[Listed], target: Target | None = None) -> list[Finding]:
    """What looks wrong in a state, errors first, in the order of the state."""
    world = World(tuple(entities), target or Target())
    found = [finding for plugin in world.plugins for finding in check_plugin(plugin, world)]
    for rule in RULES:
        found += rule(world)
    order = {listed.path: index for index, listed in enumerate(world.entities)}

    def place(finding: Finding) -> tuple[bool, int]:
        owner = finding.path
        while owner and owner not in order:
            owner = owner.rpartition(".")[0]
        return finding.level == "warning", order.get(owner, len(order))

    return sorted(found, key=place)


def regex_paths(world: World) -> Iterator[Finding]:
    for route in world.all("routes"):
        for index, path in enumerate(items(route.fields.get("paths"))):
            if not isinstance(path, str) or not path.startswith("/"):
                continue
            where = f"{route.path}.paths[{index}]"
            if SURELY_REGEX.search(path):
                yield error(where, f"{path!r} is a regex, and would be taken as it is", f"write ~{path}")
            elif MAYBE_REGEX.search(path):
                yield warning(
                    where, f"{path!r} looks like a regex, and is taken as it is", f"write ~{path} if it is one"
                )


def names_like_ids(world: World) -> Iterator[Finding]:
    for listed in world.entities:
        for name in KINDS[listed.collection].handles:
            value = listed.fields.get(name)
            if isinstance(value, str) and UUID.fullmatch(value):
                yield error(
                    f"{listed.path}.{name}", f"{value!r} is looked up as an id, and never found", "choose a name"
                )


def urls(world: World) -> Iterator[Finding]:
    for service in world.all("services"):
        url = plain(service.fields.get("url"))
        where = f"{service.path}.url"
        parts = urlsplit(url)
        if parts.query:
            yield error(where, "Kong drops the query from it", "add it with the plugin request-transformer")
        if "@" in parts.netloc:
            yield error(
                where, "Kong drops the user and password from it", "send them with the plugin request-transformer"
            )
        given = [name for name in ("host", "port", "protocol", "path") if service.fields.get(name) is not None]
        if url and given:
            yield error(f"{service.path}.{given[0]}", "url overrides it", f"give url, or {', '.join(given)}")


def targets_without_port(world: World) -> Iterator[Finding]:
    for listed in world.all("targets"):
        address = plain(listed.fields.get("target"))
        bare = address.startswith("[") or address.count(":") < 2
        if address and bare and not re.search(r":\d+$", address):
            yield warning(f"{listed.path}.target", f"Kong takes {address} with port 8000", f"write {address}:<port>")


def health_checks(world: World) -> Iterator[Finding]:
    for upstream in world.all("upstreams"):
        checks = _map(upstream.fields.get("healthchecks"))
        active, passive = _map(checks.get("active")), _map(checks.get("passive"))
        where = f"{upstream.path}.healthchecks"
        healthy, unhealthy = _map(active.get("healthy")), _map(active.get("unhealthy"))
        if healthy.get("interval") and not healthy.get("successes"):
            text = "probes succeed without end and no target ever comes back"
            yield warning(f"{where}.active.healthy.successes", text, "set it to 1 or more")
        if unhealthy.get("interval") and not any(unhealthy.get(name) for name in FAILURES):
            text = "probes fail without end and no target is ever taken out"
            yield warning(f"{where}.active.unhealthy.http_failures", text, f"set it, {' or '.join(FAILURES[1:])}")
        given_up = any(_map(passive.get("unhealthy")).get(name) for name in FAILURES)
        if given_up and not unhealthy.get("interval"):
            text = "a target that requests have taken out never comes back, as nothing probes it"
            yield warning(f"{where}.active.unhealthy.interval", text, "set it, and active.healthy.successes")


def hashing(world: World) -> Iterator[Finding]:
    for upstream in world.all("upstreams"):
        hash_on, algorithm = upstream.fields.get("hash_on"), upstream.fields.get("algorithm")
        if hash_on not in {None, "none"} and algorithm not in {None, "consistent-hashing"}:
            text = f"it has no effect with the algorithm {algorithm}"
            yield warning(f"{upstream.path}.hash_on", text, "set algorithm to consistent-hashing, or leave it out")


FAILURES = ("http_failures", "tcp_failures", "timeouts")


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def open_routes(world: World) -> Iterator[Finding]:
    """Services trust X-Consumer-*: where no plugin sets these headers, the client's own would reach them."""
    if any(_strips_everywhere(plugin) for plugin in world.at_service(None).values()):
        return
    for route in world.all("routes"):
        plugins = world.at_route(route)
        ends = "request-termination" in plugins or "redirect" in plugins
        if not route.fields.get("service") or ends or set(plugins) & set(AUTHENTICATION):
            continue
        if not any(_removes_identity(plugin) for plugin in plugins.values()):
            text = "nothing authenticates here, and X-Consumer-* headers of the client reach the service"
            remedy = (
                "remove them everywhere with a global pre-function in its rewrite phase, or with request-transformer"
            )
            yield warning(route.path, text, remedy)


def _strips_everywhere(plugin: Listed) -> bool:
    return plugin.fields.get("name") == "pre-function" and IDENTITY_HEADER in code_of(plugin, BEFORE_ROUTING)


def _removes_identity(plugin: Listed) -> bool:
    if plugin.fields.get("name") == "request-transformer":
        removed = items(_map(settings(plugin).get("remove")).get("headers"))
        return any(str(header).lower().startswith(IDENTITY_HEADER) for header in removed)
    return plugin.fields.get("name") == "pre-function" and IDENTITY_HEADER in code_of(plugin, BEFORE_LIMITS)


def limits_by_header(world: World) -> Iterator[Finding]:
    """A missing header makes rate-limiting count by address: something has to set or demand it before."""
    for plugin in world.plugins:
        header = plain(settings(plugin).get("header_name")).lower()
        if settings(plugin).get("limit_by") != "header" or not header:
            continue
        setters = [other for other in world.plugins if other.fields.get("name") == "pre-function"]
        if any(header in code_of(other, BEFORE_LIMITS) for other in setters) or _demanded(world, plugin, header):
            continue
        text = f"requests without {header} are counted by address, and clients choose its value"
        remedy = f"set {header} in a pre-function, which runs before; request-transformer and post-function run after"
        yield warning(f"{plugin.path}.config.header_name", text, remedy)


def _demanded(world: World, plugin: Listed, header: str) -> bool:
    """Whether the plugin hangs on a route that is matched by the header."""
    route = world.route_of(plugin)
    return route is not None and header in {name.lower() for name in _map(route.fields.get("headers"))}


def limits_for_all_users(world: World) -> Iterator[Finding]:
    """With one jwt credential for all tokens there is one consumer, and one counter."""
    consumers = Counter(str(listed.fields.get("consumer")) for listed in world.all("jwt_secrets"))
    if len(consumers) != 1:
        return
    for plugin in world.plugins:
        by = settings(plugin).get("limit_by", "consumer")
        if plugin.fields.get("name") != "rate-limiting" or by != "consumer" or plugin.fields.get("consumer"):
            continue
        ways = _authentication_at(world, plugin)
        if ways == {"jwt"}:
            text = "all tokens belong to one consumer, so that all users share one counter"
            yield warning(f"{plugin.path}.config.limit_by", text, "count by a header that names the user")


def _authentication_at(world: World, plugin: Listed) -> set[str]:
    route = world.route_of(plugin)
    found = world.at_route(route) if route else world.at_service(plugin.fields.get("service"))
    return set(found) & set(AUTHENTICATION)


def token_keys(world: World) -> Iterator[Finding]:
    """A token finds its credential by a claim: keys and issuers have to be the same."""
    listed = world.all("jwt_secrets")
    verifies = [plugin for plugin in world.plugins if plugin.fields.get("name") == "jwt"]
    if verifies and world.all("consumers") and not listed:
        text = "no consumer has a jwt credential, so that every token is refused"
        yield warning(verifies[0].path, text, "give a consumer jwt_secrets with the issuer as key")
    issuers = world.target.issuers
    for credential in listed:
        key = credential.fields.get("key")
        where = f"{credential.path}.key"
        if key is None:
            yield warning(where, "Kong makes one up, which no token carries", "set it to the issuer of the tokens")
        elif issuers is not None and plain(key) and plain(key) not in issuers:
            wanted = ", ".join(sorted(issuers))
            yield error(where, f"no token carries {plain(key)!r}", f"set it to one of the issuers: {wanted}")


def algorithms(world: World) -> Iterator[Finding]:
    """HMAC wants a secret as long as its hash, and many signers choose the hash by the length of the secret."""
    for credential in world.all("jwt_secrets"):
        algorithm = credential.fields.get("algorithm") or "HS256"
        secret = plain(credential.fields.get("secret"))
        if not secret or algorithm not in BYTES_OF:
            continue
        length = len(secret.encode())
        fitting = max((name for name, least in BYTES_OF.items() if length >= least), default="")
        if PLACEHOLDER_SECRET.search(secret):
            yield warning(f"{credential.path}.secret", "it reads like a placeholder", "generate one of 64 random bytes")
        if length < BYTES_OF[algorithm]:
            text = f"a secret of {length} bytes is too short for {algorithm}"
            remedy = f"use {BYTES_OF[algorithm]} bytes or more" + (f", or {fitting}" if fitting else "")
            yield error(f"{credential.path}.algorithm", text, remedy)
        elif fitting != algorithm:
            text = f"signers that choose by length sign with {fitting}, as the secret has {length} bytes"
            yield warning(
                f"{credential.path}.algorithm", text, f"set it to {fitting} unless the signer is told otherwise"
            )


def hidden_functions(world: World) -> Iterator[Finding]:
    """A plugin replaces the global one of its name, so that only one of two functions runs in a phase."""
    everywhere = {name: plugin for name, plugin in world.at_service(None).items() if name in FUNCTIONS}
    for plugin in world.plugins:
        below = everywhere.get(str(plugin.fields.get("name")))
        if below is None or below is plugin:
            continue
        lost = [phase for phase in LATER_PHASES if items(settings(below).get(phase))]
        if lost:
            text = f"it replaces the global one of {below.path}, whose {' and '.join(lost)} does not run here"
            yield warning(plugin.path, text, "repeat that function here, or keep only rewrite in the global one")


LATER_PHASES = ("access", "header_filter", "body_filter", "log")


def preflights(world: World) -> Iterator[Finding]:
    """Browsers ask with OPTIONS first, which a route for other methods does not match."""
    for route in world.all("routes"):
        methods = items(route.fields.get("methods"))
        if methods and "OPTIONS" not in methods and "cors" in world.at_route(route):
            yield warning(f"{route.path}.methods", "preflight requests for cors do not match the route", "add OPTIONS")


def groups_without_consumer(world: World) -> Iterator[Finding]:
    """acl asks for the groups of a consumer, whom only an authentication plugin finds."""
    if all(plugin.fields.get("name") != "acl" for plugin in world.plugins):
        return
    for route in world.all("routes"):
        plugins = world.at_route(route)
        if "acl" in plugins and not set(plugins) & set(AUTHENTICATION):
            text = f"acl ({plugins['acl'].path}) refuses every request, as no plugin finds out the consumer"
            yield warning(route.path, text, f"add one of {', '.join(AUTHENTICATION)}")


RULES: tuple[Rule, ...] = (
    regex_paths,
    names_like_ids,
    urls,
    targets_without_port,
    health_checks,
    hashing,
    open_routes,
    limits_by_header,
    limits_for_all_users,
    token_keys,
    algorithms,
    hidden_functions,
    preflights,
    groups_without_consumer,
)

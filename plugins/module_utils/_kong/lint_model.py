# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules of the linter look at and answer. Everything in this file is pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from .._core.placeholders import is_placeholder
from .._core.redact import Secret
from .fields import VAULT_REFERENCE
from .files import Listed

AUTHENTICATION = ("basic-auth", "hmac-auth", "jwt", "key-auth", "ldap-auth", "oauth2", "session")
FUNCTIONS = ("pre-function", "post-function")


@dataclass(frozen=True)
class Finding:
    """One mistake: an `error` does not work or is unsafe whatever else is true, a `warning` may be meant."""

    level: Literal["error", "warning"]
    path: str
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}; {self.remedy}"


def error(path: str, text: str, remedy: str) -> Finding:
    return Finding("error", path, text, remedy)


def warning(path: str, text: str, remedy: str) -> Finding:
    return Finding("warning", path, text, remedy)


@dataclass(frozen=True)
class Target:
    """What is known of the gateway that the state is for; None stands for not known.

    `plugins` are those that it offers, `lua_modules` those that functions may require, `issuers` what the tokens carry
    that its clients bring, in the claim that names the key.
    """

    edition: str = "community"
    plugins: frozenset[str] | None = None
    lua_modules: frozenset[str] | None = None
    issuers: frozenset[str] | None = None


@dataclass(frozen=True)
class World:
    """A whole state, and the questions that rules ask of it."""

    entities: tuple[Listed, ...]
    target: Target = field(default_factory=Target)

    @cached_property
    def by_collection(self) -> Mapping[str, list[Listed]]:
        found: dict[str, list[Listed]] = {}
        for listed in self.entities:
            found.setdefault(listed.collection, []).append(listed)
        return found

    def all(self, collection: str) -> list[Listed]:
        return self.by_collection.get(collection, [])

    @cached_property
    def plugins(self) -> list[Listed]:
        """The plugins that are switched on."""
        return [plugin for plugin in self.all("plugins") if plugin.fields.get("enabled") is not False]

    @cached_property
    def _plugins_by_scope(self) -> Mapping[tuple[str, Any], list[Listed]]:
        """Plugins by the one thing they hang on; those of a consumer, or of several things, work only for some."""
        found: dict[tuple[str, Any], list[Listed]] = {}
        for plugin in self.plugins:
            scopes = [name for name in ("service", "route", "consumer") if plugin.fields.get(name)]
            if scopes in ([], ["service"], ["route"]):
                scope = scopes[0] if scopes else ""
                found.setdefault((scope, identity(plugin.fields.get(scope))), []).append(plugin)
        return found

    @cached_property
    def _routes_by_identity(self) -> Mapping[Any, Listed]:
        return {(name, route.fields.get(name)): route for route in self.all("routes") for name in ("id", "name")}

    def route_of(self, plugin: Listed) -> Listed | None:
        """The route that a plugin hangs on, where it is part of the state."""
        return self._routes_by_identity.get(identity(plugin.fields.get("route")))

    def at_service(self, service: Any) -> dict[str, Listed]:
        """Plugins by name that work for whatever goes to a service, given by its reference."""
        key = identity(service)
        if key not in self._at_services:
            scopes = self._plugins_by_scope
            found = [*scopes.get(("", None), []), *scopes.get(("service", key), [])]
            self._at_services[key] = {str(plugin.fields.get("name")): plugin for plugin in found}
        return self._at_services[key]

    @cached_property
    def _at_services(self) -> dict[Any, dict[str, Listed]]:
        return {}

    def at_route(self, route: Listed) -> dict[str, Listed]:
        """Plugins by name that work on a route: its own before those of its service, those before global ones."""
        everywhere = self.at_service(route.fields.get("service"))
        scopes = self._plugins_by_scope
        own = [
            plugin for name in ("id", "name") for plugin in scopes.get(("route", (name, route.fields.get(name))), ())
        ]
        return {**everywhere, **{str(plugin.fields.get("name")): plugin for plugin in own}} if own else everywhere


def identity(reference: Any) -> Any:
    """A reference as something that can be looked up."""
    if not isinstance(reference, dict):
        return reference
    for name, value in reference.items():
        if value is not None:
            return name, value
    return None


def settings(plugin: Listed) -> Mapping[str, Any]:
    """The configuration of a plugin, empty where it is none."""
    config = plugin.fields.get("config")
    return config if isinstance(config, dict) else {}


def plain(value: Any) -> str:
    """A text that can be judged: empty for what is only known later, or kept in a vault."""
    if isinstance(value, Secret):
        value = value.reveal()
    if not isinstance(value, str) or is_placeholder(value) or VAULT_REFERENCE.fullmatch(value):
        return ""
    return value


def items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def redis_of(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The Redis settings of a plugin, which older configurations spell `redis_host`."""
    nested = config.get("redis")
    old = {name.removeprefix("redis_"): value for name, value in config.items() if name.startswith("redis_")}
    return {**old, **(nested if isinstance(nested, dict) else {})}


def code_of(plugin: Listed, phases: Iterable[str]) -> str:
    """The Lua text of a function plugin in these phases, in lower case and without what patterns escape."""
    found = [plain(text) for phase in phases for text in items(settings(plugin).get(phase))]
    return "\n".join(found).lower().replace("%", "")


def functions(plugin: Listed) -> Iterator[tuple[str, str]]:
    """The Lua functions of a plugin by the path of each in its configuration."""
    for phase, texts in settings(plugin).items():
        for index, text in enumerate(items(texts)):
            yield f"config.{phase}[{index}]", plain(text)

"""A snapshot of all entities, arranged the way requests need it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from local_cloud.kong.proxy.plugins.base import Handler, Plugin
from local_cloud.kong.proxy.router import Router
from local_cloud.kong.proxy.vaults import Vaults
from local_cloud.kong.settings import Settings
from local_cloud.kong.snapshot import Snapshot

LOG = logging.getLogger(__name__)

Entity = Mapping[str, Any]
Scope = tuple[str | None, str | None, str | None]


class Configuration:
    def __init__(self, snapshot: Snapshot, handlers: Mapping[str, Handler], settings: Settings) -> None:
        entities = snapshot.entities
        self.version = snapshot.version
        self.services = entities.get("services", {})
        self.consumers = entities.get("consumers", {})
        self.upstreams = entities.get("upstreams", {})
        self.targets = entities.get("targets", {})
        self.certificates = entities.get("certificates", {})
        self.ca_certificates = entities.get("ca_certificates", {})
        self.snis = {sni["name"]: sni["certificate"]["id"] for sni in entities.get("snis", {}).values()}
        self.router = Router(entities.get("routes", {}).values(), self.services)
        self.plugins = Plugins(_plugins(snapshot, handlers, settings))
        self.jwt_secrets = _by(entities, "jwt_secrets", "key")
        self.keys = _by(entities, "keyauth_credentials", "key")
        self._made = time.monotonic()
        self.basic_credentials = _by(entities, "basicauth_credentials", "username")
        self.hmac_credentials = _by(entities, "hmacauth_credentials", "username")
        self._usernames = {one["username"]: one for one in self.consumers.values() if one.get("username")}
        self._groups: dict[str, list[str]] = {}
        for acl in entities.get("acls", {}).values():
            self._groups.setdefault(acl["consumer"]["id"], []).append(acl["group"])

    def consumer(self, reference: str) -> Entity | None:
        """By id or username."""
        return self.consumers.get(reference) or self._usernames.get(reference)

    def groups(self, consumer_id: str) -> list[str]:
        return self._groups.get(consumer_id, [])

    def key(self, value: str) -> Entity | None:
        """A credential of key-auth that has not expired."""
        found = self.keys.get(value)
        # `ttl` is what was left when the snapshot was taken.
        if found and found.get("ttl") and self._made + found["ttl"] <= time.monotonic():
            return None
        return found


class Plugins:
    """Plugins by name, highest priority first, and which of a name applies where."""

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        by_name: dict[str, dict[Scope, Plugin]] = {}
        for plugin in plugins:
            scope = (plugin.route_id, plugin.service_id, plugin.consumer_id)
            by_name.setdefault(plugin.name, {})[scope] = plugin
        ranked = sorted(by_name.items(), key=lambda item: next(iter(item[1].values())).handler.priority, reverse=True)
        self._by_name = dict(ranked)
        self.everywhere = [
            scopes[None, None, None] for scopes in self._by_name.values() if (None, None, None) in scopes
        ]
        self.ids = frozenset(plugin.id for scopes in self._by_name.values() for plugin in scopes.values())

    def __iter__(self) -> Iterator[Plugin]:
        return iter([plugin for scopes in self._by_name.values() for plugin in scopes.values()])

    @property
    def names(self) -> list[str]:
        return list(self._by_name)

    def applying(self, name: str, route: str | None, service: str | None, consumer: str | None) -> Plugin | None:
        """The most specific plugin of that name."""
        scopes = self._by_name[name]
        candidates: tuple[Scope, ...] = (
            (route, service, consumer),
            (route, None, consumer),
            (None, service, consumer),
            (route, service, None),
            (None, None, consumer),
            (route, None, None),
            (None, service, None),
            (None, None, None),
        )
        for scope in candidates:
            if scope in scopes:
                return scopes[scope]
        return None


def _by(entities: Mapping[str, Mapping[str, Entity]], collection: str, field: str) -> dict[str, Entity]:
    return {one[field]: one for one in entities.get(collection, {}).values() if one.get(field)}


def _plugins(snapshot: Snapshot, handlers: Mapping[str, Handler], settings: Settings) -> Iterator[Plugin]:
    vaults = Vaults(settings.environment, snapshot.entities.get("vaults", {}))
    for entity in snapshot.entities.get("plugins", {}).values():
        handler = handlers.get(entity["name"])
        if entity["enabled"] and handler and _serves_http(entity):
            yield Plugin(
                entity["id"],
                entity["name"],
                vaults.resolve(entity["config"]),
                handler,
                _reference(entity, "route"),
                _reference(entity, "service"),
                _reference(entity, "consumer"),
                entity.get("instance_name"),
            )


def _serves_http(entity: Entity) -> bool:
    # A plugin is left out by the family of its protocols only: one for https also runs for http.
    return any(protocol in ("http", "https", "grpc", "grpcs") for protocol in entity["protocols"])


def _reference(entity: Entity, field: str) -> str | None:
    found = entity.get(field)
    return found["id"] if found else None


class Unknown:
    """Says once for each name that a plugin is configured which the stand-in does not run."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def report(self, snapshot: Snapshot, handlers: Mapping[str, Handler]) -> None:
        for entity in snapshot.entities.get("plugins", {}).values():
            name = entity["name"]
            if name not in handlers and name not in self._said and entity["enabled"]:
                self._said.add(name)
                LOG.error(
                    "THE STAND-IN DOES NOT RUN THE PLUGIN %s: requests pass as if it were not configured; it runs: %s",
                    name,
                    ", ".join(sorted(handlers)),
                )

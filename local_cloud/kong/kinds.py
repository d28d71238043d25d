"""What there is to configure: one row per kind of entity."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local_cloud.kong.schemas import ENTITIES


@dataclass(frozen=True)
class Kind:
    name: str
    """As in `GET /schemas/…` and in tables."""
    path: str
    """Collection of the Admin API."""
    key: str | None = None
    """Natural key: the field that stands for the id in paths."""
    together: tuple[str, ...] = ()
    """Fields that are unique together."""
    nested: Mapping[str, str] = field(default_factory=dict)
    """Reference → the collection's name below the referenced entity, where it is not `path`."""
    label: str | None = None
    """Name in `GET /tags`."""
    ttl: bool = False

    @functools.cached_property
    def fields(self) -> Mapping[str, Mapping[str, Any]]:
        fields: Mapping[str, Mapping[str, Any]] = ENTITIES[self.name]["fields"]
        return fields

    @functools.cached_property
    def references(self) -> dict[str, str]:
        """Field → kind that it refers to."""
        return {name: spec["reference"] for name, spec in self.fields.items() if spec["type"] == "foreign"}

    @functools.cached_property
    def unique(self) -> list[str]:
        return [name for name, spec in self.fields.items() if spec.get("unique")]

    def cascades(self, reference: str) -> bool:
        return self.fields[reference].get("on_delete") == "cascade"


def _credential(name: str, path: str, nested: str, key: str, **rest: Any) -> Kind:
    return Kind(name, path, key, nested={"consumer": nested}, **rest)


_ROWS = (
    Kind("services", "services", "name"),
    Kind("routes", "routes", "name"),
    Kind("consumers", "consumers", "username"),
    Kind("plugins", "plugins", "instance_name", together=("name", "route", "service", "consumer")),
    Kind("certificates", "certificates"),
    Kind("ca_certificates", "ca_certificates"),
    Kind("snis", "snis", "name"),
    Kind("upstreams", "upstreams", "name"),
    Kind("targets", "targets", "target", together=("upstream", "target")),
    Kind("vaults", "vaults", "prefix", label="sm_vaults"),
    Kind("key_sets", "key-sets", "name"),
    Kind("keys", "keys", "name", together=("kid", "set")),
    Kind("filter_chains", "filter-chains", "name"),
    _credential("jwt_secrets", "jwts", "jwt", "key"),
    _credential("keyauth_credentials", "key-auths", "key-auth", "key", ttl=True),
    _credential("basicauth_credentials", "basic-auths", "basic-auth", "username"),
    _credential("hmacauth_credentials", "hmac-auths", "hmac-auth", "username"),
    _credential("oauth2_credentials", "oauth2", "oauth2", "client_id"),
    _credential("acls", "acls", "acls", "group", together=("consumer", "group")),
    Kind("oauth2_tokens", "oauth2_tokens", "access_token", ttl=True),
    Kind("sessions", "sessions", "session_id", ttl=True),
    Kind("acme_storage", "acme_storage", "key", ttl=True),
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ROWS}
BY_PATH: dict[str, Kind] = {kind.path: kind for kind in _ROWS}


@functools.cache
def referrers(name: str) -> list[tuple[Kind, str]]:
    """Kinds that refer to a kind, and by which field."""
    return [(kind, ref) for kind in _ROWS for ref, target in kind.references.items() if target == name]


def below(parent: str, path: str) -> tuple[Kind, str] | None:
    """The collection `path` of an entity: its kind, and the field that refers to the entity."""
    for kind, reference in referrers(parent):
        if kind.nested.get(reference, kind.path) == path:
            return kind, reference
    return None

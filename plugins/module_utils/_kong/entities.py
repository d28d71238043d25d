# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of entities of Kong, one row each. Everything in this file is pure.

What the Admin API does differently from kind to kind stands here, so that reading, planning and applying do not have
to know any kind by name. Facts are those of Kong 3.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

Entity = Mapping[str, Any]
Reference = tuple[str, ...]

SERVER_OWNED = ("id", "created_at", "updated_at")


@dataclass(frozen=True)
class Kind:
    """One kind of entity.

    `collection` is the key in files and the name of the schema, `noun` what a person calls one, `path` where the
    collection stands in the Admin API (`{upstream}` is the id of what the field of that name refers to).

    `keys` are the sets of fields of which no two entities may have the same; the first is the natural key, and where
    it is empty the next ones stand in for it. `optional_keys` counts an empty field of a key as a value of its own,
    as Kong does for the scope of a plugin.

    `references` maps fields to the collection that they refer to; `owners` are those of them whose deletion takes the
    entity along. `level` orders creations: what is referred to, and what protects, comes first.
    """

    collection: str
    noun: str
    path: str
    keys: tuple[tuple[str, ...], ...]
    level: int
    references: Mapping[str, str] = field(default_factory=dict)
    owners: tuple[str, ...] = ()
    optional_keys: bool = False
    handles: tuple[str, ...] = ("name",)
    # Fields that Kong makes up where they are left out; what it made up is kept.
    generated: tuple[str, ...] = ()
    # Fields that are never shown.
    secret: tuple[str, ...] = ()
    # The field that Kong gives back hashed.
    hashed: str = ""
    # Arrays of which the order means nothing.
    unordered: tuple[str, ...] = ()
    # PATCH for what a PUT would break: hashed secrets would be hashed again, SNIs dropped, missing targets are 404.
    update: Literal["PUT", "PATCH"] = "PUT"
    # POST where a PUT cannot create.
    restore: Literal["PUT", "POST"] = "PUT"
    # Fields that are not the entity's own.
    derived: tuple[str, ...] = ()

    @property
    def nested(self) -> str:
        """The field that names the parent in the path, if any."""
        return self.path.partition("{")[2].partition("}")[0]

    def collection_path(self, entity: Entity) -> str:
        """Where an entity of this kind is created."""
        return self.path.format(**{self.nested: entity[self.nested]["id"]}) if self.nested else self.path

    def entity_path(self, entity: Entity) -> str:
        """Where an entity stands: always by id, as a name that looks like a UUID would be taken for one."""
        return f"{self.collection_path(entity)}/{quote(str(entity['id']), safe='')}"


CONSUMER = {"consumer": "consumers"}


def _credential(collection: str, noun: str, path: str, keys: tuple[tuple[str, ...], ...], **more: Any) -> Kind:
    return Kind(collection, noun, path, keys, level=1, references=CONSUMER, owners=("consumer",), handles=(), **more)


KINDS: Mapping[str, Kind] = {
    kind.collection: kind
    for kind in (
        Kind(
            "ca_certificates",
            "CA certificate",
            "/ca_certificates",
            (("cert",), ("cert_digest",)),
            level=0,
            handles=(),
            generated=("cert_digest",),
        ),
        Kind(
            "certificates",
            "certificate",
            "/certificates",
            (("cert",),),
            level=0,
            handles=(),
            secret=("key", "key_alt"),
            update="PATCH",
            derived=("snis",),
        ),
        Kind("vaults", "vault", "/vaults", (("prefix",),), level=0, handles=("prefix",)),
        Kind("key_sets", "key set", "/key-sets", (("name",),), level=0, update="PATCH", restore="POST"),
        Kind(
            "consumers",
            "consumer",
            "/consumers",
            (("username",), ("custom_id",)),
            level=0,
            handles=("username", "custom_id"),
        ),
        Kind(
            "services",
            "service",
            "/services",
            (("name",),),
            level=1,
            references={"client_certificate": "certificates", "ca_certificates": "ca_certificates"},
            unordered=("ca_certificates",),
        ),
        Kind(
            "upstreams",
            "upstream",
            "/upstreams",
            (("name",),),
            level=1,
            references={"client_certificate": "certificates"},
        ),
        Kind(
            "snis",
            "SNI",
            "/snis",
            (("name",),),
            level=1,
            references={"certificate": "certificates"},
            owners=("certificate",),
        ),
        Kind(
            "keys",
            "key",
            "/keys",
            (("name",), ("kid", "set")),
            level=1,
            references={"set": "key_sets"},
            owners=("set",),
            optional_keys=True,
            secret=("jwk",),
        ),
        _credential(
            "jwt_secrets", "jwt credential", "/jwts", (("key",),), generated=("key", "secret"), secret=("secret",)
        ),
        _credential(
            "keyauth_credentials", "key-auth credential", "/key-auths", (("key",),), generated=("key",), secret=("key",)
        ),
        _credential(
            "basicauth_credentials",
            "basic-auth credential",
            "/basic-auths",
            (("username",),),
            secret=("password",),
            hashed="password",
            update="PATCH",
        ),
        _credential(
            "hmacauth_credentials",
            "hmac-auth credential",
            "/hmac-auths",
            (("username",),),
            generated=("secret",),
            secret=("secret",),
        ),
        _credential(
            "oauth2_credentials",
            "oauth2 credential",
            "/oauth2",
            (("client_id",),),
            generated=("client_id", "client_secret"),
            secret=("client_secret",),
            hashed="client_secret",
            update="PATCH",
        ),
        _credential("acls", "acl group", "/acls", (("consumer", "group"),)),
        Kind(
            "targets",
            "target",
            "/upstreams/{upstream}/targets",
            (("upstream", "target"),),
            level=2,
            references={"upstream": "upstreams"},
            owners=("upstream",),
            handles=(),
            update="PATCH",
            restore="POST",
        ),
        Kind(
            "plugins",
            "plugin",
            "/plugins",
            (("name", "service", "route", "consumer"), ("instance_name",)),
            level=2,
            references={"service": "services", "route": "routes", "consumer": "consumers"},
            owners=("route", "service", "consumer"),
            optional_keys=True,
            handles=(),
        ),
        Kind(
            "routes",
            "route",
            "/routes",
            (("name",),),
            level=3,
            references={"service": "services"},
            unordered=("hosts", "paths"),
        ),
    )
}

ROUTE_PLUGINS = 4  # the level of a plugin that waits for its route


def level(kind: Kind, entity: Entity) -> int:
    """When an entity is created: plugins of services before the routes that would otherwise be open for a moment."""
    return ROUTE_PLUGINS if kind.collection == "plugins" and entity.get("route") else kind.level


def children(collection: str) -> Iterator[tuple[Kind, str]]:
    """The kinds whose entities go when one of `collection` is deleted, and the field by which they hang on it."""
    for kind in KINDS.values():
        for name in kind.owners:
            if kind.references[name] == collection:
                yield kind, name


def holders(collection: str) -> Iterator[tuple[Kind, str]]:
    """The kinds whose entities keep one of `collection` from being deleted, and the field that does."""
    for kind in KINDS.values():
        for name, target in kind.references.items():
            if target == collection and name not in kind.owners:
                yield kind, name

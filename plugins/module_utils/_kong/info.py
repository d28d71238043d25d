# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that gathers what a gateway holds, without changing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.redact import MASK
from .entities import KINDS, Kind
from .fields import FIELDS
from .schemas import Schemas
from .session import Kong, Outcome

CONFIGURATION = ("database", "router_flavor", "untrusted_lua_sandbox_requires", "trusted_ips", "plugins")


def run(kong: Kong) -> Outcome:
    """What the node says of itself, the entities of the kinds that are asked for, and the health of upstreams."""
    kinds = [KINDS[name] for name in kong.params["kinds"] if name != "targets"]
    tags = kong.params["tags"] or []
    listed = dict(zip([kind.collection for kind in kinds], kong.client.each(_pages(kong, tags), kinds), strict=True))
    if "targets" in kong.params["kinds"]:
        listed["targets"] = _targets(kong, tags)
    result: dict[str, Any] = {"node": _node(kong), "entities": _masked(kong, listed)}
    if kong.params["health"]:
        result["health"] = _health(kong, tags)
    return Outcome([], result)


def _pages(kong: Kong, tags: list[str]) -> Any:
    return lambda kind: kong.client.pages(kind.path, tags)


def _node(kong: Kong) -> dict[str, Any]:
    answer = kong.client.get("/")
    configuration = answer.get("configuration", {})
    return {
        "version": answer.get("version"),
        "edition": answer.get("edition", "community"),
        "hostname": answer.get("hostname"),
        "node_id": answer.get("node_id"),
        "plugins": sorted(answer.get("plugins", {}).get("available_on_server", {})),
        "configuration": {name: configuration.get(name) for name in CONFIGURATION},
    }


def _upstreams(kong: Kong, tags: list[str]) -> list[dict[str, Any]]:
    return kong.client.pages(KINDS["upstreams"].path, tags)


def _targets(kong: Kong, tags: list[str]) -> list[dict[str, Any]]:
    """Targets of all upstreams: there is no one list of them."""
    upstreams = kong.client.pages(KINDS["upstreams"].path)
    lists = kong.client.each(lambda upstream: kong.client.pages(_below(upstream, "targets"), tags), upstreams)
    return [target for targets in lists for target in targets]


def _health(kong: Kong, tags: list[str]) -> dict[str, dict[str, str]]:
    upstreams = _upstreams(kong, tags)
    lists = kong.client.each(lambda upstream: kong.client.pages(_below(upstream, "health")), upstreams)
    return {
        upstream["name"]: {target["target"]: target["health"] for target in targets}
        for upstream, targets in zip(upstreams, lists, strict=True)
    }


def _below(upstream: Mapping[str, Any], name: str) -> str:
    return f"/upstreams/{upstream['id']}/{name}"


def _masked(kong: Kong, listed: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    schemas = Schemas(kong.client)
    plugins = {plugin["name"] for plugin in listed.get("plugins", ())}
    schemas.load(list(listed), sorted(plugins))
    return {
        collection: [_without_secrets(schemas, KINDS[collection], entity) for entity in entities]
        for collection, entities in listed.items()
    }


def _without_secrets(schemas: Schemas, kind: Kind, entity: dict[str, Any]) -> dict[str, Any]:
    """By value: Kong answers some secrets twice, the second time under a deprecated name."""
    rows = FIELDS[kind.collection]
    secrets = {value for _path, value in schemas.of(kind.collection, entity).secrets(entity)}
    secrets |= {value for name, value in entity.items() if name in rows and rows[name].secret and value}
    return dict(_without(entity, secrets))


def _without(value: Any, secrets: set[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _without(item, secrets) for name, item in value.items()}
    return MASK if isinstance(value, str) and value in secrets else value

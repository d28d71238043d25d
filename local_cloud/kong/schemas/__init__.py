"""All schemas, and how `GET /schemas/…` describes them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from local_cloud.kong.schema import Field, compile_field
from local_cloud.kong.schemas.entities import ENTITIES
from local_cloud.kong.schemas.fields import record, string
from local_cloud.kong.schemas.plugins import PLUGINS

VAULTS = {"env": record({"prefix": string()}, required=True)}
__all__ = ["ENTITIES", "PLUGINS", "VAULTS", "describe", "describe_entity", "entity", "plugin", "vault"]
_OWN_RULES = ("check", "checks", "fields", "shorthands", "expand", "becomes")


@functools.cache
def entity(kind: str) -> Field:
    return compile_field(ENTITIES[kind])


@functools.cache
def plugin(name: str) -> Field:
    """The schema of a plugin entity: the common fields, those of the plugin, and its rules."""
    base, own = ENTITIES["plugins"], PLUGINS[name]
    return compile_field({**base, "fields": base["fields"] | own["fields"], "checks": own["checks"]})


@functools.cache
def vault(name: str) -> Field:
    base = ENTITIES["vaults"]
    return compile_field({**base, "fields": base["fields"] | {"config": VAULTS[name]}})


def describe(spec: Mapping[str, Any]) -> dict[str, Any]:
    """As the Admin API tells it: the rules that are its own business stay out."""
    described = {name: _described(value) for name, value in spec.items() if name not in _OWN_RULES}
    if "fields" in spec and spec["type"] == "record":
        described["fields"] = [{name: describe(inner)} for name, inner in spec["fields"].items()]
        described["entity_checks"] = [
            _shown(rule) for rule in spec.get("checks", ()) if set(rule) - {"check", "fields"}
        ]
        if not described["entity_checks"]:
            del described["entity_checks"]
        if spec.get("shorthands"):
            described["shorthand_fields"] = [{name: describe(inner)} for name, inner in spec["shorthands"].items()]
    return described


def describe_entity(spec: Mapping[str, Any]) -> dict[str, Any]:
    described = describe(spec)
    return {"fields": described["fields"], "entity_checks": described.get("entity_checks", [])}


def _described(value: Any) -> Any:
    if isinstance(value, Mapping):
        return describe(value) if "type" in value else {k: _described(v) for k, v in value.items() if k != "check"}
    return list(value) if isinstance(value, tuple) else value


def _shown(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _described(value) for name, value in rule.items() if name not in ("check", "fields")}

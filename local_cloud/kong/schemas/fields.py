"""The notation in which schemas are written: a field is its type and its rules.

Rules are named as `GET /schemas/…` names them. What the answer does not show: `check` names a rule of `checks.py`,
and of a shorthand `expand` names how it expands, `becomes` the field that takes its value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Field = dict[str, Any]

HTTP = ("grpc", "grpcs", "http", "https")
PROTOCOLS = (*HTTP, "tcp", "tls", "tls_passthrough", "udp")


def string(**rules: Any) -> Field:
    return {"type": "string", **rules}


def integer(**rules: Any) -> Field:
    return {"type": "integer", **rules}


def number(**rules: Any) -> Field:
    return {"type": "number", **rules}


def boolean(default: bool | None = None, **rules: Any) -> Field:
    return {"type": "boolean", **({} if default is None else {"default": default}), **rules}


def array(elements: Field, **rules: Any) -> Field:
    return {"type": "array", "elements": elements, **rules}


def set_of(elements: Field, **rules: Any) -> Field:
    return {"type": "set", "elements": elements, **rules}


def map_of(keys: Field, values: Field, **rules: Any) -> Field:
    return {"type": "map", "keys": keys, "values": values, **rules}


def record(fields: Mapping[str, Field], **rules: Any) -> Field:
    """`checks` are rules over several fields, `shorthands` fields that are accepted for others."""
    return {"type": "record", "fields": dict(fields), **rules}


def foreign(reference: str, **rules: Any) -> Field:
    return {"type": "foreign", "reference": reference, **rules}


def deprecated(plugin: str, old: str, new: str, field: Field) -> Field:
    """A former name of the field at the dotted path `new` of the same record."""
    path = new.split(".")
    message = f"{plugin}: {old} has become {new}"
    return field | {
        "deprecation": {"message": message, "removal_in_version": "4.0", "replaced_with": [{"path": path}]},
    }


# -- common fields --------------------------------------------------------------------------------


def identity() -> dict[str, Field]:
    return {"id": string(auto=True, uuid=True), "created_at": timestamp()}


def timestamp() -> Field:
    return integer(auto=True, timestamp=True)


def uuid() -> Field:
    return string(uuid=True)


def tags() -> Field:
    return set_of(string(required=True, check="tag"))


def unique_name() -> Field:
    return string(unique=True, check="utf8_name")


def port(**rules: Any) -> Field:
    return integer(between=[0, 65535], **rules)


def timeout(default: int) -> Field:
    return integer(between=[0, 2147483646], default=default)


def url(**rules: Any) -> Field:
    return string(check="url", **rules)


def host(**rules: Any) -> Field:
    return string(check="host", **rules)


def header_name(**rules: Any) -> Field:
    return string(check="header_name", **rules)


def wildcard_host(**rules: Any) -> Field:
    return string(check="wildcard_host", **rules)


def ip_or_cidr() -> Field:
    return string(check="ip_or_cidr")


def path(**rules: Any) -> Field:
    return string(starts_with="/", match_none=[empty_segments()], check="path", **rules)


def empty_segments() -> dict[str, str]:
    return {"pattern": "//", "err": "must not have empty segments"}


def strings(**rules: Any) -> Field:
    return array(string(), **rules)


def one_of(choices: Iterable[str], **rules: Any) -> Field:
    return string(one_of=list(choices), **rules)


def pair() -> Field:
    """`name:value`."""
    return string(match="^[^:]+:.*$")


def defaulted(fields: Mapping[str, Field]) -> Field:
    """A record that is always there, with the defaults of its fields as default."""
    return record(fields, required=True, default=_defaults(fields))


def _defaults(fields: Mapping[str, Field]) -> dict[str, Any]:
    return {name: field["default"] for name, field in fields.items() if field.get("default") is not None}


def redis() -> Field:
    return record(redis_fields(), required=True)


def redis_fields() -> dict[str, Field]:
    return {
        "host": host(),
        "port": port(default=6379),
        "timeout": timeout(2000),
        "username": string(referenceable=True),
        "password": string(encrypted=True, len_min=0, referenceable=True),
        "database": integer(default=0),
        "ssl": boolean(False, required=False),
        "ssl_verify": boolean(False, required=False),
        "server_name": string(required=False, check="host"),
    }


def flat_redis(plugin: str) -> dict[str, Field]:
    """The former names of the Redis settings: `redis_host` for `redis.host`, …"""
    kept = ("type", "len_min")
    order = ("host", "port", "password", "username", "ssl", "ssl_verify", "server_name", "timeout", "database")
    fields = redis_fields()
    return {
        f"redis_{name}": deprecated(
            plugin,
            f"redis_{name}",
            f"redis.{name}",
            {rule: fields[name][rule] for rule in kept if rule in fields[name]},
        )
        for name in order
    }


def queue(max_batch_size: int | None = None) -> Field:
    """How a logging plugin collects entries before it sends them."""
    fields = {
        "max_batch_size": integer(default=1, between=[1, 1000000]),
        "max_coalescing_delay": number(default=1, between=[0, 3600]),
        "max_entries": integer(default=10000, between=[1, 1000000]),
        "max_bytes": integer(),
        "max_retry_time": number(default=60),
        "initial_retry_delay": number(default=0.01, between=[0.001, 1000000]),
        "max_retry_delay": number(default=60, between=[0.001, 1000000]),
        "concurrency_limit": integer(default=1, one_of=[-1, 1]),
    }
    default = {} if max_batch_size is None else {"default": {"max_batch_size": max_batch_size}}
    return record(fields, required=True, **default)


def propagation(default_format: str) -> Field:
    """Which tracing headers are read, removed and written."""
    formats = ["b3", "gcp", "b3-single", "jaeger", "aws", "ot", "w3c", "datadog"]
    fields = {
        "extract": array(one_of(["b3", "gcp", "jaeger", "aws", "ot", "w3c", "datadog"])),
        "clear": strings(),
        "inject": array(one_of(["preserve", *formats])),
        "default_format": one_of(formats, required=True),
    }
    return record(fields, required=True, default={"default_format": default_format})


# -- plugins --------------------------------------------------------------------------------------

NO_CONSUMER = {"consumer": foreign("consumers", eq=None)}
NO_ROUTE = {"route": foreign("routes", eq=None)}
NO_SERVICE = {"service": foreign("services", eq=None)}


def protocols(*choices: str, default: Iterable[str] = HTTP) -> dict[str, Field]:
    return {
        "protocols": set_of(one_of(choices or PROTOCOLS), required=True, default=list(default)),
    }


def plugin(
    config: Mapping[str, Field],
    *,
    scope: Mapping[str, Field] | None = None,
    protocols: Mapping[str, Field],
    checks: Iterable[dict[str, Any]] = (),
    config_checks: Iterable[dict[str, Any]] = (),
    **rules: Any,
) -> Field:
    """`scope` are the references that a plugin does not take, `checks` rules over the whole plugin.

    Other rules are those of the configuration.
    """
    inner = record(config, required=True, checks=list(config_checks), **rules)
    fields = {**(scope or {}), **protocols, "config": inner}
    return {"type": "record", "fields": fields, "checks": list(checks)}

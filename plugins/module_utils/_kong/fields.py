# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of Kong's entities that a user may write, and what may stand in them. Everything in this file is pure.

One table says what `GET /schemas/<collection>` of Kong 3.9 says, as far as it can be judged without a gateway. The
options of the modules and the checks of whole files come from it. Types are strict, as Kong's are: "80" is no integer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .._core.errors import InvalidInput
from .._core.placeholders import is_placeholder
from .._core.redact import Secret

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
VAULT_REFERENCE = re.compile(r"\{vault://[^}]+\}")


@dataclass(frozen=True)
class Field:
    """What one field holds.

    `type` is string, integer, number, boolean, list, map, record, reference or any. `reference` names the collection
    that is referred to, `elements` describes the items of a list and the values of a map, `fields` those of a record.
    `pattern` has to match the whole text, and `form` says so in words. A `secret` is never shown.
    """

    type: str
    choices: tuple[Any, ...] = ()
    between: tuple[float, float] | None = None
    pattern: str = ""
    form: str = ""
    elements: Field | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    reference: str = ""
    required: bool = False
    secret: bool = False

    @cached_property
    def accepts(self) -> Callable[[Any], bool]:
        """Whether a value is right beyond doubt: compiled once, as files have thousands of them."""
        return ACCEPTORS[self.type](self)


def _accepts_text(row: Field) -> Callable[[Any], bool]:
    if row.choices:
        return lambda value: isinstance(value, str) and value in row.choices
    match = re.compile(row.pattern or r"(?s).+").fullmatch
    return lambda value: isinstance(value, str) and match(value) is not None


def _accepts_number(row: Field) -> Callable[[Any], bool]:
    types = int if row.type == "integer" else (int, float)
    low, high = row.between or (float("-inf"), float("inf"))
    allowed = row.choices

    def accepts(value: Any) -> bool:
        right = isinstance(value, types) and not isinstance(value, bool) and low <= value <= high
        return right and (not allowed or value in allowed)

    return accepts


def _accepts_items(row: Field) -> Callable[[Any], bool]:
    item = (row.elements or TEXT).accepts
    if row.type == "list":
        return lambda value: isinstance(value, list) and all(map(item, value))
    return lambda value: isinstance(value, dict) and all(map(item, value.values()))


def _accepts_record(row: Field) -> Callable[[Any], bool]:
    known = {name: below.accepts for name, below in row.fields.items()}

    def accepts(value: Any) -> bool:
        return isinstance(value, dict) and all(
            name in known and (item is None or known[name](item)) for name, item in value.items()
        )

    return accepts


ACCEPTORS: Mapping[str, Callable[[Field], Callable[[Any], bool]]] = {
    "any": lambda _row: lambda _value: True,
    "boolean": lambda _row: lambda value: isinstance(value, bool),
    "string": _accepts_text,
    "integer": _accepts_number,
    "number": _accepts_number,
    "list": _accepts_items,
    "map": _accepts_items,
    "record": _accepts_record,
    "reference": lambda _row: lambda value: isinstance(value, (str, dict)),
}


def text(pattern: str = "", form: str = "", **more: Any) -> Field:
    return Field("string", pattern=pattern, form=form, **more)


def one_of(*choices: str) -> Field:
    return Field("string", choices=choices)


def integer(low: int, high: int) -> Field:
    return Field("integer", between=(low, high))


def number(low: int, high: int) -> Field:
    return Field("number", between=(low, high))


def list_of(elements: Field) -> Field:
    return Field("list", elements=elements)


def record(**fields: Field) -> Field:
    return Field("record", fields=fields)


def reference(collection: str, *, required: bool = False) -> Field:
    return Field("reference", reference=collection, required=required)


TEXT = text()
SECRET = text(secret=True)
BOOLEAN = Field("boolean")
NAME = text(r"[\w.~-]+", "a name of letters, digits and . - _ ~")
TAGS = list_of(text(r"[^,/]+", "a tag without commas and slashes"))
PORT = integer(0, 65535)
MILLISECONDS = integer(1, 2147483646)
URL_PATH = text(r"/(?!.*//).*", "a path that starts with / and has no empty segments")
PROTOCOLS = ("grpc", "grpcs", "http", "https", "tcp", "tls", "tls_passthrough", "udp")
HOST = text(r"[^/\s:]+|[^/\s]*:[^/\s]*:[^/\s]*", "a host name or address without scheme and port")
HOST_PATTERN = text(
    r"(\*\.)?[^*/\s]+(?<!\.)|[^*/\s]+\.\*", "a host name, with a wildcard label at its start or its end if at all"
)
PEER = record(ip=TEXT, port=PORT)
HASH_ON = ("none", "consumer", "ip", "header", "cookie", "path", "query_arg", "uri_capture")
HEALTH_TYPES = ("tcp", "http", "https", "grpc", "grpcs")
STATUSES = list_of(integer(100, 999))
COUNT = integer(0, 255)
HEADERS = Field("map", elements=list_of(TEXT))
ALGORITHMS = (
    *("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"),
    *("PS256", "PS384", "PS512", "EdDSA"),
)

ACTIVE = record(
    type=one_of(*HEALTH_TYPES),
    timeout=number(0, 65535),
    concurrency=integer(1, 2147483648),
    http_path=URL_PATH,
    https_sni=TEXT,
    https_verify_certificate=BOOLEAN,
    headers=HEADERS,
    healthy=record(interval=number(0, 65535), http_statuses=STATUSES, successes=COUNT),
    unhealthy=record(
        interval=number(0, 65535), http_statuses=STATUSES, tcp_failures=COUNT, timeouts=COUNT, http_failures=COUNT
    ),
)
PASSIVE = record(
    type=one_of(*HEALTH_TYPES),
    healthy=record(http_statuses=STATUSES, successes=COUNT),
    unhealthy=record(http_statuses=STATUSES, tcp_failures=COUNT, timeouts=COUNT, http_failures=COUNT),
)

WHOLE_URL = r"\w+://([^\s/?#@]*@)?(\[[^\s\]]+\]|[^\s/?#:@\[\]]+)(:\d{1,5})?([/?#]\S*)?"

COMMON = {
    "id": text(UUID.pattern, "a UUID"),
    "tags": TAGS,
    "created_at": Field("number"),
    "updated_at": Field("number"),
}
CONSUMER = {"consumer": reference("consumers", required=True)}

FIELDS: Mapping[str, Mapping[str, Field]] = {
    "services": {
        "name": NAME,
        "url": text(WHOLE_URL, "a URL such as http://auth.internal:8080/base"),
        "protocol": one_of(*PROTOCOLS),
        "host": HOST,
        "port": PORT,
        "path": URL_PATH,
        "retries": integer(0, 32767),
        "connect_timeout": MILLISECONDS,
        "read_timeout": MILLISECONDS,
        "write_timeout": MILLISECONDS,
        "enabled": BOOLEAN,
        "tls_verify": BOOLEAN,
        "tls_verify_depth": integer(0, 64),
        "client_certificate": reference("certificates"),
        "ca_certificates": list_of(COMMON["id"]),
        **COMMON,
    },
    "routes": {
        "name": NAME,
        "service": reference("services"),
        "protocols": list_of(one_of(*PROTOCOLS)),
        "methods": list_of(text(r"[A-Z]+", "a method in upper case")),
        "hosts": list_of(HOST_PATTERN),
        "paths": list_of(
            text(r"~?/(?!.*//).*", "a path that starts with / (taken as it is) or ~/ (regex), without empty segments")
        ),
        "headers": HEADERS,
        "snis": list_of(HOST_PATTERN),
        "sources": list_of(PEER),
        "destinations": list_of(PEER),
        "https_redirect_status_code": Field("integer", choices=(426, 301, 302, 307, 308)),
        "regex_priority": Field("integer"),
        "strip_path": BOOLEAN,
        "path_handling": one_of("v0", "v1"),
        "preserve_host": BOOLEAN,
        "request_buffering": BOOLEAN,
        "response_buffering": BOOLEAN,
        **COMMON,
    },
    "upstreams": {
        "name": text(r"[^/\s:]+", "a host name without port", required=True),
        "algorithm": one_of("consistent-hashing", "least-connections", "round-robin", "latency"),
        "slots": integer(10, 65536),
        "hash_on": one_of(*HASH_ON),
        "hash_fallback": one_of(*HASH_ON),
        "hash_on_header": TEXT,
        "hash_fallback_header": TEXT,
        "hash_on_cookie": TEXT,
        "hash_on_cookie_path": URL_PATH,
        "hash_on_query_arg": TEXT,
        "hash_fallback_query_arg": TEXT,
        "hash_on_uri_capture": TEXT,
        "hash_fallback_uri_capture": TEXT,
        "healthchecks": record(active=ACTIVE, passive=PASSIVE, threshold=number(0, 100)),
        "host_header": TEXT,
        "client_certificate": reference("certificates"),
        "use_srv_name": BOOLEAN,
        **COMMON,
    },
    "targets": {
        "target": text(r"\S+", "a host name or address, with or without a port", required=True),
        "upstream": reference("upstreams", required=True),
        "weight": integer(0, 65535),
        **COMMON,
    },
    "consumers": {"username": TEXT, "custom_id": TEXT, **COMMON},
    "jwt_secrets": {
        "key": TEXT,
        "secret": SECRET,
        "algorithm": one_of(*ALGORITHMS),
        "rsa_public_key": TEXT,
        **CONSUMER,
        **COMMON,
    },
    "keyauth_credentials": {"key": SECRET, "ttl": integer(0, 100000000), **CONSUMER, **COMMON},
    "basicauth_credentials": {
        "username": text(required=True),
        "password": text(secret=True, required=True),
        **CONSUMER,
        **COMMON,
    },
    "hmacauth_credentials": {"username": text(required=True), "secret": SECRET, **CONSUMER, **COMMON},
    "oauth2_credentials": {
        "name": text(required=True),
        "client_id": TEXT,
        "client_secret": SECRET,
        "client_type": one_of("confidential", "public"),
        "redirect_uris": list_of(TEXT),
        "hash_secret": BOOLEAN,
        **CONSUMER,
        **COMMON,
    },
    "acls": {"group": text(required=True), **CONSUMER, **COMMON},
    "plugins": {
        "name": text(required=True),
        "instance_name": NAME,
        "service": reference("services"),
        "route": reference("routes"),
        "consumer": reference("consumers"),
        "config": Field("any"),
        "protocols": list_of(one_of(*PROTOCOLS)),
        "enabled": BOOLEAN,
        **COMMON,
    },
    "certificates": {
        "cert": text(required=True),
        "key": text(secret=True, required=True),
        "cert_alt": TEXT,
        "key_alt": SECRET,
        "snis": list_of(HOST_PATTERN),
        **COMMON,
    },
    "snis": {
        "name": Field("string", required=True, pattern=HOST_PATTERN.pattern, form=HOST_PATTERN.form),
        "certificate": reference("certificates", required=True),
        **COMMON,
    },
    "ca_certificates": {"cert": text(required=True), "cert_digest": TEXT, **COMMON},
    "vaults": {
        "prefix": text(
            r"(?!env$)[a-z][a-z\d-]*[a-z\d]",
            "lower-case letters, digits and dashes, at least two, other than env",
            required=True,
        ),
        "name": text(required=True),
        "description": TEXT,
        "config": Field("any"),
        **COMMON,
    },
    "key_sets": {"name": NAME, **COMMON},
    "keys": {
        "name": NAME,
        "set": reference("key_sets"),
        "kid": text(required=True),
        "jwk": SECRET,
        "pem": record(private_key=SECRET, public_key=TEXT),
        **COMMON,
    },
}

REQUIRED = {
    collection: frozenset(name for name, row in rows.items() if row.required) for collection, rows in FIELDS.items()
}

# What is misplaced in one of these may be a secret.
SECRETIVE = {"plugins", *(name for name, rows in FIELDS.items() if any(row.secret for row in rows.values()))}


def check(collection: str, entity: Mapping[str, Any], path: str, *, partial: bool = False) -> Iterator[InvalidInput]:
    """What is wrong with an entity, by the path of the bad value. `partial` lets required fields be missing."""
    known = FIELDS[collection]
    for name, value in entity.items():
        if name in known and (known[name].accepts(value) if value is not None else not known[name].required):
            continue
        where = f"{path}.{name}" if path else name
        if name not in known:
            shown = Secret("") if collection in SECRETIVE else value
            yield InvalidInput(where, shown, f"is no field of {collection}; fields are {', '.join(sorted(known))}")
        else:
            yield from check_value(known[name], value, where)
    if not partial:
        for name in REQUIRED[collection].difference(entity):
            yield InvalidInput(f"{path}.{name}" if path else name, None, "is missing, and required")


def check_value(row: Field, value: Any, path: str) -> Iterator[InvalidInput]:
    """What is wrong with one value. What is only known after apply is taken on trust."""
    if row.type == "any" or (isinstance(value, str) and is_placeholder(value)):
        return
    shown = Secret("") if row.secret else value
    if not _has_type(row, value):
        yield InvalidInput(path, shown, f"has to be {_describe(row)}")
    elif row.type == "list":
        for index, item in enumerate(value):
            yield from check_value(row.elements or TEXT, item, f"{path}[{index}]")
    elif row.type == "map":
        for name, item in value.items():
            yield from check_value(row.elements or TEXT, item, f"{path}.{name}")
    elif row.type == "record":
        yield from _check_record(row, value, path)
    elif not _is_allowed(row, value):
        yield InvalidInput(path, shown, f"has to be {_describe(row)}")


def _check_record(row: Field, value: Mapping[str, Any], path: str) -> Iterator[InvalidInput]:
    for name, item in value.items():
        if name not in row.fields:
            yield InvalidInput(f"{path}.{name}", item, f"is unknown; known are {', '.join(row.fields)}")
        elif item is not None:
            yield from check_value(row.fields[name], item, f"{path}.{name}")


def _has_type(row: Field, value: Any) -> bool:
    if row.type == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if row.type == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    wanted: dict[str, type | tuple[type, ...]] = {
        "string": (str, Secret),
        "boolean": bool,
        "list": list,
        "map": Mapping,
        "record": Mapping,
        "reference": (str, Mapping),
    }
    return isinstance(value, wanted[row.type])


def _is_allowed(row: Field, value: Any) -> bool:
    if row.choices:
        return value in row.choices
    if row.between:
        return bool(row.between[0] <= value <= row.between[1])
    if row.type != "string":
        return True
    written = value.reveal() if isinstance(value, Secret) else str(value)
    return bool(written) and (re.fullmatch(row.pattern or r"(?s).+", written) is not None)


def _describe(row: Field) -> str:
    if row.choices:
        return f"one of {', '.join(str(choice) for choice in row.choices)}"
    if row.between:
        low, high = row.between
        return f"{'an integer' if row.type == 'integer' else 'a number'} from {low} to {high}, without quotes"
    names = {"integer": "an integer, without quotes", "number": "a number, without quotes", "string": "a text",
             "boolean": "true or false, without quotes", "list": "a list", "map": "a map", "record": "a map",
             "reference": "a name, or a map such as {name: auth}"}  # fmt: skip
    return row.form or names[row.type]


ANSIBLE_TYPES = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "list": "list",
    "map": "dict",
    "record": "dict",
    "any": "dict",
    "reference": "str",
}


def argument_spec(collection: str, *names: str, required: Collection[str] = ()) -> dict[str, Any]:
    """Fields as options of a module. What is not `required` may be left out, and is not managed then."""
    made = {name: _option(name, FIELDS[collection][name]) for name in names}
    for name in required:
        made[name]["required"] = True
    return made


def _option(name: str, row: Field) -> dict[str, Any]:
    option: dict[str, Any] = {"type": ANSIBLE_TYPES[row.type]}
    if row.choices:
        option["choices"] = list(row.choices)
    if row.secret:
        option["no_log"] = True
    elif "key" in name or "token" in name:
        option["no_log"] = False
    if row.type == "list" and row.elements is not None:
        below = _option(name, row.elements)
        option["elements"] = below.pop("type")
        below.pop("no_log", None)
        option.update(below)
    if row.type == "record":
        option["options"] = {inner: _option(inner, below) for inner, below in row.fields.items()}
    return option

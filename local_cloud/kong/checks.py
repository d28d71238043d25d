"""Rules that need code: what a schema names as `check`, and how shorthand fields expand."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from local_cloud.kong import addresses, cryptography_checks, lua_checks, patterns
from local_cloud.kong.errors import ENTITY

_REFERENCE = re.compile(r"\{vault://[^{}]+\}")
_TAG = re.compile(r"[^,/\x00-\x1f\x7f]+")
_NAME = re.compile(r"[A-Za-z0-9.\-_~\u0080-\U0010ffff]+")
_HEADER = re.compile(r"[A-Za-z0-9_-]+")
_BAD_ENCODING = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PERIODS = ("second", "minute", "hour", "day", "month", "year")

Data = Mapping[str, Any]
Problems = Iterator[tuple[tuple[str, ...], str]]


def is_reference(value: object) -> bool:
    """`{vault://…}`: the value is elsewhere, and nothing is known of it here."""
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


# -- one value ------------------------------------------------------------------------------------


def _tag(value: str) -> str | None:
    if _TAG.fullmatch(value):
        return None
    return f"invalid tag '{value}': expected printable ascii (except `,` and `/`) or valid utf-8 sequences"


def _utf8_name(value: str) -> str | None:
    if _NAME.fullmatch(value):
        return None
    return f"invalid value '{value}': the only accepted ascii characters are alphanumerics or ., -, _, and ~"


def _url(value: str) -> str | None:
    parts = urlsplit(value)
    if not parts.netloc:
        return "missing host in url"
    return None if parts.scheme else "missing scheme in url"


def _host(value: str) -> str | None:
    address = addresses.parse(value)
    if address is None:
        return f"invalid value: {value}"
    return None if address.port is None else "must not have a port"


def _wildcard_host(value: str) -> str | None:
    if value.count("*") > 1:
        return "only one wildcard must be specified"
    if "*" in value and not (value.startswith("*.") or value.endswith(".*")):
        return "wildcard must be leftmost or rightmost character"
    address = addresses.parse(value.replace("*", "wildcard"))
    if address is None:
        return f"invalid value: {value}"
    if address.kind != "name":
        return "must not be an IP"
    return None if address.port is None else "must not have a port"


def _header_name(value: str) -> str | None:
    if _HEADER.fullmatch(value):
        return None
    return f"bad header name '{value}', allowed characters are A-Z, a-z, 0-9, '_', and '-'"


def _ip_or_cidr(value: str) -> str | None:
    return None if addresses.is_ip_or_cidr(value) else f"invalid ip or cidr range: '{value}'"


def _path(value: str) -> str | None:
    return f"invalid url-encoded value: '{value}'" if _BAD_ENCODING.search(value) else None


def _router_path(value: str) -> str | None:
    if not value.startswith("~"):
        return _path(value)
    problem = patterns.regex_problem(value[1:])
    if not problem:
        return None
    return f"invalid regex: '{value[1:]}' (PCRE returned: pcre2_compile() failed: {problem} in \"{value[1:]}\")"


def _router_host(value: str) -> str | None:
    known = addresses.parse(value.replace("*", "wildcard"))
    return None if known else f"invalid hostname: {value}"


def _upstream_name(value: str) -> str | None:
    address = addresses.parse(value)
    if address is None:
        return f"Invalid name ('{value}'); must be a valid hostname"
    if address.kind != "name":
        return f"Invalid name ('{value}'); no ip addresses allowed"
    return None if address.port is None else f"Invalid name ('{value}'); no port allowed"


def _target(value: str) -> str | None:
    return None if addresses.parse(value) else "Invalid target; not a valid hostname or ip address"


def _cors_origin(value: str) -> str | None:
    return f"'{value}' is not a valid regex" if value != "*" and patterns.regex_problem(value) else None


def _growing_limits(value: Data) -> str | None:
    """A longer period cannot have a lower limit."""
    given = [(period, value[period]) for period in _PERIODS if isinstance(value.get(period), int | float)]
    for (lower, low), (higher, high) in itertools.pairwise(given):
        if high < low:
            return f"The limit for {higher}({float(high)}) cannot be lower than the limit for {lower}({float(low)})"
    return None


def _one_answer(value: Data) -> str | None:
    """A message makes the body by itself."""
    if value.get("message") and (value.get("content_type") or value.get("body")):
        return "message cannot be used with content_type or body"
    if value.get("content_type") and not value.get("body"):
        return "content_type requires a body"
    return None


_GRANTS = ("enable_authorization_code", "enable_implicit_grant", "enable_client_credentials", "enable_password_grant")


def _one_grant(value: Data) -> str | None:
    if any(value.get(name) for name in _GRANTS):
        return None
    return f"at least one of these fields must be true: {', '.join(_GRANTS)}"


FIELD: dict[str, Callable[[Any], str | None]] = {
    "tag": _tag,
    "utf8_name": _utf8_name,
    "url": _url,
    "host": _host,
    "wildcard_host": _wildcard_host,
    "header_name": _header_name,
    "ip_or_cidr": _ip_or_cidr,
    "path": _path,
    "router_path": _router_path,
    "router_host": _router_host,
    "upstream_name": _upstream_name,
    "target": _target,
    "cors_origin": _cors_origin,
    "growing_limits": _growing_limits,
    "one_answer": _one_answer,
    "one_grant": _one_grant,
    "certificate": cryptography_checks.certificate_problem,
    "private_key": cryptography_checks.private_key_problem,
    "public_key": cryptography_checks.public_key_problem,
    "key_pair": cryptography_checks.pair_problem,
    "lua_function": lua_checks.function_problem,
}


# -- several fields -------------------------------------------------------------------------------

_STREAM = "'tcp', 'tls', 'tls_passthrough' or 'udp'"


def _matchers(data: Data, needed: tuple[str, ...], protocols: str) -> Problems:
    if not any(data.get(name) for name in needed):
        shown = ", ".join(f"'{name}'" for name in needed)
        yield (ENTITY,), f"must set one of {shown} when 'protocols' is {protocols}"


def _http_matchers(data: Data, updating: bool) -> Problems:
    protocols = data.get("protocols") or ()
    matchers = ("methods", "hosts", "headers", "paths")
    if "https" in protocols:
        yield from _matchers(data, (*matchers, "snis"), "'https'")
    elif "http" in protocols:
        yield from _matchers(data, matchers, "'http'")
    elif "grpcs" in protocols:
        yield from _matchers(data, ("hosts", "headers", "paths", "snis"), "'grpcs'")
    elif "grpc" in protocols:
        yield from _matchers(data, ("hosts", "headers", "paths"), "'grpc'")


def _stream_matchers(data: Data, updating: bool) -> Problems:
    protocols = set(data.get("protocols") or ())
    if protocols & {"tcp", "tls", "udp"}:
        yield from _matchers(data, ("sources", "destinations", "snis"), "'tcp', 'tls' or 'udp'")
    elif "tls_passthrough" in protocols and not data.get("snis"):
        yield (ENTITY,), "must set snis when 'protocols' is 'tls_passthrough'"


def _forbidden_matchers(data: Data, updating: bool) -> Problems:
    protocols = set(data.get("protocols") or ())
    forbidden: tuple[str, ...] = ()
    shown = ""
    if protocols & {"http", "https"}:
        forbidden, shown = ("sources", "destinations"), "'http' or 'https'"
    elif protocols & {"tcp", "tls", "udp", "tls_passthrough"}:
        forbidden, shown = ("methods", "hosts", "headers", "paths"), _STREAM
    elif protocols & {"grpc", "grpcs"}:
        forbidden, shown = ("strip_path", "methods", "sources", "destinations"), "'grpc' or 'grpcs'"
    for name in forbidden:
        if data.get(name):
            yield (name,), f"cannot set '{name}' when 'protocols' is {shown}"


def _certificate_pair(data: Data, updating: bool) -> Problems:
    yield from _pair(data.get("cert"), data.get("key"))


def _alternative_pair(data: Data, updating: bool) -> Problems:
    yield from _pair(data.get("cert_alt"), data.get("key_alt"))


def _pair(certificate: str | None, key: str | None) -> Problems:
    if certificate is None or key is None or is_reference(certificate) or is_reference(key):
        return
    if not cryptography_checks.belong_together(certificate, key):
        yield (ENTITY,), "certificate does not match key"


def _different_kinds(data: Data, updating: bool) -> Problems:
    first, second = data.get("cert"), data.get("cert_alt")
    if first is None or second is None or is_reference(first) or is_reference(second):
        return
    if cryptography_checks.same_kind(first, second):
        yield (ENTITY,), "certificate and alternative certificate need to have different type (e.g. RSA and ECDSA)"


def _authority(data: Data, updating: bool) -> Problems:
    problem = cryptography_checks.authority_problem(data["cert"])
    if problem:
        yield (ENTITY,), problem


def _json_web_key(data: Data, updating: bool) -> Problems:
    if data.get("jwk") is None or is_reference(data["jwk"]):
        return
    problem = cryptography_checks.json_web_key_problem(data["jwk"], data.get("kid"))
    if problem:
        yield (ENTITY,), problem


def _nothing(data: Data, updating: bool) -> Problems:
    """Holds for everything that the other rules let through."""
    yield from ()


def _cache_memory(data: Data, updating: bool) -> Problems:
    config = data.get("config") or {}
    if config.get("strategy") == "memory" and not (config.get("memory") or {}).get("dictionary_name"):
        yield (ENTITY,), "memory strategy requires a dictionary name"


def _proxy_url(data: Data, updating: bool) -> Problems:
    url = (data.get("config") or {}).get("proxy_url")
    if isinstance(url, str) and not url.startswith("http://"):
        yield (ENTITY,), "proxy_url scheme must be http"


ENTITY_CHECKS: dict[str, Callable[[Data, bool], Problems]] = {
    "http_matchers": _http_matchers,
    "stream_matchers": _stream_matchers,
    "forbidden_matchers": _forbidden_matchers,
    "certificate_pair": _certificate_pair,
    "alternative_pair": _alternative_pair,
    "different_kinds": _different_kinds,
    "authority": _authority,
    "json_web_key": _json_web_key,
    "cache_memory": _cache_memory,
    "proxy_url": _proxy_url,
    "nothing": _nothing,
}


# -- shorthand fields -----------------------------------------------------------------------------


def _service_url(value: str | None, data: Data) -> dict[str, Any]:
    """Protocol, host, port and path; user and query are dropped. Kong takes null for the text of a null pointer."""
    parts = urlsplit("userdata: NULL" if value is None else value)
    expanded: dict[str, Any] = {"path": parts.path or None, "host": parts.hostname and _spelled(parts.netloc)}
    port = parts.port
    if parts.scheme:
        expanded["protocol"] = parts.scheme
        port = port if port is not None else {"http": 80, "https": 443}.get(parts.scheme)
    if port is not None:
        expanded["port"] = port
    return expanded


def _spelled(netloc: str) -> str:
    """The host as it was written; `urlsplit` would make it lower case."""
    host = netloc.rpartition("@")[2]
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _algorithm(value: str | None, data: Data) -> dict[str, Any]:
    return {"algorithm": value, **({"hash_on": "none"} if value == "least-connections" else {})}


def _hash_on(value: str | None, data: Data) -> dict[str, Any]:
    if value in (None, "none"):
        return {"hash_on": value}
    return {"hash_on": value, "algorithm": "consistent-hashing"}


SHORTHANDS: dict[str, Callable[[Any, Data], dict[str, Any]]] = {
    "service_url": _service_url,
    "algorithm": _algorithm,
    "hash_on": _hash_on,
}

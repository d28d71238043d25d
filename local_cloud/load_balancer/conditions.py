"""Conditions of listener rules, as Envoy route matches. Pure."""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# Set by the request filter: the client's address without port.
SOURCE_HEADER = "x-local-cloud-source"

Condition = Mapping[str, Any]
Match = dict[str, Any]

_CONFIGS = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
}


def route_match(conditions: Sequence[Condition]) -> Match:
    """All conditions hold, and in each one of its values."""
    path: Match = {"prefix": "/"}
    headers: list[Match] = []
    for condition in conditions:
        field = condition["Field"]
        if field == "path-pattern":
            path = {"safe_regex": {"regex": _any(_patterns(condition))}}
        elif field == "host-header":
            headers.append(_header(":authority", f"(?i){_any(_patterns(condition))}(:[0-9]+)?"))
        elif field == "http-request-method":
            headers.append(_header(":method", _any(re.escape(value) for value in _values(condition))))
        elif field == "http-header":
            headers.append(_http_header(condition["HttpHeaderConfig"]))
        elif field == "query-string":
            headers.append(_query_string(condition["QueryStringConfig"]["Values"]))
        elif field == "source-ip":
            headers.append(_header(SOURCE_HEADER, _any(cidr_pattern(value) for value in _values(condition))))
    return {**path, "headers": headers}


def _values(condition: Condition) -> list[str]:
    config = condition.get(_CONFIGS[condition["Field"]]) or {}
    return list(config.get("Values") or condition.get("Values") or [])


def _patterns(condition: Condition) -> list[str]:
    config = condition.get(_CONFIGS[condition["Field"]]) or {}
    return [wildcard(value) for value in _values(condition)] + list(config.get("RegexValues") or [])


def _header(name: str, pattern: str) -> Match:
    return {"name": name, "string_match": {"safe_regex": {"regex": pattern}}}


def _any(patterns: Iterable[str]) -> str:
    return f"(?:{'|'.join(patterns)})"


def wildcard(pattern: str) -> str:
    """`*` stands for any characters, `?` for one."""
    special = {"*": ".*", "?": "."}
    return "".join(special.get(character) or re.escape(character) for character in pattern)


def _http_header(config: Mapping[str, Any]) -> Match:
    name = str(config["HttpHeaderName"]).lower()
    pattern = _any(wildcard(value) for value in config["Values"])
    return _header(":authority" if name == "host" else name, f"(?i){pattern}")


def _query_string(values: Iterable[Mapping[str, str]]) -> Match:
    """One of the pairs, or of the values whatever their key, anywhere in the query."""
    pairs = _any(
        f"{wildcard(row['Key']) if row.get('Key') else '[^&=]*'}={wildcard(row['Value']).replace('.', '[^&]')}"
        for row in values
    )
    return _header(":path", f"(?i)[^?]*[?](?:.*&)?{pairs}(?:&.*)?")


def cidr_pattern(cidr: str) -> str:
    """A regular expression for the IPv4 addresses of a network (IPv6 ones never come from loopback clients)."""
    network = ipaddress.ip_network(cidr, strict=False)
    if network.version != 4:
        return "-"
    parts = zip(network.network_address.packed, network.broadcast_address.packed, strict=True)
    octets = ("[0-9]+" if (low, high) == (0, 255) else _any(map(str, range(low, high + 1))) for low, high in parts)
    return r"\.".join(octets)


def expand(template: str | None, values: Mapping[str, str]) -> str | None:
    """Replace `#{host}` and the like of redirects."""
    if template is None:
        return None
    return re.sub(r"#\{(\w+)\}", lambda found: values.get(found.group(1), ""), template)


def status_codes(matcher: str) -> frozenset[int]:
    """`200,300-302` as a set."""
    ranges = [part.split("-") for part in matcher.split(",")]
    return frozenset(itertools.chain.from_iterable(range(int(bounds[0]), int(bounds[-1]) + 1) for bounds in ranges))

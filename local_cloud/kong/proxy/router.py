"""Which route a request belongs to: the rules of Kong's `traditional_compatible` router. Pure."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LOG = logging.getLogger(__name__)

Entity = Mapping[str, Any]

_HTTP = {"http", "https", "grpc", "grpcs"}
_CACHED = 5000


@dataclass(frozen=True)
class Wanted:
    """What the router looks at; `host` is in lower case and without port, `path` normal."""

    method: str
    scheme: str
    host: str
    port: int
    path: str
    sni: str | None = None
    header: Callable[[str], list[str]] = field(default=lambda _: [], compare=False)


@dataclass(frozen=True)
class Match:
    route: Entity
    service: Entity | None
    prefix: str | None
    """The part of the path that the route's path matched."""
    captures: Mapping[str | int, str]


@dataclass(frozen=True)
class _Candidate:
    """A route with those of its paths that count alike."""

    route: Entity
    service: Entity | None
    priority: tuple[int, bool, int, bool, int, int]
    methods: frozenset[str]
    hosts: tuple[Callable[[str, int], bool], ...]
    prefixes: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    headers: tuple[tuple[str, frozenset[str], tuple[re.Pattern[str], ...]], ...]
    snis: frozenset[str]


class Router:
    def __init__(self, routes: Iterable[Entity], services: Mapping[str, Entity]) -> None:
        candidates = [candidate for route in routes for candidate in _candidates(route, services)]
        # Of equals the older route wins.
        candidates.sort(key=lambda one: (one.route["created_at"], one.route["id"]))
        self._candidates = sorted(candidates, key=lambda one: one.priority, reverse=True)
        self._header_names = sorted({name for one in candidates for name, _, _ in one.headers})
        self._cache: dict[tuple[Wanted, tuple[str, ...]], Match | None] = {}

    def match(self, wanted: Wanted) -> Match | None:
        headers = tuple("\0".join(wanted.header(name)) for name in self._header_names)
        key = (wanted, headers)
        if key not in self._cache:
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            self._cache[key] = self._find(wanted)
        return self._cache[key]

    def _find(self, wanted: Wanted) -> Match | None:
        for candidate in self._candidates:
            if _attributes_match(candidate, wanted):
                found = _path_match(candidate, wanted.path)
                if found:
                    return found
        return None


def _candidates(route: Entity, services: Mapping[str, Entity]) -> list[_Candidate]:
    if not _HTTP.intersection(route["protocols"]):
        return []
    service = None
    if route.get("service"):
        service = services[route["service"]["id"]]
        if not service.get("enabled", True):
            return []
    paths = route.get("paths") or []
    groups: dict[int, list[str]] = {}
    for path in paths:
        groups.setdefault(-1 if path.startswith("~") else len(path), []).append(path)
    try:
        return [_candidate(route, service, group) for group in (groups.values() or [[]])]
    except re.error as error:
        LOG.warning("route %s is left out: the stand-in cannot read a pattern of it: %s", route["id"], error)
        return []


def _candidate(route: Entity, service: Entity | None, paths: list[str]) -> _Candidate:
    hosts = route.get("hosts") or []
    headers = {name: values for name, values in (route.get("headers") or {}).items() if name.lower() != "host"}
    attributes = (route.get("methods"), hosts, headers, paths, route.get("snis"))
    regex = bool(paths) and paths[0].startswith("~")
    priority = (
        sum(1 for attribute in attributes if attribute),
        bool(hosts) and not any("*" in host for host in hosts),
        len(headers),
        regex,
        (route.get("regex_priority") or 0) if regex else 0,
        0 if regex or not paths else len(paths[0]),
    )
    return _Candidate(
        route,
        service,
        priority,
        frozenset(route.get("methods") or []),
        tuple(_host_rule(host) for host in hosts),
        tuple(path for path in paths if not regex),
        tuple(_path_pattern(path[1:]) for path in paths if regex),
        tuple(_header_rule(name, values) for name, values in headers.items()),
        frozenset(sni.removesuffix(".") for sni in route.get("snis") or []),
    )


def _host_rule(host: str) -> Callable[[str, int], bool]:
    name, _, port = host.lower().partition(":")
    wanted_port = int(port) if port.isdecimal() else None

    def matches(given: str, given_port: int) -> bool:
        if wanted_port is not None and given_port != wanted_port:
            return False
        if name.startswith("*"):
            return given.endswith(name[1:])
        if name.endswith("*"):
            return given.startswith(name[:-1])
        return given == name

    return matches


def _path_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", pattern))


def _header_rule(name: str, values: list[str]) -> tuple[str, frozenset[str], tuple[re.Pattern[str], ...]]:
    exact = frozenset(value.lower() for value in values if not value.startswith("~*"))
    patterns = tuple(re.compile(value[2:].lower()) for value in values if value.startswith("~*"))
    return name.lower().replace("_", "-"), exact, patterns


def _attributes_match(candidate: _Candidate, wanted: Wanted) -> bool:
    if candidate.methods and wanted.method not in candidate.methods:
        return False
    if candidate.hosts and not any(rule(wanted.host, wanted.port) for rule in candidate.hosts):
        return False
    if candidate.snis and wanted.scheme == "https" and wanted.sni not in candidate.snis:
        return False
    for name, exact, patterns in candidate.headers:
        values = [value.lower() for value in wanted.header(name)]
        if not any(value in exact or any(pattern.search(value) for pattern in patterns) for value in values):
            return False
    return True


def _path_match(candidate: _Candidate, path: str) -> Match | None:
    if not candidate.prefixes and not candidate.patterns:
        return Match(candidate.route, candidate.service, None, {})
    for prefix in candidate.prefixes:
        if path.startswith(prefix):
            return Match(candidate.route, candidate.service, prefix, {})
    for pattern in candidate.patterns:
        found = pattern.match(path)
        if found:
            captures: dict[str | int, str] = {
                index + 1: value for index, value in enumerate(found.groups()) if value is not None
            }
            captures |= {name: value for name, value in found.groupdict().items() if value is not None}
            return Match(candidate.route, candidate.service, found[0], captures)
    return None

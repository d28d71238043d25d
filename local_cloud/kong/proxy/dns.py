"""Names of upstreams: hosts file first, then the name servers of the settings or the system's."""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver

from local_cloud.kong.settings import Settings

LOG = logging.getLogger(__name__)

# An answer that must not be kept at all is still good for the requests of this moment.
_SHORTEST_TTL = 0.2
_TIMEOUT = 2.0
_LIFETIME = 5.0


class UnknownName(Exception):
    """No address is known for a name."""


@dataclass(frozen=True)
class Address:
    ip: str
    port: int | None = None
    weight: int | None = None
    """Port and weight of a SRV record."""


@dataclass(frozen=True)
class _Entry:
    addresses: tuple[Address, ...]
    expires: float
    kind: str = "A"


class Resolver:
    """Looks names up and keeps the answers for their time to live."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._cache: dict[str, _Entry] = {}
        self._hosts = _hosts(Path(settings.dns_hostsfile))
        self._servers = _name_servers(settings.dns_resolver)

    async def lookup(self, name: str) -> tuple[Address, ...]:
        """Raises UnknownName."""
        fixed = self.fixed(name)
        if fixed:
            return (fixed,)
        entry = self._cache.get(name)
        if not entry or entry.expires <= self._clock():
            entry = await self._ask(name, entry)
            self._cache[name] = entry
        if not entry.addresses:
            raise UnknownName(name)
        return entry.addresses

    def fixed(self, name: str) -> Address | None:
        """The address of a name that no name server is asked for: an address itself, or one of the hosts file."""
        found = _literal(name) or self._hosts.get(name.lower())
        return Address(found) if found else None

    def kind(self, name: str) -> str:
        """Type of the records that the name was last resolved by."""
        entry = self._cache.get(name)
        return entry.kind if entry else "A"

    async def _ask(self, name: str, known: _Entry | None) -> _Entry:
        now = self._clock()
        kinds = [kind for kind in self._settings.dns_order if kind in ("SRV", "A", "AAAA")]
        if "LAST" in self._settings.dns_order and known and known.addresses:
            kinds = [known.kind, *[kind for kind in kinds if kind != known.kind]]
        try:
            for kind in kinds:
                found = await self._records(name, kind)
                if found:
                    return replace(found, expires=now + found.expires)
        except dns.resolver.NXDOMAIN:
            return _Entry((), now + self._settings.dns_not_found_ttl)
        except (dns.exception.DNSException, OSError) as error:
            LOG.warning("name %s: %s", name, error)
            # An answer that has run out is better than none, for a while.
            if known and known.addresses and known.expires + self._settings.dns_stale_ttl > now:
                return replace(known, expires=now + self._settings.dns_error_ttl)
            return _Entry((), now + self._settings.dns_error_ttl)
        return _Entry((), now + self._settings.dns_not_found_ttl)

    async def _records(self, name: str, kind: str) -> _Entry | None:
        """`expires` of the result is the time to live."""
        if not self._servers:
            return None
        answer = await self._servers.resolve(name, kind, raise_on_no_answer=False)
        if not answer.rrset:
            return None
        ttl = self._settings.dns_valid_ttl
        seconds = max(ttl if ttl is not None else float(answer.rrset.ttl), _SHORTEST_TTL)
        if kind != "SRV":
            return _Entry(tuple(sorted((Address(record.address) for record in answer), key=str)), seconds, kind)
        addresses: list[Address] = []
        for record in answer:
            for target in await self.lookup(str(record.target).rstrip(".")):
                addresses.append(Address(target.ip, record.port, record.weight or 1))
        return _Entry(tuple(sorted(addresses, key=str)), seconds, kind)


def _literal(name: str) -> str | None:
    try:
        return str(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return None


def _hosts(file: Path) -> dict[str, str]:
    """Name → its IPv4 address, or the other one where there is none."""
    found = {"localhost": "127.0.0.1"}
    text = file.read_text() if file.is_file() else ""
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        for name in names:
            if name.lower() not in found or ":" in found[name.lower()]:
                found[name.lower()] = address
    return found


def _name_servers(servers: Sequence[tuple[str, int]]) -> dns.asyncresolver.Resolver | None:
    try:
        resolver = dns.asyncresolver.Resolver(configure=not servers)
    except dns.resolver.NoResolverConfiguration:
        return None
    if servers:
        resolver.nameservers = [address for address, _ in servers]
        resolver.nameserver_ports = dict(servers)
    resolver.timeout = _TIMEOUT
    resolver.lifetime = _LIFETIME
    return resolver

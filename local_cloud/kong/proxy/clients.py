"""Who the client is, and what trusted proxies in front of the gateway say about its request. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from local_cloud.kong.proxy.headers import Headers
from local_cloud.kong.settings import Network


def trusted(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks if network.version == parsed.version)


def client_address(peer: str, headers: Headers, networks: Sequence[Network], header: str, *, recursive: bool) -> str:
    """The client's address, from `header` when the connection comes from a trusted proxy."""
    if not trusted(peer, networks):
        return peer
    values = headers.all(header)
    chain = [_address(item) for value in values for item in value.split(",")]
    if header.lower() != "x-forwarded-for":
        chain = chain[-1:]
    current = peer
    for candidate in reversed(chain):
        if candidate is None:
            break
        current = candidate
        if not recursive or not trusted(candidate, networks):
            break
    return current


def _address(text: str) -> str | None:
    """Without port and brackets; None when it is no address."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def forwarded(
    headers: Headers, scheme: str, host: str, port: int, target: str, *, from_trusted: bool
) -> dict[str, str]:
    """X-Forwarded-* for the upstream without `for` and `prefix`; a trusted proxy's own values go through."""
    own = {"proto": scheme, "host": host, "port": str(port), "path": target.partition("?")[0]}
    if not from_trusted:
        return own
    names = [*own, "prefix"]
    given = {name: headers.get(f"X-Forwarded-{name}") for name in names}
    return own | {name: value for name, value in given.items() if value}

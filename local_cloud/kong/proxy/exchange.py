"""One request on its way through the gateway, and the answer to it: what plugins see and change."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from local_cloud.kong.proxy.headers import Headers

if TYPE_CHECKING:
    from aiohttp import web

    from local_cloud.kong.proxy.balancer import Peer
    from local_cloud.kong.proxy.configuration import Configuration
    from local_cloud.kong.proxy.plugins.base import Plugin
    from local_cloud.kong.proxy.router import Match

Entity = Mapping[str, Any]


class Body:
    """The request's body: streamed once, or read as a whole when a plugin wants to look at it."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self._whole: bytes | None = None
        self.started = False
        self.exists = request.body_exists
        self.received = 0

    @property
    def whole(self) -> bytes | None:
        return self._whole

    async def read(self) -> bytes:
        if self._whole is None:
            self._whole = b"".join([chunk async for chunk in self.stream()]) if self.exists else b""
        return self._whole

    def replace(self, content: bytes) -> None:
        self._whole = content
        self.exists = bool(content)

    async def stream(self) -> AsyncIterator[bytes]:
        self.started = True
        async for chunk in self._request.content.iter_any():
            self.received += len(chunk)
            yield chunk


@dataclass
class Timing:
    """Moments of `time.monotonic()`."""

    started: float = field(default_factory=time.monotonic)
    sent: float | None = None
    """When the upstream was asked first."""
    answered: float | None = None
    """When the upstream's headers were there."""
    finished: float | None = None


@dataclass
class Exchange:
    configuration: Configuration
    body: Body
    request_id: str
    method: str
    scheme: str
    host: str
    """In lower case, without port."""
    port: int
    """Of the listener."""
    target: str
    """Path and query as received."""
    path: str
    """Normal form of the path."""
    query: str | None
    """As received; None without question mark."""
    headers: Headers
    peer_address: str
    client_address: str
    sni: str | None
    http_version: str
    forwarded: dict[str, str]
    """proto, host, port, path, prefix: taken over from a trusted proxy, else as the gateway sees them."""
    header_limit: int

    match: Match | None = None
    upstream_path: str | None = None
    upstream_host: str | None = None
    upstream_service: tuple[str, int] | None = None
    consumer: Entity | None = None
    credential: Entity | None = None
    plugins: list[Plugin] = field(default_factory=list)
    """What runs in the phases after `access`."""
    context: dict[str, Any] = field(default_factory=dict)
    """Notes of plugins, by plugin name."""
    lua: Any = None
    """Tables of Lua functions that live as long as the request."""
    rewritten_method: str | None = None

    status: int = 0
    response_headers: Headers = field(default_factory=Headers)
    upstream_headers: Headers | None = None
    source: str = "kong"
    peer: Peer | None = None
    tries: list[dict[str, Any]] = field(default_factory=list)
    timing: Timing = field(default_factory=Timing)
    bytes_sent: int = 0
    body_bytes_sent: int = 0
    request_bytes: int = 0

    @property
    def route(self) -> Entity | None:
        return self.match.route if self.match else None

    @property
    def service(self) -> Entity | None:
        return self.match.service if self.match else None

    def authenticate(self, consumer: Entity | None, credential: Entity | None, identifier: str) -> None:
        """Make the consumer known to later plugins and to the upstream; without credential it is the anonymous one.

        `identifier` is the field of the credential that the upstream is told.
        """
        headers = self.headers
        for name, field_name in (("ID", "id"), ("Custom-ID", "custom_id"), ("Username", "username")):
            value = consumer.get(field_name) if consumer else None
            if value:
                headers.set(f"X-Consumer-{name}", value)
            else:
                headers.remove(f"X-Consumer-{name}")
        self.consumer, self.credential = consumer, credential
        if credential:
            headers.set("X-Credential-Identifier", str(credential[identifier]))
            headers.remove("X-Anonymous-Consumer")
        else:
            headers.remove("X-Credential-Identifier")
            headers.set("X-Anonymous-Consumer", "true")

    def visible_headers(self) -> Headers:
        """The first fields only, as far as a plugin reads."""
        return self.headers.first(self.header_limit)

    def query_values(self) -> dict[str, list[str]]:
        """Arguments as Latin-1 text; an argument without value is empty."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query or "", keep_blank_values=True, encoding="latin-1"):
            found.setdefault(name, []).append(value)
        return found

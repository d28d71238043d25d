"""From the gateway to an upstream: the request it gets, retries, timeouts."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from local_cloud.kong import VERSION
from local_cloud.kong.proxy import health, paths
from local_cloud.kong.proxy.answers import Failed
from local_cloud.kong.proxy.balancer import Peer
from local_cloud.kong.proxy.certificates import ClientContexts
from local_cloud.kong.proxy.dns import Resolver, UnknownName
from local_cloud.kong.proxy.exchange import Exchange
from local_cloud.kong.proxy.headers import Headers
from local_cloud.kong.proxy.upstreams import Upstream, Upstreams
from local_cloud.kong.settings import Settings

Entity = Mapping[str, Any]

VIA = f"1.1 kong/{VERSION}"

_NOT_IDEMPOTENT = {"POST", "PATCH", "LOCK"}
# Set by the gateway, or belonging to the connection with the client.
_OWN = {
    "host",
    "connection",
    "proxy-connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "upgrade",
    "proxy",
    "expect",
    "via",
    "x-real-ip",
    "x-kong-request-id",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-path",
    "x-forwarded-prefix",
}
_AUTOMATIC = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_HARMLESS_CONNECTION = {"keep-alive", "close", "upgrade"}


@dataclass(frozen=True)
class Place:
    """Where one try goes."""

    name: str
    ip: str
    port: int
    peer: Peer | None = None


class Forwarder:
    def __init__(self, settings: Settings, resolver: Resolver, upstreams: Upstreams, contexts: ClientContexts) -> None:
        self._settings = settings
        self._resolver = resolver
        self._upstreams = upstreams
        self._contexts = contexts
        connector = aiohttp.TCPConnector(
            limit=0, use_dns_cache=False, keepalive_timeout=settings.upstream_keepalive_idle_timeout
        )
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False
        )

    async def close(self) -> None:
        await self._session.close()

    async def send(self, exchange: Exchange) -> aiohttp.ClientResponse:
        """The upstream's answer, its body not read yet. Raises Failed."""
        service = exchange.service
        assert service is not None
        host, _ = exchange.upstream_service or (service["host"], 0)
        upstream = self._upstreams.named(host)
        if upstream:
            await upstream.ready()
        key = hash_key(upstream.entity, exchange) if upstream else None
        tried: list[Peer] = []
        failed = Failed(502, native=True)
        for _ in range(service["retries"] + 1):
            place = await self._place(exchange, upstream, tried, key)
            if not place:
                break
            try:
                return await self._try(exchange, place, upstream)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                failed = Failed(504 if isinstance(error, TimeoutError) else 502, native=True)
                exchange.tries[-1] |= {"state": "failed", "code": failed.status}
                self._report_failure(upstream, place.peer, error)
                if place.peer:
                    tried.append(place.peer)
                if not _may_repeat(exchange, error):
                    break
        raise failed

    async def _place(
        self, exchange: Exchange, upstream: Upstream | None, tried: list[Peer], key: str | None
    ) -> Place | None:
        """Raises Failed when there was no place from the beginning."""
        if upstream:
            peer = upstream.pick(tried, key)
            if peer:
                return Place(peer.host, peer.ip, peer.port, peer)
            if not exchange.tries:
                raise Failed(503, "failure to get a peer from the ring-balancer")
            return None
        service = exchange.service
        assert service is not None
        name, port = exchange.upstream_service or (service["host"], service["port"])
        try:
            addresses = await self._resolver.lookup(name)
        except UnknownName:
            raise Failed(503, "name resolution failed") from None
        # Turn by turn, also over the retries of one request.
        address = addresses[(len(exchange.tries) + next_turn(exchange)) % len(addresses)]
        return Place(name, address.ip, address.port or port)

    async def _try(self, exchange: Exchange, place: Place, upstream: Upstream | None) -> aiohttp.ClientResponse:
        service = exchange.service
        assert service is not None
        attempt: dict[str, Any] = {"ip": place.ip, "port": place.port, "balancer_start": int(time.time() * 1000)}
        exchange.tries.append(attempt)
        exchange.peer = place.peer
        exchange.timing.sent = exchange.timing.sent or time.monotonic()
        if place.peer:
            place.peer.connections += 1
        try:
            response = await self._request(exchange, service, place, upstream)
        except BaseException:
            if place.peer:
                place.peer.connections -= 1
            raise
        finally:
            exchange.timing.answered = time.monotonic()
        attempt["code"] = response.status
        if upstream and place.peer:
            if response.status == 504:
                upstream.passive.report(place.peer, health.TIMEOUT)
            else:
                upstream.passive.report_status(place.peer, response.status)
        return response

    async def _request(
        self, exchange: Exchange, service: Entity, place: Place, upstream: Upstream | None
    ) -> aiohttp.ClientResponse:
        scheme = "https" if service["protocol"] in ("https", "grpcs") else "http"
        host = _host_header(exchange, service, place, upstream)
        address = f"[{place.ip}]" if ":" in place.ip else place.ip
        secure = scheme == "https"
        return await self._session.request(
            exchange.rewritten_method or exchange.method,
            URL(f"{scheme}://{address}:{place.port}{_target(exchange, service)}", encoded=True),
            headers=_outgoing(exchange, host, self._settings),
            skip_auto_headers=_AUTOMATIC,
            data=_data(exchange),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                total=None,
                sock_connect=service["connect_timeout"] / 1000,
                sock_read=service["read_timeout"] / 1000,
            ),
            ssl=self._context(exchange, service) if secure else False,
            server_hostname=_without_port(host) if secure else None,
        )

    def _context(self, exchange: Exchange, service: Entity) -> ssl.SSLContext:
        return self._contexts.service(
            service, exchange.configuration.ca_certificates, exchange.configuration.certificates
        )

    @staticmethod
    def _report_failure(upstream: Upstream | None, peer: Peer | None, error: BaseException) -> None:
        if upstream and peer:
            upstream.passive.report(peer, health.TIMEOUT if isinstance(error, TimeoutError) else health.TCP_FAILURE)


def next_turn(exchange: Exchange) -> int:
    """Spreads the requests to a name over its addresses."""
    return int(exchange.request_id[-6:], 16)


def _may_repeat(exchange: Exchange, error: BaseException) -> bool:
    if exchange.body.started and exchange.body.whole is None:
        return False
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return True
    return exchange.method not in _NOT_IDEMPOTENT


def _target(exchange: Exchange, service: Entity) -> str:
    match = exchange.match
    assert match is not None
    path = exchange.upstream_path
    if path is None:
        base = service.get("path") or "/"
        path = paths.upstream_path(exchange.path, match.prefix, base, strip=match.route["strip_path"])
    path = paths.encode(path)
    return path if exchange.query is None else f"{path}?{exchange.query}"


def _host_header(exchange: Exchange, service: Entity, place: Place, upstream: Upstream | None) -> str:
    if exchange.upstream_host is not None:
        return exchange.upstream_host
    if exchange.match and exchange.match.route["preserve_host"]:
        return exchange.headers.get("Host") or exchange.host
    if upstream and upstream.entity.get("host_header"):
        return str(upstream.entity["host_header"])
    default = 443 if service["protocol"] in ("https", "grpcs") else 80
    name = f"[{place.name}]" if ":" in place.name else place.name
    return name if place.port == default else f"{name}:{place.port}"


def _without_port(host: str) -> str:
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _outgoing(exchange: Exchange, host: str, settings: Settings) -> CIMultiDict[str]:
    dropped = _OWN | _named_by_connection(exchange.headers)
    headers: CIMultiDict[str] = CIMultiDict()
    upstream_headers = {name.lower() for name in settings.headers_upstream}
    if _wants_server_tokens(settings):
        inbound = exchange.headers.joined("Via")
        headers["Via"] = f"{inbound}, {VIA}" if inbound else VIA
    headers["Host"] = host
    headers["Connection"] = "keep-alive"
    if _wants_trailers(exchange.headers):
        headers["TE"] = "trailers"
    before = exchange.headers.joined("X-Forwarded-For")
    headers["X-Forwarded-For"] = f"{before}, {exchange.peer_address}" if before else exchange.client_address
    for name in ("proto", "host", "port", "path", "prefix"):
        if name in exchange.forwarded:
            headers[f"X-Forwarded-{name.title()}"] = exchange.forwarded[name]
    headers["X-Real-IP"] = exchange.client_address
    if "x-kong-request-id" in upstream_headers:
        headers["X-Kong-Request-Id"] = exchange.request_id
    for name, value in exchange.headers:
        if name.lower() not in dropped:
            headers.add(name, wire(value))
    if exchange.body.whole is not None and (exchange.body.whole or "Content-Length" in headers):
        headers["Content-Length"] = str(len(exchange.body.whole))
    return headers


def _wants_server_tokens(settings: Settings) -> bool:
    return bool({"server_tokens", "via"}.intersection(name.lower() for name in settings.headers))


def _named_by_connection(headers: Headers) -> set[str]:
    names = {item.strip().lower() for value in headers.all("Connection") for item in value.split(",")}
    return names - _HARMLESS_CONNECTION


def _wants_trailers(headers: Headers) -> bool:
    return any(item.strip().lower() == "trailers" for value in headers.all("TE") for item in value.split(","))


def wire(value: str) -> str:
    """Latin-1 text as aiohttp wants it: it writes UTF-8."""
    return value if value.isascii() else value.encode("latin-1", "replace").decode("utf-8", "replace")


def _data(exchange: Exchange) -> bytes | AsyncIterator[bytes] | None:
    if exchange.body.whole is not None:
        return exchange.body.whole or None
    return exchange.body.stream() if exchange.body.exists else None


def hash_key(upstream: Entity, exchange: Exchange) -> str | None:
    """What consistent hashing goes by; None when the request does not have it."""
    if upstream["algorithm"] != "consistent-hashing":
        return None
    first = _hash_value(upstream, "hash_on", exchange)
    return first if first is not None else _hash_value(upstream, "hash_fallback", exchange)


def _hash_value(upstream: Entity, field: str, exchange: Exchange) -> str | None:
    source = _HASH_SOURCES.get(upstream[field])
    return source(upstream, field, exchange) if source else None


def _consumer_id(upstream: Entity, field: str, exchange: Exchange) -> str | None:
    found = exchange.consumer or exchange.credential
    return str(found["id"]) if found else None


def _hash_cookie(upstream: Entity, field: str, exchange: Exchange) -> str | None:
    try:
        morsel = SimpleCookie(exchange.headers.joined("Cookie") or "").get(upstream["hash_on_cookie"])
    except CookieError:
        morsel = None
    if morsel:
        return morsel.value
    # A client without the cookie gets one, so that it stays where it is.
    path = upstream.get("hash_on_cookie_path") or "/"
    exchange.response_headers.add("Set-Cookie", f"{upstream['hash_on_cookie']}={exchange.request_id}; Path={path}")
    return exchange.request_id


def _hash_argument(upstream: Entity, field: str, exchange: Exchange) -> str | None:
    values = exchange.query_values().get(upstream[f"{field}_query_arg"])
    return ",".join(sorted(values)) if values else None


def _hash_capture(upstream: Entity, field: str, exchange: Exchange) -> str | None:
    return exchange.match.captures.get(upstream[f"{field}_uri_capture"]) if exchange.match else None


_HASH_SOURCES: dict[str, Callable[[Entity, str, Exchange], str | None]] = {
    "consumer": _consumer_id,
    "ip": lambda *given: given[2].client_address,
    "header": lambda upstream, field, exchange: exchange.headers.joined(upstream[f"{field}_header"]),
    "cookie": _hash_cookie,
    "path": lambda *given: given[2].path,
    "query_arg": _hash_argument,
    "uri_capture": _hash_capture,
}

"""The data plane of one node: listeners, and a request's way through the phases."""

from __future__ import annotations

import asyncio
import functools
import logging
import secrets
import time
import uuid
from collections.abc import Iterable
from typing import Any

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from local_cloud.kong import SERVER
from local_cloud.kong.proxy import clients, paths, plugins
from local_cloud.kong.proxy.access_log import AccessLog
from local_cloud.kong.proxy.answers import Exit, Failed, error_exit, exit_json
from local_cloud.kong.proxy.certificates import SNI, ClientContexts, ServerCertificates
from local_cloud.kong.proxy.configuration import Configuration, Unknown
from local_cloud.kong.proxy.dns import Resolver
from local_cloud.kong.proxy.exchange import Body, Exchange
from local_cloud.kong.proxy.forward import VIA, Forwarder, wire
from local_cloud.kong.proxy.headers import Headers
from local_cloud.kong.proxy.plugins.base import Plugin
from local_cloud.kong.proxy.router import Wanted
from local_cloud.kong.proxy.server import Reply, Server
from local_cloud.kong.proxy.upstreams import TargetHealth, Upstreams
from local_cloud.kong.settings import Listener, Settings
from local_cloud.kong.snapshot import Snapshot

LOG = logging.getLogger(__name__)

# nginx refuses a request that has one of these twice.
_SINGLE = ("authorization", "host", "content-length", "expect", "if-match", "if-none-match", "transfer-encoding")
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "proxy-connection", "upgrade"}
_REDIRECTS = {301, 302, 307, 308}
_STOP_SECONDS = 5.0
_BACKLOG = 1024


class Gateway:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.node_id = settings.node_id or str(uuid.uuid4())
        self._handlers = plugins.handlers(settings, self)
        self._unknown = Unknown()
        self._snapshot = Snapshot(0, {})
        self._configuration = Configuration(self._snapshot, self._handlers, settings)
        self._certificates = ServerCertificates(settings)
        self._contexts = ClientContexts(settings)
        self._headers = {name.lower() for name in settings.headers}
        self._access_log: AccessLog | None = None
        self._runners: list[web.ServerRunner] = []
        self._servers: list[Server] = []
        self._session: aiohttp.ClientSession | None = None
        self._in_flight = 0

    async def start(self) -> None:
        """Listen; raises OSError when an address is taken."""
        self._access_log = AccessLog(self.settings)
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        self._resolver = Resolver(self.settings)
        self._upstreams = Upstreams(self._resolver, self._session, self._contexts.trust)
        self._forwarder = Forwarder(self.settings, self._resolver, self._upstreams, self._contexts)
        self.update(self._snapshot)
        for listener in self.settings.proxy_listen:
            server = Server(functools.partial(self._serve, listener))
            runner = web.ServerRunner(server, shutdown_timeout=_STOP_SECONDS)
            await runner.setup()
            context = self._certificates.context if listener.ssl else None
            site = web.TCPSite(runner, listener.host, listener.port, ssl_context=context, backlog=_BACKLOG)
            await site.start()
            self._runners.append(runner)
            self._servers.append(server)
        LOG.info("the stand-in's proxy runs the plugins %s", ", ".join(sorted(self._handlers)))

    def update(self, snapshot: Snapshot) -> None:
        """Work with this configuration from the next request on."""
        self._snapshot = snapshot
        self._configuration = Configuration(snapshot, self._handlers, self.settings)
        self._unknown.report(snapshot, self._handlers)
        for plugin in self._configuration.plugins:
            plugin.handler.configured(plugin)
        for handler in self._handlers.values():
            handler.forget(self._configuration.plugins.ids)
        if self._session:
            self._certificates.update(self._configuration.certificates, self._configuration.snis)
            self._upstreams.update(self._configuration.upstreams, self._configuration.targets)

    async def stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()
        for handler in self._handlers.values():
            await handler.close()
        if self._session:
            await self._upstreams.close()
            await self._forwarder.close()
            await self._session.close()
        if self._access_log:
            self._access_log.close()

    def health(self, upstream_id: str) -> dict[str, TargetHealth]:
        """Target id → health; empty when there is no such upstream."""
        upstream = self._upstreams.get(upstream_id)
        return upstream.health() if upstream else {}

    def balancer_health(self, upstream_id: str) -> bool:
        """Whether the upstream as a whole can serve."""
        upstream = self._upstreams.get(upstream_id)
        return bool(upstream and upstream.healthy)

    def set_health(self, upstream_id: str, target_id: str, address: str | None, healthy: bool) -> bool:
        """Set health by hand, for one address `ip:port` or all; whether there is such a target and address."""
        upstream = self._upstreams.get(upstream_id)
        return upstream.set_health(target_id, address, healthy=healthy) if upstream else False

    @property
    def plugin_names(self) -> list[str]:
        """The plugins that have an effect."""
        return list(self._handlers)

    def configured(self, name: str) -> list[Plugin]:
        """The plugins of that name."""
        return [plugin for plugin in self._configuration.plugins if plugin.name == name]

    def upstream_healths(self) -> Iterable[tuple[str, dict[str, TargetHealth]]]:
        """Name and health of every upstream."""
        return [(upstream.entity["name"], upstream.health()) for upstream in self._upstreams]

    def metrics(self, *, datastore_reachable: bool = True) -> str:
        """What the prometheus plugin exports, in Prometheus' text format."""
        prometheus = self._handlers["prometheus"]
        assert isinstance(prometheus, plugins.Prometheus)
        return prometheus.text(datastore_reachable=datastore_reachable)

    def statistics(self) -> dict[str, int]:
        """Counters named as in `server` of `GET /status`."""
        accepted = sum(server.accepted for server in self._servers)
        active = sum(len(server.connections) for server in self._servers)
        writing = self._in_flight
        return {
            "connections_accepted": accepted,
            "connections_handled": accepted,
            "connections_active": active,
            "connections_reading": 0,
            "connections_writing": writing,
            "connections_waiting": max(active - writing, 0),
            "total_requests": sum(server.requests_count for server in self._servers),
        }

    async def _serve(self, listener: Listener, request: web.BaseRequest) -> web.StreamResponse:
        self._in_flight += 1
        exchange = self._begin(listener, request)
        response: aiohttp.ClientResponse | None = None
        ending: Exit | None = None
        try:
            response = await self._phases(exchange)
        except Exit as given:
            ending = given
        except Failed as failed:
            ending = _ending(failed, exchange, self.settings)
        except Exception:
            LOG.exception("request %s failed", exchange.request_id)
            ending = _ending(Failed(500, native=True), exchange, self.settings)
        try:
            return await self._reply(exchange, request, response, ending)
        finally:
            self._in_flight -= 1
            self._finish(exchange, response)

    def _begin(self, listener: Listener, request: web.BaseRequest) -> Exchange:
        target = request.raw_path.encode("utf-8", "surrogateescape").decode("latin-1")
        if not target.startswith("/"):
            target = "/" + target.partition("://")[2].partition("/")[2]
        raw_path, question, query = target.partition("?")
        headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers)
        peer = request.remote or "0.0.0.0"  # noqa: S104
        ssl_object = request.transport.get_extra_info("ssl_object") if request.transport else None
        scheme = "https" if listener.ssl else "http"
        host = _name_of(headers.get("Host") or "")
        trusted = clients.trusted(peer, self.settings.trusted_ips)
        return Exchange(
            configuration=self._configuration,
            body=Body(request),
            request_id=secrets.token_hex(16),
            method=request.method,
            scheme=scheme,
            host=host,
            port=listener.port,
            target=target,
            path=paths.normalise(raw_path),
            query=query if question else None,
            headers=headers,
            peer_address=peer,
            client_address=clients.client_address(
                peer,
                headers,
                self.settings.trusted_ips,
                self.settings.real_ip_header,
                recursive=self.settings.real_ip_recursive,
            ),
            sni=getattr(ssl_object, SNI, None),
            http_version=f"{request.version.major}.{request.version.minor}",
            forwarded=clients.forwarded(headers, scheme, host, listener.port, target, from_trusted=trusted),
            header_limit=self.settings.lua_max_req_headers,
            request_bytes=len(target) + sum(len(name) + len(value) + 4 for name, value in headers) + 16,
        )

    async def _phases(self, exchange: Exchange) -> aiohttp.ClientResponse:
        """Everything up to the upstream's answer. Raises Exit and Failed."""
        _refuse_malformed(exchange)
        for plugin in exchange.configuration.plugins.everywhere:
            try:
                await plugin.handler.rewrite(plugin, exchange)
            except (Exit, Failed):
                raise
            except Exception:
                LOG.exception("plugin %s failed in the rewrite phase", plugin.name)
                raise Failed(500, native=True) from None
        self._route(exchange)
        await self._access(exchange)
        if not exchange.service:
            raise Failed(503, "no Service found with those values")
        response = await self._forwarder.send(exchange)
        exchange.source = "service"
        return response

    def _route(self, exchange: Exchange) -> None:
        wanted = Wanted(
            exchange.method,
            exchange.scheme,
            exchange.host,
            exchange.port,
            exchange.path,
            exchange.sni,
            exchange.headers.all,
        )
        match = exchange.match = exchange.configuration.router.match(wanted)
        if not match:
            raise Failed(404, "no Route matched with those values")
        if match.prefix and match.prefix != "/":
            exchange.forwarded.setdefault("prefix", match.prefix)
        protocols = match.route["protocols"]
        if "https" in protocols and "http" not in protocols and exchange.forwarded["proto"] != "https":
            raise _to_https(exchange, match.route["https_redirect_status_code"])

    async def _access(self, exchange: Exchange) -> None:
        ending: Exit | Failed | None = None
        configured = exchange.configuration.plugins
        route = exchange.route["id"] if exchange.route else None
        service = exchange.service["id"] if exchange.service else None
        for name in configured.names:
            consumer = exchange.consumer["id"] if exchange.consumer else None
            plugin = configured.applying(name, route, service, consumer)
            if not plugin:
                continue
            # Later phases run for all of them, also when one of them has answered.
            exchange.plugins.append(plugin)
            if not ending:
                ending = await _access(plugin, exchange)
        if ending:
            raise ending

    async def _reply(
        self,
        exchange: Exchange,
        request: web.BaseRequest,
        response: aiohttp.ClientResponse | None,
        ending: Exit | None,
    ) -> web.StreamResponse:
        if ending:
            exchange.status = ending.status
            _take(exchange.response_headers, ending)
        elif response:
            exchange.status = response.status
            _adopt(exchange, response)
        body = ending.body if ending else None
        try:
            body = await _filtered(exchange, response, body)
        except Exception:
            LOG.exception("a plugin failed in the filter phases")
            failed = error_exit(Failed(500), "text/plain", exchange.request_id)
            exchange.status, exchange.response_headers, body = 500, Headers(failed.headers), failed.body
        self._sign(exchange)
        reply = Reply(exchange.status, response.reason if response and not ending else None)
        for name, value in exchange.response_headers:
            reply.headers.add(name, wire(value))
        await _write(exchange, request, reply, response, body)
        return reply

    def _sign(self, exchange: Exchange) -> None:
        """Headers by which the gateway tells what it did."""
        headers, timing = exchange.response_headers, exchange.timing
        now = time.monotonic()
        if timing.sent is not None:
            answered = timing.answered or now
            self._latency(headers, "X-Kong-Upstream-Latency", answered - timing.sent)
            self._latency(headers, "X-Kong-Proxy-Latency", timing.sent - timing.started)
            if self._headers.intersection({"server_tokens", "via"}):
                inbound = headers.joined("Via")
                headers.set("Via", f"{inbound}, {VIA}" if inbound else VIA)
        else:
            self._latency(headers, "X-Kong-Response-Latency", now - timing.started)
        if exchange.source == "kong" and self._headers.intersection({"server_tokens", "server"}):
            headers.set("Server", SERVER)
        if exchange.source == "service" and "x-kong-upstream-status" in self._headers:
            headers.set("X-Kong-Upstream-Status", str(exchange.status))
        if "x-kong-request-id" in self._headers:
            headers.set("X-Kong-Request-Id", exchange.request_id)

    def _latency(self, headers: Headers, name: str, seconds: float) -> None:
        if self._headers.intersection({"latency_tokens", name.lower()}):
            headers.set(name, str(round(max(seconds, 0.0) * 1000)))

    def _finish(self, exchange: Exchange, response: aiohttp.ClientResponse | None) -> None:
        exchange.timing.finished = time.monotonic()
        exchange.request_bytes += exchange.body.received
        if response:
            response.release()
            if exchange.peer:
                exchange.peer.connections -= 1
        for plugin in exchange.plugins:
            try:
                plugin.handler.log(plugin, exchange)
            except Exception:
                LOG.exception("plugin %s failed in the log phase", plugin.name)
        if self._access_log:
            self._access_log.write(exchange)


async def _access(plugin: Plugin, exchange: Exchange) -> Exit | Failed | None:
    """How the plugin ended the request, if it did."""
    try:
        await plugin.handler.access(plugin, exchange)
    except (Exit, Failed) as ending:
        return ending
    except Exception:
        LOG.exception("plugin %s failed in the access phase", plugin.name)
        message = {"message": "An unexpected error occurred", "request_id": exchange.request_id}
        return exit_json(500, message)
    return None


def _ending(failed: Failed, exchange: Exchange, settings: Settings) -> Exit:
    accepted = exchange.headers.get("Accept")
    if failed.native:
        accepted = accepted or exchange.headers.get("Content-Type") or settings.error_default_type
    return error_exit(failed, accepted, exchange.request_id)


def _refuse_malformed(exchange: Exchange) -> None:
    twice = any(len(exchange.headers.all(name)) > 1 for name in _SINGLE)
    if twice or (exchange.http_version == "1.1" and "Host" not in exchange.headers):
        raise Failed(400, native=True)


def _name_of(host: str) -> str:
    """The Host header without port, in lower case."""
    host = host.lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _to_https(exchange: Exchange, status: int) -> Exit | Failed:
    if status not in _REDIRECTS:
        upgrade = [("Connection", "Upgrade"), ("Upgrade", "TLS/1.2, HTTP/1.1")]
        return Failed(426, "Please use HTTPS protocol", upgrade)
    location = f"https://{_name_of(exchange.forwarded['host'])}{exchange.target}"
    return Exit(status, b"", [("Location", location)])


def _take(headers: Headers, ending: Exit) -> None:
    values: dict[str, list[str]] = {}
    for name, value in ending.headers:
        values.setdefault(name, []).append(value)
    for name, given in values.items():
        headers.set(name, *given)
    if "Content-Length" not in headers:
        headers.set("Content-Length", str(len(ending.body)))


def _adopt(exchange: Exchange, response: aiohttp.ClientResponse) -> None:
    """The upstream's headers come after those that plugins have set already."""
    named = {item.strip().lower() for item in response.headers.get("Connection", "").split(",")}
    exchange.upstream_headers = Headers(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers
    )
    for name, value in exchange.upstream_headers:
        if name.lower() not in _HOP_BY_HOP | named:
            exchange.response_headers.add(name, value)


async def _filtered(exchange: Exchange, response: aiohttp.ClientResponse | None, body: bytes | None) -> bytes | None:
    """The body when it is not to be streamed from the upstream."""
    for plugin in exchange.plugins:
        plugin.handler.header_filter(plugin, exchange)
    wanting = [plugin for plugin in exchange.plugins if plugin.handler.changes_body(plugin, exchange)]
    if not wanting:
        return body
    if body is None:
        body = await response.read() if response else b""
    for plugin in wanting:
        body = plugin.handler.body_filter(plugin, exchange, body)
    exchange.response_headers.remove("Content-Length")
    return body


async def _write(
    exchange: Exchange,
    request: web.BaseRequest,
    reply: Reply,
    response: aiohttp.ClientResponse | None,
    body: bytes | None,
) -> None:
    """Headers and body; an upstream or a client that breaks off ends the connection."""
    try:
        await reply.prepare(request)
        if body is not None or not response:
            exchange.body_bytes_sent = len(body or b"")
            await reply.write(body or b"")
        else:
            async for chunk in response.content.iter_any():
                exchange.body_bytes_sent += len(chunk)
                await reply.write(chunk)
        await reply.write_eof()
    except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
        LOG.warning("request %s broke off: %s", exchange.request_id, error)
        reply.force_close()
        if request.transport:
            request.transport.close()
    exchange.bytes_sent = exchange.body_bytes_sent + sum(
        len(name) + len(value) + 4 for name, value in CIMultiDict[Any](reply.headers).items()
    )

"""The Admin API and the status API: which path is answered by what."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from local_cloud.kong import SERVER, schemas
from local_cloud.kong.admin import bodies, information, paging, resources
from local_cloud.kong.admin.bodies import HtmlError, Query
from local_cloud.kong.admin.health import Health, Proxy
from local_cloud.kong.admin.information import Node
from local_cloud.kong.admin.requests import Request, Response, no_content
from local_cloud.kong.admin.resources import Resources, locate
from local_cloud.kong.database import StoreUnavailableError
from local_cloud.kong.declarative import Declarative
from local_cloud.kong.entities import Catalogue
from local_cloud.kong.errors import AdminError, UnexpectedError, bad_request, method_not_allowed, not_found
from local_cloud.kong.kinds import KINDS
from local_cloud.kong.schema import Field
from local_cloud.kong.store import Store

LOG = logging.getLogger("kong")
Handler = Callable[[Request], Awaitable[Response]]

_READ = ("GET", "HEAD", "OPTIONS")
_WITH_BODY = ("POST", "PUT", "PATCH")
_LOG_LEVELS = ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")
_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}
_NOT_DBLESS = "this endpoint is only available when Kong is configured to not use a database"
_NOT_CONTROL_PLANE = "this endpoint is only available when Kong is configured to run as Control Plane for the cluster"
_METRICS_TYPE = "text/plain; charset=UTF-8"


class Api:
    def __init__(
        self,
        node: Node,
        store: Store,
        catalogue: Catalogue,
        proxy: Proxy,
        declarative: Declarative | None,
    ):
        self.node = node
        self._store = store
        self._catalogue = catalogue
        self._gateway = proxy.gateway
        self._declarative = declarative
        self._resources = Resources(store, catalogue)
        self._health = Health(store, proxy, node.node_id)
        self._log_level = node.settings.log_level
        special: list[tuple[tuple[str, ...], tuple[str, ...], Handler]] = [
            ((), _READ, self._root),
            (("status",), _READ, self.status),
            (("status", "dns"), _READ, self._dns),
            (("metrics",), _READ, self.metrics),
            (("endpoints",), _READ, self._endpoints),
            (("timers",), _READ, self._timers),
            (("tags",), _READ, self._tags),
            (("tags", "*"), _READ, self._tags),
            (("plugins", "enabled"), _READ, self._enabled),
            (("plugins", "schema", "*"), _READ, self._plugin_config_schema),
            (("schemas", "plugins", "validate"), ("POST", "OPTIONS"), self._validate_plugin),
            (("schemas", "plugins", "*"), _READ, self._plugin_schema),
            (("schemas", "vaults", "validate"), ("POST", "OPTIONS"), self._validate),
            (("schemas", "vaults", "*"), _READ, self._vault_schema),
            (("schemas", "*", "validate"), ("POST", "OPTIONS"), self._validate),
            (("schemas", "*"), _READ, self._schema),
            (("cache",), ("DELETE", "OPTIONS"), self._purge),
            (("cache", "*"), ("GET", "HEAD", "DELETE", "OPTIONS"), self._cache),
            (("debug", "node", "log-level"), _READ, self._show_log_level),
            (("debug", "node", "log-level", "*"), ("PUT", "OPTIONS"), self._set_log_level),
            (("clustering", "status"), _READ, self._clustering),
            (("clustering", "data-planes"), _READ, self._clustering),
            (("config",), ("GET", "HEAD", "POST", "OPTIONS"), self._config),
            (("upstreams", "*", "health"), _READ, self._upstream_health),
            (("upstreams", "*", "targets", "all"), _READ, self._all_targets),
            (("upstreams", "*", "targets", "*", "healthy"), ("PUT", "OPTIONS"), self._set_health),
            (("upstreams", "*", "targets", "*", "unhealthy"), ("PUT", "OPTIONS"), self._set_health),
            (("upstreams", "*", "targets", "*", "*", "healthy"), ("PUT", "OPTIONS"), self._set_health),
            (("upstreams", "*", "targets", "*", "*", "unhealthy"), ("PUT", "OPTIONS"), self._set_health),
        ]
        self._special: dict[tuple[str, ...], list[tuple[tuple[str, ...], tuple[str, ...], Handler]]] = {}
        for entry in special:
            self._special.setdefault(entry[0][:1], []).append(entry)

    # -- answering --------------------------------------------------------------------------------

    async def serve(self, received: web.BaseRequest) -> web.StreamResponse:
        started = time.monotonic()
        self.node.requests += 1
        try:
            response = await self._answer(received)
        except HtmlError as error:
            return _html(error, started)
        return _write(response, received.method == "HEAD", started, _CORS)

    async def _answer(self, received: web.BaseRequest) -> Response:
        try:
            request = await _request(received)
            return await self._dispatch(request)
        except AdminError as error:
            return Response(error.status, dict(error.body))
        except StoreUnavailableError:
            at_root = received.rel_url.path == "/"
            return _unexpected("An unexpected error happened" if at_root else "An unexpected error occurred")
        except HtmlError:
            raise
        except Exception:
            LOG.exception("%s %s failed", received.method, received.raw_path)
            return _unexpected("An unexpected error occurred")

    async def _dispatch(self, request: Request) -> Response:
        for pattern, methods, handler in self._special.get(request.segments[:1], ()):
            if _fits(pattern, request.segments):
                if request.method == "OPTIONS":
                    return _options(methods)
                if request.method not in methods:
                    raise method_not_allowed()
                return await handler(request)
        place = locate(request.segments)
        if place is None:
            raise not_found()
        if request.method == "OPTIONS":
            return _options(resources.methods(place))
        if self._declarative and request.method != "GET":
            return await self._declarative.refuse(request, place)
        return await self._resources.handle(request, place)

    # -- the node ---------------------------------------------------------------------------------

    async def _root(self, request: Request) -> Response:
        return Response(200, information.root(self.node, self._catalogue, await self._store.read()))

    async def status(self, request: Request) -> Response:
        configuration_hash = self._declarative.hash if self._declarative else None
        reachable = await self._reachable()
        return Response(200, information.status(self.node, self._gateway.statistics(), reachable, configuration_hash))

    async def _reachable(self) -> bool:
        try:
            await self._store.read()
        except StoreUnavailableError:
            return False
        return True

    async def metrics(self, request: Request) -> Response:
        text = self._gateway.metrics(datastore_reachable=await self._reachable())
        return Response(200, text, content_type=_METRICS_TYPE)

    async def ready(self, request: Request) -> Response:
        if self._declarative:
            if self._declarative.loaded:
                return Response(200, {"message": "ready"})
            return Response(503, {"message": "no configuration available (empty configuration present)"})
        if await self._reachable():
            return Response(200, {"message": "ready"})
        return Response(503, {"message": "failed to connect to database"})

    async def _dns(self, request: Request) -> Response:
        return Response(501, {"message": "not implemented with the legacy DNS client"})

    async def _endpoints(self, request: Request) -> Response:
        return Response(200, {"data": information.endpoints()})

    async def _timers(self, request: Request) -> Response:
        stats: dict[str, Any] = {"sys": {"running": 0, "pending": 0, "waiting": 0, "total": 0, "runs": 0}, "timers": {}}
        return Response(200, {"worker": {"id": 0, "count": 1}, "stats": stats})

    async def _clustering(self, request: Request) -> Response:
        raise bad_request(_NOT_CONTROL_PLANE)

    async def _config(self, request: Request) -> Response:
        if not self._declarative:
            raise bad_request(_NOT_DBLESS)
        return await (self._declarative.load if request.method == "POST" else self._declarative.show)(request)

    async def _purge(self, request: Request) -> Response:
        return no_content()

    async def _cache(self, request: Request) -> Response:
        if request.method == "DELETE":
            return no_content()
        raise not_found()

    async def _show_log_level(self, request: Request) -> Response:
        return Response(200, {"message": f"log level: {self._log_level}"})

    async def _set_log_level(self, request: Request) -> Response:
        level = request.segments[-1]
        if level not in _LOG_LEVELS:
            raise bad_request(f"unknown log level: {level}")
        self._log_level = level
        return Response(200, {"message": "log level changed"})

    # -- schemas ----------------------------------------------------------------------------------

    async def _enabled(self, request: Request) -> Response:
        return Response(200, {"enabled_plugins": list(self._catalogue.plugins)})

    async def _schema(self, request: Request) -> Response:
        name = request.segments[1]
        if name not in schemas.ENTITIES:
            raise AdminError(404, {"message": f"No entity named '{name}'"})
        return Response(200, schemas.describe_entity(schemas.ENTITIES[name]))

    async def _plugin_schema(self, request: Request) -> Response:
        return Response(200, schemas.describe_entity(schemas.PLUGINS[self._plugin_name(request)]))

    async def _plugin_config_schema(self, request: Request) -> Response:
        return Response(200, schemas.describe_entity(schemas.PLUGINS[self._plugin_name(request)]["fields"]["config"]))

    def _plugin_name(self, request: Request) -> str:
        name = request.segments[2]
        if name not in self._catalogue.plugins:
            raise AdminError(404, {"message": f"No plugin named '{name}'"})
        return name

    async def _vault_schema(self, request: Request) -> Response:
        name = request.segments[2]
        if name not in schemas.VAULTS:
            raise AdminError(404, {"message": f"No vault named '{name}'"})
        config = schemas.VAULTS[name]
        return Response(200, schemas.describe_entity({"type": "record", "fields": {"config": config}}))

    async def _validate_plugin(self, request: Request) -> Response:
        return await self._validate(request)

    async def _validate(self, request: Request) -> Response:
        name = request.segments[1]
        if name not in KINDS:
            raise AdminError(404, {"message": f"No entity named '{name}'"})
        kind = KINDS[name]

        def schema(given: Any) -> Field:
            return self._catalogue.schema(kind, given)[0]

        resources.validate(self._catalogue, kind, request.data(schema))
        return Response(200, {"message": "schema validation successful"})

    # -- tags, upstreams --------------------------------------------------------------------------

    async def _tags(self, request: Request) -> Response:
        tag = request.segments[1] if len(request.segments) > 1 else None
        state = await self._store.read()
        kinds = list(KINDS.values())
        if self._declarative:
            return Response(200, paging.page_of_tags_by_kind(state, kinds[::-1], tag, request.query, request.path))
        return Response(200, paging.page_of_tags(state, kinds, tag, request.query, request.path))

    async def _upstream_health(self, request: Request) -> Response:
        return await self._health.show(request, request.segments[1])

    async def _all_targets(self, request: Request) -> Response:
        return await self._health.targets(request.segments[1])

    async def _set_health(self, request: Request) -> Response:
        return await self._health.set(request, request.segments)


class StatusApi:
    """What the status port offers."""

    def __init__(self, api: Api):
        self._paths: dict[str, Handler] = {
            "/status": api.status,
            "/status/ready": api.ready,
            "/metrics": api.metrics,
        }

    async def serve(self, received: web.BaseRequest) -> web.StreamResponse:
        started = time.monotonic()
        try:
            request = await _request(received)
            if request.path not in self._paths:
                raise not_found()
            if request.method != "GET":
                raise method_not_allowed()
            response = await self._paths[request.path](request)
        except HtmlError as error:
            return _html(error, started)
        except AdminError as error:
            response = Response(error.status, dict(error.body))
        return _write(response, received.method == "HEAD", started, {"Access-Control-Allow-Origin": "*"})


def _unexpected(message: str) -> Response:
    return Response(500, dict(UnexpectedError(message).body))


async def _request(received: web.BaseRequest) -> Request:
    raw, _, query = received.raw_path.partition("?")
    path = raw.removesuffix("/") if raw != "/" else raw
    segments = tuple(unquote(part) for part in path.split("/")[1:]) if path not in ("", "/") else ()
    body = await bodies.read(received) if received.method in _WITH_BODY else b""
    method = "GET" if received.method == "HEAD" else received.method
    return Request(method, path, segments, Query(query), received.headers.get("Content-Type", ""), body)


def _fits(pattern: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    if len(pattern) != len(segments):
        return False
    return all(part in ("*", segment) for part, segment in zip(pattern, segments, strict=True))


def _options(methods: tuple[str, ...]) -> Response:
    allowed = ", ".join(sorted(methods))
    headers = {
        "Allow": allowed,
        "Access-Control-Allow-Methods": allowed,
        "Access-Control-Allow-Headers": "Content-Type",
    }
    return Response(204, headers=headers)


def _write(response: Response, head: bool, started: float, common: dict[str, str]) -> web.Response:
    headers = {**common, **response.headers, "Server": SERVER, "X-Kong-Admin-Latency": _latency(started)}
    if response.status == 204:
        return web.Response(status=204, headers=headers)
    text = response.body if isinstance(response.body, str) else paging.dumps(response.body)
    body = text.encode()
    headers["Content-Type"] = response.content_type
    if head:
        headers["Content-Length"] = str(len(body))
        body = b""
    return web.Response(status=response.status, headers=headers, body=body)


def _latency(started: float) -> str:
    return str(round((time.monotonic() - started) * 1000))


def _html(error: HtmlError, started: float) -> web.Response:
    text = (
        f"<html>\r\n<head><title>{error.title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{error.title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    headers = {"Server": SERVER, "X-Kong-Admin-Latency": _latency(started), "Content-Type": "text/html; charset=UTF-8"}
    response = web.Response(status=error.status, headers=headers, body=text.encode())
    if error.close:
        response.force_close()
    return response

"""What the Admin API and the status API offer about the node itself."""

from __future__ import annotations

from typing import Any

from local_cloud.kong.admin import information, paging
from local_cloud.kong.admin.health import Proxy
from local_cloud.kong.admin.information import Node
from local_cloud.kong.admin.requests import READ, Request, Response, Route, no_content
from local_cloud.kong.database import StoreUnavailableError
from local_cloud.kong.declarative import Declarative
from local_cloud.kong.entities import Catalogue
from local_cloud.kong.errors import UnexpectedError, bad_request, not_found
from local_cloud.kong.kinds import KINDS
from local_cloud.kong.store import Store

_LOG_LEVELS = ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")
_NOT_DBLESS = "this endpoint is only available when Kong is configured to not use a database"
_NOT_CONTROL_PLANE = "this endpoint is only available when Kong is configured to run as Control Plane for the cluster"
_METRICS_TYPE = "text/plain; charset=UTF-8"


class NodeApi:
    def __init__(
        self,
        node: Node,
        store: Store,
        catalogue: Catalogue,
        proxy: Proxy,
        declarative: Declarative | None,
    ):
        self._node = node
        self._store = store
        self._catalogue = catalogue
        self._gateway = proxy.gateway
        self._declarative = declarative
        self._log_level = node.settings.log_level

    def routes(self) -> list[Route]:
        return [
            Route("/", READ, self._root),
            Route("/status", READ, self._status),
            Route("/status/dns", READ, self._dns),
            Route("/metrics", READ, self._metrics),
            Route("/endpoints", READ, self._endpoints),
            Route("/timers", READ, self._timers),
            Route("/tags", READ, self._tags),
            Route("/tags/*", READ, self._tags),
            Route("/cache", ("DELETE", "OPTIONS"), self._purge),
            Route("/cache/*", (*READ, "DELETE"), self._cache),
            Route("/debug/node/log-level", READ, self._show_log_level),
            Route("/debug/node/log-level/*", ("PUT", "OPTIONS"), self._set_log_level),
            Route("/clustering/status", READ, self._clustering),
            Route("/clustering/data-planes", READ, self._clustering),
            Route("/config", (*READ, "POST"), self._config),
        ]

    def status_routes(self) -> list[Route]:
        return [
            Route("/status", READ, self._status),
            Route("/status/ready", READ, self._ready),
            Route("/metrics", READ, self._metrics),
        ]

    async def _root(self, request: Request) -> Response:
        try:
            state = await self._store.read()
        except StoreUnavailableError:
            raise UnexpectedError("An unexpected error happened") from None
        return Response(200, information.root(self._node, self._catalogue, state))

    async def _status(self, request: Request) -> Response:
        configuration_hash = self._declarative.hash if self._declarative else None
        reachable = await self._reachable()
        return Response(200, information.status(self._node, self._gateway.statistics(), reachable, configuration_hash))

    async def _reachable(self) -> bool:
        try:
            await self._store.read()
        except StoreUnavailableError:
            return False
        return True

    async def _metrics(self, request: Request) -> Response:
        text = self._gateway.metrics(datastore_reachable=await self._reachable())
        return Response(200, text, content_type=_METRICS_TYPE)

    async def _ready(self, request: Request) -> Response:
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

    async def _tags(self, request: Request) -> Response:
        tag = request.segments[1] if len(request.segments) > 1 else None
        state = await self._store.read()
        kinds = list(KINDS.values())
        if self._declarative:
            return Response(200, paging.page_of_tags_by_kind(state, kinds[::-1], tag, request.query, request.path))
        return Response(200, paging.page_of_tags(state, kinds, tag, request.query, request.path))

"""The Admin API and the status API: which path is answered by what."""

from __future__ import annotations

from collections.abc import Iterable

from local_cloud.kong.admin import resources
from local_cloud.kong.admin.health import Health, Proxy
from local_cloud.kong.admin.information import Node
from local_cloud.kong.admin.node_api import NodeApi
from local_cloud.kong.admin.requests import Request, Response, Route, allowing
from local_cloud.kong.admin.resources import Resources, locate
from local_cloud.kong.admin.schema_api import SchemaApi
from local_cloud.kong.declarative import Declarative
from local_cloud.kong.entities import Catalogue
from local_cloud.kong.errors import method_not_allowed, not_found
from local_cloud.kong.store import Store

ADMIN_HEADERS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}
STATUS_HEADERS = {"Access-Control-Allow-Origin": "*"}


class Routes:
    """Finds the handler of a request; the first that fits."""

    def __init__(self, routes: Iterable[Route]):
        self._by_length: dict[int, list[tuple[tuple[str, ...], Route]]] = {}
        for route in routes:
            self._by_length.setdefault(len(route.segments), []).append((route.segments, route))

    def find(self, request: Request) -> Route | None:
        for segments, route in self._by_length.get(len(request.segments), ()):
            if all(part in ("*", given) for part, given in zip(segments, request.segments, strict=True)):
                return route
        return None


async def _call(route: Route, request: Request) -> Response:
    if request.method == "OPTIONS":
        return allowing(route.methods)
    if request.method not in route.methods:
        raise method_not_allowed()
    return await route.handler(request)


class Api:
    def __init__(
        self,
        node: Node,
        store: Store,
        catalogue: Catalogue,
        proxy: Proxy,
        declarative: Declarative | None,
    ):
        self._node = node
        self._declarative = declarative
        self._resources = Resources(store, catalogue)
        about = NodeApi(node, store, catalogue, proxy, declarative)
        health = Health(store, proxy, node.node_id)
        self._routes = Routes([*about.routes(), *SchemaApi(catalogue).routes(), *health.routes()])
        self._status_routes = Routes(about.status_routes())

    async def answer(self, request: Request) -> Response:
        self._node.requests += 1
        route = self._routes.find(request)
        if route:
            return await _call(route, request)
        place = locate(request.segments)
        if place is None:
            raise not_found()
        if request.method == "OPTIONS":
            return allowing(resources.methods(place))
        if self._declarative and request.method != "GET":
            return await self._declarative.refuse(request, place)
        return await self._resources.handle(request, place)

    async def answer_status(self, request: Request) -> Response:
        """What the status port offers."""
        route = self._status_routes.find(request)
        if not route:
            raise not_found()
        return await _call(route, request)

"""`/api/annotations`: events in time, such as releases."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from local_cloud.grafana.dashboards import Catalogue
from local_cloud.grafana.errors import Refused
from local_cloud.grafana.identity import Identity
from local_cloud.grafana.requests import Route, body, number
from local_cloud.grafana.store import Query, Store

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "dashboardUID": str,
    "panelId": int,
    "time": int,
    "timeEnd": int,
    "text": str,
    "tags": list,
}


class Annotations:
    def __init__(self, store: Store, catalogue: Catalogue, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock

    def routes(self) -> list[Route]:
        one = r"/api/annotations/{id:\d+}"
        return [
            Route("GET", "/api/annotations", self._find, "Viewer"),
            Route("GET", "/api/annotations/tags", self._tags, "Viewer"),
            Route("POST", "/api/annotations", self._add, "Editor"),
            Route("GET", one, self._show, "Viewer"),
            Route("PUT", one, self._replace, "Editor"),
            Route("PATCH", one, self._patch, "Editor"),
            Route("DELETE", one, self._remove, "Editor"),
        ]

    async def _find(self, request: web.Request, _: Identity) -> Any:
        query = _query(request.query)
        if query.dashboard_uid and query.dashboard_uid not in self._catalogue.dashboards:
            raise Refused(400, "Invalid dashboard UID in annotation request")
        return self._store.annotations(query)

    async def _tags(self, request: web.Request, _: Identity) -> Any:
        part = request.query.get("tag", "").lower()
        found = Counter(tag for row in self._store.annotations(Query(limit=2**31)) for tag in row["tags"])
        rows = [{"tag": tag, "count": count} for tag, count in sorted(found.items()) if part in tag.lower()]
        return {"result": {"tags": rows[: number(request.query, "limit") or 100]}}

    async def _add(self, request: web.Request, caller: Identity) -> Any:
        given = await _values(request)
        if not given.get("text"):
            raise Refused(400, "Failed to save annotation", error="text field should not be empty")
        self._check_dashboard(given)
        start = given.get("time") or int(self._clock() * 1000)
        end = given.get("timeEnd") or start
        if end < start:
            start, end = end, start
        values = {
            "dashboardUID": given.get("dashboardUID") or None,
            "panelId": given.get("panelId") or 0,
            "time": start,
            "timeEnd": end,
            "text": given["text"],
            "tags": given.get("tags") or [],
        }
        return {"id": self._store.add_annotation(values, caller.login), "message": "Annotation added"}

    async def _show(self, request: web.Request, _: Identity) -> Any:
        return self._existing(request)

    async def _replace(self, request: web.Request, _: Identity) -> Any:
        existing, given = self._existing(request), await _values(request)
        start = given.get("time") or existing["time"]
        values = {
            "text": given.get("text") or "",
            "tags": given.get("tags") or [],
            "time": start,
            "timeEnd": given.get("timeEnd") or start,
        }
        self._store.change_annotation(existing["id"], values)
        return {"id": existing["id"], "message": "Annotation updated"}

    async def _patch(self, request: web.Request, _: Identity) -> Any:
        """Changes what is given and not empty; an empty list takes all tags away."""
        existing, given = self._existing(request), await _values(request)
        values = {name: given[name] for name in ("text", "time", "timeEnd") if given.get(name)}
        if given.get("tags") is not None:
            values["tags"] = given["tags"]
        if values:
            self._store.change_annotation(existing["id"], values)
        return {"message": "Annotation patched"}

    async def _remove(self, request: web.Request, _: Identity) -> Any:
        self._store.remove_annotation(self._existing(request)["id"])
        return {"message": "Annotation deleted"}

    def _existing(self, request: web.Request) -> dict[str, Any]:
        found = self._store.annotation(int(request.match_info["id"]))
        if found is None:
            raise Refused(404, "Annotation not found")
        return found

    def _check_dashboard(self, given: Mapping[str, Any]) -> None:
        uid = given.get("dashboardUID")
        if uid and uid not in self._catalogue.dashboards:
            raise Refused(404, "Dashboard not found")


def _query(given: MultiMapping[str]) -> Query:
    return Query(
        start=number(given, "from"),
        end=number(given, "to"),
        tags=given.getall("tags", []),
        match_any=given.get("matchAny") == "true",
        dashboard_uid=given.get("dashboardUID", ""),
        panel_id=number(given, "panelId"),
        kind=given.get("type", ""),
        limit=number(given, "limit") or 100,
    )


async def _values(request: web.Request) -> dict[str, Any]:
    given = await body(request)
    for name, kind in _TYPES.items():
        value = given.get(name)
        wrong = value is not None and (not isinstance(value, kind) or isinstance(value, bool))
        if wrong or (name == "tags" and not all(isinstance(tag, str) for tag in value or [])):
            raise Refused(400, "bad request data")
    return given

"""The HTTP API as far as it is built: what is not answers 501, what Grafana does not know either 404."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from local_cloud.grafana import STAND_IN
from local_cloud.grafana.dashboards import Catalogue, Dashboard, Folder
from local_cloud.grafana.errors import Refused
from local_cloud.grafana.identity import ROLES, Identity
from local_cloud.grafana.provisioning import DataSource
from local_cloud.grafana.requests import Route, body, number
from local_cloud.grafana.store import Store
from local_cloud.grafana.upstream import Upstream

_MOST_FOUND = 5000


class Sources:
    """`/api/datasources`."""

    def __init__(self, sources: list[DataSource], upstream: Upstream) -> None:
        self._by_uid = {source.uid: source for source in sources}
        self._upstream = upstream

    def routes(self) -> list[Route]:
        proxy = "/api/datasources/proxy/uid/{uid}/{path:.*}"
        return [
            Route("GET", "/api/datasources", self._list, "Admin"),
            Route("POST", "/api/datasources", _not_built, "Admin"),
            Route("GET", "/api/datasources/uid/{uid}", self._show, "Admin"),
            Route("PUT", "/api/datasources/uid/{uid}", self._change, "Admin"),
            Route("DELETE", "/api/datasources/uid/{uid}", self._change, "Admin"),
            Route("GET", "/api/datasources/name/{name}", self._show_named, "Admin"),
            Route("GET", "/api/datasources/uid/{uid}/health", self._health, "Viewer"),
            Route("*", proxy, self._proxy, "Viewer"),
            Route("POST", "/api/ds/query", _not_built, "Viewer"),
        ]

    async def _list(self, _: web.Request, __: Identity) -> Any:
        return [source.describe() for source in sorted(self._by_uid.values(), key=lambda source: source.name)]

    async def _show(self, request: web.Request, _: Identity) -> Any:
        return self._existing(request).describe()

    async def _show_named(self, request: web.Request, _: Identity) -> Any:
        for source in self._by_uid.values():
            if source.name == request.match_info["name"]:
                return source.describe()
        raise Refused(404, "Data source not found")

    async def _change(self, request: web.Request, caller: Identity) -> Any:
        if self._existing(request).read_only:
            raise Refused(403, "Cannot update read-only data source")
        return await _not_built(request, caller)

    async def _health(self, request: web.Request, _: Identity) -> Any:
        return await self._upstream.health(self._existing(request))

    async def _proxy(self, request: web.Request, _: Identity) -> Any:
        source = self._existing(request, "Unable to load datasource metadata")
        return await self._upstream.forward(source, request.match_info["path"], request)

    def _existing(self, request: web.Request, message: str = "Data source not found") -> DataSource:
        found = self._by_uid.get(request.match_info["uid"])
        if found is None:
            raise Refused(404, message)
        return found


class Dashboards:
    """`/api/dashboards`, `/api/folders`, `/api/search` and the pages that links lead to."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def routes(self) -> list[Route]:
        one = "/api/dashboards/uid/{uid}"
        return [
            Route("GET", "/api/search", self._search, "Viewer"),
            Route("GET", one, self._show, "Viewer"),
            Route("DELETE", one, self._remove, "Editor"),
            Route("POST", "/api/dashboards/db", self._save, "Editor"),
            Route("GET", "/api/folders", self._folders, "Viewer"),
            Route("GET", "/api/folders/{uid}", self._folder, "Viewer"),
            Route("POST", "/api/folders", _not_built, "Editor"),
            Route("GET", "/", self._home, "Viewer"),
            Route("GET", "/d/{uid}", self._page, "Viewer"),
            Route("GET", "/d/{uid}/{slug}", self._page, "Viewer"),
        ]

    async def _search(self, request: web.Request, _: Identity) -> Any:
        given = request.query
        wanted = given.get("query", "").lower()
        uids = set(given.getall("dashboardUIDs", []) + given.getall("dashboardUID", []))
        tags = set(given.getall("tag", []))
        folder_uids = set(given.getall("folderUIDs", []))
        folders = [] if given.get("type") == "dash-db" or uids or tags or folder_uids else self._catalogue.folders
        dashboards = [] if given.get("type") == "dash-folder" else self._catalogue.dashboards.values()
        hits = [_folder_hit(self._catalogue.folders[uid]) for uid in folders] + [
            _hit(dashboard)
            for dashboard in dashboards
            if (not uids or dashboard.uid in uids)
            and tags <= set(dashboard.tags)
            and (not folder_uids or (dashboard.folder.uid if dashboard.folder else "general") in folder_uids)
        ]
        found = sorted((hit for hit in hits if wanted in hit["title"].lower()), key=lambda hit: hit["title"])
        return found[: min(number(given, "limit") or 1000, _MOST_FOUND)]

    async def _show(self, request: web.Request, _: Identity) -> Any:
        dashboard = self._existing(request)
        return {"meta": _meta(dashboard), "dashboard": dashboard.model}

    async def _save(self, request: web.Request, caller: Identity) -> Any:
        given = (await body(request)).get("dashboard")
        if not isinstance(given, dict):
            raise Refused(400, "bad request data")
        existing = self._catalogue.dashboards.get(given.get("uid", ""))
        if existing and not existing.provider.allow_ui_updates:
            raise Refused(400, "Cannot save provisioned dashboard")
        return await _not_built(request, caller)

    async def _remove(self, request: web.Request, _: Identity) -> Any:
        self._existing(request)
        raise Refused(400, "provisioned dashboard cannot be deleted")

    async def _folders(self, _: web.Request, __: Identity) -> Any:
        found = sorted(self._catalogue.folders.values(), key=lambda folder: folder.title)
        return [{"id": folder.id, "uid": folder.uid, "title": folder.title} for folder in found]

    async def _folder(self, request: web.Request, _: Identity) -> Any:
        folder = self._catalogue.folders.get(request.match_info["uid"])
        if folder is None:
            raise Refused(404, "folder not found", status="not-found")
        return {"id": folder.id, "uid": folder.uid, "title": folder.title, "url": _folder_url(folder)}

    async def _home(self, _: web.Request, __: Identity) -> Any:
        return page("Home", "")

    async def _page(self, request: web.Request, _: Identity) -> Any:
        dashboard = self._catalogue.dashboards.get(request.match_info["uid"])
        if dashboard is None:
            return page("Dashboard not found", "", status=404)
        return page(dashboard.title, f"/api/dashboards/uid/{dashboard.uid}")

    def _existing(self, request: web.Request) -> Dashboard:
        found = self._catalogue.dashboards.get(request.match_info["uid"])
        if found is None:
            raise Refused(404, "Dashboard not found")
        return found


class Organisation:
    """`/api/org`, `/api/user`, `/api/serviceaccounts`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        accounts = "/api/serviceaccounts"
        return [
            Route("GET", "/api/org", self._org, "Viewer"),
            Route("GET", "/api/user", self._user, "Viewer"),
            Route("GET", f"{accounts}/search", self._accounts, "Admin"),
            Route("POST", accounts, self._add_account, "Admin"),
            Route("DELETE", accounts + r"/{id:\d+}", self._remove_account, "Admin"),
            Route("POST", accounts + r"/{id:\d+}/tokens", self._add_token, "Admin"),
        ]

    async def _org(self, _: web.Request, __: Identity) -> Any:
        address = dict.fromkeys(("address1", "address2", "city", "zipCode", "state", "country"), "")
        return {"id": 1, "name": "Main Org.", "address": address}

    async def _user(self, _: web.Request, caller: Identity) -> Any:
        if caller.anonymous:
            raise Refused(404, "user not found")
        return {"id": 1, "login": caller.login, "orgId": 1, "isGrafanaAdmin": self._store.has_user(caller.login)}

    async def _accounts(self, _: web.Request, __: Identity) -> Any:
        found = [_account(row["id"], row["name"], row["role"]) for row in self._store.service_accounts()]
        return {"totalCount": len(found), "serviceAccounts": found, "page": 1, "perPage": 1000}

    async def _add_account(self, request: web.Request, _: Identity) -> Any:
        given = await body(request)
        name, role = given.get("name"), given.get("role") or "Viewer"
        if not name or not isinstance(name, str) or role not in ROLES:
            raise Refused(400, "bad request data")
        number = self._store.add_service_account(name, role)
        if number is None:
            raise Refused(400, "service account already exists")
        return web.json_response(_account(number, name, role), status=201)

    async def _remove_account(self, request: web.Request, _: Identity) -> Any:
        if not self._store.remove_service_account(int(request.match_info["id"])):
            raise Refused(404, "service account not found")
        return {"message": "Service account deleted"}

    async def _add_token(self, request: web.Request, _: Identity) -> Any:
        given, account = await body(request), int(request.match_info["id"])
        if account not in {row["id"] for row in self._store.service_accounts()}:
            raise Refused(404, "service account not found")
        seconds = given.get("secondsToLive") or 0
        if not isinstance(given.get("name"), str) or not isinstance(seconds, int) or seconds < 0:
            raise Refused(400, "bad request data")
        made = self._store.add_token(account, given["name"], seconds)
        if made is None:
            raise Refused(409, "service account token already exists")
        return {"id": made[0], "name": given["name"], "key": made[1]}


def page(title: str, shown: str, status: int = 200) -> web.Response:
    """What a browser gets in place of Grafana's own pages."""
    link = f'<p><a href="{shown}">{shown}</a></p>' if shown else ""
    text = (
        f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{STAND_IN}: a stand-in, it draws nothing.</p>{link}"
    )
    return web.Response(text=text, content_type="text/html", status=status)


async def _not_built(request: web.Request, _: Identity) -> Any:
    raise Refused(501, f"{STAND_IN}: {request.method} {request.path} is not built")


def _account(number: int, name: str, role: str) -> dict[str, Any]:
    login = f"sa-1-{name.lower().replace(' ', '-')}"
    return {"id": number, "name": name, "login": login, "orgId": 1, "isDisabled": False, "role": role, "tokens": 0}


def _hit(dashboard: Dashboard) -> dict[str, Any]:
    folder = dashboard.folder
    hit = {
        "id": dashboard.id,
        "uid": dashboard.uid,
        "orgId": 1,
        "title": dashboard.title,
        "uri": f"db/{dashboard.slug}",
        "url": dashboard.url,
        "slug": "",
        "type": "dash-db",
        "tags": list(dashboard.tags),
        "isStarred": False,
        "sortMeta": 0,
        "isDeleted": False,
    }
    if folder is None:
        return hit
    place = {"folderId": folder.id, "folderUid": folder.uid, "folderTitle": folder.title}
    return hit | place | {"folderUrl": _folder_url(folder)}


def _folder_hit(folder: Folder) -> dict[str, Any]:
    return {
        "id": folder.id,
        "uid": folder.uid,
        "orgId": 1,
        "title": folder.title,
        "uri": f"db/{folder.uid}",
        "url": _folder_url(folder),
        "slug": "",
        "type": "dash-folder",
        "tags": [],
        "isStarred": False,
        "sortMeta": 0,
        "isDeleted": False,
    }


def _folder_url(folder: Folder) -> str:
    return f"/dashboards/f/{folder.uid}"


def _meta(dashboard: Dashboard) -> dict[str, Any]:
    folder = dashboard.folder
    provisioned = not dashboard.provider.allow_ui_updates
    return {
        "type": "db",
        "canSave": True,
        "canEdit": True,
        "canAdmin": True,
        "canStar": True,
        "canDelete": True,
        "slug": dashboard.slug,
        "url": dashboard.url,
        "expires": "0001-01-01T00:00:00Z",
        "created": dashboard.changed,
        "updated": dashboard.changed,
        "updatedBy": "Anonymous",
        "createdBy": "Anonymous",
        "version": 1,
        "hasAcl": False,
        "isFolder": False,
        "folderId": folder.id if folder else 0,
        "folderUid": folder.uid if folder else "",
        "folderTitle": folder.title if folder else "General",
        "folderUrl": _folder_url(folder) if folder else "",
        "provisioned": provisioned,
        "provisionedExternalId": str(dashboard.file.relative_to(dashboard.provider.path)),
    }

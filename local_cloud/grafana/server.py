"""From an HTTP request to a handler and back: who may, measured, with the headers of the settings."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import BasicAuth, hdrs, web

from local_cloud.grafana import STAND_IN, VERSION
from local_cloud.grafana.annotations import Annotations
from local_cloud.grafana.api import Dashboards, Organisation, Sources, page
from local_cloud.grafana.dashboards import Catalogue
from local_cloud.grafana.errors import Refused, StartError, unauthorized
from local_cloud.grafana.identity import SESSION, Doorkeeper, Identity
from local_cloud.grafana.metrics import Metrics
from local_cloud.grafana.provisioning import DataSource
from local_cloud.grafana.requests import Route, body
from local_cloud.grafana.settings import Settings
from local_cloud.grafana.store import Store
from local_cloud.grafana.upstream import Upstream

LOG = logging.getLogger("http.server")

_PLACE = re.compile(r"\{(\w+)\}")
_SESSION_SECONDS = 30 * 24 * 3600
_SHUTDOWN_SECONDS = 5.0


@dataclass(frozen=True)
class Contents:
    """All that is served."""

    settings: Settings
    store: Store
    sources: list[DataSource]
    catalogue: Catalogue


class Server:
    """Is made inside the event loop."""

    def __init__(self, contents: Contents, name_server: str) -> None:
        self._settings = contents.settings
        self._contents = contents
        self._doorkeeper = Doorkeeper(contents.settings, contents.store)
        self._metrics = Metrics(self._totals)
        self._upstream = Upstream(name_server)

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._observe, self._answer_errors])
        app.router.add_get("/api/health", self._health)
        app.router.add_get("/healthz", self._alive)
        app.router.add_get("/metrics", self._scrape)
        app.router.add_get("/login", self._login_page)
        app.router.add_post("/login", self._sign_in)
        app.router.add_get("/logout", self._sign_out)
        app.router.add_post("/api/user/signup", self._sign_up)
        app.router.add_get("/robots.txt", self._robots)
        parts = (
            Sources(self._contents.sources, self._upstream),
            Dashboards(self._contents.catalogue),
            Organisation(self._contents.store),
            Annotations(self._contents.store, self._contents.catalogue),
        )
        for part in parts:
            for route in part.routes():
                app.router.add_route(route.method, route.path, self._guarded(route))
        app.on_cleanup.append(self._close)
        return app

    async def _close(self, _: web.Application) -> None:
        await self._upstream.close()

    def _guarded(self, route: Route) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            caller = self._doorkeeper.identify(request)
            if caller is None and not request.path.startswith("/api/"):
                raise web.HTTPFound(f"/login?redirectTo={quote(request.path_qs, safe='')}")
            answer = await route.handler(request, _admitted(caller, route))
            return answer if isinstance(answer, web.StreamResponse) else web.json_response(answer)

        return handle

    # Open to everybody.

    async def _health(self, _: web.Request) -> web.Response:
        version = {} if self._settings.hide_version else {"version": VERSION, "commit": STAND_IN}
        return web.json_response({"database": "ok", **version})

    async def _alive(self, _: web.Request) -> web.Response:
        return web.Response(text="Ok")

    async def _robots(self, _: web.Request) -> web.Response:
        return web.Response(text="User-agent: *\nDisallow: /\n")

    async def _scrape(self, request: web.Request) -> web.Response:
        if not self._settings.metrics:
            raise Refused(404, "Not found")
        expected = (self._settings.metrics_user, self._settings.metrics_password)
        if all(expected) and request.headers.get(hdrs.AUTHORIZATION) != BasicAuth(*expected).encode():
            raise unauthorized()
        return web.Response(body=self._metrics.render(), headers={hdrs.CONTENT_TYPE: "text/plain; version=0.0.4"})

    async def _login_page(self, _: web.Request) -> web.Response:
        return page("Grafana", "")

    async def _sign_in(self, request: web.Request) -> web.Response:
        given = await body(request)
        user, password = given.get("user"), given.get("password")
        if not isinstance(user, str) or not isinstance(password, str):
            raise Refused(400, "bad login data")
        session = self._doorkeeper.sign_in(user, password)
        self._metrics.sign_ins.inc()
        response = web.json_response({"message": "Logged in", "redirectUrl": "/"})
        samesite = self._settings.cookie_samesite
        response.set_cookie(
            SESSION,
            session,
            max_age=_SESSION_SECONDS,
            httponly=True,
            secure=self._settings.cookie_secure,
            samesite=None if samesite == "disabled" else samesite.capitalize(),
        )
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        self._doorkeeper.sign_out(request)
        response = web.HTTPFound("/login")
        response.del_cookie(SESSION)
        raise response

    async def _sign_up(self, request: web.Request) -> web.Response:
        if not self._settings.allow_sign_up:
            raise Refused(401, "User signup is disabled")
        raise Refused(501, f"{STAND_IN}: {request.method} {request.path} is not built")

    # Around every request.

    @web.middleware
    async def _observe(self, request: web.Request, handler: Any) -> web.StreamResponse:
        started = time.perf_counter()
        with self._metrics.in_flight.track_inprogress():
            response: web.StreamResponse = await handler(request)
        self._metrics.observe(_pattern(request), request.method, response.status, time.perf_counter() - started)
        response.headers.update(self._headers(request))
        return response

    @web.middleware
    async def _answer_errors(self, request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            response: web.StreamResponse = await handler(request)
        except Refused as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        except web.HTTPRedirection as redirection:
            return redirection
        except web.HTTPMethodNotAllowed:
            return web.json_response({"message": "Not found"}, status=404)
        except web.HTTPException as error:
            return web.json_response({"message": error.reason.capitalize()}, status=error.status)
        return response

    def _headers(self, request: web.Request) -> dict[str, str]:
        settings = self._settings
        given: dict[str, str] = {hdrs.SERVER: f"{STAND_IN}/{VERSION}"}
        if not request.path.startswith("/api/datasources/proxy/"):
            given[hdrs.CACHE_CONTROL] = "no-store"
            if settings.csp:
                nonce = f"'nonce-{secrets.token_urlsafe(16)}'"
                policy = settings.csp_template.replace("$NONCE", nonce)
                given["Content-Security-Policy"] = policy.replace("$ROOT_PATH", settings.root_url.partition("://")[2])
        if not settings.allow_embedding:
            given["X-Frame-Options"] = "deny"
        if settings.hsts:
            given["Strict-Transport-Security"] = _transport_security(settings)
        if settings.content_type_protection:
            given["X-Content-Type-Options"] = "nosniff"
        if settings.xss_protection:
            given["X-XSS-Protection"] = "1; mode=block"
        return given

    def _totals(self) -> Mapping[str, int]:
        catalogue, count = self._contents.catalogue, self._contents.store.count
        return {
            "grafana_stat_totals_dashboard": len(catalogue.dashboards),
            "grafana_stat_totals_folder": len(catalogue.folders),
            "grafana_stat_totals_datasource": len(self._contents.sources),
            "grafana_stat_totals_annotations": count("annotation"),
            "grafana_stat_total_users": count("user"),
            "grafana_stat_total_orgs": 1,
            "grafana_stat_total_service_accounts": count("service_account"),
        }


async def serve(contents: Contents, name_server: str) -> None:
    """Until SIGTERM or SIGINT. Raises StartError when the port is taken."""
    settings = contents.settings
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    runner = web.AppRunner(Server(contents, name_server).application(), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.address, settings.port, shutdown_timeout=_SHUTDOWN_SECONDS).start()
        where = f"{settings.address}:{settings.port}"
        LOG.info("HTTP Server Listen", extra={"fields": {"address": where, "protocol": "http"}})
        await stopped.wait()
    except OSError as error:
        raise StartError(f"failed to open listener on {settings.address}:{settings.port}: {error.strerror}") from error
    finally:
        await runner.cleanup()


def _admitted(caller: Identity | None, route: Route) -> Identity:
    if caller is None:
        raise unauthorized()
    if not caller.may(route.role):
        message = f"You'll need additional permissions to perform this action. Permissions needed: role {route.role}"
        raise Refused(403, message, title="Access denied")
    return caller


def _pattern(request: web.Request) -> str:
    """The route as Grafana writes it, such as `/api/dashboards/uid/:uid`."""
    resource = request.match_info.route.resource
    return _PLACE.sub(r":\1", resource.canonical.replace("{path}", "*")) if resource else "notfound"


def _transport_security(settings: Settings) -> str:
    parts = [f"max-age={settings.hsts_max_age}"]
    parts += ["preload"] if settings.hsts_preload else []
    parts += ["includeSubDomains"] if settings.hsts_subdomains else []
    return "; ".join(parts)

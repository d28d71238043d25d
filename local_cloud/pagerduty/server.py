"""The server process of the stand-in."""

from __future__ import annotations

import json
import logging
import urllib.parse
from typing import Any

import aiohttp
from aiohttp import web

from local_cloud.pagerduty import SERVER
from local_cloud.pagerduty.account import Account, Now, utc_now
from local_cloud.pagerduty.errors import ApiError, EventError, InvalidKey, invalid, rate_limited
from local_cloud.pagerduty.events import Events
from local_cloud.pagerduty.incidents import Incidents
from local_cloud.pagerduty.rest import Request, RestApi
from local_cloud.stand_in.faults import Fault, due, read_faults
from local_cloud.stand_in.server import Settings, log_to_stderr, serve, sign

LOG = logging.getLogger("local_cloud.pagerduty")
_LARGEST_EVENT = 512 * 1024
_LOOPBACK = ("127.", "localhost")


class StandIn:
    """The APIs of one account."""

    def __init__(self, url: str, token: str, now: Now = utc_now):
        self.account = Account(url, now)
        incidents = Incidents(self.account)
        self.events = Events(self.account, incidents, _confirm)
        self._rest = RestApi(self.account, incidents, token)
        self.faults: list[Fault] = []

    def application(self) -> web.Application:
        application = web.Application(client_max_size=_LARGEST_EVENT)
        sign(application, SERVER)
        application.router.add_post("/v2/enqueue", self._enqueue)
        application.router.add_post("/integration/{key}/enqueue", self._from_cloudwatch)
        application.router.add_get("/stand-in/events", self._events)
        application.router.add_post("/stand-in/faults", self._add_faults)
        application.router.add_route("*", "/{path:.*}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            self._fail_on_request(request, after=False)
            status, body = self._rest.answer(await _read(request))
            self._fail_on_request(request, after=True)
        except ApiError as error:
            return web.json_response(error.body, status=error.status, headers=error.headers)
        except (AttributeError, KeyError, TypeError) as error:
            # An object of another shape than the checks expect.
            LOG.warning("%s %s refused: %r", request.method, request.path, error)
            refusal = invalid("The body is not of the form that is documented")
            return web.json_response(refusal.body, status=refusal.status)
        return web.Response(status=status) if body is None else web.json_response(body, status=status)

    def _fail_on_request(self, request: web.Request, *, after: bool) -> None:
        fault = due(self.faults, request, after=after)
        if fault and fault.status == 429:
            raise rate_limited(fault.reset_seconds)
        if fault:
            raise ApiError(fault.status, 2000, "An internal error has occurred. PagerDuty team has been notified.")

    async def _enqueue(self, request: web.Request) -> web.Response:
        return await self._take(request, "")

    async def _from_cloudwatch(self, request: web.Request) -> web.Response:
        return await self._take(request, request.match_info["key"])

    async def _take(self, request: web.Request, key: str) -> web.Response:
        try:
            self._fail_on_request(request, after=False)
            content = await _json(request)
            body = await self.events.from_cloudwatch(key, content) if key else self.events.enqueue(content)
        except ApiError as error:
            return web.Response(status=error.status, headers=error.headers, text=str(error))
        except EventError as error:
            LOG.warning("event refused: %s", error)
            return web.json_response(error.body, status=400)
        except InvalidKey as error:
            LOG.warning("event refused: %s", error)
            return web.Response(status=400, text=str(error))
        LOG.info("event taken: %s", {name: self.events.log[-1][name] for name in ("action", "dedup_key", "service")})
        return web.json_response(body, status=202)

    async def _events(self, request: web.Request) -> web.Response:
        """Everything that arrived after the event of the number `after`."""
        after = int(request.query.get("after", "0"))
        return web.json_response({"events": self.events.log[after:]})

    async def _add_faults(self, request: web.Request) -> web.Response:
        self.faults = await read_faults(request)
        return web.Response(status=204)


async def _read(request: web.Request) -> Request:
    body: Any = None
    if request.method in ("POST", "PUT", "PATCH"):
        if request.content_type != "application/json":
            raise invalid("Content-Type must be application/json")
        try:
            body = await request.json()
        except ValueError:
            raise ApiError(400, 2001, "Invalid Input Provided", ["JSON parse error"]) from None
    query: dict[str, list[str]] = {}
    for name, value in request.query.items():
        query.setdefault(name, []).append(value)
    segments = tuple(part for part in request.path.split("/") if part)
    return Request(request.method, segments, query, request.headers, body)


async def _json(request: web.Request) -> Any:
    """SNS says text/plain of its JSON."""
    try:
        return json.loads(await request.read())
    except ValueError:
        raise EventError("JSON parse error") from None


async def _confirm(url: str) -> None:
    """Visit the URL, as the real one does; nothing outside this machine."""
    host = urllib.parse.urlsplit(url).hostname or ""
    if not host.startswith(_LOOPBACK):
        LOG.warning("subscription not confirmed: %s is not on this machine", host)
        return
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        LOG.info("subscription confirmed with status %s", response.status)


def main() -> None:
    settings = Settings.from_environment("pagerduty")
    log_to_stderr()
    LOG.info("%s: a stand-in for PagerDuty on %s; nobody is called", SERVER, settings.url)
    serve(StandIn(settings.url, settings.more["TOKEN"]).application(), settings)

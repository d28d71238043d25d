"""The server of the stand-in: who may ask, and HTTP around the REST API."""

from __future__ import annotations

import base64
import binascii
import hmac
import itertools
import json
import logging
import os
import secrets
import time
from pathlib import Path
from typing import Any

from aiohttp import web

from local_cloud.awx import SERVER, VERSION
from local_cloud.awx.errors import ApiError, not_found, refused, unauthorized
from local_cloud.awx.jobs import OUTCOMES, Jobs
from local_cloud.awx.projects import Projects
from local_cloud.awx.rest import Request, RestApi
from local_cloud.awx.store import Now, Store, utc_now
from local_cloud.settings import REPOSITORY
from local_cloud.stand_in.server import Settings, log_to_stderr, serve, sign

LOG = logging.getLogger("local_cloud.awx")
_ROOT = "/api/v2/"


class StandIn:
    """One controller. `project` is the folder that stands for the repository of every project."""

    def __init__(self, username: str, password: str, project: Path = REPOSITORY, now: Now = utc_now) -> None:
        self._username = username
        self._password = password
        self._tokens: dict[int, str] = {}
        self._numbers = itertools.count(1)
        self._project = project
        self._now = now
        self.reset()

    def reset(self) -> None:
        """As it was when it was started."""
        self.store = Store(self._username, self._now)
        projects = Projects(self._project)
        self.jobs = Jobs(self.store, projects)
        self._rest = RestApi(self.store, projects, self.jobs)

    def application(self) -> web.Application:
        application = web.Application()
        sign(application, SERVER)
        application.on_response_prepare.append(_name_product)
        application.on_cleanup.append(self._stop)
        application.router.add_post("/stand-in/outcomes", self._set_outcomes)
        application.router.add_route("*", "/{path:.*}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.Response:
        started = time.monotonic()
        try:
            status, body = await self._dispatch(request)
            headers: dict[str, str] = {}
        except ApiError as error:
            # Of what, not with which words: those may repeat a secret.
            LOG.warning("%s %s refused: %s %s", request.method, request.path, error.status, ", ".join(error.body))
            status, body, headers = error.status, error.body, error.headers
        headers["X-API-Time"] = f"{time.monotonic() - started:.3f}s"
        if body is None:
            return web.Response(status=status, headers=headers)
        if isinstance(body, str):
            return web.Response(status=status, headers=headers, text=body)
        return web.json_response(body, status=status, headers=headers)

    async def _dispatch(self, request: web.Request) -> tuple[int, Any]:
        path = request.path
        if path == "/api/":
            return 200, {"description": "AWX REST API", "current_version": _ROOT, "available_versions": {"v2": _ROOT}}
        if not path.startswith(_ROOT):
            raise refused("The requested resource could not be found.", 404)
        if not path.endswith("/"):
            raise refused("The requested resource could not be found.", 404)
        segments = tuple(part for part in request.raw_path.partition("?")[0].removeprefix(_ROOT).split("/") if part)
        if segments != ("ping",):
            self._authenticate(request)
        body = await _body(request)
        if segments[:1] == ("tokens",):
            return self._of_tokens(request.method, segments[1:], body)
        query = list(request.query.items())
        return self._rest.answer(Request(request.method, path, segments, query, body))

    def _authenticate(self, request: web.Request) -> None:
        """A password or a token of the one user, who may do everything. Raises ApiError."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            if not self._fits(value):
                raise unauthorized("Invalid username/password.")
        elif scheme != "Bearer" or not any(hmac.compare_digest(value, token) for token in self._tokens.values()):
            raise unauthorized()

    def _fits(self, value: str) -> bool:
        try:
            given = base64.b64decode(value, validate=True)
        except binascii.Error:
            return False
        return hmac.compare_digest(given, f"{self._username}:{self._password}".encode())

    def _of_tokens(self, method: str, segments: tuple[str, ...], body: Any) -> tuple[int, Any]:
        """OAuth 2 tokens: a value is shown once."""
        if not segments and method == "POST":
            if body.get("scope", "write") not in ("read", "write"):
                allowed = "Must be a simple space-separated string with allowed scopes ['read', 'write']."
                raise ApiError(400, {"scope": [allowed]})
            number = next(self._numbers)
            self._tokens[number] = secrets.token_urlsafe(22)
            return 201, {**self._token(number), "token": self._tokens[number], "refresh_token": None}
        if not segments and method == "GET":
            results = [self._token(number) for number in self._tokens]
            return 200, {"count": len(results), "next": None, "previous": None, "results": results}
        number = int(segments[0]) if segments and segments[0].isdecimal() else 0
        if number not in self._tokens:
            raise not_found()
        if method == "DELETE":
            del self._tokens[number]
            return 204, None
        return 200, self._token(number)

    def _token(self, number: int) -> dict[str, Any]:
        head = {"id": number, "type": "o_auth2_access_token", "url": f"{_ROOT}tokens/{number}/"}
        return {**head, "token": "************", "scope": "write", "application": None, "user": self.store.user["id"]}

    async def _set_outcomes(self, request: web.Request) -> web.Response:
        """Name of a template -> how its jobs end, for tests: nothing is run then."""
        outcomes = (await request.json())["outcomes"]
        if not set(outcomes.values()) <= set(OUTCOMES):
            return web.Response(status=400, text=f"an outcome is one of {', '.join(OUTCOMES)}")
        self.jobs.outcomes = outcomes
        return web.Response(status=204)

    async def _stop(self, _application: web.Application) -> None:
        await self.jobs.stop()


async def _body(request: web.Request) -> Any:
    """A dictionary; empty where nothing is sent. Raises ApiError."""
    if request.method not in ("POST", "PUT", "PATCH"):
        return {}
    content = await request.read()
    if not content:
        return {}
    if request.content_type != "application/json":
        raise refused(f'Unsupported media type "{request.content_type}" in request.', 415)
    try:
        body = json.loads(content)
    except ValueError as error:
        raise refused(f"JSON parse error - {error}") from None
    if not isinstance(body, dict):
        raise refused("JSON parse error - not a JSON object")
    return body


async def _name_product(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-API-Product-Name"] = "AWX"
    response.headers["X-API-Product-Version"] = VERSION


def main() -> None:
    settings = Settings.from_environment("awx")
    log_to_stderr()
    LOG.info("%s: a stand-in for AWX on %s; it runs the playbooks of one folder", SERVER, settings.url)
    if "STATE" in settings.more:
        # By it jobs find the local cloud: they run elsewhere than in its checkout.
        os.environ["LOCAL_CLOUD_STATE"] = settings.more["STATE"]
    project = Path(settings.more.get("PROJECT") or REPOSITORY)
    stand_in = StandIn(settings.more["USERNAME"], settings.more["PASSWORD"], project)
    serve(stand_in.application(), settings)

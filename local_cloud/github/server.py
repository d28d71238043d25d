"""The server process of the stand-in."""

from __future__ import annotations

import datetime
import logging
import secrets
from typing import Any

from aiohttp import web

from local_cloud.github import SERVER
from local_cloud.github.errors import ApiError, bad_credentials, not_found, secondary_limit, used_up
from local_cloud.github.rest import Answer, Request, RestApi
from local_cloud.github.site import ALL_RIGHTS, LIMIT, OWNER, WORKFLOW_RIGHTS, WORKFLOWS, Now, Site, Token, utc_now
from local_cloud.stand_in.faults import Fault, due, read_faults
from local_cloud.stand_in.server import Settings, log_to_stderr, serve, sign

LOG = logging.getLogger("local_cloud.github")
VERSION = "2022-11-28"
_WINDOW = datetime.timedelta(hours=1)
_NAMELESS = "Please make sure your request has a User-Agent header."
_LARGEST_BODY = 1024 * 1024


class StandIn:
    """The API of one site. With its first repository `token` may do everything, `workflow_token` what a job may."""

    def __init__(self, url: str, token: str, workflow_token: str, now: Now = utc_now):
        self._tokens = token, workflow_token
        self.start_afresh(url, now)

    def start_afresh(self, url: str, now: Now) -> None:
        """With a site on which nothing has been made yet."""
        self.site = Site(url, now)
        token, workflow_token = self._tokens
        self.site.tokens[token] = Token(OWNER, dict(ALL_RIGHTS))
        self.site.tokens[workflow_token] = Token(WORKFLOWS, dict(WORKFLOW_RIGHTS))
        self._rest = RestApi(self.site)
        self.faults: list[Fault] = []

    def application(self) -> web.Application:
        application = web.Application(client_max_size=_LARGEST_BODY)
        sign(application, SERVER)
        application.router.add_post("/stand-in/faults", self._add_faults)
        application.router.add_route("*", "/{path:.*}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.Response:
        headers = {"X-GitHub-Media-Type": "github.v3; format=json", "X-GitHub-Request-Id": secrets.token_hex(8).upper()}
        try:
            answer = await self._judge(request, headers)
        except ApiError as error:
            answer = Answer(error.status, error.body, error.headers)
        headers.update(answer.headers)
        if answer.body is None:
            return web.Response(status=answer.status, headers=headers)
        return web.json_response(answer.body, status=answer.status, headers=headers)

    async def _judge(self, request: web.Request, headers: dict[str, str]) -> Answer:
        """Raises ApiError. What holds for every answer is added to `headers`."""
        if not request.headers.get("User-Agent"):
            raise ApiError(403, f"Request forbidden by administrative rules. {_NAMELESS}")
        version = request.headers.get("X-GitHub-Api-Version", VERSION)
        if version != VERSION:
            raise ApiError(400, f"Version {version} of the API is not one of those that there are: {VERSION}")
        headers["X-GitHub-Api-Version-Selected"] = version
        self._fail_on_request(request, after=False)
        token = self._token(request)
        self._count(token, headers)
        asked = Request(request.method, request.rel_url.raw_path, dict(request.query), token, await _body(request))
        answer = self._rest.answer(asked)
        self._fail_on_request(request, after=True)
        return answer

    def _token(self, request: web.Request) -> Token:
        if "Authorization" not in request.headers:
            # Nobody in particular, who sees what is public: nothing here.
            raise ApiError(401, "Requires authentication") if request.path == "/user" else not_found()
        scheme, _, value = request.headers["Authorization"].partition(" ")
        token = self.site.tokens.get(value) if scheme.lower() in ("bearer", "token") else None
        if token is None or (token.expires and token.expires <= self.site.now()):
            raise bad_credentials()
        return token

    def _count(self, token: Token, headers: dict[str, str]) -> None:
        """Count the request against the token's limit. Raises ApiError where that is used up."""
        now = self.site.now()
        if token.reset is None or token.reset <= now:
            token.used, token.reset = 0, now + _WINDOW
        exceeded = token.used >= LIMIT
        token.used += 0 if exceeded else 1
        headers["X-RateLimit-Limit"] = str(LIMIT)
        headers["X-RateLimit-Used"] = str(token.used)
        headers["X-RateLimit-Remaining"] = str(LIMIT - token.used)
        headers["X-RateLimit-Reset"] = str(int(token.reset.timestamp()))
        headers["X-RateLimit-Resource"] = "core"
        if token.expires:
            headers["GitHub-Authentication-Token-Expiration"] = token.expires.strftime("%Y-%m-%d %H:%M:%S UTC")
        if exceeded:
            raise used_up(token.login)

    def _fail_on_request(self, request: web.Request, *, after: bool) -> None:
        fault = due(self.faults, request, after=after)
        if fault and fault.status in (403, 429):
            raise secondary_limit(fault.status, fault.reset_seconds)
        if fault:
            raise ApiError(fault.status, "Server Error")

    async def _add_faults(self, request: web.Request) -> web.Response:
        self.faults = await read_faults(request)
        return web.Response(status=204)


async def _body(request: web.Request) -> Any:
    if not request.can_read_body:
        return None
    try:
        return await request.json()
    except ValueError:
        raise ApiError(400, "Problems parsing JSON") from None


def main() -> None:
    settings = Settings.from_environment("github")
    log_to_stderr()
    LOG.info("%s: a stand-in for GitHub on %s; no workflow runs", SERVER, settings.url)
    stand_in = StandIn(settings.url, settings.more["TOKEN"], settings.more["WORKFLOW_TOKEN"])
    serve(stand_in.application(), settings)

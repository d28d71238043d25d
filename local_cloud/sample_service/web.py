"""From an HTTP request to a handler and back: who may, from which address, measured, logged, correlated."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import psycopg
from redis import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import logs
from .accounts import Client
from .config import Settings
from .metrics import Metrics
from .misbehaviour import Misbehaviour
from .tokens import InvalidToken, Tokens, fingerprint

log = logging.getLogger("http")
MAX_BODY_BYTES = 64 * 1024
PLAIN_ID = re.compile(r"[\w.:-]{1,128}")
UNAUTHENTICATED = "Full authentication is required to access this resource"
# What Tomcat takes for a proxy of ours.
INTERNAL_NETWORKS = [
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 127.0.0.0/8 100.64.0.0/10 ::1/128 fe80::/10 fc00::/7"
    ).split()
]
PUBLIC_PATHS = re.compile(r"/actuator/(health|info)(/.*)?")


class Access(Enum):
    PUBLIC = "anybody"
    BEARER = "an access token"
    ANY_TOKEN = "an access or refresh token"
    SERVICE = "another service"
    ADMIN = "ROLE_ADMIN"
    COMPLIANCE = "ROLE_ADMIN,ROLE_COMPLIANCE_OFFICER"


@dataclass(frozen=True)
class Call:
    """One request. `user_id` is 0 where no token was needed."""

    body: Mapping[str, Any]
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    client: Client
    user_id: int
    authenticated: bool

    def text(self, name: str) -> str:
        """A string member of the body, or the empty string."""
        value = self.body.get(name)
        return value.strip() if isinstance(value, str) else ""


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Endpoint:
    method: str
    path: str
    handler: Callable[[Call], Reply | Response]
    access: Access


class Refused(Exception):
    """The request does not reach its handler."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.reply = problem(status, error, message)


def problem(status: int, error: str, message: str) -> Reply:
    now = int(time.time() * 1000)
    return Reply(status, {"status": status, "error": error, "message": message, "timestamp": now})


class Guard:
    """Decides who a request is from. Raises Refused."""

    def __init__(self, settings: Settings, tokens: Tokens) -> None:
        self._settings = settings
        self._tokens = tokens

    def admit(self, access: Access, headers: Headers) -> int:
        """The user's id; 0 for anybody and for services."""
        if access is Access.PUBLIC:
            return 0
        if access is Access.SERVICE:
            return self._admit_service(headers)
        kinds = ("access", "refresh") if access is Access.ANY_TOKEN else ("access",)
        claims = self._claims(headers, kinds)
        held = set(str(claims.get("authorities", "")).split(","))
        if access in (Access.ADMIN, Access.COMPLIANCE) and not held & set(access.value.split(",")):
            raise Refused(403, "Forbidden", "Access Denied")
        return int(claims["sub"])

    def authenticated(self, headers: Headers) -> bool:
        try:
            return bool(self._claims(headers, ("access",)))
        except Refused:
            return False

    def client(self, request: Request) -> Client:
        peer = request.client.host if request.client else ""
        return Client(
            address=remote_address(self._settings.forward_headers, peer, request.headers),
            agent=request.headers.get("user-agent", ""),
            device=fingerprint(request.headers),
            correlation_id=logs.correlation_id.get(),
        )

    def _admit_service(self, headers: Headers) -> int:
        # Whoever reaches the port may claim to be a gateway's consumer (trap T4).
        vouched = headers.get("x-consumer-id", "").strip() and headers.get("x-consumer-username", "").strip()
        key = headers.get("x-api-key", "")
        right_key = hmac.compare_digest(key.encode(), self._settings.service_api_key.encode())
        if vouched or (key and right_key) or not self._settings.service_auth_enabled:
            return 0
        message = "Invalid service credentials" if key else "Missing service authentication"
        raise Refused(401, "SERVICE_AUTHENTICATION_FAILED", message)

    def _claims(self, headers: Headers, kinds: tuple[str, ...]) -> dict[str, Any]:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refused(401, "Unauthorized", UNAUTHENTICATED)
        for kind in kinds:
            try:
                return self._tokens.read(token.strip(), kind, fingerprint(headers))
            except InvalidToken as error:
                reason = str(error)
        raise Refused(401, "Unauthorized", reason)


def remote_address(strategy: str, peer: str, headers: Mapping[str, str]) -> str:
    """`none`: the peer. `framework`: the first X-Forwarded-For. `native`: the last one that is not a proxy
    of ours, believed only from such a peer, as Tomcat does (trap T5)."""
    hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    if strategy == "none" or not hops:
        return peer
    if strategy == "framework":
        return hops[0]
    if not _internal(peer):
        return peer
    return next((hop for hop in reversed(hops) if not _internal(hop)), hops[0])


def _internal(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in INTERNAL_NETWORKS)


def application(endpoints: Iterable[Endpoint], guard: Guard, metrics: Metrics, misbehaviour: Misbehaviour) -> ASGIApp:
    routes = [Route(e.path, _respond(e, guard, misbehaviour), methods=[e.method]) for e in endpoints]
    return Observed(Router(routes, default=_unknown(guard)), metrics)


def _respond(endpoint: Endpoint, guard: Guard, misbehaviour: Misbehaviour) -> Callable[[Request], Any]:
    business = not endpoint.path.startswith(("/actuator/", "/sample/"))

    async def respond(request: Request) -> Response:
        try:
            user_id = guard.admit(endpoint.access, request.headers)
            request.scope["uri"] = endpoint.path  # the security filter comes before it, as in the original
            if business:
                await _misbehave(misbehaviour)
            call = Call(
                body=await _body(request),
                parameters=request.path_params,
                query=request.query_params,
                client=guard.client(request),
                user_id=user_id,
                authenticated=guard.authenticated(request.headers),
            )
            reply = await run_in_threadpool(endpoint.handler, call)
        except Refused as refusal:
            reply = refusal.reply
        except (psycopg.Error, RedisError) as error:
            reason = " ".join(str(error).split())
            log.error("%s %s failed: %s", endpoint.method, endpoint.path, reason)  # noqa: TRY400
            request.scope["exception"] = type(error).__name__
            reply = problem(500, "Internal Server Error", "A backing service is not available")
        return reply if isinstance(reply, Response) else _json(reply)

    return respond


async def _misbehave(misbehaviour: Misbehaviour) -> None:
    await asyncio.sleep(misbehaviour.switches.latency_seconds or 0)
    if misbehaviour.next_request_fails():
        raise Refused(500, "Internal Server Error", "SAMPLE_ERROR_RATIO is on")


def _unknown(guard: Guard) -> ASGIApp:
    async def unknown(scope: Scope, receive: Receive, send: Send) -> None:
        found = PUBLIC_PATHS.fullmatch(scope["path"]) or guard.authenticated(Headers(scope=scope))
        reply = (
            problem(404, "Not Found", f"No endpoint {scope['method']} {scope['path']}")
            if found
            else problem(401, "Unauthorized", UNAUTHENTICATED)
        )
        scope["uri"] = "/**" if found else "UNKNOWN"
        await _json(reply)(scope, receive, send)

    return unknown


async def _body(request: Request) -> dict[str, Any]:
    if request.method not in ("POST", "PUT"):
        return {}
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            raise Refused(413, "Payload Too Large", f"At most {MAX_BODY_BYTES} bytes are read")
    try:
        body = json.loads(raw or b"{}")
        text = json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        body, text = None, b""
    # PostgreSQL stores neither NUL nor half a surrogate pair.
    if not isinstance(body, dict) or b"\\u0000" in text:
        raise Refused(400, "Bad Request", "The body must be a JSON object of valid text")
    return body


def _json(reply: Reply) -> Response:
    content = json.dumps(reply.body, default=lambda value: value.isoformat()).encode()
    return Response(content, reply.status, dict(reply.headers), "application/json")


class Observed:
    """Around every request: correlation id, timing, one log line."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        correlation = _plain(headers.get("x-correlation-id")) or _plain(headers.get("x-request-id"))
        correlation = correlation or str(uuid.uuid4())
        request_id = _plain(headers.get("x-request-id")) or correlation
        token = logs.correlation_id.set(correlation)
        started = time.perf_counter()
        scope["status"] = 500  # unless an answer begins

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["status"] = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-correlation-id", correlation.encode()),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            self._record(scope, time.perf_counter() - started)
            logs.correlation_id.reset(token)

    def _record(self, scope: Scope, seconds: float) -> None:
        status, uri = scope["status"], scope.get("uri", "UNKNOWN")
        self._metrics.observe(scope["method"], uri, status, scope.get("exception", "none"), seconds)
        level = logging.DEBUG if scope["path"].startswith("/actuator/") else logging.INFO
        fields = {
            "method": scope["method"],
            "uri": scope["path"],
            "status": status,
            "durationMs": round(seconds * 1000, 1),
        }
        log.log(level, "%s %s %d", scope["method"], scope["path"], status, extra={"fields": fields})


def _plain(value: str | None) -> str:
    """The id sent by the client, if it is fit for a log line and a header."""
    return value if value and PLAIN_ID.fullmatch(value) else ""

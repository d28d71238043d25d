"""Between HTTP and the requests and responses of the APIs."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import unquote

from aiohttp import web

from local_cloud.kong import SERVER
from local_cloud.kong.admin import bodies, paging
from local_cloud.kong.admin.bodies import HtmlError, Query
from local_cloud.kong.admin.requests import Handler, Request, Response
from local_cloud.kong.database import StoreUnavailableError
from local_cloud.kong.errors import AdminError, UnexpectedError

LOG = logging.getLogger("kong")
Serve = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_WITH_BODY = ("POST", "PUT", "PATCH")


def serving(answer: Handler, common: Mapping[str, str]) -> Serve:
    """For a server of aiohttp; `common` are headers of every answer."""

    async def serve(received: web.BaseRequest) -> web.StreamResponse:
        started = time.monotonic()
        try:
            response = await _answered(answer, received)
        except HtmlError as error:
            return _html(error, started, common)
        return _written(response, received.method == "HEAD", started, common)

    return serve


async def _answered(answer: Handler, received: web.BaseRequest) -> Response:
    try:
        return await answer(await _request(received))
    except AdminError as error:
        return Response(error.status, dict(error.body))
    except StoreUnavailableError:
        return Response(500, dict(UnexpectedError().body))
    except HtmlError:
        raise
    except Exception:
        LOG.exception("%s %s failed", received.method, received.raw_path)
        return Response(500, dict(UnexpectedError().body))


async def _request(received: web.BaseRequest) -> Request:
    raw, _, query = received.raw_path.partition("?")
    path = raw.removesuffix("/") if raw != "/" else raw
    segments = tuple(unquote(part) for part in path.split("/")[1:]) if path not in ("", "/") else ()
    body = await bodies.read(received) if received.method in _WITH_BODY else b""
    method = "GET" if received.method == "HEAD" else received.method
    return Request(method, path, segments, Query(query), received.headers.get("Content-Type", ""), body)


def _written(response: Response, head: bool, started: float, common: Mapping[str, str]) -> web.Response:
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


def _html(error: HtmlError, started: float, common: Mapping[str, str]) -> web.Response:
    text = (
        f"<html>\r\n<head><title>{error.title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{error.title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    headers = {"Server": SERVER, "X-Kong-Admin-Latency": _latency(started), "Content-Type": "text/html; charset=UTF-8"}
    if error.close:
        # nginx itself refuses the body, before there is an Admin API.
        response = web.Response(status=error.status, headers=headers, body=text.encode())
        response.force_close()
        return response
    return web.Response(status=error.status, headers={**common, **headers}, body=text.encode())

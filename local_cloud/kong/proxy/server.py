"""The HTTP server towards clients: aiohttp's, without what it adds to answers of its own."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web, web_protocol
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import HttpVersion11
from aiohttp.http_exceptions import LineTooLong

from local_cloud.kong import SERVER
from local_cloud.kong.proxy.answers import Failed, error_exit

_MAX_HEADERS = 1000
_MAX_LINE = 8190
_KEEPALIVE_SECONDS = 75.0
# nginx has a status of its own for headers that do not fit.
_TOO_LARGE = 494
_BODILESS = {204, 304}


class Reply(web.StreamResponse):
    """An answer with exactly the headers it is given, but Date, Connection and the framing of the body."""

    def __init__(self, status: int, reason: str | None) -> None:
        super().__init__(status=status, reason=reason)

    async def _prepare_headers(self) -> None:
        request, writer, headers = self._req, self._payload_writer, self._headers
        assert request is not None
        assert writer is not None
        keep_alive = request.keep_alive if self._keep_alive is None else self._keep_alive
        bodiless = request.method == hdrs.METH_HEAD or self.status in _BODILESS
        if self.status in _BODILESS:
            headers.pop(hdrs.CONTENT_LENGTH, None)
        elif hdrs.CONTENT_LENGTH not in headers and not bodiless:
            if request.version >= HttpVersion11:
                writer.enable_chunking()
                headers[hdrs.TRANSFER_ENCODING] = "chunked"
            else:
                # The end of the connection is the end of the body.
                keep_alive = False
        self._must_be_empty_body = bodiless
        self._keep_alive = keep_alive
        headers.setdefault(hdrs.DATE, rfc822_formatted_time())
        headers.setdefault(hdrs.CONNECTION, "keep-alive" if keep_alive else "close")


class Server(web.Server):
    """Counts connections, and answers malformed requests as the gateway does."""

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> None:
        super().__init__(
            handler,
            access_log=None,
            auto_decompress=False,
            max_headers=_MAX_HEADERS,
            max_line_size=_MAX_LINE,
            max_field_size=_MAX_LINE,
            keepalive_timeout=_KEEPALIVE_SECONDS,
        )
        self.accepted = 0

    def __call__(self) -> web_protocol.RequestHandler:
        self.accepted += 1
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web_protocol.RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status >= 500:
            self.logger.error("a request failed", exc_info=exc)
        if isinstance(exc, LineTooLong):
            status = _TOO_LARGE
        ending = error_exit(Failed(status), "text/plain", secrets.token_hex(16))
        reply = web.Response(status=status, body=ending.body, headers=dict(ending.headers))
        reply.headers[hdrs.SERVER] = SERVER
        reply.force_close()
        return reply

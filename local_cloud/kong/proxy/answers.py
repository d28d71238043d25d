"""Answers of the gateway's own: their bodies, and errors in the format that the client accepts."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

JSON = "application/json; charset=utf-8"

_ERROR_FORMATS = {
    "text/plain": "{message}\nrequest_id: {request_id}\n",
    "application/json": '{{\n  "message":"{message}",\n  "request_id":"{request_id}"\n}}',
    "application/xml": (
        '<?xml version="1.0" encoding="UTF-8"?>\n<error>\n  <message>{message}</message>\n'
        "  <requestid>{request_id}</requestid>\n</error>"
    ),
    "text/html": (
        "<html>\n  <head>\n    <title>Error</title>\n  </head>\n  <body>\n    <h1>Error</h1>\n"
        "    <p>{message}.</p>\n    <p>request_id: {request_id}</p>\n  </body>\n</html>\n"
    ),
}
_MESSAGES = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    408: "Request timeout",
    411: "Length required",
    412: "Precondition failed",
    413: "Payload too large",
    414: "URI too long",
    417: "Expectation failed",
    494: "Request header or cookie too large",
    500: "An unexpected error occurred",
    502: "An invalid response was received from the upstream server",
    503: "The upstream server is currently unavailable",
    504: "The upstream server is timing out",
}


class Exit(Exception):
    """The gateway answers by itself."""

    def __init__(self, status: int, body: bytes = b"", headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = list(headers)


class Failed(Exception):
    """An error that is answered in the format the client accepts.

    `native`: found by the web server, not by a plugin; a client that accepts nothing in particular gets plain text.
    """

    def __init__(
        self,
        status: int,
        message: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        *,
        native: bool = False,
    ) -> None:
        super().__init__(status, message)
        self.native = native
        self.status = status
        self.message = message or _MESSAGES.get(status, f"The upstream server responded with {status}")
        self.headers = list(headers)


def encode(value: Any) -> str:
    """JSON the way the gateway writes it: compact, with escaped slashes."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("/", "\\/")


def exit_json(status: int, value: Any, headers: Sequence[tuple[str, str]] = ()) -> Exit:
    return Exit(status, encode(value).encode(), [("Content-Type", JSON), *headers])


def error_exit(failed: Failed, accepted: str | None, request_id: str) -> Exit:
    """`accepted` is the Accept header; None means JSON."""
    kind = _best_format(accepted)
    message = failed.message
    if kind == "application/json":
        message = json.dumps(message, ensure_ascii=False)[1:-1]
    body = _ERROR_FORMATS[kind].format(message=message, request_id=request_id)
    return Exit(failed.status, body.encode(), [("Content-Type", f"{kind}; charset=utf-8"), *failed.headers])


def _best_format(accepted: str | None) -> str:
    """What the client likes best, the first of equals; JSON when there is no such format."""
    best, format_ = 0.0, "application/json"
    for item in (accepted or "").split(","):
        name, _, parameters = item.strip().lower().partition(";")
        given = re.search(r"q\s*=\s*([01](?:\.\d+)?)", parameters)
        quality = float(given[1]) if given else 1.0
        if "/" in name and quality > best:
            wanted = "text/plain" if name.strip() == "text/*" else name.strip()
            best, format_ = quality, wanted if wanted in _ERROR_FORMATS else "application/json"
    return format_

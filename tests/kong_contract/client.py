"""A plain HTTP client: it sends what it is told, adds nothing, and follows and repeats nothing."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_S = 60
POLL_S = 0.1

Headers = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back. Header names are in lower case; repeated headers are joined with a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def json(self) -> Any:
        """The decoded body, None when there is none or when it is no JSON."""
        if "json" not in self.headers.get("content-type", ""):
            return None
        return json.loads(self.body) if self.body else None

    def __str__(self) -> str:
        headers = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return f"{self.status}\n{headers}\n\n{self.text[:4000]}"


@dataclass(frozen=True)
class Body:
    """A request body as it goes over the wire, with its content type."""

    content: bytes
    content_type: str | None


def json_body(value: Any) -> Body:
    return Body(json.dumps(value).encode(), "application/json")


def form_body(pairs: Sequence[tuple[str, str]]) -> Body:
    return Body(urlencode(pairs).encode(), "application/x-www-form-urlencoded")


@dataclass
class Plane:
    """One listener of a node: its Admin API, its proxy or its status API."""

    url: str
    default_headers: Mapping[str, str] = field(default_factory=dict)
    keep_alive: bool = False
    _local: threading.local = field(default_factory=threading.local, repr=False)

    def request(self, method: str, path: str, body: Body | None = None, headers: Headers = ()) -> Answer:
        """Send one request. A connection that the server has closed meanwhile is opened anew, once."""
        kept: HTTPConnection | None = getattr(self._local, "connection", None) if self.keep_alive else None
        if kept is not None:
            with contextlib.suppress(HTTPException, ConnectionError):
                return self._send(kept, method, path, body, headers)
            kept.close()
        connection = self._connection()
        self._local.connection = connection if self.keep_alive else None
        try:
            return self._send(connection, method, path, body, headers)
        finally:
            if not self.keep_alive:
                connection.close()

    def client_address(self) -> str:
        """Tell from which address the listener sees requests come."""
        parts = urlsplit(self.url)
        with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=TIMEOUT_S) as connection:
            address: str = connection.getsockname()[0]
            return address

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        assert parts.hostname, f"no host in {self.url}"
        if parts.scheme == "https":
            # Nodes come with self-signed certificates; who answers is not what these cases are about.
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT_S, context=context)
        return HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)

    def _send(self, connection: HTTPConnection, method: str, path: str, body: Body | None, headers: Headers) -> Answer:
        pairs = [*self.default_headers.items(), *(headers.items() if isinstance(headers, Mapping) else headers)]
        connection.putrequest(
            method,
            urlsplit(self.url).path.rstrip("/") + path,
            skip_host=any(name.lower() == "host" for name, _ in pairs),
            skip_accept_encoding=True,
        )
        if body is not None:
            connection.putheader("Content-Length", str(len(body.content)))
            if body.content_type:
                connection.putheader("Content-Type", body.content_type)
        for name, value in pairs:
            connection.putheader(name, value.encode())
        connection.endheaders()
        if body is not None:
            # A server may refuse by the headers alone and stop reading; its answer is there to be read.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.send(body.content)
        response = connection.getresponse()
        content = response.read()
        joined: dict[str, str] = {}
        for name, value in response.getheaders():
            key = name.lower()
            joined[key] = f"{joined[key]}, {value}" if key in joined else value
        return Answer(response.status, joined, content)


def wait_until(what: str, holds: Callable[[], Any], seconds: float) -> Any:
    """Look until `holds` gives something true, and return it; AssertionError names `what` when it never does."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(POLL_S)

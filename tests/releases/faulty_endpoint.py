"""An AWS endpoint before the local cloud's that refuses some calls of a service, as AWS does when it is busy."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REFUSALS = (
    (400, {"__type": "ThrottlingException", "message": "Rate exceeded"}),
    (500, {"__type": "ServerException", "message": "An internal error"}),
    (503, {"__type": "ServiceUnavailableException", "message": "Try again"}),
)
HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "date", "server")


class FaultyEndpoint:
    """Forwards every request; of those to `service` each `every`th is refused, in turn as REFUSALS say."""

    def __init__(self, port: int, service: str, every: int) -> None:
        self.refused: Counter[int] = Counter()
        self.calls = 0
        self._port, self._service, self._every = port, service, every
        self._refusals = itertools.cycle(REFUSALS)
        self._lock = threading.Lock()

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve until the end of the block; gives the URL."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def refusal(self, scope: str) -> tuple[int, dict[str, str]] | None:
        """Status and body of the refusal of a call with this credential scope, if it is to be refused."""
        if f"/{self._service}/aws4_request" not in scope:
            return None
        with self._lock:
            self.calls += 1
            if self.calls % self._every:
                return None
            status, body = next(self._refusals)
            self.refused[status] += 1
            return status, body

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                refusal = endpoint.refusal(self.headers.get("Authorization", ""))
                if refusal:
                    kind = [("Content-Type", "application/x-amz-json-1.1")]
                    self._answer(refusal[0], kind, json.dumps(refusal[1]).encode())
                    return
                status, headers, content = endpoint.forward(self.command, self.path, body, dict(self.headers))
                self._answer(status, headers, content)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any  # noqa: N815

            def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        return Handler

    def forward(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

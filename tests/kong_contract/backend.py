"""A small HTTP server on loopback behind the proxy: it answers with what reached it."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOOPBACK = "127.0.0.1"
HEALTH_PATH = "/health"


class Backend:
    """Answers JSON that tells the request. `status` and `health_status` may be switched at any time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.status = 200
        self.health_status = 200
        self._server = _Server((LOOPBACK, 0), _Handler)
        self._server.backend = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer_to(self, handler: _Handler, body: bytes) -> tuple[int, dict[str, Any]]:
        status = self.health_status if handler.path == HEALTH_PATH else self.status
        headers: dict[str, str] = {}
        for name, value in handler.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        told = {"method": handler.command, "path": handler.path, "headers": headers, "body": body.decode()}
        return status, {"server": self.name, **told, "gone": 1}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    backend: Backend


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, told = self.server.backend.answer_to(self, body)
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Backend", self.server.backend.name)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815  the base class calls them so

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the output of the tests to themselves."""


def unused_port() -> int:
    """Find a port that nothing listens on."""
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        port: int = found.getsockname()[1]
        return port

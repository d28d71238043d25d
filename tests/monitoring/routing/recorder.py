"""A receiver that keeps what Alertmanager sends: events for the pager, messages for SNS, posts for Slack."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

PUBLISHED = b"<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"


@dataclass
class Recorder:
    """What arrived, by where it was sent to. `refuse` makes the pager answer this status."""

    url: str = ""
    refuse: int = 0
    pages: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    heartbeats: list[dict[str, list[str]]] = field(default_factory=list)

    def paged(self, action: str = "trigger") -> list[str]:
        """Names of the alerts that the pager was told of."""
        return [page["payload"]["class"] for page in self.pages if page["event_action"] == action]

    def take(self, path: str, content: bytes) -> tuple[int, bytes]:
        if path == "/v2/enqueue":
            self.pages.append(json.loads(content))
            return self.refuse or 202, b'{"status": "success"}'
        if path == "/slack":
            self.posts.append(json.loads(content))
            return 200, b"ok"
        self.heartbeats.append(parse_qs(content.decode()))
        return 200, PUBLISHED


@contextmanager
def recording() -> Iterator[Recorder]:
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = recorder.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Nothing: tests look at what was recorded."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recorder.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""The health check of the service's container, as its task definition has it."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud.sample_service import curl


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/actuator/health" else 503)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ended(url: str) -> int:
    argv = [sys.executable, "-I", str(Path(curl.__file__)), "--fail", "--silent", url]
    return subprocess.run(argv, check=False, timeout=30).returncode


def test_exit_codes_are_those_of_curl(url: str) -> None:
    assert ended(f"{url}/actuator/health") == 0
    assert ended(f"{url}/unhealthy") == 22
    assert ended("http://127.0.0.1:1/") == 7

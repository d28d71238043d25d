"""The HTTP side: what the last scrape found, and whether the process lives."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import groupby

from local_cloud.cloudwatch_exporter import SERVER
from local_cloud.cloudwatch_exporter.scrape import Counts, Sample


class Page:
    """Text of /metrics."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._text = ""

    def show(self, samples: Iterable[Sample], counts: Counts) -> None:
        text = "".join(_exposition([*samples, *_own(counts)]))
        with self._lock:
            self._text = text

    @property
    def text(self) -> str:
        with self._lock:
            return self._text


def _own(counts: Counts) -> Iterator[Sample]:
    for name, number in counts.requests.items():
        yield Sample("yace_cloudwatch_requests_total", {"api_name": name}, number)
    for name, number in counts.errors.items():
        yield Sample("yace_cloudwatch_request_errors", {"api_name": name}, number)
    yield Sample("yace_cloudwatch_getmetricdata_metrics_requested_total", {}, counts.metrics_requested)


def _exposition(samples: Iterable[Sample]) -> Iterator[str]:
    for name, rows in groupby(sorted(samples, key=lambda row: row.name), key=lambda row: row.name):
        kind = "counter" if name.startswith("yace_") else "gauge"
        yield f"# HELP {name} Help is not implemented yet.\n# TYPE {name} {kind}\n"
        for row in rows:
            labels = ",".join(f'{label}="{_escaped(value)}"' for label, value in sorted(row.labels.items()))
            yield f"{name}{{{labels}}} {_number(row.value)}\n" if labels else f"{name} {_number(row.value)}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return "NaN" if value != value else repr(value)  # noqa: PLR0124 - only NaN differs from itself


def serve(address: str, port: int, page: Page) -> ThreadingHTTPServer:
    """Listens from now on; the caller runs it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = SERVER, ""

        def do_GET(self) -> None:
            pages = {"/metrics": page.text, "/healthz": "ok", "/": f"{SERVER}\n"}
            body = pages.get(self.path.partition("?")[0])
            self._answer(*((404, "404 page not found\n") if body is None else (200, body)))

        def _answer(self, status: int, body: str) -> None:
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """YACE logs no requests."""

    return ThreadingHTTPServer((address, port), Handler)

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus asks over HTTP: our own metrics, and those that we fetch for it."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from .metrics import CONTENT_TYPE, Metric, render
from .scrape import Answer, Scraper

LONGEST_SECONDS = 60.0


def serve(address: tuple[str, int], metrics: Callable[[], list[Metric]], scraper: Scraper) -> ThreadingHTTPServer:
    """A server that listens; `serve_forever` is the caller's."""

    class Handler(BaseHTTPRequestHandler):
        server_version = "discovery"
        sys_version = ""

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/metrics":
                self._answer(Answer(200, CONTENT_TYPE, render(metrics()).encode()))
            elif url.path == "/scrape":
                target = parse_qs(url.query).get("target", [""])[0]
                self._answer(scraper.fetch(target, self._seconds()))
            else:
                self._answer(Answer(404, "text/plain", b"/metrics and /scrape?target=\n"))

        def _seconds(self) -> float:
            """A little less than Prometheus waits, so that it hears the reason."""
            try:
                given = float(self.headers.get("X-Prometheus-Scrape-Timeout-Seconds", "10"))
            except ValueError:
                given = 10.0
            return min(max(given * 0.9, 0.1), LONGEST_SECONDS)

        def _answer(self, answer: Answer) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            """Prometheus tells of failed scrapes."""

    return ThreadingHTTPServer(address, Handler)

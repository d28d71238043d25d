"""What cases need of Grafana: its API, without the client that they test, and the secret with its account."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import urllib3

from tests.contract.case import Boto

SECRET = "contract/grafana/admin"


@dataclass
class GrafanaApi:
    """Calls that have to succeed, as the account that is in the secret."""

    url: str
    user: str
    password: str
    boto: Boto

    def connection(self) -> dict[str, Any]:
        """Options of modules. The secret is made where it is not there yet."""
        manager = self.boto("secretsmanager")
        content = json.dumps({"username": self.user, "password": self.password})
        try:
            manager.create_secret(Name=SECRET, SecretString=content)
        except manager.exceptions.ResourceExistsException:
            manager.put_secret_value(SecretId=SECRET, SecretString=content)
        return {"url": self.url, "secret_id": SECRET}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {
            **urllib3.make_headers(basic_auth=f"{self.user}:{self.password}"),
            "Content-Type": "application/json",
        }
        data = None if body is None else json.dumps(body)
        answer = urllib3.request(method, self.url + path, body=data, headers=headers)
        assert answer.status == 200, f"{method} {path}: {answer.status} {answer.data!r}"
        return answer.json()

    def annotations(self, *tags: str) -> list[dict[str, Any]]:
        query = "&".join(f"tags={tag}" for tag in tags)
        found: list[dict[str, Any]] = self.call("GET", f"/api/annotations?{query}&limit=1000")
        return found

    def clean_up(self) -> None:
        for row in self.annotations("contract"):
            self.call("DELETE", f"/api/annotations/{row['id']}")


class Answering(BaseHTTPRequestHandler):
    """A Prometheus behind Grafana's proxy that has one series for every query."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        found = {"resultType": "vector", "result": [{"metric": {}, "value": [0, "1"]}]}
        body = json.dumps({"status": "success", "data": found}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Says nothing."""


@contextmanager
def answering() -> Iterator[str]:
    """Serve such a Prometheus until the end of the block; gives the URL of its Grafana."""
    server = HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

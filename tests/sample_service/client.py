"""An HTTP client that says the same about itself in every request, as a token's holder must."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEADLINE_SECONDS = 20.0


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]


class Client:
    def __init__(self, address: str, port: int) -> None:
        self._address = address
        self._port = port
        self.email = ""
        self.password = ""
        self.token = ""
        self.headers: dict[str, str] = {"User-Agent": "tests", "Accept": "application/json"}

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, None, headers)

    def post(self, path: str, body: object, **headers: str) -> Answer:
        return self.request("POST", path, body, headers)

    def request(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> Answer:
        """Header names are given as keywords: x_api_key is X-API-Key."""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        connection = http.client.HTTPConnection(self._address, self._port, timeout=10)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            response = connection.getresponse()
            raw = response.read()
            is_json = response.getheader("content-type") == "application/json"
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, json.loads(raw) if is_json else raw.decode(), names)
        finally:
            connection.close()

    def register(self) -> Answer:
        body = {"email": self.email, "password": self.password, "firstName": "Ada", "lastName": "King"}
        return self.post("/api/v1/auth/register", body)

    def login(self, password: str | None = None) -> Answer:
        body = {"email": self.email, "password": password or self.password}
        return self.post("/api/v1/auth/login", body)

    def sign_in(self) -> Mapping[str, Any]:
        answer = self.login()
        assert answer.status == 200, answer.body
        self.token = answer.body["accessToken"]
        body: Mapping[str, Any] = answer.body
        return body


@dataclass(frozen=True)
class Service:
    address: str
    process: subprocess.Popen[bytes]
    log: Path
    management_port: int

    @property
    def api(self) -> Client:
        return Client(self.address, 8080)

    @property
    def management(self) -> Client:
        return Client(self.address, self.management_port)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def messages(self) -> str:
        return "\n".join(line["message"] for line in self.lines())


def wait_until(
    condition: Callable[[], object],
    process: subprocess.Popen[bytes] | None = None,
    ignored: tuple[type[Exception], ...] = (),
    log: Path | None = None,
) -> None:
    """Until the condition holds; fails at the deadline or when the process has ended."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            if condition():
                return
        except ignored:
            pass
        ended = process is not None and process.poll() is not None
        if ended or time.monotonic() > deadline:
            raise AssertionError(f"{'process ended' if ended else 'deadline'}: {log.read_text() if log else ''}")
        time.sleep(0.02)

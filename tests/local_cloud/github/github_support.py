"""Requests to a stand-in of a test, whose time the test moves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3

from local_cloud.github.site import Site, Token
from local_cloud.github.standalone import GitHub


@dataclass
class Clock:
    """The time of the stand-in, which a test moves."""

    at: datetime = datetime(2030, 1, 7, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Api:
    """Requests to the stand-in; `clock` is its time. Paths that begin with a dot are below the repository."""

    github: GitHub
    clock: Clock
    _pool: urllib3.PoolManager

    @property
    def site(self) -> Site:
        return self.github.stand_in.site

    @property
    def token(self) -> Token:
        return self.site.tokens[self.github.token]

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        given = {"Authorization": f"Bearer {self.github.token}", "User-Agent": "a test"}
        data = body if isinstance(body, str) or body is None else json.dumps(body)
        below = f"/repos/{self.github.repository}{path[1:]}" if path.startswith(".") else path
        wanted = {name: value for name, value in {**given, **(headers or {})}.items() if value is not None}
        return self._pool.request(method, self.github.url + below, body=data, headers=wanted, redirect=False)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.send(method, path, body)
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and message of a request that is refused, with the first of its errors."""
        answer = self.send(method, path, body)
        assert answer.status >= 300, answer.data
        content = answer.json()
        assert content["status"] == str(answer.status)
        assert content["documentation_url"].startswith("https://docs.github.com/")
        first = content.get("errors", [""])[0]
        text = first.get("message", first.get("code")) if isinstance(first, dict) else first
        return answer.status, f"{content['message']}: {text}".removesuffix(": ")

    def id_of(self, kind: str, name: str) -> dict[str, Any]:
        path = f"/users/{name}" if kind == "User" else f"/orgs/trademaster/teams/{name}"
        return {"type": kind, "id": self.call("GET", path)["id"]}

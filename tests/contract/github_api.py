"""What cases need of GitHub's REST API, without the client that they test."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import urllib3


@dataclass
class GitHubApi:
    """Calls below one repository that have to succeed. What is made with `made` is removed in the end."""

    url: str
    token: str
    repository: str
    ca_cert: str | None = None
    _made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pool = urllib3.PoolManager(ca_certs=self.ca_cert)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        response = self._send(method, path, body)
        assert response.status < 300, f"{method} {path}: {response.status} {response.data!r}"
        return json.loads(response.data) if response.data else None

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def variable(self, name: str, value: str, below: str = "/actions") -> str:
        """Path of a variable that is there from now on."""
        self.call("POST", f"{below}/variables", {"name": name, "value": value})
        return self.made(f"{below}/variables/{name}")

    def environment(self, name: str, **fields: Any) -> str:
        """Path of an environment that is there from now on."""
        path = f"/environments/{name}"
        self.call("PUT", path, fields)
        return self.made(path)

    def made(self, path: str) -> str:
        self._made.append(path)
        return path

    def clean_up(self) -> None:
        for path in reversed(self._made):
            self._send("DELETE", path)
        self._made.clear()

    def _send(self, method: str, path: str, body: Any = None) -> urllib3.BaseHTTPResponse:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "User-Agent": "contract",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        data = None if body is None else json.dumps(body)
        return self._pool.request(method, f"{self.url}/repos/{self.repository}{path}", body=data, headers=headers)

"""A client of an environment: through its load balancer, over HTTPS, on a connection that is kept."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.environment import Environment

AGENT = {"User-Agent": "end-to-end tests", "Accept": "application/json"}
NONE: Mapping[str, str] = {}


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class Client:
    """One connection to the load balancer that is kept, made anew when the other side has closed it.

    `address` is the loopback address it comes from: what is limited by address is counted by it.
    """

    environment: Environment
    address: str = "127.0.0.1"
    _connection: http.client.HTTPSConnection | None = field(default=None, repr=False)

    def ask(
        self, path: str, *, method: str = "GET", token: str = "", body: Any = None, headers: Mapping[str, str] = NONE
    ) -> Answer:
        given = {**AGENT, **headers}
        if token:
            given["Authorization"] = f"Bearer {token}"
        data = None
        if body is not None:
            data, given["Content-Type"] = json.dumps(body), "application/json"
        connection = self._connected()
        connection.request(method, path, data, given)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        content = answer.read()
        if answer.will_close:
            self.close()
        return Answer(answer.status, found, content)

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def _connected(self) -> http.client.HTTPSConnection:
        if self._connection is None:
            host, _, port = self.environment.endpoints["https"].removeprefix("https://").partition(":")
            trusted = ssl.create_default_context(cafile=self.environment.state / "ca.pem")
            self._connection = http.client.HTTPSConnection(
                host, int(port), timeout=10, context=trusted, source_address=(self.address, 0)
            )
        return self._connection

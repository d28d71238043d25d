"""Requests to a stand-in of a test, whose time the test moves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3

from local_cloud.pagerduty.standalone import Pager


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
    """Requests to the stand-in; `clock` is its time."""

    pager: Pager
    clock: Clock
    _pool: urllib3.PoolManager

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        given = {"Authorization": f"Token token={self.pager.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        return self._pool.request(method, self.pager.url + path, body=data, headers={**given, **(headers or {})})

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.send(method, path, body, {"From": self.pager.user})
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and error of a request that is refused."""
        answer = self.send(method, path, body)
        assert answer.status >= 400, answer.data
        return answer.status, answer.json()["error"]

    def user(self) -> dict[str, str]:
        (user,) = self.call("GET", f"/users?query={self.pager.user}")["users"]
        return {"id": user["id"], "type": "user_reference"}

    def policy(self, name: str = "Platform", **fields: Any) -> Any:
        rules = [{"escalation_delay_in_minutes": 5, "targets": [self.user()]}]
        item = {"type": "escalation_policy", "name": name, "escalation_rules": rules, **fields}
        return self.call("POST", "/escalation_policies", {"escalation_policy": item})["escalation_policy"]

    def service(self, policy: Any, name: str = "auth", **fields: Any) -> Any:
        reference = {"id": policy["id"], "type": "escalation_policy_reference"}
        item = {"type": "service", "name": name, "escalation_policy": reference, **fields}
        return self.call("POST", "/services", {"service": item})["service"]

    def key(self, service: Any, kind: str = "events_api_v2_inbound_integration") -> str:
        body = {"integration": {"type": kind, "name": kind}}
        return str(self.call("POST", f"/services/{service['id']}/integrations", body)["integration"]["integration_key"])

    def incidents(self, query: str = "") -> list[Any]:
        return list(self.call("GET", f"/incidents?{query}")["incidents"])

"""What cases need of PagerDuty's REST API, without the client that they test."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

import urllib3

# Of an account that is given; else the user with whom the stand-in comes.
USER = os.environ.get("PAGERDUTY_USER", "on-call@example.com")


@dataclass
class PagerApi:
    """Calls that have to succeed. What is made with `made` is removed in the end, the last first."""

    url: str
    token: str
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

    def made(self, path: str, wrapper: str, item: Any) -> Any:
        """An item, created below the path of its list."""
        answer = self.call("POST", path, {wrapper: item})[wrapper]
        self._made.append(f"{path}/{answer['id']}")
        return answer

    def user_id(self, email: str) -> str:
        """The id of a user, who is added to the account unless he is there; users stay."""
        found = [user for user in self.get(f"/users?query={email}")["users"] if user["email"] == email]
        body = {"user": {"type": "user", "name": email.partition("@")[0].capitalize(), "email": email}}
        return str((found[0] if found else self.call("POST", "/users", body)["user"])["id"])

    def policy(self, name: str) -> Any:
        """An escalation policy that calls the user."""
        target = {"id": self.user_id(USER), "type": "user_reference"}
        rules = [{"escalation_delay_in_minutes": 5, "targets": [target]}]
        item = {"type": "escalation_policy", "name": name, "escalation_rules": rules}
        return self.made("/escalation_policies", "escalation_policy", item)

    def service(self, name: str, policy: Any) -> Any:
        reference = {"id": policy["id"], "type": "escalation_policy_reference"}
        return self.made("/services", "service", {"type": "service", "name": name, "escalation_policy": reference})

    def schedule(self, name: str) -> Any:
        start = "2026-01-05T09:00:00Z"
        layer = {
            "name": "All",
            "start": start,
            "rotation_virtual_start": start,
            "rotation_turn_length_seconds": 604800,
            "users": [{"user": {"id": self.user_id(USER), "type": "user_reference"}}],
        }
        item = {"type": "schedule", "name": name, "time_zone": "Europe/Berlin", "schedule_layers": [layer]}
        return self.made("/schedules", "schedule", item)

    def clean_up(self) -> None:
        for path in reversed(self._made):
            self._send("DELETE", path)

    def _send(self, method: str, path: str, body: Any = None) -> urllib3.BaseHTTPResponse:
        headers = {
            "Accept": "application/vnd.pagerduty+json;version=2",
            "Authorization": f"Token token={self.token}",
            "Content-Type": "application/json",
            "From": USER,
        }
        data = None if body is None else json.dumps(body)
        return self._pool.request(method, f"{self.url}{path}", body=data, headers=headers)

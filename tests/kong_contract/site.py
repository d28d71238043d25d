"""A module's own corner of the proxy: services, routes and plugins below a path that nobody else has."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from tests.kong_contract.backend import Backend
from tests.kong_contract.cleanup import Journal
from tests.kong_contract.client import Answer, Plane, json_body, wait_until

READY_STATUS = 418
# The default worker_state_update_frequency is 5 s; a busy machine gets some more.
PUBLISHED_WITHIN_S = 30


class Site:
    """What it creates carries the run's tag and is removed by `close`; `variables` name it for cases."""

    def __init__(self, name: str, run: str, planes: Mapping[str, Plane], about: Mapping[str, Any]) -> None:
        self.name = name
        self.planes = planes
        self.client = planes["proxy"].client_address()
        self.variables: dict[str, Any] = {"site": name, "base": f"/{name}", "client": self.client}
        self._tags = [run]
        self._about = about
        self._journal = Journal(planes["admin"])
        self._backends: list[Backend] = []
        self._published = 0

    def backend(self, name: str) -> Backend:
        self._backends.append(Backend(name))
        self.variables[f"{name}_port"] = self._backends[-1].port
        return self._backends[-1]

    def create(self, path: str, **fields: Any) -> dict[str, Any]:
        body = json_body({"tags": self._tags, **fields})
        answer = self.planes["admin"].request("POST", path, body)
        assert answer.status == 201, f"POST {path} {fields}: {answer}"
        self._journal.note("POST", path, answer)
        created: dict[str, Any] = answer.json
        return created

    def service(self, key: str, **fields: Any) -> dict[str, Any]:
        created = self.create("/services", name=f"{self.name}-{key}", **fields)
        self.variables[f"service_{key}"] = created
        return created

    def route(self, key: str, service: Mapping[str, Any] | None, **fields: Any) -> dict[str, Any]:
        """Route what lies below `<base>/<key>`, unless the fields say otherwise, to a service."""
        matched = {"paths": [f"/{self.name}/{key}"], **fields}
        reference = {"id": service["id"]} if service else None
        created = self.create("/routes", name=f"{self.name}-{key}", service=reference, **matched)
        self.variables[f"route_{key}"] = created
        return created

    def plugin(self, name: str, config: Mapping[str, Any] | None = None, **scope: Mapping[str, Any]) -> dict[str, Any]:
        references = {kind: {"id": entity["id"]} for kind, entity in scope.items()}
        return self.create("/plugins", name=name, config=dict(config or {}), **references)

    def guarded(self, key: str, service: Mapping[str, Any], **plugins: Mapping[str, Any]) -> dict[str, Any]:
        """Make a route with plugins, which are given by name with _ for - and their configuration."""
        route = self.route(key, service)
        for name, config in plugins.items():
            self.plugin(name.replace("_", "-"), config, route=route)
        return route

    def consumer(self, key: str, **fields: Any) -> dict[str, Any]:
        created = self.create("/consumers", username=f"{self.name}-{key}", **fields)
        self.variables[key] = created
        return created

    def key(self, consumer: Mapping[str, Any], name: str) -> str:
        """Give a consumer an API key, which cases know as `{<name>}`."""
        key: str = self.create(f"/consumers/{consumer['id']}/key-auth", key=f"{self.name}-{name}")["key"]
        self.variables[name] = key
        return key

    def request(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.planes["proxy"].request(method, f"/{self.name}{path}", headers=headers or {})

    def publish(self) -> None:
        """Wait until the proxy knows all that has been created so far.

        Router and plugins are rebuilt as a whole, so the last plugin of the last route tells. With several workers
        each rebuilds in its own time, at most one period after the first.
        """
        self._published += 1
        key = f"ready-{self._published}"
        self.plugin("request-termination", {"status_code": READY_STATUS}, route=self.route(key, None))
        workers = len(self._about["pids"]["workers"])
        settled_s = self._about["configuration"]["worker_state_update_frequency"] if workers > 1 else 0
        since: float | None = None

        def known() -> bool:
            nonlocal since
            if self.request("GET", f"/{key}").status != READY_STATUS:
                since = None
                return False
            since = since or time.monotonic()
            return time.monotonic() - since >= settled_s

        wait_until(f"the proxy knows {self.name}", known, PUBLISHED_WITHIN_S)

    def close(self) -> None:
        self._journal.clear()
        for backend in self._backends:
            backend.close()

"""Requests to a stand-in of a test, and the modules of awx.awx against it, in this process."""

from __future__ import annotations

import importlib
import io
import json
import time
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from typing import Any

import urllib3
from ansible.module_utils.testing import patch_module_args

from local_cloud.awx.standalone import Controller

SECONDS = 30.0
PROJECT = {"name": "platform", "scm_type": "git", "scm_url": "https://github.com/example/platform.git"}


@dataclass
class Api:
    controller: Controller
    _pool: urllib3.PoolManager

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        given = urllib3.make_headers(basic_auth=f"{self.controller.username}:{self.controller.password}")
        data = None if body is None else json.dumps(body)
        every = {"Content-Type": "application/json", **given, **(headers or {})}
        return self._pool.request(method, f"{self.controller.url}/api/v2/{path}", body=data, headers=every)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.send(method, path, body)
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body of a request that is refused."""
        answer = self.send(method, path, body)
        assert answer.status >= 400, answer.data
        return answer.status, answer.json()

    def add(self, collection: str, /, **fields: Any) -> Any:
        return self.call("POST", f"{collection}/", fields)

    def one(self, collection: str, /, **filters: Any) -> Any:
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        (found,) = self.call("GET", f"{collection}/?{query}")["results"]
        return found

    def count(self, collection: str, /, **filters: Any) -> int:
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        return int(self.call("GET", f"{collection}/?{query}")["count"])

    def ended(self, kind: str, number: int) -> Any:
        return eventually(lambda: self.call("GET", f"{kind}/{number}/"), lambda job: bool(job["finished"]))

    def project(self, **fields: Any) -> Any:
        """One that has been synced."""
        made = self.add("projects", **{**PROJECT, "organization": 1, **fields})
        update = made["summary_fields"]["current_update"]["id"]
        assert self.ended("project_updates", update)["status"] == "successful"
        return made

    def job_template(self, name: str = "deploy", **fields: Any) -> Any:
        """With what it needs."""
        if "project" not in fields:
            projects = self.call("GET", "projects/")["results"] or [self.project()]
            fields["project"] = projects[0]["id"]
        if "inventory" not in fields:
            known = self.call("GET", "inventories/")["results"]
            fields["inventory"] = (known or [self.add("inventories", name="staging", organization=1)])[0]["id"]
        return self.add("job_templates", name=name, **{"playbook": "playbooks/hello.yml", **fields})

    def outcomes(self, **outcomes: str) -> None:
        self.controller.stand_in.jobs.outcomes = outcomes


def eventually(read: Callable[[], Any], fits: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + SECONDS
    while not fits(found := read()):
        assert time.monotonic() < deadline, found
    return found


@dataclass
class Modules:
    """`run("project", name=…)` answers what the module of awx.awx does."""

    controller: Controller

    def run(self, module_name: str, /, *, check: bool = False, **options: Any) -> dict[str, Any]:
        module = importlib.import_module(f"ansible_collections.awx.awx.plugins.modules.{module_name}")
        given = {
            "controller_host": self.controller.url,
            "controller_username": self.controller.username,
            "controller_password": self.controller.password,
            **options,
            "_ansible_check_mode": check,
        }
        printed = io.StringIO()
        with patch_module_args(given), redirect_stdout(printed), suppress(SystemExit):
            module.main()
        answer = json.loads(printed.getvalue().splitlines()[-1])
        assert isinstance(answer, dict)
        return answer

    def changed(self, module_name: str, /, **options: Any) -> bool:
        answer = self.run(module_name, **options)
        assert not answer.get("failed"), answer
        return bool(answer["changed"])

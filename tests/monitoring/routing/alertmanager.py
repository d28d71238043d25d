"""A real Alertmanager with the role's configuration, and the alerts of the rules to give it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.trademaster.platform.plugins.plugin_utils.prometheus_rules import Settings, render

from local_cloud.ports import free_ports
from tests.monitoring.routing.recorder import Recorder

REPOSITORY = Path(__file__).resolve().parents[3]
RULES = REPOSITORY / "roles" / "prometheus" / "templates" / "rules"
UNPACKED = REPOSITORY / ".venv" / "debian" / "usr"
PACE = 100
GROUP, GROUPS = "{{ $labels.group }}", ("sessions", "gateway")
KEY = "0123456789abcdef0123456789abcdef"
EVENTS_TOKEN = "shown-by-alertmanager"


def program(name: str) -> str:
    """A native program, unpacked below .venv or on PATH."""
    return str(UNPACKED / "bin" / name) if (UNPACKED / "bin" / name).exists() else str(shutil.which(name) or name)


@dataclass(frozen=True)
class Rule:
    """An alert of the rules with the labels that it always has."""

    name: str
    labels: dict[str, str]

    @property
    def severity(self) -> str:
        return self.labels["severity"]

    @property
    def causes(self) -> list[str]:
        """What it is the cause of; alerts of a cache name its group, which is known when they fire."""
        cause = self.labels.get("cause", "")
        return [cause.replace(GROUP, group) for group in GROUPS] if GROUP in cause else [cause] * bool(cause)

    @property
    def depends_on(self) -> list[str]:
        listed = self.labels.get("depends_on", "")
        if GROUP in listed:
            return [listed.replace(GROUP, group) for group in GROUPS]
        return [name for name in listed.split(",") if name]

    def alert(self, **labels: str) -> dict[str, Any]:
        """It firing, as Prometheus would tell Alertmanager."""
        given = {"alertname": self.name, "environment": "test", **self.labels, **labels}
        annotations = {
            "summary": f"{self.name} is firing",
            "description": f"What {self.name} means.",
            "runbook": f"https://example.com/docs/runbooks/{self.name}.md",
            "dashboard": f"https://grafana.example.com/d/{self.name}",
        }
        return {"labels": given, "annotations": annotations}


def rules() -> list[Rule]:
    """All alerts of the role prometheus."""
    settings = Settings(grafana_url="https://grafana.example.com", runbook_url="https://example.com/docs/runbooks")
    files = render({path.name: path.read_text() for path in RULES.glob("*.j2")}, settings)
    found = [rule for text in files.values() for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    return [Rule(rule["alert"], dict(rule["labels"])) for rule in found if "alert" in rule]


def configure(folder: Path, **variables: Any) -> Path:
    """Let the role compose its files below `folder`; answers the one that Alertmanager is started with."""
    playbook = Path(__file__).with_name("render.yml")
    given = {"target": str(folder), "alertmanager_pace": PACE, **variables}
    command = [Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", "-c", "local", playbook]
    collections = next(path for path in sys.path if path.endswith(".venv/collections"))
    finished = subprocess.run(
        [*map(str, command), "-e", json.dumps(given)],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": collections, "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return folder / "alertmanager.yml"


@dataclass
class Alertmanager:
    url: str

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - http on loopback
            f"{self.url}{path}", data, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            content = answer.read()
        return json.loads(content) if content else None

    def fire(self, *alerts: dict[str, Any]) -> None:
        self.ask("/api/v2/alerts", list(alerts))

    def resolve(self, *alerts: dict[str, Any]) -> None:
        now = datetime.now(UTC)
        ended = {"startsAt": (now - timedelta(minutes=1)).isoformat(), "endsAt": now.isoformat()}
        self.fire(*({**alert, **ended} for alert in alerts))

    def state_of(self, name: str) -> str:
        """`active`, `suppressed` or `unprocessed`; empty for an alert it does not know."""
        found = [alert for alert in self.ask("/api/v2/alerts") if alert["labels"]["alertname"] == name]
        return str(found[0]["status"]["state"]) if found else ""

    def metric(self, line: str) -> float:
        """The value of one series."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:  # noqa: S310
            lines = answer.read().decode().splitlines()
        return next((float(item.rpartition(" ")[2]) for item in lines if item.startswith(f"{line} ")), 0.0)


def eventually(look: Callable[[], Any], what: str, timeout: float = 15.0) -> Any:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"not within {timeout} s: {what}")


@contextmanager
def running(folder: Path, recorder: Recorder, **variables: Any) -> Iterator[Alertmanager]:
    """Alertmanager, started as the task of the role starts it, with `recorder` in place of pager, SNS and Slack."""
    secrets = folder / "secrets"
    where = {"alertmanager_pagerduty_url": recorder.url, "alertmanager_sns_url": recorder.url}
    where |= {"__alertmanager_secrets_folder": str(secrets)}
    configuration = configure(folder, **where, **variables)
    secrets.mkdir()
    (secrets / "pagerduty").write_text(KEY)
    (secrets / "events").write_text(EVENTS_TOKEN)
    (secrets / "slack").write_text(f"{recorder.url}/slack")
    (port,) = free_ports(1)
    # Where Debian's looks for its templates, as in local_cloud/images.yml.
    start = 'exec 9<"$0"; exec "$@"' if (UNPACKED / "share/prometheus/alertmanager").is_dir() else 'exec "$@"'
    options = [f"--config.file={configuration}", f"--storage.path={folder}/data", "--cluster.listen-address="]
    command = [program("prometheus-alertmanager"), *options, f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            ["sh", "-c", start, str(UNPACKED / "share/prometheus/alertmanager"), *command],
            cwd=secrets,
            env={**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = Alertmanager(f"http://127.0.0.1:{port}")
    try:
        eventually(lambda: process.poll() is not None or _answers(server), "Alertmanager answers")
        assert process.poll() is None, (folder / "log").read_text()
        yield server
    finally:
        process.terminate()
        process.wait(timeout=10)


def _answers(server: Alertmanager) -> bool:
    try:
        return bool(server.ask("/api/v2/status"))
    except OSError:
        return False

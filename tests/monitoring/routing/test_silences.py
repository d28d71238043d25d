"""The module alertmanager_silence, against a real Alertmanager."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.monitoring.routing.alertmanager import Alertmanager, Rule, eventually, running
from tests.monitoring.routing.recorder import Recorder, recording

MODULE = Path(__file__).resolve().parents[3] / "plugins" / "modules" / "alertmanager_silence.py"
MATCHERS = [{"name": "environment", "value": "test"}, {"name": "owner", "value": "auth|database", "regex": True}]
GONE = Rule("ServiceGone", {"severity": "critical", "owner": "auth"})


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory, recorder: Recorder) -> Iterator[Alertmanager]:
    with running(tmp_path_factory.mktemp("alertmanager"), recorder) as server:
        yield server


def silence(server: Alertmanager, *, check: bool = False, **options: Any) -> dict[str, Any]:
    """What the module answers."""
    given = {"url": server.url, "matchers": MATCHERS, "comment": "Release 1.0.1", **options}
    arguments = {"ANSIBLE_MODULE_ARGS": {**given, "_ansible_check_mode": check, "_ansible_diff": True}}
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    finished = subprocess.run(
        [sys.executable, str(MODULE)],
        input=json.dumps(arguments),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stdout, finished.stderr
    return dict(json.loads(finished.stdout))


def active(server: Alertmanager) -> list[dict[str, Any]]:
    return [item for item in server.ask("/api/v2/silences") if item["status"]["state"] == "active"]


def test_a_silence_is_planned_made_kept_extended_and_ended(alertmanager: Alertmanager, recorder: Recorder) -> None:
    planned = silence(alertmanager, check=True)
    assert planned["changed"]
    assert active(alertmanager) == []

    made = silence(alertmanager)
    assert made["changed"]
    assert [(change["op"], change["key"]) for change in made["changes"]] == [("create", "Release 1.0.1")]
    (held,) = active(alertmanager)
    assert held["id"] == made["silence_id"]
    assert held["createdBy"] == "trademaster.platform"

    again = silence(alertmanager)
    assert not again["changed"]
    assert again["silence_id"] == made["silence_id"]

    alertmanager.fire(GONE.alert())
    eventually(lambda: alertmanager.state_of("ServiceGone") == "suppressed", "the alert is silenced")
    assert recorder.paged() == []

    extended = silence(alertmanager, duration_seconds=86400)
    assert [change["op"] for change in extended["changes"]] == ["update"]
    assert len(active(alertmanager)) == 1

    ended = silence(alertmanager, state="absent")
    assert ended["changed"]
    assert active(alertmanager) == []
    eventually(lambda: "ServiceGone" in recorder.paged(), "the alert gets through again")
    assert not silence(alertmanager, state="absent")["changed"]


def test_silences_of_others_are_left_alone(alertmanager: Alertmanager) -> None:
    theirs = silence(alertmanager, comment="Somebody else's")
    ours = silence(alertmanager)
    assert theirs["silence_id"] != ours["silence_id"]
    assert silence(alertmanager, state="absent")["changed"]
    assert [item["id"] for item in active(alertmanager)] == [theirs["silence_id"]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"matchers": [{"name": "alertname", "value": ".*", "regex": True}]}, "would silence everything"),
        ({"duration_seconds": 0}, "is no time"),
        ({"url": "alertmanager:9093"}, "is no address of Alertmanager"),
        ({"url": "http://127.0.0.1:1"}, "Alertmanager at http://127.0.0.1:1 does not answer"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    alertmanager: Alertmanager, options: dict[str, Any], message: str
) -> None:
    refused = silence(alertmanager, **options)
    assert refused["failed"]
    assert message in refused["msg"]
    assert "\n" not in refused["msg"]

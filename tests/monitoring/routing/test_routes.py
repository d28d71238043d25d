"""Where every alert of the rules goes, by `amtool config routes test`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.monitoring.routing.alertmanager import Rule, configure, program, rules

RECEIVERS = {"critical": "pager", "warning": "team", "info": "nobody"}
RULES = rules()


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return configure(tmp_path_factory.mktemp("alertmanager"))


def receiver_of(configuration: Path, labels: dict[str, str]) -> str:
    command = [program("amtool"), "config", "routes", "test", f"--config.file={configuration}"]
    given = [f"{name}={value}" for name, value in labels.items()]
    return subprocess.run([*command, *given], capture_output=True, text=True, check=True).stdout.strip()


def test_amtool_accepts_the_configuration(configuration: Path) -> None:
    checked = subprocess.run(
        [program("amtool"), "check-config", str(configuration)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_alert_reaches_who_has_to_know(configuration: Path, rule: Rule) -> None:
    wanted = "heartbeat" if rule.name == "Watchdog" else RECEIVERS[rule.severity]
    assert receiver_of(configuration, rule.alert()["labels"]) == wanted


def test_an_alert_that_nobody_planned_for_pages(configuration: Path) -> None:
    assert receiver_of(configuration, {"alertname": "Surprise", "severity": "catastrophic"}) == "pager"


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ({}, []),
        ({"alertmanager_slack": {"secret": "arn:slack", "channel": "#platform"}}, ["slack"]),
        (
            {
                "alertmanager_email": {
                    "secret": "arn:mail",
                    "to": ["team@example.com", "lead@example.com"],
                    "from": "alerts@example.com",
                    "smarthost": "mail.example.com:587",
                    "username": "alerts",
                }
            },
            ["email"],
        ),
    ],
    ids=["nothing", "slack", "e-mail"],
)
def test_who_reads_warnings_is_optional(tmp_path: Path, options: dict[str, object], kinds: list[str]) -> None:
    configuration = configure(tmp_path, **options)
    test_amtool_accepts_the_configuration(configuration)
    text = configuration.read_text()
    assert [kind for kind in ("slack", "email") if f"{kind}_configs" in text] == kinds
    assert not any(secret in text for secret in ("arn:slack", "arn:mail"))


def test_a_rulebook_is_told_besides_whoever_else_is(tmp_path: Path) -> None:
    configuration = configure(tmp_path, alertmanager_events={"secret": "arn:events", "url": "https://eda.example.com"})
    test_amtool_accepts_the_configuration(configuration)
    assert receiver_of(configuration, {"alertname": "ServiceGone", "severity": "critical"}) == "events,pager"
    assert receiver_of(configuration, {"alertname": "Watchdog"}) == "heartbeat"
    assert "arn:events" not in configuration.read_text()

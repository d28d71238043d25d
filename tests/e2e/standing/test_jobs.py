"""Every playbook that a job template of AWX offers, launched as AWX launches it, under the policies of AWX.

The jobs share one environment, which is afterwards what it was before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.environment import REPOSITORY, Environment, plain_secrets
from tests.jobs import Controller, contents

IN_ORDER = True
INVENTORY = "inventories/local/hosts.yml"
# Of the standing environment.
PACE = {"prometheus_alerting_pace": 30}
# What is judged, tests/releases judges; here a release only has to get through.
SHORT: dict[str, Any] = {
    "release_steps": [{"weight": 100, "seconds": 1}],
    "release_bake_seconds": 1,
    "release_thresholds": {"error_ratio": 0.05, "p95_milliseconds": 10_000, "p95_ratio": 100, "minimum_requests": 1},
}
API_KEY = "auth/service-api-key"


@pytest.fixture(scope="module")
def controller(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    with environment.held_to_policies():
        variables = {
            "LOCAL_CLOUD_STATE": str(environment.state),
            "LOCAL_CLOUD_DEBIAN": str(REPOSITORY / ".venv" / "debian"),
            "LOCAL_CLOUD_AWS_ENDPOINT": environment.gates["awx"],
        }
        yield Controller.below(tmp_path_factory.mktemp("runner"), variables, INVENTORY, **PACE)


@pytest.fixture(scope="module", autouse=True)
def first_secrets(environment: Environment) -> list[tuple[str, str]]:
    """All secrets before a job rotates any."""
    return plain_secrets(environment)


@pytest.fixture(scope="module", autouse=True)
def project(controller: Controller) -> Iterator[None]:
    """No job writes into its project."""
    before = contents(controller.project)
    yield
    assert contents(controller.project) == before


def test_plan(controller: Controller) -> None:
    """AWX keeps the inventory in an order of its own, which is not the files': nothing may depend on it."""
    planned = controller.launch("site", "--check", "--diff").succeeded()
    assert planned.totals["changed"] == 0
    assert "seconds: encryption" in planned.text


def test_site(controller: Controller) -> None:
    assert controller.launch("site").succeeded().totals["changed"] == 0


def test_verify(controller: Controller) -> None:
    controller.launch("verify").succeeded()


def test_deploy(controller: Controller, environment: Environment) -> None:
    deployed = controller.launch("deploy", release_tag="1.1.0", **SHORT).succeeded()
    assert "auth-service 1.1.0 is live" in deployed.text
    assert record(environment)["by"] == "ada"


def test_status(controller: Controller) -> None:
    assert "auth-service: deploy of 1.1.0 completed" in controller.launch("status").succeeded().text


def test_rollback_after_alert(controller: Controller, environment: Environment) -> None:
    controller.launch("rollback_after_alert", release_reason="there was an alert").succeeded()
    assert record(environment)["to"]["version"] == "1.0.0"
    again = controller.launch("rollback_after_alert", release_reason="there was another alert").succeeded()
    assert "nothing is rolled back: the last rollback is not live" in again.text
    assert record(environment)["reason"] == "there was an alert"


def test_rollback(controller: Controller, environment: Environment) -> None:
    """To a release that is named, and to the one before."""
    controller.launch("rollback", release_to="1.1.0", release_reason="it was no alert").succeeded()
    assert record(environment)["to"]["version"] == "1.1.0"
    controller.launch("rollback", release_reason="it was a test").succeeded()
    assert (record(environment)["to"]["version"], record(environment)["by"]) == ("1.0.0", "ada")


def test_releases(controller: Controller, environment: Environment) -> None:
    listed = controller.launch("releases").succeeded()
    assert "it was a test" in listed.text
    assert str(environment.state / "releases.json") in listed.text


def test_rotate(controller: Controller, environment: Environment) -> None:
    """Of a survey, all that is not a number comes as text."""
    name = f"trademaster/local/{API_KEY}"
    before = environment.secret(name)
    overrides = {API_KEY: {"overlap_seconds": 0}}
    controller.launch("rotate", rotation_only=API_KEY, rotation_overrides=overrides).succeeded()
    assert environment.secret(name) != before


def test_evidence(controller: Controller, environment: Environment) -> None:
    controller.launch("evidence", evidence_prowler="").succeeded()
    report = json.loads((environment.state / "evidence" / "latest" / "evidence.json").read_text())
    assert (report["verdict"], report["commit"]) == ("passed", "1ff2ea8")


def test_bad_input_is_refused_in_one_line(controller: Controller) -> None:
    refused = controller.launch("deploy", release_tag="")
    assert refused.status == "failed"
    assert "release_tag: it is empty" in refused.text


def test_no_job_tells_a_secret(
    controller: Controller, environment: Environment, first_secrets: list[tuple[str, str]]
) -> None:
    readable = list(controller.readable())
    assert len(readable) > 100
    secrets = {*first_secrets, *plain_secrets(environment)}
    assert [(place, name) for place, text in readable for name, value in secrets if value in text] == []


def record(environment: Environment) -> dict[str, Any]:
    """The last release, as it was recorded."""
    events = environment.client("logs").filter_log_events(logGroupName="/trademaster/local/releases")["events"]
    return dict(json.loads(events[-1]["message"]))

"""The fire drill: every page has to come, and everything is as it was afterwards."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest
from local_cloud_support import eventually

from tests.e2e.standing.conftest import PACE
from tests.environment import Environment, arguments_of, environment_of, processes, recap

IN_ORDER = True
CLUSTER = "trademaster-local"
IDLE = "-green"  # nothing of that colour runs until there is a release
JOURNAL = "/trademaster/local/drill"
PLAYED = {
    "error-ratio": "AuthServiceErrorRatioHigh",
    "database-down": "DatabaseDown",
    "service-down": "AuthServiceDown",
    "dead-mans-switch": "trademaster-local-heartbeat-missing",
}


EXPORTERS_DOWN = ("drill", f"ARGS={PACE} -e drill_scenarios=exporters-down")
EXPORTERS_ARE_STOPPED = "the exporters are stopped"


def services(environment: Environment) -> dict[str, tuple[int, int]]:
    """Wanted and running tasks of each service."""
    ecs = environment.client("ecs")
    arns = ecs.list_services(cluster=CLUSTER)["serviceArns"]
    found = [
        service
        for start in range(0, len(arns), 10)
        for service in ecs.describe_services(cluster=CLUSTER, services=arns[start : start + 10])["services"]
    ]
    return {service["serviceName"]: (service["desiredCount"], service["runningCount"]) for service in found}


def journal(environment: Environment) -> dict[str, Any]:
    """What the next drill would have to repair."""
    found = environment.client("ssm").get_parameters(Names=[JOURNAL])["Parameters"]
    return dict(json.loads(found[0]["Value"])) if found else {}


def database(environment: Environment) -> str:
    (found,) = environment.client("rds").describe_db_instances()["DBInstances"]
    return str(found["DBInstanceStatus"])


def exporters_wanted(environment: Environment) -> int:
    return services(environment)["trademaster-local-exporters"][0]


def whole(environment: Environment) -> bool:
    """Whether everything runs that should, and nothing is left to be repaired."""
    counts = services(environment).items()
    return (
        journal(environment) == {}
        and database(environment) == "available"
        and all(wanted == running and (running > 0 or name.endswith(IDLE)) for name, (wanted, running) in counts)
    )


def test_a_drill_ends_with_every_page_received_and_resolved(environment: Environment) -> None:
    before = services(environment)
    drilled = environment.make("drill", f"ARGS={PACE} -e drill_scenarios={','.join(PLAYED)}")
    assert drilled.returncode == 0, drilled.stdout
    report = json.loads((environment.state / "drill.json").read_text())
    assert {row["scenario"]: row["alert"] for row in report["alerts"]} == PLAYED
    assert [row["problem"] for row in report["alerts"] if not row["ok"]] == []
    assert str(environment.state / "drill.json") in drilled.stdout
    eventually(lambda: whole(environment), timeout=60, what="everything runs as before")
    assert services(environment) == before


def test_a_drill_whose_playbook_is_killed_restores_what_it_did(environment: Environment) -> None:
    environment.kill_when(EXPORTERS_ARE_STOPPED, lambda: exporters_wanted(environment) == 0, *EXPORTERS_DOWN)
    eventually(lambda: whole(environment), timeout=60, what="everything runs as before")


def test_a_drill_that_was_killed_altogether_is_repaired_by_the_next(environment: Environment) -> None:
    drilling = environment.start(*EXPORTERS_DOWN)
    eventually(lambda: exporters_wanted(environment) == 0, timeout=60, what=EXPORTERS_ARE_STOPPED)
    of_this_drill = [
        pid
        for pid in processes()
        if "playbooks/drill.yml" in arguments_of(pid) and str(environment.state) in environment_of(pid)
    ]
    for pid in of_this_drill:
        os.kill(pid, signal.SIGKILL)
    drilling.communicate(timeout=30)
    assert list(journal(environment)) == ["exporters-down"]
    repaired = environment.make("drill", "ARGS=-e drill_restore_only=true")
    assert repaired.returncode == 0, repaired.stdout
    assert "restoring: exporters-down" in repaired.stdout
    eventually(lambda: whole(environment), timeout=60, what="everything runs as before")


def test_a_second_make_up_finds_nothing_to_change(environment: Environment) -> None:
    again = environment.make("up", f"ARGS={PACE}")
    assert again.returncode == 0, again.stdout
    assert recap(again.stdout)["changed"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("drill_scenarios=no-such-thing", "'no-such-thing' is none that this environment offers"),
        ("drill_environments=staging", "drill_environments: staging; local is none of them"),
    ],
)
def test_what_may_not_be_drilled_is_refused(environment: Environment, arguments: str, said: str) -> None:
    refused = environment.make("drill", f"ARGS=-e {arguments}")
    assert refused.returncode != 0
    assert said in " ".join(refused.stdout.split())
    assert whole(environment)

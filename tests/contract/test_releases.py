"""What was recorded is listed and measured, and listing writes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.case import Boto
from tests.contract.harness import Run, run_module

SERVICE = "auth-service"
BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)


@pytest.fixture
def group(boto: Boto) -> str:
    name = f"/contract/{uuid4()}/releases"
    boto("logs").create_log_group(logGroupName=name)
    return name


def released(group: str, number: int, verdict: str, **fields: Any) -> None:
    began = BEGAN + timedelta(hours=number)
    record = {
        "id": f"release-{number}",
        "service": SERVICE,
        "verb": "rollback" if verdict == "reverted" else "deploy",
        "by": "alice",
        "from": {"version": f"1.{number - 1}", "at": (began - timedelta(minutes=30)).isoformat()},
        "to": {"version": f"1.{number}"},
        "started_at": began.isoformat(),
        "ended_at": (began + timedelta(minutes=10)).isoformat(),
        "commit_at": (began - timedelta(minutes=50)).isoformat(),
        "verdict": verdict,
        **fields,
    }
    run = run_module("release_record", {"log_group": group, "state_path": f"{group}/{SERVICE}", "record": record})
    assert run.changed, run.output


def listed(group: str, **options: Any) -> Run:
    run = run_module("releases_info", {"log_group": group, "service": SERVICE, **options})
    assert not run.answer.get("failed"), run.answer.get("msg")
    assert (run.changed, run.calls.writes) == (False, [])
    return run


def test_releases_are_listed_and_measured(group: str) -> None:
    released(group, 1, "completed")
    released(group, 2, "rolled_back", phases=[{"name": "shift to 10 %", "seconds": 42.0}], why="error ratio 20 %")
    released(group, 3, "reverted")
    answer = listed(group, limit=2).answer

    assert [release["id"] for release in answer["releases"]] == ["release-3", "release-2"]
    assert answer["table"][1].endswith("alice  rollback  1.2 → 1.3  10 min  reverted")
    assert answer["table"][2].endswith("alice  deploy    1.1 → 1.2  10 min  rolled back  error ratio 20 %")
    assert answer["delivery"] == {
        "days": 30,
        "deployments": 2,
        "deployments_per_day": 0.067,
        "lead_seconds": 3600.0,
        "failure_ratio": 1.0,
        "restore_seconds": 1221.0,
    }


def test_a_service_that_was_never_released_has_an_empty_list(group: str) -> None:
    answer = listed(group).answer
    assert (answer["releases"], answer["table"][0]) == ([], f"{SERVICE} was not released yet")


@pytest.mark.parametrize("option", ["limit", "days"])
def test_nothing_to_list_is_refused(group: str, option: str) -> None:
    answer = run_module("releases_info", {"log_group": group, "service": SERVICE, option: 0}).answer
    assert answer["msg"] == f"{option}: 0 is too little: give 1 or more"

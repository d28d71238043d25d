"""A rollback on a real ECS and a real gateway: at once where tasks still run, with new tasks where none do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.case import Boto
from tests.contract.ecs_stage import CRASH, FOREVER, Stage
from tests.contract.harness import Run, run_module
from tests.contract.kong_admin import Admin
from tests.contract.test_blue_green_deployment import GRAFANA, PROBE, TOKEN, Colours

NOWHERE = "http://127.0.0.1:9"
KEPT = ("cluster", "colours", "gateway", "upstream", "preview", "probe", "start_timeout", "state_path")


class Released(Colours):
    """The second release is live on green, the first one still runs on blue."""

    def __init__(self, stage: Stage, boto: Boto, kong: Admin) -> None:
        super().__init__(stage, boto, kong, NOWHERE)
        self.first, self.second = self.live, stage.revision(f"{FOREVER}; true")
        green = {**stage.place, "name": "green", "task_definition": self.second, "desired_count": 1}
        answer = run_module("ecs_service", green).answer
        assert not answer.get("failed"), answer.get("msg")
        self.weigh(blue=0, green=100)
        boto("logs").create_log_group(logGroupName=self.log_group)
        self.write("green", {"blue": self.release_of("r1", self.first), "green": self.release_of("r2", self.second)})
        self.record("r2", self.first, self.second, {"schema_before": "1", "schema_after": "2"})

    @property
    def log_group(self) -> str:
        return f"/{self.stage.name}/releases"

    def release_of(self, identifier: str, revision: str) -> dict[str, Any]:
        version = f"1.{identifier[1:]}.0"
        image = f"busybox@sha256:{identifier}"
        return {"id": identifier, "version": version, "image": image, "digest": "", "task_definition": revision}

    def weigh(self, **weights: int) -> None:
        for colour, weight in weights.items():
            path = f"/upstreams/{self.stage.name}/targets/{colour}.example.com:8080"
            self.kong.call("PATCH", path, {"weight": weight})

    def write(self, live: str, releases: dict[str, Any], rollout: dict[str, Any] | None = None) -> None:
        value = json.dumps({"service": self.stage.name, "live": live, "releases": releases, "rollout": rollout})
        path = self.options["state_path"]
        self.boto("ssm").put_parameter(Name=path, Value=value, Type="String", Overwrite=True)

    def record(self, identifier: str, before: str, after: str, migrations: dict[str, Any], ago: int = 60) -> None:
        ended = datetime.now(UTC) - timedelta(seconds=ago)
        record = {
            "id": identifier,
            "service": self.stage.name,
            "verb": "deploy",
            "verdict": "completed",
            "from": self.release_of("r1", before),
            "to": self.release_of(identifier, after),
            "started_at": f"{ended - timedelta(seconds=30):%Y-%m-%dT%H:%M:%SZ}",
            "ended_at": f"{ended:%Y-%m-%dT%H:%M:%SZ}",
            "migrations": migrations,
        }
        place = {"log_group": self.log_group, "state_path": self.options["state_path"]}
        answer = run_module("release_record", {**place, "record": record}).answer
        assert not answer.get("failed"), answer.get("msg")

    def back(self, *, check: bool = False, **options: Any) -> Run:
        given = {name: self.options[name] for name in KEPT}
        own = {"id": "b1", "container": "app", "log_group": self.log_group, "warm_seconds": 600}
        run = run_module("blue_green_rollback", {**given, **own, **options}, check=check)
        assert not [secret for secret in (GRAFANA, PROBE, TOKEN) if secret in run.output]
        return run


@pytest.fixture
def released(boto: Boto, kong: Admin) -> Iterator[Released]:
    found = Released(Stage(boto), boto, kong)
    yield found
    for colour in ("blue", "green"):
        options = {"cluster": found.stage.name, "name": colour, "state": "absent", "wait_timeout": 60}
        assert not run_module("ecs_service", options).answer.get("failed")


def test_customers_return_to_what_still_runs(released: Released) -> None:
    told = released.back(check=True)
    assert (told.answer["verdict"], told.answer["warm"], told.calls.writes) == ("reverted", True, [])
    assert released.weights() == {"blue": 0, "green": 100}
    run = released.back()
    assert not run.answer.get("failed"), run.answer.get("msg")
    assert run.changes == told.changes
    assert (run.answer["from"]["version"], run.answer["to"]["version"]) == ("1.2.0", "1.1.0")
    assert released.weights() == {"blue": 100, "green": 0}
    state = released.state()
    assert (state["live"], state["rollout"], state["releases"]["blue"]["id"]) == ("blue", None, "r1")
    again = released.back()
    assert "there is no release before 1.1.0" in again.answer["msg"]
    assert again.calls.writes == []


def test_what_cannot_be_returned_to_is_refused(released: Released) -> None:
    released.record("r3", released.first, released.second, {"schema_before": "2", "schema_after": "3"}, ago=30)
    refused = {
        "9.9.9": "is neither tag nor revision of a release: the last releases are",
        "1.2.0": "is live already",
        "1.1.0": "the schema has changed 2 times since (1 → 2, 2 → 3)",
    }
    for to, why in refused.items():
        run = released.back(to=to)
        assert run.answer["failed"]
        assert why in run.answer["msg"]
        assert run.calls.writes == []
    assert not released.back(to="1.1.0", force=True).answer.get("failed")
    assert released.weights() == {"blue": 100, "green": 0}


def test_what_does_not_start_is_not_returned_to(released: Released) -> None:
    crashing = released.stage.revision(CRASH)
    run = released.back(to=crashing.rpartition(":")[2])
    assert run.answer["failed"]
    assert "cannot start" in run.answer["msg"]
    assert "Customers are on green 1.2.0" in run.answer["msg"]
    assert (released.weights(), released.tasks()) == ({"blue": 0, "green": 100}, {"blue": 0, "green": 1})
    assert released.state()["rollout"] is None


def test_a_deployment_that_was_killed_is_ended(released: Released) -> None:
    release = released.release_of("r2", released.second)
    rollout = {
        "id": "r2",
        "from": "blue",
        "to": "green",
        "phase": "shift to 50 %",
        "started_at": "",
        "release": release,
    }
    released.weigh(blue=50, green=50)
    released.write("blue", {"blue": released.release_of("r1", released.first), "green": None}, rollout)
    run = released.back()
    assert not run.answer.get("failed"), run.answer.get("msg")
    assert (run.answer["verb"], run.answer["id"], run.answer["verdict"]) == ("deploy", "r2", "rolled_back")
    assert (released.weights(), released.tasks()) == ({"blue": 100, "green": 0}, {"blue": 1, "green": 0})
    assert released.state()["rollout"] is None

"""What is shown of the logs of services that really run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.contract.case import Boto
from tests.contract.harness import Run, run_module
from tests.contract.test_ecs_rollouts import Stage

TALKING = "echo is up, password=hunter2; sleep 600"
DEADLINE = 60  # seconds


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Colours(Stage):
    """Two services of one family that log to one group, and another service."""

    def __init__(self, boto: Boto) -> None:
        super().__init__(boto)
        revision = self.revision(TALKING)
        for name in ("blue", "green", "other"):
            answer = run_module(
                "ecs_service", {**self.place, "name": f"acme-{name}", "task_definition": revision, "desired_count": 1}
            ).answer
            assert not answer.get("failed"), answer

    def said(self, message: str, stream: str) -> None:
        """Let a task of old say something."""
        logs, place = self.boto("logs"), {"logGroupName": f"/{self.name}", "logStreamName": stream}
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(**place)
        logs.put_log_events(**place, logEvents=[{"timestamp": int(time.time() * 1000), "message": message}])

    @property
    def options(self) -> dict[str, Any]:
        colours = {"acme": {"blue": "acme-blue", "green": "acme-green"}}
        return {"cluster": self.name, "groups": colours, "prefix": "acme-"}

    def read(self, **options: Any) -> Run:
        return run_module("ecs_logs", {**self.options, **options})

    def end(self) -> None:
        for name in ("blue", "green", "other"):
            self.boto("ecs").delete_service(cluster=self.name, service=f"acme-{name}", force=True)


@pytest.fixture
def colours(boto: Boto) -> Iterator[Colours]:
    colours = Colours(boto)
    yield colours
    colours.end()


def task_of(boto: Boto, cluster: str, service: str) -> str:
    [arn] = boto("ecs").list_tasks(cluster=cluster, serviceName=service)["taskArns"]
    return str(arn).rpartition("/")[2]


def test_lines_of_both_colours_are_shown_with_their_task_and_without_secrets(colours: Colours) -> None:
    blue, green, other = (task_of(colours.boto, colours.name, f"acme-{name}") for name in ("blue", "green", "other"))
    colours.said("3 migrations", "migrate/app/0123456789abcdef")
    eventually(lambda: len(colours.read(service="acme").answer["lines"]) == 4)

    run = colours.read(service="acme")

    assert run.calls.writes == []
    assert "hunter2" not in run.output
    assert run.answer["services"] == ["acme", "other"]
    lines = [line.partition(" ")[2] for line in run.answer["lines"]]
    assert sorted(lines[:3]) == sorted(
        [
            f"blue  {blue[:8]} app is up, password=********",
            f"green {green[:8]} app is up, password=********",
            f"      {other[:8]} app is up, password=********",
        ]
    )
    assert lines[3] == "      01234567 migrate 3 migrations"


def test_what_matches_a_pattern_is_shown_of_one_service(colours: Colours) -> None:
    colours.said("an ERROR", "app/app/0123")
    colours.said("all is well", "app/app/0123")

    lines = colours.read(service="other", filter_pattern="ERROR").answer["lines"]

    assert [line.partition(" ")[2] for line in lines] == ["0123     app an ERROR"]
    assert len(colours.read(service="other", limit=1).answer["lines"]) == 1
    assert colours.read(service="other", since="2100-01-01T00:00:00Z").answer["lines"] == []


def test_names_that_there_are_not_are_refused_with_those_that_there_are(colours: Colours) -> None:
    unknown = colours.read(service="nobody").answer["msg"]
    assert unknown == "service: 'nobody' is no service of this environment: take one of acme, other"
    assert colours.read().answer["services"] == ["acme", "other"]
    assert "acme-blue" not in colours.read(service="acme-blue").answer.get("msg", "")
    assert colours.read(service="acme", since="soon").answer["msg"].startswith("since: 'soon' is no time")
    missing = run_module("ecs_logs", {"cluster": "gone", "service": "acme"}).answer["msg"]
    assert missing == "cluster: 'gone' does not exist: converge the environment first"

"""What releases cost, and what customers see of them: `make deploy` and `make rollback` in an environment of its own.

Customers ask all the time, and their answers tell which revision serves. Steps and bake are of no seconds, so that what
is measured is work and not waiting. What the data plane needed is told by ECS and Prometheus themselves, with the times
at which tasks were created, completed and first scraped: how often we look has no part in it. All else counts as ours,
also what the gateway takes to find new targets healthy and to hear of new weights.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from local_cloud_support import eventually

from tests.environment import Calls, Environment
from tests.releases.customers import Customers, Seen
from tests.releases.releases import CLUSTER, MINUTES, NAME, SERVICE, Releases, Run, other

REPETITIONS = 3
# In turns: a release of what the idle colour ran last would need no deployment of ECS.
TAGS = ("1.1.0", "1.2.0")
CUSTOMERS = 8
ROLLBACK_BUDGET_S = 5.0
AT_ONCE = {"release_steps": [{"weight": 100, "seconds": 0}], "release_bake_seconds": 0}
WATCHED_S = 30
WATCHED = {"release_steps": [{"weight": 100, "seconds": WATCHED_S}], "release_bake_seconds": 0}
# Long enough for the gateway to hear that customers have left, and soon over: each release is to start its tasks.
WARM: dict[str, Any] = {"release_warm_seconds": 15}
NEVER_HEALTHY = "1.1.0-never-healthy"
# A scrape interval of the usual length would be most of what is measured.
OPTIONS = {"prometheus_scrape_interval": "1s"}
Figures = dict[str, float]  # name with its unit → value


@dataclass(frozen=True)
class Row:
    """One figure: of every repetition, and their median."""

    step: str
    figure: str
    median: float
    runs: list[float]
    budget: float | None = None


@dataclass(frozen=True)
class Moved:
    """When customers moved, on the monotonic clock: the first one, and the last."""

    first: float
    everybody: float

    @classmethod
    def to(cls, version: str, seen: Seen) -> Moved:
        """Everybody has moved with the first answer after which nobody gets one of another release."""
        answers = seen.answered_by(version)
        elsewhere = [each.at for each in seen.responses if each.version not in ("", version)]
        last = max(elsewhere, default=0.0)
        return cls(
            min(each.at + each.seconds for each in answers),
            min(each.at + each.seconds for each in answers if each.at > last),
        )


@dataclass(frozen=True)
class DataPlane:
    """When the data plane did its part of a release, on the monotonic clock."""

    migration_began: float
    migration_ended: float
    tasks_wanted: float
    tasks_scraped: float

    @property
    def seconds(self) -> float:
        return self.migration_ended - self.migration_began + self.tasks_scraped - self.tasks_wanted


def measure() -> list[dict[str, Any]]:
    """All rows, as plain data; progress goes to stderr."""
    with _environment() as environment, Customers(environment, CUSTOMERS).at_work() as customers:
        releases, calls = Releases(environment), Calls()
        calls.start()
        environment.variables |= calls.variables
        deploys: list[Figures] = []
        rollbacks: list[Figures] = []
        try:
            for repetition in range(REPETITIONS):
                _tell(f"release and rollback {repetition + 1} of {REPETITIONS}")
                deploys.append(_deploy(releases, customers, calls, TAGS[repetition % len(TAGS)]))
                rollbacks.append(_rollback(releases, customers, calls))
            waiting = [_waiting(releases, calls)]
        finally:
            releases.end_all()
        budgets = {"all customers, s": ROLLBACK_BUDGET_S, "requests lost": 0.0}
        rows = _rows("deploy", deploys, {"requests lost": 0.0}) + _rows("rollback", rollbacks, budgets)
        return [asdict(row) for row in rows + _rows("waiting", waiting, {})]


@contextmanager
def _environment() -> Iterator[Environment]:
    with tempfile.TemporaryDirectory() as folder:
        environment = Environment.below(Path(folder))
        # Or what this `make` was told would be told to all that are started here.
        environment.variables["MAKEFLAGS"] = ""
        _tell("an environment")
        made = environment.make("up", f"ARGS=-e '{json.dumps(OPTIONS)}'")
        try:
            if made.returncode:
                raise RuntimeError(f"make up ended with {made.returncode}: {made.stdout[-4000:]}")
            yield environment
        finally:
            environment.make("down")


def _deploy(releases: Releases, customers: Customers, calls: Calls, tag: str) -> Figures:
    """Release to a colour that no task runs of."""
    idle = other(releases.live)
    eventually(lambda: releases.counts(idle) == (0, 0), timeout=120, what=f"{idle} is put away")
    called = len(calls.operations)
    with customers.watched() as seen:
        run = releases.deploy(tag, **AT_ONCE).succeeded()
        _until_served_by(tag, customers)
    moved, data_plane = Moved.to(tag, seen), _data_plane(releases, idle)
    whole = moved.everybody - run.started
    return {
        "first customer, s": moved.first - run.started,
        "all customers, s": whole,
        "- of the data plane, s": data_plane.seconds,
        "- of ours, s": whole - data_plane.seconds,
        "-- until the migration, s": data_plane.migration_began - run.started,
        "-- until tasks are wanted, s": data_plane.tasks_wanted - data_plane.migration_ended,
        "-- preview, sign-in, shift, s": moved.everybody - data_plane.tasks_scraped,
        "end of the command, s": run.seconds,
        "AWS calls": len(calls.operations) - called,
        "requests": len(seen.responses),
        "requests lost": len(seen.failed),
    }


def _rollback(releases: Releases, customers: Customers, calls: Calls) -> Figures:
    """Return to the release before, whose tasks still run."""
    before = str(releases.history[-1]["from"]["version"])
    called = len(calls.operations)
    with customers.watched() as seen:
        run = releases.rollback(**WARM).succeeded()
        _until_served_by(before, customers)
    moved = Moved.to(before, seen)
    return {
        "first customer, s": moved.first - run.started,
        "all customers, s": moved.everybody - run.started,
        "end of the command, s": run.seconds,
        "AWS calls": len(calls.operations) - called,
        "requests": len(seen.responses),
        "requests lost": len(seen.failed),
    }


def _until_served_by(version: str, customers: Customers) -> None:
    """A run ends when the gateway has the weights; its nodes hear of them within their poll interval."""
    eventually(lambda: customers.served_by(version), timeout=60, what=f"all customers are served by {version}")


def _data_plane(releases: Releases, colour: str) -> DataPlane:
    """What ECS and Prometheus have noted of the last release."""
    to_monotonic = time.monotonic() - time.time()
    ecs = releases.environment.client("ecs")
    arns = ecs.list_tasks(cluster=CLUSTER, family=f"{NAME}-migrate", desiredStatus="STOPPED")["taskArns"]
    migration = max(ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"], key=lambda task: task["createdAt"])
    deployment = next(d for d in releases.service(f"{NAME}-{colour}")["deployments"] if d["status"] == "PRIMARY")
    wanted = deployment["createdAt"].timestamp()
    samples = releases.series(f'up{{job="{SERVICE}",colour="{colour}"}}[10m]')
    scraped = [[at for at, value in series["values"] if value == "1" and at > wanted] for series in samples]
    ready = max(deployment["updatedAt"].timestamp(), *(min(times) for times in scraped if times))
    began, ended = migration["createdAt"].timestamp(), migration["stoppedAt"].timestamp()
    return DataPlane(*(at + to_monotonic for at in (began, ended, wanted, ready)))


def _waiting(releases: Releases, calls: Calls) -> Figures:
    """Calls of AWS while a release waits for tasks that never are healthy, and while one is watched."""
    _tell("a release that waits until it is healthy")
    run, line = releases.deploy(NEVER_HEALTHY, **AT_ONCE, release_timeout_seconds=60), "waiting for "
    for_health = _calls_per_minute(
        run, calls, lambda: line in run.text, lambda: run.text.count(line) > 1 or "taking back" in run.text
    )
    run.failed()
    _tell("a release that is watched")
    run = releases.deploy(releases.candidate, **WATCHED)
    watched = _calls_per_minute(run, calls, lambda: "shift to 100 %" in run.text, lambda: ": finish" in run.text)
    run.succeeded()
    return {"AWS calls a minute, for health": for_health, "AWS calls a minute, in a step": watched}


def _calls_per_minute(run: Run, calls: Calls, begun: Callable[[], bool], over: Callable[[], bool]) -> float:
    run.until("it waits", begun, timeout=5 * MINUTES)  # on a machine that does other things as well
    before, since = len(calls.operations), time.monotonic()
    run.until("it has waited", over)
    return (len(calls.operations) - before) * 60 / (time.monotonic() - since)


def _rows(step: str, repetitions: list[Figures], budgets: Figures) -> list[Row]:
    rows = []
    for figure in repetitions[0]:
        runs = [round(each[figure], 1) for each in repetitions]
        rows.append(Row(step, figure, median(runs), runs, budgets.get(figure)))
    return rows


def _tell(what: str) -> None:
    print(f"releases: {what} …", file=sys.stderr, flush=True)

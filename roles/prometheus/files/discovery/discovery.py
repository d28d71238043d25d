# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks again and again, and keeps what it found."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from . import aws, releases, targets
from .metrics import Metric, Samples, counter, gauge
from .scrape import Scraper
from .settings import Settings

log = logging.getLogger("discovery")
T = TypeVar("T")
SOURCES = ("tasks", "services", "caches", "databases", "releases")
# Of services: the last two have those that take turns behind one upstream of the gateway.
LABELS = ("service", "colour", "upstream")


@dataclass(frozen=True)
class Clients:
    """boto3 clients."""

    ecs: Any
    elasticache: Any
    rds: Any
    ssm: Any


@dataclass
class Discovery:
    """A source that fails leaves what it told before. `own` is the address that this program listens at, `clock` gives
    seconds since the epoch."""

    settings: Settings
    clients: Clients
    scraper: Scraper
    folder: Path
    own: str
    clock: Callable[[], float] = time.time
    _tasks: Sequence[aws.Task] | None = None
    _services: Sequence[aws.Service] = ()
    _nodes: Sequence[aws.CacheNode] = ()
    _restorable: Mapping[str, float] = field(default_factory=dict)
    _releases: Mapping[str, releases.State] = field(default_factory=dict)
    _found: Mapping[str, float] = field(default_factory=dict)
    _errors: Counter[str] = field(default_factory=Counter)
    _last_success: float = 0.0

    def look(self) -> None:
        """Ask AWS and write the target files."""
        settings, clients = self.settings, self.clients
        errors = self._errors.total()
        cluster = (clients.ecs, settings.cluster, settings.platform)
        self._tasks = self._ask("tasks", lambda: aws.tasks(*cluster), self._tasks)
        self._services = self._ask("services", lambda: aws.services(*cluster), self._services)
        if settings.caches:
            self._nodes = self._ask("caches", lambda: aws.cache_nodes(clients.elasticache), self._nodes)
        if settings.databases:
            restorable = partial(aws.restorable_times, clients.rds, settings.databases)
            self._restorable = self._ask("databases", restorable, self._restorable)
        states = partial(releases.states, clients.ssm, settings.releases)
        self._releases = self._ask("releases", states, self._releases)
        if self._tasks is not None:
            self._publish(self._tasks)
        if self._errors.total() == errors:
            self._last_success = self.clock()

    def metrics(self) -> list[Metric]:
        """Of the services, of their releases, of the databases, and of this program itself."""
        last: Samples = {(): self._last_success}
        failures: Samples = {(): float(self.scraper.sign_in_failures)}
        return [
            *self._of_services(),
            *releases.metrics(self._releases),
            gauge(
                "rds_latest_restorable_time_seconds",
                "Until when it can be restored",
                ("dbinstance",),
                {(name,): moment for name, moment in self._restorable.items()},
            ),
            gauge(
                "discovery_targets",
                "Targets found, by job",
                ("job",),
                {(job,): count for job, count in self._found.items()},
            ),
            gauge("discovery_last_success_timestamp_seconds", "When all sources answered last", (), last),
            counter("discovery_errors_total", "Sources that did not answer", ("source",), self._all_errors()),
            counter("discovery_sign_in_failures_total", "Sign-ins for metrics that failed", (), failures),
        ]

    def _publish(self, tasks: Sequence[aws.Task]) -> None:
        found = targets.compose(self.settings, tasks, self._nodes, self.own)
        self.scraper.known = targets.relayed(self.settings, tasks)
        for job in targets.write(self.folder, found):
            log.info("%s has %d targets", job, len(found[job]))
        self._found = {job: float(len(groups)) for job, groups in found.items()}

    def _ask(self, source: str, ask: Callable[[], T], before: T) -> T:
        try:
            return ask()
        except (BotoCoreError, ClientError, releases.Unreadable) as error:
            self._errors[source] += 1
            log.warning("%s stay as they were: %s", source, error)
            return before

    def _of_services(self) -> list[Metric]:
        coloured = self._coloured()

        def told(name: str, text: str, value: Callable[[aws.Service], int]) -> Metric:
            samples: Samples = {
                (each.name, *coloured.get(each.name, ("", ""))): float(value(each)) for each in self._services
            }
            return gauge(name, text, LABELS, samples)

        return [
            told("ecs_service_desired_tasks", "Tasks that there should be", lambda service: service.desired),
            told("ecs_service_running_tasks", "Tasks that run", lambda service: service.running),
            told("ecs_service_pending_tasks", "Tasks that start", lambda service: service.pending),
            told(
                "ecs_service_deployment_failed_tasks",
                "Tasks that the latest deployment could not start",
                lambda service: service.failed,
            ),
            gauge("ecs_service_live", "Whether customers get this colour", LABELS, self._live()),
        ]

    def _coloured(self) -> dict[str, tuple[str, str]]:
        """Colour and upstream of the services that have one."""
        jobs = self.settings.jobs
        return {name: (colour, job.job) for job in jobs for name, colour in job.colour_of.items() if colour}

    def _live(self) -> Samples:
        """As releases meant it; the first colour before there was one."""
        first = {job.job: job.colours[0] for job in self.settings.jobs if job.colours}
        live = {service: state.live or first.get(service, "") for service, state in self._releases.items()}
        return {
            (name, colour, upstream): float(colour == live[upstream])
            for name, (colour, upstream) in self._coloured().items()
            if upstream in live
        }

    def _all_errors(self) -> Samples:
        return {(source,): float(self._errors[source]) for source in SOURCES}

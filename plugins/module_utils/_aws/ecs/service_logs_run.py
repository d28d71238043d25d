# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `ecs_logs`: find the log groups of a service, read them, and follow them for as long as is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..._core.errors import InvalidInput
from ..session import Aws, Outcome
from . import api, service_logs
from .service_logs import Line, Naming, Source

# Events may come in later than others that are younger.
OVERLAP = 10_000  # milliseconds
GONE = ("ResourceNotFoundException",)
NO_CLUSTER = ("ClusterNotFoundException",)


def run(aws: Aws, report: Callable[[str], None]) -> Outcome:
    """Answer what there is to ask for, or the lines of what was asked for. Nothing is ever written."""
    params = aws.params
    names = aws.found(lambda: api.list_services(aws, params["cluster"]), *NO_CLUSTER)
    if names is None:
        raise InvalidInput("cluster", params["cluster"], "does not exist: converge the environment first")
    known = service_logs.sources(params["groups"] or {}, params["prefix"] or "", names)
    if not params["service"]:
        for name in sorted(known):
            report(name)
        return Outcome([], {"services": sorted(known), "lines": []})
    now = datetime.now(tz=UTC)
    begin = service_logs.since(params["since"], now)
    reader = Reader(aws, report, service_logs.chosen(known, params["service"], names))
    lines = reader.first(begin, params["limit"])
    if params["follow"] and not aws.check_mode:
        reader.follow()
    return Outcome([], {"services": sorted(known), "lines": lines})


@dataclass
class Reader:
    """Reads the log groups of a source. `seen` are the newest events that were shown, by id, with their times."""

    aws: Aws
    report: Callable[[str], None]
    source: Source
    groups: Mapping[str, frozenset[str]] = field(init=False)
    naming: Naming = field(init=False)
    seen: dict[str, int] = field(default_factory=dict)
    begin: int = 0
    newest: int = 0
    unknown: set[str] = field(default_factory=set)
    """Tasks that ECS does not know any more."""

    def __post_init__(self) -> None:
        described = api.describe_services(self.aws, self.aws.params["cluster"], list(self.source.services.values()))
        references = {item["taskDefinition"] for one in described for item in one.get("deployments", [])}
        found = [api.describe_task_definition(self.aws, reference) for reference in sorted(references)]
        definitions = [one for one in found if one]
        self.groups = service_logs.groups_of(definitions)
        names = [container["name"] for one in definitions for container in one["containerDefinitions"]]
        self.naming = Naming(
            width=max(map(len, names), default=0), label_width=max(map(len, self.source.services), default=0)
        )

    def first(self, begin: int, limit: int) -> list[str]:
        """Show what was said since `begin`, the last `limit` events of it."""
        self.begin = self.newest = begin
        lines = self._news()
        shown = self._show(lines[-limit:])
        if not lines:
            self.report(f"{self.source.name}: nothing was said; an earlier begin shows more")
        elif len(lines) > limit:
            self.report(f"{self.source.name}: the last {limit} of {len(lines)} events; a filter shows others")
        return shown

    def follow(self) -> None:
        """Show what is said from now on, until somebody interrupts."""
        while True:
            self.aws.clock.sleep(self.aws.params["poll_seconds"])
            self._show(self._news())

    def _news(self) -> list[Line]:
        """Lines that were not seen before, in order."""
        begin = max(self.begin, self.newest - OVERLAP)
        events = [line for group, prefixes in self.groups.items() for line in self._events(group, prefixes, begin)]
        news = service_logs.in_order(line for line in events if line.id not in self.seen)
        self.newest = max([self.newest, *(line.timestamp for line in news)])
        kept = {line.id: line.timestamp for line in events}
        self.seen = {one: when for one, when in (self.seen | kept).items() if when >= self.newest - OVERLAP}
        return news

    def _events(self, group: str, prefixes: frozenset[str], begin: int) -> Iterator[Line]:
        pattern = self.aws.params["filter_pattern"]
        wanted = {"logGroupName": group, "startTime": begin, **({"filterPattern": pattern} if pattern else {})}
        found = self.aws.found(lambda: self.aws.pages("logs", "filter_log_events", "events", **wanted), *GONE)
        return (service_logs.line(event, prefixes) for event in found or [])

    def _show(self, lines: list[Line]) -> list[str]:
        self._name({line.task for line in lines})
        today = datetime.now(tz=UTC)
        shown = [text for line in lines for text in self.naming.shown(line, today)]
        for text in shown:
            self.report(text)
        return shown

    def _name(self, tasks: set[str]) -> None:
        """Learn which of several services tasks belong to."""
        if len(self.source.services) < 2 or not tasks - self.naming.labels.keys() - self.unknown:
            return
        for label, service in self.source.services.items():
            for status in ("RUNNING", "STOPPED"):
                arns = api.list_tasks(self.aws, self.aws.params["cluster"], serviceName=service, desiredStatus=status)
                self.naming.labels |= {arn.rpartition("/")[2]: label for arn in arns}
        self.unknown |= tasks - self.naming.labels.keys()

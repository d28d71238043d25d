# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the containers of services say, as lines in the order of time. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ..._core.errors import InvalidInput
from .diagnosis import masked

AGO = re.compile(r"(?P<number>\d+)(?P<unit>[smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
ID_SHOWN = 8  # characters of a task's id


@dataclass(frozen=True)
class Source:
    """Where the lines of one name come from: ECS services by what tells them apart, empty where nothing has to."""

    name: str
    services: Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """One event of CloudWatch Logs. `container` is that of the stream, or the prefix of streams of one-off tasks."""

    timestamp: int
    """Milliseconds since 1970."""
    id: str
    task: str
    container: str
    message: str


@dataclass
class Naming:
    """How lines are labelled: what is known of tasks, and how wide the columns are by now."""

    labels: dict[str, str] = field(default_factory=dict)
    """Label by id of task."""
    width: int = 0
    label_width: int = 0

    def shown(self, line: Line, today: datetime) -> list[str]:
        """A line for people; the lines of one event have all the same beginning. Secrets are masked."""
        self.width = max(self.width, len(line.container))
        label = self.labels.get(line.task, "")
        self.label_width = max(self.label_width, len(label))
        named = f"{label:{self.label_width}} " if self.label_width else ""
        begin = f"{told(line.timestamp, today)} {named}{line.task[:ID_SHOWN]:{ID_SHOWN}} {line.container:{self.width}} "
        return [begin + masked(text) for text in line.message.rstrip("\n").split("\n")]


def told(timestamp: int, today: datetime) -> str:
    """Time of a line in UTC, with the date where that is not today's."""
    when = datetime.fromtimestamp(timestamp / 1000, UTC)
    day = "" if when.date() == today.date() else f"{when:%m-%d} "
    return f"{day}{when:%H:%M:%S}.{timestamp % 1000:03d}"


def sources(groups: Mapping[str, Mapping[str, str]], prefix: str, services: Iterable[str]) -> dict[str, Source]:
    """What can be asked for, by name: `groups` of services that belong together, and each service by its short name."""
    found = {name: Source(name, dict(members)) for name, members in groups.items()}
    grouped = {service for members in groups.values() for service in members.values()}
    for service in sorted(services):
        if service not in grouped:
            short = service.removeprefix(prefix) or service
            found.setdefault(short, Source(short, {"": service}))
    return found


def chosen(known: Mapping[str, Source], name: str, services: Sequence[str]) -> Source:
    """The source that is meant: its name, or that of any service in ECS. Raises InvalidInput with what there is."""
    if name in known:
        return known[name]
    if name in services:
        return Source(name, {"": name})
    offered = ", ".join(sorted(known)) or "no service runs here"
    raise InvalidInput("service", name, f"is no service of this environment: take one of {offered}")


def since(text: str, now: datetime) -> int:
    """The beginning that is meant by `15m`, `2h`, or a time in ISO 8601, in milliseconds. Raises InvalidInput."""
    match = AGO.fullmatch(text)
    if match:
        begin = now - timedelta(**{UNITS[match["unit"]]: int(match["number"])})
    else:
        try:
            begin = datetime.fromisoformat(text)
        except ValueError:
            remedy = "is no time: give 30s, 15m, 2h or 1d, or a time as 2026-11-23T06:00:00Z"
            raise InvalidInput("since", text, remedy) from None
    return int((begin if begin.tzinfo else begin.replace(tzinfo=UTC)).timestamp() * 1000)


def groups_of(definitions: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """Log groups of containers, each with the prefixes of their streams."""
    found: dict[str, set[str]] = {}
    for definition in definitions:
        for container in definition.get("containerDefinitions", []):
            logging = container.get("logConfiguration", {})
            options = logging.get("options", {})
            if logging.get("logDriver") == "awslogs":
                found.setdefault(options["awslogs-group"], set()).add(options.get("awslogs-stream-prefix", ""))
    return {group: frozenset(prefixes) for group, prefixes in sorted(found.items())}


def line(event: Mapping[str, Any], prefixes: Iterable[str]) -> Line:
    """An event of FilterLogEvents. Streams are named prefix/container/task; one-off tasks have prefixes of others."""
    prefix, _slash, rest = event["logStreamName"].partition("/")
    container, _slash, task = rest.partition("/")
    label = container if prefix in prefixes else prefix
    return Line(event["timestamp"], event["eventId"], task, label, event["message"])


def in_order(lines: Iterable[Line]) -> list[Line]:
    """By time; what was said in the same millisecond stays in the order of the service."""
    return sorted(lines, key=lambda one: one.timestamp)

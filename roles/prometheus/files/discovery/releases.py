# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs by which release, how releases went, and how long they took: from the state that releases keep."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .metrics import Metric, Samples, counter, gauge, summary

VERDICTS = ("completed", "rolled_back", "failed", "reverted")
# What the state names durations, and what their metrics are called.
DURATIONS = {
    "release": ("release_duration_seconds", "How long releases took, whatever their verdict"),
    "lead": ("release_lead_time_seconds", "From the commit to customers, of releases that completed"),
    "restore": ("release_restore_seconds", "How long customers were on what was taken back"),
}


class Unreadable(Exception):
    """A parameter whose content is no state of releases."""


@dataclass(frozen=True)
class Running:
    """The release that a colour runs, or ran last; `since` is in seconds since the epoch."""

    version: str
    digest: str
    since: float


@dataclass(frozen=True)
class Last:
    """How the last release ended; `at` is in seconds since the epoch."""

    version: str
    verdict: str
    at: float


@dataclass(frozen=True)
class State:
    """The releases of one service. `live` is empty as long as there was none. `began` is when the rollout under way
    did, in seconds since the epoch."""

    live: str = ""
    running: Mapping[str, Running] = field(default_factory=dict)
    began: float | None = None
    totals: Mapping[str, float] = field(default_factory=dict)
    durations: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    last: Last | None = None


def states(ssm: Any, paths: Mapping[str, str]) -> dict[str, State]:
    """The state of each service, read from its parameter (GetParameters). Raises Unreadable."""
    if not paths:
        return {}
    found = ssm.get_parameters(Names=sorted(paths.values()))["Parameters"]
    texts = {parameter["Name"]: parameter["Value"] for parameter in found}
    return {
        service: _parsed(path, texts[path]) if path in texts else State() for service, path in sorted(paths.items())
    }


def metrics(found: Mapping[str, State]) -> list[Metric]:
    """Counters begin at 0 before the first release, so that it is an increase."""
    return [
        gauge("release_info", "The release of a colour", ("service", "colour", "version", "digest"), _info(found)),
        gauge(
            "release_timestamp_seconds", "Since when a colour runs its release", ("service", "colour"), _since(found)
        ),
        gauge("release_in_progress", "Whether a rollout is under way", ("service",), _under_way(found)),
        gauge("release_start_timestamp_seconds", "When the rollout under way began", ("service",), _began(found)),
        gauge(
            "release_last_ended_timestamp_seconds",
            "When the last release ended",
            ("service", "version", "verdict"),
            _last(found),
        ),
        counter("releases_total", "Releases by how they ended", ("service", "verdict"), _totals(found)),
        *(_duration(found, name, *texts) for name, texts in DURATIONS.items()),
    ]


def _parsed(path: str, text: str) -> State:
    try:
        content = json.loads(text)
        rollout, last = content.get("rollout"), content.get("last")
        return State(
            live=str(content["live"]),
            running={colour: _running(one) for colour, one in content["releases"].items() if one},
            began=_moment(rollout["started_at"]) if rollout else None,
            totals={verdict: float(content["totals"].get(verdict, 0)) for verdict in VERDICTS},
            durations={
                name: (float(one["sum"]), float(one["count"])) for name, one in content.get("seconds", {}).items()
            },
            last=Last(str(last["version"]), str(last["verdict"]), _moment(last["ended_at"])) if last else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"{path}: {type(error).__name__}: {error}") from error


def _running(release: Mapping[str, Any]) -> Running:
    return Running(str(release["version"]), str(release["digest"]), _moment(release["at"]) if release["at"] else 0.0)


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _of_colours(found: Mapping[str, State]) -> Iterator[tuple[str, str, Running]]:
    return ((service, colour, one) for service, state in found.items() for colour, one in state.running.items())


def _info(found: Mapping[str, State]) -> Samples:
    return {(service, colour, one.version, one.digest): 1.0 for service, colour, one in _of_colours(found)}


def _since(found: Mapping[str, State]) -> Samples:
    return {(service, colour): one.since for service, colour, one in _of_colours(found) if one.since}


def _under_way(found: Mapping[str, State]) -> Samples:
    return {(service,): float(state.began is not None) for service, state in found.items()}


def _began(found: Mapping[str, State]) -> Samples:
    return {(service,): state.began for service, state in found.items() if state.began is not None}


def _last(found: Mapping[str, State]) -> Samples:
    return {
        (service, state.last.version, state.last.verdict): state.last.at
        for service, state in found.items()
        if state.last
    }


def _totals(found: Mapping[str, State]) -> Samples:
    return {
        (service, verdict): state.totals.get(verdict, 0.0) for service, state in found.items() for verdict in VERDICTS
    }


def _duration(found: Mapping[str, State], name: str, metric: str, text: str) -> Metric:
    def each(part: Callable[[tuple[float, float]], float]) -> Samples:
        return {(service,): part(state.durations.get(name, (0.0, 0.0))) for service, state in found.items()}

    return summary(metric, text, ("service",), each(lambda one: one[0]), each(lambda one: one[1]))

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fire drill does, and when. Everything in this file is pure; times are seconds of one monotonic clock."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .._core.errors import InvalidInput

Phase = Literal["waiting", "injected", "restoring", "restored", "over"]


@dataclass(frozen=True)
class Scenario:
    """A condition that is brought about on purpose, and the alerts that have to reach the pager for it.

    `inject` says what to do, by its `kind`; `traffic` whether the service needs requests for it to be seen. Scenarios
    of the same group in `beside` do not disturb each other.
    """

    name: str
    inject: Mapping[str, Any]
    alerts: tuple[str, ...]
    traffic: bool = False
    beside: str = ""


@dataclass(frozen=True)
class Limits:
    """Seconds until the pager has to be told, and until it has to be told that it is over."""

    page: float
    resolve: float


@dataclass(frozen=True)
class Incident:
    """An incident of the pager."""

    id: str
    title: str
    resolved: bool

    def is_about(self, alert: str) -> bool:
        """Whether the title has the alert's name as a word."""
        return re.search(rf"(?<![\w-]){re.escape(alert)}(?![\w-])", self.title) is not None


@dataclass
class Run:
    """How far a scenario has come."""

    scenario: Scenario
    phase: Phase = "waiting"
    injected_at: float = 0.0
    restored_at: float = 0.0
    paged_at: dict[str, float] = field(default_factory=dict)
    resolved_at: dict[str, float] = field(default_factory=dict)
    incidents: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def active(self) -> bool:
        return self.phase in {"injected", "restoring", "restored"}

    @property
    def missing(self) -> list[str]:
        """Alerts that the pager has not been told of."""
        return [alert for alert in self.scenario.alerts if alert not in self.paged_at]

    @property
    def unresolved(self) -> list[str]:
        """Alerts that the pager still believes in."""
        return [alert for alert in self.paged_at if alert not in self.resolved_at]

    def waiting(self, now: float) -> str:
        """What an active run waits for, to be read by people."""
        if self.phase == "injected":
            return f"{self.scenario.name}: waiting for {', '.join(self.missing)} ({now - self.injected_at:.0f} s)"
        if self.phase == "restoring":
            return f"{self.scenario.name}: waiting until it can be repaired"
        waiting = ", ".join(self.unresolved)
        return f"{self.scenario.name}: waiting for the end of {waiting} ({now - self.restored_at:.0f} s)"

    def observe(self, incidents: Sequence[Incident], now: float) -> list[str]:
        """Take note of what the pager shows; answers what is new, to be read by people."""
        said = []
        for alert in self.missing if self.phase != "over" else ():
            found = next((incident for incident in incidents if incident.is_about(alert)), None)
            if found and found.id not in self.incidents.values():
                self.paged_at[alert], self.incidents[alert] = now, found.id
                said.append(f"{self.scenario.name}: {alert} has reached the pager after {now - self.injected_at:.0f} s")
        over = {incident.id for incident in incidents if incident.resolved}
        for alert in self.unresolved:
            if self.incidents[alert] in over:
                self.resolved_at[alert] = now
                said.append(
                    f"{self.scenario.name}: {alert} is resolved, {now - self.restored_at:.0f} s after the repair"
                )
        return said


def chosen(scenarios: Sequence[Scenario], names: Collection[str] | None) -> list[Scenario]:
    """The scenarios of these names, all for None. Raises InvalidInput."""
    known = {scenario.name for scenario in scenarios}
    for name in names or ():
        if name not in known:
            raise InvalidInput("scenarios", name, f"is none that this environment offers: {', '.join(sorted(known))}")
    return [scenario for scenario in scenarios if names is None or scenario.name in names]


def startable(runs: Sequence[Run]) -> list[Run]:
    """Waiting runs that disturb none that is active, in order."""
    active = [run.scenario for run in runs if run.active]
    found = []
    for run in runs:
        if run.phase != "waiting":
            continue
        if any(not _fit(run.scenario, other) for other in active):
            break  # what comes first is not overtaken for ever by what fits better
        found.append(run)
        active.append(run.scenario)
    return found


def _fit(one: Scenario, other: Scenario) -> bool:
    return bool(one.beside) and one.beside == other.beside


def repairable(runs: Sequence[Run], limits: Limits, now: float) -> list[Run]:
    """Runs whose pages have all come, or have been waited for long enough, and those whose repair is under way."""
    return [
        run
        for run in runs
        if run.phase == "restoring"
        or (run.phase == "injected" and (not run.missing or now - run.injected_at >= limits.page))
    ]


def finish(runs: Sequence[Run], limits: Limits, now: float) -> None:
    """End the runs whose alerts are resolved, or have been waited for long enough."""
    for run in runs:
        if run.phase == "restored" and (not run.unresolved or now - run.restored_at >= limits.resolve):
            run.phase = "over"
            run.problem = run.problem or problem_of(run, limits)


def problem_of(run: Run, limits: Limits) -> str:
    """What went wrong in a run that is over; empty when all was well."""
    if run.missing:
        return f"{', '.join(run.missing)} did not reach the pager within {limits.page:.0f} s"
    if run.unresolved:
        return f"{', '.join(run.unresolved)} was not resolved within {limits.resolve:.0f} s"
    return ""


def strangers(runs: Sequence[Run], incidents: Sequence[Incident]) -> list[str]:
    """Titles of incidents that no scenario asked for."""
    expected = {identifier for run in runs for identifier in run.incidents.values()}
    return [incident.title for incident in incidents if incident.id not in expected]


def rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """One row for each alert: scenario, seconds until it reached the pager, seconds from repair to resolution."""
    return [_row(run, alert) for run in runs for alert in run.scenario.alerts]


def _row(run: Run, alert: str) -> dict[str, Any]:
    paged, resolved = run.paged_at.get(alert), run.resolved_at.get(alert)
    return {
        "scenario": run.scenario.name,
        "alert": alert,
        "paged_seconds": None if paged is None else round(paged - run.injected_at, 1),
        "resolved_seconds": None if resolved is None else round(resolved - run.restored_at, 1),
        "ok": paged is not None and resolved is not None,
        "problem": "" if paged is not None and resolved is not None else run.problem,
    }


def table(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """The rows as lines of text, in columns."""
    head = ("scenario", "alert", "paged after", "resolved after", "")
    lines = [
        head,
        *(
            (
                row["scenario"],
                row["alert"],
                _seconds(row["paged_seconds"]),
                _seconds(row["resolved_seconds"]),
                "ok" if row["ok"] else row["problem"],
            )
            for row in found
        ),
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.0f} s"

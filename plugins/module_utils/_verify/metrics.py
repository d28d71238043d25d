# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a running Prometheus has what dashboards and rules use. Everything here is pure.

A contract is a mapping with `jobs`, the names of the jobs that have to have targets, and `metrics`: each with `metric`,
`job`, `labels` that have to be there, `used_by`, and `appears` where it takes an event before there is a first series.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Prometheus gives them to every series itself.
GIVEN = frozenset({"environment", "instance", "job"})
# Expectations that one query asks about.
QUERY_SIZE = 50
USERS_SHOWN = 3

_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")


@dataclass(frozen=True)
class Expected:
    """A series that somebody uses."""

    metric: str
    job: str
    labels: tuple[str, ...]
    used_by: tuple[str, ...]
    appears: str = ""

    def shown(self) -> str:
        rest = len(self.used_by) - USERS_SHOWN
        more = [f"{rest} more"] if rest > 0 else []
        return f"metric {self.metric} of job {self.job}, used by {', '.join([*self.used_by[:USERS_SHOWN], *more])}"


@dataclass(frozen=True)
class Contract:
    jobs: tuple[str, ...]
    expected: tuple[Expected, ...]


@dataclass(frozen=True)
class Target:
    """Something that Prometheus scrapes. `error` is why the last scrape failed."""

    job: str
    instance: str
    health: str
    error: str = ""


@dataclass(frozen=True)
class Seen:
    """What Prometheus has: targets, names of metrics by job, and expectations whose labels are all there."""

    targets: tuple[Target, ...]
    present: frozenset[tuple[str, str]]
    labelled: frozenset[Expected]


def parse(content: Any) -> Contract:
    """Raises ValueError with what is wrong, as text that follows the name of the contract."""
    try:
        expected = tuple(_expected(entry) for entry in content["metrics"])
        return Contract(tuple(map(str, content["jobs"])), expected)
    except (KeyError, TypeError) as error:
        raise ValueError(f"is no contract: {type(error).__name__} {error}") from error


def _expected(entry: Mapping[str, Any]) -> Expected:
    names = [entry["metric"], *entry["labels"]]
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(f"is no contract: {name!r} is no name of a metric or label")
    users = tuple(map(str, entry["used_by"]))
    return Expected(entry["metric"], str(entry["job"]), tuple(entry["labels"]), users, str(entry.get("appears") or ""))


# Asking


def presence_query(expected: Iterable[Expected]) -> str:
    """Count the series of all metrics by name and job."""
    names = "|".join(sorted({one.metric for one in expected}))
    return f'count by (__name__, job) ({{__name__=~"{names}"}})'


def label_queries(expected: Sequence[Expected]) -> Iterator[tuple[Sequence[Expected], str]]:
    """Parts and a query for each, whose series carry the position of a fitting one as label `expectation`."""
    for start in range(0, len(expected), QUERY_SIZE):
        part = expected[start : start + QUERY_SIZE]
        yield part, " or ".join(_labelled(position, one) for position, one in enumerate(part))


def _labelled(position: int, one: Expected) -> str:
    matchers = [f'job="{one.job}"', *(f'{label}!=""' for label in _asked(one))]
    return f'label_replace(count({one.metric}{{{",".join(matchers)}}}), "expectation", "{position}", "", "")'


def _asked(one: Expected) -> list[str]:
    return sorted(set(one.labels) - GIVEN)


def with_labels(expected: Iterable[Expected]) -> list[Expected]:
    """Those that ask for more than every series has."""
    return [one for one in expected if _asked(one)]


def targets(answer: Mapping[str, Any]) -> tuple[Target, ...]:
    """From what `/api/v1/targets` answers."""
    return tuple(
        Target(
            str(one["labels"].get("job", "")),
            str(one["labels"].get("instance", "")),
            str(one["health"]),
            str(one.get("lastError") or ""),
        )
        for one in answer["activeTargets"]
    )


# Judging


def problems(contract: Contract, seen: Seen) -> list[str]:
    """One line each for targets that are missing or down, metrics that are missing, and labels that are."""
    return [*_of_targets(contract, seen), *_of_metrics(contract, seen)]


def _of_targets(contract: Contract, seen: Seen) -> Iterator[str]:
    found = {target.job for target in seen.targets}
    for job in contract.jobs:
        if job not in found:
            yield f"job {job} has no target"
    for target in seen.targets:
        if target.health != "up":
            reason = f": {target.error}" if target.error else ""
            yield f"target {target.instance} of job {target.job} is {target.health}{reason}"


def _of_metrics(contract: Contract, seen: Seen) -> Iterator[str]:
    for one in contract.expected:
        if (one.metric, one.job) not in seen.present:
            if not one.appears:
                yield f"{one.shown()}: is missing"
        elif _asked(one) and one not in seen.labelled:
            yield f"{one.shown()}: no series has all of the labels {', '.join(_asked(one))}"


def unseen(contract: Contract, seen: Seen) -> list[str]:
    """Names of metrics that may still appear."""
    return sorted({one.metric for one in contract.expected if (one.metric, one.job) not in seen.present})

# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four measures of software delivery that DORA has established, over records of releases. Pure.

A deployment is a release that customers got. It failed when it was taken back, by the rollout or by a rollback.
Time to restore is how long customers were on a release that was taken back, some of them at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from .history import Record, moment, seconds_between

REACHED_CUSTOMERS = ("completed", "rolled_back")
TAKEN_BACK = ("rolled_back", "reverted")
WANTED = ("completed", "reverted")
EXPOSED = ("shift", "bake")  # beginnings of the names of phases in which customers are on the release


@dataclass(frozen=True)
class Delivery:
    """The measures over `days` days. Durations are medians in seconds; None is what there is nothing to tell from."""

    days: int
    deployments: int
    deployments_per_day: float
    lead_seconds: float | None
    failure_ratio: float | None
    restore_seconds: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def release_seconds(record: Record) -> float:
    """How long a release took."""
    return seconds_between(record["started_at"], record["ended_at"])


def lead_seconds(record: Record) -> float | None:
    """From the commit until customers had it; of releases that completed and tell when the commit was made."""
    if record["verdict"] != "completed" or not record.get("commit_at"):
        return None
    return seconds_between(record["commit_at"], record["ended_at"])


def restore_seconds(record: Record) -> float | None:
    """How long customers were on what was taken back; of other releases there is nothing to tell."""
    if record["verdict"] == "rolled_back":
        return _exposed_seconds(record)
    live_since = (record.get("from") or {}).get("at")
    if record["verdict"] == "reverted" and live_since:
        return seconds_between(live_since, record["ended_at"])
    return None


def _exposed_seconds(record: Record) -> float | None:
    """How long some customers were on a release: its phases tell of a step that was interrupted, too."""
    phases = [phase for phase in record.get("phases") or [] if phase["name"].startswith(EXPOSED)]
    told = [item["seconds"] for item in phases or record.get("steps") or [] if item.get("seconds") is not None]
    return round(float(sum(told)), 3) if told else None


def delivery(records: Iterable[Record], now: datetime, days: int) -> Delivery:
    """The measures over the last days."""
    since = now - timedelta(days=days)
    recent = [record for record in records if moment("ended_at", record["ended_at"]) >= since]
    deployed = [record for record in recent if record["verdict"] in REACHED_CUSTOMERS]
    taken_back = [record for record in recent if record["verdict"] in TAKEN_BACK]
    return Delivery(
        days=days,
        deployments=len(deployed),
        deployments_per_day=round(len(deployed) / days, 3),
        lead_seconds=_median(lead_seconds(record) for record in recent),
        failure_ratio=min(1.0, round(len(taken_back) / len(deployed), 4)) if deployed else None,
        restore_seconds=_median(restore_seconds(record) for record in recent),
    )


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(median(known), 1) if known else None


def table(records: Sequence[Record]) -> list[str]:
    """The records as lines of text, in columns."""
    head = ("when (UTC)", "who", "what", "from → to", "took", "verdict", "why")
    lines = [head, *(_row(record) for record in records)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _row(record: Record) -> tuple[str, ...]:
    # Of what was wanted, what for; of all else, how it came about.
    told = ("reason", "why") if record["verdict"] in WANTED else ("why", "reason")
    why = next((record[name] for name in told if record.get(name)), "").strip().splitlines()
    return (
        moment("started_at", record["started_at"]).strftime("%Y-%m-%d %H:%M:%S"),
        record.get("by") or "-",
        record["verb"],
        f"{_version(record.get('from'))} → {_version(record.get('to'))}",
        spoken(release_seconds(record)),
        record["verdict"].replace("_", " "),
        _short(why[0]) if why else "",
    )


def _version(release: Mapping[str, Any] | None) -> str:
    return str((release or {}).get("version") or "-")


def _short(text: str, longest: int = 160) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def lines(found: Delivery) -> list[str]:
    """The measures as lines of text."""
    ratio = found.failure_ratio
    rows = [
        ("deployment frequency", f"{found.deployments} in {found.days} days, {found.deployments_per_day:.2g} a day"),
        ("lead time for changes", spoken(found.lead_seconds)),
        ("change failure rate", "-" if ratio is None else f"{ratio:.0%}"),
        ("time to restore", spoken(found.restore_seconds)),
    ]
    width = max(len(name) for name, _value in rows)
    return [f"{name.ljust(width)}  {value}" for name, value in rows]


def spoken(seconds: float | None) -> str:
    """A duration as people say it: the two largest units."""
    if seconds is None:
        return "-"
    left = round(seconds)
    if left < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{left} s"
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        parts.append((count, unit))
    first = next(index for index, (count, _unit) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)

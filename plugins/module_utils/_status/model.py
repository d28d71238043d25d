# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An environment at a glance: what is told of its services, alarms and releases, and how it is shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Described = Mapping[str, Any]
Row = dict[str, Any]

VERSION_TAG = "trademaster:version"
HEADINGS = ("service", "colour", "weight", "tasks", "revision", "version", "state")
NUMBERS = frozenset((2, 3))  # columns that are right-aligned
DIGEST_SHOWN = 12
LABEL = 10  # width of what stands before a line


def service_row(service: Described, definition: Described | None, *, name: str, colour: str, weight: int | None) -> Row:
    """What is told of one ECS service."""
    return {
        "name": name,
        "colour": colour,
        "service": service["serviceName"],
        "weight": weight,
        "running": service.get("runningCount", 0),
        "desired": service.get("desiredCount", 0),
        "revision": service.get("taskDefinition", "").rpartition("/")[2],
        "version": version(definition or {}, service["serviceName"]),
        "state": state(service),
    }


def missing_row(service: str, *, name: str, colour: str, weight: int | None) -> Row:
    """What is told of a colour without a service in ECS."""
    gone = {"running": 0, "desired": 0, "revision": "", "version": "", "state": "missing"}
    return {"name": name, "colour": colour, "service": service, "weight": weight, **gone}


def version(definition: Described, service: str) -> str:
    """The version that a revision says it is of; else the tag, or the digest, of its image.

    Of several containers, the one that the service is named after counts, else the first that it cannot do without.
    """
    tags = {tag["key"]: tag.get("value", "") for tag in definition.get("tags", [])}
    if tags.get(VERSION_TAG):
        return str(tags[VERSION_TAG])
    essential = [one for one in definition.get("containerDefinitions", []) if one.get("essential", True)]
    named = sorted(essential, key=lambda one: one["name"] not in service)
    image = str(named[0]["image"]).rpartition("/")[2] if named else ""
    reference, _at, digest = image.partition("@")
    return reference.partition(":")[2] or digest.removeprefix("sha256:")[:DIGEST_SHOWN]


def state(service: Described) -> str:
    """One word, or a few, on what a service does."""
    if service.get("status") != "ACTIVE":
        return str(service.get("status", "missing")).lower()
    deployments = service.get("deployments", [])
    newest: Described = next((one for one in deployments if one.get("status") == "PRIMARY"), {})
    if newest.get("rolloutState") == "FAILED":
        return "deployment failed"
    if len(deployments) > 1 or newest.get("rolloutState") == "IN_PROGRESS":
        return f"deploying {newest.get('runningCount', 0)}/{newest.get('desiredCount', 0)}"
    if service.get("desiredCount", 0) == 0:
        return "stopped"
    return "steady" if service.get("runningCount", 0) >= service["desiredCount"] else "tasks missing"


def alarm(described: Described) -> Row:
    """What is told of an alarm of CloudWatch that is on."""
    since = described.get("StateUpdatedTimestamp")
    return {
        "name": described["AlarmName"],
        "since": since.isoformat() if since else "",
        "reason": described.get("StateReason", ""),
    }


def alerts(series: Iterable[Described]) -> list[Row]:
    """Alerts that fire, each name and severity once. The one that always fires says nothing."""
    found = {
        (one["metric"]["alertname"], one["metric"].get("severity", ""))
        for one in series
        if one["metric"].get("alertname") != "Watchdog"
    }
    return [{"name": name, "severity": severity} for name, severity in sorted(found)]


def table(status: Described) -> list[str]:
    """The whole of it, for people."""
    lines = [f"{status['name']} · {status['at']}", "", *services_table(status["services"]), ""]
    lines += labelled("alarms", _alarms(status))
    lines += labelled("alerts", _alerts(status))
    for name, release in (status["releases"] or {}).items():
        lines += labelled("release", [f"{name}: {last_told(release)}"])
        lines += labelled("rollout", rollout_told(release)) + labelled("lock", lock_told(release))
    return lines + [line for part, why in status["unknown"].items() for line in labelled(part, [f"not known: {why}"])]


def labelled(label: str, told: Sequence[str]) -> list[str]:
    """Lines behind a word that stands before the first of them."""
    return [f"{label if index == 0 else '':{LABEL}}{line}" for index, line in enumerate(told)]


def services_table(rows: Sequence[Row]) -> list[str]:
    """Services in columns; of colours of one name, only the first bears it."""
    cells = [list(HEADINGS)]
    before = None
    for row in rows:
        weight = "" if row["weight"] is None else str(row["weight"])
        tasks = f"{row['running']}/{row['desired']}"
        shown = "" if row["name"] == before else row["name"]
        cells.append([shown, row["colour"], weight, tasks, row["revision"], row["version"], row["state"]])
        before = row["name"]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    return [_line(line, widths) for line in cells]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    fitted = [
        f"{cell:>{width}}" if column in NUMBERS else f"{cell:{width}}"
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(fitted).rstrip()


def _alarms(status: Described) -> list[str]:
    if status["alarms"] is None:
        return []
    told = [f"{one['name']} since {one['since'][:16]}: {one['reason']}" for one in status["alarms"]]
    return told or ["none is on"]


def _alerts(status: Described) -> list[str]:
    if status["alerts"] is None:
        return []
    return [", ".join(f"{one['name']} ({one['severity']})" for one in status["alerts"]) or "none fires"]


def last_told(release: Described) -> str:
    """How the last release of a service ended."""
    last = release["last"]
    if not last:
        return "none yet"
    why = f": {last['reason']}" if last["reason"] and last["verdict"] != "completed" else ""
    version, at = last["version"] or last["id"], last["ended_at"][:19]
    if last["verdict"] == "reverted":
        return f"returned to {version} at {at}{why}"
    return f"{last['verb']} of {version} {last['verdict']} at {at}{why}"


def rollout_told(release: Described) -> list[str]:
    """The rollout that is under way; one without a lock was left behind."""
    rollout = release["rollout"]
    if not rollout:
        return []
    what = f"{rollout['release']['version']} from {rollout['from']} to {rollout['to']}, phase {rollout['phase']}"
    held = release["lock"] is not None and release["lock"]["standing"] == "held"
    left = "" if held else "; its run is gone, and the next one puts right what it has left"
    return [f"{what}, since {rollout['started_at'][:19]}{left}"]


def lock_told(release: Described) -> list[str]:
    """Who holds the lock of a service, if anybody does."""
    lock = release["lock"]
    if lock is None:
        return []
    return ["free"] if lock["standing"] != "held" else [f"held by {lock['holder']}"]

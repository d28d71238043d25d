# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging a world by controls, and what is waived of it. Pure: today is given.

A finding is one control on one resource: `passed`, `failed`, `waived`, or `not_applicable` where there is no resource
of that kind, or where it can only be judged once it is there. Nothing else is told of a resource that could not be
read than that it failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Literal

from .._core.errors import InvalidInput
from .model import LATER, Control, Resource, World

Status = Literal["passed", "failed", "waived", "not_applicable"]
STATUSES: tuple[Status, ...] = ("passed", "failed", "waived", "not_applicable")
# Controls of the independent judge are named by its own ids, after this.
PROWLER = "prowler:"
SHORTEST_REASON = 15


@dataclass(frozen=True)
class Finding:
    """How one control is met by one resource; `resource` is its kind and name."""

    control: str
    title: str
    resource: str
    status: Status
    reason: str = ""
    remedy: str = ""
    waiver: Mapping[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.control}: {self.resource} {self.reason}; {self.remedy}"


@dataclass(frozen=True)
class Waiver:
    """What is accepted: a control on resources that match a pattern, why, and until when."""

    control: str
    resource: str
    reason: str
    expires: date

    def covers(self, finding: Finding) -> bool:
        name = finding.resource.partition(" ")[2]
        return finding.control == self.control and (
            fnmatchcase(finding.resource, self.resource) or fnmatchcase(name, self.resource)
        )

    def shown(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}


def waivers(given: Iterable[Mapping[str, Any]], known: Iterable[str]) -> list[Waiver]:
    """Waivers from options. Raises InvalidInput for an unknown control, no reason, or an expiry that is no date."""
    controls, read = set(known), []
    for index, item in enumerate(given):
        option, control = f"waivers[{index}]", str(item["control"])
        if control not in controls and not control.startswith(PROWLER):
            raise InvalidInput(f"{option}.control", control, "is no control: docs/security.md lists them")
        reason = str(item["reason"]).strip()
        if len(reason) < SHORTEST_REASON:
            raise InvalidInput(f"{option}.reason", reason, "says too little: tell why this is acceptable")
        try:
            expires = date.fromisoformat(str(item["expires"]))
        except ValueError as error:
            raise InvalidInput(f"{option}.expires", item["expires"], "is no date such as 2027-06-30") from error
        read.append(Waiver(control, str(item.get("resource") or "*"), reason, expires))
    return read


def judge(world: World, controls: Iterable[Control]) -> list[Finding]:
    """Findings by control, in their order."""
    return [finding for control in controls for finding in _judge(world, control)]


def _judge(world: World, control: Control) -> list[Finding]:
    unread = sorted(
        {kind: world.unreadable[kind] for kind in (control.kind, *control.reads) if kind in world.unreadable}.items()
    )
    if unread:
        reason = "; ".join(f"could not be read: {why}" for _kind, why in unread)
        return [Finding(control.id, control.title, unread[0][0], "failed", reason, "let the credentials read it")]
    subjects = [resource for resource in world.of(control.kind) if control.applies(resource, world)]
    if not subjects:
        reason = f"there is no {control.kind.replace('_', ' ')} that this is about"
        return [Finding(control.id, control.title, control.kind, "not_applicable", reason)]
    return [_one(world, control, resource) for resource in subjects]


def _one(world: World, control: Control, resource: Resource) -> Finding:
    name, reason = f"{resource.kind} {resource.name}", control.check(resource, world)
    if not reason:
        return Finding(control.id, control.title, name, "passed")
    if reason == LATER:
        return Finding(control.id, control.title, name, "not_applicable", reason)
    return Finding(control.id, control.title, name, "failed", reason, control.remedy)


@dataclass
class Verdict:
    """Findings with waivers applied, and what is wrong with the waivers themselves."""

    findings: list[Finding]
    problems: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.status == "failed"]

    def counts(self) -> dict[str, int]:
        """Findings by status."""
        found = Counter(finding.status for finding in self.findings)
        return {status: found[status] for status in STATUSES}

    def by_control(self) -> dict[str, int]:
        """Controls by the worst status of their findings."""
        worst: dict[str, Status] = {}
        order: Sequence[Status] = ("not_applicable", "passed", "waived", "failed")
        for finding in self.findings:
            before = worst.get(finding.control, "not_applicable")
            worst[finding.control] = max(before, finding.status, key=order.index)
        found = Counter(worst.values())
        return {status: found[status] for status in STATUSES}


def waive(findings: Iterable[Finding], given: Sequence[Waiver], today: date, *, all_used: bool) -> Verdict:
    """Apply waivers. An expired one waives nothing; with `all_used`, one that waives nothing is a problem as well."""
    used: set[Waiver] = set()
    judged = []
    for finding in findings:
        waiver = next((one for one in given if one.covers(finding)), None) if finding.status == "failed" else None
        used |= {waiver} if waiver else set()
        judged.append(_waived(finding, waiver, today) if waiver else finding)
    problems = [
        f"waiver of {one.control} for {one.resource} expired on {one.expires}" for one in given if one.expires < today
    ]
    if all_used:
        problems += [
            f"waiver of {one.control} for {one.resource} waives nothing: take it out"
            for one in given
            if one not in used and one.expires >= today
        ]
    return Verdict(judged, problems)


def _waived(finding: Finding, waiver: Waiver, today: date) -> Finding:
    if waiver.expires < today:
        return replace(
            finding, reason=f"{finding.reason} (its waiver expired on {waiver.expires})", waiver=waiver.shown()
        )
    return replace(finding, status="waived", waiver=waiver.shown())

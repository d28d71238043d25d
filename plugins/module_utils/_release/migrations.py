# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the linter's findings mean for a release: which stop it, which are waived, which break the one before. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatch
from pathlib import PurePath
from typing import Any

from .._core.errors import InvalidInput
from .._core.versions import parts

# Taste, and what the connection of migrations sets for every statement.
NOT_ABOUT_SAFETY = ("prefer-*", "require-lock-timeout", "require-statement-timeout")
# After these the release that runs can no longer read or write what it did.
BREAKING = (
    "adding-not-nullable-field",
    "adding-required-field",
    "ban-drop-column",
    "ban-drop-database",
    "ban-drop-table",
    "changing-column-type",
    "renaming-column",
    "renaming-table",
)
VERSION = re.compile(r"[Vv]?(?P<version>\d+(?:[._]\d+)*)(?:_|\.sql$)")
INLINE_WAIVER = re.compile(r"(--|/\*)\s*squawk-ignore")
SYNTAX = "syntax-error"


@dataclass(frozen=True)
class Waiver:
    """A finding that is accepted: rule, pattern of file names, why, and the last day it holds."""

    rule: str
    file: str
    reason: str
    expires: date | None

    @classmethod
    def given(cls, number: int, options: Mapping[str, Any]) -> Waiver:
        """Raises InvalidInput without a reason, or for an expiry that is no date."""
        option = f"waivers[{number}]"
        reason, expires = str(options.get("reason") or "").strip(), options.get("expires")
        if not reason:
            raise InvalidInput(f"{option}.reason", reason, f"says nothing: say why {options['rule']} is safe here")
        if options["rule"] == SYNTAX:
            raise InvalidInput(f"{option}.rule", SYNTAX, "cannot be waived: what nobody can parse nobody can judge")
        try:
            last = date.fromisoformat(str(expires)) if expires else None
        except ValueError as error:
            raise InvalidInput(f"{option}.expires", expires, "is no date: give YYYY-MM-DD") from error
        return cls(options["rule"], options.get("file") or "*", reason, last)

    def covers(self, finding: Finding, today: date) -> bool:
        in_force = self.expires is None or today <= self.expires
        return in_force and self.rule == finding.rule and fnmatch(finding.file, self.file)


@dataclass(frozen=True)
class Finding:
    """One statement that the linter complains about. `line` counts from 1."""

    file: str
    line: int
    rule: str
    message: str
    help: str = ""

    @property
    def breaking(self) -> bool:
        return self.rule in BREAKING

    def __str__(self) -> str:
        breaks = " (breaks the release that runs)" if self.breaking else ""
        return f"{self.file}:{self.line}: {self.rule}{breaks}: {self.message}" + (f" {self.help}" if self.help else "")


@dataclass(frozen=True)
class Judged:
    """The findings that stop the release, and those that a waiver accepts, with its reason."""

    refused: Sequence[Finding]
    waived: Sequence[tuple[Finding, Waiver]]
    expired: Sequence[Waiver]

    @property
    def breaking(self) -> bool:
        return any(finding.breaking for finding, _waiver in self.waived)


def findings(report: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """The linter's JSON as findings that are about safety."""
    found = [
        Finding(PurePath(item["file"]).name, item["line"] + 1, item["rule_name"], item["message"], item["help"] or "")
        for item in report
    ]
    return [item for item in found if not any(fnmatch(item.rule, pattern) for pattern in NOT_ABOUT_SAFETY)]


def judge(found: Sequence[Finding], waivers: Sequence[Waiver], today: date) -> Judged:
    """Sort the findings by whether a waiver that is in force covers them."""
    waived, refused = [], []
    for finding in found:
        waiver = next((item for item in waivers if item.covers(finding, today)), None)
        if waiver:
            waived.append((finding, waiver))
        else:
            refused.append(finding)
    return Judged(refused, waived, [item for item in waivers if item.expires and item.expires < today])


def pending(names: Sequence[str], after: str | None) -> list[str]:
    """Of the files' names those above schema revision `after`; what has no version runs whenever it changes."""
    if not after or not after.replace("_", ".").replace(".", "").isdigit():
        return list(names)
    reached = parts(after.replace("_", "."))
    return [name for name in names if (own := _version(name)) is None or parts(own) > reached]


def _version(name: str) -> str | None:
    match = VERSION.match(PurePath(name).name)
    return match["version"].replace("_", ".") if match else None


def inline_waivers(name: str, text: str) -> list[Finding]:
    """Comments that switch the linter off without a reason that anybody would see."""
    return [
        Finding(PurePath(name).name, number, "squawk-ignore", "hides a finding: use a waiver, which has a reason")
        for number, line in enumerate(text.splitlines(), 1)
        if INLINE_WAIVER.search(line)
    ]

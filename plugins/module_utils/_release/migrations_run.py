# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Linting the SQL of migrations before a database sees them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .._core.errors import InvalidInput, PlatformError
from .._core.session import Outcome, Session
from . import migrations as model

LINTED, FOUND = 0, 1
TIMEOUT_SECONDS = 120


def run(session: Session) -> Outcome:
    """Answer what a release may do to the schema; fail on statements that are unsafe and not waived."""
    params = session.params
    waivers = [model.Waiver.given(number, item) for number, item in enumerate(params["waivers"])]
    files = _files(Path(params["path"]), params["after"])
    found = [finding for file in files for finding in model.inline_waivers(file.name, file.read_text(encoding="utf-8"))]
    found += model.findings(_report(_linter(params["executable"]), files, params["pg_version"]))
    judged = model.judge(found, waivers, datetime.now(UTC).date())
    result = _result(files, judged)
    if judged.refused:
        raise PlatformError(_refusal(judged), result)
    return Outcome([], result)


def _files(path: Path, after: str | None) -> list[Path]:
    if path.is_file():
        return [path]
    found = {str(file.relative_to(path)): file for file in sorted(path.glob("**/*.sql"))}
    if not found:
        raise InvalidInput("path", str(path), "holds no .sql file: give the file or folder of the migrations")
    return [found[name] for name in model.pending(list(found), after)]


def _linter(given: str | None) -> str:
    """The executable that was given, the one beside this Python, or the one on PATH."""
    beside = Path(sys.executable).with_name("squawk")
    linter = given or (str(beside) if beside.exists() else shutil.which("squawk"))
    if not linter:
        raise PlatformError("squawk is not installed: pip install squawk-cli")
    return linter


def _report(linter: str, files: Sequence[Path], pg_version: str) -> list[dict[str, Any]]:
    """The linter's JSON. Migration tools run each file in a transaction."""
    if not files:
        return []
    arguments = [linter, "--reporter", "json", "--pg-version", pg_version, "--assume-in-transaction"]
    try:
        done = subprocess.run(
            [*arguments, "--", *map(str, files)],
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PlatformError(f"{linter}: {error}") from error
    if done.returncode not in (LINTED, FOUND) or not done.stdout.strip():
        raise PlatformError(f"{linter}: exit code {done.returncode}: {done.stderr.strip() or 'no report'}")
    report: list[dict[str, Any]] = json.loads(done.stdout)
    return report


def _result(files: Sequence[Path], judged: model.Judged) -> dict[str, Any]:
    return {
        "files": [file.name for file in files],
        "breaking": judged.breaking,
        "refused": [str(finding) for finding in judged.refused],
        "waived": [
            {"finding": str(finding), "reason": waiver.reason, "breaking": finding.breaking}
            for finding, waiver in judged.waived
        ],
    }


def _refusal(judged: model.Judged) -> str:
    lines = [f"unsafe statements in the migrations: {len(judged.refused)}; mend them, or waive each with a reason:"]
    lines += [f"  {finding}" for finding in judged.refused]
    lines += [f"  the waiver of {item.rule} in {item.file} expired on {item.expires}" for item in judged.expired]
    return "\n".join(lines)

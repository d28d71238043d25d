# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that check a set of files before it is uploaded."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from ..._core.errors import InvalidInput, PlatformError

CHECK_TIMEOUT = 120.0
LONGEST_COMPLAINT = 2000


def check(files: Mapping[str, str], commands: Sequence[Sequence[str]] | None, variable: str | None) -> None:
    """Run each command in a folder that holds the files. Raises PlatformError with what the first one complains of."""
    if not commands:
        return
    with tempfile.TemporaryDirectory(prefix="file-set-") as name:
        folder = Path(name)
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="")
        for index, command in enumerate(commands):
            _run(f"validate[{index}]", [str(part) for part in command], folder, variable)


def _run(option: str, command: Sequence[str], folder: Path, variable: str | None) -> None:
    if not command:
        raise InvalidInput(option, list(command), "is empty: name a program and its arguments")
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=CHECK_TIMEOUT,
            check=False,
        )
    except OSError as error:
        remedy = f"cannot be run here ({error.strerror}): install it, or give its path in {variable or option}"
        raise InvalidInput(variable or option, command[0], remedy) from error
    except subprocess.TimeoutExpired as error:
        raise PlatformError(f"{' '.join(command)}: not done after {CHECK_TIMEOUT:.0f} s") from error
    if done.returncode:
        raise PlatformError(f"{' '.join(command)}: {_complaint(done.stdout, folder)}")


def _complaint(output: bytes, folder: Path) -> str:
    """What a checker says, in one line, with the files named as the caller names them; not which of them are right."""
    text = output.decode(errors="replace").replace(f"{folder}/", "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [line for line, outcome in pairwise([*lines, ""]) if not _praises(line, outcome)]
    return "; ".join(wrong or lines)[:LONGEST_COMPLAINT] or "refuses the files without saying why"


def _praises(line: str, outcome: str) -> bool:
    """promtool and amtool name each file, and on the next line what they think of it."""
    return line.startswith("SUCCESS") or (line.startswith("Checking ") and outcome.startswith("SUCCESS"))

"""Running a program and reading from the kernel what it cost."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one run of a program took: seconds on the wall, of CPU with its children, and peak resident megabytes."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def run(
    command: Sequence[str], log: Path, *, stdin: Path | None = None, environment: Mapping[str, str] | None = None
) -> Cost:
    """Run `command`, its output in `log`; an exit code other than 0 raises RuntimeError with what it said last."""
    with log.open("wb") as output, (stdin or Path(os.devnull)).open("rb") as given:
        started = time.monotonic()
        process = subprocess.Popen(
            command, stdin=given, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)  # reaped here: Popen must not wait for it again
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {log.read_text(errors='replace')[-2000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)

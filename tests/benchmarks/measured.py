"""Running a program and reading from the kernel what it cost."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOOK_S = 0.01
PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


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
        peak_kb = 0
        while not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            peak_kb = max(peak_kb, _peak_kb(process.pid))
            time.sleep(LOOK_S)
        wall = time.monotonic() - started
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)  # reaped here: Popen must not wait for it again
    if process.returncode:
        said = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {said}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, peak_kb / 1024)


def _peak_kb(pid: int) -> int:
    """The peak of the program so far. That of getrusage would count the process that started it as well."""
    found = PEAK.search(Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return int(found[1]) if found else 0

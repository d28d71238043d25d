# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of this machine, named so that one that is gone is never taken for another that got its number."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")
STATE, STARTED = 0, 19  # fields of /proc/<pid>/stat behind the name, see proc(5)
ENDED = ("Z", "X")


def machine(proc: Path = PROC) -> str:
    """This machine since it was started, and the namespace in which its numbers count. Empty where that is unknown."""
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{(proc / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def named(pid: int, proc: Path = PROC) -> str:
    """`<number>:<time of its start>`; empty for a process that is gone."""
    try:
        fields = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[STATE] in ENDED else f"{pid}:{fields[STARTED]}"


def gone(name: str, proc: Path = PROC) -> bool:
    """Whether a process of this machine, named by `named`, has ended."""
    return named(int(name.partition(":")[0]), proc) != name

"""What processes use of the machine, read from /proc in one pass."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from local_cloud.procfs import PROC

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
CORES = os.cpu_count() or 1


class Usage(NamedTuple):
    cpu_seconds: float
    """Since the processes started, with children that have ended."""
    memory_bytes: int
    """Resident, without what they share with others."""


class _Process(NamedTuple):
    parent: int
    session: int
    cpu_seconds: float


class Snapshot:
    """The processes of one moment."""

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = proc
        self._processes: dict[int, _Process] = {}
        self._children: dict[int, list[int]] = defaultdict(list)
        self._sessions: dict[int, list[int]] = defaultdict(list)
        for entry in proc.iterdir():
            if entry.name.isdecimal() and (process := _read(entry)):
                pid = int(entry.name)
                self._processes[pid] = process
                self._children[process.parent].append(pid)
                self._sessions[process.session].append(pid)

    def of(self, leaders: Iterable[int]) -> Usage:
        """The leaders, their sessions, and all that descends from them."""
        members: set[int] = set()
        pending = [pid for leader in leaders for pid in (leader, *self._sessions.get(leader, ()))]
        while pending:
            pid = pending.pop()
            if pid in self._processes and pid not in members:
                members.add(pid)
                pending += self._children.get(pid, ())
        return Usage(
            sum(self._processes[pid].cpu_seconds for pid in members), sum(self._private_bytes(pid) for pid in members)
        )

    def _private_bytes(self, pid: int) -> int:
        try:
            _size, resident, shared, *_ = (self._proc / str(pid) / "statm").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            return 0
        return (int(resident) - int(shared)) * _PAGE


def _read(entry: Path) -> _Process | None:
    try:
        text = (entry / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2 :].split()
    ticks = sum(int(field) for field in fields[11:15])
    return _Process(int(fields[1]), int(fields[3]), ticks / _TICKS)

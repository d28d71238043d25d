"""Facts about processes, read from /proc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")


class ProcessStat(NamedTuple):
    pid: int
    state: str
    parent: int
    session: int
    start_time: int


def stat(pid: int) -> ProcessStat | None:
    """The process, or None when there is none (a zombie counts as none)."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2 :].split()
    if fields[0] in {"Z", "X"}:
        return None
    return ProcessStat(pid, fields[0], int(fields[1]), int(fields[3]), int(fields[19]))


def processes() -> list[ProcessStat]:
    found = (stat(int(entry.name)) for entry in PROC.iterdir() if entry.name.isdecimal())
    return [process for process in found if process]


def family(leader: int) -> list[int]:
    """The processes of a leader's session and all their descendants, the leader included."""
    alive = processes()
    members = {process.pid for process in alive if leader in (process.pid, process.session)}
    grown = True
    while grown:
        children = {process.pid for process in alive if process.parent in members} - members
        members |= children
        grown = bool(children)
    return sorted(members)


def ancestors(pid: int) -> set[int]:
    found: set[int] = set()
    while pid > 0 and pid not in found:
        found.add(pid)
        process = stat(pid)
        pid = process.parent if process else 0
    return found


def marked(variable: str, value: str) -> list[int]:
    """Processes whose environment holds `variable=value`."""
    wanted = f"{variable}={value}".encode()
    found = []
    for process in processes():
        try:
            environment = (PROC / str(process.pid) / "environ").read_bytes()
        except (PermissionError, FileNotFoundError, ProcessLookupError):
            continue
        if wanted in environment.split(b"\0"):
            found.append(process.pid)
    return found


def boot() -> str:
    """Changes with every start of the machine: start times are only comparable within one."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def resident_bytes(pids: list[int]) -> int:
    pages = 0
    for pid in pids:
        try:
            pages += int((PROC / str(pid) / "statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return pages * os.sysconf("SC_PAGE_SIZE")

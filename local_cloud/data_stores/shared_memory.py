"""What a killed PostgreSQL leaves outside its folder: a small System V shared memory segment."""

from __future__ import annotations

import ctypes
from pathlib import Path

_REMOVE = 0  # IPC_RMID
_LINE = 6  # of postmaster.pid: key and id of the segment


def release(data: Path) -> None:
    """Remove the segment that `postmaster.pid` names; harmless when there is none."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return
    identity = lines[_LINE].split() if len(lines) > _LINE else []
    if len(identity) == 2:
        ctypes.CDLL(None).shmctl(int(identity[1]), _REMOVE, None)


def release_all(state: Path) -> None:
    """Of every instance of a state folder, when their servers are gone."""
    for data in state.glob("rds/*/data"):
        release(data)

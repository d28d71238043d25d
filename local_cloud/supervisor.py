"""Starts, stops and describes the local cloud of one state folder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local_cloud import procfs
from local_cloud.data_stores import shared_memory
from local_cloud.processes import (
    MARKER,
    Record,
    kill,
    kill_and_wait,
    read_records,
    tail,
    write_record,
)
from local_cloud.settings import REPOSITORY, Settings

SERVER = "server"
_MARKER_FILE = "local-cloud"
_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.05
_TAIL_LINES = 15


class SupervisorError(RuntimeError):
    """What stops the local cloud from doing as asked, in one line, followed by log lines if there are any."""


@dataclass(frozen=True)
class Part:
    """A process of the local cloud as `status` shows it."""

    name: str
    pid: int
    alive: bool
    log_tail: list[str]


def up(settings: Settings) -> bool:
    """Start unless running; True when it was started. Raises SupervisorError."""
    with _locked(settings):
        if _server_alive(settings) and settings.endpoints.exists():
            return False
        _claim(settings)
        _check_ports(settings)
        _start(settings)
    return True


def down(settings: Settings) -> bool:
    """Stop everything and delete the state; True when there was something. Raises SupervisorError."""
    if not settings.state.exists() and not _leftovers(settings):
        return False
    with _locked(settings):
        _stop_server(settings)
        _sweep(settings)
        _remove_state(settings)
    return True


def status(settings: Settings) -> list[Part]:
    """The server and its parts; one that is not alive has crashed."""
    records = read_records(settings.records)
    return [_part(record) for record in sorted(records, key=lambda record: (record.name != SERVER, record.name))]


def memory(settings: Settings) -> int:
    """Resident bytes of all processes of the local cloud."""
    return procfs.resident_bytes(_leftovers(settings))


def _part(record: Record) -> Part:
    alive = record.alive()
    return Part(record.name, record.pid, alive, [] if alive else tail(Path(record.log), _TAIL_LINES))


@contextlib.contextmanager
def _locked(settings: Settings) -> Iterator[None]:
    """One `up` or `down` at a time per state folder. A locked folder leaves no lock file behind."""
    settings.state.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(settings.state.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _server_alive(settings: Settings) -> bool:
    return any(record.name == SERVER and record.alive() for record in read_records(settings.records))


def _claim(settings: Settings) -> None:
    """Make the state folder ours and free of what an earlier, killed local cloud left."""
    if (settings.state / _MARKER_FILE).exists():
        _sweep(settings)
        _remove_state(settings)
    elif settings.state.name != ".local" and settings.state.exists() and any(settings.state.iterdir()):
        raise SupervisorError(f"LOCAL_CLOUD_STATE={settings.state} holds files of something else: name an empty folder")
    settings.logs.mkdir(parents=True, exist_ok=True)
    settings.state.chmod(0o711)
    (settings.state / _MARKER_FILE).write_text("State of the local cloud; `make down` deletes this folder.\n")


def _check_ports(settings: Settings) -> None:
    wanted = [
        ("127.0.0.1", settings.aws_port, "LOCAL_CLOUD_AWS_PORT"),
        ("127.0.0.1", settings.https_port, "LOCAL_CLOUD_HTTPS_PORT"),
        ("127.0.0.1", settings.http_port, "LOCAL_CLOUD_HTTP_PORT"),
        ("127.0.0.1", settings.pager_port, "LOCAL_CLOUD_PAGER_PORT"),
        ("127.0.0.1", settings.github_port, "LOCAL_CLOUD_GITHUB_PORT"),
        ("127.0.0.1", settings.awx_port, "LOCAL_CLOUD_AWX_PORT"),
        (settings.dns_address, settings.dns_port, "LOCAL_CLOUD_DNS_PORT or LOCAL_CLOUD_NETWORK"),
    ]
    for address, port, setting in wanted:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((address, port))
            except OSError as error:
                reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
                _remove_state(settings)
                raise SupervisorError(f"port {port} on {address} {reason}: set {setting} to another one") from None


def _start(settings: Settings) -> None:
    log = settings.logs / f"{SERVER}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local_cloud.server"],
            cwd=REPOSITORY,
            env={**os.environ, "LOCAL_CLOUD_STATE": str(settings.state), MARKER: str(settings.state)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    write_record(settings.records, SERVER, process.pid, log)
    deadline = time.monotonic() + _START_SECONDS
    while not settings.endpoints.exists():
        if process.poll() is not None:
            _fail(settings, f"the server ended with exit code {process.returncode}")
        if time.monotonic() > deadline:
            _fail(settings, f"the server was not ready after {_START_SECONDS:.0f} s")
        time.sleep(_POLL_SECONDS)


def _fail(settings: Settings, reason: str) -> None:
    lines = tail(settings.logs / f"{SERVER}.log", _TAIL_LINES)
    _sweep(settings)
    raise SupervisorError("\n".join([f"{reason}; its last log lines:", *lines]))


def _stop_server(settings: Settings) -> None:
    for record in read_records(settings.records):
        if record.name == SERVER and record.alive():
            kill([record.pid], number=signal.SIGTERM)
            deadline = time.monotonic() + _STOP_SECONDS
            while record.alive() and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)


def _leftovers(settings: Settings) -> list[int]:
    """Processes of this state folder, by record and by marker; never this process or one that started it."""
    found = {pid for record in read_records(settings.records) for pid in record.members()}
    found.update(procfs.marked(MARKER, str(settings.state)))
    return sorted(found - procfs.ancestors(os.getpid()))


def _sweep(settings: Settings) -> None:
    remaining = kill_and_wait(_leftovers(settings))
    # What was being started while we looked.
    remaining += kill_and_wait(_leftovers(settings))
    if remaining:
        raise SupervisorError(f"processes {remaining} could not be stopped: stop them and run again")


def _remove_state(settings: Settings) -> None:
    if not settings.state.exists():
        return
    if settings.state.name != ".local" and not (settings.state / _MARKER_FILE).exists():
        raise SupervisorError(f"LOCAL_CLOUD_STATE={settings.state} is not a local cloud's folder: not deleted")
    shared_memory.release_all(settings.state)
    shutil.rmtree(settings.state)

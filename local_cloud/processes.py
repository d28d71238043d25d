"""Child processes of the local cloud, recorded so that they can be found when their parent is gone.

Every child leads a session of its own and has a record (pid, start time, log) in the state folder.
PostgreSQL and Redis overwrite their environment, so the record finds them; everything else also carries
the marker variable.
"""

from __future__ import annotations

import errno
import json
import os
import pwd
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from local_cloud import procfs

MARKER = "LOCAL_CLOUD_PROCESS_OF"
_POLL_SECONDS = 0.02
_BUSY_SECONDS = 5.0


@dataclass(frozen=True)
class Record:
    """What is remembered of a started process."""

    name: str
    pid: int
    start_time: int
    boot: str
    log: str

    def alive(self) -> bool:
        if self.boot != procfs.boot():
            return False
        process = procfs.stat(self.pid)
        return process is not None and process.start_time == self.start_time

    def members(self) -> list[int]:
        """What is left of the process: itself and what it started, also after it died."""
        process = procfs.stat(self.pid)
        if self.boot != procfs.boot() or (process and process.start_time != self.start_time):
            return []
        return procfs.family(self.pid)


class Process:
    """A running child."""

    def __init__(self, popen: subprocess.Popen[bytes], record: Record, path: Path, reader: threading.Thread | None):
        self.name = record.name
        self.pid = record.pid
        self.record = record
        self._popen = popen
        self._path = path
        self._reader = reader

    def poll(self) -> int | None:
        """Exit code, negative for a signal; None while running."""
        return self._popen.poll()

    def wait(self, timeout: float | None = None) -> int:
        return self._popen.wait(timeout)

    def send(self, number: int) -> None:
        self._popen.send_signal(number)

    def stop(self, grace_seconds: float = 5.0, *, first: int = signal.SIGTERM) -> int:
        """Signal the process itself, as container runtimes do; after the grace kill all of its session."""
        if self.poll() is None and grace_seconds > 0:
            self.send(first)
            try:
                self.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                pass
        kill(self.record.members())
        code = self.wait()
        if self._reader:
            self._reader.join(2)
        self._path.unlink(missing_ok=True)
        return code

    def log_tail(self, lines: int = 10) -> list[str]:
        return tail(Path(self.record.log), lines)


def _when_free(start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """A script that was written a moment ago is busy as long as a child, forked by another thread, has it open."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            return start()
        except OSError as error:
            if error.errno != errno.ETXTBSY or time.monotonic() > deadline:
                raise
        time.sleep(_POLL_SECONDS)


class Processes:
    """Starts children and stops all of them."""

    def __init__(self, records: Path, owner: Path):
        self._records = records
        self._owner = owner
        self._started: dict[str, Process] = {}
        self._lock = threading.Lock()

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        user: str | int | None = None,
        cwd: Path | None = None,
        stdout: Callable[[str], None] | None = None,
    ) -> Process:
        """Start `argv`; its output goes to `log` and, line by line, to `stdout`.

        `env` is the whole environment (default: this process's). `user` counts only when running as root.
        Raises OSError when the program cannot be executed.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        entry = _identity(user)
        environment = {**(os.environ if env is None else env), MARKER: str(self._owner)}
        with log.open("ab") as log_file:
            popen = _when_free(
                lambda: subprocess.Popen(
                    [str(part) for part in argv],
                    env=environment,
                    cwd=cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE if stdout else log_file,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    user=entry.pw_uid if entry else None,
                    group=entry.pw_gid if entry else None,
                    extra_groups=[] if entry else None,
                )
            )
        path = write_record(self._records, name, popen.pid, log)
        reader = _pump(popen.stdout, log, stdout) if stdout and popen.stdout else None
        process = Process(popen, read_record(path), path, reader)
        with self._lock:
            self._started[name] = process
        return process

    def stop_all(self, grace_seconds: float = 3.0) -> None:
        with self._lock:
            started = list(self._started.values())
        for process in started:
            if process.poll() is None:
                process.send(signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        for process in started:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            process.stop(0)


def _identity(user: str | int | None) -> pwd.struct_passwd | None:
    if user is None or os.geteuid() != 0:
        return None
    return pwd.getpwnam(user) if isinstance(user, str) else pwd.getpwuid(user)


def _pump(stream: IO[bytes], log: Path, sink: Callable[[str], None]) -> threading.Thread:
    def run() -> None:
        with log.open("ab", buffering=0) as log_file:
            for line in stream:
                log_file.write(line)
                sink(line.decode(errors="replace").rstrip("\r\n"))

    thread = threading.Thread(target=run, daemon=True, name=f"output of {log.name}")
    thread.start()
    return thread


def write_record(records: Path, name: str, pid: int, log: Path) -> Path:
    records.mkdir(parents=True, exist_ok=True)
    process = procfs.stat(pid)
    # A child that died at once has no start time any more: 0 matches no living process.
    record = Record(name, pid, process.start_time if process else 0, procfs.boot(), str(log))
    path = records / f"{name.replace('/', '-')}.json"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(record)))
    temporary.replace(path)
    return path


def read_record(path: Path) -> Record:
    return Record(**json.loads(path.read_text()))


def read_records(records: Path) -> list[Record]:
    return [read_record(path) for path in sorted(records.glob("*.json"))]


def tail(log: Path, lines: int) -> list[str]:
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-lines:]


def kill(pids: Sequence[int], *, number: int = signal.SIGKILL) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def kill_and_wait(pids: Sequence[int], timeout: float = 5.0) -> list[int]:
    """Kill and return what still lives after the timeout."""
    kill(pids)
    deadline = time.monotonic() + timeout
    alive = [pid for pid in pids if procfs.stat(pid)]
    while alive and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        alive = [pid for pid in alive if procfs.stat(pid)]
    return alive

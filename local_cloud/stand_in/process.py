"""A stand-in as a part of the local cloud."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from local_cloud.processes import Process
from local_cloud.runtime import Runtime
from local_cloud.settings import REPOSITORY

ADDRESS = "127.0.0.1"
_START_SECONDS = 20.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Part:
    """A stand-in that has been started: the package of its name below `local_cloud`, run as a program."""

    name: str
    port: int
    process: Process

    @classmethod
    def start(cls, runtime: Runtime, name: str, port: int, **settings: str) -> Part:
        """It answers a moment later: see `wait_until_ready`. Its settings are variables, as `AWX_STAND_IN_PORT`."""
        pair = runtime.authority.issue(name, names=["localhost"], ips=[ADDRESS])
        given = {
            "ADDRESS": ADDRESS,
            "PORT": str(port),
            "CERTIFICATE": str(pair.certificate),
            "KEY": str(pair.key),
            **settings,
        }
        variables = {f"{name.upper()}_STAND_IN_{setting}": value for setting, value in given.items()}
        process = runtime.processes.start(
            name,
            [sys.executable, "-m", f"local_cloud.{name}"],
            log=runtime.settings.logs / f"{name}.log",
            env={**os.environ, **variables},
            cwd=REPOSITORY,
        )
        return cls(name, port, process)

    @property
    def url(self) -> str:
        return f"https://{ADDRESS}:{self.port}"

    def wait_until_ready(self) -> None:
        """Return when it answers. Raises RuntimeError with its last log lines."""
        deadline = time.monotonic() + _START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex((ADDRESS, self.port)) == 0:
                    return
            time.sleep(_POLL_SECONDS)
        raise RuntimeError("\n".join([f"{self.name} did not start; its last log lines:", *self.process.log_tail()]))


def new_secret() -> str:
    return secrets.token_hex(10)


def write_private(path: Path, content: str) -> str:
    """Write a file that only its owner reads, and answer its name."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    return str(path)

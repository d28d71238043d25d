"""The stand-in as a part of the local cloud."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
from pathlib import Path

from local_cloud.pagerduty.account import FIRST_USER
from local_cloud.processes import Process
from local_cloud.runtime import Runtime
from local_cloud.settings import REPOSITORY

NAME = "pagerduty"
_ADDRESS = "127.0.0.1"
_START_SECONDS = 20.0
_POLL_SECONDS = 0.02


def start(runtime: Runtime) -> Process:
    """Start it and publish where it is. It answers a moment later: see `wait_until_ready`."""
    settings = runtime.settings
    token = settings.pager_token or secrets.token_hex(10)
    token_file = settings.state / "pagerduty.token"
    _write_private(token_file, token)
    pair = runtime.authority.issue(NAME, names=["localhost"], ips=[_ADDRESS])
    variables = {
        "PAGERDUTY_STAND_IN_ADDRESS": _ADDRESS,
        "PAGERDUTY_STAND_IN_PORT": str(settings.pager_port),
        "PAGERDUTY_STAND_IN_TOKEN": token,
        "PAGERDUTY_STAND_IN_CERTIFICATE": str(pair.certificate),
        "PAGERDUTY_STAND_IN_KEY": str(pair.key),
    }
    url = f"https://{_ADDRESS}:{settings.pager_port}"
    runtime.endpoints.publish(NAME, "api", {"url": url, "token_file": str(token_file)})
    runtime.endpoints.publish(NAME, "events", {"url": url, "log": f"{url}/stand-in/events"})
    runtime.endpoints.publish(NAME, "user", FIRST_USER["email"])
    return runtime.processes.start(
        NAME,
        [sys.executable, "-m", "local_cloud.pagerduty"],
        log=settings.logs / f"{NAME}.log",
        env={**os.environ, **variables},
        cwd=REPOSITORY,
    )


def wait_until_ready(runtime: Runtime, process: Process) -> None:
    """Return when it answers. Raises RuntimeError with its last log lines."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((_ADDRESS, runtime.settings.pager_port)) == 0:
                return
        time.sleep(_POLL_SECONDS)
    raise RuntimeError("\n".join([f"{NAME} did not start; its last log lines:", *process.log_tail()]))


def _write_private(path: Path, content: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)

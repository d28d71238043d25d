"""Local clouds for tests: on free ports, with a state folder of their own."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
if str(REPOSITORY) not in sys.path:
    sys.path.insert(0, str(REPOSITORY))

from local_cloud.ports import free_port_settings  # noqa: E402
from local_cloud.processes import Record, read_records  # noqa: E402
from local_cloud.settings import Settings  # noqa: E402

Found = TypeVar("Found")

# The subnets that every account has, one a zone; other tests make more of them.
DEFAULT_SUBNETS = [{"Name": "default-for-az", "Values": ["true"]}]


def free_network() -> str:
    """A loopback network that no local cloud uses: its name server's port is free.

    Workers of pytest-xdist choose at the same time, each from numbers of its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = range(2 + worker, 255, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    for number in random.sample(own, len(own)):
        with socket.socket() as probe:
            if probe.connect_ex((f"127.{number}.0.2", 8053)) != 0:
                return f"127.{number}"
    raise RuntimeError("all loopback networks are taken")


def environment(state: Path, **more: str) -> dict[str, str]:
    """Variables of a local cloud of its own: free ports, given state folder."""
    return {
        "LOCAL_CLOUD_STATE": str(state),
        **free_port_settings(),
        "LOCAL_CLOUD_NETWORK": free_network(),
        "LOCAL_CLOUD_IMAGES": str(Path(__file__).parent / "images.yml"),
        **more,
    }


def eventually(look: Callable[[], Found], timeout: float = 20.0, what: str = "") -> Found:
    """Look until the result is true, and return it; fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"not within {timeout} s: {what or look.__name__}; last seen: {found!r}")
        time.sleep(0.05)


@dataclass
class LocalCloud:
    """A local cloud and the clients of its API."""

    settings: Settings
    variables: dict[str, str]
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.settings.aws_endpoint,
                region_name=self.settings.region,
                aws_access_key_id="local",
                aws_secret_access_key="local",
            )
        return self._clients[service]

    def process(self, part: str) -> Record:
        """The process that a part of the local cloud runs as, such as `server` or `rds-` and an instance's name."""
        return next(record for record in read_records(self.settings.records) if record.name == part)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m local_cloud` with this cloud's settings."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LOCAL_CLOUD_")}
        return subprocess.run(
            [sys.executable, "-m", "local_cloud", *arguments],
            cwd=REPOSITORY,
            env={**inherited, **self.variables},
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )


def local_cloud_for(state: Path, **more: str) -> LocalCloud:
    """A local cloud that is not started yet."""
    variables = environment(state, **more)
    return LocalCloud(Settings.from_environment(variables), variables)

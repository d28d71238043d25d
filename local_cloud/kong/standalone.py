"""The stand-in by itself, for tests and measurements: a PostgreSQL server, migrations, one or more nodes."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local_cloud.certificates import Authority
from local_cloud.data_stores.postgresql import Certificate, PostgresServer
from local_cloud.ports import free_ports
from local_cloud.processes import Process, Processes
from local_cloud.settings import Settings
from local_cloud.tools import Tools

_START_SECONDS = 30.0
_POLL_SECONDS = 0.05
_ADDRESS = "127.0.0.1"
_REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Urls:
    """Where one node listens."""

    admin: str
    proxy: str
    proxy_ssl: str
    status: str


@dataclass
class Node:
    urls: Urls
    process: Process


@dataclass
class Kong:
    """A gateway that runs; the URLs are those of its first node."""

    nodes: list[Node]
    environment: Mapping[str, str]
    """What the `kong` program needs to act on the same database."""
    database: PostgresServer | None = None
    processes: Processes | None = field(default=None, repr=False)

    @property
    def admin(self) -> str:
        return self.nodes[0].urls.admin

    @property
    def proxy(self) -> str:
        return self.nodes[0].urls.proxy

    @property
    def proxy_ssl(self) -> str:
        return self.nodes[0].urls.proxy_ssl

    @property
    def status(self) -> str:
        return self.nodes[0].urls.status


@contextlib.contextmanager
def running_kong(directory: Path, nodes: int = 1, **kong_settings: str) -> Iterator[Kong]:
    """`kong_settings` are variables of every node, in small letters without `KONG_`: `database="off"`.

    Raises RuntimeError with the end of the log when a node does not start.
    """
    directory.mkdir(parents=True, exist_ok=True)
    processes = Processes(directory / "processes", directory)
    database = None
    try:
        settings = {f"KONG_{name.upper()}": value for name, value in kong_settings.items()}
        if settings.get("KONG_DATABASE") != "off":
            password = secrets.token_urlsafe(16)
            database = _database(directory, processes, password)
            settings |= _database_settings(database, password)
            run_command(settings, "migrations", "bootstrap").check_returncode()
        kong = Kong([], {**_environment(), **settings}, database, processes)
        for number in range(nodes):
            kong.nodes.append(start_node(directory, processes, settings, number))
        yield kong
    finally:
        processes.stop_all()
        if database:
            database.stop()


def start_node(directory: Path, processes: Processes, settings: Mapping[str, str], number: int) -> Node:
    """Start a node and wait until its Admin API answers."""
    admin, proxy, proxy_ssl, status = free_ports(4, _ADDRESS)
    listeners = {
        "KONG_ADMIN_LISTEN": f"{_ADDRESS}:{admin}",
        "KONG_PROXY_LISTEN": f"{_ADDRESS}:{proxy}, {_ADDRESS}:{proxy_ssl} ssl",
        "KONG_STATUS_LISTEN": f"{_ADDRESS}:{status}",
        "KONG_PREFIX": str(directory / f"node-{number}"),
    }
    process = processes.start(
        f"kong-{number}",
        [sys.executable, "-m", "local_cloud.kong", "docker-start"],
        log=directory / f"kong-{number}.log",
        env={**_environment(), **_SOON, **listeners, **settings},
        cwd=_REPOSITORY,
    )
    urls = Urls(
        f"http://{_ADDRESS}:{admin}",
        f"http://{_ADDRESS}:{proxy}",
        f"https://{_ADDRESS}:{proxy_ssl}",
        f"http://{_ADDRESS}:{status}",
    )
    _wait(urls, process)
    return Node(urls, process)


# A node of a test takes up changes soon, as somebody waits for them.
_SOON = {"KONG_DB_UPDATE_FREQUENCY": "0.1", "KONG_WORKER_STATE_UPDATE_FREQUENCY": "0.1"}


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("KONG_")}


def _wait(urls: Urls, process: Process) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{urls.status}/status", timeout=5):  # noqa: S310 (loopback)
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                break
            time.sleep(_POLL_SECONDS)
    raise RuntimeError("\n".join(["the Kong stand-in did not start:", *process.log_tail(20)]))


def _database(directory: Path, processes: Processes, password: str) -> PostgresServer:
    tools = Tools(Settings.from_environment().debian)
    issued = Authority(directory).issue("database", ips=[_ADDRESS])

    def launch(name: str, argv: Sequence[str], environment: Mapping[str, str]) -> Process:
        return processes.start(name, argv, log=directory / "database.log", env=environment, cwd=Path("/"))

    server = PostgresServer(
        name="database",
        address=_ADDRESS,
        port=free_ports(1, _ADDRESS)[0],
        folder=directory / "database",
        certificate=Certificate(directory / "ca.pem", issued.certificate, issued.key),
        initdb=tools.find("initdb"),
        postgres=tools.find("postgres"),
        launch=launch,
        force_ssl=False,
    )
    server.create("kong", password, "kong")
    return server


def _database_settings(database: PostgresServer, password: str) -> dict[str, str]:
    return {
        "KONG_PG_HOST": database.address,
        "KONG_PG_PORT": str(database.port),
        "KONG_PG_USER": "kong",
        "KONG_PG_PASSWORD": password,
        "KONG_PG_DATABASE": "kong",
    }


def run_command(settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the `kong` program to its end."""
    return subprocess.run(
        [sys.executable, "-m", "local_cloud.kong", *arguments],
        env={**_environment(), **settings},
        cwd=_REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=_START_SECONDS,
    )

"""An environment of its own for the end-to-end tests: `make` on a local cloud with its own state, ports and network."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from local_cloud_support import environment as variables_of_a_local_cloud
from local_cloud_support import eventually

REPOSITORY = Path(__file__).resolve().parents[2]
AGENT = {"User-Agent": "end-to-end tests", "Accept": "application/json"}
READS = ("Describe", "List", "Get", "Head", "Lookup", "Discover", "Batch")


@dataclass
class Environment:
    """The local cloud, the playbooks that run on it, and ways to look at what they made."""

    state: Path
    variables: dict[str, str]
    outputs: list[str] = field(default_factory=list)

    @classmethod
    def below(cls, folder: Path) -> Environment:
        state = folder / ".local"
        variables = {**variables_of_a_local_cloud(state), "LOCAL_CLOUD_STRICT": "1"}
        del variables["LOCAL_CLOUD_IMAGES"]
        return cls(state, variables)

    # Running

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start `make`; the process leads a group of its own, so that all of it can be killed."""
        return subprocess.Popen(
            ["make", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, **self.variables, "ANSIBLE_NOCOLOR": "1", **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def make(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `make` to its end and keep what it said."""
        process = self.start(*arguments, **more)
        output, _ = process.communicate(timeout=900)
        self.outputs.append(output)
        return subprocess.CompletedProcess(process.args, process.returncode, output)

    def kill_when(self, what: str, happened: Callable[[], Any], *arguments: str) -> None:
        """Start `make` and kill all of it, playbook and modules, the moment something has happened."""
        process = self.start(*arguments)
        said: list[str] = []
        reader = threading.Thread(target=lambda: said.extend(process.stdout or []), daemon=True)
        reader.start()
        try:
            eventually(lambda: happened() or process.poll() is not None, timeout=300, what=what)
            assert process.poll() is None, f"ended before {what}:\n{''.join(said)}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            reader.join(timeout=10)

    # Looking

    @property
    def endpoints(self) -> dict[str, Any]:
        return dict(json.loads((self.state / "endpoints.json").read_text()))

    @property
    def aws_is_up(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", int(self.variables["LOCAL_CLOUD_AWS_PORT"])), timeout=1):
                return True
        except OSError:
            return False

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.variables['LOCAL_CLOUD_AWS_PORT']}",
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="looks-at-what-is-there",
        )

    def output_of(self, role: str) -> dict[str, Any]:
        """The result that a role has published."""
        name = f"/trademaster/local/outputs/{role}"
        return dict(json.loads(self.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]))

    def secret(self, name: str) -> str:
        return str(self.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])

    def request(
        self, path: str, body: dict[str, Any] | None = None, *, bearer: str = "", scheme: str = "https"
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, JSON body and headers of a request through the load balancer; redirects are not followed."""
        headers = {**AGENT, **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(  # noqa: S310 - http(s) on loopback
            self.endpoints[scheme] + path, None if body is None else json.dumps(body).encode(), headers
        )
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self.state / "ca.pem")), NoRedirect()
        )
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, _json(answer.read()), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, _json(error.read()), dict(error.headers)

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection to the service's database as the service has it, over TLS with the server's name checked."""
        published = self.output_of("database")
        account = json.loads(self.secret("trademaster/local/auth/database"))
        with psycopg.connect(
            host=published["address"],
            port=published["port"],
            dbname="trademaster_auth",
            user=account["username"],
            password=account["password"],
            sslmode="verify-full",
            sslrootcert=str(self.state / "ca.pem"),
        ) as connection:
            yield connection


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        return None


class Calls(threading.Thread):
    """Counts AWS API calls of everything that runs with its `variables`: botocore reports each by UDP."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.operations: list[str] = []

    @property
    def variables(self) -> dict[str, str]:
        port = str(self._socket.getsockname()[1])
        return {"AWS_CSM_ENABLED": "true", "AWS_CSM_HOST": "127.0.0.1", "AWS_CSM_PORT": port}

    @property
    def writes(self) -> list[str]:
        return [name for name in self.operations if not name.partition(".")[2].startswith(READS)]

    def run(self) -> None:
        while True:
            event = json.loads(self._socket.recv(65536))
            if event["Type"] == "ApiCall":
                self.operations.append(f"{event['Service']}.{event['Api']}")


def _json(body: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(body))
    except ValueError:
        return {}


def recap(output: str) -> dict[str, int]:
    """Counts of all play recaps of an output, added up."""
    totals: dict[str, int] = {}
    for line in output.splitlines():
        if "unreachable=" in line:
            for pair in line.split(":", 1)[1].split():
                name, _, count = pair.partition("=")
                totals[name] = totals.get(name, 0) + int(count)
    if not totals:
        pytest.fail(f"no recap in:\n{output}")
    return totals


# What is on this machine


def processes() -> list[int]:
    return [
        int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal() and int(path.name) != os.getpid()
    ]


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes().replace(b"\0", b"\n").decode(errors="replace")
    except OSError:  # it has ended, or is not ours to look at
        return ""


def environment_of(pid: int) -> str:
    return _read(pid, "environ")


def arguments_of(pid: int) -> str:
    return _read(pid, "cmdline")

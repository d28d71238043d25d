"""An environment of its own for the end-to-end tests: `make` on a local cloud with its own state, ports and network."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from local_cloud_support import environment as variables_of_a_local_cloud
from local_cloud_support import eventually

REPOSITORY = Path(__file__).resolve().parents[1]
# What in a secret is none.
NAMES = ("username", "email")
# What the pipeline runs, and as whom; people run the rest.
OF_THE_PIPELINE = {"deploy": "ci", "plan": "read", "releases": "ci", "rollback": "ci", "status": "ci"}
READS = ("Describe", "List", "Get", "Head", "Lookup", "Discover", "Batch", "CheckCapacity")


@dataclass
class Environment:
    """The local cloud, the playbooks that run on it, and ways to look at what they made."""

    state: Path
    variables: dict[str, str]
    outputs: list[str] = field(default_factory=list)
    gates: dict[str, str] = field(default_factory=dict)

    @classmethod
    def below(cls, folder: Path) -> Environment:
        state = folder / ".local"
        variables = {**variables_of_a_local_cloud(state), "LOCAL_CLOUD_STRICT": "1"}
        del variables["LOCAL_CLOUD_IMAGES"]
        return cls(state, variables)

    # Running

    def start(self, *arguments: str, role: str = "", **more: str) -> subprocess.Popen[str]:
        """Start `make`; the process leads a group of its own, so that all of it can be killed.

        `role` is whose policies it is held to, if not those of who usually runs the target.
        """
        return subprocess.Popen(
            ["make", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, **self.variables, **self.gate(arguments[0], role), "ANSIBLE_NOCOLOR": "1", **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def gate(self, target: str, role: str = "") -> dict[str, str]:
        url = self.gates.get(role or OF_THE_PIPELINE.get(target, "deployer"))
        return {"LOCAL_CLOUD_AWS_ENDPOINT": url} if url else {}

    @contextmanager
    def held_to_policies(self) -> Iterator[None]:
        """Until the end of the block playbooks may do what policies/ allows, which has to be enough for them."""
        upstream = f"http://127.0.0.1:{self.variables['LOCAL_CLOUD_AWS_PORT']}"
        gates = {role: _start_gate(role, upstream) for role in ("awx", "ci", "deployer", "read")}
        try:
            self.gates = {role: (gate.stdout.readline().strip() if gate.stdout else "") for role, gate in gates.items()}
            yield
        finally:
            self.gates = {}
            refused = "".join(gate.communicate(timeout=30)[0] for gate in gates.values())
        assert refused == "", (
            f"policies/ do not allow what the playbooks call; docs/security.md tells what to do:\n{refused}"
        )

    def make(self, *arguments: str, role: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """Run `make` to its end and keep what it said."""
        process = self.start(*arguments, role=role, **more)
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
            with suppress(ProcessLookupError):  # it has ended before
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


def _start_gate(role: str, upstream: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "permissions", "gate", "--role", role, "--upstream", upstream],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


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


def changed_tasks(output: str) -> list[str]:
    """The names of the tasks of an output that have changed something."""
    task, found = "", []
    for line in output.splitlines():
        if line.startswith("TASK ["):
            task = line.removeprefix("TASK [").rpartition("]")[0]
        elif line.startswith("changed: ["):
            found.append(task)
    return found


def plain_secrets(environment: Environment) -> list[tuple[str, str]]:
    """Name and value of every secret, JSON ones taken apart; user names and addresses are not secret."""
    manager = environment.client("secretsmanager")
    found = []
    for secret in manager.list_secrets()["SecretList"]:
        value = manager.get_secret_value(SecretId=secret["ARN"])["SecretString"]
        try:
            fields = json.loads(value)
        except ValueError:
            fields = value
        if isinstance(fields, dict):
            found += [(f"{secret['Name']}:{key}", item) for key, item in fields.items() if key not in NAMES]
        else:
            found.append((secret["Name"], value))
    return [(name, value) for name, value in found if isinstance(value, str) and len(value) >= 16]


def readable(environment: Environment) -> dict[str, str]:
    """What an environment leaves where people read without being allowed to read secrets, by place."""
    folders = {name: environment.state / name for name in ("logs", "evidence")}
    return {
        "what make printed": "\n".join(environment.outputs),
        "task definitions": task_definitions(environment),
        **{f"logs of {group}": text for group, text in log_events(environment).items()},
        "published outputs": parameters(environment),
        "locks": items(environment),
        "endpoints.json": json.dumps(environment.endpoints),
        **{
            f"files in {name}": "\n".join(
                path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()
            )
            for name, folder in folders.items()
        },
    }


def task_definitions(environment: Environment) -> str:
    ecs = environment.client("ecs")
    arns = [arn for page in ecs.get_paginator("list_task_definitions").paginate() for arn in page["taskDefinitionArns"]]
    return json.dumps([ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"] for arn in arns], default=str)


def log_events(environment: Environment) -> dict[str, str]:
    """What is in each log group."""
    logs = environment.client("logs")
    return {
        group["logGroupName"]: "\n".join(
            event["message"]
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
            for event in page["events"]
        )
        for group in logs.describe_log_groups()["logGroups"]
    }


def parameters(environment: Environment) -> str:
    pages = environment.client("ssm").get_paginator("get_parameters_by_path").paginate(Path="/", Recursive=True)
    return "\n".join(item["Value"] for page in pages for item in page["Parameters"])


def items(environment: Environment) -> str:
    dynamodb = environment.client("dynamodb")
    return json.dumps([dynamodb.scan(TableName=name)["Items"] for name in dynamodb.list_tables()["TableNames"]])


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

"""One container of a task: a process with image, secrets, logs, health check."""

from __future__ import annotations

import signal
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_cloud.ecs import secrets
from local_cloud.ecs.health import HealthCheck, argv_of
from local_cloud.ecs.images import ImageTable
from local_cloud.ecs.logs import LogStream, open_stream
from local_cloud.ecs.registry import Pulled, pull
from local_cloud.ecs.sandbox import Sandbox
from local_cloud.processes import Process
from local_cloud.runtime import Runtime

_DEFAULT_STOP_SECONDS = 30


@dataclass(frozen=True)
class TaskFacts:
    """What containers need to know of their task."""

    id: str
    arn: str
    account: str
    region: str
    cluster: str
    execution_role: str | None


class Container:
    """`definition` is the container definition with the task's overrides merged in."""

    def __init__(self, definition: Mapping[str, Any], task: TaskFacts):
        self.definition = definition
        self.name: str = definition["name"]
        self.essential: bool = definition.get("essential", True)
        self.status = "PENDING"
        self.exit_code: int | None = None
        self.reason: str | None = None
        self.started = 0.0
        timeout = definition.get("stopTimeout")
        self.stop_seconds = float(_DEFAULT_STOP_SECONDS if timeout is None else timeout)
        self._task = task
        self._pulled: Pulled | None = None
        self._secrets: dict[str, str] = {}
        self._log: LogStream | None = None
        self._process: Process | None = None
        self._health: HealthCheck | None = None
        self._id = uuid.uuid4()

    @property
    def health(self) -> str:
        return self._health.status if self._health else "UNKNOWN"

    def fetch(self) -> None:
        """Secrets and log stream. Raises ResourceInitializationError."""
        task, role = self._task, self._task.execution_role or ""
        for secret in self.definition.get("secrets") or []:
            self._secrets[secret["name"]] = secrets.read(secret["valueFrom"], task.account, task.region, role)
        logging = self.definition.get("logConfiguration") or {}
        if logging.get("logDriver") == "awslogs":
            self._log = open_stream(logging["options"], task.account, (self.name, task.id), role)

    def pull(self, table: ImageTable) -> None:
        """Raises CannotPullContainerError."""
        self._pulled = pull(table, self.definition["image"], self._task.execution_role)

    def start(self, runtime: Runtime, sandbox: Sandbox) -> None:
        """A container that cannot be executed is stopped at once, with the reason."""
        assert self._pulled is not None
        image = self._pulled.image
        given = {entry["name"]: entry.get("value", "") for entry in self.definition.get("environment") or []}
        environment = sandbox.environment(image, given, self._secrets)
        argv = sandbox.argv(image, self.definition.get("entryPoint"), self.definition.get("command"))
        self.started = time.monotonic()
        try:
            self._process = runtime.processes.start(
                f"task/{self._task.id}/{self.name}",
                argv,
                env=environment,
                log=self._log_file(runtime),
                cwd=sandbox.folder,
                stdout=self._write,
            )
        except OSError as error:
            self._end(None, f"CannotStartContainerError: {argv[0] if argv else image.name}: {error.strerror}")
            return
        self.status = "RUNNING"
        check = self.definition.get("healthCheck")
        if check and check["command"][0] != "NONE":
            probe = [sandbox.rewrite(part) for part in argv_of(check["command"])]
            self._health = HealthCheck(check, probe, environment, sandbox.folder)

    @property
    def pid(self) -> int | None:
        """The leader of its processes, while it runs."""
        return self._process.record.pid if self._process and self.status == "RUNNING" else None

    def poll(self) -> None:
        """Notice an exit, and look after the health check."""
        if self._process is None or self.status != "RUNNING":
            return
        code = self._process.poll()
        if code is not None:
            self._process.stop(0)
            self._end(code)
        elif self._health:
            self._health.poll()

    def stop(self) -> None:
        """The image's stop signal, after the stop timeout SIGKILL; waits."""
        if self._process and self._pulled and self.status == "RUNNING":
            first = signal.Signals[self._pulled.image.stop_signal]
            self._end(self._process.stop(self.stop_seconds, first=first))
        self.status = "STOPPED"

    def describe(self) -> dict[str, Any]:
        account, region, cluster = self._task.account, self._task.region, self._task.cluster
        facts = {
            "containerArn": f"arn:aws:ecs:{region}:{account}:container/{cluster}/{self._task.id}/{self._id}",
            "taskArn": self._task.arn,
            "name": self.name,
            "image": self.definition["image"],
            "imageDigest": self._pulled.digest if self._pulled else None,
            "runtimeId": f"{self._task.id}-{self._id.node}" if self._process else None,
            "lastStatus": self.status,
            "exitCode": self.exit_code,
            "reason": self.reason,
            "healthStatus": self.health,
            "networkBindings": [],
            "networkInterfaces": [],
            "cpu": str(self.definition.get("cpu") or 0),
            "memory": str(self.definition["memory"]) if self.definition.get("memory") else None,
        }
        return {name: value for name, value in facts.items() if value is not None}

    def _end(self, code: int | None, reason: str | None = None) -> None:
        if self._health:
            self._health.close()
        self.status = "STOPPED"
        self.reason = reason
        # Container runtimes report a death by signal as 128 + its number.
        self.exit_code = code if code is None or code >= 0 else 128 - code

    def _log_file(self, runtime: Runtime) -> Path:
        return runtime.settings.logs / "tasks" / f"{self._task.id}-{self.name}.log"

    def _write(self, line: str) -> None:
        if self._log:
            self._log.write(line)

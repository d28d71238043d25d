"""Container health checks."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_UNTIL_HEALTHY_SECONDS = 0.3


class HealthCheck:
    """Runs a container's health check without blocking.

    The times of the definition hold, except that a container that was not healthy yet is looked at more
    often: it is known to be healthy sooner than on AWS, never unhealthy sooner.
    """

    def __init__(self, definition: Mapping[str, Any], argv: list[str], environment: dict[str, str], folder: Path):
        self.status = "UNKNOWN"
        self._argv = argv
        self._environment = environment
        self._folder = folder
        self._interval = float(definition.get("interval") or 30)
        self._timeout = float(definition.get("timeout") or 5)
        self._retries = int(definition.get("retries") or 3)
        self._tolerant_until = time.monotonic() + max(float(definition.get("startPeriod") or 0), self._interval)
        self._next = time.monotonic()
        self._probe: subprocess.Popen[bytes] | None = None
        self._probe_deadline = 0.0
        self._failing_since: float | None = None

    def poll(self) -> None:
        now = time.monotonic()
        if self._probe is None:
            if now >= self._next:
                self._start(now)
            return
        code = self._probe.poll()
        if code is None and now < self._probe_deadline:
            return
        self.close()
        self._note(code == 0, now)

    def close(self) -> None:
        """End a probe that still runs."""
        if self._probe and self._probe.poll() is None:
            self._probe.kill()
            self._probe.wait()
        self._probe = None

    def _start(self, now: float) -> None:
        self._probe_deadline = now + self._timeout
        self._probe = subprocess.Popen(
            self._argv,
            env=self._environment,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _note(self, passed: bool, now: float) -> None:
        if passed:
            self.status = "HEALTHY"
            self._failing_since = None
        else:
            self._failing_since = self._failing_since or now
            if now - max(self._failing_since, self._first_counted()) >= (self._retries - 1) * self._interval:
                self.status = "UNHEALTHY"
        self._next = now + (self._interval if self.status == "HEALTHY" else _UNTIL_HEALTHY_SECONDS)

    def _first_counted(self) -> float:
        return self._tolerant_until if self.status == "UNKNOWN" else 0.0


def argv_of(command: list[str]) -> list[str]:
    """The program of a `healthCheck.command`."""
    kind, *rest = command
    return ["sh", "-c", *rest] if kind == "CMD-SHELL" else rest

"""Switches that make the service fail on purpose, so that a release process can be tested against it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields

from .values import ConfigurationError, boolean, number

DAY = 86_400.0


@dataclass(frozen=True)
class Switches:
    """What is switched on. Times are seconds after the process began to serve; None means never."""

    fail_start: bool = False
    start_delay_seconds: float | None = None
    crash_after_seconds: float | None = None
    unhealthy_after_seconds: float | None = None
    error_ratio: float | None = None
    latency_seconds: float | None = None
    ignore_sigterm: bool = False
    fail_migration: bool = False
    breaking_migration: bool = False
    migration_delay_seconds: float | None = None
    admin_enabled: bool = False

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Switches:
        return cls(
            fail_start=boolean(env, "SAMPLE_FAIL_START", False),
            start_delay_seconds=number(env, "SAMPLE_START_DELAY_SECONDS", DAY),
            crash_after_seconds=number(env, "SAMPLE_CRASH_AFTER_SECONDS", DAY),
            unhealthy_after_seconds=number(env, "SAMPLE_UNHEALTHY_AFTER_SECONDS", DAY),
            error_ratio=number(env, "SAMPLE_ERROR_RATIO", 1),
            latency_seconds=number(env, "SAMPLE_LATENCY_SECONDS", 600),
            ignore_sigterm=boolean(env, "SAMPLE_IGNORE_SIGTERM", False),
            fail_migration=boolean(env, "SAMPLE_FAIL_MIGRATION", False),
            breaking_migration=boolean(env, "SAMPLE_BREAKING_MIGRATION", False),
            migration_delay_seconds=number(env, "SAMPLE_MIGRATION_DELAY_SECONDS", DAY),
            admin_enabled=boolean(env, "SAMPLE_CHAOS_ENABLED", False),
        )

    def on(self) -> dict[str, object]:
        """The switches that are not at their default."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}


class Misbehaviour:
    """The switches in force in a serving process; the admin endpoint changes them at run time.

    `clock` gives seconds, monotonic. Errors are spread evenly instead of drawn, so that a ratio of 0.2 is
    exactly every fifth request.
    """

    ADJUSTABLE = frozenset(
        {"crash_after_seconds", "unhealthy_after_seconds", "error_ratio", "latency_seconds", "ignore_sigterm"}
    )

    def __init__(self, switches: Switches, started: float) -> None:
        self._switches = switches
        self._since = started
        self._owed = 0.0
        self._lock = threading.Lock()

    @property
    def switches(self) -> Switches:
        return self._switches

    def adjust(self, wanted: Mapping[str, object], now: float) -> None:
        """Replace the switches named; times count from now. Raises ConfigurationError."""
        unknown = sorted(set(wanted) - self.ADJUSTABLE)
        if unknown:
            raise ConfigurationError(unknown[0], str(wanted[unknown[0]]), f"one of {sorted(self.ADJUSTABLE)}")
        as_text = {
            f"SAMPLE_{name.upper()}": "" if value is None else str(value).lower() for name, value in wanted.items()
        }
        read = Switches.from_environment(as_text)
        kept = {f.name: getattr(read if f.name in wanted else self._switches, f.name) for f in fields(Switches)}
        with self._lock:
            self._switches, self._since, self._owed = Switches(**kept), now, 0.0

    def crash_due(self, now: float) -> bool:
        return self._due(self._switches.crash_after_seconds, now)

    def unhealthy(self, now: float) -> bool:
        return self._due(self._switches.unhealthy_after_seconds, now)

    def next_request_fails(self) -> bool:
        with self._lock:
            self._owed += self._switches.error_ratio or 0.0
            fails = self._owed >= 1 - 1e-9
            if fails:
                self._owed -= 1
            return fails

    def _due(self, after: float | None, now: float) -> bool:
        return after is not None and now - self._since >= after

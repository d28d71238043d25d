"""Health in Spring Boot's shape: components, a total, and the readiness and liveness groups."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout
from redis import Redis, RedisError

from .database import Pool

PROBE_TIMEOUT_SECONDS = 2.0
MINIMUM_FREE_BYTES = 10 * 1024 * 1024
GROUPS = {
    "readiness": ("readinessState", "db", "redis"),
    "liveness": ("livenessState", "diskSpace", "ping"),
}

Component = dict[str, Any]


@dataclass
class Health:
    """`unhealthy` says whether the service is told to fail its checks; `draining` is set on the way out."""

    pool: Pool
    redis: Redis
    consul_enabled: bool
    unhealthy: Callable[[], bool]
    draining: bool = False

    def report(self, *, group: str | None, details: bool) -> tuple[int, dict[str, Any]]:
        """HTTP status and body of the total, or of one group."""
        components = self._components(GROUPS[group] if group else None)
        up = all(component["status"] == "UP" for component in components.values())
        body: dict[str, Any] = {"status": "UP" if up else "DOWN"}
        if details:
            body["components"] = components
        return (200 if up else 503), body

    def _components(self, wanted: Iterable[str] | None) -> dict[str, Component]:
        checks: dict[str, Callable[[], Component]] = {
            "db": self._database,
            "redis": self._redis,
            "diskSpace": _disk,
            "ping": _up,
            "livenessState": lambda: {"status": "DOWN" if self.unhealthy() else "UP"},
            "readinessState": self._readiness,
        }
        if self.consul_enabled:  # no agent runs beside the task (trap T7)
            checks["consul"] = lambda: _down("no Consul agent; set SPRING_CLOUD_CONSUL_ENABLED=false")
        return {name: checks[name]() for name in (wanted or checks)}

    def _readiness(self) -> Component:
        return {"status": "OUT_OF_SERVICE" if self.draining or self.unhealthy() else "UP"}

    def _database(self) -> Component:
        try:
            with self.pool.transaction(PROBE_TIMEOUT_SECONDS) as db:
                db.execute("SELECT 1")
        except (psycopg.Error, PoolTimeout) as error:
            return _down(type(error).__name__)
        return {"status": "UP", "details": {"database": "PostgreSQL", "validationQuery": "isValid()"}}

    def _redis(self) -> Component:
        try:
            self.redis.ping()
        except RedisError as error:
            return _down(type(error).__name__)
        return {"status": "UP"}


def _disk() -> Component:
    free = shutil.disk_usage("/tmp").free  # noqa: S108  # where the container writes
    enough = free >= MINIMUM_FREE_BYTES
    return {"status": "UP" if enough else "DOWN", "details": {"free": free, "threshold": MINIMUM_FREE_BYTES}}


def _up() -> Component:
    return {"status": "UP"}


def _down(reason: str) -> Component:
    return {"status": "DOWN", "details": {"error": reason}}

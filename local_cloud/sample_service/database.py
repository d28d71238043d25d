"""The connection pool, sized and timed as HikariCP would be, and what must hold before it serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from .config import Database
from .values import Failed

REQUIRED_TABLES = ("users", "user_roles", "verification_tokens", "user_sessions", "auth_audit_log")
MAX_LIFETIME_SECONDS = 1200.0


class Pool:
    def __init__(self, settings: Database) -> None:
        self._pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            make_conninfo(**settings.parameters),
            kwargs={"row_factory": dict_row},
            connection_class=Connection[DictRow],
            min_size=settings.pool_minimum,
            max_size=settings.pool_maximum,
            timeout=settings.pool_timeout_seconds,
            max_lifetime=MAX_LIFETIME_SECONDS,
            check=ConnectionPool.check_connection,
            open=False,
            name="HikariPool-1",
        )

    def open(self) -> None:
        self._pool.open()

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def transaction(self, timeout_seconds: float | None = None) -> Iterator[Connection[DictRow]]:
        """A connection whose work is committed at the end, or rolled back by an exception."""
        with self._pool.connection(timeout_seconds) as connection:
            yield connection

    def statistics(self) -> dict[str, Any]:
        return self._pool.get_stats()


def check(settings: Database, *, validate_schema: bool) -> None:
    """One direct connection, so that a wrong setting ends the start at once. Raises Failed."""
    try:
        with psycopg.connect(make_conninfo(**settings.parameters)) as connection:
            found = connection.execute(
                "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NULL",
                [list(REQUIRED_TABLES)],
            ).fetchall()
    except psycopg.OperationalError as error:
        raise Failed(" ".join(str(error).split())) from error
    if found and validate_schema:
        raise Failed(f"schema validation: missing table [{found[0][0]}]")

"""The tables of Kong's database, and the steps that bring them about.

A step has two halves, as with Kong: `up` may run while nodes of the release before still work, `finish` may not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

RELEASES = ("3.8.0", "3.9.1")
"""What the stand-in can act as, so that an upgrade can be rehearsed."""

_LOCK = 0x6B6F6E67


@dataclass(frozen=True)
class Migration:
    name: str
    up: LiteralString
    finish: LiteralString | None = None
    release: str = RELEASES[0]


MIGRATIONS = (
    Migration(
        "000_base",
        """
        CREATE TABLE entities (
            collection text NOT NULL, id uuid NOT NULL, body text NOT NULL, PRIMARY KEY (collection, id)
        );
        CREATE TABLE changes (version bigint PRIMARY KEY, body text NOT NULL);
        CREATE TABLE configuration (version bigint NOT NULL);
        INSERT INTO configuration VALUES (0);
        """,
    ),
    Migration(
        "001_changes_made_at",
        "ALTER TABLE changes ADD COLUMN IF NOT EXISTS made_at timestamptz DEFAULT now();",
        "UPDATE changes SET made_at = now() WHERE made_at IS NULL; ALTER TABLE changes ALTER made_at SET NOT NULL;",
        release="3.9.1",
    ),
)


class MigrationError(RuntimeError):
    """Cannot go on; the message says what to do."""


@dataclass(frozen=True)
class SchemaState:
    executed: tuple[str, ...]
    pending: tuple[str, ...]
    """Their `finish` has not run."""
    new: tuple[str, ...]

    @property
    def needs_bootstrap(self) -> bool:
        return not self.executed and not self.pending


def known(release: str) -> list[Migration]:
    return [step for step in MIGRATIONS if RELEASES.index(step.release) <= RELEASES.index(release)]


def read_state(connection: psycopg.Connection[Any], release: str) -> SchemaState:
    """Raises psycopg.Error."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SELECT to_regclass('schema_meta') IS NOT NULL")
        if cursor.fetchone() == (False,):
            return SchemaState((), (), tuple(step.name for step in known(release)))
        cursor.execute("SELECT executed, pending FROM schema_meta WHERE subsystem = 'core'")
        executed, pending = cursor.fetchone() or ([], [])
    done = {*executed, *pending}
    new = tuple(step.name for step in known(release) if step.name not in done)
    return SchemaState(tuple(executed), tuple(pending), new)


def bootstrap(connection: psycopg.Connection[Any], release: str) -> list[str]:
    """Names of the executed migrations, none when the database had them."""
    with connection.transaction():
        _lock(connection)
        if not read_state(connection, release).needs_bootstrap:
            return []
        connection.execute(
            "CREATE TABLE schema_meta (key text, subsystem text, last_executed text, executed text[], pending text[],"
            " PRIMARY KEY (key, subsystem))"
        )
        for step in known(release):
            connection.execute(step.up)
            if step.finish:
                connection.execute(step.finish)
        names = [step.name for step in known(release)]
        connection.execute("INSERT INTO schema_meta VALUES ('schema_meta', 'core', %s, %s, '{}')", [names[-1], names])
        return names


def up(connection: psycopg.Connection[Any], release: str) -> tuple[list[str], list[str]]:
    """(executed, pending) by this call."""
    with connection.transaction():
        _lock(connection)
        state = read_state(connection, release)
        if state.needs_bootstrap:
            raise MigrationError("Cannot run migrations: database needs bootstrapping; run 'kong migrations bootstrap'")
        steps = [step for step in known(release) if step.name in state.new]
        for step in steps:
            connection.execute(step.up)
        executed = [step.name for step in steps if not step.finish]
        pending = [step.name for step in steps if step.finish]
        _record(connection, [*state.executed, *executed], [*state.pending, *pending])
        return executed, pending


def finish(connection: psycopg.Connection[Any], release: str) -> list[str]:
    """What was pending."""
    with connection.transaction():
        _lock(connection)
        state = read_state(connection, release)
        if state.needs_bootstrap:
            raise MigrationError("Cannot run migrations: database needs bootstrapping; run 'kong migrations bootstrap'")
        for step in known(release):
            if step.name in state.pending and step.finish:
                connection.execute(step.finish)
        _record(connection, [*state.executed, *state.pending], [])
        return list(state.pending)


def reset(connection: psycopg.Connection[Any]) -> bool:
    """Drop all tables; whether there were any."""
    with connection.transaction():
        _lock(connection)
        existed = not read_state(connection, RELEASES[-1]).needs_bootstrap
        for table in ("schema_meta", "entities", "configuration", "changes"):
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(table)))
        return existed


def _lock(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _record(connection: psycopg.Connection[Any], executed: Iterable[str], pending: Iterable[str]) -> None:
    connection.execute(
        "UPDATE schema_meta SET executed = %s, pending = %s WHERE subsystem = 'core'", [list(executed), list(pending)]
    )

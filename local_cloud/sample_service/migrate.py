"""Schema migrations: plain SQL files ordered by Alembic, all or nothing, one migrator at a time."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from .config import database_parameters
from .misbehaviour import Switches
from .values import Failed

log = logging.getLogger("migrate")
LOCK_TIMEOUT = "5s"


def run_sql(revision_file: str) -> None:
    """Execute the .sql file beside a revision, as it stands."""
    statements = Path(revision_file).with_suffix(".sql").read_text(encoding="utf-8")
    driver = op.get_bind().connection.driver_connection
    driver.execute(statements)  # type: ignore[union-attr]  # without parameters: many statements at once


def migrate(env: Mapping[str, str]) -> str:
    """Bring the schema to the newest revision that this release knows, and return the one it is at.

    Raises ConfigurationError, or Failed when the database refuses; the schema is unchanged then.
    """
    switches = Switches.from_environment(env)
    engine = create_engine(_url(env), poolclass=NullPool)
    config = _config(breaking=switches.breaking_migration)
    config.attributes["before_commit"] = lambda connection: _misbehave(connection, switches)
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head() or ""
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            before = MigrationContext.configure(connection).get_current_revision()
            connection.rollback()
            if before and before not in {script.revision for script in scripts.walk_revisions()}:
                # As Flyway does: what a later release has done to the schema is not this one's to judge.
                log.warning("schema is at revision %s, of a release later than this one's %s", before, head)
                return before
            command.upgrade(config, "head")
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise Failed(f"migration failed, schema unchanged: {reason}") from error
    log.info(
        "schema is at revision %s%s",
        head,
        ", nothing to do" if before == head else f" (was at {before or 'none'})",
    )
    return head


def _config(*, breaking: bool) -> Config:
    folder = Path(__file__).with_name("migrations")
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    locations = [folder / "versions", *([folder / "breaking"] if breaking else [])]
    config.set_main_option("version_locations", os.pathsep.join(map(str, locations)))
    return config


def _url(env: Mapping[str, str]) -> URL:
    parameters = database_parameters(env)
    # What the connection says comes last, and so wins.
    lock_timeout = f"-c lock_timeout={env.get('SAMPLE_MIGRATION_LOCK_TIMEOUT', LOCK_TIMEOUT)}"
    parameters["options"] = f"{lock_timeout} {parameters['options']}"
    named = {name: parameters.pop(name) for name in ("host", "port", "dbname", "user", "password")}
    return URL.create(
        "postgresql+psycopg",
        named["user"],
        named["password"],
        named["host"],
        int(named["port"]),
        named["dbname"],
        parameters,
    )


def _misbehave(connection: Connection, switches: Switches) -> None:
    """The last statements of the transaction, so that a failure undoes everything before them."""
    if switches.migration_delay_seconds:
        log.warning("SAMPLE_MIGRATION_DELAY_SECONDS is on")
        connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": switches.migration_delay_seconds})
    if switches.fail_migration:
        log.warning("SAMPLE_FAIL_MIGRATION is on")
        connection.execute(text("SELECT failing_migration_was_asked_for()"))

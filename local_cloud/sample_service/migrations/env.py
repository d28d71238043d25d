"""Run by Alembic for each command: all pending revisions in one transaction, one migrator at a time."""

from alembic import context
from sqlalchemy import text

ADVISORY_LOCK = 7_225_311
WAIT_FOR_OTHER_MIGRATOR = "60s"

connection = context.config.attributes["connection"]
context.configure(connection=connection)
with context.begin_transaction():
    connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_FOR_OTHER_MIGRATOR}'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))  # the connection's own
    context.run_migrations()
    context.config.attributes["before_commit"](connection)

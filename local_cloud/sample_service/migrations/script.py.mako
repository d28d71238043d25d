"""${message}: the statements are in the .sql file beside this one."""

from local_cloud.sample_service.migrate import run_sql

revision = "${up_revision}"
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    run_sql(__file__)

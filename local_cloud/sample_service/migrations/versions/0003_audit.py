"""Audit trail and security events: the statements are in the .sql file beside this one."""

from local_cloud.sample_service.migrate import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql(__file__)

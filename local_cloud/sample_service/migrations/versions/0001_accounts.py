"""Accounts, roles and verification tokens: the statements are in the .sql file beside this one."""

from local_cloud.sample_service.migrate import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_sql(__file__)

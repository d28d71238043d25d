"""A change that releases before it do not fit: the statement is in the .sql file beside this one."""

from local_cloud.sample_service.migrate import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_sql(__file__)

"""Sessions, devices and multi-factor configuration: the statements are in the .sql file beside this one."""

from local_cloud.sample_service.migrate import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_sql(__file__)

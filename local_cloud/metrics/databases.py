"""AWS/RDS."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import psycopg
from moto.rds.models import rds_backends

from local_cloud.aws.rds import database_of
from local_cloud.data_stores import rds_catalogue
from local_cloud.data_stores.database import Database
from local_cloud.metrics.publish import Datum, every_backend, put
from local_cloud.metrics.rates import Growth, Rates
from local_cloud.metrics.usage import CORES, Snapshot

LOG = logging.getLogger(__name__)
NAMESPACE = "AWS/RDS"
_STATE = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
       (SELECT sum(pg_database_size(oid)) FROM pg_database) + (SELECT sum(size) FROM pg_ls_waldir())
"""
# Milliseconds; from PostgreSQL 16 on one view has it all.
_IO = """
SELECT sum(reads)::float8, sum(read_time)::float8, sum(writes)::float8, sum(write_time + fsync_time)::float8
  FROM pg_stat_io
"""
_IO_BEFORE_16 = """
SELECT d.reads, d.read_time, w.wal_write + b.buffers_checkpoint + b.buffers_clean + b.buffers_backend,
       w.wal_write_time + w.wal_sync_time + d.write_time + b.checkpoint_sync_time
  FROM (SELECT sum(blks_read)::float8 AS reads, sum(blk_read_time) AS read_time, sum(blk_write_time) AS write_time
          FROM pg_stat_database) AS d, pg_stat_wal AS w, pg_stat_bgwriter AS b
"""


class Databases:
    def __init__(self) -> None:
        self._rates = Rates()

    def measure(self, processes: Snapshot) -> None:
        seen = set()
        for backend in every_backend(rds_backends):
            for instance in list(backend.databases.values()):
                database = database_of(instance)
                if database:
                    database.settle()
                if database and instance.status == "available" and database.server.process:
                    seen.add(database.server.name)
                    put(backend, self._instance(database, instance, processes))
        self._rates.keep(seen)

    def _instance(self, database: Database, instance: Any, processes: Snapshot) -> Iterator[Datum]:
        server = database.server
        assert server.process is not None
        used = processes.of([server.process.record.pid])
        try:
            with server.administrator() as connection:
                connections, stored = connection.execute(_STATE).fetchone() or (0, 0)
                io = _IO if connection.info.server_version >= 160000 else _IO_BEFORE_16
                reads, read_ms, writes, write_ms = connection.execute(io.encode()).fetchone() or (0, 0, 0, 0)
        except psycopg.OperationalError as error:
            LOG.info("no metrics of %s: %s", server.name, error)
            return

        def datum(name: str, value: float, unit: str) -> Datum:
            return Datum(NAMESPACE, name, {"DBInstanceIdentifier": instance.db_instance_identifier}, value, unit)

        free = instance.allocated_storage * 2**30 - float(stored)
        memory = rds_catalogue.memory_bytes(instance.db_instance_class) - used.memory_bytes
        yield datum("DatabaseConnections", connections, "Count")
        yield datum("FreeStorageSpace", max(0.0, free), "Bytes")
        yield datum("FreeableMemory", max(0, memory), "Bytes")
        counters = {"cpu": used.cpu_seconds, "reads": reads, "read_ms": read_ms, "writes": writes, "write_ms": write_ms}
        growth = self._rates.growth(server.name, {name: float(value) for name, value in counters.items()})
        if growth:
            yield from (datum(*row) for row in _rates(growth))


def _rates(growth: Growth) -> list[tuple[str, float, str]]:
    return [
        ("CPUUtilization", min(100.0, 100 * growth.rate("cpu") / CORES), "Percent"),
        ("ReadIOPS", growth.rate("reads"), "Count/Second"),
        ("WriteIOPS", growth.rate("writes"), "Count/Second"),
        ("ReadLatency", growth.mean("read_ms", "reads") / 1000, "Seconds"),
        ("WriteLatency", growth.mean("write_ms", "writes") / 1000, "Seconds"),
    ]

"""One PostgreSQL server: what a DB instance is behind its endpoint.

As on RDS the master user is no superuser: `rdsadmin` is, and its password lives in memory only.
Started by root, the server runs as an unprivileged user that owns its data directory and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from local_cloud.data_stores import shared_memory
from local_cloud.processes import Process
from local_cloud.tools import Tool

ADMINISTRATOR = "rdsadmin"
START_SECONDS = 30.0
_GRANTED = ("pg_monitor", "pg_signal_backend", "pg_checkpoint", "pg_use_reserved_connections")

Launcher = Callable[[str, Sequence[str], Mapping[str, str]], Process]
"""(name, argv, environment) -> running process."""


@dataclass(frozen=True)
class Certificate:
    """PEM files."""

    ca: Path
    certificate: Path
    key: Path


@dataclass
class PostgresServer:
    name: str
    address: str
    port: int
    folder: Path
    certificate: Certificate
    initdb: Tool
    postgres: Tool
    launch: Launcher
    force_ssl: bool = True
    parameters: dict[str, str] = field(default_factory=dict)
    process: Process | None = field(default=None, repr=False)
    _password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    # -- life -----------------------------------------------------------------------------------

    def create(self, master: str, password: str, database: str | None) -> None:
        """Initialise the data directory, start, and make the master user and its database."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(mode=0o700)
        _give(self.data)
        self._initialise()
        self.start()
        self._create_master(master, password, database)

    def _initialise(self) -> None:
        password = self.data.with_name("administrator")
        password.touch(mode=0o600)
        password.write_text(self._password)
        _give(password)
        options = ["--username", ADMINISTRATOR, "--auth", "scram-sha-256", "--encoding", "UTF8"]
        argv = [str(self.initdb.path), "-D", str(self.data), *options, "--locale", "C.UTF-8", "--no-sync"]
        try:
            finished = subprocess.run(
                unprivileged([*argv, f"--pwfile={password}"], self.data),
                env=self._environment(self.initdb),
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            password.unlink()
        if finished.returncode:
            raise RuntimeError(f"initdb for {self.name} failed: {finished.stderr.strip()}")

    @staticmethod
    def _environment(tool: Tool) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "TZ": "UTC", **tool.env}

    def start(self) -> None:
        self._configure()
        self.process = self.launch(
            self.name,
            unprivileged([str(self.postgres.path), "-D", str(self.data)], self.data),
            self._environment(self.postgres),
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = self.process.log_tail()
                raise RuntimeError("\n".join([f"PostgreSQL {self.name} did not start:", *tail]))
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with self.administrator():
                return True
        except psycopg.OperationalError:
            return False

    @property
    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        """Fast shutdown: sessions end, nothing is lost."""
        if self.process is not None:
            self.process.stop(15, first=signal.SIGINT)
            self.process = None
        shared_memory.release(self.data)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- configuration ----------------------------------------------------------------------------

    def _configure(self) -> None:
        certificate, key = self.data / "server.crt", self.data / "server.key"
        for source, target in ((self.certificate.certificate, certificate), (self.certificate.key, key)):
            target.touch(mode=0o600)
            target.write_bytes(source.read_bytes())
            _give(target)
        self._write("parameters.conf", [f"{name} = {_quoted(value)}" for name, value in self.parameters.items()])
        self._write("pg_hba.conf", self._access())
        self._write("postgresql.conf", self._settings())

    def _settings(self) -> list[str]:
        return [
            "shared_buffers = 32MB",
            "shared_preload_libraries = 'pg_stat_statements'",
            # what the metrics of latency are made of
            "track_io_timing = on",
            "track_wal_io_timing = on",
            "include = 'parameters.conf'",
            f"listen_addresses = '{self.address}'",
            f"port = {self.port}",
            "unix_socket_directories = ''",
            "ssl = on",
            "password_encryption = 'scram-sha-256'",
            "timezone = 'UTC'",
            # nothing outside the data directory, and nothing that survives a crash of the machine
            "dynamic_shared_memory_type = mmap",
            "fsync = off",
            "logging_collector = off",
        ]

    def _access(self) -> list[str]:
        kind = "hostssl" if self.force_ssl else "host"
        return [
            f"hostssl all {ADMINISTRATOR} 127.0.0.0/8 scram-sha-256",
            f"{kind} all all 127.0.0.0/8 scram-sha-256",
        ]

    def _write(self, name: str, lines: Sequence[str]) -> None:
        path = self.data / name
        path.write_text("\n".join(lines) + "\n")
        _give(path)

    def reconfigure(self, *, force_ssl: bool, parameters: Mapping[str, str]) -> None:
        """Apply what can change without a restart; the rest waits for the next start."""
        self.force_ssl, self.parameters = force_ssl, dict(parameters)
        self._configure()
        with self.administrator() as connection:
            connection.execute("SELECT pg_reload_conf()")

    # -- users ------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def administrator(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        with psycopg.connect(
            host=self.address,
            port=self.port,
            user=ADMINISTRATOR,
            password=self._password,
            dbname=database,
            sslmode="verify-full",
            sslrootcert=str(self.certificate.ca),
            connect_timeout=5,
            autocommit=True,
        ) as connection:
            yield connection

    def _create_master(self, master: str, password: str, database: str | None) -> None:
        role = sql.Identifier(master)
        for existing in ("template1", "postgres"):
            with self.administrator(existing) as connection:
                # On RDS rds_superuser may create it; here it is there already.
                connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        with self.administrator() as connection:
            for statement in (
                "CREATE ROLE rds_superuser NOLOGIN",
                "CREATE ROLE rds_iam NOLOGIN",
                "CREATE ROLE rds_replication NOLOGIN",
            ):
                connection.execute(sql.SQL(statement))
            # which of these there are depends on the version
            own = connection.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(_GRANTED)])
            for (name,) in own.fetchall():
                grant = sql.SQL("GRANT {} TO rds_superuser WITH ADMIN OPTION")
                connection.execute(grant.format(sql.Identifier(name)))
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE IN ROLE rds_superuser").format(role))
            self._set_password(connection, master, password)
            connection.execute(sql.SQL("ALTER DATABASE postgres OWNER TO {}").format(role))
            if database and database != "postgres":
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), role))

    def set_password(self, user: str, password: str) -> None:
        with self.administrator() as connection:
            self._set_password(connection, user, password)

    @staticmethod
    def _set_password(connection: psycopg.Connection, user: str, password: str) -> None:
        # hashed here, so that the password itself can appear in no log of the server
        hashed = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256")
        connection.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(hashed.decode()))
        )


def _quoted(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


# -- running as root --------------------------------------------------------------------------------


def _unprivileged_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return pwd.getpwuid(65534)


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        user = _unprivileged_user()
        os.chown(path, user.pw_uid, user.pw_gid)


def unprivileged(argv: Sequence[str], data: Path) -> list[str]:
    """The command as the server's user. PostgreSQL refuses to run as root.

    Folders above program or data that only root may enter (a clone in /root) are passed with the one
    capability for that, and without it where it is not needed.
    """
    if os.geteuid() != 0:
        return list(argv)
    user = _unprivileged_user()
    command = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
    if not all(_enterable(path) for path in (Path(argv[0]).resolve().parent, data.resolve().parent)):
        capability = "dac_read_search"
        command += ["--inh-caps", f"-all,+{capability}", "--bounding-set", f"-all,+{capability}"]
        command += ["--ambient-caps", f"+{capability}", "--securebits", "+no_setuid_fixup"]
    return [*command, *argv]


def _enterable(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))

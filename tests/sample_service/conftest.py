"""A real PostgreSQL and Redis once a session, and the service as a process on an address of its own."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis as redis_client
from psycopg.rows import DictRow, dict_row

from local_cloud.certificates import Authority
from local_cloud.tools import Tools

from .client import Client, Service, wait_until

ROOT = Path(__file__).parents[2]
TOOLS = Tools(ROOT / ".venv" / "debian")
PASSWORD = "database-password"
REDIS_PASSWORD = "redis-password"
_addresses = (f"127.63.{os.getpid() % 250 + 1}.{host}" for host in itertools.count(1))
_databases = itertools.count(1)


class Postgres:
    def __init__(self, address: str, authority: Authority) -> None:
        self.address = address
        self.authority = authority

    def connect(self, database: str = "postgres") -> psycopg.Connection[DictRow]:
        return psycopg.connect(
            host=self.address,
            dbname=database,
            user="owner",
            password=PASSWORD,
            autocommit=True,
            row_factory=dict_row,
        )

    def create(self) -> str:
        """A new, empty database; gives its name."""
        name = f"trademaster_auth_{next(_databases)}"
        with closing(self.connect()) as db:
            db.execute(f'CREATE DATABASE "{name}"')
        return name

    def environment(self, database: str, ca: Path | None = None) -> dict[str, str]:
        query = f"sslmode=verify-full&sslrootcert={ca or self.authority.certificate}"
        return {
            "SPRING_DATASOURCE_URL": f"jdbc:postgresql://{self.address}:5432/{database}?{query}",
            "DB_USERNAME": "owner",
            "DB_PASSWORD": PASSWORD,
        }


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="sample-postgres-"))
    (folder / "password").write_text(PASSWORD)
    # PostgreSQL refuses to run as root.
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    data = Postgres(next(_addresses), Authority(folder))
    pair = data.authority.issue("postgres", ips=[data.address])
    for path in (folder, folder / "password", pair.key):
        os.chown(path, user.pw_uid, user.pw_gid)

    def start(name: str, *arguments: str) -> subprocess.Popen[bytes]:
        tool = TOOLS.find(name)
        with (folder / f"{name}.log").open("wb") as output:
            return subprocess.Popen(
                [tool.path, "-D", folder / "data", *arguments],
                cwd=folder,
                env=os.environ | tool.env,
                stdout=output,
                stderr=subprocess.STDOUT,
                **({"user": user.pw_uid, "group": user.pw_gid} if os.geteuid() == 0 else {}),
            )

    initialised = start(
        "initdb", "-U", "owner", "-A", "scram-sha-256", f"--pwfile={folder}/password", "--no-sync", "-E", "UTF8"
    )
    assert initialised.wait(30) == 0, (folder / "initdb.log").read_text()
    listening = ["-h", data.address, "-k", str(folder)]
    encrypted = ["-l", f"--ssl_cert_file={pair.certificate}", f"--ssl_key_file={pair.key}"]
    process = start("postgres", *listening, *encrypted, "-F")
    wait_until(lambda: data.connect().close() is None, process, (psycopg.OperationalError,))
    yield data
    process.send_signal(signal.SIGINT)  # fast shutdown: does not wait for clients
    process.wait(10)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis_client.Redis]:
    tool, address = TOOLS.find("redis-server"), next(_addresses)
    folder = tmp_path_factory.mktemp("redis")
    (folder / "redis.conf").write_text(
        f'bind {address}\nport 6379\nrequirepass {REDIS_PASSWORD}\nsave ""\ndir {folder}\n'
    )
    with (folder / "redis.log").open("wb") as output:
        process = subprocess.Popen(
            [tool.path, folder / "redis.conf"], env=os.environ | tool.env, stdout=output, stderr=output
        )
    client = redis_client.Redis(address, 6379, password=REDIS_PASSWORD, decode_responses=True)
    wait_until(client.ping, process, (redis_client.ConnectionError,))
    yield client
    client.close()
    process.terminate()
    process.wait(10)


@pytest.fixture
def backing(postgres: Postgres, redis: redis_client.Redis) -> dict[str, str]:
    """The environment of a service with an empty database of its own."""
    return environment(postgres, redis)


def environment(postgres: Postgres, redis: redis_client.Redis) -> dict[str, str]:
    connection = redis.connection_pool.connection_kwargs
    return postgres.environment(postgres.create()) | {
        "PATH": os.environ["PATH"],
        "SPRING_PROFILES_ACTIVE": "prod",
        "SPRING_CLOUD_CONSUL_ENABLED": "false",
        "REDIS_HOST": connection["host"],
        "SPRING_REDIS_PASSWORD": REDIS_PASSWORD,
        "JWT_SECRET": "s" * 64,
        "TRADEMASTER_SERVICE_API_KEY": "service-key",
        "MAIL_HOST": "127.63.0.1",
        "LOGIN_RATE_LIMIT": "1000",
        "REGISTRATION_RATE_LIMIT": "1000",
        "PASSWORD_RESET_RATE_LIMIT": "1000",
        "EMAIL_VERIFICATION_RATE_LIMIT": "1000",
    }


def database_name(env: dict[str, str]) -> str:
    return urlsplit(env["SPRING_DATASOURCE_URL"].removeprefix("jdbc:")).path[1:]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "local_cloud.sample_service", *arguments]


def run(*arguments: str, env: dict[str, str], seconds: float = 20) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=ROOT, env=env, capture_output=True, text=True, timeout=seconds, check=False
    )


class Launcher:
    """Starts services and ends those still running."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[Service] = []

    def __call__(self, env: dict[str, str], *, ready: str | None = "/actuator/info") -> Service:
        """`ready` is the management path to wait for."""
        address = next(_addresses)
        log = self._folder / f"{address}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command("serve", "--host", address), cwd=ROOT, env=env, stdout=output, stderr=output
            )
        service = Service(address, process, log, int(env.get("MANAGEMENT_SERVER_PORT", "9080")))
        self._running.append(service)
        if ready:
            wait_until(lambda: service.management.get(ready).status == 200, process, (OSError,), log)
        return service

    def close(self) -> None:
        for service in self._running:
            service.process.kill()
            service.process.wait(10)


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path)
    yield launcher
    launcher.close()


@pytest.fixture(scope="session")
def shared(
    postgres: Postgres, redis: redis_client.Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, dict[str, str]]]:
    """One healthy service in profile prod for all tests that only talk to it, and its environment."""
    launcher = Launcher(tmp_path_factory.mktemp("service"))
    env = environment(postgres, redis)
    yield launcher(env), env
    launcher.close()


@pytest.fixture
def service(shared: tuple[Service, dict[str, str]]) -> Service:
    return shared[0]


@pytest.fixture
def db(postgres: Postgres, shared: tuple[Service, dict[str, str]]) -> Iterator[psycopg.Connection[DictRow]]:
    with closing(postgres.connect(database_name(shared[1]))) as connection:
        yield connection


@pytest.fixture
def sign_up(service: Service, db: psycopg.Connection[DictRow]) -> Callable[[], Client]:
    """Registers and verifies a new account; the client knows its e-mail and password."""
    numbers = itertools.count(time.time_ns())

    def make() -> Client:
        client = Client(service.address, 8080)
        client.email, client.password = f"user-{next(numbers)}@example.com", "correct horse"
        assert client.register().status == 201
        assert client.post("/api/v1/auth/verify-email", {"token": email_token(db, client.email)}).status == 200
        return client

    return make


def email_token(db: psycopg.Connection[DictRow], email: str, kind: str = "EMAIL_VERIFICATION") -> str:
    row = db.execute(
        "SELECT token FROM verification_tokens t JOIN users u ON u.id = t.user_id"
        " WHERE u.email = %s AND t.token_type = %s ORDER BY t.id DESC LIMIT 1",
        [email, kind],
    ).fetchone()
    assert row is not None
    return str(row["token"])

"""What ends a start, what migrations do, and the switches that make the service misbehave."""

from __future__ import annotations

import json
import signal
import threading
from contextlib import closing
from pathlib import Path

import pytest

from local_cloud.certificates import Authority

from .client import Service, wait_until
from .conftest import Launcher, Postgres, database_name, run


def last_message(output: str) -> str:
    return str(json.loads(output.splitlines()[-1])["message"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SPRING_DATASOURCE_URL", "postgresql://localhost/db"),
        ("SPRING_DATASOURCE_URL", "jdbc:postgresql://localhost:port/db"),
        ("SPRING_DATASOURCE_URL", "jdbc:postgresql://localhost:5432"),
        ("JWT_SECRET", "short"),
        ("SPRING_FLYWAY_ENABLED", "yes"),
        ("REDIS_PORT", "70000"),
        ("SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE", "0"),
        ("SERVER_FORWARD_HEADERS_STRATEGY", "magic"),
        ("SAMPLE_ERROR_RATIO", "2"),
    ],
)
def test_a_wrong_setting_ends_the_start_in_one_line(backing: dict[str, str], name: str, value: str) -> None:
    ended = run("serve", "--host", "127.63.0.9", env=backing | {name: value})
    assert ended.returncode == 2
    assert name in last_message(ended.stdout)
    assert value == "short" or value in last_message(ended.stdout)
    assert "Traceback" not in ended.stdout + ended.stderr


def test_an_unreachable_database_ends_the_start(backing: dict[str, str]) -> None:
    env = backing | {
        "SPRING_DATASOURCE_URL": "jdbc:postgresql://127.63.0.1:5432/x",
        "SPRING_FLYWAY_ENABLED": "false",
    }
    ended = run("serve", "--host", "127.63.0.9", env=env)
    assert ended.returncode == 1
    assert "127.63.0.1" in last_message(ended.stdout)
    assert env["DB_PASSWORD"] not in ended.stdout + ended.stderr


def test_the_databases_certificate_is_verified(postgres: Postgres, backing: dict[str, str], tmp_path: Path) -> None:
    stranger = Authority(tmp_path).certificate
    name = database_name(backing)
    ended = run("migrate", env=backing | postgres.environment(name, stranger))
    assert ended.returncode == 1
    assert "certificate verify failed" in last_message(ended.stdout)


def test_it_does_not_serve_without_its_tables(backing: dict[str, str]) -> None:
    ended = run("serve", "--host", "127.63.0.9", env=backing | {"SPRING_FLYWAY_ENABLED": "false"})
    assert ended.returncode == 1
    assert last_message(ended.stdout) == "schema validation: missing table [users]"


def test_a_taken_port_is_named(service: Service, backing: dict[str, str]) -> None:
    ended = run("serve", "--host", service.address, env=backing)
    assert ended.returncode == 1
    assert f"{service.address}:" in last_message(ended.stdout)


def tables(postgres: Postgres, env: dict[str, str]) -> set[str]:
    name = database_name(env)
    with closing(postgres.connect(name)) as db:
        rows = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {row["tablename"] for row in rows}


def test_migrations_run_once(postgres: Postgres, backing: dict[str, str]) -> None:
    first, second = run("migrate", env=backing), run("migrate", env=backing)
    assert (first.returncode, second.returncode) == (0, 0)
    assert last_message(first.stdout) == "schema is at revision 0003 (was at none)"
    assert last_message(second.stdout) == "schema is at revision 0003, nothing to do"
    expected = {"users", "user_roles", "verification_tokens", "auth_audit_log", "user_sessions"}
    assert expected <= tables(postgres, backing)


def test_two_migrators_do_not_collide(postgres: Postgres, backing: dict[str, str]) -> None:
    results: list[int] = []
    env = backing | {"SAMPLE_MIGRATION_DELAY_SECONDS": "0.3"}
    threads = [threading.Thread(target=lambda: results.append(run("migrate", env=env).returncode)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [0, 0, 0]


def test_a_failed_migration_changes_nothing(postgres: Postgres, backing: dict[str, str]) -> None:
    ended = run("migrate", env=backing | {"SAMPLE_FAIL_MIGRATION": "true"})
    assert ended.returncode == 1
    assert last_message(ended.stdout).startswith("migration failed, schema unchanged: function failing_migration")
    assert tables(postgres, backing) == set()


def test_a_release_leaves_the_schema_of_a_later_one_alone(backing: dict[str, str]) -> None:
    assert run("migrate", env=backing).returncode == 0
    later = run("migrate", env=backing | {"SAMPLE_BREAKING_MIGRATION": "true"})
    assert (later.returncode, last_message(later.stdout)) == (0, "schema is at revision 0004 (was at 0003)")
    earlier = run("migrate", env=backing)
    message = "schema is at revision 0004, of a release later than this one's 0003"
    assert (earlier.returncode, last_message(earlier.stdout)) == (0, message)


def test_a_migration_gives_up_on_a_locked_table(postgres: Postgres, backing: dict[str, str]) -> None:
    assert run("migrate", env=backing).returncode == 0
    name = database_name(backing)
    with closing(postgres.connect(name)) as db:
        db.execute("BEGIN")
        db.execute("LOCK TABLE alembic_version")
        ended = run("migrate", env=backing | {"SAMPLE_MIGRATION_LOCK_TIMEOUT": "200ms"})
    assert ended.returncode == 1
    assert "lock timeout" in last_message(ended.stdout)


def test_fail_at_start(backing: dict[str, str]) -> None:
    ended = run("serve", "--host", "127.63.0.9", env=backing | {"SAMPLE_FAIL_START": "true"})
    assert (ended.returncode, last_message(ended.stdout)) == (1, "SAMPLE_FAIL_START is on")


def test_crash_after_seconds(launch: Launcher, backing: dict[str, str]) -> None:
    service = launch(backing | {"SAMPLE_CRASH_AFTER_SECONDS": "0.5"}, ready=None)
    assert service.process.wait(20) == 70


def test_never_healthy(launch: Launcher, backing: dict[str, str]) -> None:
    service = launch(backing | {"SAMPLE_UNHEALTHY_AFTER_SECONDS": "0"})
    assert service.management.get("/actuator/health").status == 503
    assert service.api.post("/api/v1/auth/login", {}).status == 400


def test_error_ratio_is_exact_and_spares_health(launch: Launcher, backing: dict[str, str]) -> None:
    service = launch(backing | {"SAMPLE_ERROR_RATIO": "0.2"})
    statuses = [service.api.post("/api/v1/auth/login", {}).status for _ in range(20)]
    assert sorted(statuses) == [400] * 16 + [500] * 4
    assert {service.management.get("/actuator/health").status for _ in range(10)} == {200}


def test_switches_change_at_run_time(launch: Launcher, backing: dict[str, str]) -> None:
    service = launch(backing | {"SAMPLE_CHAOS_ENABLED": "true"})
    path, key = "/sample/misbehaviour", {"X-API-Key": "service-key"}
    management = service.management
    assert management.request("PUT", path, {"error_ratio": 1}, {}).status == 401
    assert management.request("PUT", path, {"error_ratio": 5}, key).status == 400
    assert management.request("PUT", path, {"fail_start": True}, key).status == 400
    answer = management.request("PUT", path, {"error_ratio": 1, "unhealthy_after_seconds": 0}, key)
    assert (answer.status, answer.body["error_ratio"]) == (200, 1)
    assert service.api.post("/api/v1/auth/login", {}).status == 500
    assert management.get("/actuator/health").status == 503
    assert management.request("PUT", path, {"error_ratio": None, "unhealthy_after_seconds": None}, key).status == 200
    assert service.api.post("/api/v1/auth/login", {}).status == 400
    assert management.get("/actuator/health").status == 200


def test_the_switches_are_not_there_by_default(service: Service) -> None:
    assert service.management.request("GET", "/sample/misbehaviour", None, {"X-API-Key": "service-key"}).status == 401


def test_sigterm_can_be_ignored(launch: Launcher, backing: dict[str, str]) -> None:
    service = launch(backing | {"SAMPLE_IGNORE_SIGTERM": "true"})
    service.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "SAMPLE_IGNORE_SIGTERM is on" in service.messages(), service.process)
    assert service.management.get("/actuator/health").status == 200

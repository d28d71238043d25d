"""The `kong` program: migrations and their exit codes, and when a node refuses to start."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

import pytest

from local_cloud.kong import command
from local_cloud.kong.command import RELEASE_VARIABLE
from local_cloud.kong.standalone import Kong, run_command
from local_cloud.ports import free_ports

BEFORE = {RELEASE_VARIABLE: "3.8.0"}


@pytest.fixture
def database(kong: Kong) -> Iterator[dict[str, str]]:
    """Settings for a database of the test's own, with nothing in it."""
    server = kong.database
    assert server
    with server.administrator() as connection:
        connection.execute("CREATE DATABASE empty OWNER kong")
    listeners = {f"KONG_{name}_LISTEN": f"127.0.0.1:{free_ports(1)[0]}" for name in ("ADMIN", "PROXY", "STATUS")}
    yield {**kong.environment, **listeners, "KONG_PG_DATABASE": "empty"}
    with server.administrator() as connection:
        connection.execute("DROP DATABASE empty")


def _run(settings: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Exit code and output; what would start a node is a process of its own."""
    if arguments[0].endswith("start"):
        finished = run_command(settings, *arguments)
        return finished.returncode, finished.stdout + finished.stderr
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = command.main(arguments, settings)
    return code, output.getvalue()


def test_a_new_database_is_bootstrapped_once(database: dict[str, str]) -> None:
    code, output = _run(database, "migrations", "list")
    assert (code, "needs bootstrapping" in output) == (3, True)
    code, output = _run(database, "migrations", "bootstrap")
    assert (code, "up-to-date" in output) == (0, True)
    assert _run(database, "migrations", "bootstrap") == (0, "Database already bootstrapped\n")
    assert _run(database, "migrations", "up") == (0, "Database is already up-to-date\n")
    assert _run(database, "migrations", "finish") == (0, "No pending migrations to finish\n")
    assert _run(database, "migrations", "list")[0] == 0


def test_an_upgrade_goes_up_first_and_is_finished_later(database: dict[str, str]) -> None:
    assert _run({**database, **BEFORE}, "migrations", "bootstrap")[0] == 0
    assert _run(database, "migrations", "list")[0] == 5
    code, output = _run(database, "start")
    assert (code, "run 'kong migrations up'" in output) == (1, True)
    assert _run(database, "migrations", "up")[0] == 0
    assert _run(database, "migrations", "list")[0] == 4
    assert _run(database, "migrations", "finish")[0] == 0
    assert _run(database, "migrations", "list")[0] == 0


@pytest.mark.parametrize("step", ["up", "finish"])
def test_an_empty_database_is_no_place_for_other_steps(database: dict[str, str], step: str) -> None:
    code, output = _run(database, "migrations", step)
    assert (code, "needs bootstrapping" in output) == (1, True)


def test_a_node_does_not_start_on_an_empty_database(database: dict[str, str]) -> None:
    code, output = _run(database, "docker-start")
    assert (code, "needs bootstrapping" in output) == (1, True)


def test_a_reset_asks_first(database: dict[str, str]) -> None:
    assert _run(database, "migrations", "bootstrap")[0] == 0
    assert _run(database, "migrations", "reset")[0] == 1
    assert _run(database, "migrations", "reset", "--yes")[0] == 0
    assert _run(database, "migrations", "list")[0] == 3


def test_the_version_is_told() -> None:
    assert _run({}, "version") == (0, "3.9.1\n")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"KONG_DATABASE": "mysql"}, "KONG_DATABASE"),
        ({"KONG_PG_PORT": "1"}, "[PostgreSQL error]"),
        ({"KONG_DATABASE": "off", "KONG_DECLARATIVE_CONFIG": "/nonexistent.yml"}, "/nonexistent.yml"),
        (
            {"KONG_DATABASE": "off", "KONG_DECLARATIVE_CONFIG_STRING": '{"_format_version": "9"}'},
            "expected one of: 1.1, 2.1, 3.0",
        ),
    ],
)
def test_what_keeps_a_node_from_starting_is_said(settings: dict[str, str], said: str) -> None:
    code, output = _run(settings, "start")
    assert (code, said in output) == (1, True)


def test_health_follows_the_node(kong: Kong) -> None:
    address = kong.status.removeprefix("http://")
    assert _run({"KONG_STATUS_LISTEN": address}, "health")[0] == 0
    code, output = _run({"KONG_STATUS_LISTEN": f"127.0.0.1:{free_ports(1)[0]}"}, "health")
    assert (code, "not running" in output) == (1, True)

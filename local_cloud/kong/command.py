"""Commands of the `kong` program. Settings come from KONG_* variables alone."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from local_cloud.kong import VERSION, migrations
from local_cloud.kong.database import StoreUnavailableError, connection_options
from local_cloud.kong.errors import ConfigurationError
from local_cloud.kong.migrations import MigrationError, SchemaState
from local_cloud.kong.settings import SettingError, Settings, from_environment

RELEASE_VARIABLE = "KONG_STAND_IN_RELEASE"
"""The release to act as where migrations are concerned, to rehearse an upgrade."""

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "notice": logging.INFO, "warn": logging.WARNING}
NEEDS_BOOTSTRAP, HAS_PENDING, HAS_NEW = 3, 4, 5
"""Exit codes of `migrations list`."""


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    parsed = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace, Settings, str], int] = parsed.run
    try:
        settings = from_environment(environment)
        release = environment.get(RELEASE_VARIABLE, VERSION)
        return command(parsed, settings, _known(release))
    except psycopg.OperationalError as error:
        return _fail(f"[PostgreSQL error] cannot connect: {str(error).strip()}")
    except ConfigurationError as error:
        return _fail(f"error parsing declarative config: {error}")
    except (SettingError, MigrationError, StoreUnavailableError, psycopg.Error, OSError) as error:
        return _fail(str(error).strip())


def _known(release: str) -> str:
    if release not in migrations.RELEASES:
        raise SettingError(f"{RELEASE_VARIABLE}: expected one of {', '.join(migrations.RELEASES)}")
    return release


def _fail(message: str) -> int:
    print(f"Error: {message}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kong", description=f"A stand-in for Kong {VERSION}.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name in ("docker-start", "start"):
        command = commands.add_parser(name, help="run a node in the foreground")
        command.add_argument("-v", "--v", action="store_true", help="more messages")
        command.set_defaults(run=_start)
    commands.add_parser("version", help="print the version").set_defaults(run=_version)
    commands.add_parser("health", help="whether a node runs here").set_defaults(run=_health)
    commands.add_parser("check", help="check the settings").set_defaults(run=_check)
    step = commands.add_parser("migrations", help="tables of the database")
    step.add_argument("step", choices=tuple(_STEPS))
    step.add_argument("-y", "--yes", action="store_true", help="do not ask")
    step.add_argument("-q", "--quiet", action="store_true", help="print nothing")
    for name, meaning in (("--db-timeout", "to reach the database"), ("--lock-timeout", "for other migrations to end")):
        step.add_argument(name, type=int, default=60, metavar="SECONDS", help=f"how long to wait {meaning}")
    step.set_defaults(run=_migrations)
    return parser


def _version(parsed: argparse.Namespace, settings: Settings, release: str) -> int:
    print(VERSION)
    return 0


def _check(parsed: argparse.Namespace, settings: Settings, release: str) -> int:
    print("configuration is valid")
    return 0


# -- running --------------------------------------------------------------------------------------


def _start(parsed: argparse.Namespace, settings: Settings, release: str) -> int:
    logging.basicConfig(
        stream=sys.stderr,
        level=_LEVELS.get(settings.log_level, logging.ERROR),
        format="%(asctime)s [%(levelname)s] %(name)s: %(message)s",
    )
    print(f"stand-in for Kong {VERSION}: not the real gateway, for development and tests only", file=sys.stderr)
    if settings.database == "postgres":
        _refuse_unmigrated(settings, release)
    import uvloop

    from local_cloud.kong.node import run

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(settings))
    return 0


def _refuse_unmigrated(settings: Settings, release: str) -> None:
    with _connect(settings) as connection:
        state = migrations.read_state(connection, release)
    if state.needs_bootstrap:
        raise MigrationError("Database needs bootstrapping: run 'kong migrations bootstrap'")
    if state.new:
        raise MigrationError("New migrations available: run 'kong migrations up' to proceed")
    if state.pending:
        logging.getLogger("kong").warning("pending migrations: run 'kong migrations finish' when ready")


def _connect(settings: Settings, seconds: int | None = None) -> psycopg.Connection[Any]:
    options = connection_options(settings)
    if seconds is not None:
        options["connect_timeout"] = seconds
    return psycopg.connect(**options)


def _health(parsed: argparse.Namespace, settings: Settings, release: str) -> int:
    for listener in settings.status_listen or settings.admin_listen:
        url = f"http{'s' if listener.ssl else ''}://{listener.address}:{listener.port}/status"
        try:
            with urllib.request.urlopen(url, timeout=5, context=_unverified(listener.ssl)):  # noqa: S310 (our own node)
                print(f"Kong is healthy at {settings.prefix}")
                return 0
        except (urllib.error.URLError, OSError):
            continue
    return _fail(f"Kong is not running at {settings.prefix}")


def _unverified(wanted: bool) -> ssl.SSLContext | None:
    if not wanted:
        return None
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


# -- migrations -----------------------------------------------------------------------------------


def _migrations(parsed: argparse.Namespace, settings: Settings, release: str) -> int:
    if settings.database == "off":
        raise MigrationError("Cannot run migrations: there is no database (KONG_DATABASE is off)")
    say: Callable[[str], None] = _silence if parsed.quiet else print
    with _connect(settings, parsed.db_timeout) as connection:
        connection.execute(sql.SQL("SET lock_timeout = {}").format(sql.Literal(f"{parsed.lock_timeout}s")))
        return _STEPS[parsed.step](connection, release, parsed, say)


def _silence(text: str) -> None:
    return None


def _bootstrap(
    connection: psycopg.Connection[Any], release: str, parsed: argparse.Namespace, say: Callable[[str], None]
) -> int:
    names = migrations.bootstrap(connection, release)
    if not names:
        say("Database already bootstrapped")
        return 0
    say("Bootstrapping database...")
    _report(names, (), say)
    say("Database is up-to-date")
    return 0


def _up(
    connection: psycopg.Connection[Any], release: str, parsed: argparse.Namespace, say: Callable[[str], None]
) -> int:
    executed, pending = migrations.up(connection, release)
    if not executed and not pending:
        say("Database is already up-to-date")
        return 0
    _report(executed, pending, say)
    if pending:
        say("\nDatabase has pending migrations; run 'kong migrations finish' when ready")
    return 0


def _finish(
    connection: psycopg.Connection[Any], release: str, parsed: argparse.Namespace, say: Callable[[str], None]
) -> int:
    names = migrations.finish(connection, release)
    if not names:
        say("No pending migrations to finish")
        return 0
    _report(names, (), say)
    return 0


def _list(
    connection: psycopg.Connection[Any], release: str, parsed: argparse.Namespace, say: Callable[[str], None]
) -> int:
    state = migrations.read_state(connection, release)
    if state.needs_bootstrap:
        say("Database needs bootstrapping; run 'kong migrations bootstrap'")
        return NEEDS_BOOTSTRAP
    titles = {"Executed migrations": state.executed, "Pending migrations": state.pending}
    for title, names in (titles | {"New migrations available": state.new}).items():
        if names:
            say(f"{title}:\ncore: {', '.join(names)}")
    return _advise(state, say)


def _advise(state: SchemaState, say: Callable[[str], None]) -> int:
    if state.pending:
        say("\nRun 'kong migrations finish' when ready")
        return HAS_PENDING
    if state.new:
        say("\nRun 'kong migrations up' to proceed")
        return HAS_NEW
    return 0


def _reset(
    connection: psycopg.Connection[Any], release: str, parsed: argparse.Namespace, say: Callable[[str], None]
) -> int:
    if not parsed.yes and not _confirmed():
        say("cancelled")
        return 1
    say("Resetting database..." if migrations.reset(connection) else "Database already reset")
    return 0


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        raise MigrationError("not a tty: invoke 'reset' non-interactively with the --yes flag")
    return input("Are you sure? This operation is irreversible. [y/N] ").lower() in ("y", "yes")


def _report(executed: Sequence[str], pending: Sequence[str], say: Callable[[str], None]) -> None:
    for names, word in ((executed, "executed"), (pending, "pending")):
        for name in names:
            say(f"core migrated up to: {name} ({word})")
    say(f"{len(executed) + len(pending)} migrations processed")


_STEPS = {"bootstrap": _bootstrap, "up": _up, "finish": _finish, "list": _list, "reset": _reset}

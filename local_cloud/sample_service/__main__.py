"""`python -m local_cloud.sample_service serve|migrate|health`."""

from __future__ import annotations

import argparse
import http.client
import logging
import os
import sys
from collections.abc import Mapping

from . import logs
from .config import Settings
from .values import ConfigurationError, Failed

log = logging.getLogger("main")
PROBE_SECONDS = 4.0


def parse(arguments: list[str], address: str) -> argparse.Namespace:
    """`address` is SERVER_ADDRESS, which the service listens on unless told otherwise."""
    parser = argparse.ArgumentParser(prog="python -m local_cloud.sample_service", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve until SIGTERM")
    shown = "(default: %(default)s)"
    serve.add_argument("--host", default=address or "0.0.0.0", help=f"address to listen on {shown}")  # noqa: S104
    commands.add_parser("migrate", help="bring the schema up to date; 0 done, 1 unchanged, 2 bad setting")
    health = commands.add_parser("health", help="probe the running service; 0 when it is up")
    health.add_argument("--host", default=address or "127.0.0.1", help=f"address to probe {shown}")
    return parser.parse_args(arguments)


def probe(settings: Settings, host: str) -> int:
    """A container health check that needs no other program."""
    connection = http.client.HTTPConnection(host, settings.management_port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/actuator/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"health: {host}:{settings.management_port}: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    print(f"health: HTTP {status}")
    return 0 if status == http.HTTPStatus.OK else 1


def main(arguments: list[str], env: Mapping[str, str]) -> int:
    """Exit status: 0 done, 1 failed for the reason in the last line, 2 a setting is wrong."""
    options = parse(arguments, env.get("SERVER_ADDRESS", ""))
    logs.configure(env.get("LOGGING_LEVEL_ROOT", "INFO").upper())
    try:
        return run(options, env)
    except Failed as error:
        log.critical("%s", error)
        return 1
    except ConfigurationError as error:
        log.critical("%s", error)
        return 2


def run(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Each command imports what it alone needs: a probe has to be quick, a server small."""
    if options.command == "migrate":
        from .migrate import migrate

        migrate(env)
        return 0
    settings = Settings.from_environment(env)
    if options.command == "health":
        return probe(settings, options.host)
    from .server import serve

    return serve(settings, options.host)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

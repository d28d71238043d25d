"""`grafana server` and `grafana cli admin reset-admin-password`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence

from local_cloud.grafana import STAND_IN, VERSION, logs, provisioning, settings
from local_cloud.grafana.dashboards import Catalogue
from local_cloud.grafana.errors import StartError
from local_cloud.grafana.server import Contents, serve
from local_cloud.grafana.store import Store

LOG = logging.getLogger("server")


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Exit status: 0 done, 1 refused for the reason in the last line."""
    options = _parse(arguments)
    logs.configure()
    LOG.info("%s %s: a stand-in for Grafana", STAND_IN, VERSION)
    try:
        if options.command == "cli":
            return _reset_password(environment)
        return _serve(environment)
    except StartError as error:
        LOG.error("Failed to start", extra={"fields": {"error": error}})  # noqa: TRY400
        return 1


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="grafana", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    server = commands.add_parser("server", help="serve until SIGTERM")
    cli = commands.add_parser("cli", help="administer")
    for command in (server, cli):
        command.add_argument("--homepath", help="has no effect here")
        command.add_argument("--config", help="has no effect here: settings come from GF_* variables")
    server.add_argument("--packaging", help="has no effect here")
    admin = cli.add_subparsers(dest="group", required=True).add_parser("admin", help="administer users")
    reset = admin.add_subparsers(dest="action", required=True).add_parser("reset-admin-password")
    reset.add_argument("--password-from-stdin", action="store_true", required=True)
    return parser.parse_args(arguments)


def _serve(environment: Mapping[str, str]) -> int:
    read = settings.read(environment)
    sources = provisioning.data_sources(read.provisioning, environment)
    catalogue = Catalogue(provisioning.providers(read.provisioning, environment))
    store = Store(read.data)
    try:
        if store.create_admin(read.admin_user, read.admin_password):
            LOG.info("Created default admin", extra={"fields": {"user": read.admin_user}})
        if read.admin_password == "admin":
            LOG.warning("The administrator's password is the public default: set GF_SECURITY_ADMIN_PASSWORD")
        served = {"datasources": len(sources), "dashboards": len(catalogue.dashboards)}
        LOG.info("finished to provision", extra={"fields": served})
        asyncio.run(serve(Contents(read, store, sources, catalogue), environment.get("LOCAL_CLOUD_DNS", "")))
    finally:
        store.close()
    LOG.info("Shutdown completed")
    return 0


def _reset_password(environment: Mapping[str, str]) -> int:
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise StartError("the new password is empty")
    store = Store(settings.read(environment).data)
    try:
        store.reset_password(password)
    finally:
        store.close()
    LOG.info("Admin password changed successfully")
    return 0

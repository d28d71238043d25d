"""How the database is reached."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from local_cloud.kong.settings import Settings, pem


class StoreUnavailableError(Exception):
    """The database cannot be reached."""


def connection_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments of psycopg's `connect`. Raises SettingError and OSError."""
    options: dict[str, Any] = {
        "host": settings.pg_host,
        "port": settings.pg_port,
        "user": settings.pg_user,
        "password": settings.pg_password,
        "dbname": settings.pg_database,
        "sslmode": _ssl_mode(settings),
        "connect_timeout": max(2, settings.pg_timeout // 1000),
        "application_name": "kong",
    }
    if options["sslmode"] == "verify-ca":
        options["sslrootcert"] = _authorities(settings.lua_ssl_trusted_certificate)
    if settings.pg_schema:
        options["options"] = f"-c search_path={settings.pg_schema}"
    return options


def _ssl_mode(settings: Settings) -> str:
    if not settings.pg_ssl:
        return "disable"
    if settings.pg_ssl_verify:
        return "verify-ca"
    return "require" if settings.pg_ssl_required else "prefer"


def _authorities(trusted: Iterable[str]) -> str:
    """One file with all of them: libpq takes no text and no second file."""
    files = list(trusted)
    if len(files) == 1 and Path(files[0]).is_file():
        return files[0]
    descriptor = os.memfd_create("authorities")
    os.write(descriptor, "\n".join(pem(one) for one in files).encode())
    return f"/proc/self/fd/{descriptor}"

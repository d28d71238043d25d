"""Native programs: from Debian packages unpacked under `.venv/debian`, else from PATH, else from Python packages."""

from __future__ import annotations

import os
import shutil
import sysconfig
from dataclasses import dataclass
from pathlib import Path

# program: Debian package that brings it
PACKAGES = {
    "initdb": "postgresql",
    "postgres": "postgresql",
    "pg_ctl": "postgresql",
    "psql": "postgresql-client",
    "pg_dump": "postgresql-client",
    "redis-server": "redis-server",
    "redis-cli": "redis-tools",
    "valkey-server": "valkey-server",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
    "prometheus-postgres-exporter": "prometheus-postgres-exporter",
    "prometheus-redis-exporter": "prometheus-redis-exporter",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
}
_FOLDERS = ("usr/bin", "usr/sbin", "usr/lib/postgresql/*/bin")


class MissingToolError(RuntimeError):
    """A program was not found; the message says what to install."""


@dataclass(frozen=True)
class Tool:
    """A program and the environment additions it needs to run."""

    path: Path
    env: dict[str, str]


class Tools:
    def __init__(self, debian: Path):
        self._debian = debian

    def find(self, name: str) -> Tool:
        """Raises MissingToolError."""
        unpacked = self._unpacked(name)
        if unpacked:
            return Tool(unpacked, {"LD_LIBRARY_PATH": self._libraries()})
        installed = self._installed(name)
        if installed:
            return Tool(installed, {})
        package = PACKAGES.get(name)
        remedy = f"install the Debian package {package}" if package else "run `make setup`"
        raise MissingToolError(f"{name} is neither under {self._debian} nor on PATH: {remedy}")

    def _unpacked(self, name: str) -> Path | None:
        found = [path for folder in _FOLDERS for path in self._debian.glob(f"{folder}/{name}")]
        # The newest version wins, compared as a number.
        return max(found, key=_version) if found else None

    def _libraries(self) -> str:
        folders = sorted({str(path.parent) for path in self._debian.glob("usr/lib/*-linux-gnu/*.so*")})
        inherited = os.environ.get("LD_LIBRARY_PATH")
        return os.pathsep.join([*folders, *([inherited] if inherited else [])])

    def _installed(self, name: str) -> Path | None:
        scripts = sysconfig.get_path("scripts")
        postgres = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
        search = os.pathsep.join([scripts, os.environ.get("PATH", os.defpath), *map(str, postgres)])
        found = shutil.which(name, path=search)
        return Path(found) if found else None


def _version(path: Path) -> int:
    return max((int(part) for part in path.parts if part.isdecimal()), default=0)

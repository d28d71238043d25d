"""What RDS for PostgreSQL offers: engine versions, instance classes, parameters."""

from __future__ import annotations

import functools
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_cloud.tools import Tool

ENGINE = "postgres"
# major: minors, oldest first
MINORS = {
    13: range(18, 24),
    14: range(15, 21),
    15: range(10, 16),
    16: range(6, 12),
    17: range(2, 8),
}
# Community support of the majors has ended.
DEPRECATED = {13}
DEFAULT_MAJOR = 17
CERTIFICATE_AUTHORITIES = ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")
DEFAULT_AUTHORITY = CERTIFICATE_AUTHORITIES[0]

_CLASS = re.compile(
    r"db\.(t3|t4g)\.(micro|small|medium|large|xlarge|2xlarge)"
    r"|db\.(m5|m6g|m6i|m7g|m7i|m8g|r5|r6g|r6i|r7g|r7i|r8g)\.(large|xlarge|2xlarge|4xlarge|8xlarge|12xlarge|16xlarge)"
)


@dataclass(frozen=True, order=True)
class Version:
    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @property
    def family(self) -> str:
        return f"{ENGINE}{self.major}"

    def describe(self) -> dict[str, Any]:
        newer = [version for version in VERSIONS if version > self]
        return {
            "Engine": ENGINE,
            "EngineVersion": str(self),
            "MajorEngineVersion": str(self.major),
            "DBParameterGroupFamily": self.family,
            "DBEngineDescription": "PostgreSQL",
            "DBEngineVersionDescription": f"PostgreSQL {self}-R1",
            "ValidUpgradeTarget": [self._target(version) for version in newer],
            "ExportableLogTypes": ["postgresql", "upgrade", "iam-db-auth-error"],
            "SupportsLogExportsToCloudwatchLogs": True,
            "SupportsReadReplica": True,
            "SupportedCACertificateIdentifiers": list(CERTIFICATE_AUTHORITIES),
            "SupportsCertificateRotationWithoutRestart": True,
            "Status": "deprecated" if self.major in DEPRECATED else "available",
            "SupportedEngineModes": ["provisioned"],
        }

    def _target(self, version: Version) -> dict[str, Any]:
        return {
            "Engine": ENGINE,
            "EngineVersion": str(version),
            "Description": f"PostgreSQL {version}-R1",
            "AutoUpgrade": False,
            "IsMajorVersionUpgrade": version.major > self.major,
        }


VERSIONS = tuple(Version(major, minor) for major, minors in MINORS.items() for minor in minors)
FAMILIES = tuple(f"{ENGINE}{major}" for major in MINORS)


def default_version(major: int = DEFAULT_MAJOR) -> Version:
    return Version(major, MINORS[major][-1])


def find_version(text: str | None) -> Version | None:
    """`17.5`, or `17` for the newest of it, or the default when nothing is asked for."""
    if text is None:
        return default_version()
    if text.isdecimal() and int(text) in MINORS:
        return default_version(int(text))
    return next((version for version in VERSIONS if str(version) == text), None)


def known_class(name: str) -> bool:
    return bool(_CLASS.fullmatch(name))


def memory_bytes(name: str) -> int:
    """Of an instance class, by its size; the r families have twice as much."""
    family, size = name.removeprefix("db.").split(".")
    small = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16}
    gibibytes = small.get(size) or 16 * int(size.removesuffix("xlarge"))
    return gibibytes * (2 if family.startswith("r") and size not in {"micro", "small", "medium"} else 1) * 2**30


# -- parameters -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parameter:
    """A parameter of a family. `server` says that the PostgreSQL process here knows it."""

    name: str
    type: str
    static: bool
    default: str | None
    allowed: str
    description: str
    modifiable: bool = True
    server: bool = True

    def refuses(self, value: str) -> bool:
        if "{" in value:  # a formula over the instance class
            return False
        if self.type == "boolean":
            return value.lower() not in {"0", "1", "on", "off", "true", "false"}
        if self.type in {"integer", "float"} and self.allowed:
            low, high = re.fullmatch(r"(-?[\d.e+]+)-(-?[\d.e+]+)", self.allowed).groups()  # type: ignore[union-attr]
            try:
                return not float(low) <= float(value) <= float(high)
            except ValueError:
                return True
        return self.type == "enum" and value not in self.allowed.split(",")

    def describe(self, value: str | None, apply_method: str | None) -> dict[str, Any]:
        row = {
            "ParameterName": self.name,
            "Description": self.description,
            "Source": "engine-default" if value is None else "user",
            "ApplyType": "static" if self.static else "dynamic",
            "DataType": "string" if self.type == "enum" else self.type,
            "AllowedValues": self.allowed,
            "IsModifiable": self.modifiable,
            "ApplyMethod": apply_method or "pending-reboot",
        }
        shown = self.default if value is None else value
        return row if shown is None else {**row, "ParameterValue": shown}


# The service's own, or set by it.
_OWNED = re.compile(
    r"archive_.*|config_file|data_directory|external_pid_file|fsync|full_page_writes|hba_file|ident_file"
    r"|listen_addresses|log_directory|log_filename|log_timezone|logging_collector|port|primary_conninfo|recovery_.*"
    r"|restore_command|shared_memory_type|dynamic_shared_memory_type|ssl|ssl_.*_file|ssl_crl_dir|unix_socket_.*"
    r"|bonjour.*|cluster_name|event_source|krb_.*|syslog_.*|update_process_title|zero_damaged_pages"
    r"|password_encryption|include.*"
)
_ENUMS = {
    "log_statement": "none,ddl,mod,all",
    "log_min_messages": "debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic",
    "log_min_error_statement": "debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic",
    "log_error_verbosity": "terse,default,verbose",
    "client_min_messages": "debug5,debug4,debug3,debug2,debug1,log,notice,warning,error",
    "synchronous_commit": "on,off,local,remote_write,remote_apply",
    "track_functions": "none,pl,all",
    "default_transaction_isolation": "read committed,repeatable read,serializable,read uncommitted",
    "wal_compression": "off,on,pglz,lz4,zstd",
}
_TYPES = {"BOOLEAN": "boolean", "INTEGER": "integer", "REAL": "float", "STRING": "string", "ENUM": "string"}


def _service_parameters(family: str) -> list[Parameter]:
    """RDS for PostgreSQL 15 and later force TLS by default."""
    force_ssl = "1" if int(family.removeprefix(ENGINE)) >= 15 else "0"
    libraries = "pg_stat_statements,auto_explain,pgaudit,pg_cron,pg_hint_plan,pg_prewarm"
    return [
        Parameter("rds.force_ssl", "boolean", False, force_ssl, "0,1", "Force SSL connections.", server=False),
        Parameter("rds.log_retention_period", "integer", False, "4320", "1440-10080", "Log retention.", server=False),
        Parameter("rds.logical_replication", "boolean", True, "0", "0,1", "Logical decoding.", server=False),
        Parameter("rds.restrict_password_commands", "boolean", True, "0", "0,1", "Password commands.", server=False),
        Parameter("rds.force_autovacuum_logging_level", "string", False, "warning", "", "Autovacuum.", server=False),
        Parameter(
            "shared_preload_libraries",
            "string",
            True,
            "pg_stat_statements",
            libraries,
            "Libraries to preload into the server.",
        ),
        Parameter("pg_stat_statements.track", "string", False, "top", "none,top,all", "Statements that are counted."),
        Parameter("pg_stat_statements.max", "integer", True, "5000", "100-2147483647", "Statements to track."),
    ]


@functools.cache
def _server_rows(binary: Path, libraries: str) -> tuple[tuple[str, ...], ...]:
    output = subprocess.run(
        [binary, "--describe-config"],
        env={"LD_LIBRARY_PATH": libraries} if libraries else {},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return tuple(tuple(line.split("\t")) for line in output.splitlines())


def parameters(family: str, postgres: Tool) -> dict[str, Parameter]:
    """The server's own configuration parameters (asked of the binary) and the service's, by name."""
    rows = [_server_parameter(row) for row in _server_rows(postgres.path, postgres.env.get("LD_LIBRARY_PATH", ""))]
    return {row.name: row for row in sorted([*rows, *_service_parameters(family)], key=lambda row: row.name)}


def _server_parameter(row: tuple[str, ...]) -> Parameter:
    """The default is left out, as RDS does: it depends on the instance class or on the build."""
    name, context, _group, kind, _default, low, high = row[:7]
    enum = _ENUMS.get(name)
    allowed = "0,1" if kind == "BOOLEAN" else f"{low}-{high}" if low and high else enum or ""
    return Parameter(
        name=name,
        type="enum" if enum else _TYPES[kind],
        static=context == "postmaster",
        default=None,
        allowed=allowed,
        description=f"PostgreSQL's {name}.",
        modifiable=context != "internal" and not _OWNED.fullmatch(name),
    )

"""Settings read once from the environment, under the names that the Spring Boot service uses."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from . import VERSION
from .misbehaviour import Switches
from .values import ConfigurationError, boolean, integer

# The original's public defaults (trap T6). Nothing here refuses them: checking is the deployer's task.
PUBLIC_JWT_SECRET = "your-256-bit-secret-key-here-change-in-production"
PUBLIC_DATABASE_PASSWORD = "trademaster_password"
PUBLIC_SERVICE_API_KEY = "change-me-public-service-api-key"

# Parameters of pgJDBC with a libpq counterpart; like pgJDBC itself, others are ignored.
JDBC_TO_LIBPQ = {
    "sslmode": "sslmode",
    "sslrootcert": "sslrootcert",
    "connectTimeout": "connect_timeout",
    "ApplicationName": "application_name",
    "options": "options",
}
# Takes its certificate from where it is told, such as a variable.
CERTIFICATE_FACTORY = "org.postgresql.ssl.SingleCertValidatingFactory"
BEGIN_CERTIFICATE = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class Database:
    """Where PostgreSQL is. `parameters` are libpq's; `pool_*` count connections."""

    parameters: Mapping[str, str]
    pool_minimum: int
    pool_maximum: int
    pool_timeout_seconds: float


@dataclass(frozen=True)
class Redis:
    host: str
    port: int
    password: str | None


@dataclass(frozen=True)
class Mail:
    host: str
    port: int
    username: str
    password: str


@dataclass(frozen=True)
class Limit:
    """At most `requests` in any `window_seconds`."""

    requests: int
    window_seconds: float


@dataclass(frozen=True)
class Settings:
    profiles: tuple[str, ...]
    version: str
    port: int
    management_port: int
    exposed: frozenset[str]
    health_details: str
    health_groups: bool
    histogram: bool
    log_level: str
    database: Database
    migrate_at_start: bool
    validate_schema: bool
    redis: Redis
    mail: Mail
    frontend_url: str
    jwt_secret: str
    access_seconds: float
    refresh_seconds: float
    service_api_key: str
    service_auth_enabled: bool
    forward_headers: str
    consul_enabled: bool
    limits: Mapping[str, Limit]
    switches: Switches

    @property
    def production(self) -> bool:
        return "prod" in self.profiles

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Settings:
        """Raises ConfigurationError naming the variable, its value and what is allowed."""
        profiles = tuple(p.strip() for p in env.get("SPRING_PROFILES_ACTIVE", "dev").split(",") if p.strip())
        production = "prod" in profiles
        port = integer(env, "SERVER_PORT", 8080, 1, 65535)
        include = env.get("MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE", "health,info,metrics,prometheus")
        return cls(
            profiles=profiles,
            version=env.get("SAMPLE_VERSION", VERSION),
            port=port,
            management_port=integer(env, "MANAGEMENT_SERVER_PORT", 9080 if production else port, 1, 65535),
            exposed=frozenset(name.strip() for name in include.split(",")),
            health_details=_choice(
                env,
                "MANAGEMENT_ENDPOINT_HEALTH_SHOW_DETAILS",
                "always" if production else "when_authorized",
                ("always", "when_authorized", "never"),
            ),
            health_groups=boolean(env, "MANAGEMENT_ENDPOINT_HEALTH_PROBES_ENABLED", production),
            histogram=boolean(
                env, "MANAGEMENT_METRICS_DISTRIBUTION_PERCENTILES_HISTOGRAM_HTTP_SERVER_REQUESTS", production
            ),
            log_level=env.get("LOGGING_LEVEL_ROOT", "INFO").upper(),
            database=_database(env, production),
            migrate_at_start=boolean(env, "SPRING_FLYWAY_ENABLED", True),
            validate_schema=env.get("SPRING_JPA_HIBERNATE_DDL_AUTO", "validate") == "validate",
            redis=Redis(
                env.get("REDIS_HOST", "localhost"),
                integer(env, "REDIS_PORT", 6379, 1, 65535),
                env.get("SPRING_REDIS_PASSWORD") or None,
            ),
            mail=Mail(
                env.get("MAIL_HOST", "localhost"),
                integer(env, "MAIL_PORT", 1025, 1, 65535),
                env.get("MAIL_USERNAME", ""),
                env.get("MAIL_PASSWORD", ""),
            ),
            frontend_url=env.get("TRADEMASTER_FRONTEND_BASE_URL", "http://localhost:3000").rstrip("/"),
            jwt_secret=env.get("JWT_SECRET", PUBLIC_JWT_SECRET),
            access_seconds=integer(env, "JWT_EXPIRATION", 900_000, 1) / 1000,
            refresh_seconds=integer(env, "JWT_REFRESH_EXPIRATION", 86_400_000, 1) / 1000,
            service_api_key=env.get("TRADEMASTER_SERVICE_API_KEY", PUBLIC_SERVICE_API_KEY),
            service_auth_enabled=boolean(env, "SERVICE_AUTH_ENABLED", True),
            forward_headers=_choice(env, "SERVER_FORWARD_HEADERS_STRATEGY", "none", ("none", "native", "framework")),
            consul_enabled=boolean(env, "SPRING_CLOUD_CONSUL_ENABLED", True),
            limits=_limits(env),
            switches=Switches.from_environment(env),
        )


def database_parameters(env: Mapping[str, str]) -> dict[str, str]:
    """libpq parameters from SPRING_DATASOURCE_URL, DB_USERNAME and DB_PASSWORD."""
    url = env.get("SPRING_DATASOURCE_URL", "jdbc:postgresql://localhost:5432/trademaster_auth")
    parts = urlsplit(url.removeprefix("jdbc:"))
    try:
        port = parts.port
    except ValueError:
        port = 0
    if not url.startswith("jdbc:postgresql://") or not parts.hostname or port == 0 or len(parts.path) < 2:
        raise ConfigurationError(
            "SPRING_DATASOURCE_URL", _without_query(url), "jdbc:postgresql://HOST:PORT/DATABASE[?sslmode=...]"
        )
    given = dict(parse_qsl(parts.query))
    found = {libpq: given[jdbc] for jdbc, libpq in JDBC_TO_LIBPQ.items() if jdbc in given}
    if given.get("ssl", "false").lower() == "true":
        found.setdefault("sslmode", "verify-full")  # as pgJDBC reads ssl=true
    if "sslfactory" in given:
        found["sslrootcert"] = _authority(given, env)
    found["options"] = f"-c timezone=UTC {found.get('options', '')}".strip()
    return {
        "host": parts.hostname,
        "port": str(port or 5432),
        "dbname": unquote(parts.path[1:]),
        "user": env.get("DB_USERNAME", "trademaster_user"),
        "password": env.get("DB_PASSWORD", PUBLIC_DATABASE_PASSWORD),
        "connect_timeout": "5",
        "application_name": "trademaster-auth",
    } | found


def _authority(given: Mapping[str, str], env: Mapping[str, str]) -> str:
    """The one certificate that pgJDBC's factory trusts, from a variable, as the file that libpq wants."""
    factory, source = given["sslfactory"], given.get("sslfactoryarg", "")
    name = source.removeprefix("env:")
    if factory != CERTIFICATE_FACTORY or name == source:
        raise ConfigurationError("SPRING_DATASOURCE_URL", factory, f"{CERTIFICATE_FACTORY} with sslfactoryarg=env:NAME")
    if env.get(name, "").count(BEGIN_CERTIFICATE) != 1:
        raise ConfigurationError(name, env.get(name, ""), "one certificate in PEM")
    descriptor = os.memfd_create("authority")
    os.write(descriptor, env[name].encode())
    return f"/proc/self/fd/{descriptor}"


def _database(env: Mapping[str, str], production: bool) -> Database:
    maximum = integer(env, "SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE", 50 if production else 20, 1, 500)
    return Database(
        parameters=database_parameters(env),
        # The original keeps 5 idle; several tasks share one small machine here.
        pool_minimum=integer(env, "SPRING_DATASOURCE_HIKARI_MINIMUM_IDLE", min(2, maximum), 0, maximum),
        pool_maximum=maximum,
        pool_timeout_seconds=integer(env, "SPRING_DATASOURCE_HIKARI_CONNECTION_TIMEOUT", 20_000, 250) / 1000,
    )


def _limits(env: Mapping[str, str]) -> dict[str, Limit]:
    defaults = {
        "LOGIN": (5, 1),
        "REGISTRATION": (3, 60),
        "PASSWORD_RESET": (2, 60),
        "EMAIL_VERIFICATION": (10, 60),
    }
    return {
        name.lower(): Limit(
            integer(env, f"{name}_RATE_LIMIT", requests, 1),
            integer(env, f"{name}_RATE_WINDOW", minutes, 1) * 60.0,
        )
        for name, (requests, minutes) in defaults.items()
    }


def _choice(env: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = env.get(name, default).lower().replace("-", "_")
    if value not in allowed:
        raise ConfigurationError(name, value, "one of " + ", ".join(allowed))
    return value


def _without_query(url: str) -> str:
    return url.partition("?")[0]  # the query may carry a password

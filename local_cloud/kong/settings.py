"""Settings of one node, from KONG_* variables.

A field is named after its variable (`KONG_PG_HOST` → `pg_host`), holds the parsed value, and has Kong's default;
only the default addresses to listen on are loopback ones. Any value may be a reference `{vault://env/name}`.
"""

# ruff: noqa: RUF009  (all defaults are immutable)

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_LISTENER = re.compile(r"(?P<address>\[[0-9a-fA-F:]+\]|[^\s:\[\]]+):(?P<port>\d+)(?P<flags>(\s+\S+)*)")
_FLAGS = re.compile(
    r"ssl|http2|proxy_protocol|deferred|bind|reuseport|backlog=\d+|ipv6only=(on|off)|so_keepalive=(on|off|\w*:\w*:\d*)"
)
_ENVIRONMENT_REFERENCE = re.compile(r"\{vault://env/([A-Za-z0-9_-]+)\}")


class SettingError(ValueError):
    """A variable has a value that it cannot have; the message names both."""


@dataclass(frozen=True)
class Listener:
    address: str
    port: int
    ssl: bool = False
    http2: bool = False
    flags: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The address without the brackets of IPv6."""
        return self.address.strip("[]")


@dataclass(frozen=True)
class LogTarget:
    """Where an access log goes: a path (`/dev/stdout` among them), and the name of its format."""

    path: str
    format: str | None = None


def _items(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _switch(text: str) -> bool:
    values = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
    if text.lower() not in values:
        raise ValueError("expected on or off")
    return values[text.lower()]


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"expected one of: {', '.join(choices)}")
        return text

    return parse


def _optional(text: str) -> str | None:
    return text or None


def _listeners(text: str) -> tuple[Listener, ...]:
    if text.strip() in ("off", ""):
        return ()
    return tuple(_listener(item) for item in _items(text))


def _listener(text: str) -> Listener:
    match = _LISTENER.fullmatch(text)
    flags = tuple(sorted(match["flags"].split())) if match else ()
    if not match or not all(_FLAGS.fullmatch(flag) for flag in flags) or int(match["port"]) > 65535:
        raise ValueError("expected off, or addresses like 127.0.0.1:8000 with flags like ssl, separated by commas")
    return Listener(match["address"], int(match["port"]), "ssl" in flags, "http2" in flags, flags)


def _log(text: str) -> LogTarget | None:
    path, _, name = text.partition(" ")
    return None if path == "off" else LogTarget(path, name.strip() or None)


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(item, strict=False) for item in _items(text) if item != "unix:")


def _resolvers(text: str) -> tuple[tuple[str, int], ...]:
    found = []
    for item in _items(text):
        match = re.fullmatch(r"(\[[^\]]+\]|[^:]+)(?::(\d+))?", item)
        if not match:
            raise ValueError("expected addresses of name servers, with or without port")
        found.append((match[1].strip("[]"), int(match[2] or 53)))
    return tuple(found)


def _certificates(text: str) -> tuple[str, ...]:
    """Paths, `system`, and PEM texts, in any mixture: none of them holds a comma."""
    return tuple(SYSTEM_CERTIFICATES if item == "system" else item for item in _items(text))


def _setting(default: str, parse: Callable[[str], T], *, secret: bool = False) -> T:
    metadata = {"default": default, "parse": parse}
    value: T = field(default=parse(default.replace("ADDRESS", "127.0.0.1")), repr=not secret, metadata=metadata)
    return value


@dataclass(frozen=True)
class Settings:
    # database
    database: str = _setting("postgres", _one_of("postgres", "off"))
    pg_host: str = _setting("127.0.0.1", str)
    pg_port: int = _setting("5432", int)
    pg_user: str = _setting("kong", str)
    pg_password: str = _setting("", str, secret=True)
    pg_database: str = _setting("kong", str)
    pg_schema: str | None = _setting("", _optional)
    pg_ssl: bool = _setting("off", _switch)
    pg_ssl_required: bool = _setting("off", _switch)
    pg_ssl_verify: bool = _setting("off", _switch)
    pg_timeout: int = _setting("5000", int)
    declarative_config: str | None = _setting("", _optional)
    declarative_config_string: str | None = _setting("", _optional, secret=True)

    # listeners and their certificates: a path, or the PEM text itself, also in base64
    proxy_listen: tuple[Listener, ...] = _setting(
        "ADDRESS:8000 reuseport backlog=16384, ADDRESS:8443 http2 ssl reuseport backlog=16384", _listeners
    )
    admin_listen: tuple[Listener, ...] = _setting(
        "127.0.0.1:8001 reuseport backlog=16384, 127.0.0.1:8444 http2 ssl reuseport backlog=16384", _listeners
    )
    status_listen: tuple[Listener, ...] = _setting("127.0.0.1:8007 reuseport backlog=16384", _listeners)
    ssl_cert: tuple[str, ...] = _setting("", _certificates)
    ssl_cert_key: tuple[str, ...] = _setting("", _certificates, secret=True)
    admin_ssl_cert: tuple[str, ...] = _setting("", _certificates)
    admin_ssl_cert_key: tuple[str, ...] = _setting("", _certificates, secret=True)
    status_ssl_cert: tuple[str, ...] = _setting("", _certificates)
    status_ssl_cert_key: tuple[str, ...] = _setting("", _certificates, secret=True)
    client_ssl: bool = _setting("off", _switch)
    client_ssl_cert: str | None = _setting("", _optional)
    client_ssl_cert_key: str | None = _setting("", _optional, secret=True)
    ssl_protocols: tuple[str, ...] = _setting("TLSv1.2 TLSv1.3", lambda text: tuple(text.split()))

    # clients and proxies before the gateway
    trusted_ips: tuple[Network, ...] = _setting("", _networks)
    real_ip_header: str = _setting("X-Real-IP", str)
    real_ip_recursive: bool = _setting("off", _switch)
    headers: tuple[str, ...] = _setting("server_tokens, latency_tokens, X-Kong-Request-Id", _items)
    headers_upstream: tuple[str, ...] = _setting("x-kong-request-id", _items)
    allow_debug_header: bool = _setting("off", _switch)
    error_default_type: str = _setting("text/plain", str)
    lua_max_req_headers: int = _setting("100", int)
    lua_max_uri_args: int = _setting("100", int)

    # upstreams
    dns_resolver: tuple[tuple[str, int], ...] = _setting("", _resolvers)
    dns_hostsfile: str = _setting("/etc/hosts", str)
    dns_order: tuple[str, ...] = _setting("LAST,SRV,A,CNAME", _items)
    dns_stale_ttl: float = _setting("3600", float)
    dns_error_ttl: float = _setting("1", float)
    dns_not_found_ttl: float = _setting("30", float)
    dns_valid_ttl: float | None = _setting("", lambda text: float(text) if text else None)
    upstream_keepalive_pool_size: int = _setting("512", int)
    upstream_keepalive_idle_timeout: int = _setting("60", int)
    upstream_keepalive_max_requests: int = _setting("10000", int)
    proxy_server_ssl_verify: bool = _setting("on", _switch)
    lua_ssl_trusted_certificate: tuple[str, ...] = _setting("system", _certificates)
    lua_ssl_verify_depth: int = _setting("1", int)

    # plugins and their Lua
    plugins: tuple[str, ...] = _setting("bundled", _items)
    untrusted_lua: str = _setting("sandbox", _one_of("on", "off", "sandbox"))
    untrusted_lua_sandbox_requires: tuple[str, ...] = _setting("", _items)
    untrusted_lua_sandbox_environment: tuple[str, ...] = _setting("", _items)
    router_flavor: str = _setting("traditional_compatible", _one_of("traditional", "traditional_compatible"))

    # node
    role: str = _setting("traditional", _one_of("traditional"))
    node_id: str | None = _setting("", _optional)
    prefix: str = _setting("/usr/local/kong/", str)
    log_level: str = _setting("notice", _one_of("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg"))
    proxy_access_log: LogTarget | None = _setting("logs/access.log", _log)
    proxy_error_log: str = _setting("logs/error.log", str)
    admin_access_log: LogTarget | None = _setting("logs/admin_access.log", _log)
    admin_error_log: str = _setting("logs/error.log", str)
    status_access_log: LogTarget | None = _setting("off", _log)
    db_update_frequency: float = _setting("5", float)
    db_update_propagation: float = _setting("0", float)
    db_cache_ttl: float = _setting("0", float)
    worker_state_update_frequency: float = _setting("5", float)
    mem_cache_size: str = _setting("128m", str)

    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """All variables of the node: what the `env` vault reads."""

    def nginx(self, block: str) -> dict[str, str]:
        """Directives of a block (`http`, `proxy`, `admin`, …): `KONG_NGINX_HTTP_LOG_FORMAT` → `log_format`."""
        prefix = f"KONG_NGINX_{block.upper()}_"
        given = {
            name.removeprefix(prefix).lower(): value
            for name, value in self.environment.items()
            if name.startswith(prefix)
        }
        return _NGINX_DEFAULTS.get(block, {}) | given


_NGINX_DEFAULTS = {
    "http": {"client_max_body_size": "0", "client_body_buffer_size": "8k", "keepalive_requests": "10000"},
    "admin": {"client_max_body_size": "10m", "client_body_buffer_size": "10m"},
}


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Raises SettingError."""
    address = environment.get("LOCAL_CLOUD_ADDRESS", "127.0.0.1")
    values: dict[str, Any] = {}
    for item in fields(Settings):
        if "parse" not in item.metadata:
            continue
        variable = f"KONG_{item.name.upper()}"
        text = environment.get(variable, item.metadata["default"].replace("ADDRESS", address))
        try:
            values[item.name] = item.metadata["parse"](_dereference(text.strip(), environment))
        except ValueError as error:
            raise SettingError(f"{variable}: {text!r} is not valid: {error}") from None
    return Settings(**values, environment=dict(environment))


def _dereference(text: str, environment: Mapping[str, str]) -> str:
    match = _ENVIRONMENT_REFERENCE.fullmatch(text)
    if not match:
        return text
    name = match[1].upper().replace("-", "_")
    if name not in environment:
        raise ValueError(f"the variable {name} is not set")
    return environment[name]


def pem(value: str) -> str:
    """The PEM text that a certificate setting holds, names, or encodes. Raises SettingError."""
    if "-----BEGIN" in value:
        return value
    try:
        if Path(value).is_file():
            return Path(value).read_text()
        decoded = base64.b64decode(value, validate=True).decode("ascii")
    except (OSError, binascii.Error, UnicodeDecodeError):
        decoded = ""
    if "-----BEGIN" not in decoded:
        raise SettingError(f"{value[:60]!r} is neither a file, nor PEM, nor PEM in base64")
    return decoded

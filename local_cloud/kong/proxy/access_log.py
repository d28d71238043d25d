"""The access log, in a `log_format` of nginx."""

from __future__ import annotations

import datetime
import json
import logging
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from local_cloud.kong.proxy.exchange import Exchange
from local_cloud.kong.settings import Settings

LOG = logging.getLogger(__name__)

_COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" kong_request_id: "$kong_request_id"'
)
_FORMAT = re.compile(r"(?P<name>\w+)\s+(?:escape=(?P<escape>\w+)\s+)?(?P<body>.*)", re.DOTALL)
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class AccessLog:
    def __init__(self, settings: Settings) -> None:
        target = settings.proxy_access_log
        self._file: TextIO | None = _open(target.path, settings.prefix) if target else None
        name = target.format if target else None
        self._template, self._json = _template(settings.nginx("http").get("log_format", ""), name)

    def write(self, exchange: Exchange) -> None:
        if self._file:
            self._file.write(_VARIABLE.sub(lambda match: self._value(match[1] or match[2], exchange), self._template))
            self._file.write("\n")
            self._file.flush()

    def close(self) -> None:
        if self._file not in (None, sys.stdout, sys.stderr):
            self._file.close()

    def _value(self, name: str, exchange: Exchange) -> str:
        value = variable(name, exchange)
        if self._json:
            return json.dumps(value or "")[1:-1]
        return "-" if value is None else value


def _open(path: str, prefix: str) -> TextIO:
    # Opened by name they fail where they are sockets.
    standard = {"/dev/stdout": sys.stdout, "/dev/stderr": sys.stderr}.get(path)
    if standard:
        return standard
    file = Path(prefix) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.open("a", encoding="utf-8")


def _template(directive: str, wanted: str | None) -> tuple[str, bool]:
    """Text with variables, and whether values are escaped for JSON."""
    match = _FORMAT.fullmatch(directive.strip())
    if not match or match["name"] != wanted:
        return _COMBINED, False
    text = "".join(single or double for single, double in _STRING.findall(match["body"]))
    return text, match["escape"] == "json"


def variable(name: str, exchange: Exchange) -> str | None:
    """The value of an nginx variable; None when it has none."""
    for prefix, find in _FAMILIES.items():
        if name.startswith(prefix):
            return find(exchange, name.removeprefix(prefix).replace("_", "-"))
    found = _VARIABLES.get(name)
    return found(exchange) if found else None


def _seconds(start: float | None, end: float | None) -> str | None:
    return None if start is None or end is None else f"{end - start:.3f}"


def _address(exchange: Exchange) -> str | None:
    return ", ".join(f"{attempt['ip']}:{attempt['port']}" for attempt in exchange.tries) or None


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


_FAMILIES: dict[str, Callable[[Exchange, str], str | None]] = {
    "http_": lambda exchange, name: exchange.headers.joined(name),
    "upstream_http_": lambda exchange, name: (
        exchange.upstream_headers.joined(name) if exchange.upstream_headers else None
    ),
    "sent_http_": lambda exchange, name: exchange.response_headers.joined(name),
    "arg_": lambda exchange, name: next(iter(exchange.query_values().get(name.replace("-", "_"), [])), None),
}
_VARIABLES: dict[str, Callable[[Exchange], str | None]] = {
    "remote_addr": lambda exchange: exchange.client_address,
    "realip_remote_addr": lambda exchange: exchange.peer_address,
    "remote_user": lambda _: None,
    "time_local": lambda _: _now().strftime("%d/%b/%Y:%H:%M:%S +0000"),
    "time_iso8601": lambda _: _now().isoformat(timespec="seconds"),
    "msec": lambda _: f"{time.time():.3f}",
    "request": lambda exchange: f"{exchange.method} {exchange.target} HTTP/{exchange.http_version}",
    "request_method": lambda exchange: exchange.method,
    "request_uri": lambda exchange: exchange.target,
    "uri": lambda exchange: exchange.path,
    "args": lambda exchange: exchange.query,
    "query_string": lambda exchange: exchange.query,
    "scheme": lambda exchange: exchange.scheme,
    "host": lambda exchange: exchange.host,
    "server_port": lambda exchange: str(exchange.port),
    "server_protocol": lambda exchange: f"HTTP/{exchange.http_version}",
    "status": lambda exchange: str(exchange.status),
    "body_bytes_sent": lambda exchange: str(exchange.body_bytes_sent),
    "bytes_sent": lambda exchange: str(exchange.bytes_sent),
    "request_length": lambda exchange: str(exchange.request_bytes),
    "request_time": lambda exchange: _seconds(exchange.timing.started, exchange.timing.finished),
    "upstream_addr": _address,
    "upstream_status": lambda exchange: ", ".join(str(attempt["code"]) for attempt in exchange.tries) or None,
    "upstream_response_time": lambda exchange: _seconds(exchange.timing.sent, exchange.timing.finished),
    "upstream_header_time": lambda exchange: _seconds(exchange.timing.sent, exchange.timing.answered),
    "request_id": lambda exchange: exchange.request_id,
    "kong_request_id": lambda exchange: exchange.request_id,
    "ssl_server_name": lambda exchange: exchange.sni,
}

"""Small plugins: correlation-id, bot-detection, ip-restriction, request-size-limiting, request-termination."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import uuid

from local_cloud.kong.proxy.answers import JSON, Exit, Failed, exit_json
from local_cloud.kong.proxy.exchange import Exchange
from local_cloud.kong.proxy.plugins.base import Handler, Plugin

_UNITS = {"megabytes": 2**20, "kilobytes": 2**10, "bytes": 1}
_TERMINATIONS = {
    401: "Unauthorized",
    404: "Not found",
    405: "Method not allowed",
    500: "An unexpected error occurred",
    502: "Bad Gateway",
    503: "Service unavailable",
}
# Crawlers by the names they give themselves.
_BOTS = re.compile(
    r"[Bb]ot\b|[Bb]ot/|[Cc]rawler|[Ss]pider|Slurp|facebookexternalhit|ia_archiver|Scrapy|HTTrack|PhantomJS"
)


class CorrelationId(Handler):
    name = "correlation-id"
    priority = 100001

    def __init__(self) -> None:
        self._node = str(uuid.uuid4())
        self._count = 0

    async def access(self, plugin: Plugin, exchange: Exchange) -> None:
        name = plugin.config["header_name"]
        value = exchange.headers.get(name)
        if not value:
            value = self._generate(plugin.config["generator"], exchange)
            exchange.headers.set(name, value)
        exchange.context["correlation-id"] = value

    def header_filter(self, plugin: Plugin, exchange: Exchange) -> None:
        if plugin.config.get("echo_downstream"):
            value = exchange.context.get("correlation-id") or exchange.headers.get(plugin.config["header_name"])
            if value:
                exchange.response_headers.set(plugin.config["header_name"], value)

    def _generate(self, generator: str, exchange: Exchange) -> str:
        if generator == "uuid":
            return str(uuid.uuid4())
        self._count += 1
        if generator == "uuid#counter":
            return f"{self._node}#{self._count}"
        return f"{exchange.host}-{exchange.port}-{os.getpid()}-{self._count}-1-{exchange.timing.started:.3f}"


class BotDetection(Handler):
    name = "bot-detection"
    priority = 2500

    async def access(self, plugin: Plugin, exchange: Exchange) -> None:
        agents = exchange.headers.all("User-Agent")
        if not agents:
            return
        if len(agents) > 1:
            raise Failed(400, "Only one User-Agent header allowed")
        agent = agents[0].strip()
        if any(re.search(pattern, agent) for pattern in plugin.config.get("allow") or []):
            return
        if any(re.search(pattern, agent) for pattern in plugin.config.get("deny") or []) or _BOTS.search(agent):
            raise Failed(403)


class IpRestriction(Handler):
    name = "ip-restriction"
    priority = 990

    async def access(self, plugin: Plugin, exchange: Exchange) -> None:
        config, address = plugin.config, exchange.client_address
        allowed, denied = config.get("allow") or [], config.get("deny") or []
        if _within(address, denied) or (allowed and not _within(address, allowed)):
            message = config.get("message") or f"IP address not allowed: {address}"
            raise Failed(int(config.get("status") or 403), message)


def _within(address: str, networks: list[str]) -> bool:
    parsed = ipaddress.ip_address(address)
    return any(parsed in ipaddress.ip_network(network, strict=False) for network in networks)


class RequestSizeLimiting(Handler):
    name = "request-size-limiting"
    priority = 951

    async def access(self, plugin: Plugin, exchange: Exchange) -> None:
        allowed = plugin.config["allowed_payload_size"] * _UNITS[plugin.config["size_unit"]]
        announced = exchange.headers.get("Content-Length")
        if announced is None:
            if plugin.config.get("require_content_length"):
                raise Failed(411, "A valid Content-Length header is required")
            size = len(await exchange.body.read())
        else:
            size = int(announced)
        if size > allowed:
            waits = (exchange.headers.get("Expect") or "").lower() == "100-continue"
            raise Failed(417 if waits else 413, "Request size limit exceeded")


class RequestTermination(Handler):
    name = "request-termination"
    priority = 2

    async def access(self, plugin: Plugin, exchange: Exchange) -> None:
        config, status = plugin.config, plugin.config["status_code"]
        trigger = config.get("trigger")
        if trigger and trigger not in exchange.headers and trigger not in exchange.query_values():
            return
        if config.get("echo"):
            raise exit_json(status, await _echo(plugin, exchange))
        if config.get("body") is not None:
            raise Exit(status, config["body"].encode(), [("Content-Type", config.get("content_type") or JSON)])
        message = config.get("message") or _TERMINATIONS.get(status)
        raise exit_json(status, {"message": message}) if message else Exit(status)


async def _echo(plugin: Plugin, exchange: Exchange) -> dict[str, object]:
    status = plugin.config["status_code"]
    body = (await exchange.body.read()).decode("latin-1")
    return {
        "message": plugin.config.get("message") or _TERMINATIONS.get(status),
        "kong": {"worker_pid": os.getpid(), "hostname": socket.gethostname()},
        "request": {
            "scheme": exchange.scheme,
            "host": exchange.host,
            "port": exchange.port,
            "method": exchange.method,
            "path": exchange.path,
            "headers": _single(exchange.headers.grouped()),
            "query": _single(exchange.query_values()),
            "raw_body": body,
        },
        "matched_route": exchange.route,
        "matched_service": exchange.service,
    }


def _single(values: dict[str, list[str]]) -> dict[str, str | list[str]]:
    return {name: given[0] if len(given) == 1 else given for name, given in values.items()}

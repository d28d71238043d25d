"""cors."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from local_cloud.kong.proxy.answers import Exit
from local_cloud.kong.proxy.exchange import Exchange
from local_cloud.kong.proxy.plugins.base import Handler, Plugin

_LITERAL = re.compile(r"[A-Za-z0-9.:/-]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Cors(Handler):
    name = "cors"
    priority = 2000

    async def access(self, plugin: Plugin, exchange: Exchange) -> None:
        asked = exchange.headers
        if exchange.method != "OPTIONS" or "Origin" not in asked or "Access-Control-Request-Method" not in asked:
            return
        exchange.context["cors"] = "preflight"
        config = plugin.config
        if config.get("preflight_continue"):
            return
        headers = exchange.response_headers
        _allow_origin(config, exchange)
        allowed = ",".join(config.get("headers") or []) or asked.get("Access-Control-Request-Headers")
        if allowed:
            headers.set("Access-Control-Allow-Headers", allowed)
        headers.set("Access-Control-Allow-Methods", ",".join(config.get("methods") or []))
        if config.get("max_age") is not None:
            headers.set("Access-Control-Max-Age", f"{config['max_age']:g}")
        if config.get("private_network") and asked.get("Access-Control-Request-Private-Network") == "true":
            headers.set("Access-Control-Allow-Private-Network", "true")
        raise Exit(200)

    def header_filter(self, plugin: Plugin, exchange: Exchange) -> None:
        if exchange.context.get("cors") == "preflight":
            return
        _allow_origin(plugin.config, exchange)
        exposed = plugin.config.get("exposed_headers")
        if exposed:
            exchange.response_headers.set("Access-Control-Expose-Headers", ",".join(exposed))


def _allow_origin(config: Any, exchange: Exchange) -> None:
    headers, origin = exchange.response_headers, exchange.headers.get("Origin")
    if not any("origin" in value.lower() for value in headers.all("Vary")):
        headers.add("vary", "Origin")
    allowed = allowed_origin(config.get("origins") or [], origin)
    if config.get("credentials"):
        if allowed == "*" and origin:
            # A browser takes no credentials for "any".
            allowed = origin
        if allowed != "*":
            headers.set("Access-Control-Allow-Credentials", "true")
    if allowed:
        headers.set("Access-Control-Allow-Origin", allowed)
    else:
        headers.remove("Access-Control-Allow-Origin")


def allowed_origin(origins: list[str], origin: str | None) -> str | None:
    """The value of Access-Control-Allow-Origin; None: not allowed."""
    if not origins or "*" in origins:
        return "*"
    if len(origins) == 1 and _LITERAL.fullmatch(origins[0]):
        return origins[0]
    if not origin:
        return None
    plain = _without_default_port(origin)
    for one in origins:
        if _LITERAL.fullmatch(one):
            if _without_default_port(one) == plain:
                return origin
        else:
            subject = plain if ":" in one.replace("(?:", "") else urlsplit(plain).hostname or plain
            if re.fullmatch(one, subject):
                return origin
    return None


def _without_default_port(origin: str) -> str:
    parts = urlsplit(origin)
    try:
        port = parts.port
    except ValueError:
        return origin
    if not parts.scheme or not parts.hostname:
        return origin
    shown = "" if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    return f"{parts.scheme}://{parts.hostname}{shown}"

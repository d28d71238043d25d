"""rate-limiting: counters on the node or in Redis."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any

from local_cloud.kong.proxy.answers import Failed
from local_cloud.kong.proxy.certificates import client_context
from local_cloud.kong.proxy.exchange import Exchange
from local_cloud.kong.proxy.plugins.base import Handler, Plugin
from local_cloud.kong.proxy.plugins.redis_client import Redis, RedisError
from local_cloud.kong.proxy.plugins.windows import PERIODS, Usage, exceeded, headers, window_start
from local_cloud.kong.settings import Settings

LOG = logging.getLogger(__name__)

_ANY = "00000000-0000-0000-0000-000000000000"
# One step, so that requests at the same time cannot both be the last one allowed.
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count - 1
"""
_SWEEP = 10_000


class LocalCounters:
    """Counters in memory, for the policies `local` and `cluster`."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._counts: dict[str, tuple[int, float]] = {}

    def count(self, key: str, seconds: int) -> int:
        """Count one more; what it was before."""
        now = self._clock()
        count, expires = self._counts.get(key, (0, 0.0))
        if expires <= now:
            count, expires = 0, now + seconds
        self._counts[key] = (count + 1, expires)
        if len(self._counts) > _SWEEP:
            self._counts = {name: one for name, one in self._counts.items() if one[1] > now}
        return count


class RateLimiting(Handler):
    name = "rate-limiting"
    priority = 910

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._local = LocalCounters()
        self._redis: dict[tuple[Any, ...], Redis] = {}
        self._contexts: dict[bool, ssl.SSLContext] = {}

    async def access(self, plugin: Plugin, exchange: Exchange) -> None:
        config = plugin.config
        now = int(time.time())
        limits = {period: int(config[period]) for period in PERIODS if config.get(period) is not None}
        prefix = f"ratelimit:{plugin.route_id or _ANY}:{plugin.service_id or _ANY}:{_identifier(config, exchange)}"
        try:
            usage = {
                period: Usage(limit, limit - await self._count(config, prefix, period, now))
                for period, limit in limits.items()
            }
        except RedisError as error:
            LOG.warning("rate-limiting cannot count: %s", error)
            if not config.get("fault_tolerant", True):
                raise
            return
        shown = {} if config.get("hide_client_headers") else headers(usage, now)
        if exceeded(usage):
            retry = [("Retry-After", shown["RateLimit-Reset"])] if shown else []
            message = config.get("error_message") or "API rate limit exceeded"
            raise Failed(int(config.get("error_code") or 429), message, [*shown.items(), *retry])
        for name, value in shown.items():
            exchange.response_headers.set(name, value)

    async def _count(self, config: Mapping[str, Any], prefix: str, period: str, now: int) -> int:
        key = f"{prefix}:{window_start(period, now) * 1000}:{period}"
        if config["policy"] != "redis":
            return self._local.count(key, PERIODS[period])
        reply = await self._server(config["redis"]).command("EVAL", _COUNT, 1, key, PERIODS[period])
        assert isinstance(reply, int)
        return reply

    def _server(self, record: Mapping[str, Any]) -> Redis:
        fields = ("host", "port", "username", "password", "database", "timeout", "ssl", "ssl_verify", "server_name")
        key = tuple(record.get(field) for field in fields)
        if key not in self._redis:
            self._redis[key] = Redis(record, self._trust)
        return self._redis[key]

    def _trust(self, verify: bool) -> ssl.SSLContext:
        if verify not in self._contexts:
            self._contexts[verify] = client_context(self._settings.lua_ssl_trusted_certificate, verify=verify)
        return self._contexts[verify]

    async def close(self) -> None:
        for server in self._redis.values():
            server.close()


def _identifier(config: Mapping[str, Any], exchange: Exchange) -> str:
    """What is counted: what `limit_by` names, else the client's address."""
    kind = config["limit_by"]
    found: Any = None
    if kind == "consumer":
        found = (exchange.consumer or exchange.credential or {}).get("id")
    elif kind == "credential":
        found = (exchange.credential or {}).get("id")
    elif kind == "service":
        found = (exchange.service or {}).get("id")
    elif kind == "header":
        found = exchange.visible_headers().get(config["header_name"])
    elif kind == "path" and exchange.path == config["path"]:
        found = exchange.path
    return str(found or exchange.client_address)

"""A small Redis client: what rate limiting needs, with connections that are kept for the next request."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_IDLE_SECONDS = 10.0
_POOL = 100

Reply = str | int | None


class RedisError(Exception):
    """Redis cannot be reached, or refuses."""


@dataclass
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: float = 0.0

    async def command(self, *words: str | int) -> Reply:
        """Raises RedisError."""
        parts = [str(word).encode() for word in words]
        head = b"*%d\r\n" % len(parts)
        self.writer.write(head + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts))
        line = (await self.reader.readuntil(b"\r\n"))[:-2]
        kind, rest = line[:1], line[1:].decode("latin-1")
        if kind == b"-":
            raise RedisError(rest)
        if kind == b":":
            return int(rest)
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else (await self.reader.readexactly(size + 2))[:-2].decode("latin-1")
        return rest


class Redis:
    """One server and account, as the `redis` record of a plugin says; every use takes `timeout` ms at most."""

    def __init__(self, config: Mapping[str, Any], trust: Callable[[bool], ssl.SSLContext]) -> None:
        self._config = config
        self._trust = trust
        self._idle: list[_Connection] = []

    async def command(self, *words: str | int) -> Reply:
        """Raises RedisError."""
        try:
            async with asyncio.timeout(self._config["timeout"] / 1000):
                connection = await self._acquire()
                reply = await self._use(connection, words)
        except TimeoutError:
            raise RedisError("timeout") from None
        except (OSError, asyncio.IncompleteReadError) as error:
            raise RedisError(str(error) or type(error).__name__) from None
        self._release(connection)
        return reply

    @staticmethod
    async def _use(connection: _Connection, words: tuple[str | int, ...]) -> Reply:
        try:
            return await connection.command(*words)
        except BaseException:
            connection.writer.close()
            raise

    async def _acquire(self) -> _Connection:
        now = time.monotonic()
        while self._idle:
            connection = self._idle.pop()
            if now - connection.used < _IDLE_SECONDS and not connection.reader.at_eof():
                return connection
            connection.writer.close()
        return await self._connect()

    async def _connect(self) -> _Connection:
        config = self._config
        secure = bool(config.get("ssl"))
        name = config.get("server_name") or config["host"]
        reader, writer = await asyncio.open_connection(
            config["host"],
            config["port"],
            ssl=self._trust(bool(config.get("ssl_verify"))) if secure else None,
            server_hostname=name if secure else None,
        )
        connection = _Connection(reader, writer)
        try:
            if config.get("password"):
                user = [config["username"]] if config.get("username") else []
                await connection.command("AUTH", *user, config["password"])
            if config.get("database"):
                await connection.command("SELECT", config["database"])
        except BaseException:
            writer.close()
            raise
        return connection

    def _release(self, connection: _Connection) -> None:
        connection.used = time.monotonic()
        if len(self._idle) < _POOL:
            self._idle.append(connection)
        else:
            connection.writer.close()

    def close(self) -> None:
        for connection in self._idle:
            connection.writer.close()
        self._idle.clear()

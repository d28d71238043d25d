"""Log plugins: file-log, http-log."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import aiohttp

from local_cloud.kong.proxy.exchange import Exchange
from local_cloud.kong.proxy.plugins.base import Handler, Plugin
from local_cloud.kong.proxy.plugins.serialised import serialise

LOG = logging.getLogger(__name__)


class FileLog(Handler):
    name = "file-log"
    priority = 9

    def log(self, plugin: Plugin, exchange: Exchange) -> None:
        with Path(plugin.config["path"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(serialise(exchange)) + "\n")


class HttpLog(Handler):
    """One request for each record, sent once."""

    name = "http-log"
    priority = 12

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def log(self, plugin: Plugin, exchange: Exchange) -> None:
        task = asyncio.get_running_loop().create_task(self._send(plugin, json.dumps(serialise(exchange))))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, plugin: Plugin, record: str) -> None:
        config = plugin.config
        self._session = self._session or aiohttp.ClientSession(trust_env=False)
        headers = {"Content-Type": config["content_type"], **(config.get("headers") or {})}
        timeout = aiohttp.ClientTimeout(total=config["timeout"] / 1000)
        try:
            async with self._session.request(
                config["method"], config["http_endpoint"], data=record.encode(), headers=headers, timeout=timeout
            ) as response:
                if response.status >= 400:
                    LOG.error("http-log: %s answers %s", config["http_endpoint"], response.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            LOG.warning("http-log: %s: %s", config["http_endpoint"], error)

    async def close(self) -> None:
        await asyncio.gather(*self._tasks)
        if self._session:
            await self._session.close()

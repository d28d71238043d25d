"""pre-function and post-function: Lua of the configuration."""

from __future__ import annotations

import logging
from typing import Any

from local_cloud.kong.proxy.exchange import Exchange
from local_cloud.kong.proxy.lua.runtime import Lua
from local_cloud.kong.proxy.plugins.base import Handler, Plugin

LOG = logging.getLogger(__name__)

_NOT_RUN = ("certificate", "body_filter")


class _Functions(Handler):
    def __init__(self, lua: Lua) -> None:
        self._lua = lua
        self._warned = False
        self._compiled: dict[tuple[str, str], tuple[list[str], list[Any]]] = {}

    def configured(self, plugin: Plugin) -> None:
        if not self._warned and any(plugin.config.get(phase) for phase in _NOT_RUN):
            self._warned = True
            LOG.error("THE STAND-IN DOES NOT RUN FUNCTIONS OF %s IN THE PHASES %s", self.name, " AND ".join(_NOT_RUN))

    async def rewrite(self, plugin: Plugin, exchange: Exchange) -> None:
        await self._run(plugin, exchange, "rewrite")

    async def access(self, plugin: Plugin, exchange: Exchange) -> None:
        await self._run(plugin, exchange, "access")

    def header_filter(self, plugin: Plugin, exchange: Exchange) -> None:
        self._run_now(plugin, exchange, "header_filter")

    def log(self, plugin: Plugin, exchange: Exchange) -> None:
        self._run_now(plugin, exchange, "log")

    async def _run(self, plugin: Plugin, exchange: Exchange, phase: str) -> None:
        # Lua cannot wait: what it may look at has to be there.
        if any("body" in source for source in plugin.config.get(phase) or []):
            await exchange.body.read()
        self._run_now(plugin, exchange, phase)

    def _run_now(self, plugin: Plugin, exchange: Exchange, phase: str) -> None:
        sources = plugin.config.get(phase)
        if sources:
            for function in self._functions(plugin, phase, sources):
                self._lua.run(function, exchange, phase)

    def _functions(self, plugin: Plugin, phase: str, sources: list[str]) -> list[Any]:
        known = self._compiled.get((plugin.id, phase))
        if not known or known[0] != sources:
            known = (sources, [self._lua.compile(source) for source in sources])
            self._compiled[plugin.id, phase] = known
        return known[1]

    def forget(self, live: frozenset[str]) -> None:
        self._compiled = {key: value for key, value in self._compiled.items() if key[0] in live}


class PreFunction(_Functions):
    name = "pre-function"
    priority = 1000000


class PostFunction(_Functions):
    name = "post-function"
    priority = -1000

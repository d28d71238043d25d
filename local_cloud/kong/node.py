"""A node: proxy, Admin API and status API in one process, following the database."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import signal
import ssl
import time
import uuid
from collections.abc import Awaitable, Callable

from aiohttp import web

from local_cloud.kong.admin.api import Api, StatusApi
from local_cloud.kong.admin.health import Proxy
from local_cloud.kong.admin.information import Node as About
from local_cloud.kong.database import StoreUnavailableError
from local_cloud.kong.declarative import Declarative
from local_cloud.kong.entities import Catalogue, live, present
from local_cloud.kong.kinds import KINDS
from local_cloud.kong.proxy import Gateway
from local_cloud.kong.settings import Listener, Settings
from local_cloud.kong.snapshot import Snapshot
from local_cloud.kong.state import State
from local_cloud.kong.store import MemoryStore, PostgresStore
from local_cloud.kong.tls import listener_context

LOG = logging.getLogger("kong")
Serve = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_STOP_SECONDS = 10.0
_REST_FACTOR = 10


def snapshot(state: State) -> Snapshot:
    entities = {}
    for name, kind in KINDS.items():
        alive = (entity for entity in state.entities[name].values() if live(kind, entity))
        entities[name] = {entity["id"]: present(state, kind, entity) for entity in alive}
    return Snapshot(state.version, entities)


class Node:
    def __init__(self, settings: Settings):
        self.settings = dataclasses.replace(settings, node_id=settings.node_id or str(uuid.uuid4()))
        self._runners: list[web.ServerRunner] = []
        self._follower: asyncio.Task[None] | None = None
        self._shown: tuple[int, int] | None = None
        self._work_seconds = 0.0

    async def start(self) -> None:
        """Raises OSError when an address is taken, StoreUnavailableError, SettingError."""
        catalogue = Catalogue(self.settings.plugins)
        self.gateway = Gateway(self.settings)
        self.store = MemoryStore() if self.settings.database == "off" else PostgresStore(self.settings)
        declarative = Declarative(self.store, catalogue) if isinstance(self.store, MemoryStore) else None
        about = About(self.settings, str(self.settings.node_id))
        api = Api(about, self.store, catalogue, Proxy(self.gateway, self._show), declarative)
        if declarative:
            declarative.start(self.settings)
        await self.gateway.start()
        self._show(await self.store.read())
        await self._listen(self.settings.admin_listen, api.serve, listener_context(self.settings, "admin"))
        await self._listen(self.settings.status_listen, StatusApi(api).serve, listener_context(self.settings, "status"))
        self._follower = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        if self._follower:
            self._follower.cancel()
        for runner in self._runners:
            await runner.cleanup()
        await self.gateway.stop()
        await self.store.close()

    # -- following the database -------------------------------------------------------------------

    async def _follow(self) -> None:
        """The proxy works with a new configuration within `worker_state_update_frequency`, or a little later.

        Later where taking it up is so much work that little else would be done.
        """
        pause = min(self.settings.worker_state_update_frequency, self.settings.db_update_frequency)
        while True:
            await asyncio.sleep(max(pause, self._work_seconds * _REST_FACTOR))
            try:
                self._show(await self.store.read())
            except StoreUnavailableError:
                continue  # the proxy goes on with what it has

    def _show(self, state: State) -> None:
        shown = (id(state), state.version)
        if shown != self._shown:
            self._shown = shown
            started = time.monotonic()
            self.gateway.update(snapshot(state))
            self._work_seconds = time.monotonic() - started

    # -- listening --------------------------------------------------------------------------------

    async def _listen(self, listeners: tuple[Listener, ...], serve: Serve, context: ssl.SSLContext | None) -> None:
        for listener in listeners:
            runner = web.ServerRunner(web.Server(serve, access_log=None), shutdown_timeout=_STOP_SECONDS)
            await runner.setup()
            self._runners.append(runner)
            site = web.TCPSite(
                runner,
                listener.host,
                listener.port,
                ssl_context=context if listener.ssl else None,
                backlog=1024,
            )
            await site.start()


async def run(settings: Settings) -> None:
    """Until SIGTERM, SIGQUIT or SIGINT."""
    node = Node(settings)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        await node.start()
        LOG.info("started, node %s", node.settings.node_id)
        await stopped.wait()
        LOG.info("stopping")
    finally:
        await node.stop()

"""A node: proxy, Admin API and status API in one process, following the database."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import math
import signal
import ssl
import time
import uuid

from aiohttp import web

from local_cloud.kong.admin.api import ADMIN_HEADERS, STATUS_HEADERS, Api
from local_cloud.kong.admin.health import Proxy
from local_cloud.kong.admin.http import Serve, serving
from local_cloud.kong.admin.information import Node as About
from local_cloud.kong.database import StoreUnavailableError
from local_cloud.kong.declarative import Declarative
from local_cloud.kong.entities import Catalogue, live, next_expiry, present, purge
from local_cloud.kong.kinds import KINDS
from local_cloud.kong.proxy import Gateway
from local_cloud.kong.settings import Listener, Settings
from local_cloud.kong.snapshot import Snapshot
from local_cloud.kong.state import State
from local_cloud.kong.store import MemoryStore, PostgresStore
from local_cloud.kong.tls import listener_context

LOG = logging.getLogger("kong")

_STOP_SECONDS = 10.0
_REST_FACTOR = 10
_PURGE_SECONDS = 300.0


def snapshot(state: State) -> Snapshot:
    entities = {}
    for name, kind in KINDS.items():
        alive = (entity for entity in state.entities[name].values() if live(kind, entity))
        entities[name] = {entity["id"]: present(state, kind, entity) for entity in alive}
    return Snapshot(state.version, entities)


class Node:
    """Made and used within one event loop: `async with Node(settings)`."""

    def __init__(self, settings: Settings):
        self.settings = dataclasses.replace(settings, node_id=settings.node_id or str(uuid.uuid4()))
        catalogue = Catalogue(settings.plugins)
        self._gateway = Gateway(self.settings)
        self._store = MemoryStore() if settings.database == "off" else PostgresStore(self.settings)
        self._declarative = Declarative(self._store, catalogue) if isinstance(self._store, MemoryStore) else None
        about = About(self.settings, str(self.settings.node_id))
        self._api = Api(about, self._store, catalogue, Proxy(self._gateway, self._show), self._declarative)
        self._shown: tuple[State, int] | None = None
        self._next_expiry = math.inf
        self._work_seconds = 0.0
        self._ending = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Node:
        """Raises OSError when an address is taken, StoreUnavailableError, SettingError, DeclarativeError."""
        async with self._ending:
            await self._start()
            self._ending = self._ending.pop_all()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._ending.aclose()

    async def _start(self) -> None:
        self._ending.push_async_callback(self._store.close)
        if self._declarative:
            self._declarative.start(self.settings)
        self._ending.push_async_callback(self._gateway.stop)
        await self._gateway.start()
        self._show(await self._store.read())
        apis = {
            "admin": serving(self._api.answer, ADMIN_HEADERS),
            "status": serving(self._api.answer_status, STATUS_HEADERS),
        }
        for name, serve in apis.items():
            context = listener_context(self.settings, name)
            for listener in getattr(self.settings, f"{name}_listen"):
                await self._listen(listener, serve, context if listener.ssl else None)
        follower = asyncio.create_task(self._follow())
        self._ending.callback(follower.cancel)

    # -- following the database -------------------------------------------------------------------

    async def _follow(self) -> None:
        """The proxy works with a new configuration within `worker_state_update_frequency`, or a little later.

        Later where taking it up is so much work that little else would be done.
        """
        pause = min(self.settings.worker_state_update_frequency, self.settings.db_update_frequency)
        purged = time.monotonic()
        while True:
            await asyncio.sleep(max(pause, self._work_seconds * _REST_FACTOR))
            try:
                if time.monotonic() - purged > _PURGE_SECONDS:
                    purged = time.monotonic()
                    await self._store.write(purge)
                self._show(await self._store.read())
            except StoreUnavailableError:
                continue  # the proxy goes on with what it has
            except Exception:
                LOG.exception("the proxy does not take version %s", self._shown and self._shown[1])

    def _show(self, state: State) -> None:
        shown = (state, state.version)
        if shown != self._shown or time.time() >= self._next_expiry:
            self._shown, self._next_expiry = shown, next_expiry(state)
            started = time.monotonic()
            self._gateway.update(snapshot(state))
            self._work_seconds = time.monotonic() - started

    # -- listening --------------------------------------------------------------------------------

    async def _listen(self, listener: Listener, serve: Serve, context: ssl.SSLContext | None) -> None:
        runner = web.ServerRunner(web.Server(serve, access_log=None), shutdown_timeout=_STOP_SECONDS)
        await runner.setup()
        self._ending.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, listener.host, listener.port, ssl_context=context, backlog=1024).start()


async def run(settings: Settings) -> None:
    """Until SIGTERM, SIGQUIT or SIGINT."""
    node = Node(settings)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with node:
        LOG.info("started, node %s", node.settings.node_id)
        await stopped.wait()
        LOG.info("stopping")

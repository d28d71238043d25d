"""The stand-in by itself, for tests: in a thread, on a free port, with an administrator and nothing provisioned."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from local_cloud.grafana import settings
from local_cloud.grafana.dashboards import Catalogue
from local_cloud.grafana.server import Contents, Server
from local_cloud.grafana.store import Store

_ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Account:
    """Where Grafana answers, and its administrator."""

    url: str
    user: str
    password: str = field(repr=False)


@contextlib.contextmanager
def running_grafana(directory: Path, password: str) -> Iterator[Account]:
    provisioning = directory / "provisioning"
    provisioning.mkdir(parents=True, exist_ok=True)
    read = settings.read(
        {
            "GF_PATHS_PROVISIONING": str(provisioning),
            "GF_PATHS_DATA": str(directory / "data"),
            "GF_SECURITY_ADMIN_PASSWORD": password,
        }
    )
    store = Store(read.data)
    store.create_admin(read.admin_user, password)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True, name="grafana stand-in")
    thread.start()
    serving = asyncio.run_coroutine_threadsafe(_serve(Contents(read, store, [], Catalogue([]))), loop).result()
    try:
        yield Account(f"http://{_ADDRESS}:{serving.addresses[0][1]}", read.admin_user, password)
    finally:
        asyncio.run_coroutine_threadsafe(serving.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        store.close()


async def _serve(contents: Contents) -> web.AppRunner:
    runner = web.AppRunner(Server(contents, "").application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, _ADDRESS, 0).start()
    return runner

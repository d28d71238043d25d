"""A stand-in by itself, for tests: in a thread, on a free port, with a certificate of its own authority."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from local_cloud.certificates import Authority
from local_cloud.stand_in.server import tls

_ADDRESS = "127.0.0.1"


@contextlib.contextmanager
def running(directory: Path, name: str, application: web.Application) -> Iterator[tuple[str, str]]:
    """Its URL, and the path of its authority."""
    directory.mkdir(parents=True, exist_ok=True)
    authority = Authority(directory)
    pair = authority.issue(name, names=["localhost"], ips=[_ADDRESS])
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True, name=f"{name} stand-in")
    thread.start()
    runner = web.AppRunner(application)
    try:
        serving = _serve(runner, tls(pair.certificate, pair.key))
        port = asyncio.run_coroutine_threadsafe(serving, loop).result()
        yield f"https://{_ADDRESS}:{port}", str(authority.certificate)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _serve(runner: web.AppRunner, context: ssl.SSLContext) -> int:
    await runner.setup()
    site = web.TCPSite(runner, _ADDRESS, 0, ssl_context=context)
    await site.start()
    return int(runner.addresses[0][1])

"""The stand-in by itself, for tests: in a thread, on a free port, with a certificate of its own authority."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from local_cloud.certificates import Authority
from local_cloud.pagerduty.account import FIRST_USER, Now, utc_now
from local_cloud.pagerduty.server import StandIn, tls

_ADDRESS = "127.0.0.1"
_TOKEN = "u+stand-in-token-0"


@dataclass(frozen=True)
class Pager:
    """`ca_cert` is the path of its authority, `user` the e-mail address of the account's user."""

    url: str
    token: str
    ca_cert: str
    user: str
    stand_in: StandIn


@contextlib.contextmanager
def running_pager(directory: Path, now: Now = utc_now) -> Iterator[Pager]:
    directory.mkdir(parents=True, exist_ok=True)
    authority = Authority(directory)
    pair = authority.issue("pagerduty", names=["localhost"], ips=[_ADDRESS])
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True, name="pagerduty stand-in")
    thread.start()
    stand_in = StandIn("", _TOKEN, now)
    runner = web.AppRunner(stand_in.application())
    try:
        serving = _serve(runner, tls(pair.certificate, pair.key))
        port = asyncio.run_coroutine_threadsafe(serving, loop).result()
        stand_in.account.url = f"https://{_ADDRESS}:{port}"
        yield Pager(stand_in.account.url, _TOKEN, str(authority.certificate), FIRST_USER["email"], stand_in)
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

"""Counting the requests that a program sends to an HTTP server: a forwarder on loopback that reads along."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

REQUEST_LINE_END = b" HTTP/1.1\r\n"
CHUNK = 1 << 16


@dataclass
class Counter:
    """Where to send requests to be counted, and how many came."""

    url: str = ""
    requests: int = 0


@contextlib.contextmanager
def counted(url: str) -> Iterator[Counter]:
    """Forward to the server at `url` (plain HTTP) while the block runs."""
    counter = Counter()
    open_connections: set[asyncio.StreamWriter] = set()
    loop = asyncio.new_event_loop()
    where = urlsplit(url)
    server = loop.run_until_complete(_listen(counter, str(where.hostname), where.port or 80, open_connections))
    counter.url = "http://{}:{}".format(*server.sockets[0].getsockname()[:2])
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield counter
    finally:
        asyncio.run_coroutine_threadsafe(_close(server, open_connections), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(
    counter: Counter, host: str, port: int, open_connections: set[asyncio.StreamWriter]
) -> asyncio.Server:
    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, port)
        open_connections.update((writer, back))
        await asyncio.gather(_copy(reader, back, counter), _copy(there, writer, None))
        open_connections.difference_update((writer, back))

    return await asyncio.start_server(forward, "127.0.0.1", 0)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, counter: Counter | None) -> None:
    tail = b""
    with contextlib.suppress(ConnectionError), contextlib.closing(target):
        while data := await source.read(CHUNK):
            if counter:
                seen = tail + data
                counter.requests += seen.count(REQUEST_LINE_END)
                tail = seen[-len(REQUEST_LINE_END) + 1 :]
            target.write(data)
            await target.drain()


async def _close(server: asyncio.Server, open_connections: set[asyncio.StreamWriter]) -> None:
    server.close()
    for connection in open_connections:
        connection.transport.abort()  # what copies from it reads the end, and ends
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)

"""Where the entities are: PostgreSQL, shared by several nodes, or memory alone.

Every node holds all entities in memory and follows the database. What requests want from the database is collected
while it is busy and then done together: writes in one transaction under an advisory lock, reads after one look
whether another node has written.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import psycopg

from local_cloud.kong.database import StoreUnavailableError, connection_options
from local_cloud.kong.errors import AdminError
from local_cloud.kong.kinds import KINDS
from local_cloud.kong.settings import Settings
from local_cloud.kong.state import Change, State, Transaction

T = TypeVar("T")
LOG = logging.getLogger("kong")

_WRITE_LOCK = 0x77726974
_BATCH = 64
_KEPT_CHANGES = 2000
"""Versions of which the changes are kept; a node that is further behind reads everything again."""


class Store(Protocol):
    async def read(self) -> State:
        """The state, no older than the call. Raises StoreUnavailableError."""

    async def write(self, operation: Callable[[Transaction], T]) -> T:
        """Run in a transaction. Raises StoreUnavailableError, and what the operation raises."""

    async def close(self) -> None: ...


@dataclass
class _Request:
    operation: Callable[[Transaction], Any] | None
    answer: asyncio.Future[Any]


class MemoryStore:
    """A node without a database."""

    def __init__(self) -> None:
        self.state = State()

    async def read(self) -> State:
        return self.state

    async def write(self, operation: Callable[[Transaction], T]) -> T:
        transaction = Transaction(self.state)
        try:
            result = operation(transaction)
        except BaseException:
            transaction.take_back()
            raise
        self.state.version += 1
        return result

    async def close(self) -> None:
        return None


class PostgresStore:
    def __init__(self, settings: Settings):
        self._options = connection_options(settings)
        self._timeout = settings.pg_timeout / 1000
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._queue: asyncio.Queue[_Request] = asyncio.Queue()
        self.state = State()
        self._loaded = False
        self._begun = False
        self._worker = asyncio.create_task(self._work())

    async def read(self) -> State:
        await self._ask(None)
        return self.state

    async def write(self, operation: Callable[[Transaction], T]) -> T:
        result: T = await self._ask(operation)
        return result

    async def close(self) -> None:
        self._worker.cancel()
        try:
            await self._worker
        except asyncio.CancelledError:
            pass
        await self._disconnect()

    async def _ask(self, operation: Callable[[Transaction], Any] | None) -> Any:
        request = _Request(operation, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(request)
        return await request.answer

    # -- one batch after the other ----------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while not self._queue.empty() and len(batch) < _BATCH:
                batch.append(self._queue.get_nowait())
            try:
                await self._serve(batch)
            except Exception as error:
                if not isinstance(error, StoreUnavailableError):
                    LOG.exception("a batch failed")
                for request in batch:
                    _settle(request, error)

    async def _serve(self, batch: list[_Request]) -> None:
        writes = [request for request in batch if request.operation]
        outcomes = await self._in_database(lambda connection: self._transact(connection, writes))
        for request, outcome in outcomes:
            _settle(request, outcome)
        for request in batch:
            if not request.operation and not request.answer.done():
                request.answer.set_result(None)

    async def _in_database(self, work: Callable[[psycopg.AsyncConnection[Any]], Any]) -> Any:
        reused, self._begun = self._connection is not None, False
        try:
            async with asyncio.timeout(self._timeout * (2 if reused else 1)):
                try:
                    return await work(await self._connected())
                except psycopg.OperationalError:
                    # The connection may have died while nothing was asked.
                    await self._disconnect()
                    if not reused or self._begun:
                        raise
                    return await work(await self._connected())
        except (psycopg.Error, TimeoutError, OSError) as error:
            LOG.warning("[PostgreSQL] %s", str(error).strip() or "no answer in time")
            await self._disconnect()
            raise StoreUnavailableError(str(error)) from error

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(**self._options, autocommit=True)
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    # -- reading ----------------------------------------------------------------------------------

    async def _transact(
        self, connection: psycopg.AsyncConnection[Any], writes: list[_Request]
    ) -> list[tuple[_Request, Any]]:
        if not writes:
            await self._catch_up(connection)
            return []
        try:
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_WRITE_LOCK])
                await self._catch_up(connection)
                self._begun = True
                transaction = Transaction(self.state)
                outcomes = [(request, _run(transaction, request)) for request in writes]
                await self._save(connection, transaction.changes)
        except BaseException:
            # Whether it has been committed may be unknown: what counts is in the database.
            self._loaded = False
            raise
        return outcomes

    async def _catch_up(self, connection: psycopg.AsyncConnection[Any]) -> None:
        cursor = await connection.execute("SELECT version FROM configuration")
        row = await cursor.fetchone()
        version = row[0] if row else 0
        if self._loaded and version == self.state.version:
            return
        if not self._loaded or not await self._follow(connection, version):
            await self._load(connection, version)

    async def _follow(self, connection: psycopg.AsyncConnection[Any], version: int) -> bool:
        """Apply what other nodes have changed; whether all of it was still there."""
        cursor = await connection.execute(
            "SELECT body FROM changes WHERE version > %s AND version <= %s ORDER BY version",
            [self.state.version, version],
        )
        rows = await cursor.fetchall()
        if version < self.state.version or len(rows) != version - self.state.version:
            return False
        for (body,) in rows:
            for change in json.loads(body):
                self.state.apply(tuple(change))
        self.state.version = version
        return True

    async def _load(self, connection: psycopg.AsyncConnection[Any], version: int) -> None:
        state = State()
        cursor = await connection.execute("SELECT collection, body FROM entities")
        for collection, body in await cursor.fetchall():
            entity = json.loads(body)
            if collection in KINDS:
                state.apply((collection, entity["id"], entity))
        state.version = version
        self.state, self._loaded = state, True

    # -- writing ----------------------------------------------------------------------------------

    async def _save(self, connection: psycopg.AsyncConnection[Any], changes: list[Change]) -> None:
        if not changes:
            return
        final = {(kind, identity): entity for kind, identity, entity in changes}
        version = self.state.version + 1
        body = _text([(kind, identity, entity) for (kind, identity), entity in final.items()])
        for statement in _SAVE:
            await connection.execute(statement, [body])
        await connection.execute("INSERT INTO changes (version, body) VALUES (%s, %s)", [version, body])
        if version % 100 == 0:
            await connection.execute("DELETE FROM changes WHERE version <= %s", [version - _KEPT_CHANGES])
        await connection.execute("UPDATE configuration SET version = %s", [version])
        self.state.version = version


def _run(transaction: Transaction, request: _Request) -> Any:
    mark = transaction.mark
    try:
        assert request.operation
        return request.operation(transaction)
    except Exception as error:  # handed to the one who asked
        transaction.take_back(mark)
        if not isinstance(error, AdminError):
            LOG.exception("an operation failed")
        return error


def _settle(request: _Request, outcome: Any) -> None:
    if request.answer.done():
        return
    if isinstance(outcome, Exception):
        request.answer.set_exception(outcome)
    else:
        request.answer.set_result(outcome)


def _text(value: Any) -> str:
    # ASCII alone: whatever clients send, the database takes it.
    return json.dumps(value, separators=(",", ":"))


# Of [[collection, id, entity or null], …].
_SAVE = (
    """
    INSERT INTO entities
    SELECT change ->> 0, (change ->> 1)::uuid, (change -> 2)::text FROM json_array_elements(%s::json) AS change
    WHERE json_typeof(change -> 2) <> 'null'
    ON CONFLICT (collection, id) DO UPDATE SET body = excluded.body
    """,
    """
    DELETE FROM entities USING json_array_elements(%s::json) AS change
    WHERE collection = change ->> 0 AND id = (change ->> 1)::uuid AND json_typeof(change -> 2) = 'null'
    """,
)

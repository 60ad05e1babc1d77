"""The database handle: two kinds of session, and nothing else knows how an engine is set up.

`read()` sees one snapshot; `write()` is one transaction that holds the write lock from its first statement, because
40 concurrent read-modify-writes on SQLite keep 1 of 40 increments without BEGIN IMMEDIATE. Repository functions take
the session and never commit; the caller's `async with` does.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

BUSY_TIMEOUT_MS = 10_000


class Database:
    """An engine and its sessions. Make one a process, hand it down, `close()` it last."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        # Each SQLite connection is a thread: a few that stay are faster than many that come and go.
        pool = {"pool_size": 6, "max_overflow": 0} if self.is_sqlite else {"pool_pre_ping": True}
        # What a statement carries may be somebody's secret: errors show the statement alone.
        self.engine: AsyncEngine = create_async_engine(url, pool_timeout=60, hide_parameters=True, **pool)
        # SQLite has one writer; waiting in line here is fair, its own busy handler is not.
        self._write_lock = asyncio.Lock()
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _set_pragmas)
            event.listen(self.engine.sync_engine, "begin", _begin)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for reading; whatever it changed is rolled back."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One write transaction: committed at the end of the block, rolled back if it raises. Keep it short."""
        if not self.is_sqlite:
            async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
                yield session
            return
        async with self._write_lock, AsyncSession(self.engine, expire_on_commit=False) as session:
            await session.connection(execution_options={"immediate": True})
            yield session
            await session.commit()

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[AsyncConnection]:
        """A connection outside of any transaction (SQLite); this process's write transactions wait meanwhile."""
        async with self._write_lock, self.engine.connect() as connection:
            yield await connection.execution_options(outside=True)

    async def answers(self) -> bool:
        """Whether the database answers a trivial question; raises what the driver raises if not."""
        async with self.engine.connect() as connection:
            return bool((await connection.exec_driver_sql("SELECT 1")).scalar())

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's documented way to take BEGIN into our own hands
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("outside", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("immediate", False) else "BEGIN")

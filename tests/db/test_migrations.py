"""The migrations and the models say the same, on both engines, and every step can be taken back."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, inspect
from sqlmodel import select

from contentsync.db.base import Base
from contentsync.db.engine import Database
from contentsync.db.models import Source
from contentsync.db.schema import alembic_config, migrate


def differences(connection: Connection) -> list[object]:
    """What autogenerate would still change."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = list(compare_metadata(context, Base.metadata))
    if connection.dialect.name != "sqlite":
        return found
    # Of a foreign key that was added with its column, SQLAlchemy cannot read what happens on delete; SQLite tells it.
    return [difference for difference in found if difference[0] not in ("remove_fk", "add_fk")] + [
        (table.name, rules, wanted)
        for table in Base.metadata.sorted_tables
        if (rules := _foreign_keys(connection, table.name)) != (wanted := _wanted_foreign_keys(table))
    ]


def _foreign_keys(connection: Connection, table: str) -> set[tuple[str, str, str, str]]:
    rows = connection.exec_driver_sql(f"PRAGMA foreign_key_list({table})").mappings()
    return {(row["from"], row["table"], row["to"], row["on_delete"]) for row in rows}


def _wanted_foreign_keys(table: Table) -> set[tuple[str, str, str, str]]:
    keys = table.foreign_keys
    return {(key.parent.name, key.column.table.name, key.column.name, key.ondelete or "NO ACTION") for key in keys}


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


async def test_rows_survive_every_step_and_what_refers_to_them_too(empty_database: Database) -> None:
    """Rebuilding a table would make SQLite delete the rows that refer to it."""

    def fill(connection: Connection) -> None:
        config = alembic_config(connection)
        command.upgrade(config, "0001")
        for statement in (
            "INSERT INTO subscriber (id, chat_id, name, is_owner, language, time_zone, digest_minute, digest_size,"
            " paused, dialog_open, created_at) VALUES (1, 5, 'A', false, 'en', 'UTC', 480, 10, false, false,"
            " '2026-01-01 00:00:00')",
            "INSERT INTO source (id, kind, key, url, title, preview, interval_minutes, failures, last_error_params,"
            " created_at) VALUES (1, 'feed', 'k', 'u', 't', '[]', 60, 0, '{}', '2026-01-01 00:00:00')",
            "INSERT INTO subscription (subscriber_id, source_id, origin, created_at)"
            " VALUES (1, 1, 'link', '2026-01-01 00:00:00')",
        ):
            connection.exec_driver_sql(statement)
        connection.commit()
        command.upgrade(config, "head")
        connection.commit()

    def counts(connection: Connection) -> list[int]:
        return [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            for table in ("subscriber", "source", "subscription")
        ]

    async with empty_database.engine.connect() as connection:
        await connection.run_sync(fill)
        assert await connection.run_sync(counts) == [1, 1, 1]
        await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "0001"))
        assert await connection.run_sync(counts) == [1, 1, 1]


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

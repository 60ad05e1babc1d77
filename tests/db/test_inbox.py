"""The stored updates, on both engines."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from contentsync.db import inbox
from contentsync.db.engine import Database
from contentsync.db.inbox import InboxRow

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def row(update_id: int, received_at: datetime = NOW) -> InboxRow:
    return InboxRow(update_id=update_id, chat_id=1, payload=f"p{update_id}", attempts=0, received_at=received_at)


async def store(database: Database, *rows: InboxRow) -> set[int]:
    async with database.write() as session:
        return await inbox.store_updates(session, rows=rows)


async def unhandled(database: Database) -> list[int]:
    async with database.read() as session:
        return [update.update_id for update in await inbox.list_unhandled(session)]


async def test_only_what_is_new_is_stored(database: Database) -> None:
    assert await store(database) == set()
    assert await store(database, row(1), row(2)) == {1, 2}
    assert await store(database, row(2), row(3)) == {3}
    assert await unhandled(database) == [1, 2, 3]


async def test_order_is_that_of_arrival(database: Database) -> None:
    """Ids begin anew at random after a quiet week."""
    await store(database, row(900), row(901))
    await store(database, row(5, NOW + timedelta(days=8)))
    assert await unhandled(database) == [900, 901, 5]


async def test_a_handled_update_says_nothing_any_more_and_is_known(database: Database) -> None:
    await store(database, row(1), row(2))
    async with database.write() as session:
        await inbox.finish_update(session, update_id=1, now=NOW)
    assert await unhandled(database) == [2]
    assert await store(database, row(1)) == set()
    async with database.write() as session:
        await inbox.delete_handled(session, below=1)
    assert await store(database, row(1)) == set()
    async with database.write() as session:
        await inbox.delete_handled(session, below=2)
    assert await store(database, row(1)) == {1}


async def test_all_handled_are_deleted_and_no_other(database: Database) -> None:
    await store(database, row(1), row(2))
    async with database.write() as session:
        await inbox.finish_update(session, update_id=1, now=NOW)
        await inbox.delete_handled(session)
    assert await store(database, row(1), row(2)) == {1}
    async with database.write() as session:
        await inbox.delete_update(session, update_id=2)
    assert await unhandled(database) == [1]


async def test_what_is_set_aside_is_kept_for_a_while(database: Database) -> None:
    await store(database, row(1), row(2))
    async with database.write() as session:
        await inbox.set_attempts(session, update_id=2, attempts=3)
        await inbox.set_aside(session, update_id=1, now=NOW)
    async with database.read() as session:
        assert [(u.update_id, u.attempts) for u in await inbox.list_unhandled(session)] == [(2, 3)]
    async with database.write() as session:
        assert await inbox.forget_set_aside(session, before=NOW) == 0
        assert await inbox.forget_set_aside(session, before=NOW + timedelta(seconds=1)) == 1


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (OperationalError("", {}, Exception()), True),
        (IntegrityError("", {}, Exception()), False),
        (ValueError(), False),
    ],
)
def test_away_or_wrong(error: Exception, away: bool) -> None:
    assert inbox.is_unavailable(error) is away

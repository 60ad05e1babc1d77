"""Who is stored, and how preferences change, on both engines."""

from datetime import UTC, datetime, timedelta

import pytest

from contentsync.db import preferences, subscribers
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber
from contentsync.db.subscribers import Changes

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


async def add(database: Database, chat_id: int = 1) -> int:
    async with database.write() as session:
        return await subscribers.add_subscriber(session, chat_id=chat_id, name="Ann", language="en", now=NOW)


async def stored(database: Database, subscriber_id: int) -> Subscriber:
    async with database.read() as session:
        subscriber = await subscribers.get_subscriber(session, subscriber_id=subscriber_id)
    assert subscriber is not None
    return subscriber


async def test_a_chat_is_one_subscriber(database: Database) -> None:
    first = await add(database)
    assert await add(database) == first
    assert await add(database, 2) != first
    person = await stored(database, first)
    assert (person.name, person.language, person.digest_minute, person.time_zone) == ("Ann", "en", 480, "UTC")
    async with database.read() as session:
        assert await subscribers.find_by_chat(session, chat_id=1) == person
        assert await subscribers.find_by_chat(session, chat_id=3) is None
        assert await subscribers.get_subscriber(session, subscriber_id=999) is None


async def test_owner(database: Database) -> None:
    subscriber_id = await add(database)
    async with database.write() as session:
        assert not await subscribers.has_owner(session)
        await subscribers.change(session, subscriber_id=subscriber_id, is_owner=True)
        assert await subscribers.has_owner(session)


async def test_the_first_preference_schedules_the_first_digest(database: Database) -> None:
    subscriber_id = await add(database)
    async with database.write() as session:
        person = await preferences.prefer(session, subscriber_id=subscriber_id, now=NOW, name="Bea")
    assert person.name == "Bea"
    assert person.next_digest_at == datetime(2026, 1, 16, 8, 0, tzinfo=UTC)
    assert await stored(database, subscriber_id) == person


@pytest.mark.parametrize(
    ("changes", "next_digest_at"),
    [
        (Changes(digest_minute=780), datetime(2026, 1, 15, 13, 0, tzinfo=UTC)),
        (Changes(time_zone="America/New_York"), datetime(2026, 1, 15, 13, 0, tzinfo=UTC)),
        (Changes(paused=True), None),
        (Changes(blocked_at=NOW), None),
    ],
)
async def test_what_decides_about_the_time_moves_it(
    database: Database, changes: Changes, next_digest_at: datetime | None
) -> None:
    subscriber_id = await add(database)
    async with database.write() as session:
        await preferences.prefer(session, subscriber_id=subscriber_id, now=NOW)
        await preferences.prefer(session, subscriber_id=subscriber_id, now=NOW, **changes)
    assert (await stored(database, subscriber_id)).next_digest_at == next_digest_at


@pytest.mark.parametrize("changes", [Changes(digest_minute=480), Changes(digest_size=5), Changes(paused=False)])
async def test_a_digest_that_is_due_is_not_lost_by_what_does_not_move_it(database: Database, changes: Changes) -> None:
    subscriber_id = await add(database)
    due_at = NOW - timedelta(seconds=20)
    async with database.write() as session:
        await subscribers.change(session, subscriber_id=subscriber_id, next_digest_at=due_at)
        await preferences.prefer(session, subscriber_id=subscriber_id, now=NOW, **changes)
    assert (await stored(database, subscriber_id)).next_digest_at == due_at


async def test_coming_back_schedules_again(database: Database) -> None:
    subscriber_id = await add(database)
    for away, back in (
        (Changes(paused=True), Changes(paused=False)),
        (Changes(blocked_at=NOW), Changes(blocked_at=None)),
    ):
        async with database.write() as session:
            await preferences.prefer(session, subscriber_id=subscriber_id, now=NOW, **away)
            person = await preferences.prefer(session, subscriber_id=subscriber_id, now=NOW, **back)
        assert person.next_digest_at == datetime(2026, 1, 16, 8, 0, tzinfo=UTC)

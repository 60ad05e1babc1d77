"""What people are told without having asked, on both engines."""

from datetime import UTC, datetime, timedelta

from sqlmodel import select, update

from contentsync.db import notices
from contentsync.db.account_models import Notice
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber
from tests.db.test_integrations import add_person

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
BUTTONS = [[{"text": "Open", "secret_url": "token"}]]


async def add(database: Database, subscriber_id: int, key: str, now: datetime = NOW, text_key: str = "t") -> bool:
    async with database.write() as session:
        return await notices.add_notice(
            session, subscriber_id=subscriber_id, key=key, text_key=text_key, params={"account": "a"}, now=now,
            keyboard=BUTTONS,
        )  # fmt: skip


async def unsent(database: Database, limit: int = 10) -> list[str]:
    async with database.read() as session:
        return [notice.key for notice, _ in await notices.list_unsent(session, limit=limit)]


async def ids(database: Database) -> dict[str, int]:
    async with database.read() as session:
        return {notice.key: notice.id or 0 for notice in await session.exec(select(Notice))}


async def test_a_key_makes_a_notice_once_for_each_person(database: Database) -> None:
    a, b = await add_person(database), await add_person(database, 2)
    assert await add(database, a, "k")
    assert not await add(database, a, "k", text_key="another")
    assert await add(database, b, "k")
    async with database.read() as session:
        waiting = await notices.list_unsent(session, limit=10)
        assert await notices.count_unsent(session) == 2
    assert [(notice.text_key, person.id) for notice, person in waiting] == [("t", a), ("t", b)]
    assert (waiting[0][0].params, waiting[0][0].keyboard) == ({"account": "a"}, BUTTONS)


async def test_what_was_sent_is_remembered_without_its_links(database: Database) -> None:
    person = await add_person(database)
    await add(database, person, "k")
    async with database.write() as session:
        await notices.mark_sent(session, notice_id=(await ids(database))["k"], now=NOW)
    async with database.read() as session:
        (sent,) = await session.exec(select(Notice))
    assert (sent.sent_at, sent.keyboard) == (NOW, [])
    assert await unsent(database) == []
    assert not await add(database, person, "k"), "it is not told again"


async def test_what_could_not_be_told_goes_behind_and_blocked_people_wait(database: Database) -> None:
    a, b = await add_person(database), await add_person(database, 2)
    for person, key in ((a, "1"), (b, "2"), (a, "3")):
        await add(database, person, key)
    async with database.write() as session:
        await notices.count_attempt(session, notice_id=(await ids(database))["1"])
    assert await unsent(database) == ["2", "3", "1"]
    assert await unsent(database, limit=2) == ["2", "3"]
    async with database.write() as session:
        await session.exec(update(Subscriber).where(Subscriber.id == b).values(blocked_at=NOW))  # type: ignore[arg-type]
    assert await unsent(database) == ["3", "1"]


async def test_old_ones_are_forgotten_sent_or_not(database: Database) -> None:
    person = await add_person(database)
    for days, key in enumerate("abc"):
        await add(database, person, key, now=NOW + timedelta(days=days))
    async with database.write() as session:
        await notices.mark_sent(session, notice_id=(await ids(database))["b"], now=NOW)
        assert await notices.forget_notices(session, before=NOW + timedelta(days=2)) == 2
    assert await unsent(database) == ["c"]

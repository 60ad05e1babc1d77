"""Drafts, on both engines."""

from datetime import UTC, datetime, timedelta

from contentsync.db import drafts, subscribers
from contentsync.db.engine import Database

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


async def add_subscriber(database: Database) -> int:
    async with database.write() as session:
        return await subscribers.add_subscriber(session, chat_id=1, name="", language="en", now=NOW)


async def keep(database: Database, subscriber_id: int, update_id: int, text: str = "x", now: datetime = NOW) -> int:
    async with database.write() as session:
        draft = await drafts.keep_draft(session, subscriber_id=subscriber_id, update_id=update_id, text=text, now=now)
    assert draft.id is not None
    return draft.id


async def test_a_repeated_update_finds_the_first_draft(database: Database) -> None:
    person = await add_subscriber(database)
    first = await keep(database, person, 7, "first")
    assert await keep(database, person, 7, "second") == first
    assert await keep(database, person, 8) != first
    async with database.read() as session:
        draft = await drafts.get_draft(session, draft_id=first)
        assert draft is not None
        assert (draft.text, draft.outcome) == ("first", {})
        assert await drafts.find_draft(session, subscriber_id=person, update_id=7) == draft
        assert await drafts.find_draft(session, subscriber_id=person, update_id=9) is None
        assert await drafts.get_draft(session, draft_id=999) is None


async def test_text_and_outcome_are_replaced(database: Database) -> None:
    draft_id = await keep(database, await add_subscriber(database), 7)
    async with database.write() as session:
        await drafts.set_text(session, draft_id=draft_id, text="link")
        await drafts.set_outcome(session, draft_id=draft_id, outcome={"reason_key": "not_found", "params": {"a": 1}})
    async with database.read() as session:
        draft = await drafts.get_draft(session, draft_id=draft_id)
    assert draft is not None
    assert (draft.text, draft.outcome) == ("link", {"reason_key": "not_found", "params": {"a": 1}})


async def test_old_drafts_are_forgotten(database: Database) -> None:
    person = await add_subscriber(database)
    await keep(database, person, 1, now=NOW - timedelta(days=2))
    young = await keep(database, person, 2)
    async with database.write() as session:
        assert await drafts.forget_drafts(session, before=NOW - timedelta(days=1)) == 1
        assert await drafts.get_draft(session, draft_id=young) is not None

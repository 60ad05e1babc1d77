"""Claims, on both engines."""

from datetime import UTC, datetime

from contentsync.db import invites, subscribers
from contentsync.db.engine import Database
from contentsync.db.models import Invite

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


async def redeem(database: Database, token_hash: str) -> bool:
    async with database.write() as session:
        return await invites.redeem_claim(session, token_hash=token_hash, now=NOW)


async def offer(database: Database, token_hash: str) -> None:
    async with database.write() as session:
        await invites.replace_claim(session, token_hash=token_hash, now=NOW)


async def test_a_claim_is_used_once(database: Database) -> None:
    await offer(database, "a")
    assert not await redeem(database, "b")
    assert await redeem(database, "a")
    assert not await redeem(database, "a")
    async with database.write() as session:
        person = await subscribers.add_subscriber(session, chat_id=1, name="", language="en", now=NOW)
        await invites.set_user(session, token_hash="a", subscriber_id=person)
    async with database.read() as session:
        invite = await session.get(Invite, "a")
    assert invite is not None
    assert (invite.used_at, invite.used_by) == (NOW, person)


async def test_a_new_claim_ends_the_former(database: Database) -> None:
    await offer(database, "a")
    await offer(database, "b")
    assert not await redeem(database, "a")
    assert await redeem(database, "b")


async def test_nobody_claims_what_is_owned(database: Database) -> None:
    await offer(database, "a")
    async with database.write() as session:
        person = await subscribers.add_subscriber(session, chat_id=1, name="", language="en", now=NOW)
        await subscribers.change(session, subscriber_id=person, is_owner=True)
    assert not await redeem(database, "a")

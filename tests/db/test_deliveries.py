"""The ledger's steps: only from the right state, only by who holds the lease."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from contentsync.db import deliveries, digests
from contentsync.db.digests import Part
from contentsync.db.engine import Database
from contentsync.db.models import Delivery, Digest
from tests.filling import NOW, add_subscriber

TOKEN = "ask-7.1"
Step = Callable[..., Awaitable[bool]]

STEPS: dict[str, tuple[Step, dict[str, Any], str, str]] = {
    "begin_placing": (deliveries.begin_placing, {}, "planned", "placing"),
    "take_back": (deliveries.take_back, {}, "placing", "planned"),
    "lose_stub": (deliveries.lose_stub, {}, "placing", "planned"),
    "place": (deliveries.place, {"message_id": 5_000_000_000}, "placing", "placed"),
    "lose_message": (deliveries.lose_message, {}, "placed", "planned"),
    "mark_sent": (deliveries.mark_sent, {"now": NOW}, "placed", "sent"),
}


@pytest.fixture
async def delivery_id(database: Database) -> int:
    """The one message of a frozen digest that `TOKEN` holds."""
    me = await add_subscriber(database)
    async with database.write() as session:
        digest_id = await digests.ask_digest(session, subscriber_id=me, update_id=7, now=NOW)
        await digests.claim(session, digest_ids=[digest_id], lease_id="ask-7", token=TOKEN, now=NOW)
        part = Part(stub="stub", body="body", keyboard=[[{"text": "1", "callback_data": "card:1:1"}]])
        await digests.freeze(session, digest_id=digest_id, token=TOKEN, chat_id=1, entries=[], parts=[part])
        (only,) = await deliveries.list_parts(session, digest_id=digest_id)
        return only


async def set_state(db: Database, delivery_id: int, state: str) -> None:
    async with db.write() as session:
        message = await session.get_one(Delivery, delivery_id)
        message.state = state
        session.add(message)


async def take(db: Database, step: Step, delivery_id: int, token: str, **values: Any) -> bool:
    async with db.write() as session:
        return await step(session, delivery_id=delivery_id, token=token, **values)


async def stored(db: Database, delivery_id: int) -> Delivery:
    async with db.read() as session:
        return await session.get_one(Delivery, delivery_id)


@pytest.mark.parametrize("name", STEPS)
async def test_step(database: Database, delivery_id: int, name: str) -> None:
    step, values, before, after = STEPS[name]
    for state in ("planned", "placing", "placed", "sent"):
        await set_state(database, delivery_id, state)
        assert not await take(database, step, delivery_id, "ask-7.2", **values), "not the holder"
        assert await take(database, step, delivery_id, TOKEN, **values) is (state == before)
        assert (await stored(database, delivery_id)).state == (after if state == before else state)


async def test_what_the_steps_write(database: Database, delivery_id: int) -> None:
    for name in ("begin_placing", "lose_stub", "begin_placing", "take_back", "begin_placing", "place"):
        assert await take(database, STEPS[name][0], delivery_id, TOKEN, **STEPS[name][1])
    placed = await stored(database, delivery_id)
    assert (placed.stubs_lost, placed.message_id) == (1, 5_000_000_000)
    assert await take(database, deliveries.lose_message, delivery_id, TOKEN)
    assert (await stored(database, delivery_id)).message_id is None
    for name in ("begin_placing", "place", "mark_sent"):
        assert await take(database, STEPS[name][0], delivery_id, TOKEN, **STEPS[name][1])
    assert (await stored(database, delivery_id)).sent_at == NOW


async def test_only_the_holder_sees_a_message(database: Database, delivery_id: int) -> None:
    async with database.read() as session:
        assert await deliveries.get_claimed(session, delivery_id=delivery_id, token="ask-7") is None
        message = await deliveries.get_claimed(session, delivery_id=delivery_id, token=TOKEN)
    assert message is not None
    assert message.keyboard == [[{"text": "1", "callback_data": "card:1:1"}]]


async def test_what_is_shown_belongs_to_its_subscriber(database: Database, delivery_id: int) -> None:
    await take(database, deliveries.begin_placing, delivery_id, TOKEN)
    await take(database, deliveries.place, delivery_id, TOKEN, message_id=9)
    message = await stored(database, delivery_id)
    async with database.read() as session:
        digest = await session.get_one(Digest, message.digest_id)

        async def shown(subscriber_id: int, message_id: int) -> bool:
            found = await deliveries.get_shown(
                session, subscriber_id=subscriber_id, digest_id=message.digest_id, message_id=message_id
            )
            return found is not None

        assert await shown(digest.subscriber_id, 9)
        assert await shown(digest.subscriber_id, 10), "a card that was opened from another message leads back as well"
        assert not await shown(digest.subscriber_id + 1, 9)

"""Which digests are due, who holds them, and what they hold."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from contentsync.db import deliveries, digests
from contentsync.db.digests import CATCH_UP, LEASE, Entry, Part
from contentsync.db.engine import Database
from contentsync.db.models import Delivery, Digest, DigestEntry, Subscriber
from tests.filling import NOW, add_item, add_source, add_story, add_subscriber

EIGHT = NOW.replace(hour=8)
PART = Part(stub="stub", body="body", keyboard=[])


async def tick(db: Database, now: datetime, lease_id: str = "tick") -> list[int]:
    """What one tick holds afterwards."""
    async with db.write() as session:
        await digests.open_due(session, now=now, lease_id=lease_id, limit=100)
        await digests.adopt(session, now=now, lease_id=lease_id)
    async with db.read() as session:
        return await digests.list_leased(session, lease_id=lease_id)


async def slots(db: Database, subscriber_id: int) -> list[tuple[str, str]]:
    async with db.read() as session:
        found = await session.exec(
            select(Digest).where(col(Digest.subscriber_id) == subscriber_id).order_by(col(Digest.due_at))
        )
        return [(digest.slot, digest.state) for digest in found]


async def next_at(db: Database, subscriber_id: int) -> datetime | None:
    async with db.read() as session:
        return (await session.get_one(Subscriber, subscriber_id)).next_digest_at


async def ask(db: Database, subscriber_id: int, update_id: int = 7) -> int:
    async with db.write() as session:
        return await digests.ask_digest(session, subscriber_id=subscriber_id, update_id=update_id, now=NOW)


async def claim(db: Database, digest_id: int, lease_id: str, token: str, now: datetime = NOW) -> bool:
    async with db.write() as session:
        claimed = await digests.claim(session, digest_ids=[digest_id], lease_id=lease_id, token=token, now=now)
    return claimed == [digest_id]


async def freeze(db: Database, digest_id: int, token: str, entries: list[Entry]) -> bool:
    async with db.write() as session:
        return await digests.freeze(session, digest_id=digest_id, token=token, chat_id=1, entries=entries, parts=[PART])


async def test_asking_twice_is_asking_once(database: Database) -> None:
    me = await add_subscriber(database)
    first = await ask(database, me)
    assert await ask(database, me) == first
    assert await ask(database, me, update_id=8) != first
    assert [slot for slot, _ in await slots(database, me)] == ["ask-7", "ask-8"]
    assert await claim(database, first, digests.asked_slot(7), "ask-7.1")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"time_zone": "UTC", "digest_minute": 480}, EIGHT + timedelta(days=1)),
        ({"time_zone": "UTC", "digest_minute": 13 * 60}, NOW + timedelta(hours=1)),
        ({"time_zone": "Europe/Kyiv", "digest_minute": 15 * 60 + 1}, NOW + timedelta(minutes=1)),
        ({"paused": True, "next_digest_at": EIGHT}, None),
        ({"blocked_at": NOW, "next_digest_at": EIGHT}, None),
    ],
)
async def test_schedule_next(database: Database, values: dict[str, Any], expected: datetime | None) -> None:
    me = await add_subscriber(database, **values)
    async with database.write() as session:
        await digests.schedule_next(session, subscriber_id=me, now=NOW)
    assert await next_at(database, me) == expected


async def test_schedule_next_sees_what_the_same_transaction_changed(database: Database) -> None:
    me = await add_subscriber(database)
    async with database.write() as session:
        subscriber = await session.get_one(Subscriber, me)
        subscriber.digest_minute = 13 * 60
        session.add(subscriber)
        await digests.schedule_next(session, subscriber_id=me, now=NOW)
    assert await next_at(database, me) == NOW + timedelta(hours=1)


async def test_a_due_slot_is_opened_once(database: Database) -> None:
    me = await add_subscriber(database, 1, next_digest_at=EIGHT)
    await add_subscriber(database, 2, next_digest_at=EIGHT + timedelta(seconds=1))
    await add_subscriber(database, 3, next_digest_at=EIGHT, paused=True)
    await add_subscriber(database, 4, next_digest_at=EIGHT, blocked_at=NOW)
    await add_subscriber(database, 5)
    held = await tick(database, EIGHT)
    assert len(held) == 1
    assert await slots(database, me) == [("2025-06-01T08:00", "open")]
    assert await next_at(database, me) == EIGHT + timedelta(days=1)
    assert await tick(database, EIGHT, "later") == []
    assert await tick(database, EIGHT) == held, "a tick that is run again finds what it opened"


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (CATCH_UP - timedelta(seconds=1), [("2025-06-01T08:00", "open")]),
        (CATCH_UP, [("2025-06-01T08:00", "skipped")]),
        (timedelta(hours=24), [("2025-06-01T08:00", "skipped"), ("2025-06-02T08:00", "open")]),
        (timedelta(days=400), [("2025-06-01T08:00", "skipped"), ("2026-07-06T08:00", "open")]),
        (timedelta(days=3, hours=20), [("2025-06-01T08:00", "skipped")]),
    ],
)
async def test_late_ticks_catch_up_or_skip(
    database: Database, late: timedelta, expected: list[tuple[str, str]]
) -> None:
    me = await add_subscriber(database, next_digest_at=EIGHT)
    await tick(database, EIGHT + late)
    assert await slots(database, me) == expected
    following = await next_at(database, me)
    assert following is not None
    assert EIGHT + late < following <= EIGHT + late + timedelta(days=1)


async def test_a_zone_that_changed_its_rules_is_not_sent_early(database: Database) -> None:
    """The stored moment is no slot any more: the next one is kept instead."""
    me = await add_subscriber(database, next_digest_at=EIGHT - timedelta(hours=1))
    await tick(database, EIGHT - timedelta(minutes=30))
    assert await slots(database, me) == []
    assert await next_at(database, me) == EIGHT


async def test_ticks_at_once_open_each_slot_once(database: Database) -> None:
    people = [await add_subscriber(database, chat_id, next_digest_at=EIGHT) for chat_id in range(1, 11)]
    held = await asyncio.gather(*(tick(database, EIGHT, f"tick{number}") for number in range(4)))
    assert len({digest_id for ids in held for digest_id in ids}) == sum(map(len, held)) == len(people)


async def test_unfinished_digests_are_taken_over_when_their_lease_ends(database: Database) -> None:
    me = await add_subscriber(database, next_digest_at=EIGHT)
    (digest_id,) = await tick(database, EIGHT)
    assert await tick(database, EIGHT + LEASE - timedelta(seconds=1), "early") == []
    assert await tick(database, EIGHT + LEASE, "second") == [digest_id]
    assert not await claim(database, digest_id, "tick", "tick.1"), "the first one has lost it"
    assert await claim(database, digest_id, "second", "second.1", now=EIGHT + LEASE)
    assert await freeze(database, digest_id, "second.1", [])
    assert await tick(database, EIGHT + timedelta(days=2), "third"), "a frozen one is finished however late"
    assert (await slots(database, me))[0] == ("2025-06-01T08:00", "frozen")


async def test_open_digests_past_the_window_are_skipped_unless_asked_for(database: Database) -> None:
    me = await add_subscriber(database, next_digest_at=EIGHT)
    await tick(database, EIGHT)
    asked = await ask(database, me)
    assert asked in await tick(database, NOW + CATCH_UP + timedelta(minutes=1), "late")
    assert await slots(database, me) == [("2025-06-01T08:00", "skipped"), ("ask-7", "open")]


async def test_a_later_attempt_takes_over_from_an_earlier_one(database: Database) -> None:
    digest_id = await ask(database, await add_subscriber(database))
    assert await claim(database, digest_id, "ask-7", "ask-7.run.1")
    assert await claim(database, digest_id, "ask-7", "ask-7.run.2")
    assert not await freeze(database, digest_id, "ask-7.run.1", [])
    assert not await claim(database, digest_id, "ask-70", "ask-70.run.1")
    async with database.read() as session:
        assert await digests.get_claimed(session, digest_id=digest_id, token="ask-7.run.1") is None
        assert await digests.get_claimed(session, digest_id=digest_id, token="ask-7.run.2") is not None


async def test_two_digests_of_one_person_never_hold_the_same(database: Database) -> None:
    """By item, and by story."""
    me = await add_subscriber(database)
    source, story = await add_source(database, followers=(me,)), await add_story(database, "story")
    items = [await add_item(database, source, str(number), story_id=story) for number in range(2)]
    other_story = await add_story(database, "other")
    another = await add_item(database, source, "another", story_id=other_story)
    first, second, third = [await ask(database, me, update_id) for update_id in (1, 2, 3)]
    for update_id, digest_id in enumerate((first, second, third), start=1):
        assert await claim(database, digest_id, f"ask-{update_id}", f"ask-{update_id}.1")
    entries = [Entry(items[0], story, 1, 1.0, [])]
    frozen = await asyncio.gather(
        freeze(database, first, "ask-1.1", entries), freeze(database, second, "ask-2.1", entries)
    )
    assert sorted(frozen) == [False, True]
    assert not await freeze(database, third, "ask-3.1", [Entry(items[1], story, 1, 1.0, [])])
    assert not await freeze(database, third, "ask-3.1", [Entry(items[0], other_story, 1, 1.0, [])])
    moved = [Entry(items[1], other_story, 1, 1.0, [])]
    assert not await freeze(database, third, "ask-3.1", moved), "the story counts that the item has now"
    assert await freeze(
        database, third, "ask-3.1", [Entry(another, other_story, 1, 1.0, [{"key": "new", "value": 1.0}])]
    )
    async with database.read() as session:
        assert len(list(await session.exec(select(DigestEntry)))) == 2
        assert len(list(await session.exec(select(Delivery)))) == 2


async def test_a_story_comes_back_as_an_update_once(database: Database) -> None:
    me = await add_subscriber(database)
    source, story = await add_source(database, followers=(me,)), await add_story(database, "story")
    items = [await add_item(database, source, str(number), story_id=story) for number in range(4)]
    other = await add_item(database, source, "other", story_id=await add_story(database, "other"))
    ids = [await ask(database, me, update_id) for update_id in range(1, 6)]
    for update_id, digest_id in enumerate(ids, start=1):
        assert await claim(database, digest_id, f"ask-{update_id}", f"ask-{update_id}.1")
    assert await freeze(database, ids[0], "ask-1.1", [Entry(items[0], story, 1, 1.0, [])])
    again = [Entry(item, story, 1, 1.0, [], is_update=True) for item in items]
    assert not await freeze(database, ids[1], "ask-2.1", [again[0]]), "an item is sent once, whatever it is marked"
    assert not await freeze(database, ids[1], "ask-2.1", [Entry(items[1], story, 1, 1.0, [])]), "unmarked"
    frozen = await asyncio.gather(
        freeze(database, ids[1], "ask-2.1", [again[1]]), freeze(database, ids[2], "ask-3.1", [again[2]])
    )
    assert sorted(frozen) == [False, True]
    assert not await freeze(database, ids[3], "ask-4.1", [again[3]])
    assert await freeze(database, ids[3], "ask-4.1", [Entry(other, story, 1, 1.0, [])])
    async with database.read() as session:
        sent = list(await session.exec(select(DigestEntry).order_by(col(DigestEntry.id))))
    assert [entry.is_update for entry in sent] == [False, True, False]


async def test_what_became_one_story_meanwhile_is_chosen_anew(database: Database) -> None:
    me = await add_subscriber(database)
    source, story = await add_source(database, followers=(me,)), await add_story(database, "story")
    items = [await add_item(database, source, str(number), story_id=story) for number in range(2)]
    digest_id = await ask(database, me)
    await claim(database, digest_id, "ask-7", "ask-7.1")
    both = [Entry(items[0], story, 1, 1.0, []), Entry(items[1], story + 1, 2, 1.0, [])]
    assert not await freeze(database, digest_id, "ask-7.1", both)
    assert await freeze(database, digest_id, "ask-7.1", both[:1])


async def test_freezing_twice_changes_nothing(database: Database) -> None:
    digest_id = await ask(database, await add_subscriber(database))
    await claim(database, digest_id, "ask-7", "ask-7.1")
    assert await freeze(database, digest_id, "ask-7.1", [])
    assert not await freeze(database, digest_id, "ask-7.1", [])
    async with database.read() as session:
        assert len(await deliveries.list_parts(session, digest_id=digest_id)) == 1
        assert not await digests.has_entries(session, digest_id=digest_id)


@pytest.mark.parametrize("arrived", [False, True])
async def test_blocking_frees_what_never_arrived(database: Database, arrived: bool) -> None:
    me = await add_subscriber(database, next_digest_at=EIGHT + timedelta(days=1))
    story = await add_story(database, "story")
    item = await add_item(database, await add_source(database, followers=(me,)), "one", story_id=story)
    digest_id, token = await ask(database, me), "ask-7.1"
    await claim(database, digest_id, "ask-7", token)
    await freeze(database, digest_id, token, [Entry(item, story, 1, 1.0, [])])
    async with database.write() as session:
        (part,) = await deliveries.list_parts(session, digest_id=digest_id)
        if arrived:
            await deliveries.begin_placing(session, delivery_id=part, token=token)
            await deliveries.place(session, delivery_id=part, token=token, message_id=5)
            await deliveries.mark_sent(session, delivery_id=part, token=token, now=NOW)
        await digests.block(session, digest_id=digest_id, token="somebody else", now=NOW)
    assert await slots(database, me) == [("ask-7", "frozen")]
    async with database.write() as session:
        await digests.block(session, digest_id=digest_id, token=token, now=NOW)
    assert await slots(database, me) == [("ask-7", "blocked")]
    assert await next_at(database, me) is None
    async with database.read() as session:
        assert await digests.has_entries(session, digest_id=digest_id) is arrived
        assert (await session.get_one(Subscriber, me)).blocked_at == NOW


async def test_finishing_takes_the_token_and_happens_once(database: Database) -> None:
    digest_id = await ask(database, await add_subscriber(database))
    await claim(database, digest_id, "ask-7", "ask-7.1")
    finished = []
    for token in ("ask-7", "ask-7.1", "ask-7.1"):
        async with database.write() as session:
            finished.append(await digests.finish(session, digest_id=digest_id, token=token, state="sent", now=NOW))
    assert finished == [False, True, False]
    async with database.read() as session:
        digest = await session.get_one(Digest, digest_id)
    assert (digest.state, digest.finished_at, digest.lease_id) == ("sent", NOW, None)

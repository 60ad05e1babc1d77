"""What subscribers think of items, by taps and by leaving them alone."""

from datetime import timedelta

from contentsync.db import feedback, saved
from contentsync.db.engine import Database
from contentsync.db.feedback import MUTED, OPENED, RATING, TASTE, SignalRow
from contentsync.db.models import Digest, DigestEntry
from tests.filling import NOW, add_item, add_source, add_subscriber

DAY = timedelta(days=1)


async def give(db: Database, me: int, item: int, kind: str, value: int, hours: float = 0) -> None:
    async with db.write() as session:
        await feedback.give(
            session, subscriber_id=me, item_id=item, kind=kind, value=value, now=NOW + timedelta(hours=hours)
        )


async def given(db: Database, me: int, item: int) -> dict[str, int]:
    async with db.read() as session:
        return await feedback.get_given(session, subscriber_id=me, item_id=item)


async def signals(db: Database, me: int, limit: int = 100) -> list[SignalRow]:
    async with db.read() as session:
        return await feedback.list_signals(
            session, subscriber_id=me, since=NOW - 60 * DAY, ignored_before=NOW - DAY, limit=limit
        )


async def send(db: Database, me: int, items: list[int], *, ago: timedelta, state: str = "sent") -> None:
    """A digest that held these items, finished so long ago."""
    async with db.write() as session:
        digest = Digest(subscriber_id=me, slot=f"{ago}", state=state, due_at=NOW - ago, finished_at=NOW - ago)
        session.add(digest)
        await session.flush()
        session.add_all(
            DigestEntry(digest_id=digest.id or 0, subscriber_id=me, item_id=item, position=place, score=1)
            for place, item in enumerate(items, start=1)
        )


async def test_a_signal_is_set_changed_and_taken_back(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    item = await add_item(database, await add_source(database), "one")
    seen = []
    for value in (0, 1, 1, -1, -1, 0, 0, 1):
        await give(database, me, item, RATING, value)
        seen.append((await given(database, me, item)).get(RATING, 0))
    assert seen == [0, 1, 1, -1, -1, 0, 0, 1]
    assert await given(database, other, item) == {}


async def test_kinds_do_not_touch_each_other(database: Database) -> None:
    me = await add_subscriber(database)
    item = await add_item(database, await add_source(database), "one")
    for kind, value in ((RATING, 1), (OPENED, 1), (TASTE, -1), (MUTED, -1)):
        await give(database, me, item, kind, value)
    assert await given(database, me, item) == {RATING: 1, OPENED: 1, TASTE: -1, MUTED: -1}
    await give(database, me, item, TASTE, 0)
    assert await given(database, me, item) == {RATING: 1, OPENED: 1, MUTED: -1}


async def test_the_first_of_equal_taps_counts(database: Database) -> None:
    me = await add_subscriber(database)
    item = await add_item(database, await add_source(database), "one")
    for hours in (0, 5):
        await give(database, me, item, OPENED, 1, hours)
    assert [row.at for row in await signals(database, me)] == [NOW]


async def test_signals_come_with_what_is_known_of_their_items(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    source = await add_source(database, "News")
    item = await add_item(
        database, source, "one", author="Jo", media_kind="video", language="de", features=b"f", title="T"
    )
    plain = await add_item(database, source, "two")
    await give(database, me, item, RATING, -1, -2)
    await give(database, me, plain, TASTE, 1, -1)
    await give(database, other, plain, RATING, 1)
    async with database.write() as session:
        await saved.save(session, subscriber_id=me, item_id=plain, on=True, now=NOW)
    found = await signals(database, me)
    assert [(row.item_id, row.kind) for row in found] == [(plain, "saved"), (plain, "more"), (item, "dislike")]
    assert found[2] == SignalRow(item, "dislike", NOW - timedelta(hours=2), source, "Jo", "video", "de", "T", b"f")
    assert found[0].features is None
    assert [row.kind for row in await signals(database, me, limit=1)] == ["saved"], "the latest"


async def test_ignored_is_what_was_sent_long_enough_ago_and_left_alone(database: Database) -> None:
    me = await add_subscriber(database)
    source = await add_source(database)
    items = [await add_item(database, source, str(number)) for number in range(6)]
    await send(database, me, items[:4], ago=2 * DAY)
    await send(database, me, items[4:5], ago=DAY / 2)
    await send(database, me, items[5:], ago=3 * DAY, state="blocked")
    await give(database, me, items[0], OPENED, 1)
    await give(database, me, items[1], RATING, -1)
    async with database.write() as session:
        await saved.save(session, subscriber_id=me, item_id=items[2], on=True, now=NOW)
    found = [row for row in await signals(database, me) if row.kind == "ignored"]
    assert [(row.item_id, row.at) for row in found] == [(items[3], NOW - 2 * DAY)]
    await give(database, me, items[0], OPENED, 0)
    assert {row.item_id for row in await signals(database, me) if row.kind == "ignored"} == {items[0], items[3]}


async def test_saving_is_idempotent_and_reversible(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    source = await add_source(database)
    items = [await add_item(database, source, str(number)) for number in range(3)]
    for hours, item, on in ((0, 0, True), (1, 1, True), (2, 0, True), (3, 2, True), (4, 2, False), (5, 2, False)):
        async with database.write() as session:
            await saved.save(session, subscriber_id=me, item_id=items[item], on=on, now=NOW + timedelta(hours=hours))
    async with database.read() as session:
        everything = await saved.list_saved(session, subscriber_id=me, offset=0, limit=10)
        second = await saved.list_saved(session, subscriber_id=me, offset=1, limit=10)
        theirs = await saved.list_saved(session, subscriber_id=other, offset=0, limit=10)
        assert await saved.is_saved(session, subscriber_id=me, item_id=items[0])
        assert not await saved.is_saved(session, subscriber_id=me, item_id=items[2])
    assert (everything.item_ids, everything.count) == ([items[1], items[0]], 2)
    assert (second.item_ids, second.count) == ([items[0]], 2)
    assert (theirs.item_ids, theirs.count) == ([], 0)

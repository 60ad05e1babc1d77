"""What may go into digests, as rows."""

from datetime import timedelta

from sqlmodel import col, update

from contentsync.db import offers
from contentsync.db.engine import Database
from contentsync.db.models import Digest, DigestEntry, Item, Subscription
from tests.filling import NOW, add_item, add_source, add_subscriber

SINCE = NOW - timedelta(days=14)
LONG_AGO = NOW - timedelta(days=100)


async def test_recent_items_are_the_processed_ones_of_the_window(database: Database) -> None:
    mine, other = await add_source(database, "Mine"), await add_source(database, "Other")
    await add_item(database, mine, "old", hours=14 * 24 + 1)
    late = await add_item(database, mine, "late", hours=14 * 24)
    new = await add_item(database, mine, "new", author="Jo", word_count=460, features=b"f", language="en")
    await add_item(database, mine, "raw", processed=False)
    theirs = await add_item(database, other, "theirs")
    async with database.read() as session:
        found = await offers.list_recent(session, source_ids=[mine], since=SINCE)
        both = await offers.list_recent(session, source_ids=[other, mine], since=SINCE)
    assert {row.item_id for row in found} == {late, new}
    assert {row.item_id for row in both} == {late, new, theirs}
    row = next(row for row in found if row.item_id == new)
    assert (row.source_id, row.sort_at, row.author, row.word_count, row.features, row.language) == (
        mine, NOW - timedelta(hours=1), "Jo", 460, b"f", "en"
    )  # fmt: skip


async def test_changed_items_are_those_of_later_revisions(database: Database) -> None:
    source = await add_source(database)
    ids = [await add_item(database, source, str(number), story_revision=number) for number in (1, 2, 3)]
    await add_item(database, source, "raw", story_revision=9, processed=False)
    async with database.read() as session:
        assert [row.item_id for row in await offers.list_changed(session, after_revision=1)] == ids[1:]


async def test_a_newly_followed_source_offers_its_latest(database: Database) -> None:
    me = await add_subscriber(database)
    new = await add_source(database, "New", followers=(me,))
    old = await add_source(database, "Old", followers=(me,), since=LONG_AGO)
    ids = [await add_item(database, new, str(days), hours=24 * days) for days in (400, 300, 1, 100, 500)]
    await add_item(database, new, "clip", hours=24 * 50, media_kind="short")
    await add_item(database, old, "o", hours=24 * 50)
    async with database.write() as session:
        await session.exec(update(Subscription).where(col(Subscription.source_id) == new).values(with_shorts=False))

    async def latest(count: int) -> set[int]:
        async with database.read() as session:
            rows = await offers.list_latest(session, subscriber_id=me, followed_since=SINCE, before=SINCE, count=count)
        return {row.item_id for row in rows}

    assert await latest(3) == {ids[3], ids[1]}, "the one of the window counts among them, the unwanted one does not"
    assert await latest(1) == set()


async def test_follows_sent_and_texts(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    source = await add_source(database, "Mine", followers=(me,), since=LONG_AGO)
    items = [await add_item(database, source, str(number), summary_text=f"S{number}") for number in range(3)]
    async with database.write() as session:
        digest = Digest(subscriber_id=me, slot="s", due_at=NOW)
        session.add(digest)
        await session.flush()
        for position, item in enumerate((items[2], items[0]), start=1):
            story = (await session.get_one(Item, item)).story_id
            session.add(
                DigestEntry(
                    digest_id=digest.id or 0,
                    subscriber_id=me,
                    item_id=item,
                    story_id=story,
                    position=position,
                    score=1,
                    is_update=position == 2,
                )
            )
    async with database.read() as session:
        (follow,) = await offers.list_follows(session, subscriber_id=me)
        sent = await offers.list_sent(session, subscriber_id=me)
        texts = await offers.list_texts(session, item_ids=[items[1], 10**6])
        assert await offers.list_sent(session, subscriber_id=other) == []
    assert (follow.source_id, follow.followed_at, follow.with_shorts, follow.with_live) == (
        source,
        LONG_AGO,
        True,
        True,
    )
    assert [(row.item_id, row.is_update) for row in sent] == [(items[2], False), (items[0], True)]
    assert [(text.item_id, text.title, text.summary) for text in texts] == [(items[1], "Title of 1", "S1")]


def test_which_kinds_a_subscription_takes() -> None:
    picky = offers.Follow(1, NOW, with_shorts=False, with_live=False)
    assert [picky.wants(kind) for kind in ("article", "video", "short", "live")] == [True, True, False, False]
    assert all(offers.Follow(1, NOW, with_shorts=True, with_live=True).wants(kind) for kind in ("short", "live"))


async def test_the_newest_features(database: Database) -> None:
    source = await add_source(database)
    for hours, features in ((3, b"c"), (1, b"a"), (2, None), (4, b"d")):
        await add_item(database, source, str(hours), hours=hours, features=features)
    async with database.read() as session:
        assert await offers.list_features(session, before=NOW, limit=2) == [b"a", b"c"]
        assert await offers.list_features(session, before=NOW - timedelta(hours=2), limit=2) == [b"c", b"d"]

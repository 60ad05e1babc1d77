"""Writing down the stories of items, on both engines: all or nothing, one after another."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import col, select

from contentsync.db import stories, story_links
from contentsync.db.engine import Database
from contentsync.db.models import Digest, DigestEntry, Item, Story
from contentsync.db.stories import ProcessedItem
from contentsync.db.story_links import Placement, StoredTelling, StoriesMoved
from tests.filling import NOW, add_item, add_source, add_subscriber


async def waiting(db: Database, count: int) -> list[ProcessedItem]:
    source = await add_source(db)
    for number in range(count):
        await add_item(db, source, str(number), processed=False, hours=number)
    async with db.read() as session:
        items = await stories.list_unprocessed(session, after_id=0, limit=count)
    return [
        ProcessedItem(
            id=item.id, content_hash=item.content_hash, canonical_link=item.link, summary_text="s" * 900, language="en"
        )
        for item in items
    ]


def placed(item: ProcessedItem, story: int) -> Placement:
    return Placement(item, f"//example.org/{item.content_hash}", NOW, story)


async def store(
    db: Database, revision: int, placements: list[Placement], merged: dict[int, int] | None = None
) -> dict[int, int]:
    async with db.write() as session:
        return await story_links.store_placements(
            session, revision=revision, placements=placements, merged=merged or {}, now=NOW
        )


async def story_of(db: Database) -> list[int | None]:
    async with db.read() as session:
        return [item.story_id for item in await session.exec(select(Item).order_by(col(Item.id)))]


async def test_new_stories_get_ids_and_links(database: Database) -> None:
    items = await waiting(database, 3)
    new = await store(database, 0, [placed(items[0], -1), placed(items[1], -1), placed(items[2], -2)])
    assert new.keys() == {-1, -2}
    assert await story_of(database) == [new[-1], new[-1], new[-2]]
    async with database.read() as session:
        assert await story_links.get_revision(session) == 1
        assert await story_links.find_links(session, keys=["//example.org/1", "//example.org/9"]) == {
            "//example.org/1": new[-1]
        }
        assert await story_links.list_waiting(session, item_ids=[item.id for item in items]) == {}


async def test_an_old_picture_stores_nothing(database: Database) -> None:
    items = await waiting(database, 2)
    await store(database, 0, [placed(items[0], -1)])
    with pytest.raises(StoriesMoved):
        await store(database, 0, [placed(items[1], -1)])
    with pytest.raises(StoriesMoved):
        await store(database, 1, [placed(items[1], 4_711)])
    assert (await story_of(database))[1] is None
    async with database.read() as session:
        assert await story_links.get_revision(session) == 1
        assert await story_links.list_waiting(session, item_ids=[item.id for item in items]) == {items[1].id: None}
        assert len(list(await session.exec(select(Story)))) == 1


async def test_of_two_at_once_one_is_stored(database: Database) -> None:
    items = await waiting(database, 2)
    results = await asyncio.gather(
        store(database, 0, [placed(items[0], -1)]), store(database, 0, [placed(items[1], -1)]), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["StoriesMoved", "dict"]
    assert sorted(story is None for story in await story_of(database)) == [False, True]


async def test_a_merge_moves_items_links_and_what_was_sent(database: Database) -> None:
    me = await add_subscriber(database)
    items = await waiting(database, 3)
    new = await store(database, 0, [placed(items[0], -1), placed(items[1], -2)])
    async with database.write() as session:
        digest = Digest(subscriber_id=me, slot="ask-1", due_at=NOW)
        session.add(digest)
        await session.flush()
        session.add(
            DigestEntry(
                digest_id=digest.id or 0, subscriber_id=me, item_id=items[1].id, story_id=new[-2], position=1, score=1
            )
        )
    kept, gone = new[-1], new[-2]
    assert await store(database, 1, [placed(items[2], kept)], {gone: kept}) == {}
    assert await story_of(database) == [kept] * 3
    async with database.read() as session:
        assert (await session.exec(select(DigestEntry))).one().story_id == kept
        assert [story.id for story in await session.exec(select(Story))] == [kept]
        keys = [f"//example.org/{number}" for number in range(3)]
        assert await story_links.find_links(session, keys=keys) == dict.fromkeys(keys, kept)
        changed = await story_links.list_changed(session, after_revision=1, since=NOW - timedelta(days=1))
        assert {telling.item_id for telling in changed} == {items[1].id, items[2].id}


async def test_recent_items_come_in_pages(database: Database) -> None:
    items = await waiting(database, 5)
    await store(database, 0, [placed(item, -item.id) for item in items])
    found: list[StoredTelling] = []
    while True:
        async with database.read() as session:
            page = await story_links.list_recent(
                session, since=NOW - timedelta(hours=3), before=found[-1] if found else None, limit=3
            )
        if not page:
            break
        found += page
    assert [telling.item_id for telling in found] == [item.id for item in items[:4]], "the newest first"
    assert {len(telling.summary) for telling in found} == {story_links.SUMMARY_CHARACTERS}
    async with database.read() as session:
        one = await story_links.list_of_stories(session, story_ids=[found[0].story_id], since=NOW - timedelta(days=1))
    assert one == found[:1]

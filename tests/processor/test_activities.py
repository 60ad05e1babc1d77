"""Giving items their story, on a real database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col, select
from temporalio.testing import ActivityEnvironment

from contentsync.db.engine import Database
from contentsync.db.models import Item, Story
from contentsync.processor.activities import CHUNK_ITEMS, ProcessorActivities
from contentsync.processor.contract import ProcessItemsInput, ProcessResult
from contentsync.processor.features import Facts, features_of
from tests.filling import NOW, add_item, add_source, sqlite_database

REQUEST = ProcessItemsInput(now=NOW.isoformat())


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with sqlite_database(tmp_path) as database:
        yield database


async def process(db: Database) -> ProcessResult:
    return await ActivityEnvironment().run(ProcessorActivities(db).process_items, REQUEST)


async def items(db: Database) -> list[Item]:
    async with db.read() as session:
        return list(await session.exec(select(Item).order_by(col(Item.id))))


async def test_nothing_to_do(db: Database) -> None:
    assert await process(db) == ProcessResult(processed=0)


async def test_an_item_is_given_everything(db: Database) -> None:
    source = await add_source(db, language="de-AT")
    await add_item(
        db,
        source,
        "one",
        processed=False,
        link="https://www.example.org/one/?utm_source=rss",
        summary_html="<p>Fish &amp; <b>chips</b></p><p>for two</p>",
    )
    assert await process(db) == ProcessResult(processed=1)
    (item,) = await items(db)
    assert item.canonical_link == "https://www.example.org/one/"
    assert item.summary_text == "Fish & chips for two"
    assert item.language == "de"
    facts = Facts(item.title, item.summary_text, source, None, "article", "de", None, None)
    assert item.features == features_of(facts)
    assert item.processed_at == NOW
    async with db.read() as session:
        (story,) = await session.exec(select(Story))
    assert (story.id, story.key, story.first_seen_at) == (item.story_id, "//example.org/one", item.first_seen_at)
    assert await process(db) == ProcessResult(processed=0), "once is enough"


async def test_language_is_guessed_where_none_is_declared(db: Database) -> None:
    source = await add_source(db)
    await add_item(
        db, source, "fr", processed=False, title="Le président a annoncé de nouvelles mesures pour les écoles"
    )
    await add_item(db, source, "short", processed=False, title="v1.2")
    await process(db)
    assert [item.language for item in await items(db)] == ["fr", None]


async def test_one_link_in_two_sources_is_one_story(db: Database) -> None:
    one, other = await add_source(db, "One"), await add_source(db, "Other")
    await add_item(db, one, "a", processed=False, link="http://example.org/a", hours=5)
    await add_item(db, other, "b", processed=False, link="https://www.example.org/a/?fbclid=1", hours=9)
    await add_item(db, other, "c", processed=False, link=None)
    await add_item(db, one, "d", processed=False, link=None)
    await process(db)
    found = [item.story_id for item in await items(db)]
    assert found[0] == found[1]
    assert len(set(found)) == 3, "items without a link are stories of their own"
    async with db.read() as session:
        stories = list(await session.exec(select(Story).order_by(col(Story.id))))
    assert len(stories) == 3
    assert min(story.first_seen_at for story in stories) == (await items(db))[1].first_seen_at


async def test_a_later_item_joins_its_story(db: Database) -> None:
    one, other = await add_source(db, "One"), await add_source(db, "Other")
    await add_item(db, one, "a", processed=False, link="https://example.org/a")
    await process(db)
    await add_item(db, other, "b", processed=False, link="https://example.org/a#from=feed")
    await process(db)
    assert len({item.story_id for item in await items(db)}) == 1


async def test_an_edited_item_is_processed_again(db: Database) -> None:
    source = await add_source(db)
    await add_item(db, source, "a", processed=False, summary_html="old")
    await process(db)
    async with db.write() as session:
        item = (await session.exec(select(Item))).one()
        item.summary_html, item.content_hash, item.processed_at = "new", "edited", None
        session.add(item)
    await process(db)
    assert [item.summary_text for item in await items(db)] == ["new"]


async def test_items_from_before_there_were_features_are_given_them(db: Database) -> None:
    source, count = await add_source(db), CHUNK_ITEMS + 3
    async with db.write() as session:
        session.add_all(
            Item(
                source_id=source,
                external_id=str(number),
                title=f"Number {number}",
                content_hash="h",
                first_seen_at=NOW,
                sort_at=NOW,
                processed_at=NOW,
            )
            for number in range(count)
        )
    assert await process(db) == ProcessResult(processed=0)
    found = await items(db)
    assert [item.features for item in found] == [
        features_of(Facts(item.title, "", source, None, "article", None, None, None)) for item in found
    ]
    assert all(item.processed_at == NOW and item.story_id is None for item in found), "nothing else is touched"


async def test_many_items_and_two_runs_at_once(db: Database) -> None:
    """More than one chunk, worked through twice at the same time: every item has its story, no story is there twice."""
    source, count = await add_source(db), 2 * CHUNK_ITEMS + 7
    async with db.write() as session:
        session.add_all(
            Item(
                source_id=source,
                external_id=str(number),
                link=f"https://example.org/{number // 2}",
                title=f"Number {number}",
                content_hash="h",
                first_seen_at=NOW,
                sort_at=NOW,
            )
            for number in range(count)
        )
    await asyncio.gather(process(db), process(db))
    found = await items(db)
    assert all(item.processed_at == NOW and item.story_id for item in found)
    assert len({item.story_id for item in found}) == (count + 1) // 2
    async with db.read() as session:
        assert len(list(await session.exec(select(Story)))) == (count + 1) // 2

"""Items: added once, renewed when edited, otherwise untouched; on both engines."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import func
from sqlalchemy.exc import DBAPIError
from sqlmodel import select, update

from contentsync.db import items
from contentsync.db.bulk import CHUNK_ROWS
from contentsync.db.engine import Database
from contentsync.db.items import ItemRow, RawRow
from contentsync.db.models import Item, RawDocument
from tests.db.test_sources import add_source

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def row(source_id: int, external_id: str, **changes: Any) -> ItemRow:
    whole = {
        "source_id": source_id,
        "external_id": external_id,
        "raw_document_id": None,
        "link": f"http://a/{external_id}",
        "title": f"Title {external_id}",
        "summary_html": "<p>Text</p>",
        "author": None,
        "image_url": None,
        "media_kind": "article",
        "media_url": None,
        "duration_seconds": None,
        "word_count": None,
        "published_at": None,
        "first_seen_at": NOW,
        "sort_at": NOW,
        "content_hash": "h1",
    }
    return cast(ItemRow, whole | changes)


async def upsert(database: Database, *rows: ItemRow) -> dict[int, int]:
    async with database.write() as session:
        return dict(await items.upsert_items(session, rows=rows))


async def stored(database: Database) -> dict[str, Item]:
    async with database.read() as session:
        return {item.external_id: item for item in await session.exec(select(Item))}


async def test_new_items_are_counted_by_source(database: Database) -> None:
    one, two = await add_source(database, "a"), await add_source(database, "b")
    assert await upsert(database, row(one, "x"), row(one, "y"), row(two, "x")) == {one: 2, two: 1}
    assert await upsert(database, row(one, "x"), row(one, "z"), row(two, "x")) == {one: 1}
    assert await upsert(database) == {}
    async with database.read() as session:
        assert await items.count_items(session, source_id=one) == 3
        assert await items.count_items(session, source_id=two) == 1
        assert await items.count_items(session, source_id=999) == 0


async def test_an_edit_is_processed_again_and_keeps_its_place(database: Database) -> None:
    source_id = await add_source(database, "a")
    await upsert(database, row(source_id, "same"), row(source_id, "edited"))
    async with database.write() as session:
        await session.exec(update(Item).values(processed_at=NOW, canonical_link="http://c/", summary_text="Text"))

    again = [
        row(source_id, "same", first_seen_at=LATER, sort_at=LATER, author="unseen"),
        row(source_id, "edited", first_seen_at=LATER, sort_at=LATER, title="Better", author="Ann", content_hash="h2"),
    ]
    assert await upsert(database, *again) == {}
    items_now = await stored(database)
    same, edited = items_now["same"], items_now["edited"]
    assert (same.processed_at, same.title, same.author, same.first_seen_at) == (NOW, "Title same", None, NOW)
    assert (edited.processed_at, edited.title, edited.author, edited.content_hash) == (None, "Better", "Ann", "h2")
    assert (edited.first_seen_at, edited.sort_at, edited.canonical_link) == (NOW, NOW, "http://c/")


async def test_the_same_item_twice_in_one_call_is_one_row(database: Database) -> None:
    source_id = await add_source(database, "a")
    await upsert(database, row(source_id, "x"), row(source_id, "x"))
    assert list(await stored(database)) == ["x"]


async def test_a_feed_larger_than_a_chunk(database: Database) -> None:
    source_id = await add_source(database, "a")
    many = [row(source_id, str(number)) for number in range(CHUNK_ROWS + 3)]
    assert await upsert(database, *many) == {source_id: CHUNK_ROWS + 3}
    assert await upsert(database, *many, row(source_id, "one more")) == {source_id: 1}


async def test_raw_documents_get_ids_by_source(database: Database) -> None:
    ids = [await add_source(database, name) for name in ("a", "b", "c")]
    rows = [
        RawRow(
            source_id=source_id,
            url="http://a/",
            path="raw/2026/03/01/x.warc.gz",
            offset=source_id * 10_000_000_000,
            length=7,
            body_hash="ab",
            fetched_at=NOW,
        )
        for source_id in ids
    ]
    async with database.write() as session:
        raw_ids = await items.add_raw_documents(session, rows=rows)
        assert await items.add_raw_documents(session, rows=[]) == {}
    async with database.read() as session:
        documents = {document.id: document for document in await session.exec(select(RawDocument))}
    assert set(raw_ids) == set(ids)
    assert {source_id: documents[raw_ids[source_id]].offset for source_id in ids} == {
        source_id: source_id * 10_000_000_000 for source_id in ids
    }


@pytest.mark.parametrize("changes", [{"title": "lone \ud800 surrogate"}, {"title": None}])
async def test_a_refused_value_is_told_from_a_failing_database(database: Database, changes: dict[str, Any]) -> None:
    source_id = await add_source(database, "a")
    with pytest.raises((DBAPIError, UnicodeError)) as caught:
        await upsert(database, row(source_id, "x", **changes))
    assert items.is_unstorable(caught.value)
    assert await stored(database) == {}


async def test_a_failing_database_is_no_refused_value(database: Database) -> None:
    fatal = func.no_such_function() if database.is_sqlite else func.pg_terminate_backend(func.pg_backend_pid())
    async with database.read() as session:
        with pytest.raises(DBAPIError) as caught:
            await session.exec(select(fatal))
    assert not items.is_unstorable(caught.value)
    assert not items.is_unstorable(ConnectionResetError())

"""Where answers lie, and items built anew from them, on both engines."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select, update

from contentsync.db import items, raw_documents, rebuilding, sources
from contentsync.db.engine import Database
from contentsync.db.items import ItemRow, RawRow
from contentsync.db.models import Item, RawDocument
from contentsync.db.raw_documents import Archived, Selection
from contentsync.db.rebuilding import Rebuilt

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def add_source(database: Database, key: str = "k") -> int:
    async with database.write() as session:
        return await sources.upsert_found(
            session, kind="feed", key=key, url=key, title="", site_url=None, language=None, preview=[], now=NOW
        )


async def add_document(database: Database, source_id: int, hours: int = 0) -> int:
    row = RawRow(
        source_id=source_id, url="u", path="raw/x", offset=2**40, length=hours, body_hash="h",
        fetched_at=NOW + hours * HOUR,
    )  # fmt: skip
    async with database.write() as session:
        return (await items.add_raw_documents(session, rows=[row]))[source_id]


def item(source_id: int, document_id: int, external_id: str = "a", **values: Any) -> ItemRow:
    row: dict[str, Any] = {
        "source_id": source_id, "external_id": external_id, "raw_document_id": document_id, "link": None,
        "title": "A", "summary_html": "", "author": None, "image_url": None, "media_kind": "article",
        "media_url": None, "duration_seconds": None, "word_count": None, "published_at": NOW - HOUR,
        "first_seen_at": NOW, "sort_at": NOW - HOUR, "content_hash": "h1",
    }  # fmt: skip
    return ItemRow(**{**row, **values})  # type: ignore[typeddict-item]


async def listed(database: Database, selection: Selection, after_id: int = 0, limit: int = 10) -> list[Archived]:
    async with database.read() as session:
        return list(await raw_documents.list_documents(session, selection=selection, after_id=after_id, limit=limit))


async def test_answers_are_listed_in_order_and_by_choice(database: Database) -> None:
    async with database.read() as session:
        assert await raw_documents.find_last_id(session) == 0
    a, b = await add_source(database, "a"), await add_source(database, "b")
    ids = [await add_document(database, source_id, hours) for hours, source_id in enumerate((a, b, a, a))]
    later = await add_document(database, b, 9)
    async with database.read() as session:
        assert await raw_documents.find_last_id(session) == later
        count = raw_documents.count_documents
        assert await count(session, selection=Selection(later)) == 5
        assert await count(session, selection=Selection(ids[-1], source_id=a, since=NOW + HOUR)) == 2
    everything = Selection(ids[-1])
    first = await listed(database, everything, limit=3)
    assert [one.id for one in first] == ids[:3]
    assert first[1] == Archived(ids[1], b, "feed", "u", "raw/x", 2**40, 1, "h", NOW + HOUR)
    assert [one.id for one in await listed(database, everything, after_id=ids[2])] == [ids[3]]
    assert [one.id for one in await listed(database, Selection(later, since=NOW + 3 * HOUR))] == [ids[3], later]
    assert [one.id for one in await listed(database, Selection(later, source_id=b))] == [ids[1], later]


async def test_old_answers_are_forgotten_in_chunks_and_their_items_stay(database: Database) -> None:
    source_id = await add_source(database)
    ids = [await add_document(database, source_id, hours) for hours in range(5)]
    async with database.write() as session:
        rows = [item(source_id, document_id, f"i{n}") for n, document_id in enumerate(ids)]
        await rebuilding.rebuild_items(session, rows=rows)

    async def delete(limit: int) -> int:
        async with database.write() as session:
            return await raw_documents.delete_documents(session, before=NOW + 3 * HOUR, limit=limit)

    assert [await delete(2), await delete(2), await delete(2)] == [2, 1, 0]
    async with database.write() as session:
        assert await raw_documents.lock_documents(session, ids=ids) == set(ids[3:])
        kept = (await session.exec(select(Item.raw_document_id).order_by(col(Item.external_id)))).all()
        assert (await session.exec(select(RawDocument.id).order_by(col(RawDocument.id)))).all() == ids[3:]
    assert kept == [None, None, None, *ids[3:]]


async def rebuild(database: Database, *rows: ItemRow) -> Rebuilt:
    async with database.write() as session:
        return await rebuilding.rebuild_items(session, rows=rows)


async def stored(database: Database) -> Item:
    async with database.read() as session:
        return (await session.exec(select(Item))).one()


@pytest.fixture
async def three(database: Database) -> tuple[int, int, int, int]:
    """A source and three answers of it; an item was written by the second, and processed."""
    source_id = await add_source(database)
    first, second, third = [await add_document(database, source_id, hours) for hours in range(3)]
    assert await rebuild(database, item(source_id, second, first_seen_at=NOW + HOUR)) == Rebuilt(added=1)
    async with database.write() as session:
        await session.exec(update(Item).values(processed_at=NOW))
    return source_id, first, second, third


async def test_the_same_answer_says_the_same(database: Database, three: tuple[int, int, int, int]) -> None:
    source_id, _, second, _ = three
    assert await rebuild(database, item(source_id, second, first_seen_at=NOW + HOUR)) == Rebuilt(same=1)
    assert (await stored(database)).processed_at == NOW


async def test_the_same_answer_understood_otherwise(database: Database, three: tuple[int, int, int, int]) -> None:
    source_id, _, second, _ = three
    times: dict[str, Any] = {"published_at": NOW, "sort_at": NOW, "first_seen_at": NOW + HOUR}
    before = await stored(database)
    row = item(source_id, second, image_url="http://a/", **times)
    assert await rebuild(database, row) == Rebuilt(changed=1)
    after = await stored(database)
    assert (after.id, after.image_url, after.processed_at) == (before.id, "http://a/", None)
    assert (after.published_at, after.sort_at, after.first_seen_at) == (NOW, NOW, NOW + HOUR)
    assert await rebuild(database, row) == Rebuilt(same=1)


async def test_an_item_keeps_its_time_if_it_was_seen_before(
    database: Database, three: tuple[int, int, int, int]
) -> None:
    source_id, _, second, _ = three
    async with database.write() as session:
        await session.exec(update(Item).values(first_seen_at=NOW - 9 * HOUR))
    row = item(source_id, second, published_at=NOW, sort_at=NOW, first_seen_at=NOW + HOUR)
    assert await rebuild(database, row) == Rebuilt(same=1)
    assert (await stored(database)).published_at == NOW - HOUR


async def test_an_answer_before_has_no_say(database: Database, three: tuple[int, int, int, int]) -> None:
    source_id, first, _, _ = three
    assert await rebuild(database, item(source_id, first, title="old", content_hash="h0")) == Rebuilt(same=1)
    assert (await stored(database)).title == "A"


@pytest.mark.parametrize("forgotten", [False, True], ids=["", "the answer that wrote it is forgotten"])
async def test_an_answer_after_is_an_edit_if_it_says_something_else(
    database: Database, three: tuple[int, int, int, int], forgotten: bool
) -> None:
    source_id, _, second, third = three
    if forgotten:
        async with database.write() as session:
            await raw_documents.delete_documents(session, before=NOW + 2 * HOUR, limit=10)
    assert await rebuild(database, item(source_id, third, author="new")) == Rebuilt(same=1)
    assert (await stored(database)).raw_document_id == (None if forgotten else second)
    edit = item(source_id, third, title="B", author="new", content_hash="h2", published_at=NOW)
    assert await rebuild(database, edit) == Rebuilt(changed=1)
    edited = await stored(database)
    assert (edited.title, edited.author, edited.raw_document_id, edited.processed_at) == ("B", "new", third, None)
    assert edited.published_at == NOW - HOUR


async def test_long_answers_go_in_chunks(database: Database) -> None:
    source_id = await add_source(database)
    document_id = await add_document(database, source_id)
    rows = [item(source_id, document_id, f"i{n}") for n in range(250)]
    assert await rebuild(database, *rows[:120]) == Rebuilt(added=120)
    changed = [{**row, "title": "B", "content_hash": "h2"} for row in rows[:7]]
    assert await rebuild(database, *[ItemRow(**row) for row in changed], *rows[7:]) == Rebuilt(113, 130, 7)  # type: ignore[typeddict-item]

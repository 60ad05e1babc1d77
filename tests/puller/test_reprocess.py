"""Items built anew from the archive: the same as before, from every kind of source, whatever happened to the files."""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlmodel import col, delete, select, update
from typing_extensions import override

from contentsync.db import account_channels, integrations, sources
from contentsync.db.account_channels import Examined
from contentsync.db.account_models import Integration
from contentsync.db.engine import Database
from contentsync.db.items import ITEMS
from contentsync.db.models import Item, RawDocument
from contentsync.puller.account import AccountStore, Answer
from contentsync.puller.reprocess import MANY, Reprocessed, Reprocessor, Trouble
from contentsync.sources.base import Document, Entry, Fetched, Reader
from contentsync.sources.feed import FeedSource
from tests.puller.conftest import NOW, World, rss
from tests.puller.test_activities import pull

HOUR = timedelta(hours=1)


@dataclass
class LetterSource:
    """A kind that only accounts bring: JSON of ids and titles. `version` stands for how clever its reader is."""

    version: int = 1
    kind: str = "letters"

    def parse(self, fetched: Fetched) -> Document:
        titles = json.loads(fetched.body)
        shout = str.upper if self.version > 1 else str
        return Document(entries=tuple(Entry(external_id=id, link=None, title=shout(t)) for id, t in titles.items()))


class BrokenReader:
    """Meets a bug at every document."""

    kind = "feed"

    def parse(self, fetched: Fetched) -> Document:
        raise ZeroDivisionError(f"secret of {fetched.url}")


class UnstorableReader(FeedSource):
    """Reads one feed into something no database takes."""

    @override
    def parse(self, fetched: Fetched) -> Document:
        document = super().parse(fetched)
        if not fetched.url.endswith("/a"):
            return document
        return replace(document, entries=tuple(replace(e, title="lone \ud800 surrogate") for e in document.entries))


async def dump(world: World, *, without: Sequence[str] = ("id",)) -> list[dict[str, Any]]:
    """All items as stored, in an order that does not depend on ids."""
    columns = [column for column in ITEMS.c if column.name not in without]
    async with world.db.read() as session:
        rows = await session.exec(select(*columns).order_by(ITEMS.c.source_id, ITEMS.c.external_id))
        return [dict(row._mapping) for row in rows]


async def forget_items(world: World) -> None:
    async with world.db.write() as session:
        await session.exec(delete(Item))


async def process(world: World) -> None:
    """What the processor leaves behind."""
    async with world.db.write() as session:
        await session.exec(update(Item).values(processed_at=NOW, language="en"))


async def reprocess(world: World, *readers: Reader, **selection: Any) -> Reprocessed:
    reprocessor = Reprocessor(
        db=world.db, data_dir=world.data_dir, readers={one.kind: one for one in (FeedSource(), *readers)}
    )
    return await reprocessor.run(**selection)


async def pulled_world(world: World, feeds: int = 3) -> list[int]:
    """Feeds pulled five times: with new items, edits, edits that are taken back, and dates that change later."""
    ids = await world.follow(*[world.web.url(f"/{'abcdefgh'[n]}") for n in range(feeds)])
    dated = "<item><guid>dated</guid><title>Dated {}</title><pubDate>Sat, 28 Feb 2026 1{}:00:00 GMT</pubDate></item>"
    rounds = [
        (rss("one", "two first", extra=dated.format("x", 0)), 0),
        (rss("one", "two edited", "three", extra=dated.format("x", 1)), 1),
        (rss("one", "two edited", "three", "four", extra=dated.format("y", 2)), 2),
        (rss("one but edited too", "two first", extra=dated.format("y", 3)), 3),
        (rss("one", "two first", "five", "five twice"), 4),
    ]
    for body, hours in rounds:
        for n in range(feeds):
            content_type = "application/rss+xml; charset=utf-8" if n else "text/xml; charset=koi8-u"
            encoded = body.replace("one", "одне").encode("utf-8" if n else "koi8-u")
            world.web.serve(f"/{'abcdefgh'[n]}", encoded, content_type=content_type)
        await pull(world, ids, now=NOW + hours * HOUR, lease_id=f"L{hours}")
    return ids


async def test_what_a_service_told_of_videos_afterwards_stays(world: World) -> None:
    """Their feed does not tell how long they are, and the account by which it was learnt may be gone."""
    await pulled_world(world, feeds=1)
    async with world.db.write() as session:
        long, live = list(await session.exec(select(col(Item.id)).order_by(col(Item.id)).limit(2)))
        told = [Examined(long or 0, None, 933), Examined(live or 0, "live", 0)]
        await account_channels.store_examined(session, videos=told)
    before = await dump(world)
    done = await reprocess(world)
    assert (done.changed, done.added) == (0, 0)
    assert await dump(world) == before


async def test_items_are_the_same_after_all_of_them_were_deleted(world: World) -> None:
    ids = await pulled_world(world)
    before = await dump(world)
    titles = sorted(row["title"] for row in before if row["source_id"] == ids[0])
    assert titles == ["Dated y", "five", "five twice", "four", "three", "two first", "одне"]
    assert {row["title"] for row in before if row["external_id"] == "одне"} == {"одне"}

    await forget_items(world)
    done = await reprocess(world)
    assert await dump(world) == before
    assert (done.documents, done.added, done.troubles) == (15, 21, {})
    assert done.items == (3 + 4 + 5 + 3 + 4) * len(ids)


async def test_words_that_were_not_counted_yet_are_counted(world: World) -> None:
    told = "<item><guid>told</guid><title>Told</title><description>Six words stand in this summary</description></item>"
    (source_id,) = await world.follow(world.web.url("/a"))
    world.web.serve("/a", rss("one", extra=told).encode(), content_type="application/rss+xml")
    await pull(world, [source_id], now=NOW)
    before = await dump(world)
    assert [row["word_count"] for row in before] == [None, 6]
    async with world.db.write() as session:
        await session.exec(update(Item).values(word_count=None))
    done = await reprocess(world)
    assert (done.same, done.changed) == (1, 1)
    assert await dump(world) == before


async def test_a_database_that_is_right_is_not_touched(world: World) -> None:
    await pulled_world(world)
    await process(world)
    before = await dump(world, without=())
    done = await reprocess(world)
    assert await dump(world, without=()) == before, "the same ids, and nothing is unprocessed again"
    assert (done.added, done.changed) == (0, 0)
    assert done.same == done.items == 57


async def test_missing_items_come_back_and_the_others_keep_their_ids(world: World) -> None:
    (a, _, _) = await pulled_world(world)
    before = await dump(world, without=())
    async with world.db.write() as session:
        await session.exec(delete(Item).where(col(Item.external_id) == "two", col(Item.source_id) == a))
    done = await reprocess(world)
    assert (done.added, done.changed) == (1, 2), "it was edited twice after it was added"
    after = {row["id"]: row for row in await dump(world, without=())}
    assert [after[row["id"]] for row in before if (row["external_id"], row["source_id"]) != ("two", a)] == [
        row for row in before if (row["external_id"], row["source_id"]) != ("two", a)
    ]
    assert await dump(world) == sorted(
        [{k: v for k, v in row.items() if k != "id"} for row in before],
        key=lambda row: (row["source_id"], row["external_id"]),
    )


async def test_damaged_columns_are_mended_and_processed_again(world: World) -> None:
    """What the answer that wrote an item last says today is what the item becomes."""
    await pulled_world(world)
    await process(world)
    before = await dump(world, without=("id", "processed_at"))
    async with world.db.write() as session:
        wrong = {"author": "nobody", "title": "wrong", "published_at": None, "sort_at": NOW - 9 * HOUR}
        await session.exec(update(Item).where(col(Item.external_id) == "four").values(**wrong))
    done = await reprocess(world)
    assert (done.added, done.changed) == (0, 3)
    assert await dump(world, without=("id", "processed_at")) == before
    assert {row["external_id"] for row in await dump(world) if row["processed_at"] is None} == {"four"}


async def test_since_and_source_choose_answers(world: World) -> None:
    a, _, c = await pulled_world(world)
    await forget_items(world)
    done = await reprocess(world, source_id=c)
    assert (done.documents, done.added) == (5, 7)
    assert {row["source_id"] for row in await dump(world)} == {c}

    await forget_items(world)
    done = await reprocess(world, source_id=a, since=NOW + 4 * HOUR)
    assert (done.documents, done.added) == (1, 4)
    assert {row["first_seen_at"] for row in await dump(world)} == {NOW + 4 * HOUR}


async def test_progress_is_told(world: World) -> None:
    await pulled_world(world, feeds=6)
    told: list[tuple[int, int]] = []
    await reprocess(world, progress=lambda done, total: told.append((done.documents, total)))
    assert told == [(0, 30), (25, 30), (30, 30)]


async def test_missing_and_damaged_files_are_counted_and_the_rest_is_done(world: World) -> None:
    ids = await world.follow(*[world.web.url(f"/{name}") for name in "abcd"])
    for number, (source_id, name) in enumerate(zip(ids, "abcd", strict=True)):
        world.web.serve(f"/{name}", rss(f"{name}1", f"{name}2"))
        await pull(world, [source_id], now=NOW + number * HOUR, lease_id=f"{name}")
    await forget_items(world)
    missing, flipped, cut, _ = world.archives()
    missing.unlink()
    content = bytearray(flipped.read_bytes())
    content[-20] ^= 0xFF
    flipped.write_bytes(content)
    cut.write_bytes(cut.read_bytes()[:-30])

    done = await reprocess(world)
    assert {row["source_id"] for row in await dump(world)} == {ids[3]}
    assert done.documents == 4
    assert done.troubles == {
        Trouble.MISSING: {"raw/2026/03/01/a-12.warc.gz": 1},
        Trouble.DAMAGED: {"raw/2026/03/01/b-13.warc.gz": 1, "raw/2026/03/01/c-14.warc.gz": 1},
    }


async def test_a_file_that_cannot_be_opened_counts_as_missing(world: World) -> None:
    await pulled_world(world, feeds=1)
    path = world.archives()[0]
    path.unlink()
    path.mkdir()
    assert (await reprocess(world)).troubles == {Trouble.MISSING: {"raw/2026/03/01/L0-12.warc.gz": 1}}


async def test_beside_a_running_instance_the_later_word_counts(world: World) -> None:
    """Reprocessing has a connection of its own, as a process of its own has, while edits are pulled."""
    ids = await pulled_world(world)
    other = Database(f"sqlite+aiosqlite:///{world.data_dir / 'contentsync.db'}")
    reprocessor = Reprocessor(db=other, data_dir=world.data_dir, readers={"feed": FeedSource()})

    async def pulls() -> None:
        for hours in range(5, 10):
            for name in "abc":
                world.web.serve(f"/{name}", rss(f"two number-{hours}", f"at-{hours}", "one"))
            await pull(world, ids, now=NOW + hours * HOUR, lease_id=f"L{hours}")

    async def rebuilds(pulling: asyncio.Task[None]) -> int:
        runs = 0
        while not pulling.done():
            done = await reprocessor.run()
            assert (done.added, done.changed, done.troubles) == (0, 0, {})
            runs += 1
        return runs

    pulling = asyncio.create_task(pulls())
    assert await rebuilds(pulling) > 1
    await pulling
    before = await dump(world)
    assert {row["title"] for row in before if row["external_id"] == "two"} == {"two number-9"}
    await forget_items(world)
    await reprocessor.run()
    assert await dump(world) == before
    await other.close()


async def test_another_record_in_the_place_is_not_taken_for_the_answer(world: World) -> None:
    a, b = await world.follow(world.web.url("/a"), world.web.url("/b"))
    world.web.serve("/a", rss("mine"))
    world.web.serve("/b", rss("theirs"))
    await pull(world, [a, b])
    await forget_items(world)
    first, second = await world.raw_documents()
    async with world.db.write() as session:
        place = {"offset": second.offset, "length": second.length}
        await session.exec(update(RawDocument).where(col(RawDocument.id) == first.id).values(**place))
    done = await reprocess(world)
    assert done.added == 1
    assert sum(done.troubles[Trouble.DAMAGED].values()) == 1
    async with world.db.write() as session:
        await session.exec(update(RawDocument).values(offset=0, length=5))
    assert sum((await reprocess(world)).troubles[Trouble.DAMAGED].values()) == 2


async def test_what_a_reader_cannot_read_leaves_the_others_alone(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await pulled_world(world)
    before = await dump(world, without=())
    with caplog.at_level(logging.ERROR):
        done = await reprocess(world, BrokenReader())
    assert done.troubles == {Trouble.UNREADABLE: {f"raw/2026/03/01/L{n}-{12 + n}.warc.gz": 3 for n in range(5)}}
    assert "ZeroDivisionError" in caplog.text
    assert "secret" not in caplog.text
    assert await dump(world, without=()) == before


async def test_what_the_database_refuses_leaves_the_others_alone(world: World) -> None:
    a, _, _ = await pulled_world(world)
    before = await dump(world)
    await forget_items(world)
    done = await reprocess(world, UnstorableReader())
    assert done.documents == 15
    assert sum(done.troubles[Trouble.UNREADABLE].values()) == 5
    assert await dump(world) == [row for row in before if row["source_id"] != a]


async def test_an_unknown_kind_is_unreadable(world: World) -> None:
    await pulled_world(world, feeds=1)
    reprocessor = Reprocessor(db=world.db, data_dir=world.data_dir, readers={})
    done = await reprocessor.run()
    assert sum(done.troubles[Trouble.UNREADABLE].values()) == done.documents == 5


async def test_documents_that_were_forgotten_meanwhile_are_no_trouble(world: World) -> None:
    """Retention removes rows, then files; who has read the rows before finds neither."""
    await pulled_world(world)
    await forget_items(world)

    def forget(done: Reprocessed, total: int) -> None:
        if not done.documents:
            for path in world.archives()[:2]:
                path.unlink()
            forgotten.append(asyncio.create_task(_forget_documents(world, NOW + 2 * HOUR)))

    forgotten: list[asyncio.Task[None]] = []
    done = await reprocess(world, progress=forget)
    await asyncio.gather(*forgotten)
    assert not any(done.troubles.values())


async def _forget_documents(world: World, before: datetime) -> None:
    async with world.db.write() as session:
        await session.exec(delete(RawDocument).where(col(RawDocument.fetched_at) < before))


async def test_an_edit_that_came_with_a_forgotten_answer_stays(world: World) -> None:
    """Retention took the answers that wrote the items; what came later says the same, so nothing changes."""
    await pulled_world(world)
    await process(world)
    await _forget_documents(world, NOW + 4 * HOUR)
    before = await dump(world, without=())
    assert {row["raw_document_id"] for row in before if row["external_id"] == "two"} == {None}
    done = await reprocess(world)
    assert (done.added, done.changed) == (0, 0)
    assert await dump(world, without=()) == before


async def test_many_answers_are_read_in_a_process_of_their_own(world: World) -> None:
    await pulled_world(world, feeds=8)
    before = await dump(world)
    await forget_items(world)
    done = await reprocess(world)
    assert done.documents == 40 >= MANY
    assert await dump(world) == before


async def owned(world: World) -> tuple[Integration, int]:
    """An account that is being synced, and a source of it."""
    async with world.db.write() as session:
        integration_id = await integrations.connect(
            session, subscriber_id=world.subscriber_id, kind="letters", account="a", credentials="", options={}, now=NOW
        )
        await integrations.claim_due(session, now=NOW, lease_id="S", lease_seconds=300, limit=1)
        source_id = await sources.add_owned(
            session, integration_id=integration_id, kind="letters", key=f"letters/{integration_id}", url="mid:list",
            title="Letters", now=NOW,
        )  # fmt: skip
    async with world.db.read() as session:
        (integration,) = await integrations.list_leased(session, lease_id="S", integration_ids=[integration_id])
    return integration, source_id


def letter(source_id: int, **titles: str) -> Answer:
    body = json.dumps(titles).encode()
    headers = (("content-type", "application/json"),)
    return Answer(source_id, "letters", Fetched("http://letters/", 200, headers, body, sha256(body).hexdigest()))


async def test_what_came_through_an_account_is_rebuilt_too(world: World) -> None:
    integration, source_id = await owned(world)
    store = AccountStore(db=world.db, data_dir=world.data_dir, readers={"letters": LetterSource()})
    for number, answers in enumerate(
        [[letter(source_id, a="A", b="B"), letter(source_id, b="B2", c="C")], [letter(source_id, a="A2", d="D")]]
    ):
        await store.keep(integration, answers, name=f"sync-{number}", now=NOW + number * HOUR)
    before = await dump(world)
    assert [row["title"] for row in before] == ["A2", "B2", "C", "D"]
    assert len(list((world.data_dir / "owned" / str(integration.id)).rglob("*.warc.gz"))) == 2

    done = await reprocess(world, LetterSource())
    assert (done.documents, done.same, done.changed) == (3, 6, 0)
    assert await dump(world) == before
    await forget_items(world)
    await reprocess(world, LetterSource())
    assert await dump(world) == before


async def test_a_better_reader_makes_better_items(world: World) -> None:
    integration, source_id = await owned(world)
    store = AccountStore(db=world.db, data_dir=world.data_dir, readers={"letters": LetterSource()})
    await store.keep(integration, [letter(source_id, a="first", b="b")], name="1", now=NOW)
    await store.keep(integration, [letter(source_id, a="second", b="b")], name="2", now=NOW + HOUR)
    ids = {row["external_id"]: row["id"] for row in await dump(world, without=())}
    done = await reprocess(world, LetterSource(version=2))
    assert (done.added, done.changed) == (0, 2), "each once, although a stands in two answers"
    after = await dump(world, without=())
    assert {row["external_id"]: row["title"] for row in after} == {"a": "SECOND", "b": "B"}
    assert {row["external_id"]: row["id"] for row in after} == ids
    again = await reprocess(world, LetterSource(version=2))
    assert (again.added, again.changed) == (0, 0)

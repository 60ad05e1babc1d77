"""Stories in the database: found, merged, and shared between processes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from contentsync.bot.choosing import Chooser
from contentsync.db import offers, stories, story_links, updates
from contentsync.db.engine import Database
from contentsync.db.models import Digest, DigestEntry, Item, Source, Story, Subscriber
from contentsync.db.story_models import StoryLink
from contentsync.processor.activities import process
from contentsync.processor.canonical import link_key
from contentsync.processor.language import LanguageGuesser
from contentsync.processor.placing import StoryPlacer
from tests.filling import NOW, add_item, add_source, add_subscriber, sqlite_database

FERRY = [
    "Ferry from Malmby collides with Norwegian trawler off Østvik, 14 rescued",
    "14 rescued after Malmby ferry collides with trawler off Østvik",
    "Malmby ferry and trawler collide off Østvik: 14 people rescued",
]
GUESSER = LanguageGuesser()


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with sqlite_database(tmp_path) as database:
        yield database


async def place(db: Database, placer: StoryPlacer, now: datetime = NOW) -> int:
    async with db.read() as session:
        waiting = await stories.list_unprocessed(session, after_id=0, limit=1_000)
    return await placer.place(process(waiting, GUESSER, now), now=now)


async def story_ids(db: Database) -> list[int | None]:
    async with db.read() as session:
        return [item.story_id for item in await session.exec(select(Item).order_by(col(Item.id)))]


async def tell(db: Database, title: str, name: str, source: int | None = None, hours: float = 1) -> int:
    source = source or await add_source(db, name)
    return await add_item(db, source, name, processed=False, title=title, hours=hours)


async def send(db: Database, subscriber_id: int, item_id: int, story_id: int, at: datetime = NOW) -> None:
    async with db.write() as session:
        digest = Digest(subscriber_id=subscriber_id, slot=f"ask-{item_id}", due_at=at, created_at=at, finished_at=at)
        session.add(digest)
        await session.flush()
        session.add(
            DigestEntry(
                digest_id=digest.id or 0,
                subscriber_id=subscriber_id,
                item_id=item_id,
                story_id=story_id,
                position=1,
                score=1,
            )
        )


async def test_what_three_sources_tell_is_one_story(db: Database) -> None:
    for number, title in enumerate(FERRY):
        await tell(db, title, f"s{number}")
    await tell(db, "Council of Grantham votes for a new library roof", "other")
    assert await place(db, StoryPlacer(db)) == 4
    found = await story_ids(db)
    assert found[0] == found[1] == found[2] != found[3]
    async with db.read() as session:
        assert len(list(await session.exec(select(StoryLink)))) == 4
        assert len(list(await session.exec(select(Story)))) == 2


async def test_it_goes_on_where_an_earlier_process_ended(db: Database) -> None:
    await tell(db, FERRY[0], "one")
    await place(db, StoryPlacer(db))
    await tell(db, FERRY[1], "two")
    await place(db, StoryPlacer(db))
    assert len(set(await story_ids(db))) == 1


async def test_old_items_are_compared_by_their_link_alone(db: Database) -> None:
    await tell(db, FERRY[0], "one", hours=24 * 30)
    await tell(db, FERRY[1], "two", hours=24 * 30)
    placer = StoryPlacer(db)
    await place(db, placer)
    assert len(set(await story_ids(db))) == 2
    await add_item(
        db, await add_source(db, "three"), "three", processed=False, title="Elsewhere", link="https://m.example.org/one"
    )
    await place(db, placer)
    assert (await story_ids(db))[2] == (await story_ids(db))[0]


async def test_stories_merge_and_what_was_sent_stays_sent(db: Database) -> None:
    me = await add_subscriber(db)
    placer = StoryPlacer(db)
    one, two = await add_source(db, "One", followers=(me,)), await add_source(db, "Two", followers=(me,))
    three = await add_source(db, "Three", followers=(me,))
    first = await tell(db, "Malmby ferry collides with trawler", "a", one)
    await tell(db, "Fourteen rescued off Østvik in thick fog", "b", two)
    await place(db, placer)
    sent, other = await story_ids(db)
    assert sent is not None
    assert other is not None
    assert sent != other
    await send(db, me, first, sent)
    title = "Malmby ferry collides with trawler, fourteen rescued off Østvik in thick fog"
    await tell(db, title, "c", three)
    await place(db, placer)
    (merged,) = set(await story_ids(db))
    async with db.read() as session:
        assert [entry.story_id for entry in await session.exec(select(DigestEntry))] == [merged]
        assert [story.id for story in await session.exec(select(Story))] == [merged]
        assert {link.story_id for link in await session.exec(select(StoryLink))} == {merged}
        assert {row.story_id for row in await offers.list_sent(session, subscriber_id=me)} == {merged}
    # A process with an older picture learns of it.
    await tell(db, FERRY[0], "d", await add_source(db, "Four"))
    await place(db, placer)
    assert set(await story_ids(db)) == {merged}


async def test_one_link_is_sent_once_whatever_its_title_becomes(db: Database) -> None:
    me, placer = await add_subscriber(db), StoryPlacer(db)
    one, two = await add_source(db, "One", followers=(me,)), await add_source(db, "Two", followers=(me,))
    first = await add_item(
        db, one, "a", processed=False, title=FERRY[0], link="https://paper.example/ferry?utm_source=rss"
    )
    await place(db, placer)
    (story,) = await story_ids(db)
    await send(db, me, first, story or 0)
    wrapped = "https://www.google.com/url?q=http%3A%2F%2Fm.paper.example%2Fferry%2F%3Fgclid%3D1&sa=U"
    for name, title, link in (
        ("b", "Quite another title", "http://www.paper.example/ferry/"),
        ("c", "And one more of them", wrapped),
        ("d", "Months later", "https://paper.example/ferry/amp"),
    ):
        await add_item(db, two, name, processed=False, title=title, link=link, hours=24 * 40 if name == "d" else 1)
    async with db.write() as session:
        item = await session.get_one(Item, first)
        item.title, item.content_hash, item.processed_at = "Edited beyond recognition", "edited", None
        session.add(item)
    await place(db, StoryPlacer(db))
    assert set(await story_ids(db)) == {story}
    async with db.read() as session:
        subscriber = await session.get_one(Subscriber, me)
    assert (await Chooser(db).choose(subscriber, NOW)).entries == []


async def test_what_links_to_a_home_page_is_not_one_story(db: Database) -> None:
    source = await add_source(db, "Podcast")
    for number, title in enumerate(("Of bridges and ferries", "A visit to the library", "Harbours at night")):
        await add_item(db, source, str(number), processed=False, title=title, link="https://podcast.example/")
    await place(db, StoryPlacer(db))
    assert len(set(await story_ids(db))) == 3


async def test_a_first_pull_without_dates_gathers_what_others_tell(db: Database) -> None:
    placer = StoryPlacer(db)
    await tell(db, FERRY[0], "dated", hours=5)
    await place(db, placer)
    source = await add_source(db, "Undated")
    for number in range(60):
        title = FERRY[1] if number == 30 else f"Note {number} of {number}alpha, {number}beta and {number}gamma"
        await add_item(db, source, f"u{number}", processed=False, title=title, published_at=None, hours=0)
    assert await place(db, placer) == 60
    found = await story_ids(db)
    assert found[31] == found[0], "when it was found stands for when it was told"
    assert len(set(found)) == 60


async def test_an_edited_item_stays_in_its_story(db: Database) -> None:
    placer = StoryPlacer(db)
    await tell(db, FERRY[0], "one")
    await tell(db, FERRY[1], "two")
    await place(db, placer)
    before = await story_ids(db)
    async with db.write() as session:
        item = (await session.exec(select(Item).where(Item.external_id == "one"))).one()
        item.title, item.content_hash, item.processed_at = "Corrected: a buoy was hit", "edited", None
        session.add(item)
    assert await place(db, placer) == 1
    assert await story_ids(db) == before


async def test_an_edit_that_leads_to_another_storys_link_makes_them_one(db: Database) -> None:
    placer = StoryPlacer(db)
    await tell(db, FERRY[0], "one")
    await tell(db, "Council votes for a new library roof", "two")
    await place(db, placer)
    assert len(set(await story_ids(db))) == 2
    async with db.write() as session:
        item = (await session.exec(select(Item).where(Item.external_id == "one"))).one()
        item.link, item.content_hash, item.processed_at = "http://www.example.org/two?utm_source=x", "edited", None
        session.add(item)
    await place(db, placer)
    assert len(set(await story_ids(db))) == 1


async def test_several_processes_agree(db: Database) -> None:
    """Three placers with pictures of their own work on one database at once, over the same items."""
    placers = [StoryPlacer(db) for _ in range(3)]
    for turn in range(4):
        source = await add_source(db, f"turn{turn}")
        for number in range(3):
            title = f"Harbour {number}{turn % 2}x of Kalvik{number} burns, crew of ship Vega{number} saved"
            await tell(db, title, f"{turn}-{number}", source)
        placed = await asyncio.gather(*(place(db, placer) for placer in placers))
        assert sum(placed) == 3, "each item is stored once"
    found = await story_ids(db)
    assert None not in found
    assert [found[number::3].count(found[number]) for number in range(3)] == [4, 4, 4]
    assert len(set(found)) == 3
    async with db.read() as session:
        assert await story_links.get_revision(session) >= 4


async def test_a_picture_of_stories_that_are_gone_is_taken_anew(db: Database) -> None:
    placer = StoryPlacer(db)
    source = await add_source(db, "one")
    await tell(db, FERRY[0], "one", source)
    await place(db, placer)
    async with db.write() as session:
        await session.delete((await session.exec(select(Source))).one())
        await session.delete((await session.exec(select(Story))).one())
    await tell(db, FERRY[1], "two")
    assert await place(db, placer) == 1
    assert None not in await story_ids(db)


async def test_pages_that_told_a_story_stay_known_when_items_lead_elsewhere(db: Database) -> None:
    me, placer = await add_subscriber(db), StoryPlacer(db)
    one, two = await add_source(db, "One", followers=(me,)), await add_source(db, "Two", followers=(me,))
    first = await add_item(db, one, "a", processed=False, title=FERRY[0], link="https://paper.example/ferry", hours=5)
    await place(db, placer, NOW - timedelta(hours=4))
    (story,) = await story_ids(db)
    await send(db, me, first, story or 0, at=NOW - timedelta(hours=3))
    async with db.write() as session:
        item = await session.get_one(Item, first)
        item.link, item.content_hash, item.processed_at = "https://paper.example/new", "edited", None
        session.add(item)
    await add_item(db, two, "b", processed=False, title=FERRY[1], link="https://paper.example/ferry?utm_source=x")
    await place(db, placer)
    async with db.read() as session:
        (again,) = await updates.list_told_again(session, subscriber_id=me, since=NOW - timedelta(days=7))
    assert again.links == {link_key("https://paper.example/ferry")}


async def test_what_was_told_again_since_it_was_sent(db: Database) -> None:
    me = await add_subscriber(db)
    placer = StoryPlacer(db)
    one, two = await add_source(db, "One", followers=(me,)), await add_source(db, "Two", followers=(me,))
    first = await tell(db, FERRY[0], "a", one, hours=5)
    await place(db, placer)
    (story,) = await story_ids(db)
    assert story is not None
    await send(db, me, first, story, at=NOW - timedelta(hours=3))

    async def told_again() -> list[updates.SentStory]:
        async with db.read() as session:
            return await updates.list_told_again(session, subscriber_id=me, since=NOW - timedelta(days=7))

    assert await told_again() == []
    later = await tell(db, FERRY[1], "b", two)
    await tell(db, FERRY[2], "c", await add_source(db, "Stranger"))
    await place(db, placer)
    (again,) = await told_again()
    assert (again.story_id, again.sent_at) == (story, NOW - timedelta(hours=3))
    assert [telling.item_id for telling in again.before] == [first]
    assert [telling.item_id for telling in again.after] == [later], "only sources they follow"
    async with db.write() as session:
        entry = (await session.exec(select(DigestEntry))).one()
        entry.is_update = True
        session.add(entry)
    assert await told_again() == [], "once"

"""What a subscriber may be sent, and how it is shown to them."""

from datetime import timedelta

from contentsync.db import stories
from contentsync.db.engine import Database
from contentsync.db.models import Digest, DigestEntry, Item
from contentsync.db.stories import Offer
from tests.filling import NOW, add_item, add_source, add_story, add_subscriber

SINCE = NOW - timedelta(days=14)
LONG_AGO = NOW - timedelta(days=100)


async def offers(db: Database, subscriber_id: int, *, latest_of_new: int = 3, limit: int = 100) -> list[Offer]:
    async with db.read() as session:
        return await stories.list_offers(
            session, subscriber_id=subscriber_id, recent_since=SINCE, latest_of_new=latest_of_new, limit=limit
        )


async def offered(db: Database, subscriber_id: int, *, latest_of_new: int = 3, limit: int = 100) -> list[int]:
    found = await offers(db, subscriber_id, latest_of_new=latest_of_new, limit=limit)
    return [offer.item_id for offer in found]


async def send(db: Database, subscriber_id: int, item_id: int, story_id: int | None) -> None:
    async with db.write() as session:
        digest = Digest(subscriber_id=subscriber_id, slot=f"ask-{item_id}", due_at=NOW)
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


async def test_offers_are_recent_processed_items_of_followed_sources(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    mine = await add_source(database, "Mine", followers=(me,), since=LONG_AGO)
    theirs = await add_source(database, "Theirs", followers=(other,), since=LONG_AGO)
    old = await add_item(database, mine, "old", hours=14 * 24 + 1)
    late = await add_item(database, mine, "late", hours=14 * 24)
    new = await add_item(database, mine, "new")
    await add_item(database, mine, "raw", processed=False)
    await add_item(database, theirs, "theirs")
    assert await offered(database, me) == [new, late]
    assert old not in await offered(database, me)
    assert await offered(database, me, limit=1) == [new]
    assert (await offers(database, me))[0] == Offer(
        item_id=new,
        story_id=(await offers(database, me))[0].story_id,
        source_id=mine,
        sort_at=NOW - timedelta(hours=1),
        source_recent=3,
    )


async def test_a_newly_followed_source_offers_its_latest(database: Database) -> None:
    me = await add_subscriber(database)
    source = await add_source(database, followers=(me,))
    ids = [await add_item(database, source, str(days), hours=24 * days) for days in (400, 300, 200, 100, 500)]
    by_age = [ids[3], ids[2], ids[1]]
    assert await offered(database, me) == by_age
    async with database.read() as session:
        story_id = (await session.get_one(Item, ids[3])).story_id
    await send(database, me, ids[3], story_id)
    assert await offered(database, me) == by_age[1:], "no further old item moves up"


async def test_what_was_sent_is_never_offered_again(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    one = await add_source(database, "One", followers=(me, other), since=LONG_AGO)
    two = await add_source(database, "Two", followers=(me, other), since=LONG_AGO)
    story = await add_story(database, "story")
    first = await add_item(database, one, "first", story_id=story)
    retold = await add_item(database, two, "retold", story_id=story)
    moved = await add_item(database, two, "moved", hours=2)
    await send(database, me, first, story)
    await send(database, me, moved, None)
    assert await offered(database, me) == []
    assert set(await offered(database, other)) == {first, retold, moved}


async def test_tellings_name_only_sources_the_subscriber_follows(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    story = await add_story(database, "story")
    items = []
    for title, followers in (("Beta", (me,)), ("alpha", (me, other)), ("Secret", (other,)), ("Gamma", (me,))):
        source = await add_source(database, title, followers=followers)
        items.append(await add_item(database, source, title, story_id=story))
    lone = await add_item(database, await add_source(database, "Lone", followers=(me,)), "lone", author="A. Uthor")
    async with database.read() as session:
        found = await stories.list_tellings(session, subscriber_id=me, item_ids=[lone, 10**6, items[0]])
        theirs = await stories.list_tellings(session, subscriber_id=other, item_ids=[items[2]])
    assert [telling.item_id for telling in found] == [lone, items[0]], "in the order asked for"
    assert (found[0].author, found[0].also_in, found[0].source_title) == ("A. Uthor", (), "Lone")
    assert found[1].also_in == ("alpha", "Gamma")
    assert theirs[0].also_in == ("alpha",)


async def test_a_source_without_title_is_called_by_its_host(database: Database) -> None:
    me = await add_subscriber(database)
    source = await add_source(database, " ", followers=(me,), url="https://blog.example/feed.xml")
    item = await add_item(database, source, "one")
    async with database.read() as session:
        (telling,) = await stories.list_tellings(session, subscriber_id=me, item_ids=[item])
    assert telling.source_title == "blog.example"


async def test_processing_counts_only_just_followed_sources(database: Database) -> None:
    me = await add_subscriber(database)
    old = await add_source(database, "Old", followers=(me,), since=LONG_AGO)
    new = await add_source(database, "New", followers=(me,))
    await add_item(database, old, "backlog", processed=False)
    await add_item(database, new, "done")
    since = NOW - timedelta(minutes=10)
    async with database.read() as session:
        assert not await stories.is_processing(session, subscriber_id=me, followed_since=since)
    await add_item(database, new, "waiting", processed=False)
    async with database.read() as session:
        assert await stories.is_processing(session, subscriber_id=me, followed_since=since)


async def test_an_item_edited_meanwhile_stays_unprocessed(database: Database) -> None:
    source = await add_source(database)
    item_id = await add_item(database, source, "one", processed=False)
    async with database.read() as session:
        (item,) = await stories.list_unprocessed(session, after_id=0, limit=10)
        assert await stories.list_unprocessed(session, after_id=item_id, limit=10) == []
    found = stories.ProcessedItem(
        id=item.id,
        content_hash="of an earlier form",
        canonical_link=None,
        summary_text="stale",
        language=None,
    )
    story_id = await add_story(database, "stale")
    async with database.write() as session:
        await stories.store_processed(session, items=[found], story_ids={item.id: story_id}, revision=1, now=NOW)
    async with database.read() as session:
        assert await stories.list_unprocessed(session, after_id=0, limit=10) == [item]

"""How items are shown to subscribers, and what the processor stores of them."""

from datetime import timedelta

from contentsync.db import stories
from contentsync.db.engine import Database
from contentsync.db.models import Item
from tests.filling import NOW, add_item, add_source, add_story, add_subscriber

LONG_AGO = NOW - timedelta(days=100)


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


async def test_features_are_made_up_for_and_only_for_the_form_they_were_made_of(database: Database) -> None:
    source = await add_source(database)
    one = await add_item(database, source, "one", author="Jo", word_count=700)
    edited = await add_item(database, source, "edited")
    await add_item(database, source, "known", features=b"known")
    await add_item(database, source, "raw", processed=False)
    async with database.read() as session:
        found = await stories.list_featureless(session, after_id=0, limit=10)
        assert [item.id for item in found] == [one, edited]
        assert [item.id for item in await stories.list_featureless(session, after_id=one, limit=10)] == [edited]
    assert (found[0].author, found[0].word_count, found[0].content_hash) == ("Jo", 700, "one")
    async with database.write() as session:
        forms = {one: "one", edited: "an older form"}
        await stories.store_features(session, features={one: b"1", edited: b"2"}, forms=forms)
    async with database.read() as session:
        assert (await session.get_one(Item, one)).features == b"1"
        assert (await session.get_one(Item, edited)).features is None

"""Finding what became of an item: the log of decisions, the item behind a link, where it was shown."""

from datetime import timedelta

from contentsync.db import decisions, digest_entries
from contentsync.db.engine import Database
from contentsync.db.models import Digest, DigestEntry
from tests.filling import NOW, add_item, add_source, add_story, add_subscriber

DAY = timedelta(days=1)


async def decide(db: Database, me: int, days_ago: int, packed: bytes) -> int:
    at = NOW - days_ago * DAY
    async with db.write() as session:
        digest = Digest(subscriber_id=me, slot=f"{days_ago}", state="sent", due_at=at, created_at=at, finished_at=at)
        session.add(digest)
        await session.flush()
        await decisions.store(session, digest_id=digest.id or 0, subscriber_id=me, decided_at=at, packed=packed)
        return digest.id or 0


async def show(db: Database, me: int, digest_id: int, item: int, story: int, position: int = 1) -> None:
    async with db.write() as session:
        session.add(
            DigestEntry(digest_id=digest_id, subscriber_id=me, item_id=item, story_id=story, position=position, score=1)
        )


async def test_the_latest_decisions_come_first_and_old_ones_are_forgotten(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    for days in (40, 2, 1):
        await decide(database, me, days, f"{days}".encode())
    await decide(database, other, 1, b"theirs")
    async with database.read() as session:
        found = await decisions.list_latest(session, subscriber_id=me, limit=2)
        assert [(row.packed, row.decided_at) for row in found] == [(b"1", NOW - DAY), (b"2", NOW - 2 * DAY)]
    async with database.write() as session:
        assert await decisions.forget(session, before=NOW - 30 * DAY) == 1
    async with database.read() as session:
        assert len(await decisions.list_latest(session, subscriber_id=me, limit=9)) == 2


async def test_items_are_found_by_link_and_story_where_the_person_may_see_them(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    mine = await add_source(database, "Mine", followers=(me,))
    theirs = await add_source(database, "Theirs", followers=(other,))
    story = await add_story(database, "story")
    link = "https://example.org/a"
    by_link = await add_item(database, mine, "a", canonical_link=link)
    by_story = await add_item(database, mine, "b", story_id=story, hours=2)
    hidden = await add_item(database, theirs, "c", canonical_link=link, story_id=story)
    waiting = await add_item(database, mine, "d", processed=False, link=link, hours=3)
    await add_item(database, mine, "e")
    async with database.read() as session:
        found = await decisions.find_items(session, subscriber_id=me, links={link}, story_ids=[story])
    assert [item.item_id for item in found] == [by_link, by_story, waiting]
    assert (found[0].source_title, found[0].followed_at, found[2].processed_at) == ("Mine", NOW, None)
    await show(database, me, await decide(database, me, 1, b""), hidden, story)
    async with database.read() as session:
        found = await decisions.find_items(session, subscriber_id=me, links={link}, story_ids=[])
    assert {(item.item_id, item.followed_at) for item in found} == {
        (by_link, NOW), (waiting, NOW), (hidden, None)
    }, "what they were sent they may ask about"  # fmt: skip


async def test_where_items_and_stories_were_shown(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    source, story = await add_source(database, followers=(me,)), await add_story(database, "story")
    items = [await add_item(database, source, str(number), story_id=story) for number in range(2)]
    first, second = await decide(database, me, 3, b""), await decide(database, me, 1, b"")
    await show(database, me, first, items[0], story, 4)
    await show(database, me, second, items[1], story, 2)
    async with database.read() as session:
        one = await digest_entries.find_shown(session, subscriber_id=me, item_ids=[items[0]])
        both = await digest_entries.find_shown(session, subscriber_id=me, item_ids=[], story_ids=[story])
        nothing = await digest_entries.find_shown(session, subscriber_id=other, item_ids=items, story_ids=[story])
        latest = await digest_entries.list_latest_entries(session, subscriber_id=me)
        entry = await digest_entries.get_entry(session, subscriber_id=me, digest_id=first, position=4)
        assert await digest_entries.get_entry(session, subscriber_id=other, digest_id=first, position=4) is None
        assert await digest_entries.get_entry(session, subscriber_id=me, digest_id=first, position=1) is None
    assert [(shown.digest_id, shown.position, shown.at) for shown in one] == [(first, 4, NOW - 3 * DAY)]
    assert [shown.digest_id for shown in both] == [second, first]
    assert nothing == []
    assert [(found.item_id, digest.id) for found, digest in latest] == [(items[1], second)]
    assert entry is not None
    assert entry[0].item_id == items[0]


async def test_titles_by_id(database: Database) -> None:
    item = await add_item(database, await add_source(database), "a")
    async with database.read() as session:
        assert await decisions.find_title(session, item_id=item) == "Title of a"
        assert await decisions.find_title(session, item_id=item + 1) is None

"""Choosing digests: who is offered what, what becomes of everything, and that it can be told and done again."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, insert, select, update

from contentsync.bot import why_texts
from contentsync.bot.choosing import Choice, Chooser
from contentsync.db import decisions, digests, feedback
from contentsync.db.base import Base
from contentsync.db.engine import Database
from contentsync.db.models import Item, Subscriber, Subscription
from contentsync.db.story_models import StoryClock
from contentsync.db.taste_models import Rule
from contentsync.processor.decisions import Decisions, Verdict, unpack
from contentsync.processor.features import Facts, features_of
from tests.filling import NOW, add_item, add_source, add_story, add_subscriber

LONG_AGO = NOW - timedelta(days=100)
DAY = timedelta(days=1)


async def person(db: Database, me: int) -> Subscriber:
    async with db.read() as session:
        return await session.get_one(Subscriber, me)


async def choose(db: Database, me: int, *, chooser: Chooser | None = None, later: timedelta = DAY * 0) -> Choice:
    """What a digest would hold, chosen by a process that has seen nothing yet unless one is given."""
    return await (chooser or Chooser(db)).choose(await person(db, me), NOW + later)


async def send(db: Database, me: int, *, chooser: Chooser | None = None, later: timedelta = DAY * 0) -> Choice:
    """A digest that is put together, frozen with its decisions, and sent; gives what it holds."""
    update_id = random.Random(f"{later}").randrange(10**9)
    choice = await choose(db, me, chooser=chooser, later=later)
    async with db.write() as session:
        digest_id = await digests.ask_digest(session, subscriber_id=me, update_id=update_id, now=NOW + later)
        token = digests.asked_slot(update_id)
        assert await digests.freeze(
            session, digest_id=digest_id, token=token, chat_id=1, entries=choice.entries, parts=[]
        )
        await decisions.store(
            session, digest_id=digest_id, subscriber_id=me, decided_at=NOW + later, packed=choice.packed
        )
        assert await digests.finish(session, digest_id=digest_id, token=token, state="sent", now=NOW + later)
    return choice


def ids(choice: Choice) -> list[int]:
    return [entry.item_id for entry in choice.entries]


def verdicts(choice: Choice) -> dict[int, Verdict]:
    return dict(unpack(choice.packed).verdicts)


async def bump(db: Database, *item_ids: int) -> None:
    """As the processor does: what changed is seen by the clock of stories."""
    async with db.write() as session:
        clock = await session.get(StoryClock, 1) or StoryClock(id=1, revision=0)
        clock.revision += 1
        session.add(clock)
        await session.exec(update(Item).where(col(Item.id).in_(item_ids)).values(story_revision=clock.revision))


async def test_only_what_a_person_follows_and_wants_is_a_candidate(db: Database) -> None:
    me, other = await add_subscriber(db, 1), await add_subscriber(db, 2)
    mine = await add_source(db, "Mine", followers=(me, other), since=LONG_AGO)
    theirs = await add_source(db, "Theirs", followers=(other,), since=LONG_AGO)
    new = await add_item(db, mine, "new")
    clip = await add_item(db, mine, "clip", media_kind="short")
    stream = await add_item(db, mine, "stream", media_kind="live")
    await add_item(db, mine, "raw", processed=False)
    old = await add_item(db, mine, "old", hours=14 * 24 + 1)
    hidden = await add_item(db, theirs, "hidden")
    async with db.write() as session:
        await session.exec(
            update(Subscription).where(col(Subscription.subscriber_id) == me).values(with_shorts=False, with_live=False)
        )
    chooser = Chooser(db)
    assert set(verdicts(await choose(db, me, chooser=chooser))) == {new}
    found = await choose(db, other, chooser=chooser)
    assert set(verdicts(found)) == {new, clip, stream, hidden}
    assert unpack(found.packed).since == NOW - timedelta(days=14)
    assert old not in verdicts(found)


async def test_what_was_sent_is_told_from_what_tells_the_same(db: Database) -> None:
    me = await add_subscriber(db, digest_size=3)
    one = await add_source(db, "One", followers=(me,), since=LONG_AGO)
    two = await add_source(db, "Two", followers=(me,), since=LONG_AGO)
    story, other = await add_story(db, "story"), await add_story(db, "other")
    first = await add_item(db, one, "first", story_id=story)
    retold = await add_item(db, two, "retold", story_id=story, hours=2)
    lone = await add_item(db, two, "lone", story_id=other)
    sent = await send(db, me)
    shown = first if first in ids(sent) else retold
    twin = retold if shown == first else first
    assert set(ids(sent)) == {shown, lone}
    assert verdicts(sent)[twin] == Verdict(twin, "duplicate", shown)
    again = await choose(db, me, later=DAY / 2)
    assert ids(again) == []
    assert verdicts(again) == {
        shown: Verdict(shown, "sent"), lone: Verdict(lone, "sent"), twin: Verdict(twin, "duplicate", shown)
    }  # fmt: skip


async def test_rules_mute_and_keep(db: Database) -> None:
    me = await add_subscriber(db, digest_size=3)
    source = await add_source(db, followers=(me,), since=LONG_AGO)
    for number in range(10):
        await add_item(db, source, f"plain{number}", hours=number)
    muted = await add_item(db, source, "muted", title="A word about crypto", hours=1)
    kept = await add_item(db, source, "kept", title="A word about gardens", hours=24 * 13)
    async with db.write() as session:
        mute = Rule(subscriber_id=me, kind="words", pattern="crypto")
        over = Rule(subscriber_id=me, kind="words", pattern="title", expires_at=NOW - DAY)
        keep = Rule(subscriber_id=me, action="keep", kind="words", pattern="gardens")
        session.add_all([mute, over, keep])
        await session.flush()
        mute_id = mute.id or 0
    choice = await choose(db, me)
    assert verdicts(choice)[muted] == Verdict(muted, "muted", mute_id)
    assert kept in ids(choice)
    entry = next(entry for entry in choice.entries if entry.item_id == kept)
    assert "kept" in [reason["key"] for reason in entry.reasons]


def features(title: str) -> bytes:
    return features_of(Facts(title, "", 0, None, "article", None, None, None))


async def test_what_a_person_liked_moves_up(db: Database) -> None:
    me = await add_subscriber(db, digest_size=3)
    loved = await add_source(db, "Loved", followers=(me,), since=LONG_AGO)
    plain = [await add_source(db, f"Plain{number}", followers=(me,), since=LONG_AGO) for number in range(6)]
    titles = [f"Violin concert number {number}" for number in range(5)]
    earlier = [
        await add_item(db, loved, title, hours=24 * 20, title=title, features=features(title)) for title in titles
    ]
    for source in plain:
        title = f"Council meets over budget item {source}"
        await add_item(db, source, f"of{source}", hours=2, title=title, features=features(title))
    title = "Violin concert tonight"
    wanted = await add_item(db, loved, "wanted", hours=4, title=title, features=features(title))
    assert wanted not in ids(await choose(db, me))
    async with db.write() as session:
        for item in earlier:
            await feedback.give(session, subscriber_id=me, item_id=item, kind="rating", value=1, now=NOW)
    liked = await choose(db, me)
    (entry,) = [entry for entry in liked.entries if entry.item_id == wanted]
    words = why_texts.why(entry.reasons, is_fresh=False, topics={})
    assert any(word.startswith("you liked 5 items ") for word in words), words
    async with db.write() as session:
        for item in earlier:
            await feedback.give(session, subscriber_id=me, item_id=item, kind="rating", value=0, now=NOW)
    assert wanted not in ids(await choose(db, me)), "taken back leaves no trace"


FERRY = "Ferry sinks off Malmby after collision with trawler, rescue under way"
DIVERS = "Malmby ferry: divers Olsen and Berg find 14 survivors in hull, captain Haugland arrested in Tromsø"


async def test_a_story_that_moved_on_comes_once_more(db: Database) -> None:
    me = await add_subscriber(db)
    one = await add_source(db, "One", followers=(me,), since=LONG_AGO)
    two = await add_source(db, "Two", followers=(me,), since=LONG_AGO)
    story = await add_story(db, "story")
    first = await add_item(db, one, "first", story_id=story, title=FERRY)
    assert ids(await send(db, me)) == [first]
    same = await add_item(db, two, "same", story_id=story, title=FERRY, hours=-3)
    assert ids(await choose(db, me, later=DAY / 4)) == []
    for number, source in enumerate((one, two)):
        await add_item(db, source, f"more{number}", story_id=story, title=DIVERS, hours=-6 - number)
    again = await send(db, me, later=DAY)
    (entry,) = again.entries
    assert entry.is_update
    assert entry.item_id not in (first, same)
    assert verdicts(again)[same] == Verdict(same, "duplicate", first)
    for number, source in enumerate((one, two)):
        title = f"Ministers Dahl and Lie visit wreck, 38 million for Harstad yard, inquiry {number}"
        await add_item(db, source, f"later{number}", story_id=story, title=title, hours=-26)
    assert ids(await choose(db, me, later=DAY * 2)) == [], "it comes back once"


async def test_a_newly_followed_source_offers_its_latest_however_old(db: Database) -> None:
    me = await add_subscriber(db)
    source = await add_source(db, followers=(me,))
    items = [await add_item(db, source, str(days), hours=24 * days) for days in range(30, 50)]
    choice = await choose(db, me)
    assert set(verdicts(choice)) == set(items[:10])
    assert set(ids(choice)) == set(items[:10])


async def test_the_pool_follows_what_the_processor_does(db: Database) -> None:
    me = await add_subscriber(db)
    source = await add_source(db, followers=(me,), since=LONG_AGO)
    chooser = Chooser(db)
    item = await add_item(db, source, "one", features=b"", title="About crypto")
    assert ids(await choose(db, me, chooser=chooser)) == [item]
    second = await add_item(db, source, "two", features=b"")
    await bump(db, second)
    assert set(ids(await choose(db, me, chooser=chooser))) == {item, second}
    async with db.write() as session:  # edited, and found to tell the same
        story = (await session.get_one(Item, second)).story_id
        await session.exec(update(Item).where(col(Item.id) == item).values(story_id=story, title="About gardens"))
        session.add(Rule(subscriber_id=me, kind="words", pattern="crypto"))
    await bump(db, item)
    assert len(ids(await choose(db, me, chooser=chooser))) == 1
    async with db.write() as session:
        await session.delete(await session.get_one(Item, item))
        await session.delete(await session.get_one(Item, second))
    assert ids(await choose(db, me, chooser=chooser)) == [], "what is gone from the database is not sent"


async def test_nobody_is_offered_the_newest_of_too_many_as_too_old(db: Database) -> None:
    """A time that goes back, as in a replay, is answered as by a fresh process."""
    me = await add_subscriber(db)
    source = await add_source(db, followers=(me,), since=LONG_AGO)
    for days in (1, 13, 15, 20):
        await add_item(db, source, str(days), hours=24 * days, features=b"")
    chooser = Chooser(db)
    for later in (DAY * 6, DAY * 0, -DAY * 7):
        there = await choose(db, me, chooser=chooser, later=later)
        fresh = await choose(db, me, later=later)
        assert (ids(there), there.packed) == (ids(fresh), fresh.packed)


WORDS = "ferry budget temporal climate garden python museum election storm rocket violin harbour"


async def fill(db: Database, sources: Sequence[int], count: int) -> None:
    """So many items over 20 days, every fifth of them a story that another source tells too."""
    chance = random.Random(1)
    titles = [" ".join(chance.choices(WORDS.split(), k=5)) for _ in range(200)]
    made = {title: features(title) for title in titles}
    stories = [{"id": number + 1, "key": str(number), "first_seen_at": NOW} for number in range(count)]
    rows: list[dict[str, Any]] = []
    for number in range(count):
        at = NOW - timedelta(days=20) * number / count
        source, title = chance.choice(sources), chance.choice(titles)
        rows.append(
            {
                "id": number + 1,
                "source_id": source,
                "external_id": str(number),
                "link": f"https://example.org/{number}",
                "canonical_link": f"https://example.org/{number}",
                "title": title,
                "summary_html": "",
                "summary_text": "",
                "media_kind": "short" if number % 50 == 0 else "article",
                "content_hash": "h",
                "first_seen_at": at,
                "published_at": at,
                "sort_at": at,
                "story_id": number - 3 if number % 5 == 4 else number + 1,
                "features": made[title],
                "language": "en",
                "processed_at": at,
            }
        )
    async with db.write() as session:
        await session.exec(insert(Base.metadata.tables["story"]), params=stories)
        await session.exec(insert(Base.metadata.tables["item"]), params=rows)


async def test_each_of_10_000_items_has_one_reason_and_a_replay_gives_it_again(db: Database) -> None:
    """Through two digests with signals and a rule between them: what is stored of each digest is what a fresh process
    finds for that moment, and every item that could have been shown has exactly one reason."""
    count = 10_000
    me = await add_subscriber(db, digest_size=10)
    sources = [await add_source(db, f"S{number}", followers=(me,), since=LONG_AGO) for number in range(40)]
    await fill(db, sources, count)
    async with db.write() as session:
        await session.exec(update(Subscription).values(with_shorts=False))
        session.add(Rule(subscriber_id=me, kind="words", pattern="violin", created_at=LONG_AGO))
    chooser, seen = Chooser(db), set[int]()
    for later in (DAY * 0, DAY / 2):
        replayed = await choose(db, me, later=later)
        choice = await send(db, me, chooser=chooser, later=later)
        assert (ids(choice), choice.packed) == (ids(replayed), replayed.packed)
        for entry in choice.entries:
            assert entry.score == pytest.approx(sum(reason["value"] for reason in entry.reasons), abs=1e-9)
        assert not seen & set(ids(choice))
        seen |= set(ids(choice))
        await check_reasons(db, unpack(choice.packed), count)
        async with db.write() as session:
            for entry in choice.entries[:3]:
                await feedback.give(
                    session, subscriber_id=me, item_id=entry.item_id, kind="rating", value=1, now=NOW + later
                )


async def check_reasons(db: Database, found: Decisions, count: int) -> None:
    """Every item either has its one verdict, or is older than the log goes back, or of a kind that is not wanted."""
    async with db.read() as session:
        items = list(await session.exec(select(Item.id, Item.sort_at, Item.media_kind)))
    unlisted = {item_id for item_id, sort_at, kind in items if sort_at < found.since or kind == "short"}
    assert len(items) == count
    assert {item_id for item_id, *_ in items} - unlisted == set(found.verdicts)
    keys = Counter(verdict.key for verdict in found.verdicts.values())
    assert keys["shown"] == 10
    assert keys["muted"] > 100
    assert keys["duplicate"] > 0
    places = sorted(v.number for v in found.verdicts.values() if v.key in ("shown", "ranked", "no_room"))
    assert places == list(range(1, len(places) + 1)), "every place once"
    assert found.of == len(places)

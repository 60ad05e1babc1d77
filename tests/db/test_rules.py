"""Rules as they are stored: once each, with an end, taken back and brought back."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from contentsync.db import moves, rules
from contentsync.db.engine import Database
from contentsync.db.models import Subscription
from contentsync.db.rules import LatestItem
from contentsync.db.taste_models import Rule
from tests.filling import NOW, add_item, add_source, add_subscriber

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def add(db: Database, person: int, pattern: str = "crypto", *, most: int = 5, **values: Any) -> int | None:
    wanted = {"action": "mute", "kind": "words", "source_id": None, "expires_at": None, "now": NOW, "most_regexes": 2}
    async with db.write() as session:
        rule = await rules.add_rule(session, subscriber_id=person, pattern=pattern, most=most, **{**wanted, **values})
    return rule.id if rule is not None else None


async def active(db: Database, person: int, now: datetime = NOW) -> list[int | None]:
    async with db.read() as session:
        return [view.rule.id for view in await rules.list_active(session, subscriber_id=person, now=now)]


async def remove(db: Database, person: int, rule_id: int | None, now: datetime = NOW) -> bool:
    async with db.write() as session:
        return await rules.remove_rule(session, subscriber_id=person, rule_id=rule_id or 0, now=now)


async def restore(db: Database, person: int, rule_id: int | None, now: datetime = NOW, most: int = 5) -> bool:
    async with db.write() as session:
        return await rules.restore_rule(
            session, subscriber_id=person, rule_id=rule_id or 0, now=now, most=most, most_regexes=2
        )


async def get(db: Database, person: int, rule_id: int | None) -> Rule | None:
    async with db.read() as session:
        view = await rules.get_rule(session, subscriber_id=person, rule_id=rule_id or 0)
    return view.rule if view is not None else None


async def test_the_same_rule_twice_is_one(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    first = await add(database, me)
    assert await add(database, me, "CRYPTO", expires_at=NOW + DAY) == first
    rule = await get(database, me, first)
    assert rule is not None
    assert (rule.pattern, rule.expires_at) == ("crypto", NOW + DAY)
    different = [
        await add(database, me, action="keep"),
        await add(database, me, kind="phrase"),
        await add(database, me, r"\S+x", kind="regex"),
        await add(database, me, r"\s+x", kind="regex"),
        await add(database, other),
    ]
    assert len({first, *different}) == 6
    assert await active(database, me) == [first, *different[:4]]


async def test_taps_at_the_same_moment_add_it_once(database: Database) -> None:
    me = await add_subscriber(database)
    ids = await asyncio.gather(*(add(database, me) for _ in range(8)))
    assert len(set(ids)) == 1
    assert len(await active(database, me)) == 1


async def test_there_are_bounds(database: Database) -> None:
    me = await add_subscriber(database)
    ids = [await add(database, me, str(number), most=3) for number in range(4)]
    assert ids[3] is None
    assert await add(database, me, "0", most=3) == ids[0], "it is there already"
    await remove(database, me, ids[0])
    assert await add(database, me, "3", most=3) is not None
    assert await restore(database, me, ids[0], most=3) is False
    assert [await add(database, me, each, kind="regex", most=9) is None for each in "abc"] == [False, False, True]


async def test_a_rule_ends(database: Database) -> None:
    me = await add_subscriber(database)
    rule_id = await add(database, me, expires_at=NOW + HOUR)
    assert await active(database, me, NOW + HOUR - timedelta(seconds=1)) == [rule_id]
    assert await active(database, me, NOW + HOUR) == []
    assert await restore(database, me, rule_id, NOW + HOUR) is False
    async with database.write() as session:
        assert not await rules.set_end(session, subscriber_id=me, rule_id=rule_id or 0, expires_at=None, now=NOW + HOUR)
    assert await add(database, me, now=NOW + DAY) == rule_id
    assert await active(database, me, NOW + 1000 * DAY) == [rule_id]
    async with database.write() as session:
        assert await rules.set_end(
            session, subscriber_id=me, rule_id=rule_id or 0, expires_at=NOW + 2 * DAY, now=NOW + DAY
        )
    assert await active(database, me, NOW + 2 * DAY) == []


async def test_taken_back_and_brought_back(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    rule_id = await add(database, me, expires_at=NOW + DAY)
    before = await get(database, me, rule_id)
    assert not await remove(database, other, rule_id)
    assert not await restore(database, other, rule_id)
    assert await get(database, other, rule_id) is None
    for _ in range(2):
        assert await remove(database, me, rule_id)
        assert await active(database, me) == []
    for _ in range(2):
        assert await restore(database, me, rule_id)
        assert await active(database, me) == [rule_id]
    assert await get(database, me, rule_id) == before
    assert not await remove(database, me, 10**9)
    assert not await restore(database, me, 10**9)


async def test_what_is_over_is_forgotten_later(database: Database) -> None:
    me = await add_subscriber(database)
    stays, ended, removed = [await add(database, me, each) for each in ("stays", "ended", "removed")]
    await add(database, me, "ended", expires_at=NOW)
    await remove(database, me, removed)
    for before, count, left in ((NOW, 0, [stays, ended, removed]), (NOW + HOUR, 2, [stays])):
        async with database.write() as session:
            assert await rules.forget_rules(session, before=before) == count
        found = [await get(database, me, rule_id) for rule_id in (stays, ended, removed)]
        assert [rule.id for rule in found if rule is not None] == left


async def test_rules_on_sources(database: Database) -> None:
    me = await add_subscriber(database)
    old, twin = await add_source(database, "Old", followers=(me,)), await add_source(database, "Twin")
    rule_id = await add(database, me, "", kind="source", source_id=old)
    assert await add(database, me, "", kind="source", source_id=twin) != rule_id
    async with database.read() as session:
        views = await rules.list_active(session, subscriber_id=me, now=NOW)
    assert [view.source.title for view in views if view.source is not None] == ["Old", "Twin"]
    async with database.write() as session:
        await moves.adopt_address(session, source_id=old, url="u", key="https://twin.example/feed", now=NOW)
    rule = await get(database, me, rule_id)
    assert rule is not None
    assert rule.source_id == twin, "who mutes a source mutes it at its new address"


async def test_the_latest_items_are_those_a_digest_might_show(database: Database) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    mine = await add_source(database, "Mine", followers=(me,))
    await add_item(database, await add_source(database, "Theirs", followers=(other,)), "theirs")
    source = await add_source(database, "Tube")
    async with database.write() as session:
        session.add(Subscription(subscriber_id=me, source_id=source, with_shorts=False, with_live=False))
    ids = [
        await add_item(database, mine, "old", hours=5000, author="A", language="en", summary_text="S"),
        await add_item(database, mine, "new"),
        await add_item(database, source, "video", hours=2, media_kind="video"),
    ]
    for kind in ("short", "live"):
        await add_item(database, source, kind, media_kind=kind)
    await add_item(database, mine, "raw", processed=False)
    async with database.read() as session:
        latest = await rules.list_latest(session, subscriber_id=me, limit=10)
        assert await rules.list_latest(session, subscriber_id=me, limit=1) == latest[:1]
        one = await rules.get_item(session, item_id=ids[0])
        assert await rules.get_item(session, item_id=10**9) is None
    assert [item.item_id for item in latest] == [ids[1], ids[2], ids[0]]
    assert one == latest[2] == LatestItem(ids[0], mine, "Mine", "Title of old", "S", "A", "en")

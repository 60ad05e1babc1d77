"""Sources: found, followed, claimed, recorded; on both engines."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from sqlmodel import col, select

from contentsync.db import integrations, sources
from contentsync.db.engine import Database
from contentsync.db.models import Source, Subscriber, Subscription
from contentsync.db.sources import PullRecord

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def add_subscriber(database: Database, chat_id: int = 1, **fields: Any) -> int:
    async with database.write() as session:
        subscriber = Subscriber(chat_id=chat_id, **fields)
        session.add(subscriber)
        await session.flush()
        assert subscriber.id is not None
        return subscriber.id


async def add_source(database: Database, name: str, **fields: Any) -> int:
    async with database.write() as session:
        source = Source(kind="feed", key=f"https://{name}/", url=f"http://{name}/", title=name, **fields)
        session.add(source)
        await session.flush()
        assert source.id is not None
        return source.id


async def add_followed(database: Database, name: str, *subscriber_ids: int, **fields: Any) -> int:
    source_id = await add_source(database, name, **fields)
    async with database.write() as session:
        session.add_all(Subscription(subscriber_id=s, source_id=source_id) for s in subscriber_ids)
    return source_id


async def get(database: Database, source_id: int) -> Source:
    async with database.read() as session:
        return (await session.exec(select(Source).where(col(Source.id) == source_id))).one()


async def claim(database: Database, lease_id: str, now: datetime = NOW, limit: int = 10) -> list[int]:
    async with database.write() as session:
        return await sources.claim_due(session, now=now, lease_id=lease_id, lease_seconds=300, limit=limit)


def record(source_id: int, **changes: Any) -> PullRecord:
    whole = {
        "id": source_id,
        "title": "T",
        "site_url": "http://site/",
        "language": "uk",
        "etag": '"1"',
        "last_modified": "Sun, 01 Mar 2026 10:00:00 GMT",
        "body_hash": "ab",
        "family": "a.example",
        "next_pull_at": NOW + 30 * MINUTE,
        "interval_minutes": 30,
        "state": "moved",
        "state_since": NOW,
        "failures": 0,
        "failing_since": NOW,
        "absent_since": NOW,
        "absent_count": 1,
        "moved_to": "http://b.example/",
        "moved_since": NOW,
        "moved_count": 2,
        "last_error": None,
        "last_error_params": {},
        "last_pull_at": NOW,
        "last_success_at": NOW,
        "last_new_at": NOW,
    }
    return cast(PullRecord, whole | changes)


async def upsert(database: Database, **changes: Any) -> int:
    given: dict[str, Any] = {
        "kind": "feed",
        "key": "https://a/feed",
        "url": "http://a/feed",
        "title": "",
        "site_url": None,
        "language": None,
        "preview": ["one"],
        "now": NOW,
    }
    async with database.write() as session:
        return await sources.upsert_found(session, **(given | changes))


async def test_what_is_found_twice_is_one_source(database: Database) -> None:
    first = await upsert(database)
    second = await upsert(database, url="https://a/feed", title="A", preview=("two", "three"), language="fr")
    third = await upsert(database, title="Another", site_url="http://a/", language="en")
    other = await upsert(database, key="https://b/feed")
    assert first == second == third != other
    source = await get(database, first)
    assert (source.url, source.title, source.site_url, source.language) == ("http://a/feed", "A", "http://a/", "fr")
    assert source.preview == ["one"], "renewed by the third call"
    assert source.next_pull_at is None
    assert source.created_at == NOW


async def test_following_makes_due_and_unfollowing_by_the_last_one_ends_it(database: Database) -> None:
    anna, boris = await add_subscriber(database, 1), await add_subscriber(database, 2)
    source_id = await add_source(database, "a")

    async def follow(subscriber_id: int, now: datetime) -> bool:
        async with database.write() as session:
            return await sources.follow(session, subscriber_id=subscriber_id, source_id=source_id, now=now)

    async def unfollow(subscriber_id: int) -> bool:
        async with database.write() as session:
            return await sources.unfollow(session, subscriber_id=subscriber_id, source_id=source_id, now=NOW)

    assert await follow(anna, NOW) is True
    assert (await get(database, source_id)).next_pull_at == NOW
    assert await follow(anna, NOW + MINUTE) is False
    assert (await get(database, source_id)).next_pull_at == NOW
    assert await follow(boris, NOW + MINUTE) is True
    assert (await get(database, source_id)).next_pull_at == NOW + MINUTE

    assert await unfollow(anna) is True
    assert await unfollow(anna) is False
    assert (await get(database, source_id)).next_pull_at == NOW + MINUTE
    assert await unfollow(boris) is True
    assert (await get(database, source_id)).next_pull_at is None


async def test_people_see_only_what_they_follow(database: Database) -> None:
    anna, boris = await add_subscriber(database, 1), await add_subscriber(database, 2)
    zebra = await add_followed(database, "Zebra", anna)
    ape = await add_followed(database, "ape", anna, boris)
    await add_followed(database, "Boa", boris)
    async with database.read() as session:
        assert [s.id for s in await sources.list_followed(session, subscriber_id=anna)] == [ape, zebra]
        assert await sources.get_followed(session, subscriber_id=boris, source_id=zebra) is None
        followed = await sources.get_followed(session, subscriber_id=anna, source_id=zebra)
        assert followed is not None
        assert followed.title == "Zebra"


async def test_sources_come_in_the_order_of_the_ids(database: Database) -> None:
    one, two, three = [await add_source(database, name) for name in ("a", "b", "c")]
    async with database.read() as session:
        found = await sources.get_sources(session, source_ids=[three, one, 999, two])
    assert [source.id for source in found] == [three, one, two]


@pytest.mark.parametrize(
    ("fields", "running"),
    [
        ({"next_pull_at": NOW}, True),
        ({"next_pull_at": NOW + MINUTE}, False),
        ({"next_pull_at": NOW + MINUTE, "lease_until": NOW + MINUTE}, True),
        ({"next_pull_at": NOW, "last_pull_at": NOW - MINUTE}, False),
        ({}, False),
    ],
)
async def test_first_pull_is_running(database: Database, fields: dict[str, Any], running: bool) -> None:
    anna, boris = await add_subscriber(database, 1), await add_subscriber(database, 2)
    await add_followed(database, "a", anna, **fields)
    async with database.read() as session:
        assert await sources.is_first_pull_running(session, subscriber_id=anna, now=NOW) is running
        assert await sources.is_first_pull_running(session, subscriber_id=boris, now=NOW) is False


async def test_claims_what_is_due_for_somebody(database: Database) -> None:
    anna = await add_subscriber(database, 1)
    paused = await add_subscriber(database, 2, paused=True)
    blocked = await add_subscriber(database, 3, blocked_at=NOW)
    late = await add_followed(database, "late", anna, next_pull_at=NOW - MINUTE)
    due = await add_followed(database, "due", anna, paused, next_pull_at=NOW)
    stale = await add_followed(
        database, "stale", anna, next_pull_at=NOW - 9 * MINUTE, lease_id="dead", lease_until=NOW - MINUTE
    )
    await add_followed(database, "later", anna, next_pull_at=NOW + MINUTE)
    await add_followed(database, "never", anna)
    await add_followed(database, "leased", anna, next_pull_at=NOW, lease_id="x", lease_until=NOW + MINUTE)
    await add_followed(database, "of a paused one", paused, next_pull_at=NOW)
    await add_followed(database, "of a blocked one", blocked, next_pull_at=NOW)
    await add_source(database, "of nobody", next_pull_at=NOW)

    assert await claim(database, "L1", limit=2) == [stale, late]
    assert await claim(database, "L2") == [due]
    assert await claim(database, "L3") == []
    source = await get(database, late)
    assert (source.lease_id, source.lease_until) == ("L1", NOW + 5 * MINUTE)
    assert await claim(database, "L4", now=NOW + 5 * MINUTE, limit=2) == [stale, late]


async def test_a_lease_that_was_taken_over_is_gone(database: Database) -> None:
    anna = await add_subscriber(database)
    one = await add_followed(database, "a", anna, next_pull_at=NOW)
    two = await add_followed(database, "b", anna, next_pull_at=NOW)
    assert await claim(database, "tick") == [one, two]
    async with database.write() as session:
        taken = await sources.claim_sources(
            session, source_ids=[two, 999], now=NOW, lease_id="follow", lease_seconds=300
        )
    assert taken == [two]
    async with database.write() as session:
        leased = await sources.list_leased(session, lease_id="tick", source_ids=[one, two])
        assert [source.id for source in leased] == [one]
        assert await sources.lock_leased(session, lease_id="tick", source_ids=[one, two]) == {one}
        assert await sources.lock_leased(session, lease_id="follow", source_ids=[one, two]) == {two}


async def test_a_recorded_pull_ends_the_lease(database: Database) -> None:
    anna = await add_subscriber(database)
    good = await add_followed(database, "good", anna, next_pull_at=NOW, failures=3, last_error="timed_out")
    bad = await add_followed(database, "bad", anna, next_pull_at=NOW)
    left = await add_source(database, "left", next_pull_at=NOW)
    untouched = await add_followed(database, "untouched", anna, next_pull_at=NOW)
    await claim(database, "L1")
    failure = {"failures": 4, "last_error": "not_found", "last_error_params": {"status": 404}, "last_success_at": None}
    async with database.write() as session:
        await sources.record_pulls(session, records=[record(good), record(bad, **failure), record(left)])
        await sources.record_pulls(session, records=[])

    source = await get(database, good)
    assert {name: getattr(source, name) for name in PullRecord.__annotations__} == record(good)
    assert (source.lease_id, source.lease_until) == (None, None)
    source = await get(database, bad)
    assert (source.failures, source.last_error, source.last_error_params) == (4, "not_found", {"status": 404})
    assert (await get(database, left)).next_pull_at is None
    assert (await get(database, untouched)).lease_id == "L1"


async def test_the_sources_of_a_refused_account_rest_until_a_sync_works(database: Database) -> None:
    anna = await add_subscriber(database)
    async with database.write() as session:
        integration_id = await integrations.connect(
            session, subscriber_id=anna, kind="newsapi", account="…1234", credentials="", options={}, now=NOW
        )
        owned = await sources.add_owned(
            session, integration_id=integration_id, kind="newsapi", key="n/1", url="u", title="T", now=NOW
        )
    shared = await add_followed(database, "a", anna)
    async with database.write() as session:
        await sources.pause_owned(session, integration_id=integration_id, now=NOW)
    source = await get(database, owned)
    assert (source.state, source.state_since) == ("paused", NOW)
    assert (await get(database, shared)).state == "healthy"
    async with database.write() as session:
        await sources.note_success(session, source_id=owned, now=NOW + MINUTE, is_new=False)
        await sources.note_success(session, source_id=owned, now=NOW + 2 * MINUTE, is_new=True)
    source = await get(database, owned)
    assert (source.state, source.state_since, source.last_new_at) == ("healthy", NOW + MINUTE, NOW + 2 * MINUTE)

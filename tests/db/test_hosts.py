"""Host families: what is stored of them, and how they hold back what is claimed; on both engines."""

import asyncio
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from contentsync.db import hosts, moves, sources
from contentsync.db.engine import Database
from contentsync.db.hosts import FamilyCount, HostRow
from contentsync.db.models import Source, Subscription
from tests.db.test_sources import MINUTE, NOW, add_followed, add_source, add_subscriber, claim, get


def row(family: str, **changes: Any) -> HostRow:
    whole: dict[str, Any] = {
        "family": family,
        "gap_seconds": 0.0,
        "gap_since": None,
        "not_before": None,
        "last_ok_at": None,
        "refused_at": None,
    }
    return cast(HostRow, whole | changes)


async def put(database: Database, *rows: HostRow) -> None:
    async with database.write() as session:
        await hosts.put_hosts(session, rows=rows)


async def not_before(database: Database, family: str) -> datetime | None:
    async with database.read() as session:
        return (await hosts.get_hosts(session, families=[family]))[family]["not_before"]


async def test_a_family_is_one_row_that_is_renewed(database: Database) -> None:
    await put(database, row("b.org"), row("a.org", gap_seconds=60.0, gap_since=NOW, refused_at=NOW, not_before=NOW))
    await put(database, row("a.org", last_ok_at=NOW), row("c.org", last_ok_at=NOW - MINUTE))
    await put(database)
    async with database.write() as session:
        found = await hosts.get_hosts(session, families=["a.org", "c.org", "no.org"], lock=True)
        assert await hosts.last_ok_anywhere(session) == NOW
    assert sorted(found) == ["a.org", "c.org"]
    assert found["a.org"] == row("a.org", last_ok_at=NOW)


async def test_every_source_knows_its_family(database: Database) -> None:
    async with database.write() as session:
        found = await sources.upsert_found(
            session, kind="feed", key="k", url="https://blog.example.co.uk/f", title="", site_url=None, language=None,
            preview=[], now=NOW,
        )  # fmt: skip
    assert (await get(database, found)).family == "example.co.uk"
    assert (await get(database, await add_source(database, "www.a.org"))).family == "a.org"


async def test_how_a_family_fares(database: Database) -> None:
    anna = await add_subscriber(database)
    due: dict[str, Any] = {"next_pull_at": NOW}
    await add_followed(database, "1.a.org", anna, **due, failures=2)
    just_failed = await add_followed(database, "2.a.org", anna, **due)
    await add_followed(database, "3.a.org", anna, **due)
    await add_followed(database, "4.a.org", anna, **due, failures=9, state="gone")
    await add_source(database, "5.a.org", failures=1)
    await add_followed(database, "b.org", anna, **due)
    async with database.read() as session:
        counts = await hosts.count_families(session, families=["a.org", "c.org"], failing_ids=[just_failed])
    assert counts == {"a.org": FamilyCount(3, 2)}


async def test_nothing_is_claimed_of_a_family_that_wants_quiet(database: Database) -> None:
    anna = await add_subscriber(database)
    quiet = await add_followed(database, "1.a.org", anna, next_pull_at=NOW - MINUTE)
    other = await add_followed(database, "b.org", anna, next_pull_at=NOW)
    unknown = await add_followed(database, "c.org", anna, next_pull_at=NOW)
    await put(database, row("a.org", not_before=NOW + MINUTE), row("b.org", not_before=NOW, last_ok_at=NOW))
    assert await claim(database, "L1") == [other, unknown]
    async with database.write() as session:
        given: dict[str, Any] = {"source_ids": [quiet, other], "lease_id": "L2", "lease_seconds": 300}
        assert await sources.claim_sources(session, now=NOW, **given) == [other]
        assert await sources.claim_sources(session, now=NOW + MINUTE, **given) == [quiet, other]


async def test_a_family_with_a_gap_gets_one_request_in_that_time(database: Database) -> None:
    anna = await add_subscriber(database)
    late, early = [await add_followed(database, f"{n}.a.org", anna, next_pull_at=NOW - n * MINUTE) for n in (1, 2)]
    b = await add_followed(database, "b.org", anna, next_pull_at=NOW)
    slower = [await add_followed(database, f"{n}.c.org", anna, next_pull_at=NOW - 9 * MINUTE) for n in (1, 2)]
    await put(database, row("a.org", gap_seconds=60.0), row("c.org", gap_seconds=120.0, not_before=NOW))
    assert await claim(database, "L1") == [slower[0], early, b]
    assert await not_before(database, "a.org") == NOW + MINUTE
    assert await not_before(database, "c.org") == NOW + 2 * MINUTE
    assert await claim(database, "L2") == []
    assert await claim(database, "L3", now=NOW + MINUTE) == [late]
    assert await claim(database, "L4", now=NOW + 2 * MINUTE) == [slower[1]]


async def test_a_turn_that_the_limit_left_out_is_not_spent(database: Database) -> None:
    anna = await add_subscriber(database)
    first = await add_followed(database, "b.org", anna, next_pull_at=NOW - MINUTE)
    second = await add_followed(database, "a.org", anna, next_pull_at=NOW)
    await put(database, row("a.org", gap_seconds=60.0))
    assert await claim(database, "L1", limit=1) == [first]
    assert await not_before(database, "a.org") is None
    assert await claim(database, "L2", limit=1) == [second]


async def test_who_follows_now_spends_a_turn_too(database: Database) -> None:
    anna = await add_subscriber(database)
    one = await add_followed(database, "1.a.org", anna, next_pull_at=NOW)
    await add_followed(database, "2.a.org", anna, next_pull_at=NOW)
    await put(database, row("a.org", gap_seconds=60.0))
    async with database.write() as session:
        claimed = await sources.claim_sources(session, source_ids=[one], now=NOW, lease_id="L", lease_seconds=300)
    assert claimed == [one]
    assert await claim(database, "L2") == []


async def test_workers_that_claim_at_once_share_the_turns(database: Database) -> None:
    anna = await add_subscriber(database)
    for number in range(6):
        await add_followed(database, f"{number}.a.org", anna, next_pull_at=NOW)
        await add_followed(database, f"{number}.b.org", anna, next_pull_at=NOW)
    await put(database, row("a.org", gap_seconds=60.0))
    claimed = await asyncio.gather(*(claim(database, f"L{n}", limit=100) for n in range(5)))
    ids = [source_id for batch in claimed for source_id in batch]
    found = [await get(database, source_id) for source_id in ids]
    assert len(ids) == len(set(ids))
    assert sum(source.family == "a.org" for source in found) == 1
    assert sum(source.family == "b.org" for source in found) == 6


async def test_what_nobody_can_be_reached_for_is_paused_until_somebody_can(database: Database) -> None:
    resting = await add_subscriber(database, 1, paused=True)
    source_id = await add_followed(database, "a.org", resting, next_pull_at=NOW)
    followed_by_nobody = await add_source(database, "b.org", next_pull_at=NOW)
    later = await add_followed(database, "c.org", resting, next_pull_at=NOW + MINUTE)
    assert await claim(database, "L1") == []
    source = await get(database, source_id)
    assert (source.state, source.state_since, source.next_pull_at) == ("paused", NOW, NOW)
    assert [(await get(database, id)).state for id in (followed_by_nobody, later)] == ["healthy", "healthy"]
    anna = await add_subscriber(database, 2)
    async with database.write() as session:
        assert await sources.list_reached(session, source_id=source_id) == []
        session.add(Subscription(subscriber_id=anna, source_id=source_id))
        assert await sources.list_reached(session, source_id=source_id) == [anna]
    assert await claim(database, "L2", now=NOW + MINUTE) == [source_id]
    assert ((await get(database, source_id)).state_since, (await get(database, later)).state) == (NOW, "paused")


@pytest.mark.parametrize("has_twin", [False, True])
async def test_an_address_is_adopted(database: Database, has_twin: bool) -> None:
    anna, boris, clara = [await add_subscriber(database, n) for n in (1, 2, 3)]
    old = await add_followed(database, "old.org", anna, boris, next_pull_at=NOW)
    twin = await add_followed(database, "new.org", boris, clara) if has_twin else old
    async with database.write() as session:
        kept = await moves.adopt_address(
            session, source_id=old, url="https://new.org/", key="https://new.org/", now=NOW + timedelta(hours=1)
        )
    assert kept == twin
    source: Source = await get(database, twin)
    assert (source.key, source.family) == ("https://new.org/", "new.org")
    assert source.next_pull_at == (NOW + timedelta(hours=1) if has_twin else NOW)
    async with database.read() as session:
        followers = await sources.list_reached(session, source_id=twin)
        left = await sources.list_reached(session, source_id=old)
    assert followers == ([anna, boris, clara] if has_twin else [anna, boris])
    assert left == ([] if has_twin else followers)
    assert ((await get(database, old)).next_pull_at is None) is has_twin

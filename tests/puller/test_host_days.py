"""Hosts that count: what their sources ask of them over hours, with only the clock jumping."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from contentsync.db import hosts
from contentsync.db.hosts import HostRow
from contentsync.puller.contract import PullResult
from tests.fakes.web import FakeWeb, Reply, Request
from tests.puller.conftest import NOW, World, rss
from tests.puller.days import TICK, Days

HOUR = timedelta(hours=1)
GAP = 0.05
"""Enough for an answer to arrive before the next request."""


class Limited:
    """A host that allows one request in `seconds`, and says so to who asks more often."""

    def __init__(self, web: FakeWeb, sources: int, seconds: float) -> None:
        self.now = NOW
        self.refused_at: list[datetime] = []
        self.served: Counter[str] = Counter()
        self._next_at = NOW
        self._seconds = seconds
        for number in range(sources):
            web.handle(f"/{number}", self._answer)

    def turn(self, now: datetime) -> None:
        """The time is now."""
        self.now = now

    def _answer(self, request: Request) -> Reply:
        if self.now < self._next_at:
            self.refused_at.append(self.now)
            wait = round((self._next_at - self.now).total_seconds())
            return Reply(status=429, headers=(("Retry-After", str(wait)),))
        self._next_at = self.now + timedelta(seconds=self._seconds)
        self.served[request.target] += 1
        return Reply(rss(f"{request.target}-{self.now:%H%M}").encode(), content_type="application/rss+xml")


async def stored(world: World, family: str = "127.0.0.1") -> HostRow:
    async with world.db.read() as session:
        return (await hosts.get_hosts(session, families=[family]))[family]


async def test_a_host_with_a_request_a_minute_refuses_once_and_never_again(world: World) -> None:
    host = Limited(world.web, sources=15, seconds=60)
    async with FakeWeb("127.0.0.2") as other:
        other.serve("/feed", rss("other"))
        ids = await world.follow(*[world.web.url(f"/{number}") for number in range(15)], other.url("/feed"))
        days = Days(world, gap_seconds=GAP)
        await days.live(timedelta(minutes=35), each_tick=host.turn)
        await days.close()
    assert host.refused_at == [NOW], "the second request ever made"
    assert len(host.served) == 15, "everybody has had a turn"
    assert host.served.total() > 15, "and some a second one"
    assert days.pulled_at[ids[15]][0] == NOW, "another host waits for nothing"
    row = await stored(world)
    assert (row["gap_seconds"], row["refused_at"]) == (60, NOW)


async def test_the_gap_grows_until_it_is_enough(world: World) -> None:
    host = Limited(world.web, sources=8, seconds=200)
    await world.follow(*[world.web.url(f"/{number}") for number in range(8)])
    days = Days(world, gap_seconds=GAP)
    await days.live(timedelta(minutes=40), each_tick=host.turn)
    await days.close()
    assert (await stored(world))["gap_seconds"] == 240
    assert len(host.refused_at) == 3
    assert max(host.refused_at) <= NOW + timedelta(minutes=20)


@pytest.mark.parametrize("status", [429, 503, 403])
async def test_one_refusal_defers_the_rest_of_the_family(world: World, status: int) -> None:
    world.web.serve("/first", rss("one"))
    rest = [f"/{number}" for number in range(6)]
    for path in rest:
        world.web.fail(path, status, retry_after="1800")
    ids = await world.follow(*[world.web.url(path) for path in ("/first", *rest)])
    days = Days(world, gap_seconds=GAP)
    await days.tick()
    await days.close()
    assert days.results == PullResult(pulled=1, failed=1, new_items=1)
    assert len(world.web.requests) == 2
    rows = [await world.source(source_id) for source_id in ids]
    assert sum(row.failures for row in rows) == 1
    deferred = [row for row in rows if row.last_pull_at is None]
    assert len(deferred) == 5
    assert all(row.next_pull_at and NOW + HOUR / 2 <= row.next_pull_at <= NOW + HOUR for row in deferred)
    assert all((row.state, row.last_error, row.lease_id) == ("healthy", None, None) for row in deferred)


async def test_a_spent_rate_limit_closes_the_family_without_a_failure(world: World) -> None:
    spent = (("X-Ratelimit-Remaining", "0.0"), ("X-Ratelimit-Reset", "300"))
    for number in range(5):
        world.web.serve(f"/{number}", rss(f"item{number}"), headers=spent)
    await world.follow(*[world.web.url(f"/{number}") for number in range(5)])
    days = Days(world)
    await days.tick()
    assert days.results == PullResult(pulled=1, new_items=1)
    host = await stored(world)
    assert (host["gap_seconds"], host["not_before"], host["refused_at"]) == (0, NOW + timedelta(minutes=5), None)
    days.now = NOW + 4 * TICK
    assert await days.tick() == []
    await days.close()


async def test_a_dead_host_costs_a_few_requests_a_round(world: World) -> None:
    for number in range(20):
        world.web.raw(f"/{number}", b"")
    ids = await world.follow(*[world.web.url(f"/{number}") for number in range(20)])
    days = Days(world)
    await days.tick()
    await days.close()
    assert days.results == PullResult(failed=3)
    rows = [await world.source(source_id) for source_id in ids]
    assert sum(row.failures for row in rows) == 3
    assert all(row.next_pull_at and row.next_pull_at > NOW + 14 * TICK for row in rows)


async def test_who_follows_now_waits_for_a_host_that_wants_quiet(world: World) -> None:
    host = Limited(world.web, sources=3, seconds=60)
    ids = await world.follow(*[world.web.url(f"/{number}") for number in range(2)])
    days = Days(world)
    await days.tick()
    (new_id,) = await world.follow(world.web.url("/2"))
    assert await days.claim(new_id) == []
    assert len(host.refused_at) == 1
    host.turn(NOW + TICK)
    days.now = NOW + TICK
    assert await days.tick() == [new_id]
    await days.close()
    assert len(host.refused_at) == 1
    assert await world.titles(new_id) != []
    assert len(ids) == 2

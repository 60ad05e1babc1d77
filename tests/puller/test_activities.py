"""The puller's activities against a real web server and a real database."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from warcio.archiveiterator import ArchiveIterator

from contentsync.db import drafts, sources
from contentsync.db.engine import Database
from contentsync.db.items import ITEMS
from contentsync.puller.batches import GROUP_SOURCES, BatchPuller
from contentsync.puller.contract import PullResult
from contentsync.puller.errand import Equipment
from contentsync.puller.plan import Bounds
from contentsync.puller.runner import MANY
from contentsync.puller.work import ClaimDueInput, Claimed, ClaimSourcesInput, FindFeedsWork, PullBatchInput
from contentsync.sources.base import Document, Entry, Fetched, SourceRef, Unchanged
from tests.fakes.kinds import DeadlySource, TellingSource
from tests.fakes.web import Reply
from tests.puller.conftest import NOW, World, rss

LATER = NOW + timedelta(hours=1)


async def claim(world: World, source_ids: Sequence[int], lease_id: str = "L1", now: datetime = NOW) -> None:
    work = ClaimSourcesInput(now=now.isoformat(), lease_id=lease_id, source_ids=list(source_ids), batch_size=1000)
    await ActivityEnvironment().run(world.activities().claim_sources, work)


async def pull_leased(
    world: World, source_ids: Sequence[int], *, now: datetime = NOW, lease_id: str = "L1", **parts: Any
) -> PullResult:
    """Pull what this lease holds of these sources."""
    name = f"{lease_id}-{now:%H}"
    batch = PullBatchInput(now=now.isoformat(), lease_id=lease_id, name=name, source_ids=list(source_ids))
    return await ActivityEnvironment().run(world.activities(**parts).pull_batch, batch)


async def pull(
    world: World, source_ids: Sequence[int], *, now: datetime = NOW, lease_id: str = "L1", **parts: Any
) -> PullResult:
    """Lease these sources and pull them."""
    await claim(world, source_ids, lease_id, now)
    return await pull_leased(world, source_ids, now=now, lease_id=lease_id, **parts)


class OddSource:
    """A kind of source of which one document brings out a bug and one cannot be stored."""

    kind = "odd"

    async def fetch(self, client: httpx.AsyncClient, ref: SourceRef) -> Fetched | Unchanged:
        return Fetched(url=ref.url, status=200, headers=(), body=b"x", body_hash=ref.url)

    def parse(self, fetched: Fetched) -> Document:
        if "bug" in fetched.url:
            raise ZeroDivisionError(f"secret of {fetched.url}")
        title = "lone \ud800 surrogate" if "unstorable" in fetched.url else "fine"
        return Document(title="Odd", entries=(Entry(external_id="x", link=None, title=title),))


async def test_claims_come_in_batches(world: World) -> None:
    ids = await world.follow(*[world.web.url(f"/{n}") for n in range(5)])
    activities = world.activities()
    work = ClaimDueInput(now=NOW.isoformat(), lease_id="L1", limit=4, batch_size=3)
    assert await ActivityEnvironment().run(activities.claim_due, work) == Claimed([ids[:3], ids[3:4]])
    assert await ActivityEnvironment().run(activities.claim_due, work) == Claimed([ids[4:]])
    assert await ActivityEnvironment().run(activities.claim_due, work) == Claimed([])
    again = ClaimSourcesInput(now=NOW.isoformat(), lease_id="L2", source_ids=[*ids[:2], 999], batch_size=3)
    assert await ActivityEnvironment().run(activities.claim_sources, again) == Claimed([ids[:2]])


async def test_a_first_pull_stores_everything_of_the_answer(world: World) -> None:
    extra = "<link>http://example.org/</link><language>uk</language>"
    dated = "<item><guid>old</guid><title>Old</title><pubDate>Sat, 28 Feb 2026 10:00:00 GMT</pubDate></item>"
    future = "<item><guid>soon</guid><title>Soon</title><pubDate>Sat, 28 Feb 2099 10:00:00 GMT</pubDate></item>"
    body = rss("undated one", extra=extra + dated + future)
    world.web.serve("/feed", body, etag='"v1"', last_modified="Sun, 01 Mar 2026 10:00:00 GMT", compression="gzip")
    (source_id,) = await world.follow(world.web.url("/feed"))

    assert await pull(world, [source_id]) == PullResult(pulled=1, new_items=3)

    old, soon, undated = await world.items(source_id)
    assert (old.external_id, soon.external_id, undated.external_id) == ("old", "soon", "undated")
    assert old.sort_at == old.published_at == NOW.replace(month=2, day=28, hour=10)
    assert soon.sort_at == undated.sort_at == old.first_seen_at == NOW
    assert undated.link == "http://example.org/undated"
    assert undated.processed_at is None
    source = await world.source(source_id)
    assert (source.title, source.site_url, source.language) == ("A feed", "http://example.org/", "uk")
    assert (source.etag, source.last_modified) == ('"v1"', "Sun, 01 Mar 2026 10:00:00 GMT")
    assert (source.lease_id, source.lease_until, source.failures, source.last_error) == (None, None, 0, None)
    assert source.last_pull_at == source.last_success_at == source.last_new_at == NOW
    assert source.interval_minutes == 30
    assert source.next_pull_at is not None
    assert timedelta(minutes=30) <= source.next_pull_at - NOW <= timedelta(minutes=33)

    (document,) = await world.raw_documents()
    assert {item.raw_document_id for item in (old, soon, undated)} == {document.id}
    assert document.path == "raw/2026/03/01/L1-12.warc.gz"
    (path,) = world.archives()
    member = path.read_bytes()[document.offset :][: document.length]
    record = next(ArchiveIterator(BytesIO(member)))
    assert record.content_stream().read() == body.encode()
    assert record.rec_headers["WARC-Target-URI"] == document.url == world.web.url("/feed")
    assert source.body_hash == document.body_hash


async def test_unchanged_answers_store_nothing(world: World) -> None:
    world.web.serve("/304", rss("one"), etag='"v1"')
    world.web.serve("/same", rss("two"))
    ids = await world.follow(world.web.url("/304"), world.web.url("/same"))
    assert await pull(world, ids) == PullResult(pulled=2, new_items=2)
    assert len(world.archives()) == 1

    assert await pull(world, ids, now=LATER, lease_id="L2") == PullResult(unchanged=2)
    assert len(world.archives()) == 1
    assert len(await world.raw_documents()) == 2
    assert {request.headers.get("if-none-match") for request in world.web.requests[-2:]} == {'"v1"', None}
    for source_id in ids:
        source = await world.source(source_id)
        assert (source.last_pull_at, source.last_success_at, source.last_new_at) == (LATER, LATER, NOW)
        assert source.body_hash is not None
        assert source.next_pull_at is not None
        assert source.next_pull_at > LATER
    assert (await world.source(ids[0])).etag == '"v1"'


async def test_an_edited_title_is_renewed_and_the_rest_left_alone(world: World) -> None:
    world.web.serve("/feed", rss("one first", "two"))
    (source_id,) = await world.follow(world.web.url("/feed"))
    await pull(world, [source_id])
    world.web.serve("/feed", rss("one second", "two", "three"))
    assert await pull(world, [source_id], now=LATER, lease_id="L2") == PullResult(pulled=1, new_items=1)
    one, three, two = await world.items(source_id)
    assert (one.title, one.first_seen_at, three.first_seen_at) == ("one second", NOW, LATER)
    first, second = await world.raw_documents()
    assert [item.raw_document_id for item in (one, two, three)] == [second.id, first.id, second.id]


async def test_broken_sources_fail_alone(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.kinds["odd"] = OddSource()
    world.web.serve("/good", rss("one"))
    world.web.serve("/page", "<!doctype html><html><body>Hello</body></html>", content_type="text/html")
    world.web.fail("/gone", 404)
    world.web.fail("/busy", 429, retry_after="7200")
    ids = await world.follow(*[world.web.url(path) for path in ("/good", "/page", "/gone", "/busy?key=secret")])
    ids += await world.follow("http://odd/bug?key=secret", "http://odd/unstorable", "http://odd/fine", kind="odd")
    ids += await world.follow("http://unknown.kind/", kind="no such kind")
    good, page, gone, busy, bug, unstorable, fine, unknown = ids

    with caplog.at_level(logging.ERROR):
        assert await pull(world, ids) == PullResult(pulled=2, failed=6, new_items=2)

    assert await world.titles(good) == ["one"]
    assert await world.titles(fine) == ["fine"]
    failures = {source_id: await world.source(source_id) for source_id in ids}
    assert {source_id: source.last_error for source_id, source in failures.items()} == {
        good: None,
        page: "not_a_feed",
        gone: "not_found",
        busy: "rate_limited",
        bug: "internal",
        unstorable: "internal",
        fine: None,
        unknown: "internal",
    }
    assert failures[gone].last_error_params == {"status": 404, "host": "127.0.0.1"}
    assert failures[gone].failures == 1
    assert failures[gone].last_success_at is None
    assert failures[gone].lease_id is None
    assert failures[busy].next_pull_at == NOW + timedelta(hours=2)
    stored = " ".join(str(source.last_error_params) for source in failures.values())
    assert "secret" not in stored + caplog.text
    assert f"pull failed unexpectedly id={bug} error=ZeroDivisionError at=test_activities.py:" in caplog.text

    await pull(world, [gone], now=LATER, lease_id="L2")
    assert (await world.source(gone)).failures == 1, "another source of the host was told to wait for two hours"
    await pull(world, [gone], now=NOW + timedelta(hours=3), lease_id="L3")
    assert (await world.source(gone)).failures == 2
    world.web.serve("/gone", rss("back"))
    await pull(world, [gone], now=NOW + timedelta(hours=4), lease_id="L4")
    source = await world.source(gone)
    assert (source.failures, source.last_error, source.last_error_params) == (0, None, {})


async def test_a_retry_goes_on_where_a_killed_attempt_stopped(world: World) -> None:
    """The attempt dies while one group is stored and the next waits for a server that does not answer."""
    urls = [world.web.url(f"/{n}") for n in range(GROUP_SOURCES + 3)]
    for n in range(GROUP_SOURCES):
        world.web.serve(f"/{n}", rss(f"item{n}"))
    for n in range(GROUP_SOURCES, GROUP_SOURCES + 3):
        world.web.hang(f"/{n}")
    ids = await world.follow(*urls)
    await claim(world, ids)
    batch = PullBatchInput(now=NOW.isoformat(), lease_id="L1", name="b", source_ids=ids)
    attempt = asyncio.create_task(ActivityEnvironment().run(world.activities().pull_batch, batch))
    async with asyncio.timeout(4):
        while len(await world.raw_documents()) < GROUP_SOURCES:
            await asyncio.sleep(0.01)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt

    for n in range(GROUP_SOURCES, GROUP_SOURCES + 3):
        world.web.serve(f"/{n}", rss(f"item{n}"))
    second = ActivityEnvironment()
    second.info = replace(second.info, attempt=2)
    result = await second.run(world.activities().pull_batch, batch)
    assert result == PullResult(pulled=3, new_items=3)
    assert [path.name for path in world.archives()] == ["b-2.warc.gz", "b.warc.gz"]
    assert [len(await world.items(source_id)) for source_id in ids] == [1] * len(ids)
    assert all(world.web.hits(f"/{n}") == 1 for n in range(GROUP_SOURCES))


async def test_who_lost_the_lease_stores_nothing(world: World) -> None:
    world.web.reply("/feed", Reply(rss("one").encode(), delay_seconds=0.3))
    (source_id,) = await world.follow(world.web.url("/feed"))
    await claim(world, [source_id], "tick")
    tick = asyncio.create_task(pull_leased(world, [source_id], lease_id="tick"))
    async with asyncio.timeout(4):
        while not world.web.requests:
            await asyncio.sleep(0.01)
    await claim(world, [source_id], "follow")

    assert await tick == PullResult()
    assert await world.items(source_id) == []
    assert (await world.source(source_id)).lease_id == "follow"
    assert await pull_leased(world, [source_id], lease_id="follow") == PullResult(pulled=1, new_items=1)
    assert await pull_leased(world, [source_id], lease_id="tick") == PullResult()


async def test_pulls_that_meet_on_a_source_double_nothing(world: World) -> None:
    world.web.serve("/feed", rss(*[f"item{n}" for n in range(40)]))
    (source_id,) = await world.follow(world.web.url("/feed"))
    results = await asyncio.gather(*[pull(world, [source_id], lease_id=f"L{n}") for n in range(5)])
    assert sum(result.new_items for result in results) == 40
    assert len(await world.items(source_id)) == 40


async def test_two_workers_share_what_is_due(world: World) -> None:
    """Each has its own connections to the one database, as two processes have."""
    for n in range(60):
        world.web.serve(f"/{n}", rss(f"item{n}"))
    ids = await world.follow(*[world.web.url(f"/{n}") for n in range(60)])
    other = Database(str(world.db.engine.url))

    async def work(name: str, db: Database) -> list[int]:
        activities, done = world.activities(db=db), []
        for turn in range(10):
            lease_id = f"{name}-{turn}"
            claim_some = ClaimDueInput(now=NOW.isoformat(), lease_id=lease_id, limit=12, batch_size=6)
            claimed = await ActivityEnvironment().run(activities.claim_due, claim_some)
            for number, source_ids in enumerate(claimed.batches):
                batch = PullBatchInput(
                    now=NOW.isoformat(), lease_id=lease_id, name=f"{lease_id}-{number}", source_ids=source_ids
                )
                result = await ActivityEnvironment().run(activities.pull_batch, batch)
                assert result == PullResult(pulled=len(source_ids), new_items=len(source_ids))
                done += source_ids
        return done

    shares = await asyncio.gather(work("one", world.db), work("two", other))
    await other.close()
    assert all(shares), "both had work"
    assert sorted(shares[0] + shares[1]) == ids
    assert [world.web.hits(f"/{n}") for n in range(60)] == [1] * 60
    assert [await world.titles(source_id) for source_id in ids] == [[f"item{n}"] for n in range(60)]


async def test_a_batch_that_takes_long_keeps_its_lease(world: World) -> None:
    world.web.reply("/slow", Reply(rss("one").encode(), delay_seconds=0.6))
    ids = await world.follow(world.web.url("/slow"), world.web.url("/waits"))
    await claim(world, ids)
    async with world.db.write() as session:
        await sources.renew_leases(session, lease_id="L1", lease_until=NOW + timedelta(seconds=0.3))
    batches = BatchPuller(
        db=world.db,
        client=world.client,
        data_dir=world.data_dir,
        equipment=Equipment(world.kinds, True, frozenset()),
        bounds=Bounds(15, 1440),
        lease_seconds=0.3,
    )
    batch = PullBatchInput(now=NOW.isoformat(), lease_id="L1", name="b", source_ids=ids[:1])
    pulling = asyncio.create_task(batches.pull(batch))
    await asyncio.sleep(0.4)
    others = ClaimDueInput(now=(NOW + timedelta(seconds=0.4)).isoformat(), lease_id="L2", limit=9, batch_size=9)
    assert await ActivityEnvironment().run(world.activities().claim_due, others) == Claimed([])
    assert await pulling == PullResult(pulled=1, new_items=1)
    await batches.close()
    waiting = await world.source(ids[1])
    assert waiting.lease_until is not None
    assert waiting.lease_until >= NOW + timedelta(seconds=0.6), "the batch that waits for its turn keeps its own, too"


async def test_a_source_that_kills_its_process_fails_alone(world: World) -> None:
    world.kinds |= {"deadly": DeadlySource(), "telling": TellingSource()}
    (deadly,) = await world.follow("http://deadly/", kind="deadly")
    others = await world.follow(*[f"http://other{n}/" for n in range(MANY)], kind="telling")
    activities = world.activities()
    await claim(world, [deadly, *others])
    batch = PullBatchInput(now=NOW.isoformat(), lease_id="L1", name="b", source_ids=[deadly, *others])
    result = await ActivityEnvironment().run(activities.pull_batch, batch)
    await activities.close()
    assert (await world.source(deadly)).last_error == "internal"
    assert result == PullResult(pulled=len(others), failed=1, new_items=len(others))
    assert {len(await world.titles(source_id)) for source_id in others} == {1}


async def test_a_database_that_fails_fails_the_attempt(world: World) -> None:
    world.web.serve("/feed", rss("one"))
    ids = await world.follow(world.web.url("/feed"))
    await claim(world, ids)
    async with world.db.engine.begin() as connection:
        await connection.run_sync(ITEMS.drop)
    with pytest.raises(OperationalError):
        await pull_leased(world, ids)
    assert (await world.source(ids[0])).lease_id == "L1"


async def find(world: World, text: str) -> tuple[list[int], dict[str, Any]]:
    """What `FindFeeds` gives for a text typed by a person, and the draft's outcome."""
    async with world.db.write() as session:
        draft = await drafts.keep_draft(
            session, subscriber_id=world.subscriber_id, update_id=1, text=world.vault.encrypt(text), now=NOW
        )
    assert draft.id is not None
    work = FindFeedsWork(now=NOW.isoformat(), draft_id=draft.id)
    found = await ActivityEnvironment().run(world.activities().find_feeds, work)
    async with world.db.read() as session:
        kept = await drafts.get_draft(session, draft_id=draft.id)
    assert kept is not None
    return found.source_ids, kept.outcome


async def test_finds_the_feed_behind_a_page(world: World) -> None:
    page = "<html><head><link rel=alternate type=application/rss+xml href=/feed></head><body>Hello</body></html>"
    world.web.serve("/", page, content_type="text/html")
    world.web.serve("/feed", rss("one", "two", "three", "four", title="The feed"))
    source_ids, outcome = await find(world, world.web.url("/"))
    assert outcome == {"source_ids": source_ids}
    source = await world.source(source_ids[0])
    assert (source.kind, source.url, source.title) == ("feed", world.web.url("/feed"), "The feed")
    assert len(source.preview) == 3
    assert source.next_pull_at is None


@pytest.mark.parametrize(
    ("text", "reason_key", "host"),
    [
        ("ftp://example.org/feed", "invalid_link", "example.org"),
        ("http://127.0.0.1:4/x?key=s", "unreachable", "127.0.0.1"),
    ],
)
async def test_why_nothing_was_found_is_a_value(world: World, text: str, reason_key: str, host: str) -> None:
    source_ids, outcome = await find(world, text)
    assert source_ids == []
    assert outcome["reason_key"] == reason_key
    assert outcome["params"]["host"] == host
    assert text not in str(outcome)


async def test_a_draft_that_is_gone_is_not_tried_again(world: World) -> None:
    work = FindFeedsWork(now=NOW.isoformat(), draft_id=99)
    with pytest.raises(ApplicationError) as caught:
        await ActivityEnvironment().run(world.activities().find_feeds, work)
    assert caught.value.non_retryable

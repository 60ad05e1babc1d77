"""The fault matrix: what servers do, and what becomes of a source then. `-s` prints it as a table.

Each row goes through the real activities against a server on loopback, tick by tick for as long as it says; only the
clock jumps. What a source's followers hear are the notices that were kept for them.
"""

import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from typing_extensions import override

from contentsync.db.models import Source
from contentsync.sources.base import Fetched, SourceRef, Unchanged
from contentsync.sources.feed import ACCEPT, FeedSource
from contentsync.sources.http import fetch, open_client
from tests.fakes.web import FakeNames, FakeWeb, Reply, Request, self_signed
from tests.puller.conftest import NOW, World, rss
from tests.puller.days import Days

FEED = rss("one", "two")
HOUR, DAY = 60, 1440
WEEK = 7 * DAY
"""In minutes."""


class HastyFeeds(FeedSource):
    """Feeds, with less time for slow servers than people have."""

    @override
    async def fetch(self, client: httpx.AsyncClient, ref: SourceRef) -> Fetched | Unchanged:
        return await fetch(client, ref, accept=ACCEPT, first_byte_seconds=0.25, total_seconds=0.5)


@dataclass
class Street:
    """The servers of a row: the one under test, and others."""

    web: FakeWeb
    secure: FakeWeb
    deaf: str
    """The address of one where nobody picks up."""


Serve = Callable[[Street], None]


@dataclass(frozen=True)
class Row:
    """What the server does for how many days (0: one pull); then what becomes of the source."""

    name: str
    serve: Serve
    state: str
    next_minutes: int
    """Without the jitter, which adds at most a tenth."""
    reason: str | None = None
    days: float = 0
    told: tuple[str, ...] = ()
    path: str = "/feed"
    url: Callable[[Street], str] | None = None
    then: tuple[tuple[float, Serve], ...] = field(default=())
    """From a day on, it does this instead."""
    siblings: int = 0
    """Other sources of the same host, which fare alike."""
    is_online: bool = True
    """Whether another host works."""
    moves_to: str | None = None


def says(body: str = FEED, *, status: int = 200, etag: str | None = None, **headers: str) -> Serve:
    """Answers with this body, for the source and its siblings."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())

    def serve(street: Street) -> None:
        for path in ("/feed", *(f"/sibling{n}" for n in range(10))):
            street.web.serve(path, body, status=status, headers=pairs, etag=etag)

    return serve


def busy_until(hours: float) -> Serve:
    """Answers 429 and asks to wait until so many hours from when it begins to."""
    return lambda street: says(status=429, Retry_After=later(hours))(street)


def does(reply: Reply) -> Serve:
    """Answers so."""
    return lambda street: street.web.reply("/feed", reply)


def redirects(*targets: str, status: int) -> Serve:
    """Leads to these targets in turn; all of them are feeds."""

    def serve(street: Street) -> None:
        asked = iter(range(10**6))

        def answer(_: Request) -> Reply:
            return Reply(status=status, headers=(("Location", targets[next(asked) % len(targets)]),))

        street.web.handle("/feed", answer)
        for target in targets:
            street.web.serve(target, FEED)

    return serve


def later(hours: float) -> str:
    """A moment so long after the Date that the server sends."""
    return format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)


def daily() -> str:
    """A feed with an entry a day."""
    items = "".join(
        f"<item><title>{n}</title><guid>{n}</guid><pubDate>{format_datetime(NOW - timedelta(days=n))}</pubDate></item>"
        for n in range(1, 20)
    )
    return rss(extra=items)


SY = "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
SYNDICATION = rss("one", extra=SY).replace("<rss ", "<rss xmlns:sy='http://purl.org/rss/1.0/modules/syndication/' ")
HTML = "<!doctype html><html><body>Hello</body></html>"
NOT_FOUND, REMOVED, BROKEN, BUSY = says(status=404), says(status=410), says(status=500), says(status=429)
FAILING, GONE, BACK = "source_is_failing", "source_is_gone", "source_is_back"
CIRCLE = Reply(status=301, headers=(("Location", "/feed"),))
NAMELESS = "http://no-such-name.example/feed"

ROWS = [
    Row("200, new entries", says(), "healthy", 30),
    Row("200, an entry a day", says(daily()), "healthy", 12 * HOUR),
    Row("304", says(etag='"1"'), "healthy", 37, days=1 / 24),
    Row("200, same body", says(), "healthy", 37, days=1 / 24),
    Row("200, nothing new for 40 days", says(), "healthy", DAY, days=40),
    Row("max-age 2 h", says(Cache_Control="max-age=7200"), "healthy", 2 * HOUR),
    Row("max-age a year", says(Cache_Control="max-age=31536000"), "healthy", DAY),
    Row("max-age 2 h, no-cache", says(Cache_Control="max-age=7200, no-cache"), "healthy", 30),
    Row("Expires in 3 h", says(Expires=later(3.02)), "healthy", 3 * HOUR),
    Row("<ttl> 4 h", says(rss("one", extra="<ttl>240</ttl>")), "healthy", 4 * HOUR),
    Row("sy: twice a day", says(SYNDICATION), "healthy", 12 * HOUR),
    Row("rate limit spent for 10 min", says(X_RateLimit_Remaining="0", X_RateLimit_Reset="600"), "healthy", 30),
    Row("500", BROKEN, "failing", 15, "server_failed"),
    Row("500, Retry-After 2 h", says(status=500, Retry_After="7200"), "failing", 2 * HOUR, "server_failed"),
    Row("500 for 4 days", BROKEN, "failing", DAY, "server_failed", days=4.2, told=(FAILING,)),
    Row("500 for 20 days", BROKEN, "failing", DAY, "server_failed", days=20, told=(FAILING,)),
    Row("500 for 4 days, then 200", BROKEN, "healthy", 0, days=6, told=(FAILING, BACK), then=((4.2, says()),)),
    Row("503", says(status=503), "failing", 15, "server_failed"),
    Row("503, Retry-After 1 h", says(status=503, Retry_After="3600"), "failing", HOUR, "rate_limited"),
    Row("429", BUSY, "failing", 15, "rate_limited"),
    Row("429, Retry-After 2 h", says(status=429, Retry_After="7200"), "failing", 2 * HOUR, "rate_limited"),
    Row("429, Retry-After a date", busy_until(2.02), "failing", 2 * HOUR, "rate_limited"),
    Row("429, Retry-After a year", says(status=429, Retry_After="31536000"), "failing", DAY, "rate_limited"),
    Row("403", says(status=403), "failing", 15, "refused"),
    Row("403, Retry-After 2 h", says(status=403, Retry_After="7200"), "failing", 2 * HOUR, "rate_limited"),
    Row("403 after 200", says(), "failing", 15, "rate_limited", days=0.03, then=((0.01, says(status=403)),)),
    Row("301 once", redirects("/new", status=301), "healthy", 37, days=1 / 24, then=((0.01, says()),)),
    Row("301 for 2 days", redirects("/new", status=301), "moved", 0, days=2),
    Row("301 for 5 days", redirects("/new", status=301), "moved", 0, days=5, moves_to="/new"),
    Row("308 for 5 days", redirects("/new", status=308), "moved", 0, days=5, moves_to="/new"),
    Row("301 for 5 days, 200 for 9", redirects("/new", status=301), "healthy", 0, days=14, moves_to="/new"),
    Row("301 to and fro for 14 days", redirects("/new", "/other", status=301), "moved", 0, days=14),
    Row("302 for 14 days", redirects("/new", status=302), "healthy", 0, days=14),
    Row("307 for 14 days", redirects("/new", status=307), "healthy", 0, days=14),
    Row("redirect circle", does(CIRCLE), "failing", 15, "too_many_redirects"),
    Row("404", NOT_FOUND, "failing", 15, "not_found"),
    Row("404 for 6 days", NOT_FOUND, "failing", DAY, "not_found", days=6.5),
    Row("404 for 9 days", NOT_FOUND, "gone", WEEK, "not_found", days=9, told=(GONE,)),
    Row("404 for 40 days", NOT_FOUND, "gone", WEEK, "not_found", days=40, told=(GONE,)),
    Row("404 for 9 days, then 200", NOT_FOUND, "healthy", 0, days=20, told=(GONE, BACK), then=((9, says()),)),
    Row("404 for 6 h from the whole host", says(), "healthy", 0, days=2,
        then=((0.5, NOT_FOUND), (0.75, says())), siblings=5),
    Row("404 for 9 days from the whole host", NOT_FOUND, "failing", DAY, "not_found", days=9, siblings=5),
    Row("410", REMOVED, "failing", 15, "not_found"),
    Row("410 for 2 days", REMOVED, "failing", DAY, "not_found", days=2.9),
    Row("410 for 5 days", REMOVED, "gone", WEEK, "not_found", days=5, told=(GONE,)),
    Row("name not found", says(), "failing", 15, "name_not_found", url=lambda _: NAMELESS),
    Row("name not found for 13 days", says(), "failing", DAY, "name_not_found", days=13, url=lambda _: NAMELESS),
    Row("name not found for 16 days", says(), "gone", WEEK, "name_not_found", days=16, told=(GONE,),
        url=lambda _: NAMELESS),
    Row("no name found at all for 16 days", says(), "failing", DAY, "name_not_found", days=16, is_online=False,
        url=lambda _: NAMELESS),
    Row("connection refused", says(), "failing", 15, "unreachable", url=lambda _: "http://127.0.0.1:4/feed"),
    Row("certificate not valid", says(), "failing", 15, "unreachable", url=lambda street: street.secure.url("/feed")),
    Row("nobody picks up", says(), "failing", 15, "timed_out", url=lambda street: street.deaf),
    Row("no first byte", does(Reply(hang=True)), "failing", 15, "timed_out"),
    Row("no first byte, after 200", says(), "slow", HOUR, "timed_out", days=0.03,
        then=((0.01, does(Reply(hang=True))),)),
    Row("slow drip, after 200", says(), "slow", HOUR, "timed_out", days=0.03,
        then=((0.01, does(Reply(FEED.encode(), drip_bytes=1))),)),
    Row("no first byte for an hour, then 200", says(), "slow", HOUR, days=0.1,
        then=((0.01, does(Reply(hang=True))), (0.06, says()))),
    Row("11 MB", does(Reply(b" " * 11_000_000)), "failing", 15, "too_large"),
    Row("gzip bomb", does(Reply(b" " * 20_000_000, compression="gzip")), "failing", 15, "too_large"),
    Row("an HTML page", says(HTML), "failing", 15, "not_a_feed"),
    Row("an HTML page for 5 days", says(HTML), "failing", DAY, "not_a_feed", days=5, told=(FAILING,)),
    Row("empty body", says(""), "failing", 15, "not_a_feed"),
    Row("XML broken off after an entry", says(FEED[:200]), "healthy", 30),
    Row("body broken off", does(Reply(FEED.encode(), cut_bytes=20)), "failing", 15, "unreachable"),
    Row("no HTTP", does(Reply(raw=b"SSH-2.0-OpenSSH_9\r\n")), "failing", 15, "unreachable"),
]  # fmt: skip


@asynccontextmanager
async def street(directory: Path, web: FakeWeb) -> AsyncIterator[Street]:
    """All the servers."""
    context, _ = self_signed(directory, "127.0.0.1")
    with socket.socket() as listening, socket.socket() as waiting, socket.socket() as too_many:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for caller in (waiting, too_many):  # the queue is full now, and who knocks hears nothing
            caller.setblocking(False)
            caller.connect_ex(listening.getsockname())
        async with FakeWeb(tls=context) as secure:
            yield Street(web, secure, f"http://127.0.0.1:{listening.getsockname()[1]}/feed")


@pytest.fixture(scope="module", autouse=True)
def head() -> None:
    """The table's head."""
    print(f"\n| {'the server':36} | {'state':8} | {'next pull':>9} | {'why':18} | told\n|---|---|---|---|---")


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
async def test_fault(world: World, tmp_path: Path, row: Row) -> None:
    client = open_client(
        allow_private_networks=True, resolver=FakeNames({}), ssl_context=ssl.create_default_context()
    )  # fmt: skip
    days = Days(world, client=client, kinds={"feed": HastyFeeds()})
    async with client, FakeWeb("127.0.0.2") as elsewhere, street(tmp_path, world.web) as servers:
        elsewhere.serve("/feed", FEED)
        row.serve(servers)
        url = row.url(servers) if row.url else world.web.url("/feed")
        siblings = [world.web.url(f"/sibling{n}") for n in range(row.siblings)]
        source_id, *_ = await world.follow(url, *siblings, *([elsewhere.url("/feed")] if row.is_online else []))
        changes = list(row.then)

        def change(now: datetime) -> None:
            while changes and now - NOW >= timedelta(days=changes[0][0]):
                changes.pop(0)[1](servers)

        await days.live(timedelta(days=row.days), each_tick=change)
    await days.close()
    source, told = await world.source(source_id), await days.told()
    print(
        f"| {row.name:36} | {source.state:8} | {waits(source):>9} | {source.last_error or '':18} | "
        + ", ".join(told or ["nothing"])
    )
    assert (source.state, source.last_error, tuple(told)) == (row.state, row.reason, row.told)
    assert not changes
    if row.next_minutes:
        assert row.next_minutes <= minutes_of(source) <= row.next_minutes * 1.1 + 1
    assert source.url == (world.web.url(row.moves_to) if row.moves_to else url)
    assert days.results.notices == len(told)


def minutes_of(source: Source) -> float:
    """How long after the last pull the next one is."""
    assert source.next_pull_at is not None
    assert source.last_pull_at is not None
    return (source.next_pull_at - source.last_pull_at).total_seconds() / 60


def waits(source: Source) -> str:
    """The same in words."""
    minutes = minutes_of(source)
    return (
        f"{minutes:.0f} min"
        if minutes < 100
        else f"{minutes / 60:.1f} h"
        if minutes < 3000
        else f"{minutes / DAY:.1f} d"
    )

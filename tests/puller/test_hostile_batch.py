"""One batch with servers that misbehave in every way and a feed that does not: each has its outcome, soon."""

import gzip
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from temporalio.testing import ActivityEnvironment
from typing_extensions import override

from contentsync.bot.texts import say_reason
from contentsync.puller.work import ClaimSourcesInput, PullBatchInput
from contentsync.sources.base import Fetched, SourceRef, Unchanged
from contentsync.sources.feed import FeedSource
from contentsync.sources.http import fetch
from tests.fakes.web import FakeWeb, Reply, Request, self_signed
from tests.puller.conftest import NOW, World, rss

HEAD = b"HTTP/1.1 200 OK\r\n"
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "' + b"x" * 100_000 + b'">]><rss><channel><item><title>' + b"&a;" * 100_000
SERVERS = {
    "/silent": (Reply(hang=True), "timed_out"),
    "/dripping": (Reply(rss("a").encode(), drip_bytes=1, drip_seconds=0.1), "timed_out"),
    "/headers": (Reply(raw=HEAD, again=b"X: 1\r\n", again_seconds=0.1), "timed_out"),
    "/flood": (Reply(raw=HEAD, again=b"X: 1\r\n" * 10_000), "unreachable"),
    "/endless": (Reply(raw=HEAD + b"\r\n", again=b"<a>" * 20_000), "too_large"),
    "/bomb": (Reply(gzip.compress(b" " * 1_000_000) * 100, headers=(("Content-Encoding", "gzip"),)), "too_large"),
    "/chain": (Reply(b"x", headers=(("Content-Encoding", "gzip, gzip"),)), "unreachable"),
    "/circle": (Reply(status=302, headers=(("Location", "/circle"),)), "too_many_redirects"),
    "/file": (Reply(status=302, headers=(("Location", "file:///etc/passwd"),)), "bad_redirect"),
    "/metadata": (Reply(status=302, headers=(("Location", "http://169.254.169.254/"),)), "address_refused"),
    "/mail": (Reply(status=302, headers=(("Location", "http://127.0.0.1:25/"),)), "bad_redirect"),
    "/noise": (Reply(raw=bytes(range(256))), "unreachable"),
    "/laughs": (Reply(LAUGHS), "not_a_feed"),
    "/nul": (Reply(b"\0" * 100_000), "not_a_feed"),
    "/deep": (Reply(b"<html>" + b"<div>" * 200_000), "not_a_feed"),
}


def always(reply: Reply) -> Callable[[Request], Reply]:
    """What answers every request so."""
    return lambda _: reply


class Hasty(FeedSource):
    """Feeds, for which nobody waits longer than a moment."""

    @override
    async def fetch(self, client: httpx.AsyncClient, ref: SourceRef) -> Fetched | Unchanged:
        return await fetch(client, ref, total_seconds=2.5)


async def test_a_good_feed_arrives_among_hostile_servers(world: World, tmp_path: Path) -> None:
    server_context, _ = self_signed(tmp_path, "example.com")
    world.kinds["feed"] = Hasty()
    world.web.serve("/good", rss("one", "two"))
    async with AsyncExitStack() as stack:
        expected = {}
        for number, (path, (reply, reason)) in enumerate(SERVERS.items(), 2):
            # Hosts of their own: one that asks to be left alone would else speak for all of them.
            web = await stack.enter_async_context(FakeWeb(host=f"127.0.0.{number}"))
            web.handle(path, always(reply))
            expected[web.url(path)] = reason
        secure = await stack.enter_async_context(FakeWeb(host="127.0.1.1", tls=server_context))
        expected[secure.url("/")] = "unreachable"
        *bad, good = await world.follow(*expected, world.web.url("/good"))
        claim = ClaimSourcesInput(now=NOW.isoformat(), lease_id="L", source_ids=[*bad, good], batch_size=100)
        await ActivityEnvironment().run(world.activities().claim_sources, claim)
        batch = PullBatchInput(now=NOW.isoformat(), lease_id="L", name="b", source_ids=[*bad, good])
        started = time.monotonic()
        await ActivityEnvironment().run(world.activities().pull_batch, batch)
        assert time.monotonic() - started < 15
    assert await world.titles(good) == ["one", "two"]
    got = {}
    for source_id in bad:
        source = await world.source(source_id)
        got[source.url] = source.last_error
        print(f"\n{source.url[-12:]:<14}{say_reason(source.last_error or '', source.last_error_params)}", end="")
        assert source.next_pull_at is not None
    assert got == expected

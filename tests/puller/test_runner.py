"""Where errands are done: here for few, in processes for many, and what happens when such a process dies."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contentsync.errors import AddressRefused, NotAFeed, NotFound, RateLimited, Unreachable
from contentsync.puller.arrival import Arrival
from contentsync.puller.errand import Equipment, Errand
from contentsync.puller.report import BugElsewhere
from contentsync.puller.runner import MANY, ProcessDied, PullProcess, Runner
from contentsync.sources.base import Source, SourceRef, Unchanged
from contentsync.sources.feed import FeedSource
from contentsync.sources.http import open_client
from tests.fakes.kinds import BuggySource, DeadlySource, EndlessSource, TellingSource, UnsendableSource
from tests.fakes.web import FakeWeb
from tests.puller.conftest import rss

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ODD_ONES = (TellingSource(), DeadlySource(), EndlessSource(), UnsendableSource(), BuggySource())
KINDS: dict[str, Source] = {source.kind: source for source in (FeedSource(), *ODD_ONES)}
Make = Callable[..., Runner]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Makes runners and closes them."""
    made = []
    client = open_client(allow_private_networks=True)

    def runner(*, allow_private_networks: bool = True, processes: int = 1, idle_seconds: float = 5) -> Runner:
        equipment = Equipment(KINDS, allow_private_networks, frozenset())
        made.append(Runner(client=client, equipment=equipment, processes=processes, idle_seconds=idle_seconds))
        return made[-1]

    yield runner
    for each in made:
        await each.close()
    await client.aclose()


def errand(url: str = "http://a/", kind: str = "telling", etag: str | None = None) -> Errand:
    return Errand(7, kind, SourceRef(url, etag=etag), NOW)


async def process_of(answer: Awaitable[Arrival | Unchanged]) -> int:
    """Which process has read a telling source."""
    arrival = await answer
    assert isinstance(arrival, Arrival)
    return int(arrival.document.title)


async def test_few_are_read_here_and_many_elsewhere(make: Make) -> None:
    runner = make(processes=2)
    async with runner.batch(MANY - 1) as few, runner.batch(MANY) as many, runner.batch(MANY) as more:
        assert await process_of(few(errand())) == os.getpid()
        found = [await process_of(many(errand(f"http://host{n}/{m}"))) for n in range(8) for m in range(2)]
        assert len(set(found)) == 2, "both processes work"
        assert found[::2] == found[1::2], "a host has its own process"
        assert os.getpid() not in found
        assert await process_of(more(errand("http://host0/"))) == found[0], "large batches share the processes"


async def test_what_a_process_finds_is_what_is_found_here(make: Make) -> None:
    runner = make()
    async with FakeWeb() as web, runner.batch(1) as here, runner.batch(MANY) as elsewhere:
        web.serve("/feed", rss("one", "two"), etag='"v1"', compression="gzip", headers=(("X-Twice", "ü"),))
        assert await elsewhere(errand(web.url("/feed"), "feed", '"v1"')) == Unchanged()
        arrival, same = await elsewhere(errand(web.url("/feed"), "feed")), await here(errand(web.url("/feed"), "feed"))
        assert isinstance(arrival, Arrival)
        assert isinstance(same, Arrival)
        assert (arrival.rows, arrival.document, arrival.etag) == (same.rows, same.document, '"v1"')
        assert [row["title"] for row in arrival.rows] == ["one", "two"]


async def test_failures_come_across_as_they_are(make: Make) -> None:
    async with FakeWeb() as web, make().batch(MANY) as run:
        web.serve("/page", "<!doctype html><html><body>Hello</body></html>", content_type="text/html")
        web.fail("/gone", 404)
        web.fail("/busy", 429, retry_after="7200")
        with pytest.raises(NotAFeed) as page:
            await run(errand(web.url("/page"), "feed"))
        assert page.value.params == {"url": web.url("/page"), "found": "an HTML page"}
        with pytest.raises(NotFound) as gone:
            await run(errand(web.url("/gone"), "feed"))
        assert (gone.value.params["status"], str(gone.value)) == (404, "NotFound: HTTP 404")
        with pytest.raises(RateLimited) as busy:
            await run(errand(web.url("/busy"), "feed"))
        assert busy.value.retry_after_seconds == 7200
        with pytest.raises(Unreachable, match="connection refused"):
            await run(errand("http://127.0.0.1:4/", "feed"))
        with pytest.raises(BugElsewhere, match=r"^ZeroDivisionError at kinds.py:\d+$"):
            await run(errand("http://a/?key=secret", "buggy"))
        with pytest.raises(BugElsewhere, match="KeyError"):
            await run(errand("http://a/", "no such kind"))
        with pytest.raises(BugElsewhere, match=r"at frames\.py"):
            await run(errand("http://a/", "unsendable"))


async def test_the_address_guard_holds_in_the_processes(make: Make) -> None:
    async with FakeWeb() as web, make(allow_private_networks=False).batch(MANY) as run:
        with pytest.raises(AddressRefused):
            await run(errand(web.url("/feed"), "feed"))
        assert web.connections == 0


async def test_what_a_dead_process_had_is_done_once_more(make: Make, tmp_path: Path) -> None:
    async with make().batch(MANY) as run:
        before = await process_of(run(errand()))
        dying = [run(errand(f"http://a{tmp_path}/marker", "deadly")), *[run(errand(f"http://a/{n}")) for n in range(9)]]
        after = await asyncio.gather(*[process_of(each) for each in dying])
        assert after[0] != before, "done again in a new process"
        with pytest.raises(ProcessDied):
            await run(errand("http://a/", "deadly"))
        assert await process_of(run(errand())) != after[0], "and the next errand finds a process again"
        await gone(before)


async def test_a_process_that_hangs_is_ended() -> None:
    process = PullProcess(Equipment(KINDS, True, frozenset()))
    pid = await process_of(process.run(errand()))
    process.answer_seconds = 0.3
    with pytest.raises(ProcessDied) as caught:
        await process.run(errand("http://a/", "endless"))
    assert caught.value.over_it
    assert process.is_gone
    await gone(pid)


async def test_processes_end_some_time_after_the_last_large_batch(make: Make) -> None:
    runner = make(idle_seconds=0.3)
    async with runner.batch(MANY) as run:
        first = await process_of(run(errand()))
    async with runner.batch(MANY) as run:
        assert await process_of(run(errand())) == first
        await asyncio.sleep(0.4)
        assert await process_of(run(errand())) == first
    await gone(first)
    async with runner.batch(MANY) as run:
        assert await process_of(run(errand())) != first


async def test_a_process_ends_with_a_program_that_is_killed() -> None:
    program = (
        "import asyncio, datetime\n"
        "from contentsync.puller.errand import Equipment, Errand\n"
        "from contentsync.puller.runner import MANY, Runner\n"
        "from contentsync.sources.base import SourceRef\n"
        "from tests.fakes.kinds import TellingSource\n"
        "async def main():\n"
        "    equipment = Equipment({'telling': TellingSource()}, True, frozenset())\n"
        "    async with Runner(client=None, equipment=equipment, processes=1).batch(MANY) as run:\n"
        "        errand = Errand(1, 'telling', SourceRef('http://a/'), datetime.datetime.now(datetime.UTC))\n"
        "        print((await run(errand)).document.title, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    os.kill(child, 0)
    parent.kill()
    await parent.wait()
    await gone(child)


async def gone(pid: int) -> None:
    """Wait until there is no such process."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"process {pid} is still there")

"""How fast feeds are pulled by the whole process, what that leaves in Temporal, and how large the process gets."""

import asyncio
import json
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
from temporalio.client import Client

from contentsync.db.engine import Database
from contentsync.db.models import Source, Subscriber, Subscription
from contentsync.db.schema import migrate
from contentsync.puller.contract import PULL_DUE
from contentsync.puller.runner import MODULE
from tests.bench.feeds import ENTRIES, address
from tests.bench.lines import Line
from tests.instance import Instance

FEEDS = 2000
NEW_ENTRIES = 5
READER = "reader, 8 workers, cold"
LOOP = "httpx loop, aiohttp transport"

ROUNDS = 10
ROUND_FEEDS = 500
"""Feeds in each round of `memory`, each with new entries; as large a batch as any."""


async def speed(folder: Path) -> list[Line]:
    """Feeds per second of a first pull, of one where nothing has changed, and of one with new entries in every feed.

    From the first request to the last row stored. The peers ask the same server, one after the other, when it is idle.
    """
    async with feed_server(FEEDS) as port, _instance(folder, FEEDS, port) as chat:
        path = chat.data / "contentsync.db"
        cold = await _rate(path, port, items=FEEDS * ENTRIES, began_at=0)
        await _until_processed(path)
        unchanged = await _rate(path, port, items=FEEDS * ENTRIES, began_at=_make_due(path))
        loop = FEEDS / await _peer_seconds("loop", FEEDS, port)
        await _set_entries(port, NEW_ENTRIES)
        items = FEEDS * (ENTRIES + NEW_ENTRIES)
        changed = await _rate(path, port, items=items, began_at=_make_due(path))
        await _until_processed(path)
        events = await _history_events(chat.data)
        await chat.stop()
        await _set_entries(port, 0)
        reader = FEEDS / await _peer_seconds("peer", FEEDS, port)
    return [
        Line("pull-cold", cold, "feeds/s", READER, reader),
        Line("pull-unchanged", unchanged, "feeds/s", LOOP, loop),
        Line("pull-changed", changed, "feeds/s", READER, reader),
        Line("pull-history", 1000 * events / FEEDS, "events per 1,000 feeds"),
    ]


async def memory(folder: Path) -> list[Line]:
    """The peak resident memory of the program over `ROUNDS` pulls of `ROUND_FEEDS` feeds with new entries.

    `memory` is the program and its pull processes together, `memory-main` the program alone; pages they share count
    in each. `memory-growth` is how much higher the last round's peak is than the third's. The embedded Temporal is
    its own line.
    """
    peaks: list[int] = []
    mains: list[int] = []
    async with feed_server(ROUND_FEEDS) as port, _instance(folder, ROUND_FEEDS, port) as chat:
        path = chat.data / "contentsync.db"
        temporal = psutil.Process(int(json.loads((chat.data / "temporal.json").read_text())["pid"]))
        for number in range(ROUNDS):
            if number:
                await _set_entries(port, number)
                _make_due(path)
            watching = asyncio.create_task(_peak_memory(chat.pid, temporal.pid))
            await _until_stored(path, items=ROUND_FEEDS * (ENTRIES + number))
            await _until_processed(path)
            watching.cancel()
            whole, main = await watching
            peaks.append(whole)
            mains.append(main)
        temporal_bytes = temporal.memory_info().rss
    return [
        Line("memory", max(peaks) / 1e6, "MB"),
        Line("memory-main", max(mains) / 1e6, "MB"),
        Line("memory-growth", (peaks[-1] - peaks[2]) / 1e6, "MB"),
        Line("memory-temporal", temporal_bytes / 1e6, "MB"),
    ]


@asynccontextmanager
async def feed_server(count: int) -> AsyncIterator[int]:
    """A running feed server; its port."""
    server = await _python("-m", "tests.bench.feeds", str(count))
    assert server.stdout is not None
    assert server.stdin is not None
    yield int(json.loads(await server.stdout.readline())["port"])
    server.stdin.close()
    await server.wait()


@asynccontextmanager
async def _instance(folder: Path, count: int, port: int) -> AsyncIterator[Instance]:
    """A running program in which person 1 follows all feeds, due now."""
    # The usual ticks but for the pull's: a workflow every second for digests would be most of what is measured.
    chat = Instance(folder, CONTENTSYNC_PULL_TICK_SECONDS="5", CONTENTSYNC_DIGEST_TICK_SECONDS="60")
    chat.data.mkdir()
    await follow_all(chat.data / "contentsync.db", count, port)
    async with chat:
        yield chat


async def follow_all(path: Path, count: int, port: int) -> None:
    """Make a database in which person 1 follows all feeds, due now."""
    database = Database(f"sqlite+aiosqlite:///{path}")
    await migrate(database)
    due_at = datetime.now(UTC) - timedelta(minutes=1)
    async with database.write() as session:
        person = Subscriber(chat_id=1, is_owner=True)
        sources = [
            Source(kind="feed", key=f"{address(n)}:{port}/{n}", url=f"http://{address(n)}:{port}/{n}.xml",
                   next_pull_at=due_at)
            for n in range(count)
        ]  # fmt: skip
        session.add_all([person, *sources])
        await session.flush()
        session.add_all(Subscription(subscriber_id=person.id or 0, source_id=s.id or 0) for s in sources)
    await database.close()


def _make_due(path: Path) -> float:
    """Make all sources due at once; the Unix time just before."""
    began_at = time.time()
    with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        connection.execute("UPDATE source SET next_pull_at = '2026-01-01 00:00:00.000000'")
    return began_at


async def _rate(path: Path, port: int, *, items: int, began_at: float) -> float:
    """Feeds per second of the pull that began after `began_at`, once it is done and there are so many items."""
    ended_at = await _until_stored(path, items=items)
    async with httpx.AsyncClient(trust_env=False) as client:
        stats = await client.get(f"http://{address(0)}:{port}/stats", params={"after": began_at})
    assert stats.json()["requests"] == FEEDS, f"{stats.json()['requests']} requests"
    return FEEDS / (ended_at - float(stats.json()["first_at"]))


async def _until_stored(path: Path, *, items: int) -> float:
    """Wait until no source is due or being pulled; the Unix time when that was seen."""
    waiting = "lease_id IS NOT NULL OR next_pull_at < '2026-01-02' OR last_success_at IS NULL"
    ended_at = await _until_none(path, f"SELECT count(*) FROM source WHERE {waiting}")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        stored = connection.execute("SELECT count(*) FROM item").fetchone()[0]
    assert stored == items, f"{stored} items, not {items}"
    return ended_at


async def _until_processed(path: Path) -> None:
    await _until_none(path, "SELECT count(*) FROM item WHERE processed_at IS NULL")


async def _until_none(path: Path, count: str) -> float:
    """Wait until the query counts nothing any more; the Unix time when that was seen."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        async with asyncio.timeout(300):
            while connection.execute(count).fetchone()[0]:
                await asyncio.sleep(0.05)
    return time.time()


async def _set_entries(port: int, extra: int) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
        (await client.get(f"http://{address(0)}:{port}/entries/{extra}")).raise_for_status()


async def _history_events(data: Path) -> int:
    """The events of the longest history of a tick: each of those that pulled everything is as long."""
    record = json.loads((data / "temporal.json").read_text())
    client = await Client.connect(f"127.0.0.1:{record['port']}")
    lengths = []
    async for tick in client.list_workflows(f"WorkflowType = '{PULL_DUE}'"):
        history = await client.get_workflow_handle(tick.id, run_id=tick.run_id).fetch_history()
        lengths.append(len(history.events))
    return max(lengths)


async def _peak_memory(pid: int, temporal_pid: int) -> tuple[int, int]:
    """Until cancelled: the peak in bytes of the program with its pull processes, and of it alone."""
    main = psutil.Process(pid)
    whole = alone = 0
    try:
        while True:
            own = int(main.memory_info().rss)
            pulling = [child for child in main.children() if child.pid != temporal_pid]
            whole = max(whole, own + sum(map(_resident, pulling)))
            alone = max(alone, own)
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        return whole, alone


def _resident(process: psutil.Process) -> int:
    """What a pull process holds; between fork and exec it still shows the program's pages as its own."""
    try:
        return int(process.memory_info().rss) if MODULE in process.cmdline() else 0
    except psutil.NoSuchProcess:
        return 0


async def _peer_seconds(module: str, count: int, port: int) -> float:
    peer = await _python("-m", f"tests.bench.{module}", str(count), str(port))
    out, _ = await peer.communicate()
    assert peer.returncode == 0
    return float(json.loads(out)["seconds"])


async def _python(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=PIPE, stdout=PIPE)

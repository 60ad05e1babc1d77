"""How fast feeds are pulled by the whole process, and how large it is afterwards."""

import asyncio
import json
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from contentsync.db.engine import Database
from contentsync.db.models import Source, Subscriber, Subscription
from contentsync.db.schema import migrate
from tests.bench.feeds import ENTRIES, address
from tests.bench.lines import Line
from tests.instance import Instance

FEEDS = 2000


async def cold(folder: Path) -> list[Line]:
    """Feeds per second of a first pull, and resident memory (process and embedded Temporal) afterwards."""
    async with feed_server(FEEDS) as port:
        chat = Instance(folder)
        chat.data.mkdir()
        await follow_all(chat.data / "contentsync.db", FEEDS, port)
        async with chat:
            ended_at = await asyncio.to_thread(_wait_until_pulled, chat.data / "contentsync.db", FEEDS)
            rate = FEEDS / (ended_at - await _first_request_at(port))
            await asyncio.sleep(10)  # until the parser process has ended, too
            resident = chat.resident_bytes() / 1_000_000
        peer = await _peer_rate(FEEDS, port)
    return [
        Line("pull-cold", rate, "feeds/s", "reader, 8 workers", peer),
        Line("memory", resident, "MB"),
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


def _wait_until_pulled(path: Path, count: int) -> float:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        query = "SELECT count(*) FROM source WHERE last_success_at IS NOT NULL"
        while connection.execute(query).fetchone()[0] < count:
            time.sleep(0.05)
        ended_at = time.time()
        items = connection.execute("SELECT count(*) FROM item").fetchone()[0]
        assert items == count * ENTRIES, f"{items} items"
    return ended_at


async def _first_request_at(port: int) -> float:
    async with httpx.AsyncClient(trust_env=False) as client:
        return float((await client.get(f"http://{address(0)}:{port}/stats")).json()["first_at"])


async def _peer_rate(count: int, port: int) -> float:
    peer = await _python("-m", "tests.bench.peer", str(count), str(port))
    out, _ = await peer.communicate()
    assert peer.returncode == 0
    return count / float(json.loads(out)["seconds"])


async def _python(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=PIPE, stdout=PIPE)

"""Name servers that are slow, and what must not wait for them."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from contentsync.errors import TimedOut, Unreachable
from contentsync.sources.base import Fetched, SourceRef
from contentsync.sources.http import fetch, open_client
from contentsync.sources.names import NameThreads
from tests.fakes.web import FakeWeb


class SlowNames:
    """A name server that answers names under slow.test when it is let go, and all others with 127.0.0.1 at once."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        if host.endswith("slow.test"):
            self.let_go.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


@pytest.fixture
def slow() -> Iterator[SlowNames]:
    names = SlowNames()
    yield names
    names.let_go.set()


@pytest.fixture(scope="module")
def context() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


async def test_a_slow_name_times_out_and_the_others_go_on(slow: SlowNames, context: ssl.SSLContext) -> None:
    names = NameThreads(threads=2, seconds=1.5, look_up=slow)
    async with (
        FakeWeb() as web,
        open_client(allow_private_networks=True, resolver=names, ssl_context=context) as client,
    ):
        web.serve("/", "<rss/>")

        async def outcome(host: str) -> type:
            try:
                return type(await fetch(client, SourceRef(f"http://{host}:{web.port}/"), total_seconds=10))
            except TimedOut as error:
                return type(error)

        hosts = ["a.slow.test", "quick.test", "other.test"]
        assert await asyncio.gather(*(outcome(host) for host in hosts)) == [TimedOut, Fetched, Fetched]


async def test_many_slow_names_block_no_file_and_no_database(slow: SlowNames, context: ssl.SSLContext) -> None:
    names = NameThreads(threads=2, seconds=2.5, look_up=slow)
    async with open_client(resolver=names, ssl_context=context) as client:
        hosts = [f"{number}.slow.test" for number in range(100)]
        fetches = [asyncio.create_task(fetch(client, SourceRef(f"http://{host}/"))) for host in hosts]
        while len(slow.asked) < 2:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(2):
            await asyncio.gather(*(asyncio.to_thread(time.sleep, 0) for _ in range(100)))
        assert not any(task.done() for task in fetches)
        failures = await asyncio.gather(*fetches, return_exceptions=True)
        assert {type(failure) for failure in failures} == {TimedOut}
        assert slow.asked == hosts[:2]  # those that had to wait were dropped, and cost nobody a thread


async def test_the_system_is_asked_by_default() -> None:
    names = NameThreads()
    try:
        (found, *_) = await names.resolve("localhost", 80, socket.AF_INET)
        assert (found["host"], found["port"], found["family"]) == ("127.0.0.1", 80, socket.AF_INET)
        with pytest.raises(OSError):
            await names.resolve("no-such-host.invalid", 80)
    finally:
        await names.close()


async def test_an_unknown_name_is_unreachable_with_threads_of_its_own(context: ssl.SSLContext) -> None:
    async with open_client(ssl_context=context) as client:
        with pytest.raises(Unreachable, match="name not found"):
            await fetch(client, SourceRef("http://no-such-host.invalid/"))

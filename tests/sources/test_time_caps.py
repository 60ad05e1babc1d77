"""Each time cap of a fetch ends a server that is slow in its own way, and no other."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from contentsync.errors import TimedOut
from contentsync.sources.base import Fetched, SourceRef
from contentsync.sources.http import CONNECT_SECONDS, READ_SECONDS, fetch, open_client
from tests.fakes.web import FakeWeb, Reply

FEED = b"<rss><channel><title>T</title></channel></rss>"


@contextmanager
def times_out() -> Iterator[None]:
    """The block ends soon, with this failure."""
    began = time.monotonic()
    with pytest.raises(TimedOut):
        yield
    assert time.monotonic() - began < 2


async def test_who_does_not_pick_up_ends_at_the_connect_cap() -> None:
    with socket.socket() as listening, socket.socket() as waiting, socket.socket() as too_many:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for caller in (waiting, too_many):  # the queue is full now, and who knocks hears nothing
            caller.setblocking(False)
            caller.connect_ex(listening.getsockname())
        async with open_client(allow_private_networks=True) as client:
            assert (client.timeout.connect, client.timeout.read) == (CONNECT_SECONDS, READ_SECONDS)
            client.timeout = httpx.Timeout(READ_SECONDS, connect=0.2, pool=None)
            with times_out():
                await fetch(client, SourceRef(f"http://127.0.0.1:{listening.getsockname()[1]}/"))


async def test_a_pause_within_a_body_ends_at_the_read_cap() -> None:
    async with FakeWeb() as web, open_client(allow_private_networks=True) as client:
        web.reply("/a", Reply(FEED, drip_bytes=10, drip_seconds=5))
        client.timeout = httpx.Timeout(0.2, connect=CONNECT_SECONDS, pool=None)
        with times_out():
            await fetch(client, SourceRef(web.url("/a")))


async def test_a_body_that_drips_ends_at_the_total_cap() -> None:
    async with FakeWeb() as web, open_client(allow_private_networks=True) as client:
        web.reply("/a", Reply(FEED * 9, drip_bytes=1, drip_seconds=0.02))
        with times_out():
            await fetch(client, SourceRef(web.url("/a")), total_seconds=0.4)


async def test_headers_that_drip_end_at_the_first_byte_cap() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        try:
            for number in range(1000):
                writer.write(b"X-%d: y\r\n" % number)
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, open_client(allow_private_networks=True) as client:
        with times_out():
            await fetch(client, SourceRef(url), first_byte_seconds=0.3, total_seconds=10)


async def test_a_body_may_take_longer_than_its_first_byte() -> None:
    async with FakeWeb() as web, open_client(allow_private_networks=True) as client:
        web.reply("/a", Reply(FEED, drip_bytes=10, drip_seconds=0.1))
        fetched = await fetch(client, SourceRef(web.url("/a")), first_byte_seconds=0.3)
    assert isinstance(fetched, Fetched)
    assert fetched.body == FEED

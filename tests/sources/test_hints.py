"""What headers tell about the next request, read alone and through a fetch."""

from datetime import UTC, datetime

import httpx
import pytest

from contentsync.errors import RateLimited
from contentsync.sources.base import Fetched, Hints, SourceRef, Unchanged
from contentsync.sources.failures import http_failure
from contentsync.sources.hints import MAX_FRESH_SECONDS, MAX_QUIET_SECONDS, fresh_seconds, quiet_seconds
from contentsync.sources.http import fetch, open_client
from tests.fakes.web import FakeWeb

DATE = "Sun, 06 Nov 1994 08:00:00 GMT"
EPOCH = round(datetime(1994, 11, 6, 8, tzinfo=UTC).timestamp())
FEED = b"<rss><channel><title>T</title></channel></rss>"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Cache-Control": "max-age=600"}, 600),
        ({"Cache-Control": 'public, MAX-AGE="600"'}, 600),
        ({"Cache-Control": "max-age=600", "Age": "100"}, 500),
        ({"Cache-Control": "max-age=600", "Age": "1000"}, 0),
        ({"Cache-Control": "max-age=600", "Age": "old"}, 600),
        ({"Cache-Control": "max-age=0, must-revalidate"}, 0),
        ({"Cache-Control": "s-maxage=900"}, None),
        ({"Cache-Control": "s-maxage=900, max-age=60"}, 60),
        ({"Cache-Control": "no-cache, max-age=600"}, None),
        ({"Cache-Control": "private, no-store"}, None),
        ({"Cache-Control": "no-store", "Expires": "Sun, 06 Nov 1994 09:00:00 GMT"}, None),
        ({"Cache-Control": "max-age=" + "9" * 500}, MAX_FRESH_SECONDS),
        ({"Cache-Control": "max-age=-1"}, None),
        ({"Cache-Control": "max-age=٣"}, None),
        ({"Expires": "Sun, 06 Nov 1994 09:00:00 GMT"}, 3600),
        ({"Expires": "Sun, 06 Nov 1994 07:00:00 GMT"}, 0),
        ({"Expires": "Sun, 06 Nov 2094 07:00:00 GMT"}, MAX_FRESH_SECONDS),
        ({"Expires": "0"}, None),
        ({"Cache-Control": "max-age=60", "Expires": "Sun, 06 Nov 1994 09:00:00 GMT"}, 60),
    ],
)
def test_freshness(headers: dict[str, str], seconds: int | None) -> None:
    assert fresh_seconds(httpx.Headers({"Date": DATE, **headers}, encoding="utf-8")) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"X-RateLimit-Remaining": "98.0", "X-RateLimit-Reset": "599"}, None),
        ({"X-RateLimit-Remaining": "0.0", "X-RateLimit-Reset": "599"}, 599),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(EPOCH + 90)}, 90),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(EPOCH - 90)}, 1),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999"}, MAX_QUIET_SECONDS),
        ({"X-RateLimit-Remaining": "0"}, None),
        ({"X-RateLimit-Remaining": "none", "X-RateLimit-Reset": "5"}, None),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "30"}, 30),
        ({"RateLimit-Remaining": "0, 5", "RateLimit-Reset": "30, 60"}, 30),
        ({"RateLimit": "limit=100, remaining=0, reset=50"}, 50),
        ({"RateLimit": "limit=100, remaining=7, reset=50"}, None),
        ({"RateLimit": '"default";r=0;t=40'}, 40),
        ({"RateLimit": '"default";r=50;t=40'}, None),
    ],
)
def test_rate_limits(headers: dict[str, str], seconds: int | None) -> None:
    assert quiet_seconds(httpx.Headers({"Date": DATE, **headers})) == seconds


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (403, {"Retry-After": "60"}, 60),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "70"}, 70),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "70"}, 70),
        (429, {"Retry-After": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "70"}, 60),
        (429, {}, None),
    ],
)
def test_a_refusal_for_now_tells_for_how_long(status: int, headers: dict[str, str], expected: int | None) -> None:
    failure = http_failure("https://a.example/", status, httpx.Headers(headers))
    assert type(failure) is RateLimited
    assert failure.retry_after_seconds == expected


async def test_answers_bring_their_hints_whether_new_or_not() -> None:
    wishes = (("Cache-Control", "max-age=600"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "9"))
    async with FakeWeb() as web, open_client(allow_private_networks=True) as client:
        web.serve("/a", FEED, etag='"1"', headers=wishes)
        first = await fetch(client, SourceRef(web.url("/a")))
        assert isinstance(first, Fetched)
        assert first.hints == Hints(None, 600, 9)
        assert await fetch(client, SourceRef(web.url("/a"), etag='"1"')) == Unchanged(Hints(None, 600, 9))
        same = await fetch(client, SourceRef(web.url("/a"), body_hash=first.body_hash))
        assert same == Unchanged(Hints(None, 600, 9))


@pytest.mark.parametrize(
    ("statuses", "is_moved"),
    [
        ((), False),
        ((301,), True),
        ((308,), True),
        ((301, 308), True),
        ((302,), False),
        ((307,), False),
        ((301, 302), False),
        ((303, 301), False),
    ],
)
async def test_only_permanent_redirects_all_the_way_are_a_move(statuses: tuple[int, ...], is_moved: bool) -> None:
    async with FakeWeb() as web, open_client(allow_private_networks=True) as client:
        for step, status in enumerate(statuses):
            web.redirect(f"/{step}", f"/{step + 1}", status=status)
        last = f"/{len(statuses)}"
        web.serve(last, FEED, etag='"1"')
        for answer in (
            await fetch(client, SourceRef(web.url("/0"))),
            await fetch(client, SourceRef(web.url("/0"), etag='"1"')),
        ):
            assert answer.hints.moved_to == (web.url(last) if is_moved else None)

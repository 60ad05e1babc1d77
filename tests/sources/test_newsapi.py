"""News API: what is asked, what is read, and what each error means."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from contentsync.errors import (
    AccountRefused,
    NotAFeed,
    PlanExceeded,
    QueryRefused,
    RateLimited,
    Refused,
    ServerFailed,
    SourceError,
    TimedOut,
    TooLarge,
    Unreachable,
)
from contentsync.sources.base import Entry, Fetched
from contentsync.sources.http import open_client
from contentsync.sources.newsapi import (
    LANGUAGES,
    Extent,
    NewsApiReader,
    Query,
    address,
    extent_of,
    failure_in,
    search,
    usable,
)
from tests.fakes.newsapi import LANGUAGES as OFFERED
from tests.fakes.newsapi import FakeNewsApi
from tests.fakes.web import FakeWeb, Reply

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://newsapi.org/v2/everything?q=x"
KEY = "0123456789abcdef0123456789abcdef"
QUERY = Query("climate change", "fr", NOW - timedelta(days=1), NOW)

GOOD: dict[str, Any] = {
    "source": {"id": "example", "name": "Example News"},
    "author": "Jo Doe",
    "title": "A &amp; B",
    "description": "<p>What <b>happened</b><script>x()</script></p>",
    "url": "https://example.org/a",
    "urlToImage": "https://example.org/a.jpg",
    "publishedAt": "2026-03-01T10:00:00Z",
    "content": "It happened yesterday… [+1234 chars]",
}


def fetched(body: bytes) -> Fetched:
    return Fetched(URL, 200, (), body, hashlib.sha256(body).hexdigest())


def answer(*articles: Any, **changes: Any) -> Fetched:
    found = {"status": "ok", "totalResults": len(articles), "articles": list(articles)}
    return fetched(json.dumps(found | changes).encode())


def read_one(**changes: Any) -> Entry:
    (entry,) = NewsApiReader().parse(answer(GOOD | changes)).entries
    return entry


def test_an_article_becomes_an_entry() -> None:
    assert read_one() == Entry(
        external_id="https://example.org/a",
        link="https://example.org/a",
        title="A & B",
        summary_html="<p>What <b>happened</b></p>",
        author="Jo Doe (Example News)",
        published_at=datetime(2026, 3, 1, 10, tzinfo=UTC),
        image_url="https://example.org/a.jpg",
        word_count=3 + 1234 // 6,
    )


@pytest.mark.parametrize(
    ("author", "source", "told"),
    [
        (None, {"name": "Example News"}, "Example News"),
        ("", {"name": "Example News"}, "Example News"),
        ("https://www.facebook.com/example", {"name": "Example News"}, "Example News"),
        ("example news", {"name": "Example News"}, "Example News"),
        ("Jo Doe, CNN", {"name": "CNN"}, "Jo Doe, CNN"),
        ("Jo Doe", {"name": "CNN"}, "Jo Doe (CNN)"),
        ("Jo Doe", None, "Jo Doe"),
        ("Jo Doe", "CNN", "Jo Doe"),
        (None, {"name": None}, None),
        (7, {"name": 7}, None),
    ],
)
def test_who_wrote_it(author: Any, source: Any, told: str | None) -> None:
    assert read_one(author=author, source=source).author == told


def test_what_is_missing_is_made_good() -> None:
    bare = read_one(author=None, description=None, urlToImage=None, publishedAt=None, source={"id": None, "name": None})
    assert bare.summary_html == "It happened yesterday…"
    assert (bare.author, bare.image_url, bare.published_at) == (None, None, None)
    assert read_one(title=None, description="<b>Told</b> in the text").title == "Told in the text"
    assert read_one(description=None, content=None).summary_html == ""
    assert read_one(publishedAt="0001-01-01T00:00:00Z").published_at is None


@pytest.mark.parametrize(
    "article",
    [
        {"title": "[Removed]", "url": "https://removed.com", "source": {"id": None, "name": "[Removed]"}},
        GOOD | {"title": "[Removed]"},
        GOOD | {"url": "https://removed.com"},
        GOOD | {"url": None},
        GOOD | {"url": "javascript:alert(1)"},
        GOOD | {"url": 7},
        GOOD | {"title": None, "description": None, "content": None},
        {},
        None,
        "article",
        [],
    ],
    ids=lambda article: json.dumps(article)[:40],
)
def test_unusable_articles_are_skipped_and_counted(article: Any) -> None:
    document = NewsApiReader().parse(answer(article, GOOD))
    assert [entry.title for entry in document.entries] == ["A & B"]
    assert document.skipped == 1


def test_no_article_comes_twice() -> None:
    document = NewsApiReader().parse(answer(GOOD, GOOD | {"title": "Again"}))
    assert [entry.title for entry in document.entries] == ["A & B"]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b'{"status": "error", "code": "x"}', b'{"status": "ok"}',
     b'{"status": "ok", "articles": {}}', b"[" * 100_000, b"\xff\xfe"],
    ids=["empty", "html", "list", "null", "error", "no articles", "articles no list", "deep", "no text"],
)  # fmt: skip
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(NotAFeed):
        NewsApiReader().parse(fetched(body))
    with pytest.raises(NotAFeed):
        extent_of(fetched(body))


def test_how_far_an_answer_reaches() -> None:
    removed = {"title": "[Removed]", "url": "https://removed.com", "publishedAt": "2026-03-01T08:00:00Z"}
    newest = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert extent_of(answer(GOOD, removed, {}, totalResults=22701)) == Extent(3, 22701, newest, newest - 2 * HOUR)
    assert extent_of(answer()) == Extent(0, 0)
    assert extent_of(answer(GOOD, totalResults=None)) == Extent(1, 1, newest, newest)


HOUR = timedelta(hours=1)


def test_an_address_says_what_is_asked_for_and_no_more() -> None:
    url = address("https://newsapi.org/v2", QUERY)
    assert url.startswith("https://newsapi.org/v2/everything?")
    assert parse_qs(urlsplit(url).query) == {
        "q": ["climate change"],
        "language": ["fr"],
        "from": ["2026-02-28T12:00:00"],
        "to": ["2026-03-01T12:00:00"],
        "sortBy": ["publishedAt"],
        "pageSize": ["100"],
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_languages_the_service_offers_are_named(language: str) -> None:
    parameters = parse_qs(urlsplit(address("https://newsapi.org/v2", Query("x", language, NOW, NOW))).query)
    assert set(parameters.get("language", [])) <= OFFERED
    assert ("language" in parameters) == (language != "uk")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("climate change", "climate change"),
        ('"climate change"', '"climate change"'),
        ('climate "change', "climate change"),
        ("(a OR b) AND c", "(a OR b) AND c"),
        ("(a OR b", "a OR b"),
        ("a) OR (b", "a OR b"),
        (":)", ":"),
        ("C++", "C++"),
    ],
)
def test_what_is_not_closed_is_no_operator(typed: str, words: str) -> None:
    assert usable(typed) == words


def error(code: str) -> bytes:
    return json.dumps({"status": "error", "code": code, "message": "In words."}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, error("apiKeyInvalid"), AccountRefused),
        (401, error("apiKeyMissing"), AccountRefused),
        (401, error("apiKeyDisabled"), AccountRefused),
        (403, error("apiKeyDisabled"), AccountRefused),
        (401, b"", AccountRefused),
        (429, error("rateLimited"), RateLimited),
        (429, error("apiKeyExhausted"), RateLimited),
        (401, error("apiKeyExhausted"), RateLimited),
        (429, b"<html>", RateLimited),
        (426, error("maximumResultsReached"), PlanExceeded),
        (426, error("parameterInvalid"), PlanExceeded),
        (400, error("maximumResultsReached"), PlanExceeded),
        (426, b"", PlanExceeded),
        (400, error("parameterInvalid"), QueryRefused),
        (400, error("parametersMissing"), QueryRefused),
        (400, error("parametersIncompatible"), QueryRefused),
        (400, error("sourcesTooMany"), QueryRefused),
        (400, error("sourceDoesNotExist"), QueryRefused),
        (400, b"", QueryRefused),
        (500, error("unexpectedError"), ServerFailed),
        (408, error("requestTimeout"), ServerFailed),
        (502, b"bad gateway", ServerFailed),
        (200, error("unexpectedError"), ServerFailed),
        (200, error("apiKeyInvalid"), AccountRefused),
        (200, error("somethingNew"), ServerFailed),
        (403, b"go away", Refused),
        (302, b"", Refused),
        (200, b'{"status": "ok"}', None),
    ],
)
def test_every_error_has_its_class(status: int, body: bytes, kind: type[SourceError] | None) -> None:
    failure = failure_in(URL, status, httpx.Headers(), body)
    assert type(failure) is kind if kind else failure is None


def test_a_wait_that_is_asked_for_is_kept() -> None:
    failure = failure_in(URL, 429, httpx.Headers({"Retry-After": "120"}), error("rateLimited"))
    assert isinstance(failure, RateLimited)
    assert failure.retry_after_seconds == 120


async def test_the_key_goes_in_a_header() -> None:
    async with FakeNewsApi(key=KEY, now=NOW) as api, open_client(allow_private_networks=True) as client:
        api.publish("climate change", "fr", "Un", "https://example.org/1", NOW - timedelta(hours=25))
        api.publish("climate change", "en", "One", "https://example.org/2", NOW - timedelta(hours=25))
        query = Query("climate change", "fr", NOW - timedelta(days=3), NOW)
        found = await search(client, api.base_url, KEY, query)
        assert [entry.title for entry in NewsApiReader().parse(found).entries] == ["Un"]
        assert KEY not in found.url
        assert KEY not in str(found.headers)
        with pytest.raises(AccountRefused) as caught:
            await search(client, api.base_url, "wrong", query)
        assert "wrong" not in f"{caught.value!r} {caught.value.params}"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(raw=b"nonsense\r\n\r\n"), Unreachable),
        (Reply(b" " * 5_000_001), TooLarge),
        (Reply(error("x"), 200, cut_bytes=3), Unreachable),
        (Reply(b"\x1f\x8b\x08 broken", headers=(("Content-Encoding", "gzip"),)), Unreachable),
        (Reply(status=302, headers=(("Location", "/elsewhere"),)), Refused),
    ],
    ids=["no HTTP", "too large", "cut off", "broken gzip", "redirect"],
)
async def test_bad_servers(reply: Reply, kind: type[SourceError]) -> None:
    async with FakeWeb() as web, open_client(allow_private_networks=True) as client:
        web.reply("/v2/everything", reply)
        with pytest.raises(kind):
            await search(client, web.url("/v2"), KEY, QUERY)
        assert web.hits("/elsewhere") == 0, "the key would have gone with it"


async def test_no_server_and_no_time() -> None:
    async with open_client(allow_private_networks=True) as client:
        with pytest.raises(Unreachable):
            await search(client, "http://127.0.0.1:4/v2", KEY, QUERY)
    async with FakeWeb() as web, open_client(allow_private_networks=True) as client:
        web.hang("/v2/everything")
        client.timeout = httpx.Timeout(0.2)
        with pytest.raises(TimedOut):
            await search(client, web.url("/v2"), KEY, QUERY)

"""News API: searching the articles of many news sites with a person's own key.

Source: https://newsapi.org/docs/endpoints/everything, https://newsapi.org/docs/errors and
https://newsapi.org/docs/authentication
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from contentsync.errors import (
    AccountRefused,
    NotAFeed,
    PlanExceeded,
    QueryRefused,
    RateLimited,
    ServerFailed,
    SourceError,
)
from contentsync.sources.base import Document, Entry, Fetched
from contentsync.sources.dates import read_date
from contentsync.sources.failures import http_failure, retry_after_seconds
from contentsync.sources.json_api import call
from contentsync.sources.markup import absolute_link, escaped_text, plain_text, sanitised
from contentsync.sources.words import count_words, words_in

KIND = "newsapi"
PAGE_ARTICLES = 100
"""Articles in one answer, the most the API gives."""
TOTAL_SECONDS = 30.0
MAX_AUTHOR_CHARS = 200

LANGUAGES: dict[str, str | None] = {
    **{code: code for code in ("ar", "de", "en", "es", "fr", "he", "it", "nl", "no", "pt", "ru", "sv", "zh")},
    "ur": "ud",
    "uk": None,
}
"""The languages a topic can have (ISO 639-1), and what the API calls each in its `language` parameter.

Urdu has a code of the API's own. Ukrainian has none: its words are searched for in all languages, and as words of
another script they hardly occur in any other.
"""

REMOVED = "[Removed]"
"""Title and text of an article that its site has withdrawn; its address is then https://removed.com."""
_REMOVED_HOSTS = frozenset({"removed.com", "www.removed.com"})
_CUT_OFF = re.compile(r"\s*…?\s*\[\+(\d{1,9}) chars\]\s*$")

_KEY_REFUSED = frozenset({"apiKeyInvalid", "apiKeyMissing", "apiKeyDisabled"})
_SPENT = frozenset({"apiKeyExhausted", "rateLimited"})
_BEYOND_PLAN = frozenset({"maximumResultsReached"})
_QUERY_REFUSED = frozenset(
    {"parameterInvalid", "parametersMissing", "parametersIncompatible", "sourcesTooMany", "sourceDoesNotExist"}
)
_LATER = frozenset({"unexpectedError", "requestTimeout"})


@dataclass(frozen=True, slots=True)
class Query:
    """One request for articles, the newest first. `start` and `end` bound the publication time, both inclusive."""

    words: str
    language: str
    """One of `LANGUAGES`."""
    start: datetime
    end: datetime
    articles: int = PAGE_ARTICLES
    """1 to `PAGE_ARTICLES`."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of its window an answer holds, removed and broken articles included."""

    articles: int
    total: int
    """What the API found in the window, however much of it the plan lets one see."""
    newest: datetime | None = None
    oldest: datetime | None = None


class NewsApiReader:
    """Answers of `everything`."""

    kind = KIND

    def parse(self, fetched: Fetched) -> Document:
        """The articles of an answer. Pure; removed and unusable ones are skipped and counted.

        Raises:
            NotAFeed: it is no answer with articles.
        """
        entries: dict[str, Entry] = {}
        skipped = 0
        for article in _articles(_answer(fetched), fetched.url):
            entry = _entry(article, fetched.url)
            if entry is None:
                skipped += 1
            else:
                entries.setdefault(entry.external_id, entry)
        return Document(entries=tuple(entries.values()), skipped=skipped)


async def search(client: httpx.AsyncClient, base_url: str, key: str, query: Query) -> Fetched:
    """Ask once. The key goes in a header: addresses are kept in the archive.

    Raises:
        AccountRefused: the key is wrong, missing or disabled.
        RateLimited: the key has no request left.
        PlanExceeded: the plan does not reach as far as the window does.
        QueryRefused: the API cannot use this query.
        SourceError: the other classes, see `contentsync.errors`.
    """
    answer = await call(
        client, "GET", address(base_url, query), headers={"X-Api-Key": key}, total_seconds=TOTAL_SECONDS
    )
    refusal = failure_in(answer.url, answer.status, answer.headers, answer.body)
    if refusal is not None:
        raise refusal
    return answer.fetched()


def address(base_url: str, query: Query) -> str:
    """The address of a query, without a key."""
    language = LANGUAGES.get(query.language)
    parameters = {
        "q": usable(query.words),
        **({"language": language} if language else {}),
        "from": f"{query.start.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        "to": f"{query.end.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        "sortBy": "publishedAt",
        "pageSize": str(query.articles),
    }
    return f"{base_url}/everything?{urlencode(parameters)}"


def usable(words: str) -> str:
    """The words without quotes or brackets that are not closed: the API takes both for operators."""
    if words.count('"') % 2:
        words = words.replace('"', " ")
    if words.count("(") != words.count(")") or words.find(")") < words.find("("):
        words = words.replace("(", " ").replace(")", " ")
    return " ".join(words.split())


def extent_of(fetched: Fetched) -> Extent:
    """How far an answer reaches.

    Raises:
        NotAFeed: see `NewsApiReader.parse`.
    """
    answer = _answer(fetched)
    found = _articles(answer, fetched.url)
    total = answer.get("totalResults")
    times = [time for article in found if (time := read_date(_text(article, "publishedAt")))]
    return Extent(
        articles=len(found),
        total=max(total, len(found)) if isinstance(total, int) else len(found),
        newest=max(times, default=None),
        oldest=min(times, default=None),
    )


def failure_in(url: str, status: int, headers: httpx.Headers, body: bytes) -> SourceError | None:
    """What is wrong according to an answer; None if nothing is. The API's own code goes before the HTTP status."""
    answer = _json_object(body)
    code = _text(answer, "code") if answer is not None and answer.get("status") == "error" else ""
    if not code and 200 <= status < 300:
        return None
    if code in _KEY_REFUSED or (not code and status == 401):
        return AccountRefused(url, code)
    if code in _SPENT or (not code and status == 429):
        return RateLimited(url, 429, retry_after_seconds(headers))
    if code in _BEYOND_PLAN or status == 426:
        return PlanExceeded(url, code)
    if code in _QUERY_REFUSED or status == 400:
        return QueryRefused(url, code or "no code")
    if code in _LATER:
        return ServerFailed(url, max(status, 500), retry_after_seconds(headers))
    return http_failure(url, status if status >= 300 else 500, headers)


def _answer(fetched: Fetched) -> dict[str, Any]:
    answer = _json_object(fetched.body)
    if answer is None or answer.get("status") != "ok":
        raise NotAFeed(fetched.url, "no answer of News API")
    return answer


def _articles(answer: dict[str, Any], url: str) -> list[dict[str, Any]]:
    articles = answer.get("articles")
    if not isinstance(articles, list):
        raise NotAFeed(url, "an answer of News API without articles")
    return [article if isinstance(article, dict) else {} for article in articles]


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _entry(article: dict[str, Any], url: str) -> Entry | None:
    """The article as an entry; None if it was removed, or has no address or nothing to say."""
    link = absolute_link(_text(article, "url"), url)
    title = plain_text(_text(article, "title"))
    if link is None or title == REMOVED or (urlsplit(link).hostname or "") in _REMOVED_HOSTS:
        return None
    summary = next(_summaries(article, link), "")
    title = title or plain_text(summary, 100)
    if not title:
        return None
    return Entry(
        external_id=link,
        link=link,
        title=title,
        summary_html=summary,
        author=_author(article),
        published_at=read_date(_text(article, "publishedAt")),
        image_url=absolute_link(_text(article, "urlToImage"), link),
        word_count=_word_count(_text(article, "content")) or count_words(summary) or None,
    )


def _summaries(article: dict[str, Any], link: str) -> Iterator[str]:
    """What tells the article in short, the better first. `content` is plain text, cut off after 200 characters."""
    if description := sanitised(_text(article, "description"), link):
        yield description
    if content := _CUT_OFF.sub("…", _text(article, "content")).strip():
        yield escaped_text(plain_text(content, 1000))


def _word_count(content: str) -> int:
    """Words of what is shown, and about as many as the characters make that are said to follow: "… [+1234 chars]"."""
    cut = _CUT_OFF.search(content)
    shown = content[: cut.start()] if cut else content
    return count_words(shown) + (words_in(int(cut[1]), shown) if cut else 0)


def _author(article: dict[str, Any]) -> str | None:
    """Who wrote it, and where: "Jo Doe (Example News)". Some sites give the address of a page for a name."""
    source = article.get("source")
    site = plain_text(_text(source, "name"), MAX_AUTHOR_CHARS) if isinstance(source, dict) else ""
    author = plain_text(_text(article, "author"), MAX_AUTHOR_CHARS)
    if not author or "://" in author or author.casefold() == site.casefold():
        return site or None
    return author if not site or site.casefold() in author.casefold() else f"{author} ({site})"


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""

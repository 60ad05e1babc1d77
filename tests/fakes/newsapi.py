"""A News API on loopback: real requests, answers, error bodies and limits, by a clock that a test sets.

    async with FakeNewsApi(key="0123456789abcdef0123456789abcdef") as api:
        api.now = datetime(2026, 3, 1, tzinfo=UTC)
        api.publish("bitcoin", "en", "A title", "https://example.org/1", api.now - timedelta(days=2))
        ... api.base_url ...
        assert api.refused == []

It behaves as a free key's plan does: articles appear 24 hours late, one can look back a month and see 100 results,
and ask 50 times in any 12 hours and 100 times in any 24. What goes beyond is refused as the real service refuses it,
and noted in `refused`.
"""

import asyncio
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiohttp import web

LANGUAGES = frozenset({"ar", "de", "en", "es", "fr", "he", "it", "nl", "no", "pt", "ru", "sv", "ud", "zh"})
LIMITS = ((timedelta(hours=12), 50), (timedelta(hours=24), 100))
MOST_RESULTS = 100


@dataclass(frozen=True, slots=True)
class Article:
    """What is found under a topic: whoever asks for these very words gets it."""

    topic: str
    language: str
    """The API's code; "" is a language it does not know."""
    body: dict[str, Any]
    published_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came in, and what was answered: an error code, or "" for articles."""

    at: datetime
    query: dict[str, str]
    key: str
    status: int
    code: str
    articles: int = 0


class Refusal(Exception):
    """An error answer."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message or f"Refused: {code}."


@dataclass
class FakeNewsApi:
    """The server.

    `key` is a good one, and so are `more_keys`; `delay` is how late articles appear; `limits` None: a paid plan.
    """

    key: str
    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    delay: timedelta = timedelta(hours=24)
    limits: tuple[tuple[timedelta, int], ...] | None = LIMITS
    most_results: int | None = MOST_RESULTS
    reach: timedelta | None = timedelta(days=30)
    more_keys: set[str] = field(default_factory=set)
    requests: list[Asked] = field(default_factory=list)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    """What is answered to a search for these words instead of articles; "" is any."""
    raw: dict[str, bytes] = field(default_factory=dict)
    """A body that is answered with status 200 to a search for these words."""
    hold: asyncio.Event | None = None
    """If set, requests that have come in are answered only after it."""

    def __post_init__(self) -> None:
        self._articles: list[Article] = []

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/v2/everything", self._everything)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v2"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.hold is not None:
            self.hold.set()
        await self._runner.cleanup()

    @property
    def refused(self) -> list[Asked]:
        """The requests that broke a limit, or carried no good key or query."""
        return [asked for asked in self.requests if asked.status != 200]

    def publish(
        self, topic: str, language: str, title: str, url: str, published_at: datetime, **changes: Any
    ) -> Article:
        """Publish an article. It is found `delay` after its publication, or from now on if that is later."""
        body = {
            "source": {"id": None, "name": "Example News"},
            "author": "Jo Doe",
            "title": title,
            "description": f"About {title}.",
            "url": url,
            "urlToImage": None,
            "publishedAt": f"{published_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "content": f"{title} in full… [+1234 chars]",
        }
        seen_at = max(published_at + self.delay, self.now)
        article = Article(topic, language, body | changes, published_at.astimezone(UTC), seen_at)
        self._articles.append(article)
        return article

    def publish_removed(self, topic: str, language: str, published_at: datetime) -> Article:
        """An article that its site has withdrawn, as the API shows it."""
        gone = "[Removed]"
        return self.publish(
            topic, language, gone, "https://removed.com", published_at,
            source={"id": None, "name": gone}, author=None, description=gone, content=gone,
        )  # fmt: skip

    def refuse(self, words: str, status: int, code: str, message: str = "") -> None:
        """Answer searches for these words ("": any) with an error from now on."""
        self.refusals[words] = Refusal(status, code, message)

    def asked_for(self) -> Counter[str]:
        """How often each topic was asked for."""
        return Counter(asked.query.get("q", "") for asked in self.requests)

    def most_in(self, window: timedelta) -> int:
        """The most requests with one key in any window of this length."""
        by_key: dict[str, list[datetime]] = defaultdict(list)
        for asked in self.requests:
            by_key[asked.key].append(asked.at)
        return max(
            (sum(0 <= (other - time) / window < 1 for other in times) for times in by_key.values() for time in times),
            default=0,
        )

    async def _everything(self, request: web.Request) -> web.Response:
        query, key = dict(request.query), request.headers.get("X-Api-Key", "")
        at = self.now
        if self.hold is not None:
            await self.hold.wait()
        try:
            answer = self._answer(query, key, at)
        except Refusal as refusal:
            self.requests.append(Asked(at, query, key, refusal.status, refusal.code))
            body = {"status": "error", "code": refusal.code, "message": refusal.message}
            return web.json_response(body, status=refusal.status)
        self.requests.append(Asked(at, query, key, 200, "", len(answer["articles"])))
        raw = self.raw.get(query["q"])
        return web.Response(body=raw or json.dumps(answer).encode(), content_type="application/json")

    def _answer(self, query: dict[str, str], key: str, at: datetime) -> dict[str, Any]:
        self._check_key(key, at)
        refusal = self.refusals.get(query.get("q", "")) or self.refusals.get("")
        if refusal is not None:
            raise refusal
        page, size = int(query.get("page", "1")), int(query.get("pageSize", "100"))
        start, end = self._check_query(query, page, size, at)
        found = sorted(
            (
                article
                for article in self._articles
                if article.topic == query["q"]
                and query.get("language", article.language) == article.language
                and start <= article.published_at <= end
                and article.seen_at <= at
            ),
            key=lambda article: article.published_at,
            reverse=True,
        )
        shown = found[(page - 1) * size : page * size]
        return {"status": "ok", "totalResults": len(found), "articles": [article.body for article in shown]}

    def _check_key(self, key: str, at: datetime) -> None:
        if not key:
            raise Refusal(401, "apiKeyMissing", "Your API key is missing.")
        if key != self.key and key not in self.more_keys:
            raise Refusal(401, "apiKeyInvalid", "Your API key is invalid or incorrect.")
        for window, limit in self.limits or ():
            counted = [asked for asked in self.requests if asked.key == key and asked.at > at - window]
            if len(counted) >= limit:
                raise Refusal(429, "rateLimited", "You have made too many requests recently.")

    def _check_query(self, query: dict[str, str], page: int, size: int, at: datetime) -> tuple[datetime, datetime]:
        if not query.get("q"):
            raise Refusal(400, "parametersMissing", "Required parameters are missing.")
        if len(query["q"]) > 500 or not 1 <= size <= 100 or query.get("language", "en") not in LANGUAGES:
            raise Refusal(400, "parameterInvalid", "A parameter is not supported.")
        start, end = _time(query.get("from"), at - timedelta(days=29)), _time(query.get("to"), at)
        if self.reach is not None and start < at - self.reach:
            raise Refusal(426, "parameterInvalid", "You are trying to request results too far in the past.")
        if self.most_results is not None and page * size > self.most_results:
            raise Refusal(426, "maximumResultsReached", "You have requested too many results.")
        return start, end


def _time(text: str | None, default: datetime) -> datetime:
    if text is None:
        return default
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)

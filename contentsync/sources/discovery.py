"""From any link that a person pastes to the feeds behind it."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx

from contentsync.errors import (
    HTTPFailure,
    NoFeedFound,
    NotAFeed,
    NotFound,
    SiteWithoutFeeds,
    SourceError,
    TimedOut,
    Unreachable,
)
from contentsync.sources.base import Document, Entry, Fetched, Source, SourceRef
from contentsync.sources.directories import (
    ACCEPT_JSON,
    APPLE_LOOKUP_URL,
    account_links,
    account_lookup,
    podcast_feeds,
    podcast_lookup,
)
from contentsync.sources.http import canonical_key, fetch, normalise_link
from contentsync.sources.pages import FeedLink, is_about_comments, looks_like_page, page_text, read_page, usual_feeds
from contentsync.sources.sites import (
    account_in,
    account_page,
    channel_feed,
    channel_id_in,
    is_youtube,
    known_feeds,
    marked_feeds,
    podcast_number,
    site_without_feeds,
    youtube_feeds,
    youtube_page,
)

log = logging.getLogger(__name__)

MAX_FEEDS = 5
MAX_LATEST = 3
TOTAL_SECONDS = 60.0

_ACCEPT_PAGE = (
    "text/html, application/xhtml+xml, application/atom+xml, application/rss+xml, application/feed+json, */*;q=0.5"
)
_REQUESTS_AT_ONCE = 4
_YOUTUBE_CONSENT = (("Cookie", "SOCS=CAI"),)
"""Without it YouTube answers visitors from Europe with a consent page instead of the channel's."""


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that was fetched and read. `latest` are at most 3 titles, the newest first."""

    url: str
    """As to be stored: redirects are not built in."""
    key: str
    title: str
    site_url: str | None
    language: str | None
    latest: tuple[str, ...]


async def find_feeds(
    client: httpx.AsyncClient,
    link: str,
    *,
    feed: Source,
    youtube_feed_base_url: str,
    podcast_lookup_url: str = APPLE_LOOKUP_URL,
    total_seconds: float = TOTAL_SECONDS,
) -> list[FoundFeed]:
    """Find the feeds behind a pasted link, the best first, at least one and at most `MAX_FEEDS`.

    Tried in this order, until something is found: what is known of the site, the link itself, the feeds its page
    declares, what marks in the page tell, links on it that look like feeds, and the usual addresses. A link without a
    scheme is tried with https and then with http; `@user@host` is the link of that account. YouTube's pages are asked
    for at the origin of `youtube_feed_base_url`, podcasts known by their number at `podcast_lookup_url`.

    Raises:
        NoFeedFound: there is a page, and it leads to no feed; SiteWithoutFeeds: nor does any other page of the site.
        NotAFeed: there is something that is neither a feed nor a page.
        SourceError: the link could not be read, by class; or all feeds found failed, then why the first did.
    """
    link = account_page(link) or link
    url = normalise_link(link)
    try:
        async with asyncio.timeout(total_seconds):
            try:
                return await _Search(client, feed, youtube_feed_base_url, podcast_lookup_url).find(url)
            except Unreachable:
                if "://" in link or not url.startswith("https:"):
                    raise
                plain_url = url.replace("https:", "http:", 1)
                return await _Search(client, feed, youtube_feed_base_url, podcast_lookup_url).find(plain_url)
    except TimeoutError as error:
        raise TimedOut(url) from error


@dataclass(frozen=True, slots=True)
class _Search:
    client: httpx.AsyncClient
    feed: Source
    youtube_feed_base_url: str
    podcast_lookup_url: str
    failures: list[SourceError] = field(default_factory=list)
    """Why feeds that are said to exist could not be read; what was not there or no feed is no news."""

    async def find(self, url: str, *, shortened: bool = True) -> list[FoundFeed]:
        """Find by what the link is of; if it may be a short form, also by where it leads."""
        if is_youtube(url):
            return await self._find_on_youtube(url)
        if site := site_without_feeds(url):
            raise SiteWithoutFeeds(url, site)
        if number := podcast_number(url):
            return await self._find_podcast(url, number)
        if account := account_in(url):
            return await self._find_account(url, *account)
        return await self._find_on_site(url, shortened=shortened)

    async def _find_on_site(self, url: str, *, shortened: bool = True) -> list[FoundFeed]:
        found = await self._read_all(_links(known_feeds(url)))
        if found:
            return found
        try:
            fetched = await self._fetch(url)
        except SourceError as error:
            raise (self.failures[0] if self.failures else error) from error  # the feed that ought to be is the point
        try:
            return [_found(url, await self._parse(fetched))]
        except NotAFeed:
            if not looks_like_page(fetched):
                raise
        if shortened and urlsplit(fetched.url).netloc != urlsplit(url).netloc and _is_known(fetched.url):
            return await self.find(fetched.url, shortened=False)
        page = await asyncio.to_thread(read_page, fetched)
        marked = await asyncio.to_thread(lambda: marked_feeds(fetched.url, page_text(fetched)))
        for links in (page.declared, _links(marked), page.mentioned):
            found = await self._read_all(links)
            if found:
                return found
        failures = tuple(self.failures)  # at the usual addresses nobody has promised anything
        found = await self._read_all(usual_feeds(fetched.url), only_one=True)
        if found:
            return found
        raise failures[0] if failures else NoFeedFound(url)

    async def _find_podcast(self, url: str, number: str) -> list[FoundFeed]:
        answer = await self._fetch(podcast_lookup(number, self.podcast_lookup_url), accept=ACCEPT_JSON)
        return await self._read_named(url, podcast_feeds(answer))

    async def _find_account(self, url: str, user: str, host: str) -> list[FoundFeed]:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{host}" if host == parts.netloc else f"https://{host}"
        feeds: tuple[str, ...] = ()
        pages: tuple[str, ...] = ()
        try:
            feeds, pages = account_links(await self._fetch(account_lookup(origin, user, host), accept=ACCEPT_JSON))
        except HTTPFailure as error:
            log.info("no account look-up at %s: status=%d", host, error.status)
        try:
            return await self._read_named(url, feeds)
        except NoFeedFound:
            return await self._find_on_site(normalise_link(pages[0] if pages else f"{origin}/@{user}"))

    async def _find_on_youtube(self, url: str) -> list[FoundFeed]:
        feeds = list(youtube_feeds(url, self.youtube_feed_base_url))
        page = youtube_page(url, self.youtube_feed_base_url)
        if page is not None:
            channel = channel_id_in(page_text(await self._fetch(page, headers=_YOUTUBE_CONSENT)))
            if channel is not None:
                feeds.insert(0, channel_feed(channel, self.youtube_feed_base_url))
        return await self._read_named(url, feeds)

    async def _read_named(self, url: str, feeds: Sequence[str]) -> list[FoundFeed]:
        """Read feeds that somebody who must know has named."""
        found = await self._read_all(_links(feeds))
        if not found:
            raise self.failures[0] if self.failures else NoFeedFound(url)
        return found

    async def _read_all(self, links: Sequence[FeedLink], *, only_one: bool = False) -> list[FoundFeed]:
        """Read a few at a time; stop when there are enough."""
        found: list[FoundFeed] = []
        for start in range(0, len(links), _REQUESTS_AT_ONCE):
            answers = await asyncio.gather(*(self._read(link) for link in links[start : start + _REQUESTS_AT_ONCE]))
            found = _distinct([*found, *(answer for answer in answers if answer is not None)])
            if len(found) >= (1 if only_one else MAX_FEEDS):
                break
        found.sort(key=lambda feed: is_about_comments(feed.url, feed.title))
        return found[: 1 if only_one else MAX_FEEDS]

    async def _read(self, link: FeedLink) -> FoundFeed | None:
        for url in link.urls:
            try:
                fetched = await self.feed.fetch(self.client, SourceRef(url))
                if isinstance(fetched, Fetched):
                    return _found(url, await self._parse(fetched), link.title)
            except (NotAFeed, NotFound):
                continue
            except SourceError as error:
                self.failures.append(error)
        return None

    async def _fetch(
        self, url: str, *, accept: str = _ACCEPT_PAGE, headers: tuple[tuple[str, str], ...] = ()
    ) -> Fetched:
        fetched = await fetch(self.client, SourceRef(url), accept=accept, headers=headers)
        assert isinstance(fetched, Fetched), "without validators there is always an answer"
        return fetched

    async def _parse(self, fetched: Fetched) -> Document:
        return await asyncio.to_thread(self.feed.parse, fetched)


def _is_known(url: str) -> bool:
    return bool(is_youtube(url) or site_without_feeds(url) or podcast_number(url) or known_feeds(url))


def _links(urls: Sequence[str]) -> list[FeedLink]:
    return [FeedLink((url,)) for url in urls]


def _found(url: str, document: Document, link_title: str = "") -> FoundFeed:
    newest_first = sorted(document.entries, key=_published_at, reverse=True)
    return FoundFeed(
        url=url,
        key=canonical_key(url),
        title=document.title or link_title or urlsplit(url).netloc,
        site_url=document.site_url,
        language=document.language,
        latest=tuple(entry.title for entry in newest_first if entry.title)[:MAX_LATEST],
    )


def _published_at(entry: Entry) -> datetime:
    return entry.published_at or entry.updated_at or datetime.min.replace(tzinfo=UTC)


def _distinct(feeds: Sequence[FoundFeed]) -> list[FoundFeed]:
    """Leave out what is there already: the same address, or the same feed in another format."""
    distinct: list[FoundFeed] = []
    for feed in feeds:
        if not any(_same(feed, other) for other in distinct):
            distinct.append(feed)
    return distinct


def _same(feed: FoundFeed, other: FoundFeed) -> bool:
    return feed.key == other.key or (bool(feed.latest) and (feed.title, feed.latest) == (other.title, other.latest))

"""Feeds: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed, podcasts, YouTube channels.

Two readers share the work. The fast one takes what a feed says plainly; the thorough one (feedparser) knows twenty
years of oddities and takes forty times as long. `needs_thorough_reading` decides.
"""

import httpx

from contentsync.errors import NotAFeed
from contentsync.sources.base import Document, Fetched, SourceRef, Unchanged
from contentsync.sources.dates import has_usual_form
from contentsync.sources.feed_document import decoded, shortened, unpacked, xml_document
from contentsync.sources.feed_entries import RawEntry, RawFeed, document_from
from contentsync.sources.feed_json import read_json
from contentsync.sources.feed_outline import EntryOutline, Outline, outline_of
from contentsync.sources.feed_plain import read_plain
from contentsync.sources.feed_sniffing import binary_kind, feed_part, text_kind
from contentsync.sources.feed_thorough import read_thorough
from contentsync.sources.http import fetch

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
# Beyond these a document is read as far as that: no feed people follow is so large, and memory is shared.
MAX_BYTES = 20_000_000
MAX_TAGS = 500_000
MAX_ENTRIES_READ = 5_000


class FeedSource:
    """Everything that is published as a feed."""

    kind = "feed"

    async def fetch(self, client: httpx.AsyncClient, ref: SourceRef) -> Fetched | Unchanged:
        """The feed's document, or that it is unchanged.

        Raises:
            SourceError: by class, see `contentsync.errors`.
        """
        return await fetch(client, ref, accept=ACCEPT)

    def parse(self, fetched: Fetched) -> Document:
        """The entries of a feed, from any bytes whatever. Pure; takes at most a few seconds for the worst of them.

        Raises:
            NotAFeed: the document is no feed; `found` says what it is instead.
        """
        body = unpacked(fetched.body)
        if found := binary_kind(body):
            raise NotAFeed(fetched.url, found)
        text = decoded(body, fetched.content_type)
        feed = read_json(text) if text.lstrip("\ufeff \t\r\n").startswith("{") else _read_xml(text)
        if feed is None:
            raise NotAFeed(fetched.url, text_kind(text))
        return document_from(feed, fetched.url)


def needs_thorough_reading(outline: Outline, feed: RawFeed) -> bool:
    """Whether feedparser has to decide: a feed says things twice or in odd places, or has no entries or doubtful ones.

    `feed` is what the fast reader takes from the outline.
    """
    if not outline.is_plain or not feed.entries:
        return True
    return any(_is_doubtful(entry, facts) for entry, facts in zip(feed.entries, outline.entries, strict=True))


def _is_doubtful(entry: RawEntry, facts: EntryOutline) -> bool:
    """Whether an entry needs an interpreter: it says things twice, or has no absolute link, a relative id under an
    xml:base, or a date in an unusual form.
    """
    return (
        not facts.is_plain
        or not entry.link.startswith(("http://", "https://"))
        or bool(facts.base and ":" not in entry.id)
        or bool(facts.published and entry.published is None and not has_usual_form(facts.published))
        or bool(facts.updated and entry.updated is None and not has_usual_form(facts.updated))
    )


def _read_xml(text: str) -> RawFeed | None:
    part = feed_part(text)
    if part is None:
        return None
    document = shortened(xml_document(part), max_entries=MAX_ENTRIES_READ, max_bytes=MAX_BYTES, max_tags=MAX_TAGS)
    outline = outline_of(document)
    if outline is None:
        return read_thorough(document)
    feed = read_plain(outline)
    return read_thorough(document) if needs_thorough_reading(outline, feed) else feed

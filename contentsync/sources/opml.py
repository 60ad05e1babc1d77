"""Subscription lists: OPML of any version, and what other programs write instead of it (RDF, FOAF, iGoogle)."""

from dataclasses import dataclass
from typing import Any

import listparser

from contentsync.errors import InvalidLink, NotAFeed
from contentsync.sources.feed_document import decoded, unpacked
from contentsync.sources.feed_sniffing import binary_kind, text_kind
from contentsync.sources.http import canonical_key, normalise_link

MAX_FEEDS = 10_000
MAX_TITLE_CHARACTERS = 500
MARKS = ("<opml", "<outline", "<rdf:", "<foaf:", "<gtml", "<gadgettabml")
"""One of these is in every subscription list."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """A feed of a list. `folders`: the way to it through the list's outlines, the outermost first."""

    url: str
    title: str
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubscriptionList:
    """What a list holds. `pages` are sites without a feed address, `lists` further lists; both as absolute links.

    `unusable` counts entries whose address is no http(s) link; `repeated` those that are there already.
    """

    title: str
    feeds: tuple[ListedFeed, ...]
    pages: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    unusable: int = 0
    repeated: int = 0


def read_list(body: bytes, *, url: str = "", content_type: str = "") -> SubscriptionList:
    """Read a subscription list from any bytes whatever; broken markup costs at most what is broken. Pure.

    At most `MAX_FEEDS` feeds are taken.

    Raises:
        NotAFeed: it is no subscription list; `found` says what it is instead.
    """
    body = unpacked(body)
    if found := binary_kind(body):
        raise NotAFeed(url, found)
    text = decoded(body, content_type)
    if not any(mark in text[:100_000].lower() for mark in MARKS):
        raise NotAFeed(url, text_kind(text))
    # The parser takes an unmarked document for Latin-1, whatever its XML declaration says.
    harvest = listparser.parse(_BOM + text.lstrip("\ufeff").encode("utf-8", "replace"))
    feeds: dict[str, ListedFeed] = {}
    unusable = repeated = 0
    for entry in harvest.feeds:
        link = _link(entry.url)
        if link is None:
            unusable += 1
        elif canonical_key(link) in feeds:
            repeated += 1
        elif len(feeds) < MAX_FEEDS:
            feeds[canonical_key(link)] = ListedFeed(link, _title(entry), _folders(entry))
    return SubscriptionList(
        title=_shortened(harvest.meta.get("title", "")),
        feeds=tuple(feeds.values()),
        pages=_links(harvest.opportunities),
        lists=_links(harvest.lists),
        unusable=unusable,
        repeated=repeated,
    )


def _link(url: str) -> str | None:
    try:
        return normalise_link(url)
    except InvalidLink:
        return None


def _links(entries: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(link for entry in entries if (link := _link(entry.url)) is not None))


def _title(entry: Any) -> str:
    return _shortened(entry.get("title", ""))


def _folders(entry: Any) -> tuple[str, ...]:
    """The longest way to the entry: a list can hold it in several places, and tags look like folders."""
    ways = [tuple(_shortened(step) for step in way if step.strip()) for way in entry.get("categories", [])]
    return max(ways, key=len, default=())


def _shortened(text: str) -> str:
    return " ".join(text.split())[:MAX_TITLE_CHARACTERS]

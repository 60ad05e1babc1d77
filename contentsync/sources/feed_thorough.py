"""The thorough reader: feedparser's answer, for every feed the fast reader is not sure of."""

import io
from typing import Any
from xml.parsers import expat

import feedparser

from contentsync.sources.dates import from_utc_tuple
from contentsync.sources.feed_document import disarmed, shortened
from contentsync.sources.feed_entries import MAX_ENTRIES, Media, RawEntry, RawFeed
from contentsync.sources.feed_outline import MAX_ATTRIBUTES

# feedparser reads about a megabyte a second, and 20,000 tags.
MAX_BYTES = 2_000_000
MAX_TAGS = 40_000

_FAILURES = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError),
    *(RuntimeError, SyntaxError, TypeError, ValueError, Warning),
)
"""What feedparser raises on documents it was not made for."""


def read_thorough(document: bytes) -> RawFeed | None:
    """The feed as feedparser reads it; None if it finds none, or the document is made to keep it busy.

    A document beyond `MAX_BYTES` or `MAX_TAGS` is read as far as that.
    """
    document = disarmed(shortened(document, max_entries=MAX_ENTRIES, max_bytes=MAX_BYTES, max_tags=MAX_TAGS))
    if _has_crowded_tag(document):
        return None
    try:
        # Sanitising and links inside texts are done later, faster, and only for what is kept.
        found = feedparser.parse(io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False)
        if not found.version and not found.entries:
            return None
        return _raw_feed(found)
    except _FAILURES:
        return None


def _raw_feed(found: Any) -> RawFeed:
    channel = found.feed
    return RawFeed(
        title=_text(channel, "title"),
        link=_text(channel, "link"),
        language=_text(channel, "language"),
        ttl=_text(channel, "ttl"),
        update_period=_text(channel, "sy_updateperiod"),
        update_frequency=_text(channel, "sy_updatefrequency"),
        entries=[_raw_entry(entry) for entry in found.entries],
    )


def _raw_entry(entry: Any) -> RawEntry:
    content = (entry.get("content") or [{}])[0]
    summary = _text(entry, "summary")
    detail = entry.get("summary_detail") or content  # a summary without details is a copy of the content
    return RawEntry(
        id=_text(entry, "id"),
        link=_text(entry, "link"),
        title=_text(entry, "title"),
        summary=summary,
        content=_text(content, "value"),
        base=_text(detail, "base"),
        author=_text(entry.get("author_detail"), "name") or _text(entry, "author"),
        published=from_utc_tuple(_own(entry, "published_parsed") or _own(entry, "created_parsed")),
        updated=from_utc_tuple(_own(entry, "updated_parsed")),
        images=[
            *(_text(each, "url") for each in entry.get("media_thumbnail") or ()),
            _text(entry.get("image"), "href"),
        ],
        media=_media(entry),
    )


def _media(entry: Any) -> list[Media]:
    linked = [each for each in entry.get("links") or () if each.get("rel") == "enclosure"]
    return [
        Media(url, _text(each, "type"), _text(each, "medium"))
        for each in [*linked, *(entry.get("media_content") or ())]
        if (url := _text(each, "href") or _text(each, "url"))
    ]


def _own(entry: Any, name: str) -> Any:
    """What the entry has under exactly this name: feedparser answers some names with another's value."""
    return dict.get(entry, name)


def _text(found: Any, name: str) -> str:
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def _has_crowded_tag(document: bytes) -> bool:
    crowded = False

    def count(_tag: str, attributes: list[str]) -> None:
        nonlocal crowded
        crowded = crowded or len(attributes) > 2 * MAX_ATTRIBUTES

    scanner = expat.ParserCreate()
    scanner.ordered_attributes = True
    scanner.StartElementHandler = count
    try:
        scanner.Parse(document, True)
    except expat.ExpatError:
        return crowded  # what expat does not reach, feedparser's strict reader does not reach either
    return crowded

"""The fast reader: fastfeedparser's answer, completed from the outline, for feeds without surprises."""

from typing import Any

import fastfeedparser

from contentsync.sources.dates import read_date
from contentsync.sources.feed_entries import RawEntry, RawFeed
from contentsync.sources.feed_outline import EntryOutline, Outline

PARSER_FAILURES = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError),
    *(RuntimeError, SyntaxError, TypeError, ValueError, Warning),
)
"""What readers written by others raise on documents they were not made for."""


def read_fast(document: bytes, outline: Outline) -> RawFeed | None:
    """The feed as fastfeedparser reads it; None if that fails or does not find the entries of the outline.

    Dates come from the outline: fastfeedparser guesses them from ids and completes parts of them from today's date.
    """
    try:
        found = fastfeedparser.parse(document, include_tags=False, include_media=False, include_enclosures=False)
    except PARSER_FAILURES:
        return None
    entries = found["entries"]
    if len(entries) != len(outline.entries):
        return None
    channel = found["feed"]
    return RawFeed(
        title=channel.get("title") or "",
        link=channel.get("link") or "",
        language=outline.language,
        ttl=outline.ttl,
        update_period=outline.update_period,
        update_frequency=outline.update_frequency,
        entries=[_raw_entry(entry, facts) for entry, facts in zip(entries, outline.entries, strict=True)],
    )


def _raw_entry(entry: dict[str, Any], facts: EntryOutline) -> RawEntry:
    content = (entry.get("content") or [{}])[0]
    # Without a summary of its own fastfeedparser makes one up from the content.
    summary = (entry.get("description") or "") if facts.has_summary else facts.media_summary
    return RawEntry(
        id=entry.get("id") or "",
        link=entry.get("link") or "",
        title=entry.get("title") or "",
        summary=summary,
        content=content.get("value") or "",
        base=(not summary and content.get("base")) or facts.base,
        author=entry.get("author") or "",
        published=read_date(facts.published),
        updated=read_date(facts.updated),
        images=facts.images,
        media=facts.media,
    )

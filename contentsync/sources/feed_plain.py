"""The fast reader: takes a feed without surprises from its outline, as it is written there."""

from contentsync.sources.dates import read_date
from contentsync.sources.feed_entries import RawEntry, RawFeed
from contentsync.sources.feed_outline import EntryOutline, Outline


def read_plain(outline: Outline) -> RawFeed:
    """The feed as its outline states it."""
    return RawFeed(
        title=outline.title,
        link=outline.site or outline.link,
        language=outline.language,
        ttl=outline.ttl,
        update_period=outline.update_period,
        update_frequency=outline.update_frequency,
        entries=[_raw_entry(facts) for facts in outline.entries],
    )


def _raw_entry(facts: EntryOutline) -> RawEntry:
    summary = facts.summary or facts.media_summary
    link = facts.link or ""
    return RawEntry(
        id=facts.id or link,
        link=link,
        title=facts.title or "",
        summary=summary,
        content=facts.encoded or facts.content,
        base=(not summary and facts.content_base) or facts.base,
        author=facts.author or facts.creator,
        published=read_date(facts.published),
        updated=read_date(facts.updated),
        images=facts.images,
        media=facts.media,
    )

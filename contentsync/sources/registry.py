"""Which kinds of source there are."""

from contentsync.sources.base import Source
from contentsync.sources.feed import FeedSource

SOURCES: dict[str, Source] = {source.kind: source for source in (FeedSource(),)}
"""Each kind's only instance, by the name stored with its sources."""

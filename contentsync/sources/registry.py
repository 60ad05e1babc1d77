"""Which kinds of source there are."""

from contentsync.sources.base import Reader, Source
from contentsync.sources.feed import FeedSource
from contentsync.sources.newsapi import NewsApiReader
from contentsync.sources.newsletter import NewsletterReader

SOURCES: dict[str, Source] = {source.kind: source for source in (FeedSource(),)}
"""What is pulled by its address: each kind's only instance, by the name stored with its sources."""

READERS: dict[str, Reader] = {**SOURCES, **{reader.kind: reader for reader in (NewsApiReader(), NewsletterReader())}}
"""Every kind, also those that an account's sync brings."""

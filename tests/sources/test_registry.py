from contentsync.sources.feed import FeedSource
from contentsync.sources.registry import SOURCES


def test_every_kind_is_stored_under_its_own_name() -> None:
    assert all(source.kind == kind for kind, source in SOURCES.items())


def test_feeds_are_read_by_the_feed_source() -> None:
    assert isinstance(SOURCES["feed"], FeedSource)

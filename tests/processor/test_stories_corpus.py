"""Stories in real feeds: what one source writes again and again stays apart, what several tell comes together.

Run with `-s` to see every story that more than one source tells.
"""

import os
import warnings
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from contentsync.errors import NotAFeed
from contentsync.processor.packed import nearly_identical, pack
from contentsync.processor.stories import StoryIndex, Told
from contentsync.processor.summaries import own_paragraphs, summary_of
from contentsync.processor.terms import terms_of
from contentsync.sources.base import Entry, Fetched
from contentsync.sources.feed import FeedSource

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / os.environ.get("CORPUS", "../shared/corpus") / "feeds"
UNDATED = datetime(2000, 1, 1, tzinfo=UTC)

pytestmark = [
    pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}; set CORPUS"),
    pytest.mark.slow,
    pytest.mark.timeout(120),
]


@cache
def entries() -> list[tuple[str, Entry]]:
    """Every entry with the name of its feed, the oldest first; one that several feeds hold alike counts once."""
    found: dict[tuple[str | None, str], tuple[str, Entry]] = {}
    source = FeedSource()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in sorted(CORPUS.rglob("*")):
            if not path.is_file():
                continue
            url = f"https://corpus.example/{path.name}"
            try:
                document = source.parse(Fetched(url=url, status=200, headers=(), body=path.read_bytes(), body_hash=""))
            except NotAFeed:
                continue
            for entry in document.entries:
                found.setdefault((entry.link, entry.title), (path.name, entry))
    return sorted(found.values(), key=lambda pair: pair[1].published_at or UNDATED)


def test_real_feeds() -> None:
    index, told, ids = StoryIndex(), {}, {name: n for n, name in enumerate(sorted({name for name, _ in entries()}))}
    for number, (name, entry) in enumerate(entries()):
        paragraphs = own_paragraphs(entry.summary_html, title=entry.title)
        terms = terms_of(entry.title, summary_of(entry.title, paragraphs, language=None))
        told[number] = Told(number, ids[name], entry.published_at or UNDATED, terms)
        index.add(told[number])
    gathered: dict[int | None, list[Told]] = {}
    for number, one in told.items():
        gathered.setdefault(index.story_of(number), []).append(one)
    assert len(told) > 2_000
    shared = [items for items in gathered.values() if len({one.source_id for one in items}) > 1]
    for items in shared:
        print("--", *(f"   {entries()[one.item_id][1].title}" for one in items), sep="\n")
    # Three newsrooms and more wrote of these talks on the same two days, in words of their own.
    talks = [items for items in shared if "nuclear talks" in entries()[items[0].item_id][1].title]
    assert max(len({one.source_id for one in items}) for items in talks) >= 4
    for items in gathered.values():
        for one in items:
            same = [other for other in items if other.source_id == one.source_id and other is not one]
            assert not same or any(nearly_identical(pack(one.terms), pack(other.terms)) for other in same)
    # Almost every real item stands for itself: a wrong merge would hide it.
    assert len(gathered) > 0.97 * len(told)

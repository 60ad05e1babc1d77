"""Histories of real feeds, replayed in the order of their time over some days.

The corpus holds each feed as it was at one moment: some tell of a day, some of ten years, and no two of the same week
but for newsrooms that were read together. So time is stretched: what a feed tells is spread over the days in its own
order, evenly; feeds whose whole history lies within the same week are stretched together, so that they still tell the
same news at the same time. Entries without a date come in the order of their feed, the last one first.
"""

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from contentsync.errors import NotAFeed
from contentsync.processor.summaries import own_paragraphs
from contentsync.sources.base import Document, Entry, Fetched
from contentsync.sources.feed import FeedSource

LEAST_ENTRIES = 5
"""Feeds with fewer tell no history."""
WAVE = timedelta(days=7)
PLANET_EVERY, PLANET_DELAY = 6, timedelta(hours=20)
PLANET = "Planet Corpus, Every Good Post Of Your Best Old Friends"
EDITED_EVERY, EDIT_DELAY = 25, timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Told:
    """An entry and when it is published. `key` is the same for all who tell it: the planet, and its own edits."""

    at: datetime
    entry: Entry
    key: str
    text: str

    @property
    def title(self) -> str:
        """The entry's title."""
        return self.entry.title


@dataclass(frozen=True, slots=True)
class History:
    """What a feed tells, the oldest first."""

    title: str
    language: str | None
    told: tuple[Told, ...]


def read_corpus(folder: Path) -> list[Document]:
    """The feeds of the corpus that tell enough; of several readings of one feed the longest."""
    longest: dict[str, Document] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        body = path.read_bytes()
        try:
            document = FeedSource().parse(Fetched("https://corpus.example/feed", 200, (), body, ""))
        except NotAFeed:
            continue
        name = document.title or path.name
        known = longest.get(name)
        if len(document.entries) >= LEAST_ENTRIES and (known is None or len(known.entries) < len(document.entries)):
            longest[name] = document
    return [longest[name] for name in sorted(longest)]


def stretched(documents: Sequence[Document], *, start: datetime, days: int) -> list[History]:
    """The history of each document over these days; the last one is a planet, which tells what others told again."""
    chance = random.Random(3)
    histories: list[History | None] = [None] * len(documents)
    for wave in _waves(documents):
        places = sorted(
            ((entry.published_at or start, -index, number) for number in wave
             for index, entry in enumerate(documents[number].entries))
        )  # fmt: skip
        gap = timedelta(days=days) / len(places)
        told: dict[int, list[Told]] = {number: [] for number in wave}
        for place, (_, index, number) in enumerate(places):
            at = start + gap * (place + chance.random())
            told[number].append(_told(documents[number].entries[-index], at.replace(microsecond=0), number))
        for number in wave:
            document = documents[number]
            histories[number] = History(document.title, document.language, tuple(told[number]))
    every = [history for history in histories if history is not None]
    return [*every, _planet(every)]


def edited(history: History) -> list[Told]:
    """Entries that get another title some hours after they came, and another mark in their link."""
    return [
        replace(
            one,
            at=one.at + EDIT_DELAY,
            entry=replace(one.entry, title=f"{one.title} (corrected)", link=_marked(one.entry.link, "fbclid=feed")),
        )
        for one in history.told[::EDITED_EVERY]
    ]


def _told(entry: Entry, at: datetime, number: int) -> Told:
    key = f"{number}/{entry.external_id}"
    text = " ".join(own_paragraphs(entry.summary_html, title=entry.title))[:600]
    return Told(at, replace(entry, published_at=at, updated_at=None), key, text)


def _planet(histories: Iterable[History]) -> History:
    """A feed of other people's posts, under links of its own, and with names before and behind their titles."""
    told = [
        replace(
            one,
            at=one.at + PLANET_DELAY,
            entry=replace(
                one.entry,
                external_id=hashlib.sha256(one.key.encode()).hexdigest(),
                title=f"{history.title}: {one.title} | {PLANET}",
                link=_marked(one.entry.link, "utm_source=planet&utm_medium=rss"),
                published_at=one.at + PLANET_DELAY,
            ),
        )
        for history in histories
        for one in history.told[::PLANET_EVERY]
        if one.entry.link
    ]
    return History(PLANET, None, tuple(sorted(told, key=lambda one: one.at)))


def _marked(link: str | None, mark: str) -> str | None:
    if link is None:
        return None
    page, hash_mark, fragment = link.partition("#")
    return f"{page}{'&' if '?' in page else '?'}{mark}{hash_mark}{fragment}"


def _waves(documents: Sequence[Document]) -> list[list[int]]:
    """The documents by number; those of one week together, each other alone."""
    spans = []
    waves = []
    for number, document in enumerate(documents):
        times = [entry.published_at for entry in document.entries if entry.published_at]
        if len(times) == len(document.entries) and max(times) - min(times) <= WAVE:
            spans.append((min(times), max(times), number))
        else:
            waves.append([number])
    together: list[tuple[datetime, list[int]]] = []
    for begin, end, number in sorted(spans):
        if together and begin <= together[-1][0]:
            last, numbers = together[-1]
            together[-1] = (max(last, end), [*numbers, number])
        else:
            together.append((end, [number]))
    return [*waves, *(numbers for _, numbers in together)]

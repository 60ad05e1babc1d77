"""How fast new items are given their stories when a million items are there already."""

import asyncio
import itertools
import random
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contentsync.db import stories
from contentsync.db.engine import Database
from contentsync.db.models import Source
from contentsync.db.schema import migrate
from contentsync.processor.activities import CHUNK_ITEMS, process
from contentsync.processor.language import LanguageGuesser
from contentsync.processor.placing import StoryPlacer
from tests.bench.lines import Line

HISTORY = 1_000_000
HISTORY_DAYS = 100
"""So that a day has 10,000 items, and a week more than the index holds."""
RECENT = HISTORY // HISTORY_DAYS * 8
"""Items of the days that the index holds, and one more."""
NEW = 10_000
SOURCES = 2_000
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)

_INSERT = (
    "INSERT INTO item (source_id, external_id, link, canonical_link, title, summary_html, summary_text, media_kind,"
    " language, first_seen_at, sort_at, content_hash, story_id, story_revision, processed_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 'article', ?, ?, ?, 'h', ?, 0, ?)"
)


async def assign(folder: Path) -> list[Line]:
    """Items per second: finding their stories and writing them down; and with language, text and link before it."""
    path = folder / "stories.db"
    database = Database(f"sqlite+aiosqlite:///{path}")
    await migrate(database)
    async with database.write() as session:
        session.add_all(
            Source(kind="feed", key=str(n), url=f"https://s{n}.example/", language="en") for n in range(SOURCES)
        )
    await asyncio.to_thread(_fill, path)
    placer = StoryPlacer(database)
    # The index is filled once in the life of a process; the first item pays for it.
    filled, _ = await _place_new(placer, database, path, 1, 0)
    placing, processing = await _place_new(placer, database, path, NEW, 1)
    await database.close()
    return [
        Line("stories", NEW / placing, "items/s"),
        Line("stories-with-language", NEW / (placing + processing), "items/s"),
        Line("stories-start", filled, "s"),
    ]


async def _place_new(placer: StoryPlacer, database: Database, path: Path, count: int, seed: int) -> tuple[float, float]:
    """Seconds that finding and storing the stories of so many new items takes, and what goes before it."""
    await asyncio.to_thread(_add_new, path, count, seed)
    guesser = LanguageGuesser()
    guesser.guess("A sentence that is long enough to load the model.")
    placing = processing = 0.0
    placed = last_id = 0
    while placed < count:
        began = time.monotonic()
        async with database.read() as session:
            items = await stories.list_unprocessed(session, after_id=last_id, limit=CHUNK_ITEMS)
        prepared = await asyncio.to_thread(process, items, guesser, NOW)
        middle = time.monotonic()
        placed += await placer.place(prepared, now=NOW)
        processing, placing = processing + middle - began, placing + time.monotonic() - middle
        last_id = items[-1].id
    return placing, processing


class _Writer:
    """Invents items: words as rare as in real text, two items of three about something that others tell, too."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        letters = "abcdefghijklmnopqrstuvwxyz"
        names = random.Random(0)
        self._words = ["".join(names.choices(letters, k=names.randint(3, 10))) for _ in range(60_000)]
        self._bounds = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(self._words))))

    def item(self, number: int, spread: int) -> tuple[int, str, str]:
        """The number of its source, a title and a summary; its subject is one of about `spread` around `number`."""
        subject = random.Random(number + self._random.randrange(spread))
        about = [subject.choice(self._words).capitalize() for _ in range(4)]
        filler = self._random.choices(self._words, cum_weights=self._bounds, k=28)
        title = " ".join([*about[:2], *filler[:3], about[2], *filler[3:5], about[3]])
        return self._random.randrange(SOURCES) + 1, title, " ".join([*filler[5:], *about])


def _fill(path: Path) -> None:
    writer, step = _Writer(1), timedelta(days=HISTORY_DAYS) / HISTORY
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        seen = f"{NOW:%Y-%m-%d %H:%M:%S.%f}"
        connection.executemany(
            "INSERT INTO story (id, key, first_seen_at) VALUES (?, ?, ?)",
            ((number + 1, f"//example.org/{number}", seen) for number in range(HISTORY)),
        )
        connection.executemany(
            "INSERT INTO story_link (key, story_id) VALUES (?, ?)",
            ((f"//example.org/{number}", number + 1) for number in range(HISTORY)),
        )
        rows = []
        for number in range(HISTORY):
            at = f"{NOW - step * (HISTORY - number):%Y-%m-%d %H:%M:%S.%f}"
            if number < HISTORY - RECENT:  # nobody reads its words again
                source, title, summary = number % SOURCES + 1, f"Title {number}", "As long as a summary is. " * 8
            else:
                source, title, summary = writer.item(number, 10)
            link = f"https://example.org/{number}"
            rows.append((source, str(number), link, link, title, "", summary, "en", at, at, number + 1, at))
            if len(rows) == 10_000:
                connection.executemany(_INSERT, rows)
                rows.clear()
    connection.close()


def _add_new(path: Path, count: int, seed: int) -> None:
    writer, at = _Writer(2 + seed), f"{NOW - timedelta(minutes=1):%Y-%m-%d %H:%M:%S.%f}"
    with sqlite3.connect(path) as connection:
        connection.executemany(
            _INSERT,
            (
                (source, f"new-{seed}-{number}", f"https://example.org/new-{seed}-{number}", None, title,
                 f"<p>{summary}</p>", "", None, at, at, None, None)
                for number in range(count)
                for source, title, summary in (writer.item(HISTORY - number // 2, 100),)
            ),
        )  # fmt: skip
    connection.close()

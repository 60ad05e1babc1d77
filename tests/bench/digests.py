"""How fast the digests of many people are chosen and frozen. Nothing is sent: that takes as long as Telegram allows."""

import asyncio
import random
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contentsync.app import settle
from contentsync.bot.client import open_bot
from contentsync.bot.digest_activities import SENT_AT_ONCE, DigestActivities
from contentsync.db import digests
from contentsync.db.engine import Database
from contentsync.db.schema import migrate
from contentsync.processor.features import Facts, features_of
from tests.bench.lines import Line

PEOPLE = 1_000
SOURCES = 1_000
ITEMS_OF_SOURCE = 50
"""In the days that a digest looks at."""
FOLLOWED = 100
"""Sources a person follows: 5,000 candidates."""
SENT_DIGESTS = 5
"""Earlier digests of each person, of ten items each: two of them liked, one disliked, three opened."""
RULES_EACH = 10
"""Every tenth person has a rule."""
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
LEASE = "bench"


async def thousand(folder: Path, *, people: int = PEOPLE, followed: int = FOLLOWED) -> list[Line]:
    """Seconds until the digests of so many people are frozen, their decisions written down; one process, cold."""
    path = folder / "digests.db"
    database = Database(f"sqlite+aiosqlite:///{path}")
    await migrate(database)
    await asyncio.to_thread(_fill, path, people, followed)
    bot = open_bot("1:bench", "http://127.0.0.1:9")
    activities = DigestActivities(database, bot)
    async with database.write() as session:
        await digests.open_due(session, now=NOW, lease_id=LEASE, limit=people)
        ids = await digests.list_leased(session, lease_id=LEASE)
        claimed = await digests.claim(session, digest_ids=ids, lease_id=LEASE, token=f"{LEASE}.1", now=NOW)
    settle()  # as the product does
    limit = asyncio.Semaphore(SENT_AT_ONCE)

    async def build(digest_id: int) -> bool:
        async with limit:
            async with database.read() as session:
                found = await digests.get_claimed(session, digest_id=digest_id, token=f"{LEASE}.1")
            assert found is not None
            return await activities.build(*found, token=f"{LEASE}.1", clock=lambda: NOW)

    began, used = time.monotonic(), time.process_time()
    built = await asyncio.gather(*(build(digest_id) for digest_id in claimed))
    seconds, cpu = time.monotonic() - began, time.process_time() - used
    assert sum(built) == people
    await _check(database, people, followed)
    await bot.session.close()
    await database.close()
    return [Line("digests-1000", seconds, "s"), Line("digests-1000-cpu", cpu, "s")]


async def _check(database: Database, people: int, followed: int) -> None:
    async with database.engine.connect() as connection:
        entries = (
            await connection.exec_driver_sql(
                "SELECT count(*) FROM digest_entry e JOIN digest d ON d.id = e.digest_id WHERE d.state = 'frozen'"
            )
        ).scalar()
        size = (await connection.exec_driver_sql("SELECT avg(length(packed)) FROM decision")).scalar()
    assert entries == 10 * people
    assert size is not None
    assert float(size) / (followed * ITEMS_OF_SOURCE) < 6


def _fill(path: Path, people: int, followed: int) -> None:
    chance = random.Random(4)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        _insert(
            connection,
            "source (id, kind, key, url, title, preview, interval_minutes, state, failures, absent_count, moved_count,"
            " last_error_params, created_at)",
            (
                (n, "feed", str(n), f"https://s{n}.example/", f"Source {n}", "[]", 60, "healthy", 0, 0, 0, "{}", _at(0))
                for n in range(1, SOURCES + 1)
            ),
        )
        _insert(
            connection,
            "story (id, key, first_seen_at)",
            ((n, str(n), _at(0)) for n in range(1, SOURCES * ITEMS_OF_SOURCE + 1)),
        )
        _insert(
            connection,
            "item (id, source_id, external_id, link, canonical_link, title, summary_html, summary_text, media_kind,"
            " language, published_at, first_seen_at, sort_at, content_hash, story_id, story_revision, word_count,"
            " features, processed_at)",
            _items(chance),
        )
        _insert(
            connection,
            "subscriber (id, chat_id, name, is_owner, language, time_zone, digest_minute, digest_size, paused,"
            " next_digest_at, dialog_open, created_at)",
            ((n, n, "", 0, "en", "UTC", 480, 10, 0, _at(4), 0, _at(0)) for n in range(1, people + 1)),
        )
        for person in range(1, people + 1):
            _fill_person(connection, chance, person, followed)
    connection.close()


def _items(chance: random.Random) -> Iterator[tuple[Any, ...]]:
    """Items over 13 days; every tenth tells the story of another source's."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chance.choices(letters, k=chance.randint(3, 10))) for _ in range(20_000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    for number in range(1, SOURCES * ITEMS_OF_SOURCE + 1):
        source = number % SOURCES + 1
        text = chance.choices(words, weights, k=34) if number % 100 == 1 else chance.choices(words, k=34)
        title, summary = " ".join(text[:9]), " ".join(text[9:])
        facts = Facts(title, summary, source, None, "article", "en", 600, None)
        at = _at(13 * 24 * chance.random())
        story = number - 1 if number % 10 == 0 else number
        link = f"https://example.org/{number}"
        yield (
            number, source, str(number), link, link, title, "", summary, "article", "en", at, at, at, "h", story, 0,
            600, features_of(facts), at,
        )  # fmt: skip


def _fill_person(connection: sqlite3.Connection, chance: random.Random, person: int, followed: int) -> None:
    sources = chance.sample(range(1, SOURCES + 1), followed)
    _insert(
        connection,
        "subscription (subscriber_id, source_id, origin, with_shorts, with_live, created_at)",
        ((person, source, "link", 1, 1, _at(24 * 60)) for source in sources),
    )
    taken = chance.sample(range(0, followed * ITEMS_OF_SOURCE), SENT_DIGESTS * 10)
    # Items of a source are `SOURCES` apart.
    items = [sources[place % followed] - 1 + SOURCES * (place // followed) or SOURCES for place in taken]
    for digest in range(SENT_DIGESTS):
        number = (person - 1) * SENT_DIGESTS + digest + 1
        at = _at(24 * (digest + 2))
        _insert(
            connection,
            "digest (id, subscriber_id, slot, state, due_at, created_at, finished_at)",
            [(number, person, f"old-{digest}", "sent", at, at, at)],
        )
        mine = items[digest * 10 : digest * 10 + 10]
        _insert(
            connection,
            "digest_entry (digest_id, subscriber_id, item_id, story_id, position, is_update, score, reasons)",
            (
                (number, person, item, item - 1 if item % 10 == 0 else item, place, 0, 1.0, "[]")
                for place, item in enumerate(mine, 1)
            ),
        )
        values = [("rating", 1), ("rating", 1), ("rating", -1), ("opened", 1), ("opened", 1), ("opened", 1)]
        _insert(
            connection,
            "feedback (subscriber_id, item_id, kind, value, created_at)",
            ((person, item, kind, value, at) for item, (kind, value) in zip(mine, values, strict=False)),
        )
    _insert(connection, "topic (subscriber_id, text, language, created_at)", [(person, "Climate policy", "en", _at(0))])
    if person % RULES_EACH == 0:
        _insert(
            connection,
            "rule (subscriber_id, action, kind, pattern, created_at)",
            [(person, "mute", "words", "nothing like this", _at(0))],
        )


def _insert(connection: sqlite3.Connection, into: str, rows: Any) -> None:
    marks = ", ".join("?" * (into.count(",") + 1))
    connection.executemany(f"INSERT OR IGNORE INTO {into} VALUES ({marks})", rows)


def _at(hours_ago: float) -> str:
    return f"{NOW - timedelta(hours=hours_ago):%Y-%m-%d %H:%M:%S.%f}"

"""Databases with something in them: a file per test, and people, sources and items to fill it with."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlmodel import create_engine

from contentsync.db.base import Base
from contentsync.db.engine import Database
from contentsync.db.models import Item, Source, Story, Subscriber, Subscription

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
"""The moment most tests live in, a Sunday."""


@asynccontextmanager
async def sqlite_database(directory: Path) -> AsyncIterator[Database]:
    """A SQLite file with all tables, closed at the end."""
    database = new_database(directory / "test.db")
    yield database
    await database.close()


def new_database(path: Path) -> Database:
    """A SQLite file with all tables and nothing in them."""
    path.write_bytes(_all_tables())
    return Database(f"sqlite+aiosqlite:///{path}")


@cache
def _all_tables() -> bytes:
    """Such a file: writing it is much faster than making 25 tables."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        engine = create_engine(f"sqlite:///{path}")
        Base.metadata.create_all(engine)
        engine.dispose()
        return path.read_bytes()


async def add_subscriber(db: Database, chat_id: int = 1, **values: Any) -> int:
    """A person; gives their id."""
    return await _add(db, Subscriber(chat_id=chat_id, **values))


async def add_source(
    db: Database, title: str = "Example", *, followers: tuple[int, ...] = (), since: datetime = NOW, **values: Any
) -> int:
    """A pulled source and who follows it since when; gives its id."""
    url = f"https://{title.lower()}.example/feed"
    source_id = await _add(db, Source(**{"kind": "feed", "key": url, "url": url, "title": title, **values}))
    async with db.write() as session:
        session.add_all(
            Subscription(subscriber_id=follower, source_id=source_id, created_at=since) for follower in followers
        )
    return source_id


async def add_item(
    db: Database,
    source_id: int,
    name: str,
    *,
    hours: float = 1,
    story_id: int | None = None,
    processed: bool = True,
    **values: Any,
) -> int:
    """An item so many hours old, of a story of its own unless one is given; gives its id."""
    seen_at = NOW - timedelta(hours=hours)
    if processed and story_id is None:
        story_id = await add_story(db, f"{source_id}/{name}")
    fields: dict[str, Any] = {
        "title": f"Title of {name}",
        "link": f"https://example.org/{name}",
        "content_hash": name,
        "first_seen_at": seen_at,
        "published_at": values.get("sort_at", seen_at),
        "sort_at": seen_at,
        "processed_at": NOW if processed else None,
    }
    return await _add(db, Item(source_id=source_id, external_id=name, story_id=story_id, **{**fields, **values}))


async def add_story(db: Database, key: str) -> int:
    """A story; gives its id."""
    return await _add(db, Story(key=key, first_seen_at=NOW))


async def _add(db: Database, row: Any) -> int:
    async with db.write() as session:
        session.add(row)
        await session.flush()
        return int(row.id)

"""What the puller's tests share: a database with a follower, a web server, and everything a batch needs."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlmodel import col, select

from contentsync.credentials import Vault
from contentsync.db import sources
from contentsync.db.engine import Database
from contentsync.db.models import Item, RawDocument, Subscriber
from contentsync.db.models import Source as StoredSource
from contentsync.puller.activities import PullerActivities
from contentsync.settings import Settings
from contentsync.sources.base import Source
from contentsync.sources.feed import FeedSource
from contentsync.sources.http import canonical_key, open_client
from tests.fakes.web import FakeWeb
from tests.filling import new_database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def rss(*titles: str, title: str = "A feed", extra: str = "") -> str:
    """An RSS document with an item for each title, the guid being its first word."""
    items = "".join(
        f"<item><title>{one}</title><guid isPermaLink='false'>{one.split()[0]}</guid>"
        f"<link>http://example.org/{one.split()[0]}</link></item>"
        for one in titles
    )
    return f"<rss version='2.0'><channel><title>{title}</title>{extra}{items}</channel></rss>"


@dataclass
class World:
    """One instance: its parts, and shortcuts to set it up and look into it."""

    data_dir: Path
    db: Database
    client: httpx.AsyncClient
    vault: Vault
    web: FakeWeb
    subscriber_id: int
    kinds: dict[str, Source] = field(default_factory=lambda: {"feed": FeedSource()})

    def activities(self, **changes: Any) -> PullerActivities:
        """The puller's activities, as the program wires them; `changes` replace single parts."""
        settings = Settings(
            CONTENTSYNC_DATA_DIR=self.data_dir,
            CONTENTSYNC_MIN_PULL_INTERVAL_MINUTES=15,
            CONTENTSYNC_ALLOW_PRIVATE_NETWORKS=True,
            YOUTUBE_FEED_BASE_URL=self.web.url("/feeds/videos.xml"),
        )
        parts: dict[str, Any] = {
            "db": self.db,
            "vault": self.vault,
            "client": self.client,
            "settings": settings,
            "kinds": self.kinds,
            "gap_seconds": 0.0,
        }
        return PullerActivities(**(parts | changes))

    async def follow(self, *urls: str, kind: str = "feed") -> list[int]:
        """Sources with these URLs, followed and due at `NOW`."""
        ids = []
        async with self.db.write() as session:
            for url in urls:
                source_id = await sources.upsert_found(
                    session,
                    kind=kind,
                    key=canonical_key(url),
                    url=url,
                    title="",
                    site_url=None,
                    language=None,
                    preview=[],
                    now=NOW,
                )
                await sources.follow(session, subscriber_id=self.subscriber_id, source_id=source_id, now=NOW)
                ids.append(source_id)
        return ids

    async def source(self, source_id: int) -> StoredSource:
        """The source as it is stored now."""
        async with self.db.read() as session:
            return (await session.exec(select(StoredSource).where(col(StoredSource.id) == source_id))).one()

    async def items(self, source_id: int) -> list[Item]:
        """The stored items of a source, by external id."""
        async with self.db.read() as session:
            statement = select(Item).where(col(Item.source_id) == source_id).order_by(col(Item.external_id))
            return list(await session.exec(statement))

    async def titles(self, source_id: int) -> list[str]:
        """The titles of a source's items, by external id."""
        return [item.title for item in await self.items(source_id)]

    async def raw_documents(self) -> Sequence[RawDocument]:
        """All raw documents, oldest first."""
        async with self.db.read() as session:
            return (await session.exec(select(RawDocument).order_by(col(RawDocument.id)))).all()

    def archives(self) -> list[Path]:
        """All archive files."""
        return sorted((self.data_dir / "raw").rglob("*.warc.gz"))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A fresh instance with one subscriber."""
    db = new_database(tmp_path / "contentsync.db")
    async with db.write() as session:
        subscriber = Subscriber(chat_id=1)
        session.add(subscriber)
        await session.flush()
    assert subscriber.id is not None
    client = open_client(allow_private_networks=True)
    async with FakeWeb() as web:
        yield World(tmp_path, db, client, Vault([Fernet.generate_key().decode()]), web, subscriber.id)
        await client.aclose()
    await db.close()

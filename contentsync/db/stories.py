"""Items on their way to a digest: giving them a story, and showing them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Table, exists, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base
from contentsync.db.bulk import run_many, value
from contentsync.db.models import Source, Subscription

STORIES: Table = Base.metadata.tables["story"]
ITEMS: Table = Base.metadata.tables["item"]


@dataclass(frozen=True, slots=True)
class NewItem:
    """What the processor needs of an item it has not seen in this form. `content_hash` names the form."""

    id: int
    link: str | None
    title: str
    summary_html: str
    content_hash: str
    first_seen_at: datetime
    source_title: str
    source_language: str | None
    source_id: int
    sort_at: datetime
    author: str | None = None
    media_kind: str = "article"
    word_count: int | None = None
    duration_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class ProcessedItem:
    """What the processor found out about an item. `features`: `contentsync.processor.features`."""

    id: int
    content_hash: str
    canonical_link: str | None
    summary_text: str
    language: str | None
    features: bytes | None = None


@dataclass(frozen=True, slots=True)
class Featureless:
    """An item from before features were made, with all they are made of. `content_hash` names its form."""

    id: int
    content_hash: str
    title: str
    summary_text: str
    source_id: int
    author: str | None
    media_kind: str
    language: str | None
    word_count: int | None
    duration_seconds: int | None


@dataclass(frozen=True, slots=True)
class Telling:
    """An item as it is shown to a subscriber. `also_in`: other sources they follow that tell the story, by title."""

    item_id: int
    title: str
    link: str | None
    source_title: str
    published_at: datetime | None
    author: str | None
    summary_text: str
    media_kind: str
    duration_seconds: int | None = None
    word_count: int | None = None
    language: str | None = None
    also_in: tuple[str, ...] = ()


async def list_unprocessed(session: AsyncSession, *, after_id: int, limit: int) -> list[NewItem]:
    """Items without a story yet, or edited since they got it, with ids above `after_id`, ascending."""
    statement: Any = (
        select(
            ITEMS.c.id,
            ITEMS.c.link,
            ITEMS.c.title,
            ITEMS.c.summary_html,
            ITEMS.c.content_hash,
            ITEMS.c.first_seen_at,
            col(Source.title),
            col(Source.language),
            ITEMS.c.source_id,
            ITEMS.c.sort_at,
            ITEMS.c.author,
            ITEMS.c.media_kind,
            ITEMS.c.word_count,
            ITEMS.c.duration_seconds,
        )
        .join(Source, col(Source.id) == ITEMS.c.source_id)
        .where(ITEMS.c.processed_at.is_(None), ITEMS.c.id > after_id)
        .order_by(ITEMS.c.id)
        .limit(limit)
    )
    return [NewItem(*row) for row in await session.exec(statement)]


async def store_processed(
    session: AsyncSession,
    *,
    items: Sequence[ProcessedItem],
    story_ids: Mapping[int, int],
    revision: int,
    now: datetime,
) -> None:
    """Write down what the processor found out, and each item's story by the item's id.

    May run twice at once over the same items. An item that was edited meanwhile stays unprocessed.
    """
    rows = [
        {
            "id": item.id,
            "content_hash": item.content_hash,
            "canonical_link": item.canonical_link,
            "summary_text": item.summary_text,
            "language": item.language,
            "features": item.features,
            "story_id": story_ids[item.id],
            "story_revision": revision,
            "processed_at": now,
        }
        for item in sorted(items, key=lambda item: item.id)
    ]
    await run_many(session, _process, rows)


def _process(_engine: str) -> Any:
    found = ("canonical_link", "summary_text", "language", "features", "story_id", "story_revision", "processed_at")
    unchanged = (ITEMS.c.id == value("id")) & (ITEMS.c.content_hash == value("content_hash"))
    return update(ITEMS).where(unchanged).values({name: value(name) for name in found})


async def list_featureless(session: AsyncSession, *, after_id: int, limit: int) -> list[Featureless]:
    """Processed items that have no features yet, with ids above `after_id`, ascending."""
    statement: Any = (
        select(
            ITEMS.c.id,
            ITEMS.c.content_hash,
            ITEMS.c.title,
            ITEMS.c.summary_text,
            ITEMS.c.source_id,
            ITEMS.c.author,
            ITEMS.c.media_kind,
            ITEMS.c.language,
            ITEMS.c.word_count,
            ITEMS.c.duration_seconds,
        )
        .where(ITEMS.c.id > after_id, ITEMS.c.features.is_(None), ITEMS.c.processed_at.is_not(None))
        .order_by(ITEMS.c.id)
        .limit(limit)
    )
    return [Featureless(*row) for row in await session.exec(statement)]


async def store_features(session: AsyncSession, *, features: Mapping[int, bytes], forms: Mapping[int, str]) -> None:
    """Write down the features of items that still have the form (`content_hash`) they were made of."""
    rows = [{"id": id, "content_hash": forms[id], "features": features[id]} for id in sorted(features)]
    await run_many(session, _add_features, rows)


def _add_features(_engine: str) -> Any:
    unchanged = (ITEMS.c.id == value("id")) & (ITEMS.c.content_hash == value("content_hash"))
    return update(ITEMS).where(unchanged).values(features=value("features"))


async def is_processing(session: AsyncSession, *, subscriber_id: int, followed_since: datetime) -> bool:
    """Whether a source the subscriber follows only since then has items that wait for the processor."""
    waiting: Any = (
        select(ITEMS.c.id)
        .join(Subscription, col(Subscription.source_id) == ITEMS.c.source_id)
        .where(
            col(Subscription.subscriber_id) == subscriber_id,
            col(Subscription.created_at) >= followed_since,
            ITEMS.c.processed_at.is_(None),
        )
    )
    return (await session.exec(waiting.limit(1))).first() is not None


async def list_tellings(session: AsyncSession, *, subscriber_id: int, item_ids: Sequence[int]) -> list[Telling]:
    """These items as they are shown to the subscriber, in the order of the ids; unknown ids are left out."""
    statement: Any = (
        select(
            ITEMS.c.id,
            ITEMS.c.title,
            ITEMS.c.link,
            ITEMS.c.published_at,
            ITEMS.c.author,
            ITEMS.c.summary_text,
            ITEMS.c.media_kind,
            ITEMS.c.duration_seconds,
            ITEMS.c.word_count,
            ITEMS.c.language,
            ITEMS.c.story_id,
            ITEMS.c.source_id,
            col(Source.title).label("source_title"),
            col(Source.url).label("source_url"),
        )
        .join(Source, col(Source.id) == ITEMS.c.source_id)
        .where(ITEMS.c.id.in_(item_ids))
    )
    found = {row.id: row for row in await session.exec(statement)}
    also = await _sources_by_story(
        session, subscriber_id=subscriber_id, story_ids=[row.story_id for row in found.values() if row.story_id]
    )
    return [_telling(found[item_id], also) for item_id in item_ids if item_id in found]


async def _sources_by_story(
    session: AsyncSession, *, subscriber_id: int, story_ids: Sequence[int]
) -> dict[int, list[tuple[int, str]]]:
    """Of each story the followed sources that tell it: id and title, by title."""
    statement: Any = (
        select(ITEMS.c.story_id, col(Source.id), col(Source.title), col(Source.url))
        .join(Source, col(Source.id) == ITEMS.c.source_id)
        # A join would be answered from the subscriptions on, by way of all their items.
        .where(
            ITEMS.c.story_id.in_(story_ids),
            exists().where(
                col(Subscription.subscriber_id) == subscriber_id, col(Subscription.source_id) == ITEMS.c.source_id
            ),
        )
        .distinct()
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for story_id, source_id, title, url in await session.exec(statement):
        found.setdefault(story_id, []).append((source_id, _name(title, url)))
    return {story_id: sorted(sources, key=lambda source: source[1].casefold()) for story_id, sources in found.items()}


def _name(title: str, url: str) -> str:
    """What a source is called: its title, else its host."""
    return title.strip() or urlsplit(url).hostname or url


def _telling(row: Any, also: dict[int, list[tuple[int, str]]]) -> Telling:
    return Telling(
        item_id=row.id,
        title=row.title,
        link=row.link,
        source_title=_name(row.source_title, row.source_url),
        published_at=row.published_at,
        author=row.author,
        summary_text=row.summary_text,
        media_kind=row.media_kind,
        duration_seconds=row.duration_seconds,
        word_count=row.word_count,
        language=row.language,
        also_in=tuple(title for source_id, title in also.get(row.story_id or 0, []) if source_id != row.source_id),
    )

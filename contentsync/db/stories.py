"""Items on their way to a digest: giving them a story, offering them to a subscriber, and showing them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Table, and_, exists, func, or_, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base
from contentsync.db.bulk import run_many, value
from contentsync.db.models import DigestEntry, Item, Source, Subscription

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


@dataclass(frozen=True, slots=True)
class ProcessedItem:
    """What the processor found out about an item."""

    id: int
    content_hash: str
    canonical_link: str | None
    summary_text: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Offer:
    """An item a subscriber may be sent. `source_recent`: items of its source in the recent days, sent or not.

    `is_update`: its story was sent before and moved on since.
    """

    item_id: int
    story_id: int
    source_id: int
    sort_at: datetime
    source_recent: int
    is_update: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """An item as it is shown to a subscriber. `also_in`: other sources they follow that tell the story, by title.

    `is_update`: its story was sent before and moved on since.
    """

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
    is_update: bool = False


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
            "story_id": story_ids[item.id],
            "story_revision": revision,
            "processed_at": now,
        }
        for item in sorted(items, key=lambda item: item.id)
    ]
    await run_many(session, _process, rows)


def _process(_engine: str) -> Any:
    found = ("canonical_link", "summary_text", "language", "story_id", "story_revision", "processed_at")
    unchanged = (ITEMS.c.id == value("id")) & (ITEMS.c.content_hash == value("content_hash"))
    return update(ITEMS).where(unchanged).values({name: value(name) for name in found})


async def list_offers(
    session: AsyncSession, *, subscriber_id: int, recent_since: datetime, latest_of_new: int, limit: int
) -> list[Offer]:
    """What a subscriber may be sent: processed items of sources they follow, never an item or story they were sent.

    Recent ones (`sort_at` from `recent_since` on), the newest `limit` of them. A source they follow only since
    `recent_since` or later also offers its latest `latest_of_new` items however old they are, so that the first digest
    is not empty; sent ones count among these, so that no further ones move up.
    """
    offered: Any = (
        select(ITEMS.c.id, ITEMS.c.story_id, ITEMS.c.source_id, ITEMS.c.sort_at)
        .join(Subscription, col(Subscription.source_id) == ITEMS.c.source_id)
        .where(
            col(Subscription.subscriber_id) == subscriber_id,
            ITEMS.c.processed_at.is_not(None),
            ITEMS.c.story_id.is_not(None),
            is_wanted(),
        )
    )
    recent = offered.where(ITEMS.c.sort_at >= recent_since, *_unsent(subscriber_id, ITEMS))
    place = func.row_number().over(partition_by=ITEMS.c.source_id, order_by=(ITEMS.c.sort_at.desc(), ITEMS.c.id))
    latest = offered.add_columns(place.label("place")).where(col(Subscription.created_at) >= recent_since).subquery()
    older: Any = select(latest.c.id, latest.c.story_id, latest.c.source_id, latest.c.sort_at).where(
        latest.c.place <= latest_of_new, latest.c.sort_at < recent_since, *_unsent(subscriber_id, latest)
    )
    counts = await count_recent(session, subscriber_id=subscriber_id, since=recent_since)
    rows: list[Any] = [
        *await session.exec(recent.order_by(ITEMS.c.sort_at.desc(), ITEMS.c.id).limit(limit)),
        *await session.exec(older.order_by(latest.c.sort_at.desc(), latest.c.id)),
    ]
    return [
        Offer(row.id, row.story_id, row.source_id, row.sort_at, counts.get(row.source_id, 0)) for row in rows[:limit]
    ]


def is_wanted() -> Any:
    """Whether the subscription takes Shorts and live streams, where the item is one."""
    return and_(
        or_(col(Subscription.with_shorts), ITEMS.c.media_kind != "short"),
        or_(col(Subscription.with_live), ITEMS.c.media_kind != "live"),
    )


def _unsent(subscriber_id: int, items: Any) -> tuple[Any, Any]:
    mine = col(DigestEntry.subscriber_id) == subscriber_id
    return (
        ~exists().where(mine, col(DigestEntry.item_id) == items.c.id),
        ~exists().where(mine, col(DigestEntry.story_id) == items.c.story_id),
    )


async def count_recent(session: AsyncSession, *, subscriber_id: int, since: datetime) -> dict[int, int]:
    """Wanted items from `since` on of each source the subscriber follows, sent or not; by source."""
    statement: Any = (
        select(ITEMS.c.source_id, func.count())
        .join(Subscription, col(Subscription.source_id) == ITEMS.c.source_id)
        .where(col(Subscription.subscriber_id) == subscriber_id, ITEMS.c.sort_at >= since, is_wanted())
        .group_by(ITEMS.c.source_id)
    )
    return {row[0]: row[1] for row in await session.exec(statement)}


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


async def list_tellings(
    session: AsyncSession, *, subscriber_id: int, item_ids: Sequence[int], updates: Collection[int] = ()
) -> list[Telling]:
    """These items as they are shown to the subscriber, in the order of the ids; unknown ids are left out.

    `updates`: those of them that are about to be sent as updates; the ones that were are known.
    """
    statement: Any = (
        select(Item, Source).join(Source, col(Source.id) == col(Item.source_id)).where(col(Item.id).in_(item_ids))
    )
    found = {item.id: (item, source) for item, source in await session.exec(statement)}
    also = await _sources_by_story(
        session, subscriber_id=subscriber_id, story_ids=[item.story_id for item, _ in found.values() if item.story_id]
    )
    marked: Any = select(col(DigestEntry.item_id)).where(
        col(DigestEntry.subscriber_id) == subscriber_id,
        col(DigestEntry.item_id).in_(item_ids),
        col(DigestEntry.is_update),
    )
    sent_as_updates = {*(await session.exec(marked)).scalars(), *updates}
    return [
        _telling(*found[item_id], also, is_update=item_id in sent_as_updates)
        for item_id in item_ids
        if item_id in found
    ]


async def _sources_by_story(
    session: AsyncSession, *, subscriber_id: int, story_ids: Sequence[int]
) -> dict[int, list[tuple[int, str]]]:
    """Of each story the followed sources that tell it: id and title, by title."""
    statement: Any = (
        select(ITEMS.c.story_id, col(Source.id), col(Source.title), col(Source.url))
        .join(Source, col(Source.id) == ITEMS.c.source_id)
        .join(Subscription, col(Subscription.source_id) == ITEMS.c.source_id)
        .where(col(Subscription.subscriber_id) == subscriber_id, ITEMS.c.story_id.in_(story_ids))
        .distinct()
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for story_id, source_id, title, url in await session.exec(statement):
        found.setdefault(story_id, []).append((source_id, _name(title, url)))
    return {story_id: sorted(sources, key=lambda source: source[1].casefold()) for story_id, sources in found.items()}


def _name(title: str, url: str) -> str:
    """What a source is called: its title, else its host."""
    return title.strip() or urlsplit(url).hostname or url


def _telling(item: Item, source: Source, also: dict[int, list[tuple[int, str]]], *, is_update: bool) -> Telling:
    others = also.get(item.story_id or 0, [])
    return Telling(
        item_id=item.id or 0,
        title=item.title,
        link=item.link,
        source_title=_name(source.title, source.url),
        published_at=item.published_at,
        author=item.author,
        summary_text=item.summary_text,
        media_kind=item.media_kind,
        duration_seconds=item.duration_seconds,
        word_count=item.word_count,
        language=item.language,
        also_in=tuple(title for source_id, title in others if source_id != source.id),
        is_update=is_update,
    )

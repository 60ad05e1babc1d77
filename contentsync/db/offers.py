"""What may go into digests: items as ranking looks at them, in plain rows that many subscribers share."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.models import DigestEntry, Subscription
from contentsync.db.stories import ITEMS

IDS_AT_ONCE = 500
"""Of ids in one statement."""


class Follow(NamedTuple):
    """A source that a subscriber follows, and which kinds of its items they want."""

    source_id: int
    followed_at: datetime
    with_shorts: bool
    with_live: bool

    def wants(self, media_kind: str) -> bool:
        """Whether the subscription takes items of this kind."""
        return (self.with_shorts or media_kind != "short") and (self.with_live or media_kind != "live")


class OfferRow(NamedTuple):
    """A processed item. `features` None: not made yet."""

    item_id: int
    story_id: int
    source_id: int
    sort_at: datetime
    media_kind: str
    author: str | None
    language: str | None
    word_count: int | None
    duration_seconds: int | None
    features: bytes | None


class TextRow(NamedTuple):
    """What rules look at."""

    item_id: int
    source_id: int
    title: str
    summary: str
    author: str | None
    language: str | None


class SentRow(NamedTuple):
    """An item that was in a digest of the subscriber, and its story now."""

    item_id: int
    story_id: int | None
    is_update: bool


_COLUMNS = (
    ITEMS.c.id,
    ITEMS.c.story_id,
    ITEMS.c.source_id,
    ITEMS.c.sort_at,
    ITEMS.c.media_kind,
    ITEMS.c.author,
    ITEMS.c.language,
    ITEMS.c.word_count,
    ITEMS.c.duration_seconds,
    ITEMS.c.features,
)
_IS_PROCESSED = and_(ITEMS.c.processed_at.is_not(None), ITEMS.c.story_id.is_not(None))


async def list_follows(session: AsyncSession, *, subscriber_id: int) -> list[Follow]:
    """What the subscriber follows, by source."""
    statement: Any = (
        select(
            col(Subscription.source_id),
            col(Subscription.created_at),
            col(Subscription.with_shorts),
            col(Subscription.with_live),
        )
        .where(col(Subscription.subscriber_id) == subscriber_id)
        .order_by(col(Subscription.source_id))
    )
    return [Follow(*row) for row in await session.exec(statement)]


async def list_sent(session: AsyncSession, *, subscriber_id: int) -> list[SentRow]:
    """Everything the subscriber was ever sent, the first first."""
    statement: Any = (
        select(col(DigestEntry.item_id), col(DigestEntry.story_id), col(DigestEntry.is_update))
        .where(col(DigestEntry.subscriber_id) == subscriber_id)
        .order_by(col(DigestEntry.id))
    )
    return [SentRow(*row) for row in await session.exec(statement)]


async def list_recent(session: AsyncSession, *, source_ids: Collection[int], since: datetime) -> list[OfferRow]:
    """Processed items of these sources from `since` on."""
    found: list[OfferRow] = []
    ordered = sorted(source_ids)
    for start in range(0, len(ordered), IDS_AT_ONCE):
        statement: Any = select(*_COLUMNS).where(
            ITEMS.c.source_id.in_(ordered[start : start + IDS_AT_ONCE]), ITEMS.c.sort_at >= since, _IS_PROCESSED
        )
        found += [OfferRow(*row) for row in await session.exec(statement)]
    return found


async def list_changed(session: AsyncSession, *, after_revision: int) -> list[OfferRow]:
    """Processed items that were given a story, or another one, after this `StoryClock.revision`."""
    statement: Any = select(*_COLUMNS).where(ITEMS.c.story_revision > after_revision, _IS_PROCESSED)
    return [OfferRow(*row) for row in await session.exec(statement)]


async def list_latest(
    session: AsyncSession, *, subscriber_id: int, followed_since: datetime, before: datetime, count: int
) -> list[OfferRow]:
    """Of each source the subscriber follows only from `followed_since` on, those of its latest `count` wanted items
    that are older than `before`."""
    place = func.row_number().over(partition_by=ITEMS.c.source_id, order_by=(ITEMS.c.sort_at.desc(), ITEMS.c.id))
    latest = (
        select(*_COLUMNS, place.label("place"))
        .join(Subscription, col(Subscription.source_id) == ITEMS.c.source_id)
        .where(
            col(Subscription.subscriber_id) == subscriber_id,
            col(Subscription.created_at) >= followed_since,
            or_(col(Subscription.with_shorts), ITEMS.c.media_kind != "short"),
            or_(col(Subscription.with_live), ITEMS.c.media_kind != "live"),
            _IS_PROCESSED,
        )
        .subquery()
    )
    columns = [latest.c[column.name] for column in _COLUMNS]
    statement: Any = select(*columns).where(latest.c.place <= count, latest.c.sort_at < before)
    return [OfferRow(*row) for row in await session.exec(statement)]


async def list_texts(session: AsyncSession, *, item_ids: Collection[int]) -> list[TextRow]:
    """What these items say."""
    found: list[TextRow] = []
    ordered = sorted(item_ids)
    for start in range(0, len(ordered), IDS_AT_ONCE):
        statement: Any = select(
            ITEMS.c.id, ITEMS.c.source_id, ITEMS.c.title, ITEMS.c.summary_text, ITEMS.c.author, ITEMS.c.language
        ).where(ITEMS.c.id.in_(ordered[start : start + IDS_AT_ONCE]))
        found += [TextRow(*row) for row in await session.exec(statement)]
    return found


async def list_features(session: AsyncSession, *, before: datetime, limit: int) -> list[bytes]:
    """The features of the latest items before this moment."""
    statement: Any = (
        select(ITEMS.c.features)
        .where(ITEMS.c.sort_at < before, ITEMS.c.features.is_not(None))
        .order_by(ITEMS.c.sort_at.desc(), ITEMS.c.id.desc())
        .limit(limit)
    )
    return list((await session.exec(statement)).scalars())

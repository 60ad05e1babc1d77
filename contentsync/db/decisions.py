"""What became of the candidates of digests, and finding an item that somebody asks about."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, exists, or_, select
from sqlmodel import col, delete
from sqlmodel import select as select_rows
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base, insert
from contentsync.db.models import DigestEntry, Item, Source, Subscription
from contentsync.db.taste_models import Decision

DECISIONS: Table = Base.metadata.tables["decision"]


@dataclass(frozen=True, slots=True)
class KnownItem:
    """An item of a source that the subscriber follows since `followed_at`; None: no longer, but they were sent it."""

    item_id: int
    source_id: int
    story_id: int | None
    title: str
    link: str | None
    canonical_link: str | None
    source_title: str
    media_kind: str
    sort_at: datetime
    first_seen_at: datetime
    processed_at: datetime | None
    followed_at: datetime | None
    with_shorts: bool | None
    with_live: bool | None


async def store(
    session: AsyncSession, *, digest_id: int, subscriber_id: int, decided_at: datetime, packed: bytes
) -> None:
    """Write down what became of the candidates of a digest."""
    row = {"digest_id": digest_id, "subscriber_id": subscriber_id, "decided_at": decided_at, "packed": packed}
    await session.exec(insert(session, DECISIONS).values(row))


async def list_latest(session: AsyncSession, *, subscriber_id: int, limit: int) -> list[Decision]:
    """The decisions of the subscriber's last digests, the latest first."""
    statement = select_rows(Decision).where(col(Decision.subscriber_id) == subscriber_id)
    return list(await session.exec(statement.order_by(col(Decision.digest_id).desc()).limit(limit)))


async def find_items(
    session: AsyncSession, *, subscriber_id: int, links: Collection[str], story_ids: Collection[int]
) -> list[KnownItem]:
    """Items with one of these links (canonical ones; as it came while an item waits for the processor) or of one of the
    stories, if the subscriber follows their source or was sent them; the latest first."""
    was_sent = exists().where(col(DigestEntry.subscriber_id) == subscriber_id, col(DigestEntry.item_id) == col(Item.id))
    mine = and_(col(Subscription.source_id) == col(Item.source_id), col(Subscription.subscriber_id) == subscriber_id)
    statement: Any = (
        select(
            col(Item.id),
            col(Item.source_id),
            col(Item.story_id),
            col(Item.title),
            col(Item.link),
            col(Item.canonical_link),
            col(Source.title),
            col(Item.media_kind),
            col(Item.sort_at),
            col(Item.first_seen_at),
            col(Item.processed_at),
            col(Subscription.created_at),
            col(Subscription.with_shorts),
            col(Subscription.with_live),
        )
        .join(Source, col(Source.id) == col(Item.source_id))
        .outerjoin(Subscription, mine)
        .where(
            or_(
                col(Item.canonical_link).in_(links),
                col(Item.story_id).in_(story_ids),
                and_(col(Item.processed_at).is_(None), col(Item.link).in_(links)),
            ),
            or_(col(Subscription.id).is_not(None), was_sent),
        )
        .order_by(col(Item.sort_at).desc(), col(Item.id))
    )
    return [KnownItem(*row) for row in await session.exec(statement)]


async def find_title(session: AsyncSession, *, item_id: int) -> str | None:
    """What an item is called; None if it is gone."""
    return (await session.exec(select_rows(Item.title).where(col(Item.id) == item_id))).one_or_none()


async def forget(session: AsyncSession, *, before: datetime) -> int:
    """Delete decisions of digests that were made before this moment; gives how many."""
    return (await session.exec(delete(Decision).where(col(Decision.decided_at) < before))).rowcount

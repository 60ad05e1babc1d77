"""Reading what digests held: for cards, and for the question why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import col
from sqlmodel import select as select_rows
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.models import Digest, DigestEntry

READY = ("frozen", "sent")


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as it was in a digest. `at`: when that was sent, or put together while it is not sent yet."""

    item_id: int
    story_id: int | None
    digest_id: int
    position: int
    at: datetime
    is_update: bool


async def get_entry(
    session: AsyncSession, *, subscriber_id: int, digest_id: int, position: int
) -> tuple[DigestEntry, Digest] | None:
    """The entry at this position of one of the subscriber's digests; None if it is not theirs or not there."""
    statement = _entries(subscriber_id).where(
        col(DigestEntry.digest_id) == digest_id, col(DigestEntry.position) == position
    )
    found: tuple[DigestEntry, Digest] | None = (await session.exec(statement)).one_or_none()
    return found


async def list_latest_entries(session: AsyncSession, *, subscriber_id: int) -> list[tuple[DigestEntry, Digest]]:
    """The entries of the subscriber's latest digest that held any, in their order."""
    latest: Any = (
        select(func.max(col(DigestEntry.digest_id)))
        .join(Digest, col(Digest.id) == col(DigestEntry.digest_id))
        .where(col(DigestEntry.subscriber_id) == subscriber_id, col(Digest.state).in_(READY))
    )
    statement = _entries(subscriber_id).where(col(DigestEntry.digest_id) == latest.scalar_subquery())
    return [(entry, digest) for entry, digest in await session.exec(statement.order_by(col(DigestEntry.position)))]


def _entries(subscriber_id: int) -> Any:
    return (
        select_rows(DigestEntry, Digest)
        .join(Digest, col(Digest.id) == col(DigestEntry.digest_id))
        .where(col(DigestEntry.subscriber_id) == subscriber_id)
    )


async def find_shown(
    session: AsyncSession, *, subscriber_id: int, item_ids: Collection[int], story_ids: Collection[int] = ()
) -> list[Shown]:
    """Where these items, or items of these stories, were in digests of the subscriber, the latest digest first."""
    statement: Any = (
        select(
            col(DigestEntry.item_id),
            col(DigestEntry.story_id),
            col(DigestEntry.digest_id),
            col(DigestEntry.position),
            func.coalesce(col(Digest.finished_at), col(Digest.created_at)),
            col(DigestEntry.is_update),
        )
        .join(Digest, col(Digest.id) == col(DigestEntry.digest_id))
        .where(
            col(DigestEntry.subscriber_id) == subscriber_id,
            or_(col(DigestEntry.item_id).in_(item_ids), col(DigestEntry.story_id).in_(story_ids)),
        )
        .order_by(col(DigestEntry.digest_id).desc(), col(DigestEntry.position))
    )
    return [Shown(*row) for row in await session.exec(statement)]

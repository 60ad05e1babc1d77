"""What subscribers think of items."""

from datetime import datetime

from sqlalchemy import ColumnElement, Table
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base, insert
from contentsync.db.taste_models import Feedback

FEEDBACK: Table = Base.metadata.tables["feedback"]
RATING = "rating"


async def rate(session: AsyncSession, *, subscriber_id: int, item_id: int, value: int, now: datetime) -> None:
    """Set what the subscriber thinks of the item: 1 liked, -1 disliked, 0 nothing (any more). Idempotent."""
    if value == 0:
        await session.exec(delete(Feedback).where(*_rating_of(subscriber_id, item_id)))
        return
    statement = insert(session, FEEDBACK).values(
        subscriber_id=subscriber_id, item_id=item_id, kind=RATING, value=value, created_at=now
    )
    await session.exec(
        statement.on_conflict_do_update(
            index_elements=["subscriber_id", "item_id", "kind"],
            set_={"value": statement.excluded.value, "created_at": statement.excluded.created_at},
            where=FEEDBACK.c.value != statement.excluded.value,
        )
    )


async def get_rating(session: AsyncSession, *, subscriber_id: int, item_id: int) -> int:
    """1 liked, -1 disliked, 0 neither."""
    statement = select(Feedback.value).where(*_rating_of(subscriber_id, item_id))
    return (await session.exec(statement)).one_or_none() or 0


def _rating_of(subscriber_id: int, item_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Feedback.subscriber_id) == subscriber_id,
        col(Feedback.item_id) == item_id,
        col(Feedback.kind) == RATING,
    )

"""The items that subscribers keep (⭐)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, select
from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base, insert
from contentsync.db.taste_models import Saved

SAVED: Table = Base.metadata.tables["saved"]


@dataclass(frozen=True, slots=True)
class SavedPage:
    """Items in the order they were saved in, the latest first, and how many there are in all."""

    item_ids: list[int]
    count: int


async def save(session: AsyncSession, *, subscriber_id: int, item_id: int, on: bool, now: datetime) -> None:
    """Keep the item, or no longer. Idempotent: the first time counts."""
    if on:
        row = {"subscriber_id": subscriber_id, "item_id": item_id, "created_at": now}
        await session.exec(insert(session, SAVED).values(row).on_conflict_do_nothing())
        return
    await session.exec(delete(Saved).where(col(Saved.subscriber_id) == subscriber_id, col(Saved.item_id) == item_id))


async def is_saved(session: AsyncSession, *, subscriber_id: int, item_id: int) -> bool:
    """Whether the subscriber keeps the item."""
    found: Any = select(col(Saved.id)).where(col(Saved.subscriber_id) == subscriber_id, col(Saved.item_id) == item_id)
    return (await session.exec(found)).first() is not None


async def list_saved(session: AsyncSession, *, subscriber_id: int, offset: int, limit: int) -> SavedPage:
    """A page of what the subscriber keeps."""
    mine = col(Saved.subscriber_id) == subscriber_id
    page: Any = select(col(Saved.item_id)).where(mine).order_by(col(Saved.created_at).desc(), col(Saved.id).desc())
    count: Any = select(func.count()).select_from(Saved).where(mine)
    return SavedPage(
        item_ids=list((await session.exec(page.offset(offset).limit(limit))).scalars()),
        count=(await session.exec(count)).scalar_one(),
    )

"""What people typed, kept encrypted until the work it asked for is done."""

from datetime import datetime
from typing import Any

from sqlalchemy import Table
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base, insert
from contentsync.db.models import Draft

DRAFTS: Table = Base.metadata.tables["draft"]


async def keep_draft(session: AsyncSession, *, subscriber_id: int, update_id: int, text: str, now: datetime) -> Draft:
    """The draft of this update, made with `text` (already encrypted) if it was not there: a repeat finds the first."""
    statement = insert(session, DRAFTS).values(
        subscriber_id=subscriber_id, update_id=update_id, text=text, outcome={}, created_at=now
    )
    await session.exec(statement.on_conflict_do_nothing())
    draft = await find_draft(session, subscriber_id=subscriber_id, update_id=update_id)
    assert draft is not None, "it was there or has just been inserted"
    return draft


async def find_draft(session: AsyncSession, *, subscriber_id: int, update_id: int) -> Draft | None:
    """The draft this person's update left, if it left one."""
    statement = select(Draft).where(col(Draft.subscriber_id) == subscriber_id, col(Draft.update_id) == update_id)
    return (await session.exec(statement)).one_or_none()


async def get_draft(session: AsyncSession, *, draft_id: int) -> Draft | None:
    """The draft with this id."""
    return await session.get(Draft, draft_id, populate_existing=True)


async def set_text(session: AsyncSession, *, draft_id: int, text: str) -> None:
    """Put another text (already encrypted) in the place of what was typed."""
    await session.exec(update(Draft).where(col(Draft.id) == draft_id).values(text=text))


async def set_outcome(session: AsyncSession, *, draft_id: int, outcome: dict[str, Any]) -> None:
    """Write down what the work found."""
    await session.exec(update(Draft).where(col(Draft.id) == draft_id).values(outcome=outcome))


async def forget_drafts(session: AsyncSession, *, before: datetime) -> int:
    """Delete drafts made before this moment; gives how many."""
    return (await session.exec(delete(Draft).where(col(Draft.created_at) < before))).rowcount

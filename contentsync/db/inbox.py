"""Telegram updates between their arrival and the end of their handling."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Table
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base, insert
from contentsync.db.models import UpdateInbox

INBOX: Table = Base.metadata.tables["update_inbox"]


class InboxRow(TypedDict):
    """One row of `store_updates`; `payload` is encrypted."""

    update_id: int
    chat_id: int
    payload: str
    attempts: int
    received_at: datetime


def is_unavailable(error: Exception) -> bool:
    """Whether the database could not be reached or was locked, so that the same call may work later."""
    return isinstance(error, (OperationalError, InterfaceError, PoolTimeout))


async def store_updates(session: AsyncSession, *, rows: Sequence[InboxRow]) -> set[int]:
    """Add the updates that are not stored yet; gives their ids. The others came a second time."""
    if not rows:
        return set()
    statement = insert(session, INBOX).values(list(rows)).on_conflict_do_nothing().returning(INBOX.c.update_id)
    return set((await session.exec(statement)).scalars())


async def list_unhandled(session: AsyncSession) -> list[UpdateInbox]:
    """What was stored and neither handled nor set aside, in the order of arrival."""
    waiting = select(UpdateInbox).where(col(UpdateInbox.handled_at).is_(None), col(UpdateInbox.set_aside_at).is_(None))
    return list(await session.exec(waiting.order_by(col(UpdateInbox.received_at), col(UpdateInbox.update_id))))


async def set_attempts(session: AsyncSession, *, update_id: int, attempts: int) -> None:
    """Write down that the update is being tried for another time."""
    await session.exec(update(UpdateInbox).where(col(UpdateInbox.update_id) == update_id).values(attempts=attempts))


async def set_aside(session: AsyncSession, *, update_id: int, now: datetime) -> None:
    """Give up on the update; it stays for the operator to see."""
    await session.exec(update(UpdateInbox).where(col(UpdateInbox.update_id) == update_id).values(set_aside_at=now))


async def finish_update(session: AsyncSession, *, update_id: int, now: datetime) -> None:
    """The update is handled, but Telegram may send it again: forget what it said, remember that it was."""
    statement = update(UpdateInbox).where(col(UpdateInbox.update_id) == update_id)
    await session.exec(statement.values(handled_at=now, payload=""))


async def delete_update(session: AsyncSession, *, update_id: int) -> None:
    """The update is handled, and Telegram will not send it again."""
    await session.exec(delete(UpdateInbox).where(col(UpdateInbox.update_id) == update_id))


async def delete_handled(session: AsyncSession, *, below: int | None = None) -> None:
    """Forget handled updates with ids below this one, or all of them: Telegram will not send them again."""
    statement = delete(UpdateInbox).where(col(UpdateInbox.handled_at).is_not(None))
    await session.exec(statement if below is None else statement.where(col(UpdateInbox.update_id) < below))


async def forget_set_aside(session: AsyncSession, *, before: datetime) -> int:
    """Delete updates that were set aside before this moment; gives how many."""
    return (await session.exec(delete(UpdateInbox).where(col(UpdateInbox.set_aside_at) < before))).rowcount

"""What people are told without having asked. A notice is kept until it is sent, and made once by its key."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Table, func
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.account_models import Notice
from contentsync.db.base import Base, insert
from contentsync.db.models import Subscriber

NOTICES: Table = Base.metadata.tables["notice"]

Keyboard = Sequence[Sequence[dict[str, str]]]


async def add_notice(
    session: AsyncSession,
    *,
    subscriber_id: int,
    key: str,
    text_key: str,
    params: Mapping[str, str | int],
    now: datetime,
    keyboard: Keyboard = (),
) -> bool:
    """Whether the notice is new; one with the same key was told before, or will be, and stays as it is."""
    statement = insert(session, NOTICES).values(
        subscriber_id=subscriber_id,
        key=key,
        text_key=text_key,
        params=dict(params),
        keyboard=[list(row) for row in keyboard],
        created_at=now,
    )
    added = await session.exec(statement.on_conflict_do_nothing().returning(NOTICES.c.id))
    return added.first() is not None


async def list_told(session: AsyncSession, *, keys: Collection[str]) -> set[int]:
    """The ids of the people who have a notice with one of these keys."""
    return set(await session.exec(select(Notice.subscriber_id).where(col(Notice.key).in_(keys))))


async def list_unsent(session: AsyncSession, *, limit: int) -> list[tuple[Notice, Subscriber]]:
    """What is to be told, the oldest first, with whom; people who blocked the bot are left out."""
    statement = (
        select(Notice, Subscriber)
        .join(Subscriber, col(Subscriber.id) == col(Notice.subscriber_id))
        .where(col(Notice.sent_at).is_(None), col(Subscriber.blocked_at).is_(None))
        .order_by(col(Notice.attempts), col(Notice.id))
        .limit(limit)
    )
    return [(notice, subscriber) for notice, subscriber in await session.exec(statement)]


async def count_unsent(session: AsyncSession) -> int:
    """How many notices wait."""
    return (await session.exec(select(func.count()).select_from(Notice).where(col(Notice.sent_at).is_(None)))).one()


async def mark_sent(session: AsyncSession, *, notice_id: int, now: datetime) -> None:
    """It was told; what only its buttons needed is forgotten."""
    await session.exec(update(Notice).where(col(Notice.id) == notice_id).values(sent_at=now, keyboard=[]))


async def count_attempt(session: AsyncSession, *, notice_id: int) -> None:
    """It could not be told this time."""
    await session.exec(update(Notice).where(col(Notice.id) == notice_id).values(attempts=col(Notice.attempts) + 1))


async def forget_notices(session: AsyncSession, *, before: datetime) -> int:
    """Delete what was told before this moment, or could not be told since; gives how many."""
    return (await session.exec(delete(Notice).where(col(Notice.created_at) < before))).rowcount

"""People: who may use the bot, and what they prefer."""

from datetime import datetime
from typing import TypedDict

from sqlalchemy import Table
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession
from typing_extensions import Unpack

from contentsync.db.base import Base, insert
from contentsync.db.models import Subscriber

SUBSCRIBERS: Table = Base.metadata.tables["subscriber"]


class Changes(TypedDict, total=False):
    """What `change` can set; see `contentsync.db.models.Subscriber` for units and ranges."""

    name: str
    language: str
    is_owner: bool
    time_zone: str
    digest_minute: int
    digest_size: int
    reading_minutes: int | None
    paused: bool
    next_digest_at: datetime | None
    blocked_at: datetime | None
    dialog_open: bool


async def get_subscriber(session: AsyncSession, *, subscriber_id: int) -> Subscriber | None:
    """The subscriber with this id."""
    return await session.get(Subscriber, subscriber_id, populate_existing=True)


async def find_by_chat(session: AsyncSession, *, chat_id: int) -> Subscriber | None:
    """The subscriber whose private chat this is."""
    return (await session.exec(select(Subscriber).where(col(Subscriber.chat_id) == chat_id))).one_or_none()


async def has_owner(session: AsyncSession) -> bool:
    """Whether somebody owns the bot."""
    owner = select(Subscriber.id).where(col(Subscriber.is_owner).is_(True))
    return (await session.exec(owner.limit(1))).first() is not None


async def add_subscriber(session: AsyncSession, *, chat_id: int, name: str, language: str, now: datetime) -> int:
    """The id of the subscriber of this chat, made with default preferences if there was none."""
    defaults = Subscriber(chat_id=chat_id, name=name, language=language, created_at=now)
    values = defaults.model_dump(exclude={"id"})
    await session.exec(insert(session, SUBSCRIBERS).values(**values).on_conflict_do_nothing())
    subscriber_id: int | None = (
        await session.exec(select(Subscriber.id).where(col(Subscriber.chat_id) == chat_id))
    ).one()
    assert subscriber_id is not None, "a stored row has an id"
    return subscriber_id


async def change(session: AsyncSession, *, subscriber_id: int, **changes: Unpack[Changes]) -> None:
    """Set these columns of the subscriber."""
    if changes:
        await session.exec(update(Subscriber).where(col(Subscriber.id) == subscriber_id).values(**changes))

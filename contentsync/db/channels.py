"""What accounts lead to: the channels of a YouTube account, the newsletters of a mailbox."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.account_models import Channel, Integration
from contentsync.db.base import Base, insert

CHANNELS: Table = Base.metadata.tables["channel"]

OFFERED, FOLLOWED, LEFT, GONE = "offered", "followed", "left", "gone"


async def upsert_channel(
    session: AsyncSession,
    *,
    integration_id: int,
    external_id: str,
    title: str,
    now: datetime,
    details: Mapping[str, Any] | None = None,
    secret: str | None = None,
) -> Channel:
    """The channel with this id, made as offered if it was unknown; what the account says of a known one is renewed."""
    statement = insert(session, CHANNELS).values(
        integration_id=integration_id,
        external_id=external_id,
        title=title,
        details=dict(details or {}),
        secret=secret,
        created_at=now,
        changed_at=now,
    )
    renewed: dict[str, Any] = {"title": title}
    if details is not None:
        renewed["details"] = dict(details)
    if secret is not None:
        renewed["secret"] = secret
    statement = statement.on_conflict_do_update(
        index_elements=[CHANNELS.c.integration_id, CHANNELS.c.external_id], set_=renewed
    )
    channel_id = (await session.exec(statement.returning(CHANNELS.c.id))).scalar_one()
    channel = await session.get(Channel, channel_id, populate_existing=True)
    assert channel is not None, "it has just been written"
    return channel


async def list_channels(session: AsyncSession, *, integration_id: int) -> list[Channel]:
    """All channels of an account, the oldest first."""
    statement = select(Channel).where(col(Channel.integration_id) == integration_id)
    return list(await session.exec(statement.order_by(col(Channel.id))))


async def find_channel(session: AsyncSession, *, channel_id: int) -> Channel | None:
    """The channel with this id, whoever it belongs to."""
    return await session.get(Channel, channel_id, populate_existing=True)


async def find_by_source(session: AsyncSession, *, subscriber_id: int, source_id: int) -> Channel | None:
    """The channel of this person's accounts that led to the source."""
    statement = (
        select(Channel)
        .join(Integration, col(Integration.id) == col(Channel.integration_id))
        .where(col(Channel.source_id) == source_id, col(Integration.subscriber_id) == subscriber_id)
    )
    return (await session.exec(statement.order_by(col(Channel.id)).limit(1))).first()


async def get_channel(session: AsyncSession, *, channel_id: int, subscriber_id: int) -> Channel | None:
    """The channel, if it belongs to an account of this person."""
    statement = (
        select(Channel)
        .join(Integration, col(Integration.id) == col(Channel.integration_id))
        .where(col(Channel.id) == channel_id, col(Integration.subscriber_id) == subscriber_id)
    )
    return (await session.exec(statement)).one_or_none()


async def set_state(
    session: AsyncSession, *, channel_id: int, state: str, now: datetime, source_id: int | None = None
) -> None:
    """Move the channel to this state; `source_id` is kept if none is given."""
    values: dict[str, Any] = {"state": state, "changed_at": now}
    if source_id is not None:
        values["source_id"] = source_id
    await session.exec(update(Channel).where(col(Channel.id) == channel_id).values(**values))


async def merge_details(session: AsyncSession, *, channel_id: int, details: Mapping[str, Any]) -> None:
    """Set these entries of the channel's details and keep the others; a channel that is gone is left alone."""
    channel = await session.get(Channel, channel_id, populate_existing=True, with_for_update=True)
    if channel is not None:
        merged = channel.details | dict(details)
        await session.exec(update(Channel).where(col(Channel.id) == channel_id).values(details=merged))


async def leave_source(session: AsyncSession, *, subscriber_id: int, source_id: int, now: datetime) -> None:
    """The person does not want this source any more: their accounts' channels that led to it are left."""
    own = select(Integration.id).where(col(Integration.subscriber_id) == subscriber_id)
    await session.exec(
        update(Channel)
        .where(
            col(Channel.source_id) == source_id, col(Channel.integration_id).in_(own), col(Channel.state) == FOLLOWED
        )
        .values(state=LEFT, changed_at=now)
    )

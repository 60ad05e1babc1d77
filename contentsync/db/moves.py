"""A source's address changes for good."""

from datetime import datetime

from sqlalchemy import Table, delete, exists, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.account_models import Channel
from contentsync.db.base import Base
from contentsync.db.models import Source
from contentsync.db.taste_models import Rule
from contentsync.sources.families import host_family

SOURCES: Table = Base.metadata.tables["source"]
SUBSCRIPTIONS: Table = Base.metadata.tables["subscription"]


async def adopt_address(session: AsyncSession, *, source_id: int, url: str, key: str, now: datetime) -> int:
    """Give the source this address; the id of the source that has it from now on.

    If another source has the canonical `key` already, everybody follows that one instead, nobody twice, and it is due.
    """
    found = await session.exec(select(Source.id).where(col(Source.key) == key, col(Source.id) != source_id))
    twin_id = found.one_or_none()
    if twin_id is None:
        values = {"url": url, "key": key, "family": host_family(url)}
        await session.exec(update(SOURCES).where(SOURCES.c.id == source_id).values(**values))
        return source_id
    await _follow_instead(session, source_id=source_id, twin_id=twin_id)
    await session.exec(update(SOURCES).where(SOURCES.c.id == source_id).values(next_pull_at=None))
    due = func.coalesce(SOURCES.c.next_pull_at, now)
    await session.exec(update(SOURCES).where(SOURCES.c.id == twin_id).values(next_pull_at=due))
    return twin_id


async def _follow_instead(session: AsyncSession, *, source_id: int, twin_id: int) -> None:
    twin = SUBSCRIPTIONS.alias("twin")
    follows_twin = exists().where(
        twin.c.source_id == twin_id, twin.c.subscriber_id == SUBSCRIPTIONS.c.subscriber_id
    )  # fmt: skip
    old = SUBSCRIPTIONS.c.source_id == source_id
    await session.exec(update(SUBSCRIPTIONS).where(old, ~follows_twin).values(source_id=twin_id))
    await session.exec(delete(SUBSCRIPTIONS).where(old))
    await session.exec(update(Rule).where(col(Rule.source_id) == source_id).values(source_id=twin_id))
    await session.exec(update(Channel).where(col(Channel.source_id) == source_id).values(source_id=twin_id))

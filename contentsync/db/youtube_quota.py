"""Units of the YouTube Data API: counted for the whole Google project, and shared fairly by the accounts.

Every account may spend its share of the day, and so no account can use up another's. What is not needed at once
(lengths of videos, lists instead of feeds) takes half of a share at most.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db import quotas
from contentsync.db.account_models import Integration
from contentsync.sources.youtube_quota import DAY_UNITS, day_of

SCOPE = "youtube"
KEPT_BACK = 500
"""Units a day that are in nobody's share: with them people connect accounts."""
LEAST_SHARE = 25
"""Enough for a list of 1,250 channels, however many accounts there are."""


class Today(NamedTuple):
    """Units spent of those of the day, which ends at `until`."""

    spent: int
    limit: int
    until: datetime


async def get_today(session: AsyncSession, *, now: datetime) -> Today:
    """How the whole project stands."""
    return Today(await spent_today(session, now=now), DAY_UNITS, day_of(now)[1])


async def spent_today(session: AsyncSession, *, now: datetime, integration_id: int | None = None) -> int:
    """Units spent since midnight in California: by everybody, or by one account."""
    # An instant earlier: `spent_since` leaves out the moment itself, which belongs to the new day.
    since = day_of(now)[0] - timedelta(microseconds=1)
    return await quotas.spent_since(session, scope=_scope(integration_id), since=since)


async def share(session: AsyncSession) -> int:
    """Units that each account may spend a day."""
    working = select(func.count()).where(col(Integration.kind) == "youtube", col(Integration.state) == "ok")
    accounts = (await session.exec(working)).one()
    return max(LEAST_SHARE, (DAY_UNITS - KEPT_BACK) // max(1, accounts))


async def spend(
    session: AsyncSession,
    *,
    units: int,
    purpose: str,
    now: datetime,
    integration_id: int | None,
    can_wait: bool = False,
) -> bool:
    """Whether so many units are left; then they are written down, and may be spent once this is committed.

    `integration_id`: whose share it is; None for somebody who is just connecting. `can_wait`: see the module.
    """
    await _one_at_a_time(session)
    if await spent_today(session, now=now) + units > DAY_UNITS:
        return False
    if integration_id is not None:
        allowed = await share(session) // (2 if can_wait else 1)
        if await spent_today(session, now=now, integration_id=integration_id) + units > allowed:
            return False
        await quotas.spend(session, scope=_scope(integration_id), units=units, purpose=purpose, now=now)
    await quotas.spend(session, scope=SCOPE, units=units, purpose=purpose, now=now)
    return True


async def close_day(session: AsyncSession, *, now: datetime) -> None:
    """Google says that nothing is left, whatever we counted: nobody asks again before midnight in California."""
    await _one_at_a_time(session)
    left = DAY_UNITS - await spent_today(session, now=now)
    if left > 0:
        await quotas.spend(session, scope=SCOPE, units=left, purpose="refused", now=now)


def _scope(integration_id: int | None) -> str:
    return SCOPE if integration_id is None else f"{SCOPE}/{integration_id}"


async def _one_at_a_time(session: AsyncSession) -> None:
    """Hold the count until the transaction ends. SQLite's write transactions exclude each other anyway."""
    if session.get_bind().dialect.name == "postgresql":
        await session.exec(text("SELECT pg_advisory_xact_lock(hashtext(:scope))"), params={"scope": SCOPE})  # type: ignore[call-overload]

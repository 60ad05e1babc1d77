"""What has been spent at services that count requests."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.account_models import Quota


async def spend(session: AsyncSession, *, scope: str, units: int, purpose: str, now: datetime) -> None:
    """Write down units before the request that costs them: a crash then counts one too many, never one too few."""
    session.add(Quota(scope=scope, spent_at=now, units=units, purpose=purpose))
    await session.flush()


async def spent_since(session: AsyncSession, *, scope: str, since: datetime) -> int:
    """Units spent after this moment."""
    statement = select(func.coalesce(func.sum(Quota.units), 0)).where(
        col(Quota.scope) == scope, col(Quota.spent_at) > since
    )
    return int((await session.exec(statement)).one())


async def list_spent(session: AsyncSession, *, scope: str, since: datetime) -> list[Quota]:
    """Each spending after this moment, the oldest first."""
    statement = select(Quota).where(col(Quota.scope) == scope, col(Quota.spent_at) > since)
    return list(await session.exec(statement.order_by(col(Quota.spent_at), col(Quota.id))))


async def forget_quotas(session: AsyncSession, *, before: datetime) -> int:
    """Delete spendings older than any window; gives how many."""
    return (await session.exec(delete(Quota).where(col(Quota.spent_at) < before))).rowcount

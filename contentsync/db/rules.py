"""Stand-in until the rules' is merged."""

from datetime import datetime

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.taste_models import Rule


async def list_active(session: AsyncSession, *, subscriber_id: int, now: datetime) -> list[Rule]:
    """The subscriber's rules that hold now."""
    statement = select(Rule).where(
        col(Rule.subscriber_id) == subscriber_id, or_(col(Rule.expires_at).is_(None), col(Rule.expires_at) > now)
    )
    return list(await session.exec(statement.order_by(col(Rule.id))))

"""Stand-in until the rules' is merged."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.models import Source
from contentsync.db.taste_models import Rule


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule, and the source it is about, if it is about one."""

    rule: Rule
    source: Source | None


async def list_active(session: AsyncSession, *, subscriber_id: int, now: datetime) -> list[RuleView]:
    """The person's rules that are in force, the oldest first."""
    statement = _views(subscriber_id).where(or_(col(Rule.expires_at).is_(None), col(Rule.expires_at) > now))
    return [RuleView(rule, source) for rule, source in await session.exec(statement.order_by(col(Rule.id)))]


async def get_rule(session: AsyncSession, *, subscriber_id: int, rule_id: int) -> RuleView | None:
    """A rule of the person, in force or not; None if they have no such rule (any more)."""
    found = (await session.exec(_views(subscriber_id).where(col(Rule.id) == rule_id))).one_or_none()
    return RuleView(*found) if found is not None else None


def _views(subscriber_id: int) -> Any:
    return (
        select(Rule, Source)
        .outerjoin(Source, col(Source.id) == col(Rule.source_id))
        .where(col(Rule.subscriber_id) == subscriber_id)
    )

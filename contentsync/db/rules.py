"""Rules: what a person never wants to see, and what they always do. One that is removed or over stays for a while: it
can be brought back, and what it hid can still be explained."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, or_, select
from sqlmodel import col, delete
from sqlmodel import select as select_rows
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db import digests
from contentsync.db.base import Base
from contentsync.db.models import Item, Source, Subscription
from contentsync.db.taste_models import Rule

ITEMS: Table = Base.metadata.tables["item"]
REGEX = "regex"


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule, and the source it is about, if it is about one."""

    rule: Rule
    source: Source | None


@dataclass(frozen=True, slots=True)
class LatestItem:
    """An item of a followed source, as rules look at it."""

    item_id: int
    source_id: int
    source_title: str
    title: str
    summary: str
    author: str | None
    language: str | None


async def add_rule(
    session: AsyncSession,
    *,
    subscriber_id: int,
    action: str,
    kind: str,
    pattern: str,
    source_id: int | None,
    expires_at: datetime | None,
    now: datetime,
    most: int,
    most_regexes: int,
) -> Rule | None:
    """The person's rule of this content, in force until `expires_at`; None if they would have too many.

    The same one twice is one rule, with the end named last; one that was removed or is over comes back.
    """
    await digests.lock_subscriber(session, subscriber_id=subscriber_id)
    every = (await session.exec(select_rows(Rule).where(col(Rule.subscriber_id) == subscriber_id))).all()
    wanted = (action, kind, _same(kind, pattern), source_id)
    rule = next((r for r in every if (r.action, r.kind, _same(r.kind, r.pattern), r.source_id) == wanted), None)
    others = [r for r in every if r is not rule and _is_active(r, now)]
    if len(others) >= most or (kind == REGEX and sum(r.kind == REGEX for r in others) >= most_regexes):
        return None
    if rule is None:
        rule = Rule(subscriber_id=subscriber_id, action=action, kind=kind, pattern=pattern, source_id=source_id)
        rule.created_at = now
    rule.expires_at, rule.removed_at = expires_at, None
    session.add(rule)
    await session.flush()
    return rule


async def list_active(session: AsyncSession, *, subscriber_id: int, now: datetime) -> list[RuleView]:
    """The person's rules that are in force, the oldest first."""
    statement: Any = (
        select(Rule, Source)
        .outerjoin(Source, col(Source.id) == col(Rule.source_id))
        .where(
            col(Rule.subscriber_id) == subscriber_id,
            col(Rule.removed_at).is_(None),
            or_(col(Rule.expires_at).is_(None), col(Rule.expires_at) > now),
        )
        .order_by(col(Rule.id))
    )
    return [RuleView(rule, source) for rule, source in await session.exec(statement)]


async def get_rule(session: AsyncSession, *, subscriber_id: int, rule_id: int) -> RuleView | None:
    """A rule of the person, in force or not; None if they have no such rule (any more)."""
    statement: Any = (
        select(Rule, Source)
        .outerjoin(Source, col(Source.id) == col(Rule.source_id))
        .where(col(Rule.id) == rule_id, col(Rule.subscriber_id) == subscriber_id)
    )
    found = (await session.exec(statement)).one_or_none()
    return RuleView(*found) if found is not None else None


async def remove_rule(session: AsyncSession, *, subscriber_id: int, rule_id: int, now: datetime) -> bool:
    """End a rule of the person; whether they have it. Removing it twice is removing it once."""
    view = await get_rule(session, subscriber_id=subscriber_id, rule_id=rule_id)
    if view is None:
        return False
    view.rule.removed_at = view.rule.removed_at or now
    session.add(view.rule)
    await session.flush()
    return True


async def restore_rule(
    session: AsyncSession, *, subscriber_id: int, rule_id: int, now: datetime, most: int, most_regexes: int
) -> bool:
    """Bring back a rule that was removed, with the end it had; whether it is in force now.

    It is not if it is gone, if it would be over by now, or if the person would have too many.
    """
    view = await get_rule(session, subscriber_id=subscriber_id, rule_id=rule_id)
    if view is None or (view.rule.expires_at is not None and view.rule.expires_at <= now):
        return False
    rule = view.rule
    return (
        await add_rule(
            session,
            subscriber_id=subscriber_id,
            action=rule.action,
            kind=rule.kind,
            pattern=rule.pattern,
            source_id=rule.source_id,
            expires_at=rule.expires_at,
            now=now,
            most=most,
            most_regexes=most_regexes,
        )
        is not None
    )


async def set_end(
    session: AsyncSession, *, subscriber_id: int, rule_id: int, expires_at: datetime | None, now: datetime
) -> bool:
    """Let a rule that is in force end then, None: not by itself; whether there is such a rule."""
    view = await get_rule(session, subscriber_id=subscriber_id, rule_id=rule_id)
    if view is None or not _is_active(view.rule, now):
        return False
    view.rule.expires_at = expires_at
    session.add(view.rule)
    await session.flush()
    return True


async def forget_rules(session: AsyncSession, *, before: datetime) -> int:
    """Delete rules that were removed or over before this moment; gives how many."""
    gone = or_(col(Rule.removed_at) < before, col(Rule.expires_at) < before)
    return (await session.exec(delete(Rule).where(gone))).rowcount


async def list_latest(session: AsyncSession, *, subscriber_id: int, limit: int) -> list[LatestItem]:
    """The latest items of what the person follows, the newest first: those that a digest might have shown."""
    statement: Any = (
        select(
            ITEMS.c.id,
            ITEMS.c.source_id,
            col(Source.title),
            ITEMS.c.title,
            ITEMS.c.summary_text,
            ITEMS.c.author,
            ITEMS.c.language,
        )
        .join(Subscription, col(Subscription.source_id) == ITEMS.c.source_id)
        .join(Source, col(Source.id) == ITEMS.c.source_id)
        .where(
            col(Subscription.subscriber_id) == subscriber_id,
            ITEMS.c.processed_at.is_not(None),
            or_(col(Subscription.with_shorts), ITEMS.c.media_kind != "short"),
            or_(col(Subscription.with_live), ITEMS.c.media_kind != "live"),
        )
        .order_by(ITEMS.c.sort_at.desc(), ITEMS.c.id.desc())
        .limit(limit)
    )
    return [LatestItem(*row) for row in await session.exec(statement)]


async def get_item(session: AsyncSession, *, item_id: int) -> LatestItem | None:
    """One item, as rules look at it."""
    statement: Any = select(Item, Source).join(Source, col(Source.id) == col(Item.source_id))
    found = (await session.exec(statement.where(col(Item.id) == item_id))).one_or_none()
    if found is None:
        return None
    item, source = found
    return LatestItem(item.id, source.id, source.title, item.title, item.summary_text, item.author, item.language)


def _is_active(rule: Rule, now: datetime) -> bool:
    return rule.removed_at is None and (rule.expires_at is None or rule.expires_at > now)


def _same(kind: str, pattern: str) -> str:
    """What two patterns of one kind share if they mean the same. In a regex \\S and \\s are not the same."""
    return pattern if kind == REGEX else pattern.casefold()

"""Changing what a subscriber prefers, together with what follows from it: when the next digest is due."""

from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from typing_extensions import Unpack

from contentsync.db import digests, subscribers
from contentsync.db.models import Subscriber
from contentsync.db.subscribers import Changes


async def prefer(session: AsyncSession, *, subscriber_id: int, now: datetime, **changes: Unpack[Changes]) -> Subscriber:
    """Set these columns, and compute `next_digest_at` anew if they decide about it; gives the subscriber as it is then.

    A digest that is due but not begun keeps its time unless the time is what changes: setting what is set already must
    not lose it.
    """
    subscriber = await digests.lock_subscriber(session, subscriber_id=subscriber_id)
    before = _timing(subscriber)
    await subscribers.change(session, subscriber_id=subscriber_id, **changes)
    await session.refresh(subscriber)
    if _timing(subscriber) != before or _has_no_time_yet(subscriber):
        await digests.schedule_next(session, subscriber_id=subscriber_id, now=now)
    return subscriber


def _timing(subscriber: Subscriber) -> tuple[Any, ...]:
    return subscriber.time_zone, subscriber.digest_minute, subscriber.paused, subscriber.blocked_at is None


def _has_no_time_yet(subscriber: Subscriber) -> bool:
    return subscriber.next_digest_at is None and not subscriber.paused and subscriber.blocked_at is None

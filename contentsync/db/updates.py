"""Stories that a person was sent and that were told again since."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, cast, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.models import Digest, DigestEntry, Subscription
from contentsync.db.stories import ITEMS
from contentsync.db.story_links import StoredTelling, list_of_stories


@dataclass(frozen=True, slots=True)
class SentStory:
    """A story that was sent once, and not yet as an update. `after` holds only sources that the person follows now."""

    story_id: int
    sent_at: datetime
    before: tuple[StoredTelling, ...]
    after: tuple[StoredTelling, ...]


async def list_told_again(session: AsyncSession, *, subscriber_id: int, since: datetime) -> list[SentStory]:
    """Stories sent to the subscriber from `since` on that have items which came only after they were sent.

    What was sent as an update is not among them: a story comes back once. Items older than `since` are left out.
    """
    sent = await _sent_stories(session, subscriber_id=subscriber_id, since=since)
    followed: Any = select(col(Subscription.source_id)).where(col(Subscription.subscriber_id) == subscriber_id)
    sources = set((await session.exec(followed)).scalars())
    seen_at = await _seen_at(session, story_ids=[*sent], since=since)
    before: dict[int, list[StoredTelling]] = defaultdict(list)
    after: dict[int, list[StoredTelling]] = defaultdict(list)
    for telling in await list_of_stories(session, story_ids=[*sent], since=since):
        if seen_at[telling.item_id] <= sent[telling.story_id]:
            before[telling.story_id].append(telling)
        elif telling.source_id in sources:
            after[telling.story_id].append(telling)
    return [
        SentStory(story_id, sent[story_id], tuple(before[story_id]), tuple(after[story_id]))
        for story_id in sorted(after)
    ]


async def _sent_stories(session: AsyncSession, *, subscriber_id: int, since: datetime) -> dict[int, datetime]:
    statement: Any = (
        select(col(DigestEntry.story_id), func.max(col(Digest.created_at)))
        .join(Digest, col(Digest.id) == col(DigestEntry.digest_id))
        .where(col(DigestEntry.subscriber_id) == subscriber_id, col(DigestEntry.story_id).is_not(None))
        .group_by(col(DigestEntry.story_id))
        .having(func.max(cast(col(DigestEntry.is_update), Integer)) == 0, func.max(col(Digest.created_at)) >= since)
    )
    return {row[0]: row[1] for row in await session.exec(statement)}


async def _seen_at(session: AsyncSession, *, story_ids: list[int], since: datetime) -> dict[int, datetime]:
    statement: Any = select(ITEMS.c.id, ITEMS.c.first_seen_at).where(
        ITEMS.c.story_id.in_(story_ids), ITEMS.c.sort_at >= since
    )
    return {row.id: row.first_seen_at for row in await session.exec(statement)}

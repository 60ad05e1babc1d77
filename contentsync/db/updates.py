"""Stories that a person was sent and that were told again since."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.models import Digest, DigestEntry, Subscription
from contentsync.db.stories import ITEMS
from contentsync.db.story_links import STORY_LINKS, StoredTelling, list_of_stories


@dataclass(frozen=True, slots=True)
class SentStory:
    """A story that was sent once, and not yet as an update.

    `before`: whatever was known by then. `after`: what came later in sources that the person follows now, and was not
    sent to them. `links`: the keys of all pages that told it by the time it was sent.
    """

    story_id: int
    sent_at: datetime
    before: tuple[StoredTelling, ...]
    after: tuple[StoredTelling, ...]
    links: frozenset[str] = frozenset()


async def list_told_again(session: AsyncSession, *, subscriber_id: int, since: datetime) -> list[SentStory]:
    """Stories of digests that were finished from `since` on, and that have items which came only after that.

    What was sent as an update is not among them: a story comes back once. Items older than `since` are left out.
    """
    sent = await _sent_stories(session, subscriber_id=subscriber_id, since=since)
    fresh = await _told_later(session, subscriber_id=subscriber_id, sent=sent, since=since)
    if not fresh:
        return []
    before: dict[int, list[StoredTelling]] = defaultdict(list)
    after: dict[int, list[StoredTelling]] = defaultdict(list)
    stories = {story_id for story_id, _ in fresh}
    seen_at = await _seen_at(session, story_ids=stories, since=since)
    for telling in await list_of_stories(session, story_ids=stories, since=since):
        if seen_at[telling.item_id] <= sent[telling.story_id]:
            before[telling.story_id].append(telling)
        elif (telling.story_id, telling.item_id) in fresh:
            after[telling.story_id].append(telling)
    links = await _links_by(session, sent={story_id: sent[story_id] for story_id in after})
    return [
        SentStory(story_id, sent[story_id], tuple(before[story_id]), tuple(after[story_id]), frozenset(links[story_id]))
        for story_id in sorted(after)
    ]


async def _links_by(session: AsyncSession, *, sent: dict[int, datetime]) -> dict[int, set[str]]:
    """The links that led to each story when it was sent, also of items that lead elsewhere now."""
    statement: Any = select(STORY_LINKS.c.story_id, STORY_LINKS.c.key, STORY_LINKS.c.added_at).where(
        STORY_LINKS.c.story_id.in_(sent)
    )
    found: dict[int, set[str]] = defaultdict(set)
    for row in await session.exec(statement):
        if row.added_at <= sent[row.story_id]:
            found[row.story_id].add(row.key)
    return found


async def _sent_stories(session: AsyncSession, *, subscriber_id: int, since: datetime) -> dict[int, datetime]:
    """When each story was sent that may come back: later than any part of its digest was chosen."""
    again = DigestEntry.__table__.alias()  # type: ignore[attr-defined]
    mine = col(DigestEntry.subscriber_id) == subscriber_id
    was_update = exists().where(
        again.c.subscriber_id == subscriber_id, again.c.story_id == col(DigestEntry.story_id), again.c.is_update
    )
    statement: Any = (
        select(col(DigestEntry.story_id), func.max(col(Digest.finished_at)))
        .join(Digest, col(Digest.id) == col(DigestEntry.digest_id))
        .where(mine, col(DigestEntry.story_id).is_not(None), col(Digest.finished_at) >= since, ~was_update)
        .group_by(col(DigestEntry.story_id))
    )
    return {row[0]: row[1] for row in await session.exec(statement)}


async def _told_later(
    session: AsyncSession, *, subscriber_id: int, sent: dict[int, datetime], since: datetime
) -> set[tuple[int, int]]:
    """Story and id of items that came after their story was sent, were not sent, and are of followed sources."""
    mine = exists().where(col(DigestEntry.subscriber_id) == subscriber_id, col(DigestEntry.item_id) == ITEMS.c.id)
    statement: Any = (
        select(ITEMS.c.story_id, ITEMS.c.id, ITEMS.c.first_seen_at)
        .join(Subscription, col(Subscription.source_id) == ITEMS.c.source_id)
        .where(
            col(Subscription.subscriber_id) == subscriber_id,
            ITEMS.c.story_id.in_(sent),
            ITEMS.c.sort_at >= since,
            _is_wanted(),
            ~mine,
        )
    )
    return {(row[0], row[1]) for row in await session.exec(statement) if row[2] > sent[row[0]]}


async def _seen_at(session: AsyncSession, *, story_ids: Collection[int], since: datetime) -> dict[int, datetime]:
    statement: Any = select(ITEMS.c.id, ITEMS.c.first_seen_at).where(
        ITEMS.c.story_id.in_(story_ids), ITEMS.c.sort_at >= since
    )
    return {row.id: row.first_seen_at for row in await session.exec(statement)}


def _is_wanted() -> Any:
    """Whether the subscription takes Shorts and live streams, where the item is one."""
    return and_(
        or_(col(Subscription.with_shorts), ITEMS.c.media_kind != "short"),
        or_(col(Subscription.with_live), ITEMS.c.media_kind != "live"),
    )

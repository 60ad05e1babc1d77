"""Stories that moved on after a person was sent them: offered once more, as updates."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from contentsync.db import stories, updates
from contentsync.db.engine import Database
from contentsync.db.stories import Offer
from contentsync.db.story_links import StoredTelling
from contentsync.db.updates import SentStory
from contentsync.processor.ranking import RECENT_DAYS
from contentsync.processor.stories import WINDOW
from contentsync.processor.terms import terms_of
from contentsync.processor.updates import Later, update_of


async def list_updates(db: Database, *, subscriber_id: int, now: datetime) -> list[Offer]:
    """Of each story that a person was sent in the last days, and that moved on since, the item that tells it best.

    A story that came back once is not among them, whatever else happens in it.
    """
    since = now - timedelta(days=RECENT_DAYS)
    async with db.read() as session:
        told_again = await updates.list_told_again(session, subscriber_id=subscriber_id, since=now - WINDOW)
        found = [telling for story in told_again if (telling := moved_on(story)) is not None]
        if not found:
            return []
        recent = await stories.count_recent(session, subscriber_id=subscriber_id, since=since)
    return [
        Offer(one.item_id, one.story_id, one.source_id, one.sort_at, recent.get(one.source_id, 0), is_update=True)
        for one in found
    ]


def moved_on(story: SentStory) -> StoredTelling | None:
    """The telling that a story comes back with; None if nothing new was told that is worth it."""
    later = {telling.item_id: telling for telling in story.after}
    item_id = update_of(
        (terms_of(telling.title, telling.summary) for telling in story.before),
        _later(story.after),
    )
    return later[item_id] if item_id is not None else None


def _later(tellings: Iterable[StoredTelling]) -> list[Later]:
    return [Later(one.item_id, one.source_id, terms_of(one.title, one.summary)) for one in tellings]

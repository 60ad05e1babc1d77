"""Finding the story of each item: what is known of the last days in memory, what is found in the database."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contentsync.db import story_links
from contentsync.db.engine import Database
from contentsync.db.stories import ProcessedItem
from contentsync.db.story_links import Placement, StoredTelling, StoriesMoved
from contentsync.processor.stories import WINDOW, WINDOW_ITEMS, StoryIndex, Told
from contentsync.processor.terms import Terms, terms_of

PAGE_ITEMS = 2_000
"""Items read at once while the index is filled."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A processed item and what its story is found by. `terms` None: too old to be compared by what it says."""

    item: ProcessedItem
    link_key: str | None
    source_id: int
    first_seen_at: datetime
    sort_at: datetime
    terms: Terms | None


class StoryPlacer:
    """Gives items their stories. One for a process; several processes may work on one database.

    The index is only a picture of the database. Who finds that somebody else stored something meanwhile brings the
    picture up to date and begins again; within a process one chunk follows another.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._index = StoryIndex()
        self._revision: int | None = None
        self._turn = asyncio.Lock()

    async def place(self, prepared: Sequence[Prepared], *, now: datetime) -> int:
        """Store the items with their stories; gives how many still waited for it."""
        async with self._turn:
            while True:
                try:
                    return await self._try_to_place(prepared, now)
                except StoriesMoved:
                    await self._put_back(now)
                except BaseException:
                    # Whatever was found in memory alone must not be built upon.
                    self._revision = None
                    raise

    async def _try_to_place(self, prepared: Sequence[Prepared], now: datetime) -> int:
        async with self._db.read() as session:
            revision = await story_links.get_revision(session)
            waiting = await story_links.list_waiting(session, item_ids=[one.item.id for one in prepared])
            keys = {one.link_key for one in prepared if one.link_key is not None}
            known = await story_links.find_links(session, keys=keys)
        await self._catch_up(revision, now)
        wanted = [one for one in prepared if one.item.id in waiting]
        placements = await asyncio.to_thread(find_stories, self._index, wanted, known, waiting)
        async with self._db.write() as session:
            new = await story_links.store_placements(
                session, revision=revision, placements=placements, merged=self._index.merged(), now=now
            )
        self._index.settle(new)
        self._revision = revision + 1
        return len(placements)

    async def _catch_up(self, revision: int, now: datetime) -> None:
        """Bring the index to what the database holds at this revision."""
        since = now - WINDOW
        if self._revision is None:
            self._index = StoryIndex()
            await self._fill(since)
        elif self._revision != revision:
            async with self._db.read() as session:
                changed = await story_links.list_changed(session, after_revision=self._revision, since=since)
            await asyncio.to_thread(_put_all, self._index, changed)
        self._revision = revision
        self._index.forget_before(since)

    async def _fill(self, since: datetime) -> None:
        last: StoredTelling | None = None
        while len(self._index) < WINDOW_ITEMS:
            async with self._db.read() as session:
                page = await story_links.list_recent(session, since=since, before=last, limit=PAGE_ITEMS)
            if not page:
                return
            await asyncio.to_thread(_put_all, self._index, page)
            last = page[-1]

    async def _put_back(self, now: datetime) -> None:
        """Forget what could not be stored, and read again what it touched."""
        touched = self._index.abandon()
        async with self._db.read() as session:
            stored = await story_links.list_of_stories(session, story_ids=touched, since=now - WINDOW)
        await asyncio.to_thread(_put_all, self._index, stored)


def find_stories(
    index: StoryIndex, prepared: Iterable[Prepared], known: Mapping[str, int], earlier: Mapping[int, int | None]
) -> list[Placement]:
    """The story of each item. `known`: stored stories by link; `earlier`: by item, if it had one before it was edited.

    Equal links are one story whatever is told under them; an edited item stays in its story.
    """
    by_link = dict(known)
    found: list[tuple[Prepared, int]] = []
    for one in prepared:
        places = [earlier.get(one.item.id), by_link.get(one.link_key) if one.link_key else None]
        stories = [place for place in places if place is not None]
        story = index.unite(stories[0], stories[-1]) if stories else None
        if one.terms is not None:
            told = Told(one.item.id, one.source_id, one.sort_at, one.terms)
            story = index.add(told, story_id=story)
        elif story is None:
            story = index.new_id()
        if one.link_key:
            by_link[one.link_key] = story
        found.append((one, story))
    return [Placement(one.item, one.link_key, one.first_seen_at, index.resolve(story)) for one, story in found]


def _put_all(index: StoryIndex, stored: Iterable[StoredTelling]) -> None:
    for one in stored:
        told = Told(one.item_id, one.source_id, one.sort_at, terms_of(one.title, one.summary))
        index.put(told, story_id=one.story_id)

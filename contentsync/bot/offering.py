"""Items that many digests choose from, kept in memory: who follows the same source is offered the same objects."""

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from contentsync.db import offers, story_links
from contentsync.db.engine import Database
from contentsync.db.offers import Follow, OfferRow
from contentsync.processor.length import reading_minutes
from contentsync.processor.ranking import Candidate
from contentsync.processor.rules import Text

POOL_ITEMS = 100_000
"""Items kept; those of the sources that nobody needed for longest leave first. One takes about 700 bytes."""
POOL_TEXTS = 20_000
"""Texts kept for rules."""
STALE = timedelta(days=1)
"""Items that left the window so long ago are dropped from memory."""
_VARIANTS = 8


class Shelf:
    """The processed items of one source from `since` on, the newest first. Never changed once it is made."""

    def __init__(self, rows: Collection[OfferRow], since: datetime) -> None:
        self.since = since
        self.rows = sorted(rows, key=lambda row: (-row.sort_at.timestamp(), row.item_id))
        self.is_complete = all(row.features is not None for row in rows)
        self._ages = [-row.sort_at.timestamp() for row in self.rows]
        self._made: dict[tuple[int, bool, bool, datetime | None], list[Candidate]] = {}

    def candidates(self, follow: Follow, since: datetime) -> list[Candidate]:
        """The wanted items from `since` on; the same objects for everybody who asks alike.

        When it was followed is told for what is followed newly, by the day.
        """
        count = bisect_right(self._ages, -since.timestamp())
        followed_at = _day(follow.followed_at) if follow.followed_at >= since else None
        key = (count, follow.with_shorts, follow.with_live, followed_at)
        made = self._made.get(key)
        if made is None:
            wanted = [row for row in self.rows[:count] if follow.wants(row.media_kind)]
            made = [candidate_of(row, recent=len(wanted), followed_at=followed_at) for row in wanted]
            kept = self._made if len(self._made) < _VARIANTS else {}
            self._made = {**kept, key: made}
        return made


class OfferPool:
    """Shelves and texts of one process, as new as the database was when they were last asked for."""

    def __init__(self, db: Database, *, items: int = POOL_ITEMS, texts: int = POOL_TEXTS) -> None:
        self._db = db
        self._most_items, self._most_texts = items, texts
        self._shelves: OrderedDict[int, Shelf] = OrderedDict()
        self._texts: OrderedDict[int, Text] = OrderedDict()
        self._items = 0
        self._revision = 0
        self._turn = asyncio.Lock()

    async def shelves(self, source_ids: Sequence[int], *, since: datetime) -> list[Shelf]:
        """The shelves of these sources, in their order; each holds at least what came from `since` on."""
        # The snapshot is taken within the turn: nobody puts an older picture over a newer one.
        async with self._turn, self._db.read() as session:
            revision = await story_links.get_revision(session)
            if revision != self._revision and (self._shelves or self._texts):
                self._renew(await offers.list_changed(session, after_revision=self._revision), since)
            self._revision = revision
            found = {
                source_id: shelf
                for source_id in source_ids
                if (shelf := self._shelves.get(source_id)) is not None and shelf.since <= since
            }
            missing = [source_id for source_id in source_ids if source_id not in found]
            rows: dict[int, list[OfferRow]] = {source_id: [] for source_id in missing}
            for row in await offers.list_recent(session, source_ids=missing, since=since) if missing else []:
                rows[row.source_id].append(row)
            found |= {source_id: Shelf(rows[source_id], since) for source_id in missing}
            for source_id in source_ids:
                self._keep(source_id, found[source_id], since)
            self._make_room()
        return [found[source_id] for source_id in source_ids]

    async def texts(self, item_ids: Collection[int]) -> dict[int, Text]:
        """What these items say; those that are gone are left out."""
        missing = [item_id for item_id in item_ids if item_id not in self._texts]
        async with self._db.read() as session:
            read = await offers.list_texts(session, item_ids=missing) if missing else []
        fresh = {row.item_id: Text(*row) for row in read}
        found = {
            item_id: text
            for item_id in item_ids
            if (text := fresh.get(item_id) or self._texts.get(item_id)) is not None
        }
        self._texts.update(fresh)
        while len(self._texts) > self._most_texts:
            self._texts.popitem(last=False)
        return found

    def forget(self) -> None:
        """Begin anew: something in here is gone from the database."""
        self._shelves.clear()
        self._texts.clear()
        self._items = 0

    def _renew(self, changed: Sequence[OfferRow], since: datetime) -> None:
        """Put what changed on its shelf."""
        by_source: dict[int, dict[int, OfferRow]] = {}
        for row in changed:
            self._texts.pop(row.item_id, None)
            by_source.setdefault(row.source_id, {})[row.item_id] = row
        for source_id, rows in by_source.items():
            shelf = self._shelves.get(source_id)
            if shelf is not None:
                everything = {row.item_id: row for row in shelf.rows} | rows
                kept = [row for row in everything.values() if row.sort_at >= shelf.since]
                self._put(source_id, Shelf(kept, shelf.since))

    def _keep(self, source_id: int, shelf: Shelf, since: datetime) -> None:
        """Keep a shelf as the one used last, without what left the window; one that lacks features is read again."""
        if not shelf.is_complete:
            self._drop(source_id)
            return
        if shelf.since < since - STALE:
            shelf = Shelf([row for row in shelf.rows if row.sort_at >= since], since)
        self._put(source_id, shelf)
        self._shelves.move_to_end(source_id)

    def _put(self, source_id: int, shelf: Shelf) -> None:
        before = self._shelves.get(source_id)
        self._items += len(shelf.rows) - (len(before.rows) if before else 0)
        self._shelves[source_id] = shelf

    def _drop(self, source_id: int) -> None:
        shelf = self._shelves.pop(source_id, None)
        self._items -= len(shelf.rows) if shelf else 0

    def _make_room(self) -> None:
        while self._items > self._most_items:
            self._drop(next(iter(self._shelves)))


def candidate_of(row: OfferRow, *, recent: int, followed_at: datetime | None) -> Candidate:
    """The item as ranking looks at it, told by one source. `recent`: wanted items of its source in the window."""
    return Candidate(
        item_id=row.item_id,
        story_id=row.story_id,
        source_id=row.source_id,
        sort_at=row.sort_at,
        source_recent=recent,
        tellers=1,
        media_kind=row.media_kind,
        author=row.author,
        language=row.language,
        minutes=reading_minutes(row.word_count, row.duration_seconds, row.language),
        features=row.features or b"",
        followed_at=followed_at,
    )


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)

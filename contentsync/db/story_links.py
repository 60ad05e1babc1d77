"""Giving items their stories: what the processor must know for it, and writing down what it found, all or nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, func, select, tuple_, update
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base, insert, insert_for
from contentsync.db.bulk import run_many, value
from contentsync.db.stories import ITEMS, STORIES, ProcessedItem, store_processed

STORY_LINKS: Table = Base.metadata.tables["story_link"]
STORY_CLOCK: Table = Base.metadata.tables["story_clock"]
ENTRIES: Table = Base.metadata.tables["digest_entry"]

SUMMARY_CHARACTERS = 200
"""Of a summary, as much as stories are compared by."""


class StoriesMoved(Exception):
    """Somebody else gave items their stories since the picture was taken: nothing of this one may be stored."""


@dataclass(frozen=True, slots=True)
class StoredTelling:
    """An item that has a story, as stories are compared by it."""

    item_id: int
    source_id: int
    story_id: int
    sort_at: datetime
    title: str
    summary: str
    """Its beginning."""
    link: str | None = None
    """Canonical."""


@dataclass(frozen=True, slots=True)
class Placement:
    """An item and its story: a stored one, or a new one if the number is below 0. `link_key` None: no link."""

    item: ProcessedItem
    link_key: str | None
    first_seen_at: datetime
    story: int

    @property
    def birth_key(self) -> str:
        """What a story is called that begins with this item."""
        return self.link_key or f"item:{self.item.id}"


async def get_revision(session: AsyncSession) -> int:
    """How often stories were changed."""
    statement: Any = select(STORY_CLOCK.c.revision).where(STORY_CLOCK.c.id == 1)
    return (await session.exec(statement)).scalar() or 0


async def find_links(session: AsyncSession, *, keys: Collection[str]) -> dict[str, int]:
    """The stories of those of the links that were seen before."""
    statement: Any = select(STORY_LINKS.c.key, STORY_LINKS.c.story_id).where(STORY_LINKS.c.key.in_(keys))
    return {row.key: row.story_id for row in await session.exec(statement)}


async def list_waiting(session: AsyncSession, *, item_ids: Collection[int]) -> dict[int, int | None]:
    """Those of the items that still wait for the processor, and the story each has from before it was edited."""
    statement: Any = select(ITEMS.c.id, ITEMS.c.story_id).where(
        ITEMS.c.id.in_(item_ids), ITEMS.c.processed_at.is_(None)
    )
    return {row.id: row.story_id for row in await session.exec(statement)}


async def list_recent(
    session: AsyncSession, *, since: datetime, before: StoredTelling | None, limit: int
) -> list[StoredTelling]:
    """Items with a story from `since` on, the newest first, in pages: `before` is the last one of the page before."""
    statement = _tellings().where(ITEMS.c.sort_at >= since)
    if before is not None:
        statement = statement.where(tuple_(ITEMS.c.sort_at, ITEMS.c.id) < (before.sort_at, before.item_id))
    statement = statement.order_by(ITEMS.c.sort_at.desc(), ITEMS.c.id.desc()).limit(limit)
    return [StoredTelling(*row) for row in await session.exec(statement)]


async def list_changed(session: AsyncSession, *, after_revision: int, since: datetime) -> list[StoredTelling]:
    """Items from `since` on whose story was set after this revision."""
    statement = _tellings().where(ITEMS.c.story_revision > after_revision, ITEMS.c.sort_at >= since)
    return [StoredTelling(*row) for row in await session.exec(statement)]


async def list_of_stories(session: AsyncSession, *, story_ids: Collection[int], since: datetime) -> list[StoredTelling]:
    """Items of these stories from `since` on."""
    statement = _tellings().where(ITEMS.c.story_id.in_(story_ids), ITEMS.c.sort_at >= since)
    return [StoredTelling(*row) for row in await session.exec(statement)]


def _tellings() -> Any:
    return select(
        ITEMS.c.id,
        ITEMS.c.source_id,
        ITEMS.c.story_id,
        ITEMS.c.sort_at,
        ITEMS.c.title,
        func.substr(ITEMS.c.summary_text, 1, SUMMARY_CHARACTERS),
        ITEMS.c.canonical_link,
    ).where(ITEMS.c.story_id.is_not(None))


async def store_placements(
    session: AsyncSession, *, revision: int, placements: Sequence[Placement], merged: Mapping[int, int], now: datetime
) -> dict[int, int]:
    """Write down the stories of items, and which stored stories became part of others; gives the ids of new stories.

    An item that was edited meanwhile stays unprocessed. Whoever was sent a story that became part of another one was
    sent that other one.

    Raises:
        StoriesMoved: `revision` is over, or a story is gone; the transaction must not be committed.
    """
    await _take_turn(session, revision)
    new = await _add_stories(session, placements)
    await _check_there(
        session, {placement.story for placement in placements if placement.story > 0} | {*merged.values()}
    )
    await _merge(session, merged=merged, revision=revision + 1)
    links = {p.link_key: new.get(p.story, p.story) for p in placements if p.link_key is not None}
    await run_many(
        session, _insert_link, [{"key": key, "story_id": links[key], "added_at": now} for key in sorted(links)]
    )
    story_ids = {p.item.id: new.get(p.story, p.story) for p in placements}
    await store_processed(
        session, items=[p.item for p in placements], story_ids=story_ids, revision=revision + 1, now=now
    )
    return new


async def _take_turn(session: AsyncSession, revision: int) -> None:
    """Count the clock up; until the transaction ends everybody else waits here."""
    begun = insert(session, STORY_CLOCK).values(id=1, revision=0).on_conflict_do_nothing(index_elements=["id"])
    await session.exec(begun)
    counted = await session.exec(
        update(STORY_CLOCK)
        .where(STORY_CLOCK.c.id == 1, STORY_CLOCK.c.revision == revision)
        .values(revision=revision + 1)
    )
    if counted.rowcount == 0:
        raise StoriesMoved


async def _add_stories(session: AsyncSession, placements: Sequence[Placement]) -> dict[int, int]:
    keys: dict[int, str] = {}
    first_seen: dict[str, datetime] = {}
    for placement in placements:
        if placement.story < 0:
            key = keys.setdefault(placement.story, placement.birth_key)
            first_seen[key] = min(placement.first_seen_at, first_seen.get(key, placement.first_seen_at))
    if not keys:
        return {}
    rows = [{"key": key, "first_seen_at": first_seen[key]} for key in sorted(first_seen)]
    await run_many(session, _insert_story, rows)
    known: Any = select(STORIES.c.key, STORIES.c.id).where(STORIES.c.key.in_(first_seen))
    ids = {row.key: row.id for row in await session.exec(known)}
    return {story: ids[key] for story, key in keys.items()}


async def _check_there(session: AsyncSession, story_ids: set[int]) -> None:
    statement: Any = select(func.count()).select_from(STORIES).where(STORIES.c.id.in_(story_ids))
    if (await session.exec(statement)).scalar_one() != len(story_ids):
        raise StoriesMoved


async def _merge(session: AsyncSession, *, merged: Mapping[int, int], revision: int) -> None:
    rows = [{"gone": gone, "kept": merged[gone], "revision": revision} for gone in sorted(merged)]
    # Items first: a digest that is being frozen holds its items, so its entries are there to be changed.
    for build in (_move_items, _move_entries, _move_links, _keep_first_seen, _delete_story):
        await run_many(session, build, rows)


def _insert_link(engine: str) -> Any:
    row = {name: value(name) for name in ("key", "story_id", "added_at")}
    return insert_for(engine, STORY_LINKS).values(row).on_conflict_do_nothing(index_elements=["key"])


def _insert_story(engine: str) -> Any:
    row = {"key": value("key"), "first_seen_at": value("first_seen_at")}
    return insert_for(engine, STORIES).values(row).on_conflict_do_nothing(index_elements=["key"])


def _move_items(_engine: str) -> Any:
    moved = {"story_id": value("kept"), "story_revision": value("revision")}
    return update(ITEMS).where(ITEMS.c.story_id == value("gone")).values(moved)


def _move_entries(_engine: str) -> Any:
    return update(ENTRIES).where(ENTRIES.c.story_id == value("gone")).values(story_id=value("kept"))


def _move_links(_engine: str) -> Any:
    return update(STORY_LINKS).where(STORY_LINKS.c.story_id == value("gone")).values(story_id=value("kept"))


def _keep_first_seen(_engine: str) -> Any:
    leaving = STORIES.alias()
    earlier = select(leaving.c.first_seen_at).where(leaving.c.id == value("gone")).scalar_subquery()
    later = (STORIES.c.id == value("kept")) & (STORIES.c.first_seen_at > earlier)
    return update(STORIES).where(later).values(first_seen_at=earlier)


def _delete_story(_engine: str) -> Any:
    return delete(STORIES).where(STORIES.c.id == value("gone"))

"""Items built anew from archived answers, without touching those that are as they should be."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import tuple_, update
from sqlmodel import col
from sqlmodel import select as select_columns
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import insert
from contentsync.db.items import EDITED, ITEMS, ItemRow
from contentsync.db.models import Item

CHUNK_ROWS = 100
"""Rows in one statement: few enough that preparing them never holds up the event loop for long."""

TIMES = ("published_at", "sort_at")
"""Set by the answer in which an item was first seen."""

CONTENT = tuple(name for name in (*EDITED, "content_hash") if name != "raw_document_id")


class Rebuilt(NamedTuple):
    """Counts of items: `same` ones were left as they are, `added` ones were missing."""

    same: int = 0
    added: int = 0
    changed: int = 0


async def rebuild_items(session: AsyncSession, *, rows: Sequence[ItemRow]) -> Rebuilt:
    """Bring the items of one answer into the database as if it came now for the first time, in its turn.

    An item that is missing is added; one that is there keeps its id, and is unprocessed again only if it changes.
    """
    total = Rebuilt()
    for start in range(0, len(rows), CHUNK_ROWS):
        chunk = rows[start : start + CHUNK_ROWS]
        stored = await _stored(session, chunk)
        new = [row for row in chunk if row["external_id"] not in stored]
        if new:
            await session.exec(insert(session, ITEMS).on_conflict_do_nothing(), params=new)
        changed = 0
        for row in chunk:
            item = stored.get(row["external_id"])
            if item is not None and (changes := changes_by(item, row)):
                await session.exec(update(Item).where(col(Item.id) == item.id).values(**changes, processed_at=None))
                changed += 1
        total = Rebuilt(total.same + len(chunk) - len(new) - changed, total.added + len(new), total.changed + changed)
    return total


def changes_by(item: Any, row: ItemRow) -> dict[str, Any]:
    """What an answer, read now, changes of a stored item.

    The stored item knows which answer wrote it last. That same answer may be understood otherwise today: then all of
    it is rewritten, and its times too if the item was first seen in it. Answers before it have no say any more; one
    after it is an edit if title, link or summary differ, exactly as in a pull.
    """
    answer_id = row["raw_document_id"]
    assert answer_id is not None, "an answer that is reprocessed is stored"
    written_by = item.raw_document_id
    if written_by == answer_id:
        is_first = item.first_seen_at == row["first_seen_at"]
        names = set((*CONTENT, *TIMES) if is_first else CONTENT) - _told_elsewhere(item, row)
        return {name: value for name, value in _picked(row, sorted(names)).items() if value != getattr(item, name)}
    is_edit = item.content_hash != row["content_hash"]
    if is_edit and (written_by is None or written_by < answer_id):
        return {**_picked(row, CONTENT), "raw_document_id": answer_id}
    return {}


def _told_elsewhere(item: Any, row: ItemRow) -> set[str]:
    """What the answer does not tell and a service was asked for afterwards: how long a video is, and that it is live.

    See `contentsync.db.account_channels.store_examined`.
    """
    if row["duration_seconds"] is not None or item.duration_seconds is None:
        return set()
    return {"duration_seconds", "media_kind"} if item.media_kind == "live" else {"duration_seconds"}


def _picked(row: ItemRow, names: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = dict(row)
    return {name: values[name] for name in names}


async def _stored(session: AsyncSession, rows: Sequence[ItemRow]) -> dict[str, Any]:
    """What is stored of these items, by external id; they are of one source."""
    columns: Any = [
        ITEMS.c[name] for name in ("id", "external_id", "raw_document_id", "first_seen_at", *CONTENT, *TIMES)
    ]
    identity = tuple_(ITEMS.c.source_id, ITEMS.c.external_id)
    wanted = [(row["source_id"], row["external_id"]) for row in rows]
    statement = select_columns(*columns).where(identity.in_(wanted)).with_for_update()
    return {item.external_id: item for item in await session.exec(statement)}

"""Items and the raw documents they came in."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypedDict, TypeVar

from sqlalchemy import Table, exists, func, tuple_
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base, insert
from contentsync.db.models import Item, Source

ITEMS: Table = Base.metadata.tables["item"]
RAW_DOCUMENTS: Table = Base.metadata.tables["raw_document"]

CHUNK_ROWS = 100
"""Rows in one statement: few enough that preparing them never holds up the event loop for long."""

EDITED = (
    "raw_document_id",
    "link",
    "title",
    "summary_html",
    "author",
    "image_url",
    "media_kind",
    "media_url",
    "duration_seconds",
)
"""What an edit of an entry changes. Its place in time stays: an old item that is touched up is not news."""

Row = TypeVar("Row")


class RawRow(TypedDict):
    """One row of `add_raw_documents`; see `contentsync.db.models.RawDocument`."""

    source_id: int
    url: str
    path: str
    offset: int
    length: int
    body_hash: str
    fetched_at: datetime


class ItemRow(TypedDict):
    """One row of `upsert_items`; see `contentsync.db.models.Item`."""

    source_id: int
    external_id: str
    raw_document_id: int | None
    link: str | None
    title: str
    summary_html: str
    author: str | None
    image_url: str | None
    media_kind: str
    media_url: str | None
    duration_seconds: int | None
    published_at: datetime | None
    first_seen_at: datetime
    sort_at: datetime
    content_hash: str


def is_unstorable(error: Exception) -> bool:
    """Whether the database refused a value, which no second try will change, rather than failed itself."""
    if isinstance(error, DBAPIError):
        return not (isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated)
    return isinstance(error, (UnicodeError, OverflowError))


async def add_raw_documents(session: AsyncSession, *, rows: Sequence[RawRow]) -> dict[int, int]:
    """Add archived answers, at most one of each source; gives the new ids by source id."""
    if not rows:
        return {}
    statement = insert(session, RAW_DOCUMENTS).returning(RAW_DOCUMENTS.c.source_id, RAW_DOCUMENTS.c.id)
    return {row.source_id: row.id for row in await session.exec(statement, params=rows)}


async def upsert_items(session: AsyncSession, *, rows: Sequence[ItemRow]) -> Counter[int]:
    """Add new items and renew edited ones, which are then unprocessed again; counts the new ones by source id.

    An item whose content hash is the stored one is left as it is.
    """
    added: Counter[int] = Counter()
    seen_before = await _with_items(session, {row["source_id"] for row in rows})
    for chunk in _chunks(rows):
        known = await _content_hashes(session, [row for row in chunk if row["source_id"] in seen_before])
        changed = [row for row in chunk if known.get(_identity(row)) != row["content_hash"]]
        added.update(row["source_id"] for row in changed if _identity(row) not in known)
        if changed:
            await session.exec(_upsert(session), params=changed)
    return added


async def count_items(session: AsyncSession, *, source_id: int) -> int:
    """How many items the source has."""
    return (await session.exec(select(func.count()).select_from(Item).where(col(Item.source_id) == source_id))).one()


def _upsert(session: AsyncSession) -> Any:
    statement = insert(session, ITEMS)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[ITEMS.c.source_id, ITEMS.c.external_id],
        set_={name: new[name] for name in (*EDITED, "content_hash")} | {"processed_at": None},
        where=ITEMS.c.content_hash != new.content_hash,
    )


async def _with_items(session: AsyncSession, source_ids: set[int]) -> set[int]:
    """Those of the sources that have any item; nothing needs to be looked up for the others."""
    has_items = exists().where(col(Item.source_id) == col(Source.id))
    found = await session.exec(select(Source.id).where(col(Source.id).in_(source_ids), has_items))
    return {source_id for source_id in found if source_id is not None}


async def _content_hashes(session: AsyncSession, rows: Sequence[ItemRow]) -> dict[tuple[int, str], str]:
    """The stored content hash of each of these items that is known, by source id and external id."""
    if not rows:
        return {}
    identity = tuple_(ITEMS.c.source_id, ITEMS.c.external_id)
    known = await session.exec(
        select(ITEMS.c.source_id, ITEMS.c.external_id, ITEMS.c.content_hash).where(
            identity.in_([_identity(row) for row in rows])
        )
    )
    return {(source_id, external_id): content_hash for source_id, external_id, content_hash in known}


def _identity(row: ItemRow) -> tuple[int, str]:
    return row["source_id"], row["external_id"]


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[start : start + CHUNK_ROWS] for start in range(0, len(rows), CHUNK_ROWS))

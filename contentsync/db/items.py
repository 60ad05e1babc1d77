"""Items and the raw documents they came in."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import Table, exists, func, literal_column, null, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base, insert, insert_for
from contentsync.db.bulk import chunks, run_many, value
from contentsync.db.models import Item, Source

ITEMS: Table = Base.metadata.tables["item"]
RAW_DOCUMENTS: Table = Base.metadata.tables["raw_document"]

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
    "word_count",
)
"""What an edit of an entry changes. Its place in time stays: an old item that is touched up is not news."""

Identity = tuple[int, str]
"""Source id and external id."""

_KNOWN_SQLITE = text(
    "SELECT source_id, external_id, content_hash FROM json_each(:wanted) AS wanted CROSS JOIN item"
    " ON source_id = json_extract(wanted.value, '$[0]') AND external_id = json_extract(wanted.value, '$[1]')"
)
_KNOWN_POSTGRESQL = text(
    "SELECT source_id, external_id, content_hash FROM item JOIN"
    " unnest(CAST(:source_ids AS INTEGER[]), CAST(:external_ids AS TEXT[])) AS wanted (source_id, external_id)"
    " USING (source_id, external_id)"
)


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
    word_count: int | None
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
    seen_before = await _with_items(session, {row["source_id"] for row in rows})
    known = await _content_hashes(session, [_identity(row) for row in rows if row["source_id"] in seen_before])
    changed = {
        identity: row for row in rows if known.get(identity := _identity(row)) != row["content_hash"]
    }  # fmt: skip
    await run_many(session, _upsert, list(changed.values()))
    return Counter(source_id for source_id, external_id in changed if (source_id, external_id) not in known)


async def count_items(session: AsyncSession, *, source_id: int) -> int:
    """How many items the source has."""
    return (await session.exec(select(func.count()).select_from(Item).where(col(Item.source_id) == source_id))).one()


def _upsert(engine: str) -> Any:
    statement = insert_for(engine, ITEMS).inline()
    new = statement.excluded
    every: dict[str, Any] = {name: value(name) for name in ItemRow.__annotations__} | {
        "summary_text": literal_column("''")
    }
    return statement.values(every).on_conflict_do_update(
        index_elements=[ITEMS.c.source_id, ITEMS.c.external_id],
        set_={name: new[name] for name in (*EDITED, "content_hash")} | {"processed_at": null()},
        where=ITEMS.c.content_hash != new.content_hash,
    )


async def _with_items(session: AsyncSession, source_ids: set[int]) -> set[int]:
    """Those of the sources that have any item; nothing needs to be looked up for the others."""
    has_items = exists().where(col(Item.source_id) == col(Source.id))
    found = await session.exec(select(Source.id).where(col(Source.id).in_(source_ids), has_items))
    return {source_id for source_id in found if source_id is not None}


async def _content_hashes(session: AsyncSession, identities: Sequence[Identity]) -> dict[Identity, str]:
    """The stored content hash of each of these items that is known."""
    connection = await session.connection()
    hashes: dict[Identity, str] = {}
    for chunk in chunks(identities):
        # All go in one or two parameters: building a statement with hundreds of them takes longer than running it.
        if connection.dialect.name == "sqlite":
            found = await connection.execute(_KNOWN_SQLITE, {"wanted": json.dumps(chunk)})
        else:
            source_ids, external_ids = zip(*chunk, strict=True)
            found = await connection.execute(
                _KNOWN_POSTGRESQL, {"source_ids": source_ids, "external_ids": external_ids}
            )
        hashes |= {(source_id, external_id): content_hash for source_id, external_id, content_hash in found}
    return hashes


def _identity(row: ItemRow) -> Identity:
    return row["source_id"], row["external_id"]

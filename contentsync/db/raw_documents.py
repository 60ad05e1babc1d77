"""Where answers lie in the archive: reading them again in order, and forgetting the old ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import col, delete, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.models import RawDocument, Source


class Archived(NamedTuple):
    """An archived answer and what reads it; see `contentsync.db.models.RawDocument`."""

    id: int
    source_id: int
    kind: str
    url: str
    path: str
    offset: int
    length: int
    body_hash: str
    fetched_at: datetime


class Selection(NamedTuple):
    """Which answers: those fetched at `since` or later, of one source; None is all. `last_id` bounds what is new."""

    last_id: int
    since: datetime | None = None
    source_id: int | None = None


async def find_last_id(session: AsyncSession) -> int:
    """The id of the newest answer; 0 if there is none."""
    return (await session.exec(select(func.max(RawDocument.id)))).one() or 0


async def count_documents(session: AsyncSession, *, selection: Selection) -> int:
    """How many answers are selected."""
    statement = select(func.count()).select_from(RawDocument).where(*_selected(selection))
    return (await session.exec(statement)).one()


async def list_documents(session: AsyncSession, *, selection: Selection, after_id: int, limit: int) -> list[Archived]:
    """The next selected answers after this one, in the order they were stored."""
    columns: Any = [getattr(Source if name == "kind" else RawDocument, name) for name in Archived.__annotations__]
    statement = (
        select(*columns)
        .join(Source, col(Source.id) == col(RawDocument.source_id))
        .where(col(RawDocument.id) > after_id, *_selected(selection))
        .order_by(col(RawDocument.id))
        .limit(limit)
    )
    return [Archived(*row) for row in await session.exec(statement)]


async def lock_documents(session: AsyncSession, *, ids: Sequence[int]) -> set[int]:
    """Those of the answers that are still there. Until the transaction ends nobody can delete them."""
    statement = select(RawDocument.id).where(col(RawDocument.id).in_(ids)).order_by(col(RawDocument.id))
    found = await session.exec(statement.with_for_update(read=True, key_share=True))
    return {document_id for document_id in found if document_id is not None}


async def delete_documents(session: AsyncSession, *, before: datetime, limit: int) -> int:
    """Forget at most `limit` answers that were fetched before this moment, the oldest first; gives how many."""
    old = (
        select(RawDocument.id)
        .where(col(RawDocument.fetched_at) < before)
        .order_by(col(RawDocument.id))
        .limit(limit)
        .scalar_subquery()
    )
    return (await session.exec(delete(RawDocument).where(col(RawDocument.id).in_(old)))).rowcount


def _selected(selection: Selection) -> list[Any]:
    conditions = [col(RawDocument.id) <= selection.last_id]
    if selection.since is not None:
        conditions.append(col(RawDocument.fetched_at) >= selection.since)
    if selection.source_id is not None:
        conditions.append(col(RawDocument.source_id) == selection.source_id)
    return conditions

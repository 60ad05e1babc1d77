"""What subscribers tell us about items, by a tap or by leaving them unread."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, exists, literal, select, union_all
from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base, insert
from contentsync.db.models import Digest, DigestEntry, Item
from contentsync.db.taste_models import Feedback, Saved

FEEDBACK: Table = Base.metadata.tables["feedback"]
RATING, OPENED, TASTE, MUTED = "rating", "opened", "taste", "muted"
SIGNALS = {
    (RATING, 1): "like",
    (RATING, -1): "dislike",
    (OPENED, 1): "opened",
    (TASTE, 1): "more",
    (TASTE, -1): "less",
    (MUTED, -1): "muted",
}
"""What each value of each kind is called; beside these there are "saved" and "ignored"."""


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A signal (`SIGNALS`, "saved" or "ignored") and what is known of its item. `features` None: not made yet."""

    item_id: int
    kind: str
    at: datetime
    source_id: int
    author: str | None
    media_kind: str
    language: str | None
    title: str
    features: bytes | None


async def give(
    session: AsyncSession, *, subscriber_id: int, item_id: int, kind: str, value: int, now: datetime
) -> None:
    """Set the subscriber's signal of this kind on the item; 0 takes it back. Idempotent: the first time counts."""
    if value == 0:
        await session.exec(delete(Feedback).where(*_of(subscriber_id, item_id), col(Feedback.kind) == kind))
        return
    statement = insert(session, FEEDBACK).values(
        subscriber_id=subscriber_id, item_id=item_id, kind=kind, value=value, created_at=now
    )
    await session.exec(
        statement.on_conflict_do_update(
            index_elements=["subscriber_id", "item_id", "kind"],
            set_={"value": statement.excluded.value, "created_at": statement.excluded.created_at},
            where=FEEDBACK.c.value != statement.excluded.value,
        )
    )


async def get_given(session: AsyncSession, *, subscriber_id: int, item_id: int) -> dict[str, int]:
    """The value of each kind of signal that the subscriber gave on the item."""
    statement: Any = select(col(Feedback.kind), col(Feedback.value)).where(*_of(subscriber_id, item_id))
    return {row.kind: row.value for row in await session.exec(statement)}


async def list_signals(
    session: AsyncSession, *, subscriber_id: int, since: datetime, ignored_before: datetime, limit: int
) -> list[SignalRow]:
    """The latest `limit` signals of the subscriber from `since` on, and as many items they ignored: sent in a digest
    that came before `ignored_before`, and then neither opened nor judged nor saved."""
    given: Any = select(
        col(Feedback.item_id), col(Feedback.kind), col(Feedback.value), col(Feedback.created_at).label("at")
    ).where(col(Feedback.subscriber_id) == subscriber_id, col(Feedback.created_at) >= since)
    kept: Any = select(
        col(Saved.item_id), literal("saved").label("kind"), literal(1).label("value"), col(Saved.created_at).label("at")
    ).where(col(Saved.subscriber_id) == subscriber_id, col(Saved.created_at) >= since)
    both = union_all(given, kept).subquery()
    signals: Any = _with_item(both.c.kind, both.c.value, both.c.at).join(both, both.c.item_id == col(Item.id))
    signals = signals.order_by(both.c.at.desc(), col(Item.id), both.c.kind).limit(limit)
    ignored: Any = (
        _with_item(literal("ignored"), literal(0), col(Digest.finished_at))
        .join(DigestEntry, col(DigestEntry.item_id) == col(Item.id))
        .join(Digest, col(Digest.id) == col(DigestEntry.digest_id))
        .where(
            col(DigestEntry.subscriber_id) == subscriber_id,
            col(Digest.subscriber_id) == subscriber_id,
            col(Digest.state) == "sent",
            col(Digest.finished_at) >= since,
            col(Digest.finished_at) < ignored_before,
            ~exists().where(*_of(subscriber_id, Item.id)),
            ~exists().where(col(Saved.subscriber_id) == subscriber_id, col(Saved.item_id) == col(Item.id)),
        )
        .order_by(col(Digest.finished_at).desc(), col(Item.id))
        .limit(limit)
    )
    rows = [*await session.exec(signals), *await session.exec(ignored)]
    return [SignalRow(row[0], SIGNALS.get((row[1], row[2]), row[1]), *row[3:]) for row in rows]


def _with_item(kind: Any, value: Any, at: Any) -> Any:
    return select(
        col(Item.id),
        kind,
        value,
        at,
        col(Item.source_id),
        col(Item.author),
        col(Item.media_kind),
        col(Item.language),
        col(Item.title),
        col(Item.features),
    ).select_from(Item)


def _of(subscriber_id: int, item_id: Any) -> tuple[ColumnElement[bool], ...]:
    return col(Feedback.subscriber_id) == subscriber_id, col(Feedback.item_id) == item_id

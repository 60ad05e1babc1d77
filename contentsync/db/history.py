"""What a subscriber was shown, and what they made of it."""

from collections import defaultdict
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.feedback import SIGNALS
from contentsync.db.models import Digest, DigestEntry, Item
from contentsync.db.taste_models import Feedback, Saved


class GivenRow(NamedTuple):
    """A signal of the subscriber on an item: one of `contentsync.db.feedback.SIGNALS`, or "saved"."""

    kind: str
    at: datetime


class ShownRow(NamedTuple):
    """An item of a digest that was sent. `signals`: what the subscriber did with it, by time; none: it was ignored."""

    shown_at: datetime
    item_id: int
    title: str
    summary: str
    source_id: int
    author: str | None
    media_kind: str
    language: str | None
    word_count: int | None
    duration_seconds: int | None
    features: bytes | None
    signals: tuple[GivenRow, ...]


async def list_shown(session: AsyncSession, *, subscriber_id: int) -> list[ShownRow]:
    """Every item the subscriber was sent and that is still there, in the order of the digests."""
    given: dict[int, list[GivenRow]] = defaultdict(list)
    feedback: Any = select(
        col(Feedback.item_id), col(Feedback.kind), col(Feedback.value), col(Feedback.created_at)
    ).where(col(Feedback.subscriber_id) == subscriber_id)
    for item_id, kind, value, at in await session.exec(feedback):
        given[item_id].append(GivenRow(SIGNALS[kind, value], at))
    saved: Any = select(col(Saved.item_id), col(Saved.created_at)).where(col(Saved.subscriber_id) == subscriber_id)
    for item_id, at in await session.exec(saved):
        given[item_id].append(GivenRow("saved", at))
    shown: Any = (
        select(
            col(Digest.finished_at),
            col(Item.id),
            col(Item.title),
            col(Item.summary_text),
            col(Item.source_id),
            col(Item.author),
            col(Item.media_kind),
            col(Item.language),
            col(Item.word_count),
            col(Item.duration_seconds),
            col(Item.features),
        )
        .select_from(DigestEntry)
        .join(Digest, col(Digest.id) == col(DigestEntry.digest_id))
        .join(Item, col(Item.id) == col(DigestEntry.item_id))
        .where(col(DigestEntry.subscriber_id) == subscriber_id, col(Digest.state) == "sent")
        .order_by(col(DigestEntry.digest_id), col(DigestEntry.position))
    )
    return [
        ShownRow._make((*row, tuple(sorted(given[row.id], key=lambda one: (one.at, one.kind)))))
        for row in await session.exec(shown)
    ]

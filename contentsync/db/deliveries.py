"""The ledger: how far each message of a digest has come. Every step is one guarded statement.

planned → placing → placed → sent, and placing → planned when a stub did not arrive or nobody knows whether it did. A
step is only taken by whoever holds the digest's lease, and only from the state it was decided on; otherwise nothing
changes.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Table, select, update
from sqlmodel import col
from sqlmodel import select as select_rows
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base
from contentsync.db.models import Delivery, Digest

DELIVERIES: Table = Base.metadata.tables["delivery"]
DIGESTS: Table = Base.metadata.tables["digest"]


async def list_parts(session: AsyncSession, *, digest_id: int) -> list[int]:
    """The delivery ids of a digest, in the order in which they are sent."""
    statement = select_rows(Delivery.id).where(col(Delivery.digest_id) == digest_id).order_by(col(Delivery.part))
    return [delivery_id for delivery_id in await session.exec(statement) if delivery_id is not None]


async def get_claimed(session: AsyncSession, *, delivery_id: int, token: str) -> Delivery | None:
    """The message as the ledger has it now; None if this token does not hold its digest any more."""
    statement = (
        select_rows(Delivery)
        .join(Digest, col(Digest.id) == col(Delivery.digest_id))
        .where(col(Delivery.id) == delivery_id, col(Digest.lease_id) == token)
    )
    return (await session.exec(statement)).one_or_none()


async def begin_placing(session: AsyncSession, *, delivery_id: int, token: str) -> bool:
    """The stub is about to be sent."""
    return await _step(session, delivery_id, token, "planned", {"state": "placing"})


async def take_back(session: AsyncSession, *, delivery_id: int, token: str) -> bool:
    """The stub was certainly not sent."""
    return await _step(session, delivery_id, token, "placing", {"state": "planned"})


async def lose_stub(session: AsyncSession, *, delivery_id: int, token: str) -> bool:
    """The stub was sent, perhaps; its message id will never be known."""
    values = {"state": "planned", "stubs_lost": DELIVERIES.c.stubs_lost + 1}
    return await _step(session, delivery_id, token, "placing", values)


async def place(session: AsyncSession, *, delivery_id: int, token: str, message_id: int) -> bool:
    """The stub stands in the chat."""
    return await _step(session, delivery_id, token, "placing", {"state": "placed", "message_id": message_id})


async def lose_message(session: AsyncSession, *, delivery_id: int, token: str) -> bool:
    """The stub is gone from the chat before it was filled (the person deleted it)."""
    return await _step(session, delivery_id, token, "placed", {"state": "planned", "message_id": None})


async def mark_sent(session: AsyncSession, *, delivery_id: int, token: str, now: datetime) -> bool:
    """The stub was edited into the digest."""
    return await _step(session, delivery_id, token, "placed", {"state": "sent", "sent_at": now})


async def _step(session: AsyncSession, delivery_id: int, token: str, state: str, values: dict[str, Any]) -> bool:
    held = select(DIGESTS.c.id).where(DIGESTS.c.lease_id == token)
    taken = await session.exec(
        update(DELIVERIES)
        .where(DELIVERIES.c.id == delivery_id, DELIVERIES.c.state == state, DELIVERIES.c.digest_id.in_(held))
        .values(values)
    )
    return taken.rowcount > 0


async def get_shown(session: AsyncSession, *, subscriber_id: int, digest_id: int, message_id: int) -> Delivery | None:
    """What a message in the chat showed when it was sent, if it is of this digest and that is the subscriber's; the
    first message of the digest, where a card was opened from another one."""
    statement = (
        select_rows(Delivery)
        .join(Digest, col(Digest.id) == col(Delivery.digest_id))
        .where(
            col(Digest.id) == digest_id,
            col(Digest.subscriber_id) == subscriber_id,
            col(Delivery.message_id).is_not(None),
        )
        .order_by((col(Delivery.message_id) == message_id).desc(), col(Delivery.part))
        .limit(1)
    )
    return (await session.exec(statement)).one_or_none()

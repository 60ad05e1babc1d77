"""Single-use rights to use the bot. Only hashes of their tokens are stored."""

from datetime import datetime

from sqlmodel import col, delete, update
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.models import Invite
from contentsync.db.subscribers import has_owner

CLAIM = "claim"


async def replace_claim(session: AsyncSession, *, token_hash: str, now: datetime) -> None:
    """Make this the only unused claim."""
    await session.exec(delete(Invite).where(col(Invite.kind) == CLAIM, col(Invite.used_at).is_(None)))
    session.add(Invite(token_hash=token_hash, kind=CLAIM, created_at=now))
    await session.flush()


async def redeem_claim(session: AsyncSession, *, token_hash: str, now: datetime) -> bool:
    """Whether this claim existed, was unused, and nobody owns the bot; from now on it is used, whoever else tries."""
    if await has_owner(session):
        return False
    statement = update(Invite).where(
        col(Invite.token_hash) == token_hash, col(Invite.kind) == CLAIM, col(Invite.used_at).is_(None)
    )
    return (await session.exec(statement.values(used_at=now))).rowcount == 1


async def set_user(session: AsyncSession, *, token_hash: str, subscriber_id: int) -> None:
    """Write down who used the invite."""
    await session.exec(update(Invite).where(col(Invite.token_hash) == token_hash).values(used_by=subscriber_id))

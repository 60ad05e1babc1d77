"""Sign-ins that somebody has begun. The `state` parameter itself is never stored, only its SHA-256."""

import hashlib
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.account_models import OAuthState

LIFETIME = timedelta(minutes=10)
REMEMBERED = timedelta(days=1)
"""How long it is known that a state was used or expired, to say so."""


class Verdict(Enum):
    """What a state is good for."""

    VALID = "valid"
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Claim(NamedTuple):
    """What became of a state that came back; `begun` is None if it is unknown."""

    verdict: Verdict
    begun: OAuthState | None


async def add_state(
    session: AsyncSession, *, state: str, subscriber_id: int, verifier: str, chat_url: str, now: datetime
) -> None:
    """Remember a sign-in for `LIFETIME`; `verifier` is encrypted already. Those of former days are forgotten."""
    await session.exec(delete(OAuthState).where(col(OAuthState.expires_at) < now - REMEMBERED))
    session.add(
        OAuthState(
            state_hash=hash_state(state),
            subscriber_id=subscriber_id,
            verifier=verifier,
            chat_url=chat_url,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    await session.flush()


async def claim_state(session: AsyncSession, *, state: str, now: datetime) -> Claim:
    """Use the state up. Of several who claim the same one, one gets VALID."""
    state_hash = hash_state(state)
    mine = col(OAuthState.state_hash) == state_hash
    claimed = await session.exec(
        update(OAuthState)
        .where(mine, col(OAuthState.used_at).is_(None), col(OAuthState.expires_at) > now)
        .values(used_at=now)
    )
    begun = (await session.exec(select(OAuthState).where(mine))).one_or_none()
    if claimed.rowcount:
        return Claim(Verdict.VALID, begun)
    if begun is None:
        return Claim(Verdict.UNKNOWN, None)
    return Claim(Verdict.EXPIRED if begun.used_at is None else Verdict.USED, begun)


def hash_state(state: str) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()


def draft_number(state_hash: str) -> int:
    """The number under which the sign-in's draft is kept: negative, because no Telegram update has such a one."""
    return -(int(state_hash[:15], 16) + 1)

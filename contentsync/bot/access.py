"""Who may speak with the bot: everybody, or its owner and those who were let in."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from contentsync.db import invites, preferences, subscribers
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber
from contentsync.db.subscribers import Changes
from contentsync.settings import Settings

CLAIM_PREFIX = "claim-"
LOCAL_OWNER = 1
"""The person at the machine, in the local chat."""


@dataclass(frozen=True)
class Visitor:
    """Somebody who wrote or tapped in their private chat. `token` is what they opened a claim link with."""

    chat_id: int
    name: str
    language: str
    token: str | None = None


@dataclass(frozen=True)
class Admission:
    """Whether they may speak: the subscriber, else None. `claimed`: they became the owner just now."""

    subscriber: Subscriber | None
    claimed: bool = False


async def claim_link(db: Database, *, bot_username: str, now: datetime) -> str | None:
    """A fresh single-use link that makes its first opener the owner; None if there is one. Former unused links end.

    Source: https://core.telegram.org/bots/features#deep-linking
    """
    token = secrets.token_urlsafe(24)
    async with db.write() as session:
        if await subscribers.has_owner(session):
            return None
        await invites.replace_claim(session, token_hash=_hash(token), now=now)
    return f"https://t.me/{bot_username}?start={CLAIM_PREFIX}{token}"


def claim_token(text: str | None) -> str | None:
    """The token of the message that opening a claim link sends ("/start claim-…"), if it is one."""
    command, _, payload = (text or "").partition(" ")
    is_claim = command == "/start" and payload.startswith(CLAIM_PREFIX)
    return payload.removeprefix(CLAIM_PREFIX).strip() if is_claim else None


class Access:
    """Decides by the settings and the database."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._open = settings.access == "open"
        self._local = settings.local_chat

    async def admit(self, visitor: Visitor, now: datetime) -> Admission:
        """The visitor as a subscriber, if they may be one. A stranger leaves no trace.

        A subscriber who had blocked the bot is unblocked, and their digests go on.
        """
        async with self._db.read() as session:
            known = await subscribers.find_by_chat(session, chat_id=visitor.chat_id)
        if known is not None and not (visitor.token or self._changed(known, visitor)):
            return Admission(known)
        if known is None and not (visitor.token or self._open or self._is_local_owner(visitor)):
            return Admission(None)
        return await self._let_in(visitor, known, now)

    def _changed(self, known: Subscriber, visitor: Visitor) -> bool:
        told = (known.name, known.language) != (visitor.name, visitor.language)
        return told or known.blocked_at is not None or (self._is_local_owner(visitor) and not known.is_owner)

    def _is_local_owner(self, visitor: Visitor) -> bool:
        return self._local and visitor.chat_id == LOCAL_OWNER

    async def _let_in(self, visitor: Visitor, known: Subscriber | None, now: datetime) -> Admission:
        token_hash = _hash(visitor.token or "")
        async with self._db.write() as session:
            claimed = visitor.token is not None and await invites.redeem_claim(session, token_hash=token_hash, now=now)
            if known is None and not (claimed or self._open or self._is_local_owner(visitor)):
                return Admission(None)
            subscriber_id = await subscribers.add_subscriber(
                session, chat_id=visitor.chat_id, name=visitor.name, language=visitor.language, now=now
            )
            changes = Changes(name=visitor.name, language=visitor.language, blocked_at=None)
            if claimed or self._is_local_owner(visitor):
                changes["is_owner"] = True
            if claimed:
                await invites.set_user(session, token_hash=token_hash, subscriber_id=subscriber_id)
            subscriber = await preferences.prefer(session, subscriber_id=subscriber_id, now=now, **changes)
        return Admission(subscriber, claimed=claimed)


async def set_blocked(db: Database, chat_id: int, *, blocked: bool, now: datetime) -> None:
    """The person blocked the bot, or let it in again; nothing happens for a stranger."""
    async with db.write() as session:
        known = await subscribers.find_by_chat(session, chat_id=chat_id)
        if known is not None and known.id is not None:
            blocked_at = now if blocked else None
            await preferences.prefer(session, subscriber_id=known.id, now=now, blocked_at=blocked_at)


class Seldom:
    """Says yes to each key at most once in `seconds`; remembers the `capacity` latest keys, in memory only."""

    def __init__(self, seconds: float, *, capacity: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._capacity = capacity
        self._clock = clock
        self._said_at: OrderedDict[int, float] = OrderedDict()

    def allows(self, key: int) -> bool:
        """Whether it is time again; if so, it counts as done."""
        now = self._clock()
        if now - self._said_at.get(key, -self._seconds) < self._seconds:
            return False
        self._said_at[key] = now
        self._said_at.move_to_end(key)
        if len(self._said_at) > self._capacity:
            self._said_at.popitem(last=False)
        return True


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

"""Digests: which are due, who works on them, and what they hold. Sending them is `deliveries`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, and_, or_, select, update
from sqlmodel import col, delete
from sqlmodel import select as select_rows
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db.base import Base, insert
from contentsync.db.models import Delivery, Digest, DigestEntry, Item, Subscriber
from contentsync.db.slots import next_slot

DIGESTS: Table = Base.metadata.tables["digest"]
ENTRIES: Table = Base.metadata.tables["digest_entry"]
SUBSCRIBERS: Table = Base.metadata.tables["subscriber"]

CATCH_UP = timedelta(hours=12)
"""A scheduled digest that is not even built so long after it was due is left out; the next one holds its items."""
LEASE = timedelta(minutes=15)
"""For so long nobody else takes over a digest that somebody works on."""
ASKED_LEASE = timedelta(minutes=1)
"""For so long the next tick leaves a digest that was asked for to its own run, which may still have to start."""
ASKED = "ask-"
"""How the slot of a digest begins that was asked for."""
UNFINISHED = ("open", "frozen")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a digest, to be stored. `reasons`: `{"key": …, "value": …, "params": {…}}`.

    `is_update`: its story was sent before and moved on since.
    """

    item_id: int
    story_id: int
    position: int
    score: float
    reasons: list[dict[str, Any]]
    is_update: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a digest, to be stored. `keyboard`: rows of Bot API inline buttons."""

    stub: str
    body: str
    keyboard: list[list[dict[str, str]]]


def asked_slot(update_id: int) -> str:
    """The slot of a digest that this Telegram update asks for; also the lease its own run works under."""
    return f"{ASKED}{update_id}"


async def ask_digest(session: AsyncSession, *, subscriber_id: int, update_id: int, now: datetime) -> int:
    """The id of the digest this update asks for, made and leased to its own run if it was not there."""
    slot = asked_slot(update_id)
    row = _row(subscriber_id, slot, due_at=now, now=now) | {"lease_id": slot, "lease_until": now + ASKED_LEASE}
    await session.exec(insert(session, DIGESTS).values(row).on_conflict_do_nothing())
    statement = select_rows(Digest.id).where(col(Digest.subscriber_id) == subscriber_id, col(Digest.slot) == slot)
    return (await session.exec(statement)).one() or 0


async def schedule_next(session: AsyncSession, *, subscriber_id: int, now: datetime) -> None:
    """Set when the subscriber's next daily digest is due, from their settings: never while paused or blocked."""
    subscriber = await lock_subscriber(session, subscriber_id=subscriber_id)
    if subscriber.paused or subscriber.blocked_at is not None:
        subscriber.next_digest_at = None
    else:
        slot = next_slot(now, time_zone=subscriber.time_zone, digest_minute=subscriber.digest_minute)
        subscriber.next_digest_at = slot.due_at
    session.add(subscriber)
    await session.flush()


async def lock_subscriber(session: AsyncSession, *, subscriber_id: int) -> Subscriber:
    """The subscriber as stored now; until the transaction ends nobody else can change or lock the row."""
    statement = select_rows(Subscriber).where(col(Subscriber.id) == subscriber_id).with_for_update()
    return (await session.exec(statement.execution_options(populate_existing=True))).one()


async def open_due(session: AsyncSession, *, now: datetime, lease_id: str, limit: int) -> int:
    """Open the digests of at most `limit` subscribers whose time has come, leased; gives how many subscribers.

    Each gets their next time. Of slots missed for longer than the catch-up window the first is written down as skipped.
    """
    statement = (
        select_rows(Subscriber)
        .where(
            col(Subscriber.next_digest_at) <= now,
            col(Subscriber.paused).is_(False),
            col(Subscriber.blocked_at).is_(None),
        )
        .order_by(col(Subscriber.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows: list[dict[str, Any]] = []
    due = (await session.exec(statement)).all()
    for subscriber in due:
        rows += _take_slots(subscriber, now=now, lease_id=lease_id)
        session.add(subscriber)
    if rows:
        await session.exec(insert(session, DIGESTS).on_conflict_do_nothing(), params=rows)
    return len(due)


def _take_slots(subscriber: Subscriber, *, now: datetime, lease_id: str) -> list[dict[str, Any]]:
    """The subscriber's slots up to now as digest rows; moves `next_digest_at` behind them."""
    zone, minute, subscriber_id = subscriber.time_zone, subscriber.digest_minute, subscriber.id or 0
    since = subscriber.next_digest_at or now
    rows: list[dict[str, Any]] = []
    slot = next_slot(since - timedelta(microseconds=1), time_zone=zone, digest_minute=minute)
    if slot.due_at <= now - CATCH_UP:
        skipped = _row(subscriber_id, slot.name, due_at=slot.due_at, now=now)
        rows.append(skipped | {"state": "skipped", "finished_at": now})
        slot = next_slot(now - CATCH_UP, time_zone=zone, digest_minute=minute)
    while slot.due_at <= now:
        row = _row(subscriber_id, slot.name, due_at=slot.due_at, now=now)
        rows.append(row | {"lease_id": lease_id, "lease_until": now + LEASE})
        slot = next_slot(slot.due_at, time_zone=zone, digest_minute=minute)
    subscriber.next_digest_at = slot.due_at
    return rows


def _row(subscriber_id: int, slot: str, *, due_at: datetime, now: datetime) -> dict[str, Any]:
    return {
        "subscriber_id": subscriber_id,
        "slot": slot,
        "state": "open",
        "due_at": due_at,
        "lease_id": None,
        "lease_until": None,
        "created_at": now,
        "finished_at": None,
    }


async def adopt(session: AsyncSession, *, now: datetime, lease_id: str) -> None:
    """Lease every unfinished digest that nobody holds any more; scheduled ones past the catch-up window are skipped."""
    free = or_(DIGESTS.c.lease_until.is_(None), DIGESTS.c.lease_until <= now)
    await session.exec(
        update(DIGESTS)
        .where(
            DIGESTS.c.state == "open",
            free,
            DIGESTS.c.due_at <= now - CATCH_UP,
            DIGESTS.c.slot.not_like(f"{ASKED}%"),
        )
        .values(state="skipped", finished_at=now, lease_id=None, lease_until=None)
    )
    await session.exec(
        update(DIGESTS).where(DIGESTS.c.state.in_(UNFINISHED), free).values(lease_id=lease_id, lease_until=now + LEASE)
    )


async def list_leased(session: AsyncSession, *, lease_id: str) -> list[int]:
    """The unfinished digests under this lease, the longest due first."""
    statement: Any = (
        select(DIGESTS.c.id)
        .where(DIGESTS.c.lease_id == lease_id, DIGESTS.c.state.in_(UNFINISHED))
        .order_by(DIGESTS.c.due_at, DIGESTS.c.id)
    )
    return list((await session.exec(statement)).scalars())


async def claim(
    session: AsyncSession, *, digest_ids: Sequence[int], lease_id: str, token: str, now: datetime
) -> list[int]:
    """Which of the digests are still unfinished and held by `lease_id`; from now on they are held by `token`.

    A token is the lease, a dot, and what tells one attempt from another, so that a later attempt takes over from an
    earlier one (which may still be running and finds its token gone), but not from another lease.
    """
    claimed = await session.exec(
        update(DIGESTS)
        .where(
            DIGESTS.c.id.in_(digest_ids),
            DIGESTS.c.state.in_(UNFINISHED),
            or_(DIGESTS.c.lease_id == lease_id, DIGESTS.c.lease_id.startswith(f"{lease_id}.", autoescape=True)),
        )
        .values(lease_id=token, lease_until=now + LEASE)
        .returning(DIGESTS.c.id)
    )
    return sorted(claimed.scalars())


async def get_claimed(session: AsyncSession, *, digest_id: int, token: str) -> tuple[Digest, Subscriber] | None:
    """The digest and whose it is, if it is unfinished and held by this token."""
    statement = (
        select_rows(Digest, Subscriber)
        .join(Subscriber, col(Subscriber.id) == col(Digest.subscriber_id))
        .where(col(Digest.id) == digest_id, col(Digest.lease_id) == token, col(Digest.state).in_(UNFINISHED))
    )
    return (await session.exec(statement)).one_or_none()


async def freeze(
    session: AsyncSession, *, digest_id: int, token: str, chat_id: int, entries: Sequence[Entry], parts: Sequence[Part]
) -> bool:
    """Fix what an open digest holds. False, and nothing changed, if it is not open under this token any more, or if one
    of the items or stories went into another digest of the same subscriber meanwhile; a story comes back as an update
    once."""
    subscriber_id = (await session.exec(select_rows(Digest.subscriber_id).where(col(Digest.id) == digest_id))).one()
    await lock_subscriber(session, subscriber_id=subscriber_id)
    story_ids = await _lock_stories(session, entries=entries)
    updates = {entry.item_id for entry in entries if entry.is_update}
    if await _any_sent(session, subscriber_id=subscriber_id, story_ids=story_ids, updates=updates):
        return False
    frozen = await session.exec(
        update(DIGESTS)
        .where(DIGESTS.c.id == digest_id, DIGESTS.c.state == "open", DIGESTS.c.lease_id == token)
        .values(state="frozen")
    )
    if frozen.rowcount == 0:
        return False
    if entries:
        await session.exec(
            insert(session, ENTRIES), params=[_entry(digest_id, subscriber_id, e, story_ids) for e in entries]
        )
    session.add_all(
        Delivery(
            digest_id=digest_id, part=number, chat_id=chat_id, stub=part.stub, body=part.body, keyboard=part.keyboard
        )
        for number, part in enumerate(parts)
    )
    await session.flush()
    return True


def _entry(digest_id: int, subscriber_id: int, entry: Entry, story_ids: Mapping[int, int | None]) -> dict[str, Any]:
    return {
        "digest_id": digest_id,
        "subscriber_id": subscriber_id,
        "item_id": entry.item_id,
        "story_id": story_ids.get(entry.item_id),
        "position": entry.position,
        "is_update": entry.is_update,
        "score": entry.score,
        "reasons": entry.reasons,
    }


async def _lock_stories(session: AsyncSession, *, entries: Sequence[Entry]) -> dict[int, int | None]:
    """The story each entry's item has now, which may have become part of another since it was chosen; until the
    transaction ends it stays."""
    statement = (
        select_rows(Item.id, Item.story_id)
        .where(col(Item.id).in_([entry.item_id for entry in entries]))
        .order_by(col(Item.id))
        .with_for_update(read=True)
    )
    return {item_id: story_id for item_id, story_id in await session.exec(statement) if item_id is not None}


async def _any_sent(
    session: AsyncSession, *, subscriber_id: int, story_ids: Mapping[int, int | None], updates: set[int]
) -> bool:
    """Whether an item was sent, or its story: for an update only if that was one, too. `story_ids`: by item."""
    again = [story_id for item_id, story_id in story_ids.items() if story_id is not None and item_id in updates]
    first = [story_id for item_id, story_id in story_ids.items() if story_id is not None and item_id not in updates]
    if len({*again, *first}) < len(again) + len(first):
        return True  # two of the stories became one since they were chosen
    statement = (
        select_rows(DigestEntry.id)
        .where(
            col(DigestEntry.subscriber_id) == subscriber_id,
            or_(
                col(DigestEntry.item_id).in_([*story_ids]),
                col(DigestEntry.story_id).in_(first),
                and_(col(DigestEntry.story_id).in_(again), col(DigestEntry.is_update)),
            ),
        )
        .limit(1)
    )
    return (await session.exec(statement)).first() is not None


async def finish(session: AsyncSession, *, digest_id: int, token: str, state: str, now: datetime) -> bool:
    """Whether this token still held the unfinished digest, which is now sent, empty, skipped or blocked."""
    finished = await session.exec(
        update(DIGESTS)
        .where(DIGESTS.c.id == digest_id, DIGESTS.c.lease_id == token, DIGESTS.c.state.in_(UNFINISHED))
        .values(state=state, finished_at=now, lease_id=None, lease_until=None)
    )
    return finished.rowcount > 0


async def block(session: AsyncSession, *, digest_id: int, token: str, now: datetime) -> None:
    """End a digest whose chat refuses us, and send its subscriber nothing more until they are back.

    If no part of it arrived, its items are free for a later digest.
    """
    if not await finish(session, digest_id=digest_id, token=token, state="blocked", now=now):
        return
    digest = (await session.exec(select_rows(Digest).where(col(Digest.id) == digest_id))).one()
    subscriber = await lock_subscriber(session, subscriber_id=digest.subscriber_id)
    subscriber.blocked_at, subscriber.next_digest_at = now, None
    session.add(subscriber)
    arrived = select_rows(Delivery.id).where(col(Delivery.digest_id) == digest_id, col(Delivery.state) == "sent")
    if (await session.exec(arrived.limit(1))).first() is None:
        await session.exec(delete(DigestEntry).where(col(DigestEntry.digest_id) == digest_id))


async def has_entries(session: AsyncSession, *, digest_id: int) -> bool:
    """Whether the digest holds anything."""
    statement = select_rows(DigestEntry.id).where(col(DigestEntry.digest_id) == digest_id).limit(1)
    return (await session.exec(statement)).first() is not None


async def get_entry_item(session: AsyncSession, *, subscriber_id: int, digest_id: int, position: int) -> int | None:
    """The item at this position of one of the subscriber's digests; None if it is not theirs or not there."""
    statement = select_rows(DigestEntry.item_id).where(
        col(DigestEntry.subscriber_id) == subscriber_id,
        col(DigestEntry.digest_id) == digest_id,
        col(DigestEntry.position) == position,
    )
    return (await session.exec(statement)).one_or_none()

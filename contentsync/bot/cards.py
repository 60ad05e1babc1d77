"""The entries of digests as a person taps on them: what is shown of one, and what the taps write down."""

from dataclasses import dataclass
from datetime import datetime

from contentsync.bot.render import Line, Marks
from contentsync.db import digest_entries, feedback, saved, stories
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands. 1 is the first position."""

    digest_id: int
    position: int


@dataclass(frozen=True, slots=True)
class Card:
    """An entry of a person's digest. `decided_at`: when the digest was put together. `taste`: 1 more, -1 less."""

    item_id: int
    line: Line
    marks: Marks
    taste: int
    decided_at: datetime


async def load(db: Database, subscriber: Subscriber, place: Place) -> Card | None:
    """The entry there, if it is the subscriber's and still there."""
    subscriber_id = subscriber.id or 0
    async with db.read() as session:
        found = await digest_entries.get_entry(
            session, subscriber_id=subscriber_id, digest_id=place.digest_id, position=place.position
        )
        if found is None:
            return None
        entry, digest = found
        tellings = await stories.list_tellings(session, subscriber_id=subscriber_id, item_ids=[entry.item_id])
        given = await feedback.get_given(session, subscriber_id=subscriber_id, item_id=entry.item_id)
        is_saved = await saved.is_saved(session, subscriber_id=subscriber_id, item_id=entry.item_id)
    return Card(
        item_id=entry.item_id,
        line=Line(entry.position, tellings[0], entry.reasons, is_update=entry.is_update),
        marks=Marks(rating=given.get(feedback.RATING, 0), is_saved=is_saved, is_muted=bool(given.get(feedback.MUTED))),
        taste=given.get(feedback.TASTE, 0),
        decided_at=digest.created_at,
    )


async def give(db: Database, subscriber: Subscriber, place: Place, *, kind: str, value: int, now: datetime) -> bool:
    """Write down what a tap says of the entry there (`contentsync.db.feedback`); False if there is none."""
    async with db.write() as session:
        found = await digest_entries.get_entry(
            session, subscriber_id=subscriber.id or 0, digest_id=place.digest_id, position=place.position
        )
        if found is None:
            return False
        await feedback.give(
            session, subscriber_id=subscriber.id or 0, item_id=found[0].item_id, kind=kind, value=value, now=now
        )
    return True


async def save(db: Database, subscriber: Subscriber, place: Place, *, on: bool, now: datetime) -> bool:
    """Keep the entry there, or no longer; False if there is none."""
    async with db.write() as session:
        found = await digest_entries.get_entry(
            session, subscriber_id=subscriber.id or 0, digest_id=place.digest_id, position=place.position
        )
        if found is None:
            return False
        await saved.save(session, subscriber_id=subscriber.id or 0, item_id=found[0].item_id, on=on, now=now)
    return True

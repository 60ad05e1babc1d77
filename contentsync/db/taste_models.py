"""The tables of taste: what a person keeps, what they never or always want to see, why something was not shown."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field

from contentsync.db.base import Base, reference, row_id, utc_now


class Feedback(Base, table=True):
    """A subscriber's signal on an item; taking it back removes the row.

    kind: rating (1 liked, -1 disliked) | opened (1: looked at its card) | taste (1 more like this, -1 less like this)
    | muted (-1: the person muted its source or words from its card).
    """

    __table_args__ = (UniqueConstraint("subscriber_id", "item_id", "kind"),)

    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id")
    item_id: int = reference("item.id", index=True)
    kind: str = "rating"
    value: int
    created_at: datetime = Field(default_factory=utc_now)


class Saved(Base, table=True):
    """An item a subscriber keeps (⭐)."""

    __table_args__ = (UniqueConstraint("subscriber_id", "item_id"),)

    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id")
    item_id: int = reference("item.id", index=True)
    created_at: datetime = Field(default_factory=utc_now)


class Rule(Base, table=True):
    """What a subscriber never wants to see, or always.

    action: mute | keep. kind: words (all of them, in any order) | phrase | source | author | language | regex (RE2).
    """

    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id", index=True)
    action: str = "mute"
    kind: str
    pattern: str = Field(default="", sa_type=Text)
    """As it was typed; empty for a source."""
    source_id: int | None = reference("source.id", default=None, nullable=True, index=True)
    expires_at: datetime | None = None
    """None: until it is removed."""
    removed_at: datetime | None = None
    """When the person took it back; it stays for a while, to be brought back."""
    created_at: datetime = Field(default_factory=utc_now)


class Decision(Base, table=True):
    """What became of every candidate of one digest: `packed` holds item ids and their one terminal reason each, in the
    form of `contentsync.processor.decisions`."""

    __table_args__ = (Index("ix_decision_subscriber", "subscriber_id", "digest_id"),)

    digest_id: int = reference("digest.id", primary_key=True)
    subscriber_id: int = reference("subscriber.id")
    decided_at: datetime
    packed: bytes = Field(sa_type=LargeBinary)

"""The tables of reading: people, sources, items, digests. Times are aware UTC; `migrations/` mirrors them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field

import contentsync.db.account_models
import contentsync.db.story_models
import contentsync.db.taste_models  # noqa: F401 - their tables and these refer to each other
from contentsync.db.base import Base, reference, row_id, utc_now
from contentsync.sources.families import host_family


class Subscriber(Base, table=True):
    """A person. `chat_id` is their private chat, which in Telegram has the person's own id."""

    id: int | None = row_id()
    chat_id: int = Field(sa_type=BigInteger, unique=True)
    name: str = ""
    is_owner: bool = False
    language: str = "en"
    time_zone: str = "UTC"
    """IANA name."""
    digest_minute: int = 8 * 60
    """Wall time of the daily digest in minutes after local midnight, 0 to 1439."""
    digest_size: int = 10
    """Entries in a digest, 3 to 30."""
    reading_minutes: int | None = None
    """How long a digest's items may take to read, watch and hear together; None: no matter."""
    paused: bool = False
    next_digest_at: datetime | None = Field(default=None, index=True)
    """None while paused or blocked."""
    blocked_at: datetime | None = None
    """When Telegram told us the person blocked the bot; None again on /start."""
    dialog_open: bool = False
    """Whether a `Dialog` workflow waits for this person's next text."""
    created_at: datetime = Field(default_factory=utc_now)


def _family_of_url(context: Any) -> str:
    return host_family(context.get_current_parameters()["url"])


class Source(Base, table=True):
    """Anything pullable, shared by all who follow it. `key` is the canonical form of `url`, unique."""

    __table_args__ = (Index("ix_source_due", "next_pull_at", "lease_until"),)

    id: int | None = row_id()
    kind: str
    key: str = Field(sa_type=Text, unique=True)
    url: str = Field(sa_type=Text)
    family: str | None = Field(default=None, sa_column=Column(Text, default=_family_of_url, index=True))
    """The host family of `url` (`contentsync.sources.families`); None until the next pull of an older row."""
    integration_id: int | None = reference("integration.id", default=None, nullable=True, index=True)
    """The account it is read with; such a source belongs to the account's owner alone, and a sync reads it."""
    title: str = Field(default="", sa_type=Text)
    site_url: str | None = Field(default=None, sa_type=Text)
    language: str | None = None
    preview: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """The latest titles when it was found, shown before anybody follows it."""
    etag: str | None = Field(default=None, sa_type=Text)
    last_modified: str | None = Field(default=None, sa_type=Text)
    body_hash: str | None = None
    next_pull_at: datetime | None = None
    """None while nobody follows it."""
    lease_id: str | None = None
    lease_until: datetime | None = None
    interval_minutes: int = 60
    state: str = "healthy"
    """healthy | slow | failing | moved | gone | paused; see `contentsync.puller.plan`."""
    state_since: datetime | None = None
    failures: int = 0
    """Failed pulls in a row."""
    failing_since: datetime | None = None
    """When the first of them was."""
    absent_since: datetime | None = None
    """Since when it is not to be found (404, 410, no such name), every time that it was told at all …"""
    absent_count: int = 0
    """… and how often it was told."""
    moved_to: str | None = Field(default=None, sa_type=Text)
    """Where permanent redirects lead, each time since `moved_since`; adopted after repeated proof."""
    moved_since: datetime | None = None
    moved_count: int = 0
    last_error: str | None = None
    """`reason_key` of the last failure; None when the last pull worked."""
    last_error_params: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    last_pull_at: datetime | None = None
    last_success_at: datetime | None = None
    last_new_at: datetime | None = None
    """When a pull last brought a new item."""
    created_at: datetime = Field(default_factory=utc_now)


class Subscription(Base, table=True):
    """Who follows which source. `origin` says because of what: "link" (pasted), "topic", "youtube", "mailbox"."""

    __table_args__ = (UniqueConstraint("subscriber_id", "source_id"),)

    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id")
    source_id: int = reference("source.id", index=True)
    origin: str = "link"
    with_shorts: bool = True
    """Whether this person wants the source's YouTube Shorts."""
    with_live: bool = True
    """Whether this person wants the source's live streams."""
    created_at: datetime = Field(default_factory=utc_now)


class Host(Base, table=True):
    """How a host family (`contentsync.sources.families`) wants to be treated, learned from its answers."""

    family: str = Field(primary_key=True, sa_type=Text)
    gap_seconds: float = 0.0
    """Least time between two requests that the host has taught us; 0 means the usual one."""
    gap_since: datetime | None = None
    """Since when the gap is what it is."""
    not_before: datetime | None = None
    """Nothing is asked of the family before."""
    last_ok_at: datetime | None = None
    """When any of its sources last answered with a document or "unchanged"."""
    refused_at: datetime | None = None
    """When it last asked us to come less often."""


class RawDocument(Base, table=True):
    """Where an answer lies in the archive: a gzip member of `length` bytes at `offset` of the WARC file `path`."""

    __tablename__ = "raw_document"

    id: int | None = row_id()
    source_id: int = reference("source.id", index=True)
    url: str = Field(sa_type=Text)
    path: str = Field(sa_type=Text)
    """Relative to the data directory."""
    offset: int = Field(sa_type=BigInteger)
    length: int
    body_hash: str
    fetched_at: datetime


class Story(Base, table=True):
    """Items that tell the same thing. `key` says what it began with (a link, or an item without one), unique."""

    id: int | None = row_id()
    key: str = Field(sa_type=Text, unique=True)
    first_seen_at: datetime


class Item(Base, table=True):
    """One entry of one source. `processed_at` is None until the processor has seen it (again, after an edit)."""

    __table_args__ = (
        UniqueConstraint("source_id", "external_id"),
        Index(
            "ix_item_unprocessed",
            "id",
            sqlite_where=Column("processed_at").is_(None),
            postgresql_where=Column("processed_at").is_(None),
        ),
        Index("ix_item_source_recent", "source_id", "sort_at"),
        Index(
            "ix_item_story_revision",
            "story_revision",
            sqlite_where=Column("story_revision").is_not(None),
            postgresql_where=Column("story_revision").is_not(None),
        ),
        Index("ix_item_recent", "sort_at", "id"),
    )

    id: int | None = row_id()
    source_id: int = reference("source.id")
    external_id: str = Field(sa_type=Text)
    raw_document_id: int | None = Field(default=None, foreign_key="raw_document.id", ondelete="SET NULL", index=True)
    link: str | None = Field(default=None, sa_type=Text)
    canonical_link: str | None = Field(default=None, sa_type=Text, index=True)
    title: str = Field(sa_type=Text)
    summary_html: str = Field(default="", sa_type=Text)
    summary_text: str = Field(default="", sa_type=Text)
    """What it tells in short, as plain text, made by the processor; empty where that is no more than the title."""
    author: str | None = Field(default=None, sa_type=Text)
    image_url: str | None = Field(default=None, sa_type=Text)
    media_kind: str = "article"
    media_url: str | None = Field(default=None, sa_type=Text)
    duration_seconds: int | None = None
    language: str | None = None
    published_at: datetime | None = None
    first_seen_at: datetime
    sort_at: datetime
    """`published_at` where it is known and not in the future, else `first_seen_at`."""
    content_hash: str
    """Changes when title, link, or summary change."""
    story_id: int | None = Field(default=None, foreign_key="story.id", ondelete="SET NULL", index=True)
    story_revision: int | None = None
    """`StoryClock.revision` when its story was last set; None before it has one."""
    word_count: int | None = None
    """Words of the whole text, as far as its source hands it out; None where that is not known."""
    features: bytes | None = Field(default=None, sa_type=LargeBinary)
    """What taste is learned from, in the form of `contentsync.processor.features`; made by the processor."""
    processed_at: datetime | None = None


class Digest(Base, table=True):
    """One digest of one subscriber.

    slot: `<local date>T<HH:MM>` for a scheduled one, `ask-<update id>` for one asked for.

    state: open (due, nothing chosen yet) → frozen (entries and delivery rows written, before the first send)
    → sent | empty (nothing new, told or not) | skipped (past its catch-up window) | blocked (the chat refuses us).
    """

    __table_args__ = (UniqueConstraint("subscriber_id", "slot"), Index("ix_digest_unfinished", "state", "lease_until"))

    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id")
    slot: str
    state: str = "open"
    due_at: datetime
    lease_id: str | None = None
    lease_until: datetime | None = None
    """Until then the batch `lease_id` works on it; afterwards any tick may take it over."""
    created_at: datetime = Field(default_factory=utc_now)
    finished_at: datetime | None = None


class DigestEntry(Base, table=True):
    """One line of a digest. An item is never sent twice to the same subscriber: that is a unique constraint."""

    __tablename__ = "digest_entry"
    __table_args__ = (
        UniqueConstraint("digest_id", "position"),
        UniqueConstraint("subscriber_id", "item_id"),
        Index("ix_digest_entry_story", "subscriber_id", "story_id"),
    )

    id: int | None = row_id()
    digest_id: int = reference("digest.id")
    subscriber_id: int = reference("subscriber.id")
    item_id: int = reference("item.id", index=True)
    story_id: int | None = Field(default=None, foreign_key="story.id", ondelete="SET NULL", index=True)
    position: int
    """1 is the first."""
    is_update: bool = False
    """Whether the story had been sent before and moved on since; that happens once."""
    score: float
    reasons: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))


class Delivery(Base, table=True):
    """One message part of a digest, frozen before sending: the ledger that makes sending resumable.

    state: planned → placing (the stub is on its way; its answer is unknown if we die now) → placed (`message_id` known)
    → sent (the stub was edited into `body`).
    """

    __table_args__ = (UniqueConstraint("digest_id", "part"),)

    id: int | None = row_id()
    digest_id: int = reference("digest.id")
    part: int = 0
    chat_id: int = Field(sa_type=BigInteger)
    state: str = "planned"
    stub: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    keyboard: list[list[dict[str, str]]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    message_id: int | None = Field(default=None, sa_type=BigInteger)
    stubs_lost: int = 0
    """How often a stub's answer stayed unknown, so that a stub without content may stand in the chat."""
    sent_at: datetime | None = None


class Invite(Base, table=True):
    """A single-use right to use the bot. Only the SHA-256 of the token is stored. kind: "claim" makes the owner."""

    token_hash: str = Field(primary_key=True)
    kind: str = "claim"
    created_at: datetime = Field(default_factory=utc_now)
    used_at: datetime | None = None
    used_by: int | None = Field(default=None, foreign_key="subscriber.id", ondelete="SET NULL")


class Draft(Base, table=True):
    """What a person typed, kept until the work it asked for is done; only its id enters Temporal's history.

    `text` is encrypted (`credentials.py`). `outcome` is what the work found: source ids, or a
    `reason_key` with its params.
    """

    __table_args__ = (UniqueConstraint("subscriber_id", "update_id"),)

    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id")
    update_id: int = Field(sa_type=BigInteger)
    text: str = Field(sa_type=Text)
    outcome: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, index=True)


class UpdateInbox(Base, table=True):
    """A Telegram update on its way through the bot. The row goes away when its effect is durable and Telegram will not
    send it again; between the two it stands without its payload, so that a repeat is recognised."""

    __tablename__ = "update_inbox"

    update_id: int = Field(sa_type=BigInteger, primary_key=True)
    chat_id: int = Field(sa_type=BigInteger)
    payload: str = Field(sa_type=Text)
    """The update as JSON, encrypted (`credentials.py`)."""
    attempts: int = 0
    set_aside_at: datetime | None = None
    """When it failed too often and was put aside."""
    handled_at: datetime | None = None
    """When its effect became durable; `payload` is empty then."""
    received_at: datetime = Field(default_factory=utc_now)

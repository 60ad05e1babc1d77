"""The tables of accounts: what people connect, what comes of it, and what they are told. Times are aware UTC."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from contentsync.db.base import Base, reference, row_id, utc_now


class Integration(Base, table=True):
    """A subscriber's account at a service: kind "newsapi", "youtube" or "mailbox".

    state: ok → refused (the service refuses the credentials: its sources rest, the owner is asked once) → ok again
    when connected anew.
    """

    __table_args__ = (
        UniqueConstraint("subscriber_id", "kind", "account"),
        Index("ix_integration_due", "next_sync_at", "lease_until"),
        # An id is never given twice: files, quotas and work under way are named by it, also after the account is gone.
        {"sqlite_autoincrement": True},
    )

    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id")
    kind: str
    account: str = Field(default="", sa_type=Text)
    """What tells the owner which account it is: an address, a channel's title, the last characters of a key."""
    credentials: str = Field(sa_type=Text)
    """JSON, encrypted (`credentials.py`)."""
    state: str = "ok"
    options: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What the owner chose, such as whether Shorts are wanted."""
    cursor: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """Where the next sync goes on; only the kind itself understands it."""
    next_sync_at: datetime | None = None
    """None while refused."""
    lease_id: str | None = None
    lease_until: datetime | None = None
    failures: int = 0
    """Failed syncs in a row."""
    last_error: str | None = None
    last_error_params: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    last_sync_at: datetime | None = None
    last_success_at: datetime | None = None
    created_at: datetime = Field(default_factory=utc_now)


class Channel(Base, table=True):
    """One thing an account leads to: a YouTube channel it subscribes to, a newsletter that arrives in a mailbox.

    state: offered (the owner has not said yet) | followed | left (the owner does not want it) | gone (the account no
    longer has it).
    """

    __table_args__ = (UniqueConstraint("integration_id", "external_id"),)

    id: int | None = row_id()
    integration_id: int = reference("integration.id")
    external_id: str = Field(sa_type=Text)
    """The channel's id; the newsletter's List-Id, else its sender."""
    title: str = Field(default="", sa_type=Text)
    state: str = "offered"
    source_id: int | None = reference("source.id", default=None, nullable=True, index=True)
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    secret: str | None = Field(default=None, sa_type=Text)
    """Links that only the owner may open (to unsubscribe, to confirm): JSON, encrypted."""
    created_at: datetime = Field(default_factory=utc_now)
    changed_at: datetime = Field(default_factory=utc_now)


class Topic(Base, table=True):
    """What a person wants to read about: an interest for ranking, and with a News API key a query (`source_id`)."""

    __table_args__ = (UniqueConstraint("subscriber_id", "text", "language"),)

    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id")
    text: str = Field(sa_type=Text)
    language: str
    """ISO 639-1."""
    source_id: int | None = Field(default=None, foreign_key="source.id", ondelete="SET NULL", index=True)
    created_at: datetime = Field(default_factory=utc_now)


class Quota(Base, table=True):
    """Units spent at a service that counts them, written down before the request that costs them."""

    __table_args__ = (Index("ix_quota_scope", "scope", "spent_at"),)

    id: int | None = row_id()
    scope: str
    """Who is counted: `newsapi/<hash of the key>`, `youtube`."""
    spent_at: datetime
    units: int
    purpose: str = ""
    """For what, in a word: `everything`, `subscriptions`."""


class OAuthState(Base, table=True):
    """A sign-in that somebody has begun. Only the SHA-256 of the `state` parameter is stored; it is used once."""

    __tablename__ = "oauth_state"

    state_hash: str = Field(primary_key=True)
    subscriber_id: int = reference("subscriber.id")
    verifier: str = Field(sa_type=Text)
    """The PKCE code verifier (RFC 7636), encrypted."""
    chat_url: str = Field(default="", sa_type=Text)
    """Where the person began, for the way back."""
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class Notice(Base, table=True):
    """Something a person is told that they did not ask for: a source is gone, an account needs a new sign-in.

    `key` makes it once: unique for each subscriber.
    """

    __table_args__ = (UniqueConstraint("subscriber_id", "key"), Index("ix_notice_unsent", "sent_at", "id"))

    id: int | None = row_id()
    subscriber_id: int = reference("subscriber.id")
    key: str = Field(sa_type=Text)
    text_key: str
    """The sentence (`contentsync.bot.texts`)."""
    params: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    keyboard: list[list[dict[str, str]]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Rows of buttons: `text`, and `callback_data` or `url`; a `secret_url` is encrypted until it is sent."""
    created_at: datetime = Field(default_factory=utc_now)
    sent_at: datetime | None = None
    attempts: int = 0

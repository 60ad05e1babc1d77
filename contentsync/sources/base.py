"""What a source is: something outside that can be fetched and parsed into entries.

A source knows no database, no Temporal and no chat. `fetch` does all the network work, `parse` none.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import httpx


class MediaKind(StrEnum):
    """What a person does with an entry."""

    ARTICLE = "article"
    VIDEO = "video"
    SHORT = "short"
    """A video of YouTube's short form."""
    LIVE = "live"
    """A live stream, announced, running or recorded."""
    PODCAST = "podcast"
    NEWSLETTER = "newsletter"


@dataclass(frozen=True, slots=True)
class SourceRef:
    """What `fetch` needs to know of a stored source. Validators are sent back exactly as they were received."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """What an answer tells about the next request."""

    moved_to: str | None = None
    """Where permanent redirects alone (301, 308) led, if they did. Source: RFC 9110, sections 15.4.2 and 15.4.9."""
    fresh_seconds: int | None = None
    """For how long the answer says it stays fresh (Cache-Control, Expires). Source: RFC 9111, section 4.2.1."""
    quiet_seconds: int | None = None
    """For how long the host wants no further request, from its rate-limit headers; None if it may be asked again."""


NO_HINTS = Hints()


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing new: 304, or the same body again."""

    hints: Hints = NO_HINTS


@dataclass(frozen=True, slots=True)
class Fetched:
    """One successful answer, body decoded (no Content-Encoding left), at most the fetcher's size limit."""

    url: str
    """The final address, after redirects."""
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    body_hash: str
    """Hex SHA-256 of `body`."""
    etag: str | None = None
    last_modified: str | None = None
    content_type: str = ""
    hints: Hints = NO_HINTS


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to read, watch or hear.

    `external_id` is stable across edits and unique within its source. `title` and `author` are plain text,
    `summary_html` is sanitised, links are absolute http(s) or None, times are aware UTC or None.
    """

    external_id: str
    link: str | None
    title: str
    summary_html: str = ""
    author: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    image_url: str | None = None
    media_kind: MediaKind = MediaKind.ARTICLE
    media_url: str | None = None
    duration_seconds: int | None = None
    word_count: int | None = None
    """Words of the whole text as far as it is handed out; None for what is not read, and where nothing is told."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed answer. `skipped` counts entries that were too broken to use."""

    title: str = ""
    site_url: str | None = None
    language: str | None = None
    """BCP 47 tag as the source declares it, lower case, or None."""
    ttl_minutes: int | None = None
    """The source's own wish how long to wait, if it tells one."""
    entries: tuple[Entry, ...] = field(default=())
    skipped: int = 0


class Reader(Protocol):
    """Understands the documents of one kind of source. One instance serves all sources of its kind."""

    kind: str

    def parse(self, fetched: Fetched) -> Document:
        """Turn an answer into entries. Pure; bad entries are skipped and counted.

        Raises:
            NotAFeed: the document is not of this kind; says what it is instead.
        """
        ...


class Source(Reader, Protocol):
    """A kind of source that is pulled by itself, with nothing but its address."""

    async def fetch(self, client: httpx.AsyncClient, ref: SourceRef) -> Fetched | Unchanged:
        """Get what is new since `ref`.

        Raises:
            SourceError: by class, see `contentsync.errors`.
        """
        ...

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
    PODCAST = "podcast"


@dataclass(frozen=True, slots=True)
class SourceRef:
    """What `fetch` needs to know of a stored source. Validators are sent back exactly as they were received."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


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


class Source(Protocol):
    """A kind of source. One instance serves all sources of its kind."""

    kind: str

    async def fetch(self, client: httpx.AsyncClient, ref: SourceRef) -> Fetched | None:
        """Get what is new; None if nothing changed since `ref` (304, or an identical body).

        Raises:
            SourceError: by class, see `contentsync.errors`.
        """
        ...

    def parse(self, fetched: Fetched) -> Document:
        """Turn an answer into entries. Pure; bad entries are skipped and counted.

        Raises:
            NotAFeed: the document is not of this kind; says what it is instead.
        """
        ...

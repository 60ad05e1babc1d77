"""From an answer to rows: what happens between the network and the database, without either. Pure.

The parser's process imports this module, so it stays clear of the database's.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from contentsync.puller.archive import encode_response
from contentsync.puller.plan import rhythm_minutes
from contentsync.sources.base import NO_HINTS, Document, Entry, Fetched, Hints, Reader

if TYPE_CHECKING:
    from contentsync.db.items import ItemRow


@dataclass(frozen=True, slots=True)
class Arrival:
    """A new answer, parsed and ready to be stored. `record` is its place-less WARC record.

    `document` is without its entries, which are `rows`.
    """

    url: str
    body_hash: str
    etag: str | None
    last_modified: str | None
    record: bytes
    document: Document
    rows: tuple["ItemRow", ...]
    hints: Hints = NO_HINTS
    rhythm_minutes: int | None = None
    """See `contentsync.puller.plan.rhythm_minutes`."""


def take_in(kind: Reader, fetched: Fetched, *, source_id: int, now: datetime) -> Arrival:
    """Parse an answer and prepare what is stored of it. The heavy part of a pull: call it in a thread.

    Raises:
        NotAFeed: see `Reader.parse`.
    """
    document = kind.parse(fetched)
    return Arrival(
        url=fetched.url,
        body_hash=fetched.body_hash,
        etag=fetched.etag,
        last_modified=fetched.last_modified,
        record=encode_response(fetched, now),
        document=replace(document, entries=()),  # `rows` holds them, and it all crosses between processes
        rows=item_rows(document, source_id=source_id, now=now),
        hints=fetched.hints,
        rhythm_minutes=rhythm_minutes((e.published_at for e in document.entries if e.published_at), now),
    )


def item_rows(document: Document, *, source_id: int, now: datetime) -> tuple["ItemRow", ...]:
    """The rows of a document's entries, in its order; of entries with the same id the first counts."""
    entries = {entry.external_id: entry for entry in reversed(document.entries)}
    return tuple(item_row(entry, source_id=source_id, now=now) for entry in reversed(entries.values()))


def item_row(entry: Entry, *, source_id: int, now: datetime) -> "ItemRow":
    """The row of an entry that is seen for the first time at `now`; its raw document is filled in later."""
    published_at = entry.published_at
    return {
        "source_id": source_id,
        "external_id": entry.external_id,
        "raw_document_id": None,
        "link": entry.link,
        "title": entry.title,
        "summary_html": entry.summary_html,
        "author": entry.author,
        "image_url": entry.image_url,
        "media_kind": entry.media_kind.value,
        "media_url": entry.media_url,
        "duration_seconds": entry.duration_seconds,
        "word_count": entry.word_count,
        "published_at": published_at,
        "first_seen_at": now,
        "sort_at": published_at if published_at is not None and published_at <= now else now,
        "content_hash": content_hash(entry),
    }


def content_hash(entry: Entry) -> str:
    """Hex SHA-256 of what makes an edit: title, link and summary."""
    text = "\0".join((entry.title, entry.link or "", entry.summary_html))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

"""From an answer to rows: what happens between the network and the database, without either. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contentsync.db.items import ItemRow, RawRow
from contentsync.db.models import Source as StoredSource
from contentsync.db.sources import PullRecord
from contentsync.errors import ContentsyncError, HTTPFailure, SourceError
from contentsync.puller.archive import Place, encode_response
from contentsync.puller.hosts import host_of
from contentsync.puller.plan import Bounds, Pulse, plan_next
from contentsync.sources.base import Document, Entry, Fetched, Source

MAX_PARAM_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Arrival:
    """A new answer, parsed and ready to be stored. `record` is its place-less WARC record."""

    url: str
    body_hash: str
    etag: str | None
    last_modified: str | None
    record: bytes
    document: Document
    rows: tuple[ItemRow, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a pull failed, in the form a person is told it."""

    reason_key: str
    params: Mapping[str, str | int]
    retry_after_seconds: int | None = None


INTERNAL = Failure(ContentsyncError.reason_key, {})
"""The fault is ours."""


@dataclass(frozen=True, slots=True)
class Pull:
    """What became of a source in a batch; None means that nothing had changed."""

    source: StoredSource
    came: Arrival | Failure | None

    @property
    def source_id(self) -> int:
        """The id of the source."""
        return id_of(self.source)


def id_of(source: StoredSource) -> int:
    """The id that every stored source has."""
    assert source.id is not None
    return source.id


def take_in(kind: Source, fetched: Fetched, *, source_id: int, now: datetime) -> Arrival:
    """Parse an answer and prepare what is stored of it. The heavy part of a pull: call it in a thread.

    Raises:
        NotAFeed: see `Source.parse`.
    """
    document = kind.parse(fetched)
    entries = {entry.external_id: entry for entry in reversed(document.entries)}
    return Arrival(
        url=fetched.url,
        body_hash=fetched.body_hash,
        etag=fetched.etag,
        last_modified=fetched.last_modified,
        record=encode_response(fetched, now),
        document=document,
        rows=tuple(item_row(entry, source_id=source_id, now=now) for entry in reversed(entries.values())),
    )


def item_row(entry: Entry, *, source_id: int, now: datetime) -> ItemRow:
    """The row of an entry that is seen for the first time at `now`; its raw document is filled in later."""
    published_at = entry.published_at
    return ItemRow(
        source_id=source_id,
        external_id=entry.external_id,
        raw_document_id=None,
        link=entry.link,
        title=entry.title,
        summary_html=entry.summary_html,
        author=entry.author,
        image_url=entry.image_url,
        media_kind=entry.media_kind.value,
        media_url=entry.media_url,
        published_at=published_at,
        first_seen_at=now,
        sort_at=published_at if published_at is not None and published_at <= now else now,
        content_hash=content_hash(entry),
    )


def raw_row(arrival: Arrival, place: Place, *, source_id: int, now: datetime) -> RawRow:
    """The row that says where the answer lies in the archive."""
    return RawRow(
        source_id=source_id,
        url=arrival.url,
        path=place.path,
        offset=place.offset,
        length=place.length,
        body_hash=arrival.body_hash,
        fetched_at=now,
    )


def content_hash(entry: Entry) -> str:
    """Hex SHA-256 of what makes an edit: title, link and summary."""
    text = "\0".join((entry.title, entry.link or "", entry.summary_html))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def failure_of(error: SourceError) -> Failure:
    """What is stored of a failure: the host, but never the whole URL, which may hold a key."""
    params: dict[str, str | int] = {
        name: value[:MAX_PARAM_CHARACTERS] if isinstance(value, str) else value
        for name, value in error.params.items()
        if name != "url"
    }
    if host := host_of(error.url):
        params["host"] = host[:MAX_PARAM_CHARACTERS]
    retry_after_seconds = error.retry_after_seconds if isinstance(error, HTTPFailure) else None
    return Failure(error.reason_key, params, retry_after_seconds)


def pull_record(pull: Pull, *, new_items: int, now: datetime, bounds: Bounds) -> PullRecord:
    """How the source stands after this pull."""
    source, came = pull.source, pull.came
    arrival = came if isinstance(came, Arrival) else None
    failure = came if isinstance(came, Failure) else None
    document = arrival.document if arrival else Document()
    failures = source.failures + 1 if failure else 0
    plan = plan_next(
        Pulse.FAILED if failure else Pulse.NEW if new_items else Pulse.QUIET,
        now=now,
        source_id=pull.source_id,
        interval_minutes=source.interval_minutes,
        failures=failures,
        bounds=bounds,
        ttl_minutes=document.ttl_minutes,
        retry_after_seconds=failure.retry_after_seconds if failure else None,
    )
    return PullRecord(
        id=pull.source_id,
        title=source.title or document.title,
        site_url=document.site_url or source.site_url,
        language=document.language or source.language,
        etag=arrival.etag if arrival else source.etag,
        last_modified=arrival.last_modified if arrival else source.last_modified,
        body_hash=arrival.body_hash if arrival else source.body_hash,
        next_pull_at=plan.next_pull_at,
        interval_minutes=plan.interval_minutes,
        failures=failures,
        last_error=failure.reason_key if failure else None,
        last_error_params=dict(failure.params) if failure else {},
        last_pull_at=now,
        last_success_at=source.last_success_at if failure else now,
        last_new_at=now if new_items else source.last_new_at,
    )

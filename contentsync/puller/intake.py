"""What became of a pull, and what is written down of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contentsync.db.items import RawRow
from contentsync.db.models import Source as StoredSource
from contentsync.db.sources import PullRecord
from contentsync.errors import ContentsyncError, HTTPFailure, SourceError
from contentsync.puller.archive import Place
from contentsync.puller.arrival import Arrival
from contentsync.puller.hosts import host_of
from contentsync.puller.plan import Bounds, Pulse, plan_next
from contentsync.sources.base import Document, Unchanged

MAX_PARAM_CHARACTERS = 200


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
    """What became of a source in a batch."""

    source: StoredSource
    came: Arrival | Unchanged | Failure

    @property
    def source_id(self) -> int:
        """The id of the source."""
        return id_of(self.source)


def id_of(source: StoredSource) -> int:
    """The id that every stored source has."""
    assert source.id is not None
    return source.id


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

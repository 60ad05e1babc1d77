"""What became of a pull, and what is written down of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from contentsync.db.items import RawRow
from contentsync.db.sources import LeasedSource, PullRecord
from contentsync.errors import (
    ContentsyncError,
    HTTPFailure,
    NameNotFound,
    NotFound,
    RateLimited,
    SourceError,
    TimedOut,
)
from contentsync.puller.archive import Place
from contentsync.puller.arrival import Arrival
from contentsync.puller.hosts import HostAnswer
from contentsync.puller.plan import NO_EVIDENCE, Bounds, Evidence, Outcome, Pulse, Standing, State, Tell, next_state
from contentsync.sources.base import Document, Unchanged
from contentsync.sources.families import host_family, host_of

MAX_PARAM_CHARACTERS = 200

_OF_STANDING = attrgetter(*(field.name for field in fields(Standing)))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a pull failed, in the form a person is told it."""

    reason_key: str
    params: Mapping[str, str | int]
    retry_after_seconds: int | None = None


INTERNAL = Failure(ContentsyncError.reason_key, {})
"""The fault is ours."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The source was not asked, because its host wants no requests before `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Pull:
    """What became of a source in a batch."""

    source: LeasedSource
    came: Arrival | Unchanged | Failure | Deferred

    @property
    def source_id(self) -> int:
        """The id of the source."""
        return self.source.id


class Judged(NamedTuple):
    """What is written down of a pull, what followers hear, and the address that the source has from now on."""

    record: PullRecord
    tell: Tell | None
    adopt: str | None


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


def pulse_of(came: Arrival | Unchanged | Failure | Deferred, new_items: int) -> Pulse:
    """What it tells about the source."""
    if isinstance(came, Deferred):
        return Pulse.DEFERRED
    if not isinstance(came, Failure):
        return Pulse.NEW if new_items else Pulse.QUIET
    if came.reason_key == NotFound.reason_key:
        return Pulse.REMOVED if came.params.get("status") == 410 else Pulse.NOT_FOUND
    return {TimedOut.reason_key: Pulse.LATE, NameNotFound.reason_key: Pulse.NO_NAME}.get(came.reason_key, Pulse.FAILED)


def host_answer(came: Arrival | Unchanged | Failure | Deferred) -> HostAnswer:
    """What it tells about the host family."""
    if isinstance(came, (Arrival, Unchanged)):
        return HostAnswer(worked=True, quiet_seconds=came.hints.quiet_seconds)
    if isinstance(came, Failure) and came.reason_key == RateLimited.reason_key:
        return HostAnswer(refused=True, retry_after_seconds=came.retry_after_seconds)
    return HostAnswer()


def outcome_of(came: Arrival | Unchanged | Failure | Deferred, new_items: int) -> Outcome:
    """What the state machine wants to know of it."""
    pulse = pulse_of(came, new_items)
    if isinstance(came, Deferred):
        return Outcome(pulse, deferred_until=came.until)
    if isinstance(came, Failure):
        return Outcome(pulse, retry_after_seconds=came.retry_after_seconds)
    hints = Outcome(pulse, fresh_seconds=came.hints.fresh_seconds, moved_to=came.hints.moved_to)
    if isinstance(came, Unchanged):
        return hints
    return replace(hints, ttl_minutes=came.document.ttl_minutes, rhythm_minutes=came.rhythm_minutes)


def standing_of(source: LeasedSource) -> Standing:
    """How the source stood before."""
    state, *others = _OF_STANDING(source)
    return Standing(State(state), *others)


def pull_record(
    pull: Pull, *, new_items: int, now: datetime, bounds: Bounds, evidence: Evidence = NO_EVIDENCE
) -> Judged:
    """How the source stands after this pull, and what follows from it."""
    source, came = pull.source, pull.came
    arrival = came if isinstance(came, Arrival) else None
    document = arrival.document if arrival else Document()
    outcome = outcome_of(came, new_items)
    verdict = next_state(
        standing_of(source), outcome, source_id=pull.source_id, now=now, bounds=bounds, evidence=evidence
    )
    new = verdict.standing
    asked = not isinstance(came, Deferred)
    last_error, last_error_params = _last_error(source, came)
    record = PullRecord(
        id=pull.source_id,
        title=source.title or document.title,
        site_url=document.site_url or source.site_url,
        language=document.language or source.language,
        etag=arrival.etag if arrival else source.etag,
        last_modified=arrival.last_modified if arrival else source.last_modified,
        body_hash=arrival.body_hash if arrival else source.body_hash,
        family=host_family(source.url),
        next_pull_at=verdict.next_pull_at,
        interval_minutes=new.interval_minutes,
        state=new.state.value,
        state_since=new.state_since,
        failures=new.failures,
        failing_since=new.failing_since,
        absent_since=new.absent_since,
        absent_count=new.absent_count,
        moved_to=new.moved_to,
        moved_since=new.moved_since,
        moved_count=new.moved_count,
        last_error=last_error,
        last_error_params=last_error_params,
        last_pull_at=now if asked else source.last_pull_at,
        last_success_at=new.last_success_at,
        last_new_at=new.last_new_at,
    )
    return Judged(record, verdict.tell, verdict.adopt)


def _last_error(
    source: LeasedSource, came: Arrival | Unchanged | Failure | Deferred
) -> tuple[str | None, dict[str, str | int]]:
    if isinstance(came, Failure):
        return came.reason_key, dict(came.params)
    return (source.last_error, source.last_error_params) if isinstance(came, Deferred) else (None, {})

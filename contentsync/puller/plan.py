"""The state machine of a source: old state + what a pull brought → new state, next pull, what followers hear. Pure.

healthy   the last pull worked.
slow      it times out, but has worked within `SLOW_DAYS`; it stays so for a day, and is asked at most hourly.
failing   the last pull failed; asked again after the shortest interval, twice that, and so on up to the longest.
          Followers are told once, after `TELL_DAYS` and `TELL_FAILURES`.
moved     it works, and permanent redirects (301, 308) lead to one other address: proof is being collected
          (`moved_to`), or the address was adopted less than `MOVED_DAYS` ago (no `moved_to`). Nobody is disturbed.
gone      404, 410 or an unknown name, for as long and as often as `ABSENCE` wants. Followers are told once; it is
          looked at weekly, and when it answers it is healthy, and who was told hears that, too.
paused    nobody who can be reached follows it, or its account is refused; set outside, left with the next pull.

A storm is when more than half of a family of at least `STORM_SOURCES` sources fail, or when no name at all can be
found. Nobody is told anything in a storm, and for gone it takes `STORM_DAYS`: YouTube has answered 404 for all feeds
for hours. What a server says about the next pull is a hint, bounded by the settings; only Retry-After is a floor.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from heapq import nlargest
from typing import NamedTuple

MAX_RETRY_AFTER_SECONDS = 86_400
"""How much of a server's Retry-After is believed."""
JITTER = 0.1
"""The share of a delay by which sources are moved apart, at most."""
SHORTEST_DELAY = timedelta(seconds=1)
"""An interval of 0 means every tick; without this a source would be due again within the same tick."""
DEFERRED_SPREAD = timedelta(minutes=15)
"""Over so long deferred sources come back."""

SLOW_DAYS = timedelta(days=3)
SLOW_MINUTES = 60
TELL_DAYS = timedelta(days=3)
TELL_FAILURES = 5
MOVED_PULLS, MOVED_PROOF = 3, timedelta(days=3)
"""A new address is adopted after so many pulls in a row, over so long, that all led there."""
MOVED_DAYS = timedelta(days=7)
GONE_INTERVAL = timedelta(days=7)
STORM_SOURCES = 3
STORM_DAYS = timedelta(days=30)
OFFLINE_AFTER = timedelta(days=1)
"""When nothing at all has worked for so long, it is our own name server that fails."""
RHYTHM_ENTRIES = 10
SILENCE_SHARE = 20
"""A source that has had nothing new for a time is asked at least after this part of it."""


class State(StrEnum):
    """See the module's first lines."""

    HEALTHY = "healthy"
    SLOW = "slow"
    FAILING = "failing"
    MOVED = "moved"
    GONE = "gone"
    PAUSED = "paused"


class Pulse(Enum):
    """What a pull told about a source."""

    NEW = "new"
    """It had new items."""
    QUIET = "quiet"
    """It answered, with nothing new."""
    DEFERRED = "deferred"
    """It was not asked, because its host wants no requests now."""
    LATE = "late"
    """It did not answer in time."""
    NOT_FOUND = "404"
    REMOVED = "410"
    NO_NAME = "no name"
    FAILED = "failed"
    """Anything else."""


class Tell(StrEnum):
    """What followers hear."""

    FAILING = "failing"
    GONE = "gone"
    BACK = "back"


ABSENCE: dict[Pulse, tuple[int, timedelta]] = {
    Pulse.REMOVED: (4, timedelta(days=3)),
    Pulse.NOT_FOUND: (6, timedelta(days=7)),
    Pulse.NO_NAME: (8, timedelta(days=14)),
}
"""How often, and over how long, a source must not be found before it is gone."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The settings' limits for every delay, in minutes; 0 means every tick."""

    min_minutes: int
    max_minutes: int

    def clamp(self, minutes: int) -> int:
        """The nearest allowed number of minutes."""
        return max(self.min_minutes, min(minutes, self.max_minutes))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a source stands; the fields are those of `contentsync.db.models.Source`."""

    state: State = State.HEALTHY
    state_since: datetime | None = None
    interval_minutes: int = 60
    failures: int = 0
    failing_since: datetime | None = None
    absent_since: datetime | None = None
    absent_count: int = 0
    moved_to: str | None = None
    moved_since: datetime | None = None
    moved_count: int = 0
    last_success_at: datetime | None = None
    last_new_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pull brought: its pulse, and what the answer or the document wishes."""

    pulse: Pulse
    ttl_minutes: int | None = None
    rhythm_minutes: int | None = None
    """See `rhythm_minutes`."""
    fresh_seconds: int | None = None
    moved_to: str | None = None
    retry_after_seconds: int | None = None
    deferred_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known beyond the source itself, when a pull failed."""

    family_sources: int = 0
    """Followed sources of the family, without those that are gone."""
    family_failing: int = 0
    any_ok_at: datetime | None = None
    """When any host at all last answered well."""


NO_EVIDENCE = Evidence()


class Verdict(NamedTuple):
    """What follows from a pull."""

    standing: Standing
    next_pull_at: datetime
    tell: Tell | None = None
    adopt: str | None = None
    """The address that the source has from now on."""


def next_state(
    old: Standing, outcome: Outcome, *, source_id: int, now: datetime, bounds: Bounds, evidence: Evidence = NO_EVIDENCE
) -> Verdict:
    """How the source stands after this pull, when it is pulled next, and what followers hear.

    The jitter depends on the id alone.
    """
    if outcome.pulse is Pulse.DEFERRED:
        return _deferred(old, outcome, source_id, now)
    if outcome.pulse in (Pulse.NEW, Pulse.QUIET):
        return _worked(old, outcome, source_id, now, bounds)
    return _failed(old, outcome, source_id, now, bounds, evidence)


def rhythm_minutes(published: Iterable[datetime], now: datetime) -> int | None:
    """Half the mean time between the newest entries, up to now; None if fewer than three tell when they are from."""
    newest = nlargest(RHYTHM_ENTRIES, (moment for moment in published if moment <= now))
    if len(newest) < 3:
        return None
    return int((now - newest[-1]).total_seconds() / len(newest) / 60 / 2)


def is_storm(pulse: Pulse, evidence: Evidence, now: datetime) -> bool:
    """Whether a failure says more about the family, or about our own network, than about the source."""
    if pulse is Pulse.NO_NAME and (evidence.any_ok_at is None or now - evidence.any_ok_at > OFFLINE_AFTER):
        return True
    return evidence.family_sources >= STORM_SOURCES and evidence.family_failing * 2 > evidence.family_sources


def _deferred(old: Standing, outcome: Outcome, source_id: int, now: datetime) -> Verdict:
    state = old.state
    if state is State.PAUSED:
        state = State.FAILING if old.failures else State.HEALTHY
    until = max(outcome.deferred_until or now, now + SHORTEST_DELAY)
    return Verdict(_in_state(old, state, now), until + DEFERRED_SPREAD * _spread(source_id))


def _worked(old: Standing, outcome: Outcome, source_id: int, now: datetime, bounds: Bounds) -> Verdict:
    interval = _interval(old, outcome, now, bounds)
    fresh_minutes = bounds.clamp((outcome.fresh_seconds or 0) // 60)
    same = outcome.moved_to is not None and outcome.moved_to == old.moved_to
    moved_since = old.moved_since if same else now if outcome.moved_to else None
    moved_count = old.moved_count + 1 if same else 1 if outcome.moved_to else 0
    proven = moved_since is not None and moved_count >= MOVED_PULLS and now - moved_since >= MOVED_PROOF
    told = old.state is State.GONE or (old.failing_since is not None and now - old.failing_since >= TELL_DAYS)
    state = State.MOVED if proven else _state_when_working(old, outcome, now)
    standing = Standing(
        state=state,
        state_since=now if proven else _since(old, state, now),
        interval_minutes=interval,
        moved_to=None if proven else outcome.moved_to,
        moved_since=None if proven else moved_since,
        moved_count=0 if proven else moved_count,
        last_success_at=now,
        last_new_at=now if outcome.pulse is Pulse.NEW else old.last_new_at,
    )
    delay = max(interval, fresh_minutes, SLOW_MINUTES if state is State.SLOW else 0)
    next_pull_at = now + max(_jittered(bounds.clamp(delay), source_id), SHORTEST_DELAY)
    return Verdict(standing, next_pull_at, Tell.BACK if told else None, outcome.moved_to if proven else None)


def _state_when_working(old: Standing, outcome: Outcome, now: datetime) -> State:
    age = now - (old.state_since or now)
    just_adopted = old.state is State.MOVED and old.moved_to is None and age < MOVED_DAYS
    if outcome.moved_to is not None or just_adopted:
        return State.MOVED
    return State.SLOW if old.state is State.SLOW and age < timedelta(days=1) else State.HEALTHY


def _interval(old: Standing, outcome: Outcome, now: datetime, bounds: Bounds) -> int:
    """News bring the interval to the source's own rhythm, or halve it; quiet lengthens it by a quarter.

    It is never below the source's own `ttl_minutes`, nor below a share of how long there was nothing new.
    """
    minutes = old.interval_minutes
    if outcome.pulse is Pulse.NEW:
        rhythm = minutes // 2 if outcome.rhythm_minutes is None else outcome.rhythm_minutes
    else:
        silence = now - (old.last_new_at or now)
        rhythm = max(minutes + max(minutes // 4, 1), int(silence.total_seconds()) // 60 // SILENCE_SHARE)
    return bounds.clamp(max(rhythm, outcome.ttl_minutes or 0))


def _failed(
    old: Standing, outcome: Outcome, source_id: int, now: datetime, bounds: Bounds, evidence: Evidence
) -> Verdict:
    absent = outcome.pulse in ABSENCE
    noted = replace(
        old,
        failures=old.failures + 1,
        failing_since=old.failing_since or now,
        absent_since=(old.absent_since or now) if absent else old.absent_since,
        absent_count=old.absent_count + absent,
    )
    storm = is_storm(outcome.pulse, evidence, now)
    if old.state is State.GONE or _is_gone(noted, outcome.pulse, storm, now):
        state = State.GONE
    elif outcome.pulse is Pulse.LATE and old.last_success_at and now - old.last_success_at <= SLOW_DAYS:
        state = State.SLOW
    else:
        state = State.FAILING
    delay = _jittered(_patience(noted, state, bounds), source_id)
    if state is State.GONE:
        delay = GONE_INTERVAL * (1 + JITTER * _spread(source_id))
    floor = timedelta(seconds=min(outcome.retry_after_seconds or 0, MAX_RETRY_AFTER_SECONDS))
    next_pull_at = now + max(delay, floor, SHORTEST_DELAY)
    return Verdict(_in_state(noted, state, now), next_pull_at, _tell_of_failure(old, noted, state, absent, storm, now))


def _is_gone(noted: Standing, pulse: Pulse, storm: bool, now: datetime) -> bool:
    if pulse not in ABSENCE or noted.absent_since is None:
        return False
    times, duration = ABSENCE[pulse]
    return noted.absent_count >= times and now - noted.absent_since >= (STORM_DAYS if storm else duration)


def _patience(noted: Standing, state: State, bounds: Bounds) -> int:
    """Minutes until a failing source is asked again."""
    minutes = max(bounds.min_minutes, 1) * 2 ** min(noted.failures - 1, 20)
    return bounds.clamp(max(minutes, SLOW_MINUTES) if state is State.SLOW else minutes)


def _tell_of_failure(
    old: Standing, noted: Standing, state: State, absent: bool, storm: bool, now: datetime
) -> Tell | None:
    """That a source is not found is told when it is gone, else after days. The notice's key makes it once."""
    if state is State.GONE:
        return Tell.GONE if old.state is not State.GONE else None
    long = noted.failing_since is not None and now - noted.failing_since >= TELL_DAYS
    return Tell.FAILING if long and noted.failures >= TELL_FAILURES and not absent and not storm else None


def _in_state(standing: Standing, state: State, now: datetime) -> Standing:
    return replace(standing, state=state, state_since=_since(standing, state, now))


def _since(old: Standing, state: State, now: datetime) -> datetime:
    return old.state_since if state is old.state and old.state_since is not None else now


def _jittered(minutes: int, source_id: int) -> timedelta:
    return timedelta(minutes=minutes) * (1 + JITTER * _spread(source_id))


def _spread(source_id: int) -> float:
    """A number from 0 to 1 that looks random but belongs to the id (Knuth's multiplicative hash)."""
    return (source_id * 2_654_435_761 % 2**32) / 2**32

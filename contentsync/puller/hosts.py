"""Manners towards hosts: how much is asked of a family at once, and what its answers teach for later.

`HostSlots` is for within a batch and counts real time; `learn` is pure, counts the tick's time, and says what is kept.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from contentsync.errors import (
    HTTPFailure,
    NameNotFound,
    RateLimited,
    Refused,
    SourceError,
    TimedOut,
    TooLarge,
    TooManyRedirects,
    Unreachable,
)
from contentsync.sources.base import Hints
from contentsync.sources.families import host_family

AT_ONCE = 64
"""Requests under way, over all hosts."""
AT_ONCE_PER_FAMILY = 4
"""Requests under way to one host family; one that never answered, or counts requests, is asked one by one."""
LEAST_GAP_SECONDS = 0.25
"""Between the beginnings of two requests to a family."""
MAX_SILENT = 3
"""After so many requests in a row without any answer the rest of the family is left for later."""
SILENT_MINUTES = timedelta(minutes=15)
REFUSED_MINUTES = timedelta(minutes=1)
"""How long a family is left alone that refuses without saying for how long."""
MAX_WAIT = timedelta(days=1)
WORKED_WITHIN = timedelta(hours=1)
"""A 403 from a family that answered so recently is a refusal for now."""

FIRST_GAP_SECONDS = 60.0
MAX_GAP_SECONDS = 3600.0
GOOD_DAYS = timedelta(days=3)
"""After so long without a refusal a learned gap is halved; one below `FIRST_GAP_SECONDS` is none."""


@dataclass(frozen=True, slots=True)
class HostManners:
    """How a family wants to be treated; the fields are those of `contentsync.db.models.Host`."""

    gap_seconds: float = 0.0
    gap_since: datetime | None = None
    not_before: datetime | None = None
    last_ok_at: datetime | None = None
    refused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """What one pull says about its family."""

    worked: bool = False
    quiet_seconds: int | None = None
    refused: bool = False
    retry_after_seconds: int | None = None


def learn(known: HostManners, answer: HostAnswer, now: datetime) -> HostManners:
    """What is known of a family after this answer.

    A refusal doubles the gap, once a tick, from a minute to an hour, and closes the family for as long as the server
    asks (a day at most) or else for the gap. Spent rate limits close it without teaching a gap.
    """
    if answer.refused:
        gap = known.gap_seconds
        if known.refused_at != now:
            gap = min(max(FIRST_GAP_SECONDS, 2 * gap), MAX_GAP_SECONDS)
        wait = timedelta(seconds=max(gap, answer.retry_after_seconds or 0))
        return replace(
            known,
            gap_seconds=gap,
            gap_since=now,
            refused_at=now,
            not_before=_later(known.not_before, now + min(wait, MAX_WAIT)),
        )
    if not answer.worked:
        return known
    known = replace(known, last_ok_at=now)
    if known.gap_seconds and known.gap_since is not None and now - known.gap_since >= GOOD_DAYS:
        gap = known.gap_seconds / 2
        known = replace(known, gap_seconds=gap if gap >= FIRST_GAP_SECONDS else 0.0, gap_since=now)
    if answer.quiet_seconds is not None:
        known = replace(known, not_before=_later(known.not_before, now + timedelta(seconds=answer.quiet_seconds)))
    return known


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


class _Family:
    """What a running batch knows of a family."""

    def __init__(self) -> None:
        self.free = asyncio.Semaphore(1)
        self.is_known = False
        self.is_strict = False
        """It has once told us when to come; so it is asked one by one, because the next answer may tell it again."""
        self.next_at = 0.0
        self.last_ok_at: datetime | None = None
        self.closed_until: datetime | None = None
        self.silent = 0

    def meet(self, known: HostManners, now: datetime) -> None:
        """Take over what is stored. Of a family with a learned gap the batch was given its turn when it claimed, which
        is why it is closed; it is left alone only if it has refused within this tick.
        """
        self.is_strict = self.is_strict or known.not_before is not None
        if known.last_ok_at is not None:
            self.last_ok_at = _later(self.last_ok_at, known.last_ok_at)
            self.answered()
        if known.not_before is not None and (not known.gap_seconds or known.refused_at == now):
            self.close(known.not_before)

    def answered(self) -> None:
        """It has answered, whatever it said."""
        self.silent = 0
        if not self.is_known and not self.is_strict:
            self.is_known = True
            for _ in range(AT_ONCE_PER_FAMILY - 1):
                self.free.release()

    def close(self, until: datetime) -> None:
        """Nothing is asked of it before that tick."""
        self.closed_until = _later(self.closed_until, until)

    def is_closed(self, now: datetime) -> bool:
        return self.closed_until is not None and self.closed_until > now


@dataclass(slots=True)
class Turn:
    """One source's turn to ask its host."""

    family: _Family
    now: datetime
    deferred_until: datetime | None = None
    """If set, the host is not to be asked now."""

    def worked(self, hints: Hints) -> None:
        """The host answered well."""
        self.family.answered()
        self.family.last_ok_at = self.now
        if hints.quiet_seconds is not None:
            self.family.close(self.now + timedelta(seconds=hints.quiet_seconds))


class HostSlots:
    """Permission to talk to hosts. Whoever waits for a slow host takes no slot from the others."""

    def __init__(self, *, gap_seconds: float = LEAST_GAP_SECONDS) -> None:
        self._gap_seconds = gap_seconds
        self._all = asyncio.Semaphore(AT_ONCE)
        # A family is forgotten as soon as no batch visits it; what matters then is in the database.
        self._families: WeakValueDictionary[str, _Family] = WeakValueDictionary()

    def visit(self, now: datetime, known: Mapping[str, HostManners]) -> "Visit":
        """A batch's way to the hosts at this tick. `known` is what is stored of the families, by name."""
        return Visit(self, now, known)

    def family(self, name: str) -> _Family:
        """What is known of a family now."""
        return self._families.setdefault(name, _Family())

    @asynccontextmanager
    async def turn(self, family: _Family, now: datetime, had_worked: bool) -> AsyncIterator[Turn]:
        """Wait for a turn; see `Visit.turn`."""
        turn = Turn(family, now)
        async with family.free:
            if not family.is_closed(now):
                await self._wait_for_gap(family)
            if family.is_closed(now):
                turn.deferred_until = family.closed_until
                yield turn
                return
            async with self._all:
                try:
                    yield turn
                except SourceError as error:
                    refusal = _heard(family, error, now, had_worked)
                    if refusal is error:
                        raise
                    raise refusal from error

    async def _wait_for_gap(self, family: _Family) -> None:
        clock = asyncio.get_running_loop().time()
        starts_at = max(clock, family.next_at)
        family.next_at = starts_at + self._gap_seconds
        if starts_at > clock:
            await asyncio.sleep(starts_at - clock)


class Visit:
    """What one batch does with its hosts. It keeps them in memory for as long as it lives."""

    def __init__(self, slots: HostSlots, now: datetime, known: Mapping[str, HostManners]) -> None:
        self._slots = slots
        self._now = now
        self._families: dict[str, _Family] = {}
        for name, manners in known.items():
            self._family(name).meet(manners, now)

    @asynccontextmanager
    async def turn(self, url: str, *, had_worked: bool = False) -> AsyncIterator[Turn]:
        """Wait for a free slot and hold it during the block, which fetches unless the turn is deferred.

        `had_worked`: the source answered well the last time; a sudden 403 is then believed to be a refusal for now.

        Raises:
            RateLimited: instead of such a 403.
        """
        async with self._slots.turn(self._family(host_family(url)), self._now, had_worked) as turn:
            yield turn

    def _family(self, name: str) -> _Family:
        return self._families.setdefault(name, self._slots.family(name))


def _heard(family: _Family, error: SourceError, now: datetime, had_worked: bool) -> SourceError:
    """Note what a failure says about the family; gives the failure by its right name."""
    if isinstance(error, (TimedOut, Unreachable)) and not isinstance(error, NameNotFound):
        family.silent += 1
        if family.silent >= MAX_SILENT:
            family.close(now + SILENT_MINUTES)
        return error
    if isinstance(error, (HTTPFailure, TooLarge, TooManyRedirects)):
        family.answered()
    if isinstance(error, Refused) and error.status == 403 and had_worked:
        recently = family.last_ok_at is not None and now - family.last_ok_at <= WORKED_WITHIN
        if recently:
            error = RateLimited(error.url, error.status, error.retry_after_seconds)
    if isinstance(error, RateLimited):
        wait = timedelta(seconds=error.retry_after_seconds or 0)
        family.close(now + min(max(wait, REFUSED_MINUTES), MAX_WAIT))
    return error

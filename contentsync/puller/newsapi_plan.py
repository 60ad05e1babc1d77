"""When which topic of a News API key is asked, for which window of time, and what is known afterwards. Pure.

A key may ask 50 times in 12 hours and 100 times in 24. The topics share that: each has its turn at most once in
`interval_for` their number. What one answer could not hold is read from its oldest article backwards, at once while
units are to spare, else in every second turn; so no request ever asks for a second page, which free plans refuse.

Source: https://newsapi.org/pricing, and the API's own message with `rateLimited` for the limits of free keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from contentsync.sources.newsapi import PAGE_ARTICLES, Extent

SLACK = timedelta(minutes=15)
"""How much later than it was written down a request may reach the service, which counts by its own clock."""
WINDOW = timedelta(hours=12) + SLACK
UNITS = 50
PLAN = ((WINDOW, UNITS), (timedelta(hours=24) + SLACK, 100))
"""At most so many requests in any window of this length."""

LEAST_INTERVAL = timedelta(hours=1)
OVERLAP = timedelta(hours=24)
"""How far back a window begins before the newest known article: some appear that much later than others. Free keys
see every article 24 hours late, which needs no overlap: windows go on from what was seen, not from the clock."""
FIRST_REACH = timedelta(days=3)
"""How far back a new topic is searched. A free key sees two days of it."""
MOST_REACH = timedelta(days=28)
"""Free keys may search a month."""
LEAST_REACH = timedelta(hours=1)
REST = timedelta(hours=24)
"""How long a topic is left alone that the service refuses."""


@dataclass(frozen=True, slots=True)
class Spending:
    """Units spent. `is_page`: for the rest of an answer, not for a topic's turn."""

    at: datetime
    units: int = 1
    is_page: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Publication times, both inclusive."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Rest:
    """The older part of a window that an answer did not hold. `is_unread`: it lies before everything known; else it
    only overlaps what is known, and is worth a unit to spare but no turn."""

    window: Window
    is_unread: bool


@dataclass(frozen=True, slots=True)
class TopicState:
    """What is known of a topic's search."""

    asked_at: datetime | None = None
    """When it last had its turn."""
    newest: datetime | None = None
    """When the newest known article was published."""
    rest: Rest | None = None
    was_rest: bool = False
    """Whether its last turn was for a rest."""
    reach: timedelta = MOST_REACH
    """How far back the plan lets it be searched, as far as we know."""
    not_before: datetime | None = None
    body_hash: str | None = None
    """Of the last answer: the same again is not stored twice."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask now. `is_rest`: for the topic's rest; `is_page`: out of turn."""

    source_id: int
    window: Window
    is_rest: bool = False
    is_page: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask now, or when to come back; neither if there is nothing to ask for."""

    request: Request | None = None
    next_at: datetime | None = None


def plan_next(
    topics: Mapping[int, TopicState], spent: Sequence[Spending], *, now: datetime, not_before: datetime | None = None
) -> Plan:
    """The next request of a key: topics by source id, what the key has spent, and until when the service wants rest.

    Topics that were never asked go first, then those that have waited longest.
    """
    if not topics:
        return Plan()
    interval = interval_for(len(topics))
    ready_at = max(free_at(spent, now), not_before or now)
    due = {source_id: _due_at(state, interval, now) for source_id, state in topics.items()}
    if ready_at <= now:
        waiting = [source_id for source_id in topics if due[source_id] <= now]
        if waiting:
            source_id = min(waiting, key=lambda id: (topics[id].asked_at or _before_all(now), id))
            return Plan(_turn(source_id, topics[source_id], now))
        rests = [id for id, state in topics.items() if state.rest and (state.not_before or now) <= now]
        if rests and pages_left(spent, len(topics), now) > 0:
            source_id = min(rests, key=lambda id: (not _rest_of(topics[id]).is_unread, id))
            return Plan(Request(source_id, _rest_of(topics[source_id]).window, is_rest=True, is_page=True))
    return Plan(next_at=max(min(due.values()), ready_at, now + timedelta(minutes=1)))


def interval_for(topics: int) -> timedelta:
    """The least time between two turns of a topic, when so many share a key."""
    return max(LEAST_INTERVAL, WINDOW / UNITS * topics)


def free_at(spent: Sequence[Spending], now: datetime) -> datetime:
    """The first moment from `now` on when one more request stays within the plan."""
    moments = [now]
    for window, limit in PLAN:
        counted = sorted((one for one in spent if one.at > now - window), key=lambda one: one.at)
        units = sum(one.units for one in counted)
        for one in counted:
            if units < limit:
                break
            units -= one.units
            moments.append(one.at + window)
    return max(moments)


def pages_left(spent: Sequence[Spending], topics: int, now: datetime) -> int:
    """How many requests out of turn a window still has beside all turns of so many topics."""
    turns = ceil(WINDOW / interval_for(topics)) * topics
    used = sum(one.units for one in spent if one.is_page and one.at > now - WINDOW)
    return max(0, UNITS - turns - used)


def after_answer(state: TopicState, request: Request, extent: Extent, *, body_hash: str, now: datetime) -> TopicState:
    """What is known once an answer is stored."""
    seen = [time for time in (state.newest, extent.newest) if time is not None]
    return replace(
        after_turn(state, request, now),
        newest=min(max(seen), now) if seen else None,  # a date in the future would hide everything before it
        rest=_after_rest(state, extent, request) if request.is_rest else _after_turn(state, extent, request),
        not_before=None,
        body_hash=body_hash,
    )


def after_turn(state: TopicState, request: Request, now: datetime, *, not_before: datetime | None = None) -> TopicState:
    """The topic had its turn, whatever came of it."""
    if request.is_page:
        return replace(state, not_before=not_before)
    return replace(state, asked_at=now, was_rest=request.is_rest, not_before=not_before)


def shortened(state: TopicState, request: Request, now: datetime) -> TopicState | None:
    """The topic with half of a window that goes beyond the plan, to be asked at once; None if it is short already.

    What lies in the older half is given up: the plan does not let it be seen.
    """
    start, end = request.window.start, request.window.end
    if request.is_rest:
        half = Window(start + (end - start) / 2, end)
        rest = Rest(half, is_unread=_rest_of(state).is_unread) if end - start > LEAST_REACH else None
        return replace(state, rest=rest)
    reach = (now - start) / 2
    return replace(state, reach=reach) if reach >= LEAST_REACH else None


def to_json(state: TopicState) -> dict[str, Any]:
    """The state as it is stored; what is not said is as in a new topic."""
    found: dict[str, Any] = {
        "asked_at": _text(state.asked_at),
        "newest": _text(state.newest),
        "not_before": _text(state.not_before),
        "was_rest": state.was_rest,
        "reach_seconds": state.reach.total_seconds(),
        "body_hash": state.body_hash,
    }
    if state.rest is not None:
        window = state.rest.window
        found["rest"] = [window.start.isoformat(), window.end.isoformat(), state.rest.is_unread]
    return found


def from_json(found: Mapping[str, Any]) -> TopicState:
    """The stored state; nothing is a new topic's."""
    rest = found.get("rest")
    return TopicState(
        asked_at=_time(found.get("asked_at")),
        newest=_time(found.get("newest")),
        rest=Rest(Window(datetime.fromisoformat(rest[0]), datetime.fromisoformat(rest[1])), rest[2]) if rest else None,
        was_rest=found.get("was_rest", False),
        reach=timedelta(seconds=found.get("reach_seconds", MOST_REACH.total_seconds())),
        not_before=_time(found.get("not_before")),
        body_hash=found.get("body_hash"),
    )


def fresh_window(state: TopicState, now: datetime) -> Window:
    """Where the search for new articles begins and ends."""
    start = state.newest - OVERLAP if state.newest else now - FIRST_REACH
    return Window(max(start, now - state.reach), now)


def _turn(source_id: int, state: TopicState, now: datetime) -> Request:
    if state.rest is not None and state.rest.is_unread and state.asked_at is not None and not state.was_rest:
        return Request(source_id, state.rest.window, is_rest=True)
    return Request(source_id, fresh_window(state, now))


def _due_at(state: TopicState, interval: timedelta, now: datetime) -> datetime:
    due_at = state.asked_at + interval if state.asked_at else now
    return max(due_at, state.not_before or due_at)


def _after_turn(state: TopicState, extent: Extent, request: Request) -> Rest | None:
    """What is left to read after a search for new articles. An unread rest from before stays, or becomes part of it."""
    before = state.rest if state.rest and state.rest.is_unread else None
    if not _is_cut_off(extent) or extent.oldest is None:
        return before
    known = state.newest
    if known is not None and extent.oldest <= known:
        return before or Rest(Window(request.window.start, extent.oldest), is_unread=False)
    start = max(request.window.start, known) if known else request.window.start
    return Rest(Window(min(start, before.window.start) if before else start, extent.oldest), is_unread=True)


def _after_rest(state: TopicState, extent: Extent, request: Request) -> Rest | None:
    """What is left of a rest. It ends where the answer did, or a second earlier if all of it was of one second."""
    start, end = request.window.start, request.window.end
    if not _is_cut_off(extent) or extent.oldest is None:
        return None
    end = extent.oldest if extent.oldest < end else end - timedelta(seconds=1)
    return Rest(Window(start, end), _rest_of(state).is_unread) if start < end else None


def _is_cut_off(extent: Extent) -> bool:
    return extent.articles >= PAGE_ARTICLES and extent.total > extent.articles


def _rest_of(state: TopicState) -> Rest:
    assert state.rest is not None, "only topics with a rest are asked for it"
    return state.rest


def _before_all(now: datetime) -> datetime:
    return datetime.min.replace(tzinfo=now.tzinfo)


def _text(time: datetime | None) -> str | None:
    return time.isoformat() if time is not None else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None

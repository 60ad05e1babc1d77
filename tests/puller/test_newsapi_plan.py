"""Which topic is asked when, and for what: tables."""

from datetime import UTC, datetime, timedelta

import pytest

from contentsync.puller.newsapi_plan import (
    FIRST_REACH,
    MOST_REACH,
    OVERLAP,
    PLAN,
    UNITS,
    WINDOW,
    Plan,
    Request,
    Rest,
    Spending,
    TopicState,
    Window,
    after_answer,
    free_at,
    fresh_window,
    from_json,
    interval_for,
    pages_left,
    plan_next,
    shortened,
    to_json,
)
from contentsync.sources.newsapi import Extent

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
FULL = Extent(100, 250, newest=NOW - 24 * HOUR, oldest=NOW - 30 * HOUR)


def spent(*hours_ago: float, units: int = 1, is_page: bool = False) -> list[Spending]:
    return [Spending(NOW - hours * HOUR, units, is_page) for hours in hours_ago]


@pytest.mark.parametrize(("topics", "minutes"), [(1, 60), (4, 60), (5, 73.5), (10, 147), (50, 735), (100, 1470)])
def test_the_interval_grows_with_the_number_of_topics(topics: int, minutes: float) -> None:
    assert interval_for(topics) == minutes * MINUTE


@pytest.mark.parametrize(
    ("spendings", "hours"),
    [
        ([], 0),
        (spent(*[0] * 49), 0),
        (spent(*[0] * 50), 12.25),
        (spent(11, *[0] * 49), 1.25),
        (spent(11, 10, *[0] * 49), 2.25),
        (spent(12.25, *[0] * 49), 0),
        (spent(12.2, *[0] * 49), 0.05),
        (spent(*[20] * 51, *[0] * 49), 4.25),
        (spent(*[24.25] * 60), 0),
        (spent(5, units=50), 7.25),
        (spent(-1, *[0] * 49), 12.25),
    ],
    ids=["nothing", "49", "50", "one falls out", "two fall out", "just out", "just in", "a day", "long ago", "a lump",
         "from the future"],
)  # fmt: skip
def test_when_a_request_is_within_the_plan(spendings: list[Spending], hours: float) -> None:
    assert abs(free_at(spendings, NOW) - (NOW + hours * HOUR)) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("topics", "pages", "left"), [(1, 0, 37), (1, 30, 7), (1, 40, 0), (3, 0, 11), (4, 0, 0), (10, 0, 0), (30, 0, 0)]
)
def test_pages_are_read_with_units_to_spare_only(topics: int, pages: int, left: int) -> None:
    assert pages_left(spent(*[1] * pages, is_page=True), topics, NOW) == left


ASKED = TopicState(asked_at=NOW - HOUR / 2, newest=NOW - 25 * HOUR)
DUE = TopicState(asked_at=NOW - 2 * HOUR, newest=NOW - 25 * HOUR)
LONG_DUE = TopicState(asked_at=NOW - 5 * HOUR, newest=NOW - 25 * HOUR)
READ = Window(NOW - 49 * HOUR, NOW)
UNREAD = Rest(Window(NOW - 60 * HOUR, NOW - 30 * HOUR), is_unread=True)
OVERLAPPING = Rest(Window(NOW - 49 * HOUR, NOW - 30 * HOUR), is_unread=False)
NEW = Window(NOW - FIRST_REACH, NOW)


def with_rest(state: TopicState, rest: Rest, *, was_rest: bool = False) -> TopicState:
    return TopicState(asked_at=state.asked_at, newest=state.newest, rest=rest, was_rest=was_rest)


@pytest.mark.parametrize(
    ("topics", "spendings", "plan"),
    [
        ({}, [], Plan()),
        ({1: TopicState()}, [], Plan(Request(1, NEW))),
        ({1: ASKED}, [], Plan(next_at=NOW + HOUR / 2)),
        ({1: DUE}, [], Plan(Request(1, READ))),
        ({1: DUE, 2: LONG_DUE}, [], Plan(Request(2, READ))),
        ({1: LONG_DUE, 2: TopicState()}, [], Plan(Request(2, NEW))),
        ({1: LONG_DUE}, spent(*[0] * 50), Plan(next_at=NOW + WINDOW)),
        ({1: ASKED}, spent(*[11] * 50), Plan(next_at=NOW + 1.25 * HOUR)),
        ({1: TopicState(asked_at=NOW - 5 * HOUR, not_before=NOW + 3 * HOUR)}, [], Plan(next_at=NOW + 3 * HOUR)),
        ({1: with_rest(ASKED, UNREAD)}, [], Plan(Request(1, UNREAD.window, is_rest=True, is_page=True))),
        ({1: with_rest(ASKED, OVERLAPPING)}, [], Plan(Request(1, OVERLAPPING.window, is_rest=True, is_page=True))),
        (
            {1: with_rest(ASKED, OVERLAPPING), 2: with_rest(ASKED, UNREAD)},
            [],
            Plan(Request(2, UNREAD.window, is_rest=True, is_page=True)),
        ),
        ({1: with_rest(ASKED, UNREAD)}, spent(*[2] * 37, is_page=True), Plan(next_at=NOW + HOUR / 2)),
        ({1: with_rest(DUE, UNREAD)}, [], Plan(Request(1, UNREAD.window, is_rest=True))),
        ({1: with_rest(DUE, UNREAD, was_rest=True)}, [], Plan(Request(1, READ))),
        ({1: with_rest(DUE, OVERLAPPING)}, [], Plan(Request(1, READ))),
    ],
    ids=["no topic", "new", "not due", "due", "the longest waiting", "a new one first", "nothing left",
         "nothing left for longer", "left alone", "rest at once", "overlap at once", "unread before overlap",
         "no page left", "rest in turn", "fresh after rest", "no turn for an overlap"],
)  # fmt: skip
def test_the_next_request(topics: dict[int, TopicState], spendings: list[Spending], plan: Plan) -> None:
    assert plan_next(topics, spendings, now=NOW) == plan


def test_nothing_is_asked_before_the_service_wants_it() -> None:
    assert plan_next({1: TopicState()}, [], now=NOW, not_before=NOW + HOUR) == Plan(next_at=NOW + HOUR)


@pytest.mark.parametrize("count", [1, 3, 5, 10, 37, 120])
def test_a_week_of_any_number_of_topics_keeps_every_window(count: int) -> None:
    """Whatever comes back (always a full answer), and with a tick every 15 minutes."""
    topics = {number: TopicState() for number in range(count)}
    spendings: list[Spending] = []
    now = NOW
    for _ in range(7 * 24 * 4):
        while (request := plan_next(topics, spendings, now=now).request) is not None:
            spendings.append(Spending(now, is_page=request.is_page))
            oldest = request.window.start + (request.window.end - request.window.start) / 2
            extent = Extent(100, 300, newest=request.window.end - 24 * HOUR, oldest=oldest)
            topics[request.source_id] = after_answer(topics[request.source_id], request, extent, body_hash="", now=now)
        spendings = [one for one in spendings if one.at > now - 8 * 24 * HOUR]
        now += 15 * MINUTE
    for window, limit in PLAN:
        for one in spendings:
            assert sum(one.at <= other.at < one.at + window for other in spendings) <= limit
    assert len(spendings) >= min(count * 24 * 7, 0.9 * UNITS * 14)
    waited = max(now - (state.asked_at or NOW) for state in topics.values())
    assert waited <= interval_for(count) + 2 * WINDOW if count > UNITS else waited <= interval_for(count) + HOUR / 2


@pytest.mark.parametrize(
    ("before", "request_", "extent", "rest"),
    [
        (TopicState(), Request(1, NEW), Extent(100, 100, FULL.newest, FULL.oldest), None),
        (TopicState(), Request(1, NEW), Extent(0, 0), None),
        (TopicState(), Request(1, NEW), FULL, Rest(Window(NEW.start, NOW - 30 * HOUR), is_unread=True)),
        (
            TopicState(newest=NOW - 40 * HOUR), Request(1, Window(NOW - 64 * HOUR, NOW)), FULL,
            Rest(Window(NOW - 40 * HOUR, NOW - 30 * HOUR), is_unread=True),
        ),
        (
            TopicState(newest=NOW - 26 * HOUR), Request(1, Window(NOW - 50 * HOUR, NOW)), FULL,
            Rest(Window(NOW - 50 * HOUR, NOW - 30 * HOUR), is_unread=False),
        ),
        (
            TopicState(newest=NOW - 26 * HOUR, rest=UNREAD), Request(1, Window(NOW - 50 * HOUR, NOW)), FULL, UNREAD,
        ),
        (
            TopicState(newest=NOW - 40 * HOUR, rest=UNREAD), Request(1, Window(NOW - 64 * HOUR, NOW)), FULL,
            Rest(Window(NOW - 60 * HOUR, NOW - 30 * HOUR), is_unread=True),
        ),
        (TopicState(rest=UNREAD), Request(1, NEW), Extent(3, 3, FULL.newest, FULL.oldest), UNREAD),
        (
            TopicState(rest=UNREAD), Request(1, UNREAD.window, is_rest=True),
            Extent(100, 120, NOW - 31 * HOUR, NOW - 50 * HOUR),
            Rest(Window(NOW - 60 * HOUR, NOW - 50 * HOUR), is_unread=True),
        ),
        (
            TopicState(rest=UNREAD), Request(1, UNREAD.window, is_rest=True),
            Extent(20, 20, FULL.newest, FULL.oldest), None,
        ),
        (
            TopicState(rest=UNREAD), Request(1, UNREAD.window, is_rest=True),
            Extent(100, 120, UNREAD.window.end, UNREAD.window.end),
            Rest(Window(NOW - 60 * HOUR, NOW - 30 * HOUR - timedelta(seconds=1)), is_unread=True),
        ),
    ],
    ids=["exactly full", "empty", "first and more", "more than is known", "overlaps what is known", "rest stays",
         "rests become one", "rest stays when nothing is left", "rest goes on", "rest ends", "one second, over full"],
)  # fmt: skip
def test_what_is_left_to_read(before: TopicState, request_: Request, extent: Extent, rest: Rest | None) -> None:
    assert after_answer(before, request_, extent, body_hash="h", now=NOW).rest == rest


def test_windows_go_on_from_what_was_seen() -> None:
    assert fresh_window(TopicState(), NOW) == NEW
    assert fresh_window(TopicState(newest=NOW - 24 * HOUR), NOW) == Window(NOW - 24 * HOUR - OVERLAP, NOW)
    assert fresh_window(TopicState(newest=NOW - 99 * 24 * HOUR), NOW).start == NOW - MOST_REACH
    assert fresh_window(TopicState(reach=5 * HOUR), NOW).start == NOW - 5 * HOUR


def test_a_date_in_the_future_hides_nothing() -> None:
    extent = Extent(1, 1, newest=NOW + 900 * 24 * HOUR, oldest=NOW)
    assert after_answer(TopicState(), Request(1, NEW), extent, body_hash="h", now=NOW).newest == NOW


def test_windows_beyond_the_plan_are_halved_until_they_are_short() -> None:
    state: TopicState | None = TopicState()
    reaches = []
    while state is not None:
        reaches.append(state.reach)
        state = shortened(state, Request(1, fresh_window(state, NOW)), NOW)
    assert len(reaches) == 7
    assert reaches[-1] < 2 * HOUR
    rest = TopicState(rest=UNREAD)
    half = shortened(rest, Request(1, UNREAD.window, is_rest=True), NOW)
    assert half is not None
    assert half.rest == Rest(Window(NOW - 45 * HOUR, NOW - 30 * HOUR), is_unread=True)
    short = Rest(Window(NOW - HOUR, NOW - HOUR / 2), is_unread=True)
    gone = shortened(TopicState(rest=short), Request(1, short.window, is_rest=True), NOW)
    assert gone is not None
    assert gone.rest is None


@pytest.mark.parametrize(
    "state",
    [TopicState(), with_rest(DUE, UNREAD, was_rest=True), TopicState(not_before=NOW, reach=HOUR, body_hash="ab")],
    ids=["new", "rest", "left alone"],
)
def test_a_state_is_the_same_after_it_was_stored(state: TopicState) -> None:
    assert from_json(to_json(state)) == state
    assert from_json({}) == TopicState()

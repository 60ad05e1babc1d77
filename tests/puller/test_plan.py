"""The state machine of a source, row by row."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contentsync.puller.plan import (
    ABSENCE,
    GONE_INTERVAL,
    NO_EVIDENCE,
    Bounds,
    Evidence,
    Outcome,
    Pulse,
    Standing,
    State,
    Tell,
    Verdict,
    next_state,
    rhythm_minutes,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
USUAL = Bounds(15, 1440)
EVERY_TICK = Bounds(0, 0)
UNJITTERED = 0
"""The id whose jitter is nothing."""
WORKING = Standing(state_since=NOW - 30 * DAY, last_success_at=NOW - HOUR, last_new_at=NOW - HOUR)
STORM = Evidence(family_sources=10, family_failing=6, any_ok_at=NOW)
FINE = Evidence(family_sources=10, family_failing=2, any_ok_at=NOW - HOUR)


def step(
    old: Standing,
    pulse: Pulse,
    *,
    bounds: Bounds = USUAL,
    evidence: Evidence = NO_EVIDENCE,
    now: datetime = NOW,
    source_id: int = UNJITTERED,
    **brought: Any,
) -> Verdict:
    return next_state(
        old, Outcome(pulse, **brought), source_id=source_id, now=now, bounds=bounds, evidence=evidence
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pulse", "interval", "brought", "interval_minutes", "delay_minutes"),
    [
        (Pulse.NEW, 60, {}, 30, 30),
        (Pulse.NEW, 20, {}, 15, 15),
        (Pulse.NEW, 60, {"rhythm_minutes": 700}, 700, 700),
        (Pulse.NEW, 60, {"rhythm_minutes": 1}, 15, 15),
        (Pulse.NEW, 60, {"rhythm_minutes": 99_999}, 1440, 1440),
        (Pulse.NEW, 60, {"ttl_minutes": 120}, 120, 120),
        (Pulse.NEW, 60, {"ttl_minutes": 10}, 30, 30),
        (Pulse.NEW, 60, {"ttl_minutes": 10_000}, 1440, 1440),
        (Pulse.NEW, 60, {"fresh_seconds": 7200}, 30, 120),
        (Pulse.NEW, 60, {"fresh_seconds": 60}, 30, 30),
        (Pulse.NEW, 60, {"fresh_seconds": 10**8}, 30, 1440),
        (Pulse.QUIET, 60, {}, 75, 75),
        (Pulse.QUIET, 1400, {}, 1440, 1440),
        (Pulse.QUIET, 60, {"fresh_seconds": 7200}, 75, 120),
        (Pulse.QUIET, 60, {"rhythm_minutes": 1}, 75, 75),
    ],
)
def test_interval_and_delay_of_a_source_that_works(
    pulse: Pulse, interval: int, brought: dict[str, Any], interval_minutes: int, delay_minutes: int
) -> None:
    verdict = step(replace(WORKING, interval_minutes=interval), pulse, **brought)
    assert verdict.standing.interval_minutes == interval_minutes
    assert verdict.next_pull_at == NOW + delay_minutes * MINUTE
    assert (verdict.standing.state, verdict.tell, verdict.adopt) == (State.HEALTHY, None, None)


def test_a_long_silence_lengthens_the_interval() -> None:
    quiet = replace(WORKING, last_new_at=NOW - 10 * DAY)
    assert step(quiet, Pulse.QUIET).standing.interval_minutes == 10 * 1440 // 20


@pytest.mark.parametrize(
    ("failures", "given", "delay_minutes"),
    [
        (0, {}, 15),
        (1, {}, 30),
        (3, {}, 120),
        (7, {}, 1440),
        (100_000, {}, 1440),
        (0, {"retry_after_seconds": 7200}, 120),
        (0, {"retry_after_seconds": 60}, 15),
        (0, {"retry_after_seconds": 10**9}, 1440),
        (2, {"bounds": EVERY_TICK, "retry_after_seconds": 600}, 10),
        (1, {"bounds": Bounds(0, 1440)}, 2),
    ],
)
def test_patience_with_a_source_that_fails(failures: int, given: dict[str, Any], delay_minutes: int) -> None:
    verdict = step(replace(WORKING, failures=failures), Pulse.FAILED, **given)
    assert verdict.next_pull_at == NOW + delay_minutes * MINUTE
    assert verdict.standing.interval_minutes == 60
    assert verdict.standing.failures == failures + 1


@pytest.mark.parametrize("pulse", [pulse for pulse in Pulse if pulse is not Pulse.DEFERRED])
def test_an_interval_of_0_is_due_at_the_next_tick_but_not_in_this_one(pulse: Pulse) -> None:
    verdict = step(Standing(), pulse, bounds=EVERY_TICK, source_id=7)
    assert NOW < verdict.next_pull_at <= NOW + timedelta(seconds=1)


def test_jitter_spreads_sources_and_stays_the_same_for_each() -> None:
    def delay(source_id: int) -> float:
        verdict = step(replace(WORKING, interval_minutes=200), Pulse.NEW, source_id=source_id)
        return (verdict.next_pull_at - NOW).total_seconds() / 60

    delays = [delay(source_id) for source_id in range(1, 101)]
    assert all(100 <= minutes <= 110 for minutes in delays)
    assert len({round(minutes) for minutes in delays}) == 11
    assert delays == [delay(source_id) for source_id in range(1, 101)]


FAILING = replace(WORKING, state=State.FAILING, failures=2, failing_since=NOW - HOUR, last_success_at=NOW - DAY)
LONG_FAILING = replace(FAILING, failures=8, failing_since=NOW - 4 * DAY, last_success_at=NOW - 5 * DAY)
SLOW = replace(FAILING, state=State.SLOW, state_since=NOW - HOUR)
GONE = replace(LONG_FAILING, state=State.GONE, absent_since=NOW - 9 * DAY, absent_count=9)
MOVING = replace(WORKING, state=State.MOVED, moved_to="https://b/", moved_since=NOW - 4 * DAY, moved_count=2)
MOVED = replace(WORKING, state=State.MOVED, state_since=NOW - DAY)
PAUSED = replace(WORKING, state=State.PAUSED)
UNKNOWN = replace(WORKING, last_success_at=None)


@pytest.mark.parametrize(
    ("old", "pulse", "given", "state", "tell"),
    [
        (WORKING, Pulse.NEW, {}, State.HEALTHY, None),
        (WORKING, Pulse.QUIET, {}, State.HEALTHY, None),
        (WORKING, Pulse.FAILED, {}, State.FAILING, None),
        (WORKING, Pulse.NOT_FOUND, {}, State.FAILING, None),
        (WORKING, Pulse.REMOVED, {}, State.FAILING, None),
        (WORKING, Pulse.NO_NAME, {}, State.FAILING, None),
        (WORKING, Pulse.LATE, {}, State.SLOW, None),
        (UNKNOWN, Pulse.LATE, {}, State.FAILING, None),
        (LONG_FAILING, Pulse.LATE, {}, State.FAILING, Tell.FAILING),
        (FAILING, Pulse.QUIET, {}, State.HEALTHY, None),
        (FAILING, Pulse.FAILED, {}, State.FAILING, None),
        (LONG_FAILING, Pulse.FAILED, {}, State.FAILING, Tell.FAILING),
        (LONG_FAILING, Pulse.FAILED, {"evidence": STORM}, State.FAILING, None),
        (LONG_FAILING, Pulse.NOT_FOUND, {}, State.FAILING, None),
        (replace(LONG_FAILING, failures=3), Pulse.FAILED, {}, State.FAILING, None),
        (LONG_FAILING, Pulse.QUIET, {}, State.HEALTHY, Tell.BACK),
        (SLOW, Pulse.LATE, {}, State.SLOW, None),
        (SLOW, Pulse.NEW, {}, State.SLOW, None),
        (replace(SLOW, state_since=NOW - DAY), Pulse.NEW, {}, State.HEALTHY, None),
        (SLOW, Pulse.FAILED, {}, State.FAILING, None),
        (GONE, Pulse.NOT_FOUND, {}, State.GONE, None),
        (GONE, Pulse.LATE, {}, State.GONE, None),
        (GONE, Pulse.FAILED, {"evidence": STORM}, State.GONE, None),
        (GONE, Pulse.QUIET, {}, State.HEALTHY, Tell.BACK),
        (GONE, Pulse.NEW, {"moved_to": "https://b/"}, State.MOVED, Tell.BACK),
        (WORKING, Pulse.NEW, {"moved_to": "https://b/"}, State.MOVED, None),
        (MOVING, Pulse.NEW, {}, State.HEALTHY, None),
        (MOVING, Pulse.NEW, {"moved_to": "https://c/"}, State.MOVED, None),
        (MOVING, Pulse.FAILED, {}, State.FAILING, None),
        (MOVED, Pulse.QUIET, {}, State.MOVED, None),
        (replace(MOVED, state_since=NOW - 7 * DAY), Pulse.QUIET, {}, State.HEALTHY, None),
        (PAUSED, Pulse.QUIET, {}, State.HEALTHY, None),
        (PAUSED, Pulse.FAILED, {}, State.FAILING, None),
        (PAUSED, Pulse.DEFERRED, {}, State.HEALTHY, None),
        (replace(PAUSED, failures=2), Pulse.DEFERRED, {}, State.FAILING, None),
        (LONG_FAILING, Pulse.DEFERRED, {}, State.FAILING, None),
        (GONE, Pulse.DEFERRED, {}, State.GONE, None),
    ],
)
def test_states(old: Standing, pulse: Pulse, given: dict[str, Any], state: State, tell: Tell | None) -> None:
    verdict = step(old, pulse, **given)
    assert (verdict.standing.state, verdict.tell, verdict.adopt) == (state, tell, None)
    assert verdict.standing.state_since == (old.state_since if state is old.state else NOW)


@pytest.mark.parametrize("pulse", list(ABSENCE))
@pytest.mark.parametrize(
    ("fewer", "shorter", "evidence", "is_gone"),
    [
        (0, 0 * DAY, FINE, True),
        (1, 0 * DAY, FINE, False),
        (0, MINUTE, FINE, False),
        (0, 0 * DAY, STORM, False),
        (0, -31 * DAY, STORM, True),
    ],
)
def test_gone_needs_to_be_told_often_and_for_long_and_more_in_a_storm(
    pulse: Pulse, fewer: int, shorter: timedelta, evidence: Evidence, is_gone: bool
) -> None:
    times, duration = ABSENCE[pulse]
    absent_since = NOW - duration + shorter
    old = replace(LONG_FAILING, absent_count=times - 1 - fewer, absent_since=absent_since)
    verdict = step(old, pulse, evidence=evidence)
    assert (verdict.standing.state is State.GONE) is is_gone
    assert verdict.tell is (Tell.GONE if is_gone else None)
    if is_gone:
        assert verdict.next_pull_at == NOW + GONE_INTERVAL


def test_other_failures_are_no_evidence_that_a_source_is_gone() -> None:
    old = replace(LONG_FAILING, absent_count=99, absent_since=NOW - 99 * DAY)
    for pulse in (Pulse.FAILED, Pulse.LATE):
        verdict = step(old, pulse, evidence=FINE)
        assert verdict.standing.state is State.FAILING
        assert (verdict.standing.absent_count, verdict.standing.absent_since) == (99, NOW - 99 * DAY)


@pytest.mark.parametrize(("any_ok_at", "is_gone"), [(NOW - HOUR, True), (NOW - 2 * DAY, False), (None, False)])
def test_no_name_is_gone_while_no_name_can_be_found(any_ok_at: datetime | None, is_gone: bool) -> None:
    old = replace(LONG_FAILING, absent_count=20, absent_since=NOW - 15 * DAY)
    verdict = step(old, Pulse.NO_NAME, evidence=Evidence(any_ok_at=any_ok_at))
    assert (verdict.standing.state is State.GONE) is is_gone


def test_a_source_that_works_has_no_bad_past() -> None:
    new = step(GONE, Pulse.QUIET).standing
    assert (new.failures, new.failing_since, new.absent_since, new.absent_count) == (0, None, None, 0)
    assert (new.last_success_at, new.last_new_at) == (NOW, GONE.last_new_at)


@pytest.mark.parametrize(
    ("count", "age", "moved_to", "adopted"),
    [
        (2, 3 * DAY, "https://b/", "https://b/"),
        (1, 30 * DAY, "https://b/", None),
        (99, 3 * DAY - MINUTE, "https://b/", None),
        (99, 30 * DAY, "https://c/", None),
        (99, 30 * DAY, None, None),
    ],
)
def test_an_address_is_adopted_after_repeated_proof(
    count: int, age: timedelta, moved_to: str | None, adopted: str | None
) -> None:
    verdict = step(replace(MOVING, moved_count=count, moved_since=NOW - age), Pulse.QUIET, moved_to=moved_to)
    new = verdict.standing
    assert verdict.adopt == adopted
    if adopted:
        assert (new.state, new.state_since, new.moved_to, new.moved_count) == (State.MOVED, NOW, None, 0)
    elif moved_to == "https://c/":
        assert (new.moved_to, new.moved_since, new.moved_count) == (moved_to, NOW, 1)
    elif moved_to is None:
        assert (new.state, new.moved_to, new.moved_since, new.moved_count) == (State.HEALTHY, None, None, 0)


def test_proof_outlives_a_failure() -> None:
    failed = step(MOVING, Pulse.FAILED).standing
    assert step(failed, Pulse.QUIET, moved_to="https://b/").adopt == "https://b/"


def test_deferred_sources_come_back_spread_and_are_as_they_were() -> None:
    until = NOW + HOUR
    verdicts = [step(FAILING, Pulse.DEFERRED, source_id=n, deferred_until=until) for n in range(50)]
    assert {verdict.standing for verdict in verdicts} == {FAILING}
    times = [verdict.next_pull_at for verdict in verdicts]
    assert all(until <= time <= until + 15 * MINUTE for time in times)
    assert len(set(times)) == 50


def test_a_slow_source_is_asked_at_most_hourly() -> None:
    assert step(WORKING, Pulse.LATE).next_pull_at == NOW + HOUR
    assert step(SLOW, Pulse.NEW).next_pull_at == NOW + HOUR
    assert step(SLOW, Pulse.NEW, bounds=Bounds(15, 30)).next_pull_at == NOW + 30 * MINUTE


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [
        ([], None),
        ([1, 2], None),
        ([1, 2, 3], 30),
        ([24, 48, 72], 720),
        ([-5, 1, 2], None),
        (list(range(1, 50)), 30),
        ([100.0] * 10, 300),
    ],
)
def test_rhythm(hours: list[float], minutes: int | None) -> None:
    assert rhythm_minutes([NOW - hour * HOUR for hour in hours], NOW) == minutes

"""When a source is pulled next."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contentsync.puller.plan import Bounds, Pulse, plan_next

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
USUAL = Bounds(15, 1440)
EVERY_TICK = Bounds(0, 0)
UNJITTERED = 0
"""The id whose jitter is nothing."""


@pytest.mark.parametrize(
    ("pulse", "given", "interval_minutes", "delay_minutes"),
    [
        (Pulse.NEW, {"interval_minutes": 60}, 30, 30),
        (Pulse.NEW, {"interval_minutes": 20}, 15, 15),
        (Pulse.QUIET, {"interval_minutes": 60}, 75, 75),
        (Pulse.QUIET, {"interval_minutes": 1400}, 1440, 1440),
        (Pulse.QUIET, {"interval_minutes": 0, "bounds": Bounds(0, 1440)}, 1, 1),
        (Pulse.QUIET, {"interval_minutes": 1, "bounds": Bounds(0, 1440)}, 2, 2),
        (Pulse.NEW, {"interval_minutes": 60, "ttl_minutes": 120}, 120, 120),
        (Pulse.NEW, {"interval_minutes": 60, "ttl_minutes": 10}, 30, 30),
        (Pulse.NEW, {"interval_minutes": 60, "ttl_minutes": 10_000}, 1440, 1440),
        (Pulse.FAILED, {"interval_minutes": 60, "failures": 1}, 60, 15),
        (Pulse.FAILED, {"interval_minutes": 60, "failures": 2}, 60, 30),
        (Pulse.FAILED, {"interval_minutes": 60, "failures": 4}, 60, 120),
        (Pulse.FAILED, {"interval_minutes": 60, "failures": 8}, 60, 1440),
        (Pulse.FAILED, {"interval_minutes": 60, "failures": 100_000}, 60, 1440),
        (Pulse.FAILED, {"interval_minutes": 60, "failures": 1, "retry_after_seconds": 7200}, 60, 120),
        (Pulse.FAILED, {"interval_minutes": 60, "failures": 1, "retry_after_seconds": 60}, 60, 15),
        (Pulse.FAILED, {"interval_minutes": 60, "failures": 1, "retry_after_seconds": 10**9}, 60, 1440),
        (Pulse.FAILED, {"failures": 3, "bounds": EVERY_TICK, "retry_after_seconds": 600}, 60, 10),
        (Pulse.FAILED, {"failures": 2, "bounds": Bounds(0, 1440)}, 60, 2),
    ],
)
def test_delay_and_interval(pulse: Pulse, given: dict[str, Any], interval_minutes: int, delay_minutes: int) -> None:
    known: dict[str, Any] = {"interval_minutes": 60, "failures": 0, "bounds": USUAL}
    plan = plan_next(pulse, now=NOW, source_id=UNJITTERED, **(known | given))
    assert plan == (NOW + timedelta(minutes=delay_minutes), interval_minutes)


@pytest.mark.parametrize("pulse", list(Pulse))
def test_an_interval_of_0_is_due_at_the_next_tick_but_not_in_this_one(pulse: Pulse) -> None:
    plan = plan_next(pulse, now=NOW, source_id=7, interval_minutes=60, failures=1, bounds=EVERY_TICK)
    assert NOW < plan.next_pull_at <= NOW + timedelta(seconds=1)


def test_jitter_spreads_sources_and_stays_the_same_for_each() -> None:
    def delay(source_id: int) -> float:
        plan = plan_next(Pulse.NEW, now=NOW, source_id=source_id, interval_minutes=200, failures=0, bounds=USUAL)
        return (plan.next_pull_at - NOW).total_seconds() / 60

    delays = [delay(source_id) for source_id in range(1, 101)]
    assert all(100 <= minutes <= 110 for minutes in delays)
    assert len({round(minutes) for minutes in delays}) == 11
    assert delays == [delay(source_id) for source_id in range(1, 101)]

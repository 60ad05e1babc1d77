"""When a source is pulled next: one pure function."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

MAX_RETRY_AFTER_SECONDS = 86_400
"""How much of a server's Retry-After is believed."""

JITTER = 0.1
"""The share of a delay by which sources are moved apart, at most."""

SHORTEST_DELAY = timedelta(seconds=1)
"""An interval of 0 means every tick; without this a source would be due again within the same tick."""


class Pulse(Enum):
    """What a pull told about a source."""

    NEW = "new"
    """It had new items."""
    QUIET = "quiet"
    """It answered, with nothing new."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The settings' limits for every delay, in minutes; 0 means every tick."""

    min_minutes: int
    max_minutes: int

    def clamp(self, minutes: int) -> int:
        """The nearest allowed number of minutes."""
        return max(self.min_minutes, min(minutes, self.max_minutes))


class Plan(NamedTuple):
    """What to write down. `interval_minutes` is the source's own rhythm, which failures leave as it is."""

    next_pull_at: datetime
    interval_minutes: int


def plan_next(
    pulse: Pulse,
    *,
    now: datetime,
    source_id: int,
    interval_minutes: int,
    failures: int,
    bounds: Bounds,
    ttl_minutes: int | None = None,
    retry_after_seconds: int | None = None,
) -> Plan:
    """When to pull next, and the interval from now on.

    News halve the interval, quiet lengthens it by a quarter, never below the source's own `ttl_minutes` and always
    within the bounds. A failing source is asked again after the shortest interval, then twice that, and so on;
    `failures` counts this failure. `retry_after_seconds` is a floor, up to a day. The jitter depends on the id alone.
    """
    if pulse is Pulse.FAILED:
        interval = interval_minutes
        delay_minutes = bounds.clamp(max(bounds.min_minutes, 1) * 2 ** min(failures - 1, 20))
    else:
        rhythm = interval_minutes // 2 if pulse is Pulse.NEW else interval_minutes + max(interval_minutes // 4, 1)
        interval = delay_minutes = bounds.clamp(max(rhythm, ttl_minutes or 0))
    delay = timedelta(minutes=delay_minutes) * (1 + JITTER * _spread(source_id))
    floor = timedelta(seconds=min(retry_after_seconds or 0, MAX_RETRY_AFTER_SECONDS))
    return Plan(now + max(delay, floor, SHORTEST_DELAY), interval)


def _spread(source_id: int) -> float:
    """A number from 0 to 1 that looks random but belongs to the id (Knuth's multiplicative hash)."""
    return (source_id * 2_654_435_761 % 2**32) / 2**32

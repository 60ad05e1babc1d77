"""Which items a digest shows, and why: the newest first, spread over the sources, each story once. Pure."""

import heapq
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

RECENT_DAYS = 14
"""What is older is no news; how often a source writes is counted over the same days."""
FRESHNESS_HALF_DAYS = 1.0
"""After this many days freshness is one half; after three times as many a quarter: 1 / (1 + age)."""
RARE_SOURCE_BONUS = 0.25
"""For a source with at most one recent item; divided by the number of its recent items."""
SAME_SOURCE_FACTOR = 0.5
"""Each further item of a source counts this much of what it would have counted one place earlier."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that may be shown. `source_recent`: items of its source in the last `RECENT_DAYS` days, sent or not."""

    item_id: int
    story_id: int
    source_id: int
    sort_at: datetime
    source_recent: int = 1


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score. Keys: "new" (freshness), "rare_source" (it seldom writes), "same_source" (below 0: others
    of its source come first)."""

    key: str
    value: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A chosen item. The values of `reasons` add up to `score`, exactly."""

    item_id: int
    story_id: int
    score: float
    reasons: tuple[Reason, ...]


def rank(candidates: Iterable[Candidate], *, now: datetime, size: int) -> list[Ranked]:
    """At most `size` items, best first.

    An item is worth its freshness and a bonus if its source writes rarely; that worth is halved for each item of the
    same source that is already chosen, so that no source fills the digest while others have something. A story appears
    once, told by its best item. Equal scores: the newer item first, then the one stored first (feeds list their newest
    first).
    """
    queues: dict[int, list[tuple[float, float, int, Candidate]]] = defaultdict(list)
    now_seconds = now.timestamp()
    for candidate in candidates:
        sort_seconds = candidate.sort_at.timestamp()
        worth = _freshness(now_seconds - sort_seconds) + _rarity(candidate)
        queues[candidate.source_id].append((-worth, -sort_seconds, candidate.item_id, candidate))
    for queue in queues.values():
        queue.sort(reverse=True)  # the best is last, where popping is free

    # Only the best of each source competes; its key is what it would score now.
    heads = [(*queue[-1][:3], source_id) for source_id, queue in queues.items()]
    heapq.heapify(heads)
    chosen: list[Ranked] = []
    stories: set[int] = set()
    taken: dict[int, int] = defaultdict(int)
    while heads and len(chosen) < size:
        *_, source_id = heapq.heappop(heads)
        queue = queues[source_id]
        candidate = queue.pop()[3]
        if candidate.story_id not in stories:
            stories.add(candidate.story_id)
            chosen.append(_ranked(candidate, now_seconds, taken[source_id]))
            taken[source_id] += 1
        if queue:
            worth, sort_key, item_id, _ = queue[-1]
            heapq.heappush(heads, (worth * SAME_SOURCE_FACTOR ** taken[source_id], sort_key, item_id, source_id))
    return chosen


def _ranked(candidate: Candidate, now_seconds: float, taken: int) -> Ranked:
    fresh, rare = _freshness(now_seconds - candidate.sort_at.timestamp()), _rarity(candidate)
    reasons = [Reason("new", fresh), Reason("rare_source", rare)]
    if taken:
        reasons.append(Reason("same_source", -(fresh + rare) * (1 - SAME_SOURCE_FACTOR**taken)))
    score = sum(reason.value for reason in reasons)
    return Ranked(candidate.item_id, candidate.story_id, score, tuple(reasons))


def _freshness(age_seconds: float) -> float:
    return 1 / (1 + max(0.0, age_seconds) / (FRESHNESS_HALF_DAYS * 86_400))


def _rarity(candidate: Candidate) -> float:
    return RARE_SOURCE_BONUS / max(1, candidate.source_recent)

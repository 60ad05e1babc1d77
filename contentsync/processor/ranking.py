"""Which items a digest shows, and why: the newest first, spread over the sources, each story once. Pure."""

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contentsync.processor.taste import Profile

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
    """An item that may be shown."""

    item_id: int
    story_id: int
    source_id: int
    sort_at: datetime
    source_recent: int = 1
    tellers: int = 1
    media_kind: str = "article"
    author: str | None = None
    language: str | None = None
    minutes: float = 0.0
    features: bytes = b""
    is_kept: bool = False
    is_update: bool = False
    followed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score."""

    key: str
    value: float
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A chosen item."""

    item_id: int
    story_id: int
    score: float
    reasons: tuple[Reason, ...]
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Passed:
    """An item that was not chosen."""

    item_id: int
    key: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranking:
    """What became of the candidates."""

    chosen: list[Ranked]
    passed: list[Passed]


def rank(
    candidates: Sequence[Candidate],
    *,
    profile: Profile,
    now: datetime,
    size: int,
    minutes: int | None = None,
) -> Ranking:
    """At most `size` items, best first."""
    queues: dict[int, list[tuple[float, float, int, Candidate]]] = defaultdict(list)
    now_seconds = now.timestamp()
    for candidate in candidates:
        sort_seconds = candidate.sort_at.timestamp()
        worth = sum(reason.value for reason in _parts(candidate, now_seconds, profile))
        queues[candidate.source_id].append((-worth, -sort_seconds, candidate.item_id, candidate))
    for queue in queues.values():
        queue.sort(reverse=True)
    heads = [(*queue[-1][:3], source_id) for source_id, queue in queues.items()]
    heapq.heapify(heads)
    chosen: list[Ranked] = []
    passed: list[Passed] = []
    stories: dict[int, int] = {}
    taken: dict[int, int] = defaultdict(int)
    left: list[Candidate] = []
    while heads:
        *_, source_id = heapq.heappop(heads)
        queue = queues[source_id]
        candidate = queue.pop()[3]
        if candidate.story_id in stories:
            passed.append(Passed(candidate.item_id, "duplicate", {"item": stories[candidate.story_id]}))
        elif len(chosen) < size:
            stories[candidate.story_id] = candidate.item_id
            chosen.append(_ranked(candidate, now_seconds, taken[source_id], profile))
            taken[source_id] += 1
        else:
            left.append(candidate)
        if queue:
            worth, sort_key, item_id, _ = queue[-1]
            heapq.heappush(heads, (worth * SAME_SOURCE_FACTOR ** taken[source_id], sort_key, item_id, source_id))
    of = len(chosen) + len(left)
    passed += [
        Passed(candidate.item_id, "ranked", {"place": place, "of": of})
        for place, candidate in enumerate(left, start=len(chosen) + 1)
    ]
    return Ranking(chosen, passed)


def _parts(candidate: Candidate, now_seconds: float, profile: Profile) -> list[Reason]:
    reasons = [
        Reason("new", _freshness(now_seconds - candidate.sort_at.timestamp())),
        Reason("rare_source", _rarity(candidate)),
    ]
    if liked := profile.sources.get(candidate.source_id):
        reasons.append(Reason("source", 0.2 * liked, {"liked": liked}))
    if candidate.tellers > 1:
        reasons.append(Reason("tellers", 0.1 * candidate.tellers, {"sources": candidate.tellers}))
    if candidate.is_kept:
        reasons.append(Reason("kept", 5.0))
    if candidate.is_update:
        reasons.append(Reason("update", 0.1))
    return reasons


def _ranked(candidate: Candidate, now_seconds: float, taken: int, profile: Profile) -> Ranked:
    reasons = _parts(candidate, now_seconds, profile)
    worth = sum(reason.value for reason in reasons)
    if taken:
        reasons.append(Reason("same_source", -worth * (1 - SAME_SOURCE_FACTOR**taken)))
    score = sum(reason.value for reason in reasons)
    return Ranked(candidate.item_id, candidate.story_id, score, tuple(reasons))


def _freshness(age_seconds: float) -> float:
    return 1 / (1 + max(0.0, age_seconds) / (FRESHNESS_HALF_DAYS * 86_400))


def _rarity(candidate: Candidate) -> float:
    return RARE_SOURCE_BONUS / max(1, candidate.source_recent)

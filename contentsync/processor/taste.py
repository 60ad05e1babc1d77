"""Stand-in until the ranker's is merged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Signal:
    """What a person did with an item."""

    item_id: int
    kind: str
    at: datetime
    source_id: int
    author: str | None
    media_kind: str
    language: str | None
    title: str
    features: bytes


@dataclass(frozen=True, slots=True)
class Topic:
    """What a person wants to read about."""

    id: int
    words: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Profile:
    """Liked sources."""

    sources: dict[int, int]


def learn(signals: Iterable[Signal], *, topics: Sequence[Topic], now: datetime) -> Profile:
    """Count."""
    sources: dict[int, int] = {}
    for signal in signals:
        value = {"like": 1, "more": 1, "saved": 1, "dislike": -1, "less": -1, "muted": -1}.get(signal.kind, 0)
        sources[signal.source_id] = sources.get(signal.source_id, 0) + value
    return Profile(sources)

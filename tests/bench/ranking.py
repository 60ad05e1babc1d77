"""How fast ten thousand candidates are ranked for one person."""

import asyncio
import itertools
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contentsync.processor.background import Background, background_of
from contentsync.processor.features import Facts, features_of
from contentsync.processor.ranking import Candidate, rank
from contentsync.processor.taste import Profile, Signal, Topic, learn
from tests.bench.lines import Line

CANDIDATES = 10_000
SOURCES = 500
SIGNALS = 500
DIGEST = 10
RUNS = 15
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


class _Writer:
    """Invents titles and summaries of words as rare as in real text."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self._words = ["".join(self._random.choices(letters, k=self._random.randint(3, 10))) for _ in range(30_000)]
        self._bounds = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(self._words))))

    def words(self, count: int) -> str:
        return " ".join(self._random.choices(self._words, cum_weights=self._bounds, k=count))


async def rank_one(_folder: Path) -> list[Line]:
    """Milliseconds of one thread's work, the best of several runs: ranking 10,000 candidates; learning the person's
    taste from 500 signals before it; and reading what 10,000 items say about words, once for everybody."""
    return await asyncio.to_thread(_measure)


def _measure() -> list[Line]:
    writer = _Writer()
    titles = [writer.words(9) for _ in range(CANDIDATES)]
    candidates = [_candidate(number, title, writer.words(20)) for number, title in enumerate(titles)]
    began = time.thread_time()
    background = background_of([candidate.features for candidate in candidates])
    reading = time.thread_time() - began
    signals = [_signal(number, titles[number], candidates[number]) for number in range(SIGNALS)]
    topics = [Topic(1, titles[7].split()[0], "en"), Topic(2, " ".join(titles[8].split()[:2]), None)]
    ranking = learning = float("inf")
    for _ in range(RUNS):
        seconds, profile = _learn(signals, topics, background)
        learning = min(learning, seconds)
        ranking = min(ranking, _rank(candidates, profile))
    return [
        Line("rank-one", ranking * 1_000, "ms"),
        Line("rank-one-learn", learning * 1_000, "ms"),
        Line("rank-words", reading * 1_000, "ms"),
    ]


def _learn(signals: list[Signal], topics: list[Topic], background: Background) -> tuple[float, Profile]:
    began = time.thread_time()
    profile = learn(signals, topics=topics, now=NOW, background=background)
    return time.thread_time() - began, profile


def _rank(candidates: list[Candidate], profile: Profile) -> float:
    began = time.thread_time()
    rank(candidates, profile=profile, now=NOW, size=DIGEST)
    return time.thread_time() - began


def _candidate(number: int, title: str, summary: str) -> Candidate:
    source = number % SOURCES
    facts = Facts(title, summary, source, f"Author {number % 900}", "article", "en", 300, None)
    return Candidate(
        item_id=number,
        story_id=number - (number % 5 == 1),
        source_id=source,
        sort_at=NOW - timedelta(minutes=2 * number),
        source_recent=1 + number % 30,
        tellers=1 + number % 3,
        author=facts.author,
        language="en",
        minutes=1.4,
        features=features_of(facts),
        followed_at=NOW - timedelta(days=1 + source),
    )


def _signal(number: int, title: str, of: Candidate) -> Signal:
    kind = ("like", "dislike", "opened", "ignored")[number % 4]
    at = NOW - timedelta(hours=5 * number)
    return Signal(100_000 + number, kind, at, of.source_id, of.author, of.media_kind, of.language, title, of.features)

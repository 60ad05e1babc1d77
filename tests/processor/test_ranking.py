"""The first ranking: newest first, spread over sources, each story once, with reasons that add up."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from contentsync.processor.ranking import Candidate, rank

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


def candidate(item: int, *, source: int = 1, hours: float = 1, story: int | None = None, recent: int = 5) -> Candidate:
    return Candidate(item, story or item, source, NOW - timedelta(hours=hours), recent)


def ids(candidates: list[Candidate], size: int = 10) -> list[int]:
    return [chosen.item_id for chosen in rank(candidates, now=NOW, size=size)]


def crowd(seed: int, count: int = 300) -> list[Candidate]:
    chance = random.Random(seed)
    return [
        candidate(
            item, source=chance.randrange(12), hours=chance.choice([1, 2, 30, 400.5]), story=chance.randrange(250) + 1
        )
        for item in range(1, count + 1)
    ]


def test_nothing_to_rank() -> None:
    assert rank([], now=NOW, size=10) == []
    assert ids([candidate(1)], size=0) == []


def test_newest_first() -> None:
    assert ids([candidate(1, hours=5), candidate(2, hours=1), candidate(3, hours=300)]) == [2, 1, 3]


def test_no_source_fills_the_digest() -> None:
    busy = [candidate(item, source=1, hours=item / 100) for item in range(1, 101)]
    others = [candidate(200 + source, source=source, hours=48) for source in range(2, 6)]
    chosen = ids(busy + others, size=10)
    assert chosen[0] == 1, "the newest leads"
    assert {202, 203, 204, 205} < set(chosen), "two days old, and still each has its place"
    assert sum(item <= 100 for item in chosen) == 6, "what others leave free, the busy one gets"


def test_old_archives_are_spread_as_well() -> None:
    """Of two sources that wrote long ago, the one that stopped last does not take everything."""
    archive = [candidate(item, source=1, hours=24 * (300 + item)) for item in range(10)]
    older = [candidate(100 + item, source=2, hours=24 * (340 + item)) for item in range(10)]
    chosen = ids(archive + older, size=10)
    assert Counter(item >= 100 for item in chosen) == {False: 5, True: 5}


def test_rare_sources_are_not_drowned() -> None:
    busy = [candidate(item, source=1, hours=item, recent=400) for item in range(1, 30)]
    assert 99 in ids([*busy, candidate(99, source=2, hours=24 * 13, recent=1)], size=5)


def test_each_story_once() -> None:
    chosen = rank(
        [candidate(1, source=1, hours=5, story=7), candidate(2, source=2, hours=1, story=7), candidate(3, source=3)],
        now=NOW,
        size=10,
    )
    assert [(entry.item_id, entry.story_id) for entry in chosen] == [(2, 7), (3, 3)]


def test_items_from_the_future_are_as_fresh_as_it_gets() -> None:
    (entry,) = rank([candidate(1, hours=-48)], now=NOW, size=1)
    assert entry.reasons[0].value == 1


def test_equal_scores_keep_the_order_of_the_feed() -> None:
    assert ids([candidate(3), candidate(1), candidate(2)]) == [1, 2, 3]


@pytest.mark.parametrize("seed", range(5))
def test_reasons_add_up_and_order_does_not_matter(seed: int) -> None:
    candidates = crowd(seed)
    ranked = rank(candidates, now=NOW, size=30)
    assert len(ranked) == 30
    for entry in ranked:
        assert entry.score == sum(reason.value for reason in entry.reasons)
    assert [entry.score for entry in ranked] == sorted((entry.score for entry in ranked), reverse=True)
    assert len({entry.story_id for entry in ranked}) == 30
    random.Random(seed).shuffle(candidates)
    assert rank(candidates, now=NOW, size=30) == ranked


def test_a_longer_digest_begins_like_a_shorter_one() -> None:
    candidates = crowd(9)
    assert rank(candidates, now=NOW, size=30)[:7] == rank(candidates, now=NOW, size=7)


def test_greedy_choice_is_the_best_next_one() -> None:
    """Against a slow and obvious way of doing the same."""
    candidates = crowd(3, count=60)
    taken: Counter[int] = Counter()
    stories: set[int] = set()
    expected: list[int] = []
    while len(expected) < 20:
        single = {c.item_id: rank([c], now=NOW, size=1)[0].score for c in candidates}
        left = [c for c in candidates if c.story_id not in stories]
        best = min(
            left, key=lambda c: (-single[c.item_id] * 0.5 ** taken[c.source_id], -c.sort_at.timestamp(), c.item_id)
        )
        expected.append(best.item_id)
        stories.add(best.story_id)
        taken[best.source_id] += 1
    assert ids(candidates, size=20) == expected

"""What is shown, in which order and why, and what becomes of the rest."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contentsync.processor.ranking import Candidate, Ranked, Ranking, rank
from contentsync.processor.selection import RARELY, SMALLEST_WITH_PLACES
from contentsync.processor.taste import Profile, Signal, Topic, learn
from tests.processor.titles import features_of_title

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
NOBODY = learn([], topics=[], now=NOW)
SUBJECTS = {
    "space": ["rocket", "orbit", "launch", "moon", "probe", "crew", "station", "telescope"],
    "cooking": ["pasta", "oven", "butter", "recipe", "garlic", "bread", "salad", "kitchen"],
    "football": ["goal", "striker", "match", "league", "coach", "penalty", "keeper", "derby"],
}


def candidate(
    item: int, *, source: int = 1, hours: float = 1, recent: int = 5, title: str = "", **more: object
) -> Candidate:
    known = Candidate(item, item, source, NOW - timedelta(hours=hours), recent, features=features_of_title(title))
    return replace(known, **more)  # type: ignore[arg-type]


def signal(item: int, kind: str, title: str, **more: object) -> Signal:
    known = Signal(item, kind, NOW, 1, None, "article", None, title, features_of_title(title))
    return replace(known, **more)  # type: ignore[arg-type]


def title_of(subject: str, chance: random.Random) -> str:
    return " ".join([*chance.sample(SUBJECTS[subject], 4), f"w{chance.randrange(900)}x"])


def crowd(seed: int, count: int = 300) -> list[Candidate]:
    chance = random.Random(seed)
    return [
        candidate(
            item,
            source=1 + chance.randrange(12),
            hours=chance.choice([1, 2, 30, 300.5]),
            recent=chance.choice([1, 3, 40]),
            title=title_of(chance.choice(list(SUBJECTS)), chance),
            story_id=chance.randrange(250) + 1,
            tellers=chance.choice([1, 1, 2, 5]),
            media_kind=chance.choice(["article", "video"]),
            author=chance.choice([None, "Ada", "Bo"]),
            language=chance.choice([None, "en", "da"]),
            minutes=chance.choice([0.0, 2.0, 30.0]),
            is_kept=chance.random() < 0.01,
            is_update=chance.random() < 0.05,
            followed_at=NOW - timedelta(days=chance.choice([1, 90])),
        )
        for item in range(1, count + 1)
    ]  # fmt: skip


def signals_of(seed: int, count: int = 30) -> list[Signal]:
    chance = random.Random(seed)
    kinds = {"space": "like", "cooking": "saved", "football": "dislike"}
    found = []
    for item in range(1_000, 1_000 + count):
        subject = chance.choice(list(SUBJECTS))
        found.append(
            signal(
                item, chance.choice([kinds[subject], kinds[subject], "opened", "ignored"]), title_of(subject, chance),
                source_id=1 + chance.randrange(12), author=chance.choice([None, "Ada"]),
                media_kind=chance.choice(["article", "video"]), language=chance.choice([None, "en", "da"]),
                at=NOW - timedelta(days=chance.randrange(60)),
            )
        )  # fmt: skip
    return found


def person(seed: int) -> Profile:
    return learn(signals_of(seed), topics=[Topic(1, "garlic bread", "en"), Topic(2, "moon", None)], now=NOW)


def chosen(candidates: Sequence[Candidate], size: int = 10, profile: Profile = NOBODY, **more: float) -> list[Ranked]:
    return rank(candidates, profile=profile, now=NOW, size=size, **more).chosen


def ids(ranked: Iterable[Ranked]) -> list[int]:
    return [entry.item_id for entry in ranked]


def values(entry: Ranked) -> dict[str, float]:
    return {reason.key: reason.value for reason in entry.reasons}


def test_nothing_to_rank() -> None:
    assert rank([], profile=NOBODY, now=NOW, size=10) == Ranking([], [])
    none = rank([candidate(1)], profile=person(1), now=NOW, size=0)
    assert none.chosen == []
    assert [(passed.item_id, passed.key) for passed in none.passed] == [(1, "ranked")]


def test_newest_first_when_nothing_is_known() -> None:
    assert ids(chosen([candidate(1, hours=5), candidate(2, hours=1), candidate(3, hours=300)])) == [2, 1, 3]


def test_no_source_fills_the_digest() -> None:
    busy = [candidate(item, source=1, hours=item / 100) for item in range(1, 101)]
    others = [candidate(200 + source, source=source, hours=48) for source in range(2, 6)]
    found = ids(chosen(busy + others))
    assert found[0] == 1, "the newest leads"
    assert {202, 203, 204, 205} < set(found), "two days old, and still each has its place"
    assert sum(item <= 100 for item in found) == 6, "what others leave free, the busy one gets"


def test_old_archives_are_spread_as_well() -> None:
    """Of two sources that wrote long ago, the one that stopped last does not take everything."""
    archive = [candidate(item, source=1, hours=24 * (300 + item)) for item in range(10)]
    older = [candidate(100 + item, source=2, hours=24 * (340 + item)) for item in range(10)]
    assert Counter(item >= 100 for item in ids(chosen(archive + older))) == {False: 5, True: 5}


def test_rare_sources_are_not_drowned() -> None:
    busy = [candidate(item, source=1 + item, hours=item / 60, recent=400) for item in range(1, 30)]
    (last,) = [entry for entry in chosen([*busy, candidate(99, source=99, hours=24 * 13, recent=RARELY)]) if entry.slot]
    assert (last.item_id, last.slot) == (99, "rare")
    small = chosen([*busy, candidate(99, source=99, hours=24 * 13, recent=RARELY)], size=SMALLEST_WITH_PLACES - 1)
    assert not any(entry.slot for entry in small)


def test_each_story_once() -> None:
    ranking = rank(
        [
            candidate(1, source=1, hours=5, story_id=7),
            candidate(2, source=2, hours=1, story_id=7),
            candidate(3, source=3, hours=2),
        ],
        profile=NOBODY,
        now=NOW,
        size=10,
    )
    assert [(entry.item_id, entry.story_id) for entry in ranking.chosen] == [(2, 7), (3, 3)]
    assert [(passed.item_id, passed.key, passed.params) for passed in ranking.passed] == [(1, "duplicate", {"of": 2})]


def test_items_from_the_future_are_as_fresh_as_it_gets() -> None:
    (entry,) = chosen([candidate(1, hours=-48)])
    assert values(entry)["new"] == 1


def test_equal_scores_keep_the_order_of_the_feed() -> None:
    assert ids(chosen([candidate(3), candidate(1), candidate(2)])) == [1, 2, 3]


def test_many_tellers_updates_and_new_sources_count() -> None:
    plain, told, moved, followed = (
        candidate(1, source=1),
        candidate(2, source=2, tellers=4),
        candidate(3, source=3, is_update=True),
        candidate(4, source=4, followed_at=NOW - timedelta(days=1)),
    )
    found = {entry.item_id: entry for entry in chosen([plain, told, moved, followed])}
    assert found[1].score < min(found[2].score, found[3].score, found[4].score)
    assert {"tellers", "update", "followed"} <= {key for entry in found.values() for key in values(entry)}
    assert next(r.params for r in found[2].reasons if r.key == "tellers") == {"sources": 4}


def test_first_digest_of_somebody_with_topics() -> None:
    noise = [candidate(item, source=item, hours=1, title=f"w{item}x y{item}") for item in range(1, 40)]
    about = candidate(99, source=99, hours=30, title="A recipe for garlic bread")
    other = candidate(98, source=98, hours=30, title="Garlic prices rise")
    profile = learn([], topics=[Topic(5, "Garlic bread", None)], now=NOW)
    found = chosen([*noise, about, other], profile=profile)
    assert 99 in ids(found)
    assert 98 not in ids(found), "a topic of two words is both"
    (entry,) = [entry for entry in found if entry.item_id == 99]
    assert next(r.params for r in entry.reasons if r.key == "topic") == {"topic": 5}
    assert not any(entry.slot == "explore" for entry in found), "all is new to somebody of whom nothing is known"


def test_every_topic_has_something() -> None:
    loud = [candidate(item, source=item, hours=1, title="moon rocket") for item in range(1, 40)]
    quiet = candidate(99, source=99, hours=24 * 12, title="sourdough")
    profile = learn([], topics=[Topic(1, "moon", None), Topic(2, "sourdough", "en")], now=NOW)
    (entry,) = [entry for entry in chosen([*loud, quiet], profile=profile) if entry.item_id == 99]
    assert entry.slot == "topic"


def test_a_topic_in_another_language_counts_less() -> None:
    profile = learn([], topics=[Topic(1, "moon", "en")], now=NOW)

    def topic(language: str | None) -> float:
        (entry,) = chosen([candidate(1, title="The moon", language=language)], profile=profile)
        return values(entry)["topic"]

    assert topic("en") == topic(None) > topic("da") > 0


def test_taste_decides() -> None:
    liked = [signal(n, "like", title_of("space", random.Random(n)), source_id=0) for n in range(100, 108)]
    disliked = [signal(n, "dislike", title_of("football", random.Random(n)), source_id=0) for n in range(200, 208)]
    options = [
        candidate(n, source=n, hours=3, title=title_of(subject, random.Random(n)))
        for n, subject in enumerate(["football", "space", "cooking"] * 4, start=1)
    ]
    found = chosen(options, size=3, profile=learn(liked + disliked, topics=[], now=NOW))
    assert {item % 3 for item in ids(found)} == {2}, "space alone"
    words = next(reason for reason in found[0].reasons if reason.key == "words")
    assert words.params["word"].split()[0] in SUBJECTS["space"]
    assert words.params["liked"] >= 1


def test_one_place_explores() -> None:
    liked = [signal(n, "like", title_of("space", random.Random(n))) for n in range(100, 120)]
    options = [
        candidate(n, source=n, hours=3, title=title_of("space", random.Random(n)), recent=9) for n in range(1, 40)
    ]
    options.append(candidate(99, source=99, hours=9, title="Sourdough for beginners", recent=9))
    (entry,) = [e for e in chosen(options, profile=learn(liked, topics=[], now=NOW)) if e.slot]
    assert (entry.item_id, entry.slot) == (99, "explore")
    assert values(entry)["explore"] > 0


def test_what_is_always_wanted_is_always_shown() -> None:
    options = [candidate(n, source=n, hours=n / 10) for n in range(1, 40)]
    options.append(candidate(99, source=99, hours=24 * 13, minutes=90, is_kept=True))
    found = chosen(options, size=5, minutes=20)
    assert (found[0].item_id, found[0].slot) == (99, "kept")
    kept = [replace(option, is_kept=True) for option in options]
    assert len(chosen(kept, size=5)) == 5, "as many as there is room for; the others come next time"


def test_no_more_than_can_be_read() -> None:
    options = [candidate(n, source=n, hours=n / 10, minutes=4) for n in range(1, 10)]
    options.append(candidate(99, source=99, hours=0.01, minutes=40))
    ranking = rank(options, profile=NOBODY, now=NOW, size=5, minutes=10)
    assert ids(ranking.chosen) == [1, 2]
    assert {p.item_id: p.key for p in ranking.passed}[99] == "no_room"
    assert next(p.params for p in ranking.passed if p.item_id == 99) == {"minutes": 40.0, "left": 2.0}


@pytest.mark.parametrize("seed", range(5))
def test_everything_has_one_fate_and_reasons_add_up(seed: int) -> None:
    candidates, profile = crowd(seed), person(seed)
    ranking = rank(candidates, profile=profile, now=NOW, size=20, minutes=120)
    told = [*ids(ranking.chosen), *(passed.item_id for passed in ranking.passed)]
    assert sorted(told) == sorted(entry.item_id for entry in candidates)
    for entry in ranking.chosen:
        assert entry.score == pytest.approx(sum(reason.value for reason in entry.reasons), abs=1e-12)
        assert all(reason.value for reason in entry.reasons)
        assert max(Counter(reason.key for reason in entry.reasons if reason.key != "words").values()) == 1
    assert [entry.score for entry in ranking.chosen] == sorted((e.score for e in ranking.chosen), reverse=True)
    assert len({entry.story_id for entry in ranking.chosen}) == len(ranking.chosen)
    places = [passed.params["place"] for passed in ranking.passed if passed.key == "ranked"]
    assert min(places) > len(ranking.chosen)
    assert len(set(places)) == len(places)
    assert max(places) <= len({entry.story_id for entry in candidates})
    random.Random(seed).shuffle(candidates)
    again = rank(candidates, profile=profile, now=NOW, size=20, minutes=120)
    assert again.chosen == ranking.chosen
    assert {p.item_id: (p.key, p.params) for p in again.passed} == {
        p.item_id: (p.key, p.params) for p in ranking.passed
    }


@pytest.mark.parametrize("seed", range(5))
def test_without_its_cause_an_item_is_worth_less(seed: int) -> None:
    """The largest reason of each chosen item is taken away: of the item, or of what the person said."""
    candidates, signals = crowd(seed, 120), signals_of(seed)
    topics = [Topic(1, "garlic bread", "en"), Topic(2, "moon", None)]
    profile = learn(signals, topics=topics, now=NOW)
    everything = ranked_alone(candidates, profile)
    checked = set()
    for entry in chosen(candidates, profile=profile):
        top = max((r for r in entry.reasons if r.key != "explore"), key=lambda reason: reason.value)
        (item,) = [c for c in candidates if c.item_id == entry.item_id]
        less, left, still = without(top.key, top.params, item, signals, topics)
        others = [less if c.item_id == item.item_id else c for c in candidates]
        after = ranked_alone(others, learn(left, topics=still, now=NOW))
        assert after[item.item_id][0] < everything[item.item_id][0], (top, item)
        if left == signals and still == topics:
            assert after[item.item_id][1] >= everything[item.item_id][1], "nothing else changed, so it cannot rise"
        checked.add(top.key)
    assert checked


def without(
    key: str, params: dict[str, object], item: Candidate, signals: list[Signal], topics: list[Topic]
) -> tuple[Candidate, list[Signal], list[Topic]]:
    """The item, the signals and the topics without what a reason names."""
    changed: dict[str, dict[str, object]] = {
        "new": {"sort_at": NOW - timedelta(days=400)},
        "rare_source": {"source_recent": 1_000},
        "tellers": {"tellers": 1},
        "followed": {"followed_at": None},
        "update": {"is_update": False},
        "kept": {"is_kept": False},
    }
    if key in changed:
        return replace(item, **changed[key]), signals, topics  # type: ignore[arg-type]
    if key == "topic":
        return item, signals, [topic for topic in topics if topic.id != params["topic"]]
    if key == "words":
        word = str(params["word"]).casefold()
        return item, [s for s in signals if word not in s.title.casefold() or s.kind in ("dislike", "ignored")], topics
    assert key == "source"
    return item, [s for s in signals if s.source_id != item.source_id or s.kind in ("dislike", "ignored")], topics


def ranked_alone(candidates: list[Candidate], profile: Profile) -> dict[int, tuple[float, int]]:
    """Each item's own worth, the others aside, and its place by that."""
    each = [replace(c, story_id=c.item_id) for c in candidates]
    worth = {
        entry.item_id: sum(r.value for r in entry.reasons if r.key not in ("same_source", "explore"))
        for entry in chosen(each, size=len(each), profile=profile)
    }
    order = sorted(worth, key=lambda item: -worth[item])
    return {item: (worth[item], place) for place, item in enumerate(order)}


def test_the_best_next_one_is_chosen() -> None:
    """Against a slow and obvious way of doing the same, where no places are set apart."""
    candidates = [replace(c, is_kept=False) for c in crowd(3, count=60)]
    taken: Counter[int] = Counter()
    stories: set[int] = set()
    single = {c.item_id: chosen([c], size=1)[0].score for c in candidates}
    best: dict[int, Candidate] = {}
    for c in candidates:
        if c.story_id not in best or single[c.item_id] > single[best[c.story_id].item_id]:
            best[c.story_id] = c

    def now_worth(c: Candidate) -> float:
        return single[c.item_id] - (1 - 0.5 ** taken[c.source_id]) * max(single[c.item_id], 0.25)

    expected: list[int] = []
    while len(expected) < SMALLEST_WITH_PLACES - 1:
        left = [c for c in best.values() if c.story_id not in stories]
        found = min(left, key=lambda c: (-now_worth(c), -c.sort_at.timestamp(), c.item_id))
        expected.append(found.item_id)
        stories.add(found.story_id)
        taken[found.source_id] += 1
    assert ids(chosen(candidates, size=SMALLEST_WITH_PLACES - 1)) == expected

"""What a person's signals say."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from contentsync.processor.background import background_of
from contentsync.processor.features import unpack
from contentsync.processor.taste import HALF_LIFE, STRENGTHS, Profile, Signal, Topic, learn
from tests.processor.titles import features_of_title, scores_of

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
SUBJECTS = {
    "space": ["rocket", "orbit", "launch", "moon", "probe", "crew", "station", "telescope"],
    "cooking": ["pasta", "oven", "butter", "recipe", "garlic", "bread", "salad", "kitchen"],
    "football": ["goal", "striker", "match", "league", "coach", "penalty", "keeper", "derby"],
}


def signal(item: int, kind: str, title: str, **more: object) -> Signal:
    known = Signal(item, kind, NOW, 1, None, "article", None, title, features_of_title(title))
    return replace(known, **more)  # type: ignore[arg-type]


def titles(subject: str, count: int, seed: int) -> list[str]:
    chance = random.Random(f"{subject}{seed}")
    return [" ".join([*chance.sample(SUBJECTS[subject], 3), f"w{chance.randrange(900)}x", "the"]) for _ in range(count)]


def crowd(seed: int, count: int = 40) -> list[Signal]:
    chance = random.Random(seed)
    found = []
    for item in range(count):
        (title,) = titles(chance.choice(list(SUBJECTS)), 1, seed * 1_000 + item)
        found.append(
            signal(
                item, chance.choice(list(STRENGTHS)), title, source_id=chance.randrange(1, 5),
                author=chance.choice([None, "Ada"]), at=NOW - timedelta(days=chance.randrange(90)),
            )
        )  # fmt: skip
    return found


def score(profile: Profile, title: str) -> float:
    return scores_of(profile, [title])[0]


def same(one: Profile, other: Profile) -> bool:
    return (
        np.array_equal(one.weights, other.weights)
        and np.array_equal(one.known, other.known)
        and (one.leanings, one.repeats, one.judged) == (other.leanings, other.repeats, other.judged)
    )


def test_nobody_knows_anything_yet() -> None:
    profile = learn([], topics=[Topic(7, "Space flight", "en")], now=NOW)
    assert score(profile, "rocket launch at dawn today") == 0
    assert profile.topics[0].id == 7
    assert len(profile.topics[0].slots) == 2


def test_liked_words_count_and_disliked_count_against() -> None:
    profile = learn(
        [signal(1, "like", "Rocket launch tonight"), signal(2, "dislike", "Football derby")], topics=[], now=NOW
    )
    assert score(profile, "A rocket on the pad") > 0 > score(profile, "The derby of the year")
    assert score(profile, "Something else entirely") == 0


@pytest.mark.parametrize(
    ("weaker", "stronger"), [("opened", "like"), ("like", "more"), ("ignored", "opened"), ("less", "dislike")]
)
def test_some_signals_say_more(weaker: str, stronger: str) -> None:
    def of(kind: str) -> float:
        return score(learn([signal(1, kind, "Rocket launch")], topics=[], now=NOW), "Rocket fuel")

    assert of(weaker) < of(stronger)


def test_ignored_items_say_little_however_many() -> None:
    ignored = [signal(item, "ignored", f"Rocket news w{item}x") for item in range(200)]
    liked = [signal(1_000, "like", "Rocket launch over Malmby")]
    assert score(learn(ignored, topics=[], now=NOW), "Rocket fuel") < 0
    assert score(learn(ignored + liked, topics=[], now=NOW), "Rocket launch fuel") > 0


@pytest.mark.parametrize("seed", range(4))
def test_order_and_repetition_do_not_matter(seed: int) -> None:
    signals = crowd(seed)
    shuffled = signals * 2
    random.Random(seed).shuffle(shuffled)
    assert same(learn(signals, topics=[], now=NOW), learn(shuffled, topics=[], now=NOW))


@pytest.mark.parametrize("seed", range(4))
def test_a_signal_that_is_taken_back_leaves_no_trace(seed: int) -> None:
    signals = crowd(seed)
    added = signal(999, "like", "Something quite different", source_id=77)
    before, during = learn(signals, topics=[], now=NOW), learn([*signals, added], topics=[], now=NOW)
    assert not same(before, during)
    assert same(before, learn([s for s in [*signals, added] if s.item_id != 999], topics=[], now=NOW))


def test_forgetting() -> None:
    def of(age: timedelta) -> float:
        signals = [signal(1, "like", "Rocket launch", at=NOW - age), signal(2, "like", "Garlic bread")]
        return score(learn(signals, topics=[], now=NOW), "A rocket")

    assert of(timedelta()) > of(HALF_LIFE) > of(4 * HALF_LIFE) > 0
    assert of(-timedelta(days=1)) == of(timedelta()), "a clock that was ahead does not make it count more"


def test_tastes_change() -> None:
    old = [signal(n, "like", title, at=NOW - 4 * HALF_LIFE) for n, title in enumerate(titles("football", 12, 1))]
    new = [signal(50 + n, "like", title) for n, title in enumerate(titles("cooking", 6, 1))]
    profile = learn(old + new, topics=[], now=NOW)
    assert score(profile, "garlic butter pasta oven") > score(profile, "goal striker match league")


def test_words_that_go_with_liked_ones_count() -> None:
    others = [f"f{number}a f{number}b" for number in range(200)]
    told = [title for name in SUBJECTS for title in titles(name, 60, 2)]
    background = background_of([features_of_title(title) for title in told + others])
    liked = [signal(1, "like", "rocket orbit f1x"), signal(2, "dislike", "pasta oven f2x")]
    profile = learn(liked, topics=[], now=NOW, background=background)
    assert score(profile, "telescope station") > 0 > score(profile, "garlic salad")
    assert score(learn(liked, topics=[], now=NOW), "telescope station") == 0


def test_what_was_read_does_not_come_again() -> None:
    profile = learn([signal(1, "like", "Two held after raid in Malmby")], topics=[], now=NOW)
    assert score(profile, "In Malmby two held after raid") < 0 < score(profile, "Three held after raid in Malmby")


def test_a_repeat_of_something_disliked_is_not_judged_by_it() -> None:
    profile = learn([signal(1, "dislike", "Two held after raid in Malmby")], topics=[], now=NOW)
    assert score(profile, "Two held after raid in Malmby") == pytest.approx(0, abs=1e-6)


def test_leanings_are_against_the_average_and_shrunk() -> None:
    signals = [signal(n, "like" if n % 2 else "dislike", f"w{n}x", source_id=1 + n % 2) for n in range(40)]
    signals.append(signal(99, "like", "w99x", source_id=3))
    leanings = learn(signals, topics=[], now=NOW).leanings
    assert leanings["source", 1].weight < 0 < leanings["source", 3].weight < leanings["source", 2].weight
    assert (leanings["source", 2].liked, leanings["source", 2].disliked) == (20, 0)
    assert abs(leanings["kind", "article"].weight) < 0.05, "it says nothing where all are of one kind"


def test_words_are_named_as_they_were_written_last() -> None:
    signals = [
        signal(1, "like", "temporal workflows", at=NOW - timedelta(days=9)),
        signal(2, "like", "Temporal at work"),
        signal(2, "saved", "Temporal at work"),
        signal(3, "dislike", "Temporal paradoxes", at=NOW - timedelta(days=1)),
    ]
    profile = learn(signals, topics=[], now=NOW)
    word = profile.word(int(unpack([features_of_title("temporal")]).slots[0]))
    assert word is not None
    assert (word.written, word.liked, word.disliked) == ("Temporal", 2, 1)
    assert profile.word(int(unpack([features_of_title("unheard")]).slots[0])) is None


def test_titles_alone() -> None:
    rows = [signal(n, "like", title) for n, title in enumerate(titles("space", 6, 3))]
    rows += [signal(n, "dislike", title) for n, title in enumerate(titles("football", 6, 3), 6)]
    wanted, unwanted = titles("space", 5, 4), titles("football", 5, 4)
    profile = learn(rows, topics=[], now=NOW)
    assert min(scores_of(profile, wanted)) > max(scores_of(profile, unwanted))
    assert scores_of(learn([], topics=[], now=NOW), wanted) == [0.0] * 5

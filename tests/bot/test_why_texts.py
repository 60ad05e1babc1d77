"""Reasons in words: made of the stored parts, the largest first, and never more than they say."""

from typing import Any

import pytest

from contentsync.bot.why_texts import why, why_in_short

TOPICS = {7: "climate"}


def part(key: str, value: float, place: bool = False, **params: Any) -> dict[str, Any]:
    found = {"key": key, "value": value, "params": params}
    return found | {"place": True} if place else found


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (part("words", 1, word="Temporal", liked=4), "you liked 4 items about Temporal"),
        (part("words", 1, word="Temporal", liked=1), "you liked an item about Temporal"),
        (part("words", 1), "you liked or opened items with words like these"),
        (part("source", 1, liked=2, disliked=1), "you liked 2 items of this source"),
        (part("source", 1, liked=0, disliked=0), "nothing better was there"),
        (part("kind", 1, liked=0, disliked=2, kind="video"), "nothing better was there"),
        (part("author", 1, liked=3, author="Jo"), "you liked 3 items by this author"),
        (part("tellers", 1, sources=3), "3 sources tell it"),
        (part("rare_source", 1, recent=1), "its source rarely writes"),
        (part("topic", 1, topic=7), "your topic climate"),
        (part("topic", 1, topic=8), "a topic of yours"),
        (part("kind", 1, kind="video", liked=3), "you like videos"),
        (part("kind", 1, kind="other", liked=3), "you like this kind of item"),
        (part("length", 1, length="short", liked=3), "you like short ones"),
        (part("explore", 1), "something new, to learn whether you like it"),
        (part("update", 1), "the story has moved on since you got it"),
        (part("new", 1), "it is fresh"),
        ({"key": "new", "value": 1}, "it is fresh"),
    ],
)
def test_each_reason_has_its_words(reason: dict[str, Any], words: str) -> None:
    assert why([reason], is_fresh=True, topics=TOPICS) == [words]
    assert why_in_short([reason], is_fresh=True, topics=TOPICS)


def test_the_largest_three_that_speak_for_it() -> None:
    reasons = [
        part("new", 0.3),
        part("rare_source", 0.25, recent=1),
        part("tellers", 0.9, sources=2),
        part("topic", 0.5, topic=7),
        part("source", -2, liked=0, disliked=9),
        part("followed", 0.01),
    ]
    told = why(reasons, is_fresh=False, topics=TOPICS)
    assert told == ["2 sources tell it", "your topic climate", "it is new to you"]
    assert why_in_short(reasons, is_fresh=False, topics=TOPICS) == "2 sources tell it"


def test_what_counts_next_to_nothing_is_not_named() -> None:
    assert why([part("topic", 1, topic=7), part("followed", 0.05)], is_fresh=True, topics=TOPICS) == [
        "your topic climate"
    ]


def test_a_place_that_was_set_apart_comes_first() -> None:
    reasons = [part("new", 0.9), part("rare_source", 0.12, place=True, recent=2)]
    assert why(reasons, is_fresh=True, topics={}) == ["its source rarely writes", "it is fresh"]
    assert why_in_short(reasons, is_fresh=True, topics={}) == "rarely writes"


def test_nothing_speaks_for_it() -> None:
    for reasons in ([], [part("source", -1, liked=0, disliked=3)]):
        assert why(reasons, is_fresh=True, topics={}) == ["nothing better was there"]
        assert why_in_short(reasons, is_fresh=True, topics={}) == "new to you"

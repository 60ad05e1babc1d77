"""What of an item is packed."""

import dataclasses

import numpy as np
import pytest

from contentsync.processor.features import (
    MOST_PHRASES,
    MOST_TOLD,
    MOST_WORDS,
    PHRASE,
    TOLD,
    WORD,
    Facts,
    features_of,
    named_terms,
    unpack,
)
from tests.processor.titles import features_of_title

FACTS = Facts("Ferry collides in fog", "The ferry hit a trawler", 3, "Ada", "article", "en", 440, None)


def counts(blob: bytes) -> list[float]:
    return [round(float(count), 2) for count in unpack([blob]).counts]


def test_words_phrases_and_what_the_summary_adds() -> None:
    assert counts(features_of(FACTS)) == [WORD] * 4 + [PHRASE] * 3 + [TOLD] * 4
    slots = unpack([features_of(FACTS)]).slots.tolist()
    names = dict(named_terms(FACTS.title))
    assert [names[slot] for slot in slots[:7]] == [
        "Ferry", "collides", "in", "fog", "Ferry collides", "collides in", "in fog",
    ]  # fmt: skip


def test_forms_of_a_word_are_one_term() -> None:
    def first(title: str) -> int:
        return int(unpack([features_of_title(title)]).slots[0])

    assert first("Elections") == first("election") == first("ELECTED")
    assert first("elm") != first("election")


def test_a_long_item_stays_small() -> None:
    title = " ".join(f"{number:03d}word" for number in range(500))
    blob = features_of(dataclasses.replace(FACTS, title=title, summary=" ".join(f"{n}" for n in range(900))))
    assert len(blob) <= 220
    assert counts(blob) == [WORD] * MOST_WORDS + [PHRASE] * MOST_PHRASES + [TOLD] * MOST_TOLD


def test_minutes() -> None:
    assert unpack([features_of(FACTS)]).minutes.tolist() == pytest.approx([1.9])


def test_many_at_once_are_what_each_is_alone() -> None:
    blobs = [features_of(FACTS), b"", features_of_title("渡轮相撞"), bytes([99]) + b"???", features_of_title("")]
    together = unpack(blobs)
    assert len(together.starts) == len(blobs) + 1
    for index, blob in enumerate(blobs):
        alone, span = unpack([blob]), slice(int(together.starts[index]), int(together.starts[index + 1]))
        assert together.slots[span].tolist() == alone.slots.tolist()
        assert together.prints[index] == alone.prints[0]
        assert set(together.items[span].tolist()) <= {index}
    sums = together.sums(np.ones(len(together.slots)))
    assert sums.tolist() == [len(unpack([blob]).slots) for blob in blobs]
    assert unpack([]).sums(np.zeros(0)).tolist() == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Two held after raid in Malmby", "In Malmby two held after raid", True),
        ("Two held after raid in Malmby", "Two held after raid in Malmo", False),
        ("Weekly links", "Weekly links", False),
    ],
    ids=["other order", "other town", "a heading"],
)
def test_prints_tell_repeats(one: str, other: str, same: bool) -> None:
    first, second = unpack([features_of_title(one), features_of_title(other)]).prints.tolist()
    assert (first == second != 0) is same

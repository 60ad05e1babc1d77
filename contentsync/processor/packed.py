"""Terms as the index of stories keeps them: numbers in arrays, a fifth of what words in dictionaries take. Pure."""

import math
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from contentsync.processor.terms import NAME, WORD, Terms

PARTS = 20
"""What a term counts is kept in twentieths; all that terms count are whole ones."""
SHORT, NUMBERS, PAIRS = 1 << 29, 1 << 30, 1 << 31
"""From here on a key stands for a short word, from here on for one with a digit, from here on for two
words in a row."""
BACKGROUND = 1_000
"""Stories without any of our words that are thought to be there from the beginning, so that a small index weighs words
as a large one does."""
_SHORT_CHARACTERS = 3
_ALPHABETS_END = "\u0e00"
"""Scripts from here on write words without blanks, or in few characters."""

SAME_SOURCE = 0.8
"""Share of their terms that two items of one source have in common when they are one story."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The terms of an item. `keys`: each term's checksum, ascending; `counts`: what each counts, in `PARTS`.

    `numbers`: a checksum of the numbers in the title. Of the half a million terms of 30,000 items some dozens share
    their key with another one.
    """

    keys: "array[int]"
    counts: bytes
    numbers: int
    has_summary: bool


_WORD, _NAME = round(WORD * PARTS), round(NAME * PARTS)


def pack(terms: Terms) -> Packed:
    """The terms in little space."""
    counts: dict[int, int] = {}
    for term, weight in terms.weights.items():
        key = crc32(term.encode(errors="replace"))
        if " " in term:
            key |= PAIRS
        else:
            key = key >> 3 | _kind(term)
        counts[key] = round(weight * PARTS)
    keys = array("I", sorted(counts))
    numbers = crc32(" ".join(sorted(terms.numbers)).encode(errors="replace")) if terms.numbers else 0
    return Packed(keys, bytes(counts[key] for key in keys), numbers, terms.has_summary)


def telling_words(keys: "array[int]", counts: Sequence[int]) -> set[int]:
    """The keys of words that a title tells, not of numbers, which projects, episodes and parts share; of short words
    only where they are names ("US", not "of")."""
    words = keys[: bisect_left(keys, NUMBERS)]
    return {key for key, count in zip(words, counts, strict=False) if count >= (_NAME if key >= SHORT else _WORD)}


def words_of(keys: "array[int]") -> "array[int]":
    """The keys without those of pairs."""
    return keys[: bisect_left(keys, PAIRS)]


def holds(keys: "array[int]", key: int) -> bool:
    """Whether a key is among them."""
    at = bisect_left(keys, key)
    return at < len(keys) and keys[at] == key


def nearly_identical(one: Packed, other: Packed) -> bool:
    """Whether two texts say nearly the same: equal numbers in the titles, and summaries that agree.

    A title alone proves nothing within one source: "Weekly links" comes every week.
    """
    if one.numbers != other.numbers or not (one.has_summary and other.has_summary):
        return False
    counts = dict(zip(other.keys, other.counts, strict=True))
    shared = sum(min(count, counts.get(key, 0)) for key, count in zip(one.keys, one.counts, strict=True))
    return shared >= SAME_SOURCE * (sum(one.counts) + sum(other.counts) - shared)


def _kind(word: str) -> int:
    if any(map(str.isdigit, word)):
        return NUMBERS
    return SHORT if len(word) <= _SHORT_CHARACTERS and word[0] < _ALPHABETS_END else 0


class Weights(dict[int, float]):
    """What a word weighs that is in so many of a number of stories."""

    def __init__(self, stories: int) -> None:
        super().__init__()
        self.stories = stories

    def __missing__(self, spread: int) -> float:
        weight = self[spread] = math.log(1 + (self.stories + BACKGROUND) / (spread + 0.5)) ** 2
        return weight

"""Terms as the index of stories keeps them: numbers in arrays, a fifth of what words in dictionaries take. Pure."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from zlib import crc32

from contentsync.processor.terms import Terms

PARTS = 20
"""What a term counts is kept in twentieths; all that terms count are whole ones."""
PAIRS = 1 << 31
"""From here on a key stands for two words in a row."""

SAME_SOURCE = 0.8
"""Share of their terms that two items of one source have in common when they are one story."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The terms of an item. `keys`: each term's checksum, ascending; `counts`: what each counts, in `PARTS`.

    `numbers`: a checksum of the numbers in the title. Two of 30,000 items' half a million terms share a key about as
    often as a headline has a misprint.
    """

    keys: "array[int]"
    counts: bytes
    numbers: int
    has_summary: bool


def pack(terms: Terms) -> Packed:
    """The terms in little space."""
    counts: dict[int, int] = {}
    for term, weight in terms.weights.items():
        key = crc32(term.encode(errors="replace")) >> 1
        counts[key | PAIRS if " " in term else key] = round(weight * PARTS)
    keys = array("I", sorted(counts))
    numbers = crc32(" ".join(sorted(terms.numbers)).encode()) if terms.numbers else 0
    return Packed(keys, bytes(counts[key] for key in keys), numbers, terms.has_summary)


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

"""A story in the index: its items, and what their terms count together. Pure."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contentsync.processor.packed import Packed, nearly_identical, telling_words

LEAST_WORDS = 3
"""Words, and not only numbers, that the titles of two stories have in common when they are one: two projects release
version 2.0 on one day, and two papers have morning briefings."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item in little space. `source_id` None: from a source of its own."""

    id: int
    source_id: int | None
    at: datetime
    terms: Packed


@dataclass(slots=True)
class Story:
    """`keys` and `counts`: all terms, and what they count together; a story of one item shares those of its item.

    `total`: what all terms weigh, right while the epoch lasts.
    """

    id: int
    items: tuple[Item, ...]
    keys: "array[int]"
    counts: "bytes | array[int]"
    first_at: datetime
    last_at: datetime
    total: float = 0.0
    epoch: int = -1

    def count(self, keys: "array[int]", counts: Sequence[int]) -> "array[int]":
        """Count terms, too; gives those that are new."""
        if len(self.items) == 1:
            self.keys, self.counts = self.keys[:], array("I", list(self.counts))
        own, sums = self.keys, self.counts
        assert not isinstance(sums, bytes), "only a story of one item shares its counts"
        fresh = array("I")
        for key, count in zip(keys, counts, strict=True):
            at = bisect_left(own, key)
            if at < len(own) and own[at] == key:
                sums[at] += count
            else:
                own.insert(at, key)
                sums.insert(at, count)
                fresh.append(key)
        return fresh

    def take_out(self, item_id: int) -> "array[int]":
        """Take one of several items out; gives the terms that are in none of the others."""
        leaving = next(item for item in self.items if item.id == item_id)
        self.items = tuple(item for item in self.items if item is not leaving)
        self.first_at, self.last_at = min(item.at for item in self.items), max(item.at for item in self.items)
        self.epoch = -1
        keys, sums, gone = self.keys, self.counts, array("I")
        assert not isinstance(sums, bytes), "only a story of one item shares its counts"
        for key, count in zip(leaving.terms.keys, leaving.terms.counts, strict=True):
            at = bisect_left(keys, key)
            sums[at] -= count
            if not sums[at]:
                del keys[at], sums[at]
                gone.append(key)
        return gone


def is_compatible(one: Story, other: Story) -> bool:
    """Whether they have enough words in common, and no source would tell one story twice, unless nearly alike."""
    if len(telling_words(one.keys, one.counts) & telling_words(other.keys, other.counts)) < LEAST_WORDS:
        return False
    few, many = (one, other) if len(one.items) <= len(other.items) else (other, one)
    for source_id in {item.source_id for item in few.items if item.source_id is not None}:
        said = [item.terms for item in few.items if item.source_id == source_id]
        # A source may have told a story a thousand times: the first that is alike is enough.
        theirs = (item.terms for item in many.items if item.source_id == source_id)
        alike = (any(nearly_identical(terms, other_terms) for terms in said) for other_terms in theirs)
        if next(alike, True) is False and not any(alike):
            return False
    return True

"""What an instance's items say about words, whoever liked them: how rare each is, and which go together. Pure.

It is the same for every person, and nothing in it comes from what anybody liked.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contentsync.processor.features import SLOT_BITS, SLOTS, WORD, Bags, Floats, Ints, unpack

LEAST_RARITY = 0.05
BACKGROUND_ITEMS = 20_000
"""The latest items of an instance, by which it is known how rare a word is."""
TOGETHER = 3
"""Two words go together if so many titles have both; twice is chance."""
COMMON_SHARE, FEW_ITEMS = 0.1, 100
"""A word that more than this part of the titles have goes with everything; not asked of fewer items."""
RELATED = 0.5
"""What a word counts for one that goes with it always and only."""


@dataclass(frozen=True, slots=True)
class Background:
    """`rarity`: for each slot, ln of how many items there are for one with this term. The words that go with the word
    of a slot are `others[begins[slot]:begins[slot + 1]]`, and `shares` how much each of them counts."""

    items: int
    rarity: Floats
    begins: npt.NDArray[np.int32]
    others: npt.NDArray[np.int32]
    shares: Floats

    def importance(self, bags: Bags) -> Floats:
        """What each term counts among those of its item; the squares of an item's sum up to 1."""
        values = self.rarity[bags.slots] * bags.counts
        scale = 1 / np.sqrt(np.maximum(bags.sums(values * values), 1e-12))
        return np.asarray(values * np.repeat(scale, np.diff(bags.starts)), dtype=np.float32)

    def related(self, slots: Ints) -> tuple[Ints, Ints, Floats]:
        """The words that go with these: which of `slots` each goes with, its own slot, and how much it counts."""
        first = self.begins[slots].astype(np.int64)
        sizes = self.begins[slots + 1] - first
        of = np.repeat(np.arange(len(slots)), sizes)
        at = np.arange(len(of)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + first[of]
        return of, self.others[at].astype(np.int64), self.shares[at]


def background_of(features: Sequence[bytes]) -> Background:
    """What these items say; those with the same words count once. The newest 50,000 are plenty: 3 s, some megabytes."""
    bags = unpack(list(dict.fromkeys(features)))
    items = len(bags.minutes)
    seen = np.bincount(bags.slots, minlength=SLOTS)
    rarity = np.log((items + 1) / (seen + 0.5)).clip(LEAST_RARITY, None).astype(np.float32)
    before, after, shares = _together(bags, seen, items)
    # Each pair goes both ways.
    left, right = np.concatenate([before, after]), np.concatenate([after, before])
    order = np.lexsort((right, left))
    begins = np.zeros(SLOTS + 1, np.int32)
    np.cumsum(np.bincount(left, minlength=SLOTS), out=begins[1:])
    return Background(items, rarity, begins, right[order].astype(np.int32), np.tile(shares, 2)[order])


def _together(bags: Bags, seen: Ints, items: int) -> tuple[Ints, Ints, Floats]:
    """Pairs of words of the same titles, and how much more often than by chance: pointwise mutual information, 0 to 1
    of what it can be, shrunk where it rests on few titles.

    Source: Church and Hanks (1990), Word association norms, mutual information, and lexicography.
    """
    common = seen > COMMON_SHARE * items if items >= FEW_ITEMS else np.zeros(SLOTS, np.bool_)
    is_word = (bags.counts == np.float32(WORD)) & ~common[bags.slots] & (seen[bags.slots] >= TOGETHER)
    slots, of = bags.slots[is_word], bags.items[is_word]
    pairs, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    if len(slots):
        pairs, counts = np.unique(_pairs(slots, of), return_counts=True)
    often = counts >= TOGETHER
    pairs, counts = pairs[often], counts[often]
    before, after = pairs >> SLOT_BITS, pairs & (SLOTS - 1)
    information = np.log(counts * items / np.maximum(1, seen[before] * seen[after]))
    telling = information > 0
    shares = RELATED * information / math.log(items + 1) * counts / (counts + 1)
    return before[telling], after[telling], shares[telling].astype(np.float32)


def _pairs(slots: Ints, of: Ints) -> Ints:
    """Every two different words of an item as one number, the smaller slot in its upper bits."""
    ends = np.searchsorted(of, of, side="right")
    found: list[Ints] = []
    distance = 1
    while True:
        at = np.flatnonzero(np.arange(len(of)) + distance < ends)
        if not len(at):
            return np.concatenate(found) if found else np.zeros(0, np.int64)
        first, second = slots[at], slots[at + distance]
        low, high = np.minimum(first, second), np.maximum(first, second)
        found.append(((low << SLOT_BITS) | high)[low != high])
        distance += 1


NO_BACKGROUND = background_of([])
"""Where there are no items to learn from: all words are equally rare, and none go together."""

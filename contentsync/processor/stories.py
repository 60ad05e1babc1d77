"""Which items tell the same story: an index of the last days that items are added to one by one. Pure.

Two stories are one when the mean likeness of their items is high enough: the more items stand behind the mean, the less
is asked of it. A term weighs by the number of *stories* it is in, not of items, so that what everybody writes about
today does not lose its weight. Candidates come from an index over the rarest words of the new item; whatever the
history, only a bounded number of them is looked at.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import repeat
from operator import itemgetter, mul

from contentsync.processor.packed import PARTS, Packed, Weights, holds, pack, words_of
from contentsync.processor.story import Item, Story, is_compatible
from contentsync.processor.terms import NAME, Terms

WINDOW = timedelta(days=7)
"""Items that are older, by their own date, are compared by their link alone: news is told in days."""
GAP = timedelta(days=3)
"""A story that nobody told for longer has ended; what is like it is another one."""
WINDOW_ITEMS = 30_000
"""Items in the index; the oldest stories leave first. One takes about 1.2 kB."""
CANDIDATES = 8
"""Stories that are compared with an item in full."""
MANY_TERMS = 1_000
"""A story with more of them is not weighed as a whole for every item that joins it."""
VISITS = 150
"""Entries of the index looked at for one item, rarest word first."""
TITLE_NORM = 100.0
"""Added to what a text weighs, so that titles of one or two words are one only if more than a word agrees: half of
what an ordinary title weighs."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How alike two stories of a and b items have to be: `many` · (1 + `few` / (a · b))."""

    many: float = 0.07
    few: float = 4.0

    def least(self, pairs: int) -> float:
        """The least mean likeness over so many pairs of items."""
        return self.many * (1 + self.few / pairs)


@dataclass(frozen=True, slots=True)
class Told:
    """An item as the index sees it. `source_id` None: from a source of its own."""

    item_id: int
    source_id: int | None
    at: datetime
    terms: Terms


class StoryIndex:
    """The stories of the last days. Ids below 0 are new ones; `settle` gives them the id they were stored under."""

    def __init__(self, thresholds: Thresholds | None = None, *, window_items: int = WINDOW_ITEMS) -> None:
        self._thresholds = thresholds or Thresholds()
        self._window_items = window_items
        self._stories: dict[int, Story] = {}
        self._story_of: dict[int, int] = {}
        # A word's story, or its stories if there are several: most words are in one.
        self._holders: dict[int, int | array[int]] = {}
        # Words in more stories than anybody looks at: how many.
        self._common: dict[int, int] = {}
        self._epoch = 0
        self._weights = Weights(0)
        self._next_id = -1
        self._merged: dict[int, int] = {}
        self._touched: set[int] = set()
        self._renew_weights()

    def __len__(self) -> int:
        return len(self._story_of)

    def story_of(self, item_id: int) -> int | None:
        """The story of an item in the index."""
        return self._story_of.get(item_id)

    def add(self, told: Told, *, story_id: int | None = None) -> int:
        """Find the item's story and gather what it connects; gives the story. With `story_id` it is in that one."""
        item = Item(told.item_id, told.source_id, told.at, pack(told.terms))
        candidates = self._candidates(item.terms)
        story = self._put(item, self.new_id() if story_id is None else self.resolve(story_id))
        self._touched.add(story)
        return self._gather(story, candidates)

    def put(self, told: Told, *, story_id: int) -> int:
        """Put an item into a story as it is, as when the index is filled from what is stored; gives the story."""
        return self._put(Item(told.item_id, told.source_id, told.at, pack(told.terms)), story_id)

    def remove(self, item_id: int) -> None:
        """Take an item out; its story stays for the others."""
        story_id = self._story_of.get(item_id)
        if story_id is None:
            return
        story = self._stories[story_id]
        if len(story.items) == 1:
            self.drop([story_id])
        else:
            self._release(story.take_out(item_id), story_id)
            del self._story_of[item_id]

    def drop(self, story_ids: Iterable[int]) -> None:
        """Forget stories and their items."""
        for story_id in story_ids:
            story = self._stories.pop(story_id, None)
            if story is None:
                continue
            for item in story.items:
                del self._story_of[item.id]
            self._release(story.keys, story_id)

    def unite(self, one: int, other: int) -> int:
        """Make two stories one, whatever they are like; gives the one that stays, a stored one if there is one."""
        one, other = self.resolve(one), self.resolve(other)
        if one == other:
            return one
        a, b = self._stories.get(one), self._stories.get(other)
        kept, gone = (one, other) if _rank(one, a) >= _rank(other, b) else (other, one)
        leaving = self._stories.pop(gone, None)
        if leaving is not None:
            self._release(leaving.keys, gone)
            self._take_over(kept, leaving)
        self._merged[gone] = kept
        self._touched |= {kept, gone}
        return kept

    def forget_before(self, moment: datetime) -> None:
        """Forget the stories that were last told before this moment, and the oldest while there are too many items."""
        self.drop([story.id for story in self._stories.values() if story.last_at < moment])
        if len(self) > self._window_items:
            by_age = sorted(self._stories.values(), key=lambda story: story.last_at)
            for story in by_age:
                if len(self) <= self._window_items * 0.9:
                    break
                self.drop([story.id])

    def new_id(self) -> int:
        """An id for a story that is not stored yet."""
        self._next_id -= 1
        return self._next_id + 1

    def resolve(self, story_id: int) -> int:
        """The story that this one has become part of since the last `settle`, or itself."""
        while story_id in self._merged:
            story_id = self._merged[story_id]
        return story_id

    def merged(self) -> dict[int, int]:
        """Stored stories that became part of others since the last `settle`: their id, and the one that stayed."""
        return {gone: self.resolve(gone) for gone in self._merged if gone > 0}

    def settle(self, ids: Mapping[int, int]) -> None:
        """What was found is stored: new stories go by these ids from now on."""
        for new, stored in ids.items():
            story = self._stories.pop(new, None)
            if story is None:
                continue
            self._release(story.keys, new)
            self._take_over(stored, story)
        self._merged.clear()
        self._touched.clear()

    def abandon(self) -> set[int]:
        """What was found since the last `settle` was not stored: forget it. Gives the stored stories to put back."""
        touched = set(self._touched)
        self.drop(touched)
        self._merged.clear()
        self._touched.clear()
        return {story_id for story_id in touched if story_id > 0}

    def _put(self, item: Item, story_id: int) -> int:
        self.remove(item.id)
        story = self._stories.get(story_id)
        if story is None:
            story = Story(story_id, (item,), item.terms.keys, item.terms.counts, item.at, item.at)
            self._stories[story_id] = story
            self._hold(story.keys, story_id)
        else:
            self._count(story, item.terms.keys, item.terms.counts)
            story.items += (item,)
            story.first_at, story.last_at = min(story.first_at, item.at), max(story.last_at, item.at)
        self._story_of[item.id] = story_id
        if len(self._stories) > self._weights.stories:
            self._renew_weights()
        return story_id

    def _candidates(self, terms: Packed) -> list[int]:
        """The stories that share the rarest words, the most promising first."""
        holders_of = self._holders
        known = sorted(
            (1 if isinstance(holders, int) else len(holders), key, count, holders)
            for key, count in zip(terms.keys, terms.counts, strict=True)
            if (holders := holders_of.get(key)) is not None
        )
        scores: dict[int, float] = {}
        visits = 0
        for spread, _, count, holders in known:
            visits += spread
            if visits > VISITS:
                break
            weight = self._weights[spread] * count
            for story_id in (holders,) if isinstance(holders, int) else holders:
                scores[story_id] = scores.get(story_id, 0.0) + weight
        return [story_id for story_id, _ in sorted(scores.items(), key=itemgetter(1), reverse=True)[:CANDIDATES]]

    def _gather(self, story_id: int, candidates: list[int]) -> int:
        """Unite the story with the candidates that tell it too, the most alike first."""
        left = [other for other in candidates if other != story_id and other in self._stories]
        while left:
            story = self._stories[story_id]
            # A large story changes little by one more item: its terms are weighed only where they are met.
            weighed = self._weighed(story.keys, story.counts) if len(story.keys) <= MANY_TERMS else {}
            close = [(self._closeness(story, weighed, self._stories[other]), other) for other in left]
            best_value, best = max(close)
            if best_value < 1:
                break
            left.remove(best)
            story_id = self.unite(story_id, best)
        return story_id

    def _closeness(self, one: Story, weighed: Mapping[int, float], other: Story) -> float:
        """Their mean likeness (0 without a common term, about 1 for equal texts) as a part of the least one needed."""
        if max(one.first_at, other.first_at) - min(one.last_at, other.last_at) > GAP:
            return 0.0
        shared = self._shared(one, weighed, other)
        pairs = len(one.items) * len(other.items)
        least = self._thresholds.least(pairs) * pairs * self._norm(one)
        # What they share is part of what the other weighs: most candidates need not be weighed to be ruled out.
        if shared < least * math.sqrt(TITLE_NORM + shared / (NAME * len(other.items) * len(one.items))):
            return 0.0
        close = shared / (least * self._norm(other))
        return close if close < 1 or is_compatible(one, other) else 0.0

    def _shared(self, one: Story, weighed: Mapping[int, float], other: Story) -> float:
        """What the terms weigh that both have."""
        if len(other.keys) <= 8 * len(weighed):
            shared: float = sum(map(mul, map(weighed.get, other.keys, repeat(0.0)), other.counts))
            return shared / PARTS**2
        few, many = (one, other) if len(one.keys) <= len(other.keys) else (other, one)
        keys, counts, size, found = many.keys, many.counts, len(many.keys), {}
        for key, count in zip(few.keys, few.counts, strict=True):
            at = bisect_left(keys, key)
            if at < size and keys[at] == key:
                found[key] = count * counts[at]
        return self._total([*found], [*found.values()]) / PARTS

    def _take_over(self, story_id: int, leaving: Story) -> None:
        for item in leaving.items:
            self._story_of[item.id] = story_id
        story = self._stories.get(story_id)
        if story is None:
            leaving.id = story_id
            self._stories[story_id] = leaving
            self._hold(leaving.keys, story_id)
            return
        self._count(story, leaving.keys, leaving.counts)
        story.items += leaving.items
        story.first_at = min(story.first_at, leaving.first_at)
        story.last_at = max(story.last_at, leaving.last_at)

    def _count(self, story: Story, keys: "array[int]", counts: Sequence[int]) -> None:
        self._hold(story.count(keys, counts), story.id)
        story.total += self._total(keys, counts)

    def _hold(self, keys: "array[int]", story_id: int) -> None:
        holders_of = self._holders
        for key in words_of(keys):
            holders = holders_of.get(key)
            if isinstance(holders, int):
                holders_of[key] = array("q", (holders, story_id))
            elif holders is not None and len(holders) < VISITS:
                holders.append(story_id)
            elif holders is not None:
                self._common[key] = len(holders) + 1
                del holders_of[key]
            elif key in self._common:
                self._common[key] += 1
            else:
                holders_of[key] = story_id

    def _release(self, keys: "array[int]", story_id: int) -> None:
        holders_of = self._holders
        for key in words_of(keys):
            holders = holders_of.get(key)
            if holders is None:
                self._common[key] -= 1
                if self._common[key] <= VISITS // 2:
                    del self._common[key]
                    holders_of[key] = array("q", (one.id for one in self._stories.values() if holds(one.keys, key)))
            elif isinstance(holders, int):
                del holders_of[key]
            else:
                holders.remove(story_id)
                if len(holders) == 1:
                    holders_of[key] = holders[0]

    def _renew_weights(self) -> None:
        """Weights follow the number of stories in steps, so that what was summed up stays right in between."""
        self._epoch += 1
        self._weights = Weights(int(len(self._stories) * 1.2) + 50)

    def _norm(self, story: Story) -> float:
        if story.epoch != self._epoch:
            story.total, story.epoch = self._total(story.keys, story.counts), self._epoch
        return math.sqrt(story.total / len(story.items) + TITLE_NORM)

    def _total(self, keys: Sequence[int], counts: Sequence[int]) -> float:
        return sum(self._weighed(keys, counts).values()) / PARTS

    def _weighed(self, keys: Sequence[int], counts: Sequence[int]) -> dict[int, float]:
        """What each term counts times what it weighs: the rarer among stories, the more."""
        holders_of, common, weights = self._holders, self._common, self._weights
        weighed = {}
        for key, count in zip(keys, counts, strict=True):
            holders = holders_of.get(key)
            if holders is None:
                # Two words in a row stand together in a story or two: all pairs weigh the same, nobody holds them.
                weighed[key] = count * weights[common.get(key, 1)]
            else:
                weighed[key] = count * weights[1 if isinstance(holders, int) else len(holders)]
        return weighed


def _rank(story_id: int, story: Story | None) -> tuple[bool, int]:
    return story_id > 0, len(story.items) if story else 0

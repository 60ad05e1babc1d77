"""Which items tell the same story: an index of the last days that items are added to one by one. Pure.

Two stories are one when the mean likeness of their items is high enough: the more items stand behind the mean, the less
is asked of it. A term weighs by the number of *stories* it is in, not of items, so that what everybody writes about
today does not lose its weight. Candidates come from an index over the rarest words of the new item; whatever the
history, only a bounded number of them is looked at.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter

from contentsync.processor.terms import NAME, Terms

WINDOW = timedelta(days=7)
"""Items that are older, by their own date, are compared by their link alone: news is told in days."""
GAP = timedelta(days=3)
"""A story that nobody told for longer has ended; what is like it is another one."""
WINDOW_ITEMS = 40_000
"""Items in the index; the oldest stories leave first. One takes about 4 kB."""
CANDIDATES = 8
"""Stories that are compared with an item in full."""
VISITS = 250
"""Entries of the index looked at for one item, rarest word first."""
TITLE_NORM = 100.0
"""Added to what a text weighs, so that titles of one or two words are one only if more than a word agrees: half of
what an ordinary title weighs."""
BACKGROUND = 1_000
"""Stories without any of our words that are thought to be there from the beginning, so that a small index weighs words
as a large one does."""
SAME_SOURCE = 0.8
"""Share of their terms that two items of one source have in common when they are one story."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How alike two stories of a and b items have to be: `many` · (1 + `few` / (a · b))."""

    many: float = 0.08
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


@dataclass(slots=True)
class _Story:
    id: int
    items: dict[int, Told]
    counts: dict[str, float]
    first_at: datetime
    last_at: datetime
    total: float = 0.0
    epoch: int = -1
    sources: dict[int, list[int]] = field(default_factory=dict)


class StoryIndex:
    """The stories of the last days. Ids below 0 are new ones; `rename` gives them the id they were stored under."""

    def __init__(self, thresholds: Thresholds | None = None, *, window_items: int = WINDOW_ITEMS) -> None:
        self._thresholds = thresholds or Thresholds()
        self._window_items = window_items
        self._stories: dict[int, _Story] = {}
        self._story_of: dict[int, int] = {}
        # A word's story, or its stories if there are several: most words are in one.
        self._holders: dict[str, int | set[int]] = {}
        self._epoch = 0
        self._epoch_size = 0
        self._weights: dict[int, float] = {}
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
        candidates = self._candidates(told.terms)
        story = self.put(told, story_id=self.new_id() if story_id is None else self.resolve(story_id))
        self._touched.add(story)
        return self._gather(story, candidates)

    def put(self, told: Told, *, story_id: int) -> int:
        """Put an item into a story as it is, as when the index is filled from what is stored; gives the story."""
        self.remove(told.item_id)
        story = self._stories.get(story_id)
        if story is None:
            # A story of one item shares its terms.
            story = _Story(story_id, {}, told.terms.weights, told.at, told.at)
            self._stories[story_id] = story
            self._hold(told.terms.weights, story_id)
        else:
            self._count(story, told.terms.weights)
        story.items[told.item_id] = told
        if told.source_id is not None:
            story.sources.setdefault(told.source_id, []).append(told.item_id)
        story.first_at, story.last_at = min(story.first_at, told.at), max(story.last_at, told.at)
        self._story_of[told.item_id] = story_id
        if len(self._stories) > self._epoch_size:
            self._renew_weights()
        return story_id

    def remove(self, item_id: int) -> None:
        """Take an item out; its story stays for the others."""
        story_id = self._story_of.get(item_id)
        if story_id is None:
            return
        others = [told for told in self._stories[story_id].items.values() if told.item_id != item_id]
        self.drop([story_id])
        for told in others:
            self.put(told, story_id=story_id)

    def drop(self, story_ids: Iterable[int]) -> None:
        """Forget stories and their items."""
        for story_id in story_ids:
            story = self._stories.pop(story_id, None)
            if story is None:
                continue
            for item_id in story.items:
                del self._story_of[item_id]
            self._release(story.counts, story_id)

    def unite(self, one: int, other: int) -> int:
        """Make two stories one, whatever they are like; gives the one that stays, a stored one if there is one."""
        one, other = self.resolve(one), self.resolve(other)
        if one == other:
            return one
        a, b = self._stories.get(one), self._stories.get(other)
        kept, gone = (one, other) if _rank(one, a) >= _rank(other, b) else (other, one)
        leaving = self._stories.pop(gone, None)
        if leaving is not None:
            self._release(leaving.counts, gone)
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
            self._release(story.counts, new)
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

    def _candidates(self, terms: Terms) -> list[int]:
        """The stories that share the rarest words, the most promising first."""
        holders_of, weights = self._holders, terms.weights
        known = sorted((_spread(holders_of[term]), term) for term in weights if term in holders_of)
        scores: dict[int, float] = {}
        visits = 0
        for spread, term in known:
            visits += spread
            if visits > VISITS:
                break
            weight = self._weights_for(spread) * weights[term]
            holders = holders_of[term]
            for story_id in (holders,) if isinstance(holders, int) else holders:
                scores[story_id] = scores.get(story_id, 0.0) + weight
        return [story_id for story_id, _ in sorted(scores.items(), key=itemgetter(1), reverse=True)[:CANDIDATES]]

    def _gather(self, story_id: int, candidates: list[int]) -> int:
        """Unite the story with the candidates that tell it too, the most alike first."""
        left = [other for other in candidates if other != story_id and other in self._stories]
        while left:
            story = self._stories[story_id]
            weighed = self._weighed(story.counts)
            story.total, story.epoch = sum(weighed.values()), self._epoch
            close = [(self._closeness(story, weighed, self._stories[other]), other) for other in left]
            best_value, best = max(close)
            if best_value < 1:
                break
            left.remove(best)
            story_id = self.unite(story_id, best)
        return story_id

    def _closeness(self, one: _Story, weighed: Mapping[str, float], other: _Story) -> float:
        """Their mean likeness (0 without a common term, about 1 for equal texts) as a part of the least one needed."""
        if max(one.first_at, other.first_at) - min(one.last_at, other.last_at) > GAP:
            return 0.0
        counts = other.counts
        if len(weighed) <= len(counts):
            shared = sum(weight * counts[term] for term, weight in weighed.items() if term in counts)
        else:
            shared = sum(weighed[term] * count for term, count in counts.items() if term in weighed)
        pairs = len(one.items) * len(other.items)
        least = self._thresholds.least(pairs) * pairs * self._norm(one)
        # What they share is part of what the other weighs: most candidates need not be weighed to be ruled out.
        if shared < least * math.sqrt(TITLE_NORM + shared / (NAME * len(other.items) * len(one.items))):
            return 0.0
        close = shared / (least * self._norm(other))
        return close if close < 1 or _compatible(one, other) else 0.0

    def _take_over(self, story_id: int, leaving: _Story) -> None:
        for item_id in leaving.items:
            self._story_of[item_id] = story_id
        story = self._stories.get(story_id)
        if story is None:
            leaving.id = story_id
            self._stories[story_id] = leaving
            self._hold(leaving.counts, story_id)
            return
        self._count(story, leaving.counts)
        story.items |= leaving.items
        for source_id, item_ids in leaving.sources.items():
            story.sources[source_id] = story.sources.get(source_id, []) + item_ids
        story.first_at = min(story.first_at, leaving.first_at)
        story.last_at = max(story.last_at, leaving.last_at)

    def _count(self, story: _Story, weights: Mapping[str, float]) -> None:
        if len(story.items) == 1:
            story.counts = dict(story.counts)
        fresh = [term for term in weights if term not in story.counts]
        for term, weight in weights.items():
            story.counts[term] = story.counts.get(term, 0.0) + weight
        self._hold(fresh, story.id)
        story.total += self._total(weights)  # right while the epoch lasts

    def _hold(self, terms: Iterable[str], story_id: int) -> None:
        for term in terms:
            if " " in term:
                continue
            holders = self._holders.get(term)
            if holders is None:
                self._holders[term] = story_id
            elif isinstance(holders, int):
                self._holders[term] = {holders, story_id}
            else:
                holders.add(story_id)

    def _release(self, terms: Iterable[str], story_id: int) -> None:
        for term in terms:
            if " " in term:
                continue
            holders = self._holders[term]
            if isinstance(holders, int):
                del self._holders[term]
            else:
                holders.discard(story_id)
                if len(holders) == 1:
                    self._holders[term] = next(iter(holders))

    def _weights_for(self, spread: int) -> float:
        weight = self._weights.get(spread)
        if weight is None:
            weight = math.log(1 + (self._epoch_size + BACKGROUND) / (spread + 0.5)) ** 2
            self._weights[spread] = weight
        return weight

    def _renew_weights(self) -> None:
        """Weights follow the number of stories in steps, so that what was summed up stays right in between."""
        self._epoch += 1
        self._epoch_size = int(len(self._stories) * 1.2) + 50
        self._weights.clear()

    def _norm(self, story: _Story) -> float:
        if story.epoch != self._epoch:
            story.total, story.epoch = self._total(story.counts), self._epoch
        return math.sqrt(story.total / len(story.items) + TITLE_NORM)

    def _total(self, counts: Mapping[str, float]) -> float:
        return sum(self._weighed(counts).values())

    def _weighed(self, counts: Mapping[str, float]) -> dict[str, float]:
        """What each term counts times what it weighs: the rarer among stories, the more."""
        holders_of, weights_for = self._holders, self._weights_for
        # Two words in a row stand together in one story or two: all pairs weigh the same, and nobody holds them.
        return {
            term: count * weights_for(_spread(holders_of[term]) if term in holders_of else 1)
            for term, count in counts.items()
        }


def _spread(holders: int | set[int]) -> int:
    return 1 if isinstance(holders, int) else len(holders)


def _rank(story_id: int, story: _Story | None) -> tuple[bool, int]:
    return story_id > 0, len(story.items) if story else 0


def _compatible(one: _Story, other: _Story) -> bool:
    """Whether no source would tell one story twice, unless it says nearly the same."""
    if len(one.sources) > len(other.sources):
        one, other = other, one
    return all(
        any(
            nearly_identical(one.items[first].terms, other.items[second].terms)
            for first in item_ids
            for second in other.sources[source_id]
        )
        for source_id, item_ids in one.sources.items()
        if source_id in other.sources
    )


def nearly_identical(one: Terms, other: Terms) -> bool:
    """Whether two texts say nearly the same: equal numbers in the titles, and summaries that agree.

    A title alone proves nothing within one source: "Weekly links" comes every week.
    """
    if one.numbers != other.numbers or not (one.has_summary and other.has_summary):
        return False
    a, b = one.weights, other.weights
    shared = sum(min(weight, b[term]) for term, weight in a.items() if term in b)
    total = sum(a.values()) + sum(b.values()) - shared
    return shared >= SAME_SOURCE * total

"""Chooses a set, not only items: the best next one again and again, and a few places for what never wins. Pure."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contentsync.processor.worth import Mask, Values

SAME_SOURCE_FACTOR = 0.5
"""Each further item of a source counts this much of what it would have counted one place earlier."""
LEAST_DISCOUNTED = 0.25
"""The discount takes at least its share of this, so that what is worth little is discounted too."""
RARELY = 2
"""A source with so many recent items or fewer rarely writes."""
SMALLEST_WITH_PLACES = 4
"""Shorter digests have no places set apart."""
EXPLORE = 0.5
"""What being wholly unfamiliar is worth in the place for exploring."""
LEAST_UNFAMILIAR = 0.5

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Field:
    """What can be chosen from: one candidate of each story, those that win a tie first.

    `sources`: numbered from 0. `topics`: how well each topic is met, topic by candidate. `unfamiliar`: 0 to 1.
    """

    worth: Values
    sources: Ints
    minutes: Values
    kept: Mask
    rare: Mask
    topics: Values
    unfamiliar: Values


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen candidate: which one, for which place, what others of its source cost it, what exploring adds."""

    index: int
    slot: str
    same_source: float
    explore: float


@dataclass(slots=True)
class _State:
    field: Field
    size: int
    left: float
    """Minutes."""
    taken: Ints
    free: Mask
    chosen: list[Choice] = dataclasses.field(default_factory=list)

    def discounts(self) -> Values:
        """What each candidate loses to those of its source that are chosen."""
        share = 1 - SAME_SOURCE_FACTOR ** self.taken[self.field.sources]
        return np.asarray(share * np.maximum(self.field.worth, LEAST_DISCOUNTED))

    def take(self, among: Mask, slot: str, extra: Values | float = 0.0) -> bool:
        """Take the best of these that is free and fits in the time left; False if there is none."""
        if len(self.chosen) >= self.size:
            return False
        discounts = self.discounts()
        may = among & self.free & (self.field.minutes <= self.left)
        values = np.where(may, self.field.worth - discounts + extra, -np.inf)
        if not may.any():
            return False
        self.add(int(values.argmax()), slot, extra, discounts)
        return True

    def add(self, index: int, slot: str, extra: Values | float, discounts: Values) -> None:
        """Take this one."""
        bonus = float(np.broadcast_to(extra, self.field.worth.shape)[index])
        self.chosen.append(Choice(index, slot, -float(discounts[index]), bonus))
        self.free[index] = False
        self.taken[self.field.sources[index]] += 1
        self.left -= float(self.field.minutes[index])


def choose(options: Field, *, size: int, minutes: float | None, explores: bool) -> tuple[list[Choice], Values, float]:
    """At most `size` of them in the order they were taken; what each would be worth after these; the minutes left.

    First what the person always wants, then one for each topic, then the best, of which one place is for a source that
    rarely writes and one for exploring.
    """
    count = len(options.worth)
    state = _State(
        options,
        size,
        np.inf if minutes is None else float(minutes),
        np.zeros(int(options.sources.max(initial=-1)) + 1, np.int64),
        np.ones(count, np.bool_),
    )
    anything = np.ones(count, np.bool_)
    _take_kept(state)
    for met in options.topics:
        if not any(met[choice.index] for choice in state.chosen):
            state.take(met > 0, "topic")
    places = size >= SMALLEST_WITH_PLACES
    explores = explores and places
    unfamiliar = options.unfamiliar >= LEAST_UNFAMILIAR
    reserved = explores + places
    while len(state.chosen) < size - reserved and state.take(anything, ""):
        pass
    if places and not any(options.rare[choice.index] for choice in state.chosen):
        fresh_sources = state.taken[options.sources] == 0
        state.take(options.rare & fresh_sources, "rare")
    while len(state.chosen) < size - explores and state.take(anything, ""):
        pass
    if explores:
        state.take(unfamiliar, "explore", EXPLORE * options.unfamiliar)
    while state.take(anything, ""):
        pass
    return _on_merit(state), options.worth - state.discounts(), state.left


def _take_kept(state: _State) -> None:
    """The best of what the person always wants, however long it takes to read."""
    while len(state.chosen) < state.size and (state.field.kept & state.free).any():
        discounts = state.discounts()
        values = np.where(state.field.kept & state.free, state.field.worth - discounts, -np.inf)
        state.add(int(values.argmax()), "kept", 0.0, discounts)


def _on_merit(state: _State) -> list[Choice]:
    """A place set apart is only called so for what would not have been chosen without it."""
    value = {choice.index: state.field.worth[choice.index] + choice.same_source for choice in state.chosen}
    lowest = min((value[choice.index] for choice in state.chosen if not choice.slot), default=np.inf)
    return [
        Choice(choice.index, "", choice.same_source, choice.explore)
        if choice.slot in ("topic", "rare") and value[choice.index] >= lowest
        else choice
        for choice in state.chosen
    ]

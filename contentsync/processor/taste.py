"""What a person likes, learned from their own signals alone: a weight for each word, source, author, kind, length and
language. Pure: the same signals in any order give the same profile, and a signal that is taken back leaves no trace."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from contentsync.processor.background import NO_BACKGROUND, Background
from contentsync.processor.features import SLOTS, Bags, Floats, Values, named_terms, unpack

HALF_LIFE = timedelta(days=42)
"""After so long a signal counts half."""
STRENGTHS = {
    "like": 1.0,
    "saved": 1.5,
    "opened": 0.4,
    "more": 2.0,
    "dislike": -1.0,
    "less": -2.0,
    "muted": -1.5,
    "ignored": -0.1,
}
"""What a signal of each kind counts; below 0: against. "ignored" was shown and left alone."""
IGNORED_AFTER = timedelta(days=1)
"""A digest is read on its day; what was left alone for longer did not interest."""
LIKES, DISLIKES = frozenset({"like", "saved", "more"}), frozenset({"dislike", "less", "muted"})
"""Of which it may be said that the person liked or disliked the item."""
DISLIKED = 0.8
"""What the words of disliked items count beside those of liked ones."""
IGNORED = 0.1
"""The same for items that were shown and left alone."""
READ = 1.0
"""What is taken from an item that says what a liked one said, word for word."""
ATTRIBUTE_DOUBT = 4.0
"""So many signals of average taste are added to those of each source, author, kind, length and language."""
LENGTH_MINUTES = (0.01, 3.0, 12.0)
"""Where "short", "medium" and "long" begin."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What a person did with an item. `kind`: a key of `STRENGTHS`."""

    item_id: int
    kind: str
    at: datetime
    source_id: int
    author: str | None
    media_kind: str
    language: str | None
    title: str
    features: bytes


@dataclass(frozen=True, slots=True)
class Topic:
    """What a person asked for, in their words."""

    id: int
    words: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic as it is looked for: the slots of its words."""

    id: int
    slots: tuple[int, ...]
    language: str | None


@dataclass(frozen=True, slots=True)
class Leaning:
    """What signals say of one source, author, kind, length or language. `weight`: ln of odds against the person's own
    average; `liked`, `disliked`: how many items; one that was only opened is neither."""

    weight: float
    liked: int
    disliked: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word or phrase as a judged title wrote it last, and how many liked and disliked items have it."""

    written: str
    liked: int
    disliked: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's taste at one time.

    `weights`: of each slot. `known`: slots of words the person judged. `repeats`: by print, what is added for an item
    that repeats a judged one. `leanings`: by ("source", id), ("author", name), ("kind", kind), ("length", "short"),
    ("language", code). `judged`: the signals but those of items that were only left alone, and their terms. `signals`:
    how many there are.
    """

    weights: Floats
    known: npt.NDArray[np.bool_]
    repeats: Mapping[int, float]
    judged: tuple[Signal, ...]
    judged_bags: Bags
    leanings: Mapping[tuple[str, int | str], Leaning]
    topics: tuple[Wanted, ...]
    background: Background
    signals: int

    def unfamiliar(self, bags: Bags, importance: Floats) -> Values:
        """Which part of each item's terms the person has never judged: 0 to 1, and 0 where there are none."""
        squares = importance * importance
        return bags.sums(np.where(self.known[bags.slots], 0.0, squares))

    def word(self, slot: int) -> Word | None:
        """The word or phrase of a slot; None if no judged title has it."""
        if not self.known[slot]:
            return None
        bags = self.judged_bags
        having = [self.judged[index] for index in np.unique(bags.items[bags.slots == slot]).tolist()]
        for signal in sorted(having, key=lambda signal: (signal.at, signal.item_id), reverse=True):
            written = dict(named_terms(signal.title)).get(slot)
            if written is not None:
                liked = {signal.item_id for signal in having if signal.kind in LIKES}
                disliked = {signal.item_id for signal in having if signal.kind in DISLIKES}
                return Word(written, len(liked), len(disliked))
        return None

    def repeat_values(self, bags: Bags) -> Values:
        """What is added to (mostly taken from) items that repeat one the person judged."""
        values = np.zeros(len(bags.prints))
        for index in np.flatnonzero(np.isin(bags.prints, list(self.repeats))).tolist():
            values[index] = self.repeats[int(bags.prints[index])]
        return values


def learn(
    signals: Iterable[Signal], *, topics: Sequence[Topic], now: datetime, background: Background = NO_BACKGROUND
) -> Profile:
    """A person's taste from their signals and topics.

    `background`: what the instance's items say about words in general; the same for every person.
    """
    ordered = _each_once(signals)
    ages = np.array([max(0.0, (now - signal.at) / HALF_LIFE) for signal in ordered])
    strengths = np.array([STRENGTHS[signal.kind] for signal in ordered]) * 0.5**ages
    bags = unpack([signal.features for signal in ordered])
    weights, itself = _word_weights(bags, _shares(ordered, strengths), background)
    known = np.zeros(SLOTS, np.bool_)
    known[bags.slots] = True
    return Profile(
        weights=weights,
        known=known,
        repeats=_repeats(bags, ordered, strengths, itself),
        judged=tuple(signal for signal in ordered if signal.kind != "ignored"),
        judged_bags=unpack([signal.features for signal in ordered if signal.kind != "ignored"]),
        leanings=_leanings(ordered, strengths, bags.minutes),
        topics=tuple(_wanted(topic) for topic in topics),
        background=background,
        signals=len(ordered),
    )


def lengths_of(minutes: Values | Floats) -> list[str | None]:
    """ "short", "medium" or "long" for each; None if it is not known."""
    names = (None, "short", "medium", "long")
    return [names[at] for at in np.searchsorted(LENGTH_MINUTES, minutes, side="right").tolist()]


def _each_once(signals: Iterable[Signal]) -> list[Signal]:
    """Each signal once, the latest of its kind on an item, in an order that does not depend on how they came."""
    latest: dict[tuple[int, str], Signal] = {}
    for signal in signals:
        key = (signal.item_id, signal.kind)
        if key not in latest or signal.at > latest[key].at:
            latest[key] = signal
    return [latest[key] for key in sorted(latest)]


def _shares(signals: Sequence[Signal], strengths: Values) -> Values:
    """What the words of each signal's item count: liked, disliked and ignored ones have their own means, and all grow
    with the number of signals as what chance adds to them shrinks."""
    ignored = np.array([signal.kind == "ignored" for signal in signals], dtype=np.bool_)
    liked, disliked, left = strengths.clip(0), -(strengths * ~ignored).clip(None, 0), -strengths * ignored
    means = liked / (1 + liked.sum()) - DISLIKED * disliked / (1 + disliked.sum()) - IGNORED * left / (1 + left.sum())
    return np.asarray(means * math.sqrt(1 + liked.sum() + disliked.sum()))


def _word_weights(bags: Bags, shares: Values, background: Background) -> tuple[Floats, Values]:
    """The weight of each slot, and what each signal's item adds to the worth of its own words.

    An item stands for its words and, less, for those that go with them; all items are of the same size.
    """
    own = background.importance(bags).astype(np.float64)
    of, slots, related = background.related(bags.slots)
    items = np.concatenate([bags.items, bags.items[of]])
    cells = items * SLOTS + np.concatenate([bags.slots, slots])
    cells, cell = np.unique(cells, return_inverse=True)
    values = np.bincount(cell, np.concatenate([own, own[of] * related]), minlength=len(cells))
    items, slots = cells // SLOTS, cells % SLOTS
    sizes = np.sqrt(np.maximum(np.bincount(items, values * values, minlength=len(shares)), 1e-9))
    values = values / sizes[items]
    weights = np.bincount(slots, values * shares[items], minlength=SLOTS).astype(np.float32)
    at = np.searchsorted(cells, bags.items * SLOTS + bags.slots)
    return weights, bags.sums(values[at] * own) * shares


def _repeats(bags: Bags, signals: Sequence[Signal], strengths: Values, itself: Values) -> dict[int, float]:
    """What is added for items of the very words of a judged one: the judgement was on that item, so it says nothing of
    its repeat's words, and whoever liked it has read it."""
    found: dict[int, float] = defaultdict(float)
    read: dict[int, float] = defaultdict(float)
    for signal, print_, strength, own in zip(
        signals, bags.prints.tolist(), strengths.tolist(), itself.tolist(), strict=True
    ):
        if print_ and signal.kind != "ignored":
            found[print_] -= own
            read[print_] = max(read[print_], min(strength, 1.0))
    return {print_: value - READ * read[print_] for print_, value in found.items()}


def _leanings(signals: Sequence[Signal], strengths: Values, minutes: Floats) -> dict[tuple[str, int | str], Leaning]:
    liked: dict[tuple[str, int | str], float] = defaultdict(float)
    disliked: dict[tuple[str, int | str], float] = defaultdict(float)
    items: dict[tuple[str, int | str], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for signal, strength, length in zip(signals, strengths.tolist(), lengths_of(minutes), strict=True):
        for key in _attributes(signal, length):
            liked[key] += max(strength, 0.0)
            disliked[key] += max(-strength, 0.0)
            if signal.kind in LIKES:
                items[key][0].add(signal.item_id)
            elif signal.kind in DISLIKES:
                items[key][1].add(signal.item_id)
    total_liked, total = float(strengths.clip(0).sum()), float(np.abs(strengths).sum())
    average = (total_liked + 1) / (total + 2)
    return {
        key: Leaning(
            math.log((liked[key] + ATTRIBUTE_DOUBT * average) / (disliked[key] + ATTRIBUTE_DOUBT * (1 - average)))
            - math.log(average / (1 - average)),
            *map(len, items[key]),
        )
        for key in liked
    }


def _attributes(signal: Signal, length: str | None) -> list[tuple[str, int | str]]:
    named = (
        ("source", signal.source_id),
        ("author", signal.author),
        ("kind", signal.media_kind),
        ("length", length),
        ("language", signal.language),
    )
    return [(key, value) for key, value in named if value]


def _wanted(topic: Topic) -> Wanted:
    words = dict.fromkeys(slot for slot, written in named_terms(topic.words) if " " not in written)
    return Wanted(topic.id, tuple(words), topic.language)

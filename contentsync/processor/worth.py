"""What candidates are worth to a person, part by part, all at once. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import numpy.typing as npt

from contentsync.processor.features import PHRASE, SLOTS, TOLD, Bags, Ints, Values
from contentsync.processor.taste import Profile, Wanted, lengths_of

FRESHNESS_HALF_DAYS = 1.0
"""After this many days freshness is one half; after three times as many a quarter: 1 / (1 + age)."""
RARE_SOURCE_BONUS = 0.25
"""For a source with at most one recent item; divided by the number of its recent items."""
TELLERS = 0.12
"""For each doubling of the followed sources that tell the story."""
FOLLOWED = 0.2
"""For a source that was just followed; gone `FOLLOWED_DAYS` later."""
FOLLOWED_DAYS = 7.0
UPDATE = 0.15
"""For a story that was sent before and moved on."""
KEPT = 2.0
"""For what a person always wants to see: more than any taste takes away."""
TOPIC = 0.8
"""For a title with all words of a topic the person asked for."""
TOPIC_TOLD = 0.6
"""A topic counts so much of it if the summary has to be read to find its words."""
OTHER_LANGUAGE = 0.5
"""And so much if the item is not in the topic's language."""
WORDS = 1.6
LEANINGS = {"source": 0.3, "author": 0.3, "kind": 0.2, "length": 0.1, "language": 0.3}
"""What the logarithm of an item's odds by each attribute counts."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Columns:
    """Candidates, column by column; `followed_days`: since their source was followed, infinite if that is unknown."""

    source_ids: Sequence[int]
    authors: Sequence[str | None]
    kinds: Sequence[str]
    languages: Sequence[str | None]
    age_days: Values
    source_recent: Values
    tellers: Values
    minutes: Values
    followed_days: Values
    kept: Mask
    updates: Mask


@dataclass(frozen=True, slots=True)
class Worth:
    """`parts`: by reason, one value for each candidate. `total`: their sums. `terms`: what each term of `bags` adds to
    "words". `topics`: how well each topic is met (0 to 1), topic by candidate. `unfamiliar`: which part of
    its words the person never judged."""

    parts: dict[str, Values]
    total: Values
    bags: Bags
    terms: Values
    topics: Values
    unfamiliar: Values


def worth_of(columns: Columns, bags: Bags, profile: Profile) -> Worth:
    """The parts of each candidate's score; each of them depends on that candidate alone."""
    count = len(columns.source_ids)
    importance = profile.background.importance(bags)
    terms = WORDS * profile.weights[bags.slots].astype(np.float64) * importance
    topics = _topics(profile.topics, bags, columns)
    parts = {
        "new": 1 / (1 + np.maximum(0.0, columns.age_days) / FRESHNESS_HALF_DAYS),
        "rare_source": RARE_SOURCE_BONUS / np.maximum(1.0, columns.source_recent),
        "tellers": TELLERS * np.log2(np.maximum(1.0, columns.tellers)),
        "followed": FOLLOWED * (1 - columns.followed_days / FOLLOWED_DAYS).clip(0, 1),
        "update": UPDATE * columns.updates,
        "kept": KEPT * columns.kept,
        "topic": TOPIC * topics.max(axis=0, initial=0.0),
        "words": bags.sums(np.maximum(terms, 0.0)),
        "repeat": WORDS * profile.repeat_values(bags),
        "words_against": bags.sums(np.minimum(terms, 0.0)),
    }
    for name, values in (
        ("source", columns.source_ids),
        ("author", columns.authors),
        ("kind", columns.kinds),
        ("length", lengths_of(columns.minutes)),
        ("language", columns.languages),
    ):
        parts[name] = _leaning(profile, name, values, count)
    total = np.zeros(count)
    for part in parts.values():
        total += part
    return Worth(parts, total, bags, terms, topics, profile.unfamiliar(bags, importance))


def _leaning(profile: Profile, name: str, values: Iterable[int | str | None], count: int) -> Values:
    weights: dict[int | str | None, float] = {
        value: leaning.weight for (of, value), leaning in profile.leanings.items() if of == name
    }
    if not weights:
        return np.zeros(count)
    return np.array(list(map(weights.get, values, repeat(0.0))), np.float64) * LEANINGS[name]


def _topics(topics: Sequence[Wanted], bags: Bags, columns: Columns) -> Values:
    """How well each candidate meets each topic, topic by candidate."""
    met = np.zeros((len(topics), len(columns.source_ids)))
    is_wanted = np.zeros(SLOTS, np.bool_)
    is_wanted[[slot for topic in topics for slot in topic.slots]] = True
    at = np.flatnonzero(is_wanted[bags.slots])
    at = at[bags.counts[at] != np.float32(PHRASE)]
    slots, items = bags.slots[at], bags.items[at]
    values = np.where(bags.counts[at] == np.float32(TOLD), TOPIC_TOLD, 1.0)
    for row, topic in enumerate(topics):
        met[row] = _meets(topic, slots, items, values, columns)
    return met


def _meets(topic: Wanted, slots: Ints, items: Ints, values: Values, columns: Columns) -> Values:
    """1 where the title has all words of a topic, less where some are in the summary, 0 where one is missing."""
    count = len(columns.source_ids)
    met = np.ones(count) if topic.slots else np.zeros(count)
    for slot in topic.slots:
        has = np.zeros(count)
        at = slots == slot
        has[items[at]] = values[at]
        met = np.minimum(met, has)
    if topic.language is not None:
        for index in np.flatnonzero(met).tolist():
            if columns.languages[index] not in (None, topic.language):
                met[index] *= OTHER_LANGUAGE
    return met

"""Whether a story that a person was sent has moved on since. Pure.

Every newsroom words a headline differently, so new words alone are no news: what counts is what nobody had told before,
most of all numbers and names, and twice as much where two sources tell it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from contentsync.processor.terms import NAME, TOLD, WORD, Terms

LEAST_NEWS = 4.0
"""What there must be of news for a story to come back, in numbers or names that two sources tell."""
CONTENT_CHARACTERS = 4
"""Shorter words seldom tell a fact, unless they are written as names or numbers."""
_KINDS = {NAME: 1.0, WORD: 0.5, TOLD: 0.25}
"""What a new term counts: a number or name of a title, another word of a title, a word of a summary."""
_ONE_SOURCE = 0.5


@dataclass(frozen=True, slots=True)
class Later:
    """An item of the story that came after the person was sent it."""

    item_id: int
    source_id: int
    terms: Terms


def news_since(before: Iterable[Terms], after: Iterable[Later]) -> dict[str, float]:
    """The terms that nobody had told before, each with what it counts."""
    known = {term for terms in before for term in terms.weights}
    sources: dict[str, set[int]] = defaultdict(set)
    counts: dict[str, float] = {}
    for later in after:
        for term, weight in later.terms.weights.items():
            # Two words in a row are new whenever a sentence is turned round.
            if " " in term or term in known or (weight != NAME and len(term) < CONTENT_CHARACTERS):
                continue
            sources[term].add(later.source_id)
            counts[term] = max(counts.get(term, 0.0), _KINDS[weight])
    return {term: count * (1.0 if len(sources[term]) > 1 else _ONE_SOURCE) for term, count in counts.items()}


def update_of(before: Iterable[Terms], after: Iterable[Later]) -> int | None:
    """The item that tells best what is new of a story, if enough is: it may be sent once more, marked as an update."""
    later = list(after)
    news = news_since(before, later)
    if sum(news.values()) < LEAST_NEWS:
        return None
    return max(later, key=lambda one: (sum(news.get(term, 0.0) for term in one.terms.weights), -one.item_id)).item_id

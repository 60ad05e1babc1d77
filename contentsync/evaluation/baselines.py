"""What the product's ranking is compared with: what textbooks do with the titles a person wanted and did not. Pure.

Each baseline may choose from a small grid: the words of a text, the beginnings of its words, or words and pairs of
words, and up to four values of the one number it depends on.
"""

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contentsync.evaluation.shown import Shown

BEGINNING = 5
"""Characters kept of a word where its beginning stands for it."""
BM25_SATURATION = 1.2
"""k1 of BM25."""
BM25_QUERY_SATURATION = 8.0
"""k3 of BM25: how a term counts that many of the wanted titles have."""
NEWTON_STEPS = 25
_WORD = re.compile(r"\w+")

Vector = dict[str, float]


def words(text: str) -> list[str]:
    """The words, in lower case."""
    return _WORD.findall(text.casefold())


def beginnings(text: str) -> list[str]:
    """The first characters of each word, which is what most of its forms have in common."""
    return [word[:BEGINNING] for word in words(text)]


def words_and_pairs(text: str) -> list[str]:
    """The words, and each two that follow one another."""
    found = words(text)
    return [*found, *(f"{one} {other}" for one, other in pairwise(found))]


TERMS: tuple[Callable[[str], list[str]], ...] = (words, beginnings, words_and_pairs)


class Collection:
    """All texts that may be learned from, as terms: how rare each term is, and each text as a vector of length one."""

    def __init__(self, texts: Iterable[str], terms: Callable[[str], list[str]]) -> None:
        self._terms = terms
        self._vectors: dict[str, Vector] = {}
        self._counts: dict[str, Counter[str]] = {}
        self._holders: Counter[str] = Counter()
        self._size = 0
        self._length = 0
        for text in texts:
            counts = self.counts(text)
            self._holders.update(counts.keys())
            self._size += 1
            self._length += counts.total()

    def counts(self, text: str) -> Counter[str]:
        """How often each term is in the text."""
        if text not in self._counts:
            self._counts[text] = Counter(self._terms(text))
        return self._counts[text]

    def vector(self, text: str) -> Vector:
        """The text's terms, weighted by their number and the logarithm of how rare they are (TF-IDF)."""
        if text not in self._vectors:
            weights = {
                term: count * math.log((self._size + 1) / (self._holders[term] + 0.5))
                for term, count in self.counts(text).items()
            }
            norm = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
            self._vectors[text] = {term: weight / norm for term, weight in weights.items()}
        return self._vectors[text]

    def rarity(self, term: str) -> float:
        """How much a term tells, as BM25 has it."""
        holders = self._holders[term]
        return math.log(1 + (self._size - holders + 0.5) / (holders + 0.5))

    @cached_property
    def mean_length(self) -> float:
        """Terms of an ordinary text."""
        return self._length / self._size if self._size else 1.0


Score = Callable[[Sequence[Shown], Sequence[Shown], Collection, float], list[float]]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A way to score what is offered by what was seen. `values`: what its one number may be."""

    name: str
    title: str
    score: Score
    values: tuple[float, ...] = (0.0,)
    is_by_terms: bool = True


def by_chance(seen: Sequence[Shown], offered: Sequence[Shown], collection: Collection, value: float) -> list[float]:
    """Scores that mean nothing."""
    rng = random.Random("\n".join(row.title for row in offered))
    return [rng.random() for _ in offered]


def centroid(seen: Sequence[Shown], offered: Sequence[Shown], collection: Collection, value: float) -> list[float]:
    """Likeness to the mean of what was wanted."""
    return rocchio(seen, offered, collection, 0.0)


def rocchio(seen: Sequence[Shown], offered: Sequence[Shown], collection: Collection, value: float) -> list[float]:
    """Likeness to the mean of what was wanted, less `value` times that to the mean of what was not.

    Source: J. Rocchio, "Relevance feedback in information retrieval", 1971.
    """
    wanted = sum(row.wanted for row in seen)
    unwanted = len(seen) - wanted
    profile: Vector = defaultdict(float)
    for row in seen:
        share = 1 / wanted if row.wanted else -value / unwanted
        for term, weight in collection.vector(row.text).items():
            profile[term] += share * weight
    return [_dot(collection.vector(row.text), profile) for row in offered]


def bm25(seen: Sequence[Shown], offered: Sequence[Shown], collection: Collection, value: float) -> list[float]:
    """The texts that were wanted, all together as a query. `value`: b, how much long texts are held back.

    Source: S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
    """
    query: Counter[str] = Counter()
    for row in seen:
        if row.wanted:
            query.update(collection.counts(row.text))
    return [_bm25_score(collection.counts(row.text), query, collection, value) for row in offered]


def logistic(seen: Sequence[Shown], offered: Sequence[Shown], collection: Collection, value: float) -> list[float]:
    """Logistic regression on TF-IDF vectors; `value` times half the squared weights is added to the loss.

    The constant is a weight like the others. Solved by Newton's method over the rows, which are fewer than the terms.
    Source: T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical Learning", 2009, 4.4.1 and 18.3.5.
    """
    if not seen:
        return [0.0] * len(offered)
    texts = [collection.vector(row.text) for row in seen]
    places = {term: place for place, term in enumerate(dict.fromkeys(term for text in texts for term in text))}
    known, asked = _matrix(texts, places), _matrix([collection.vector(row.text) for row in offered], places)
    wanted = np.array([row.wanted for row in seen], dtype=float)
    likeness = known @ known.T + 1
    weights: NDArray[np.floating[Any]] = np.zeros(len(seen))
    for _ in range(NEWTON_STEPS):
        margin = likeness @ weights
        chance = 1 / (1 + np.exp(-margin))
        slope = np.maximum(chance * (1 - chance), 1e-6)
        before = weights
        weights = np.linalg.solve(likeness + np.diag(value / slope), margin + (wanted - chance) / slope)
        if np.abs(weights - before).max() < 1e-6:
            break
    return [float(score) for score in asked @ (known.T @ weights)]


BASELINES = (
    Baseline("random", "random", by_chance, is_by_terms=False),
    Baseline("tfidf", "TF-IDF centroid", centroid),
    Baseline("bm25", "BM25 profile", bm25, (0.0, 0.3, 0.6, 0.9)),
    Baseline("rocchio", "Rocchio with negatives", rocchio, (0.25, 0.5, 0.75, 1.0)),
    Baseline("logistic", "per-user logistic", logistic, (0.1, 1.0, 10.0, 100.0)),
)


def _bm25_score(counts: Counter[str], query: Counter[str], collection: Collection, held_back: float) -> float:
    length = 1 - held_back + held_back * counts.total() / collection.mean_length
    return sum(
        collection.rarity(term)
        * (count * (BM25_SATURATION + 1) / (count + BM25_SATURATION * length))
        * (query[term] * (BM25_QUERY_SATURATION + 1) / (query[term] + BM25_QUERY_SATURATION))
        for term, count in counts.items()
        if term in query
    )


def _dot(vector: Vector, profile: Vector) -> float:
    return sum(weight * profile[term] for term, weight in vector.items() if term in profile)


def _matrix(vectors: Sequence[Vector], places: dict[str, int]) -> NDArray[np.float64]:
    matrix = np.zeros((len(vectors), len(places)))
    for row, vector in enumerate(vectors):
        for term, weight in vector.items():
            if term in places:
                matrix[row, places[term]] = weight
    return matrix

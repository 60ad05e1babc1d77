"""How good an order is, between 0 and 1. Pure.

An order is given by scores, the highest first. Equal scores keep the order of the rows, which the caller has shuffled.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Figures:
    """The measures of one order, or means of them."""

    auc: float
    mrr: float
    ndcg5: float
    ndcg10: float


def measure(wanted: Sequence[bool], scores: Sequence[float]) -> Figures:
    """All measures of the order that scores make of rows, of which some and not all are wanted."""
    order = sorted(range(len(scores)), key=lambda row: -scores[row])
    ordered = [wanted[row] for row in order]
    return Figures(auc(wanted, scores), reciprocal_rank(ordered), ndcg(ordered, 5), ndcg(ordered, 10))


def auc(wanted: Sequence[bool], scores: Sequence[float]) -> float:
    """The chance that a wanted row scores higher than an unwanted one; equal scores count one half."""
    values, is_wanted = np.asarray(scores, dtype=float), np.asarray(wanted, dtype=bool)
    high, low = values[is_wanted], np.sort(values[~is_wanted])
    below = np.searchsorted(low, high, side="left") + np.searchsorted(low, high, side="right")
    return float(below.sum() / (2 * len(high) * len(low)))


def reciprocal_rank(ordered: Sequence[bool]) -> float:
    """One divided by the place of the first wanted row; 0 without any."""
    return next((1 / place for place, is_wanted in enumerate(ordered, start=1) if is_wanted), 0.0)


def ndcg(ordered: Sequence[bool], size: int) -> float:
    """The discounted gain of the first `size` rows, as a share of the best possible.

    Source: K. Järvelin and J. Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002; with the discount
    log2(1 + place) that is usual today.
    """
    best = _gain(sorted(ordered, reverse=True)[:size])
    return _gain(ordered[:size]) / best if best else 0.0


def mean(figures: Sequence[Figures]) -> Figures:
    """The mean of each measure."""
    return Figures(*(float(value) for value in np.mean([astuple(one) for one in figures], axis=0)))


def standard_error(values: Sequence[float]) -> float:
    """Of the mean of independent values; 0 for less than two."""
    return float(np.std(values, ddof=1) / math.sqrt(len(values))) if len(values) > 1 else 0.0


def _gain(ordered: Sequence[bool]) -> float:
    return sum(1 / math.log2(1 + place) for place, is_wanted in enumerate(ordered, start=1) if is_wanted)

"""How sure a difference is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000
LEAST_PEOPLE = 5
"""Of fewer nothing can be said about others."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of paired differences, and between which values it lies with 95 % confidence (None: too few pairs)."""

    mean: float
    low: float | None
    high: float | None

    def as_dict(self) -> dict[str, float | None]:
        """The figures, rounded."""
        return {
            "mean": round(self.mean, 4),
            "low": None if self.low is None else round(self.low, 4),
            "high": None if self.high is None else round(self.high, 4),
        }


def paired(ours: Sequence[float], theirs: Sequence[float], *, seed: int = 0) -> Difference:
    """Ours minus theirs, one pair for each person; people are drawn with replacement.

    Source: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, the percentile interval.
    """
    differences = np.subtract(ours, theirs)
    if len(differences) < LEAST_PEOPLE:
        return Difference(float(differences.mean()), None, None)
    drawn = np.random.default_rng(seed).integers(len(differences), size=(RESAMPLES, len(differences)))
    low, high = np.percentile(differences[drawn].mean(axis=1), [2.5, 97.5])
    return Difference(float(differences.mean()), float(low), float(high))

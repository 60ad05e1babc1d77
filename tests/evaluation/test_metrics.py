"""The measures of an order, on cases worked out by hand."""

from math import log2

import pytest

from contentsync.evaluation.bootstrap import LEAST_PEOPLE, paired
from contentsync.evaluation.metrics import Figures, auc, mean, measure, ndcg, reciprocal_rank, standard_error


@pytest.mark.parametrize(
    ("wanted", "scores", "expected"),
    [
        ([1, 0], [2, 1], 1),
        ([0, 1], [2, 1], 0),
        ([1, 0, 0], [5, 5, 5], 0.5),
        ([1, 0, 1, 0], [3, 3, 1, 0], (0.5 + 1 + 0 + 1) / 4),
        ([0, 1, 1, 0, 0], [0.1, 0.9, 0.3, 0.3, 0.8], (3 + 1.5) / 6),
    ],
    ids=["right", "wrong", "all equal", "one tie", "mixed"],
)
def test_auc(wanted: list[int], scores: list[float], expected: float) -> None:
    assert auc([bool(one) for one in wanted], scores) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ordered", "expected"),
    [([True, False], 1), ([False, False, True, True], 1 / 3), ([False], 0), ([], 0)],
    ids=["first", "third", "none", "nothing"],
)
def test_reciprocal_rank(ordered: list[bool], expected: float) -> None:
    assert reciprocal_rank(ordered) == expected


@pytest.mark.parametrize(
    ("ordered", "size", "expected"),
    [
        ([1, 1, 0], 5, 1),
        ([0, 1, 1], 5, (1 / log2(3) + 1 / 2) / (1 + 1 / log2(3))),
        ([0, 0, 1, 1, 1], 2, 0),
        ([1, 0, 1, 1, 1], 2, 1 / (1 + 1 / log2(3))),
        ([0, 0], 5, 0),
    ],
    ids=["best", "shifted", "too late", "cut", "none"],
)
def test_ndcg(ordered: list[int], size: int, expected: float) -> None:
    assert ndcg([bool(one) for one in ordered], size) == pytest.approx(expected)


def test_equal_scores_keep_their_order() -> None:
    assert measure([False, True, True], [1, 1, 0]).mrr == 1 / 2
    assert measure([True, False, True], [1, 1, 0]).mrr == 1
    assert measure([False, True, True], [1, 1, 0]).auc == pytest.approx(0.25)


def test_means_and_their_error() -> None:
    assert mean([Figures(1, 0.5, 0, 1), Figures(0, 0.5, 1, 0.5)]) == Figures(0.5, 0.5, 0.5, 0.75)
    assert standard_error([0.4, 0.6]) == pytest.approx(0.1)
    assert standard_error([0.4]) == 0


def test_an_interval_holds_its_mean_and_repeats() -> None:
    ours, theirs = [0.5 + 0.01 * n for n in range(40)], [0.5] * 40
    found = paired(ours, theirs)
    assert found.mean == pytest.approx(0.195)
    assert found.low is not None
    assert found.high is not None
    # The standard error of 0.00, 0.01 … 0.39 is 0.0185, and nearly all of a mean lies within 1.96 of it.
    assert found.low == pytest.approx(0.195 - 1.96 * 0.0185, abs=0.003)
    assert found.high == pytest.approx(0.195 + 1.96 * 0.0185, abs=0.003)
    assert paired(ours, theirs) == found
    opposite = paired(theirs, ours)
    assert opposite.mean == pytest.approx(-found.mean)
    assert opposite.high is not None
    assert opposite.high < 0


def test_pairs_matter_and_not_only_means() -> None:
    """The same values in other pairs: the differences vary more, and the interval is wider."""
    values = [0.1 * n for n in range(10)]
    close, far = paired([one + 0.05 for one in values], values), paired([one + 0.05 for one in values], values[::-1])
    assert close.mean == pytest.approx(far.mean)
    assert close.as_dict() == {"mean": 0.05, "low": 0.05, "high": 0.05}
    assert far.low is not None
    assert far.low < 0


def test_few_people_have_no_interval() -> None:
    few = paired([0.7] * (LEAST_PEOPLE - 1), [0.6] * (LEAST_PEOPLE - 1))
    assert few.mean == pytest.approx(0.1)
    assert few.low is None
    assert few.high is None
    assert few.as_dict() == {"mean": 0.1, "low": None, "high": None}

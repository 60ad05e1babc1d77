"""The baselines: each on a few titles where it is plain what has to come out."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from contentsync.evaluation.baselines import (
    BASELINES,
    Baseline,
    Collection,
    beginnings,
    bm25,
    by_chance,
    centroid,
    logistic,
    rocchio,
    words,
    words_and_pairs,
)
from contentsync.evaluation.shown import DISLIKE, LIKE, UNDATED, Given, Shown


def rows(*texts: tuple[str, int]) -> list[Shown]:
    """Rows with a title and whether it was wanted."""
    return [
        Shown("p", number, bool(wanted), title, (Given(LIKE if wanted else DISLIKE, UNDATED),))
        for number, (title, wanted) in enumerate(texts)
    ]


SEEN = rows(("red apples", 1), ("green apples", 1), ("red cars", 0), ("blue cars", 0))
OFFERED = rows(("ripe apples", 1), ("old cars", 0), ("nothing known", 0))
COLLECTION = Collection([row.text for row in SEEN], words)


def test_what_terms_are() -> None:
    assert words("Red, Äpfel & 3 cars") == ["red", "äpfel", "3", "cars"]
    assert beginnings("Elections elected") == ["elect", "elect"]
    assert words_and_pairs("one two three") == ["one", "two", "three", "one two", "two three"]


def test_a_vector_weighs_by_rarity_and_has_length_one() -> None:
    vector = COLLECTION.vector("red green")
    red, green = math.log(5 / 2.5), math.log(5 / 1.5)
    assert vector == pytest.approx({"red": red / math.hypot(red, green), "green": green / math.hypot(red, green)})
    assert COLLECTION.vector("") == {}
    assert COLLECTION.mean_length == 2


def test_centroid_looks_at_the_wanted_only() -> None:
    apples, cars, nothing = centroid(SEEN, OFFERED, COLLECTION, 0.0)
    assert apples > 0
    assert cars == nothing == 0


def test_rocchio_counts_the_unwanted_against() -> None:
    apples, cars, nothing = rocchio(SEEN, OFFERED, COLLECTION, 0.5)
    assert apples > nothing == 0 > cars
    assert rocchio(SEEN, OFFERED, COLLECTION, 1.0)[1] == pytest.approx(2 * cars)


def test_bm25_by_hand() -> None:
    """ "apples" is in two of four texts and twice in the query; all texts are of ordinary length."""
    apples, cars, _ = bm25(SEEN, OFFERED, COLLECTION, 0.6)
    rarity, query = math.log(1 + 2.5 / 2.5), 2 * 9 / (2 + 8)
    assert apples == pytest.approx(rarity * 1 * 2.2 / (1 + 1.2) * query)
    assert cars == 0
    long, short = rows(("apples " + "x " * 20, 1), ("apples", 1))
    assert bm25(SEEN, [long], COLLECTION, 0.9) < bm25(SEEN, [short], COLLECTION, 0.9)
    assert bm25(SEEN, [long], COLLECTION, 0.0) == pytest.approx(bm25(SEEN, [short], COLLECTION, 0.0))


def test_logistic_is_where_the_loss_is_least() -> None:
    """The same as a slow descent over the weights of terms and a constant."""
    strength = 0.5
    places = {term: place for place, term in enumerate(sorted({t for row in SEEN for t in words(row.title)}))}
    known = np.zeros((len(SEEN), len(places) + 1))
    known[:, -1] = 1
    for number, row in enumerate(SEEN):
        for term, weight in COLLECTION.vector(row.title).items():
            known[number, places[term]] = weight
    wanted = np.array([float(row.wanted) for row in SEEN])
    weights = np.zeros(len(places) + 1)
    for _ in range(4000):
        weights -= 0.1 * (known.T @ (1 / (1 + np.exp(-known @ weights)) - wanted) + strength * weights)
    apples, _, nothing = logistic(SEEN, OFFERED, COLLECTION, strength)
    assert apples == pytest.approx(weights[places["apples"]] * COLLECTION.vector("ripe apples")["apples"], abs=1e-6)
    assert nothing == 0


def test_logistic_learns_from_one_kind_of_rows() -> None:
    assert logistic(SEEN[2:], OFFERED, COLLECTION, 1.0)[1] < 0
    assert logistic(SEEN[:2], OFFERED, COLLECTION, 1.0)[0] > 0


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda one: one.name)
@pytest.mark.parametrize("seen", [[], SEEN[:1], SEEN[2:3]], ids=["nothing", "one wanted", "one unwanted"])
def test_every_baseline_begins_somewhere(baseline: Baseline, seen: Sequence[Shown]) -> None:
    for value in baseline.values:
        scores = baseline.score(seen, OFFERED, COLLECTION, value)
        assert len(scores) == len(OFFERED)
        assert all(math.isfinite(score) for score in scores)


def test_chance_repeats_and_looks_at_no_label() -> None:
    turned = [Shown("p", row.item_id, not row.wanted, row.title, row.signals) for row in OFFERED]
    assert by_chance(SEEN, OFFERED, COLLECTION, 0) == by_chance([], turned, COLLECTION, 0)
    assert len(set(by_chance(SEEN, OFFERED, COLLECTION, 0))) == 3

"""How well the product ranks for one person at a time, beside textbook baselines on the same splits. Pure.

Each person's rows are split at random, 70 % to learn from and 30 % to rank, once for each seed. Baselines are tuned
inside the rows that may be learned from. A split whose offered rows are all of one kind measures nothing and is left
out. A person's figures are means over the seeds; what is told are means over people.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product as pairs_of
from statistics import mean
from typing import Any, TypeVar

from contentsync.evaluation import metrics
from contentsync.evaluation.baselines import BASELINES, TERMS, Baseline, Collection
from contentsync.evaluation.bootstrap import Difference, paired
from contentsync.evaluation.metrics import Figures
from contentsync.evaluation.product import Product
from contentsync.evaluation.shown import Shown, Split, split
from contentsync.processor.background import Background
from contentsync.processor.taste import Topic

SEEDS = 5
LEAST_ROWS = 10
"""People with fewer rows are not measured; their texts still tell how rare a term is."""
SIGNALS = (0, 1, 3, 5, 10, 20)
"""Points of the learning curve: rows that were learned from."""
PRODUCT = "product"
UNRATED = "unrated"
"""The product as if nobody pressed a button: see `Product.unrated_scores`."""
CURVE_BASELINE = "tfidf"
"""What the product must not fall behind on its way."""
NOT_ON_THE_CURVE = frozenset({"random", UNRATED})

Scorer = Callable[[Sequence[Shown], Sequence[Shown]], list[float]]
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Tuned:
    """A baseline as its training rows want it."""

    baseline: Baseline
    terms: Callable[[str], list[str]]
    value: float
    collection: Collection

    def scores(self, seen: Sequence[Shown], offered: Sequence[Shown]) -> list[float]:
        """A score for each offered row."""
        return self.baseline.score(seen, offered, self.collection, self.value)

    def as_text(self) -> str:
        """What was chosen."""
        chosen = [self.terms.__name__.replace("_", " ")] if self.baseline.is_by_terms else []
        return ", ".join([*chosen, f"{self.value:g}"] if len(self.baseline.values) > 1 else chosen)


@dataclass(frozen=True, slots=True)
class Point:
    """The learning curve after so many signals: mean AUC by method, over the `people` who have that many."""

    signals: int
    people: int
    auc: Mapping[str, float]
    ahead: Difference
    """The product's AUC minus that of TF-IDF."""

    def as_dict(self) -> dict[str, Any]:
        """The figures, rounded."""
        rounded = {name: round(value, 4) for name, value in self.auc.items()}
        return {"signals": self.signals, "people": self.people, **rounded, "ahead": self.ahead.as_dict()}


@dataclass(frozen=True, slots=True)
class RankingReport:
    """What was measured. `people` have a split that can be measured.

    `unrepeated`: by method each person's AUC without the `repeats`, offered titles that had been seen word for word.
    `tuned`: what each baseline chose, by seed.
    """

    people: int
    rows: int
    seeds: int
    by_person: Mapping[str, Mapping[str, Figures]]
    unrepeated: Mapping[str, Sequence[float]]
    repeats: int
    tuned: Mapping[str, Sequence[str]]
    curve: Sequence[Point]

    def figures(self, name: str) -> Figures:
        """Means over people."""
        return metrics.mean(list(self.by_person[name].values()))

    def standard_error(self, name: str) -> float:
        """Of the mean AUC over people."""
        return metrics.standard_error([figures.auc for figures in self.by_person[name].values()])

    def ahead(self, name: str) -> Difference:
        """The product's AUC minus the baseline's."""
        ours, theirs = self.by_person[PRODUCT], self.by_person[name]
        return paired([ours[user].auc for user in ours], [theirs[user].auc for user in ours])

    def ahead_unrepeated(self, name: str) -> Difference:
        """The same without repeats."""
        return paired(self.unrepeated[PRODUCT], self.unrepeated[name])

    def as_dict(self) -> dict[str, Any]:
        """The figures, rounded."""
        baselines = {
            name: {**self._figures(name), "ahead": self.ahead(name).as_dict(), "tuned": list(self.tuned[name])}
            for name in self.tuned
        }
        return {
            "people": self.people,
            "rows": self.rows,
            "seeds": self.seeds,
            "product": self._figures(PRODUCT),
            "unrated": self._figures(UNRATED),
            "baselines": baselines,
            "unrepeated": self._unrepeated(),
            "curve": [point.as_dict() for point in self.curve],
        }

    def _unrepeated(self) -> dict[str, Any] | None:
        if not self.unrepeated[PRODUCT]:
            return None
        return {
            "people": len(self.unrepeated[PRODUCT]),
            "left_out": self.repeats,
            "product": {"auc": round(mean(self.unrepeated[PRODUCT]), 4)},
            "baselines": {
                name: {"auc": round(mean(self.unrepeated[name]), 4), "ahead": self.ahead_unrepeated(name).as_dict()}
                for name in self.tuned
            },
        }

    def _figures(self, name: str) -> dict[str, float]:
        figures = self.figures(name)
        return {
            "auc": round(figures.auc, 4),
            "auc_se": round(self.standard_error(name), 4),
            "mrr": round(figures.mrr, 4),
            "ndcg5": round(figures.ndcg5, 4),
            "ndcg10": round(figures.ndcg10, 4),
        }


@dataclass(frozen=True, slots=True)
class SeedResult:
    """What one seed gave: the figures by method and person, AUCs without `repeats` by the same, AUCs by point of the
    curve and method and person, and what each baseline chose. `repeats`: offered titles that had been seen."""

    figures: dict[str, dict[str, Figures]]
    unrepeated: dict[str, dict[str, float]]
    repeats: int
    curve: dict[tuple[int, str], dict[str, float]]
    tuned: dict[str, str]


def measure_seed(
    rows: Iterable[Shown], seed: int, topics: Sequence[Topic] = (), background: Background | None = None
) -> SeedResult:
    """Measure the product and the baselines on one split of every person. `topics`: what these people asked for.

    `background`: what the instance's items say about words; None: what may be learned from says that too.
    """
    splits = [split(theirs, seed) for theirs in _by_user(rows).values()]
    measured = [part for part in splits if len(part.seen) + len(part.offered) >= LEAST_ROWS]
    known = [row for part in splits for row in part.seen]
    chosen = tune([part.seen for part in measured], [row.text for row in known], seed)
    product = Product(known, topics, background)
    scorers: dict[str, Scorer] = {PRODUCT: product.scores, UNRATED: product.unrated_scores}
    scorers |= {one.baseline.name: one.scores for one in chosen}
    result = SeedResult(
        figures={name: {} for name in scorers},
        unrepeated={name: {} for name in scorers},
        repeats=sum(len(part.offered) - len(part.unrepeated.offered) for part in measured),
        curve={(signals, name): {} for name in scorers if name not in NOT_ON_THE_CURVE for signals in SIGNALS},
        tuned={one.baseline.name: one.as_text() for one in chosen},
    )
    for part in measured:
        if part.can_be_measured:
            _add(result, part, scorers)
    return result


def report(rows: Iterable[Shown], results: Sequence[SeedResult]) -> RankingReport | None:
    """What all seeds gave together; None where nobody has enough rows of both kinds to be measured."""
    by_person = {
        name: {user: metrics.mean(found) for user, found in _gathered([one.figures for one in results], name).items()}
        for name in (PRODUCT, UNRATED, *(baseline.name for baseline in BASELINES))
    }
    people = by_person[PRODUCT]
    if not people:
        return None
    by_user = _by_user(rows)
    return RankingReport(
        people=len(people),
        rows=sum(len(by_user[user]) for user in people),
        seeds=len(results),
        by_person=by_person,
        unrepeated={
            name: [mean(found) for found in _gathered([one.unrepeated for one in results], name).values()]
            for name in by_person
        },
        repeats=sum(one.repeats for one in results),
        tuned={baseline.name: [one.tuned[baseline.name] for one in results] for baseline in BASELINES},
        curve=_points(results),
    )


def _by_user(rows: Iterable[Shown]) -> dict[str, list[Shown]]:
    by_user: dict[str, list[Shown]] = defaultdict(list)
    for row in rows:
        by_user[row.user].append(row)
    return by_user


def _add(result: SeedResult, part: Split, scorers: Mapping[str, Scorer]) -> None:
    """Measure every method on one person's split."""
    wanted, unrepeated = [row.wanted for row in part.offered], part.unrepeated
    for name, scorer in scorers.items():
        if unrepeated.can_be_measured:
            scores = scorer(part.seen, unrepeated.offered)
            result.unrepeated[name][part.user] = metrics.auc([row.wanted for row in unrepeated.offered], scores)
        result.figures[name][part.user] = metrics.measure(wanted, scorer(part.seen, part.offered))
        for signals in SIGNALS:
            if name not in NOT_ON_THE_CURVE and len(part.seen) >= signals:
                result.curve[signals, name][part.user] = metrics.auc(wanted, scorer(part.seen[:signals], part.offered))


def _gathered(parts: Iterable[Mapping[Key, Mapping[str, Value]]], key: Key) -> dict[str, list[Value]]:
    """What the seeds found under this key, by person."""
    found: dict[str, list[Value]] = defaultdict(list)
    for part in parts:
        for user, value in part.get(key, {}).items():
            found[user].append(value)
    return found


def _points(results: Sequence[SeedResult]) -> list[Point]:
    names = [PRODUCT, *(one.name for one in BASELINES if one.name not in NOT_ON_THE_CURVE)]
    points = []
    for signals in SIGNALS:
        aucs = {
            name: [mean(values) for values in _gathered([one.curve for one in results], (signals, name)).values()]
            for name in names
        }
        if aucs[PRODUCT]:
            means = {name: mean(values) for name, values in aucs.items()}
            points.append(Point(signals, len(aucs[PRODUCT]), means, paired(aucs[PRODUCT], aucs[CURVE_BASELINE])))
    return points


def tune(training: Sequence[Sequence[Shown]], texts: Sequence[str], seed: int) -> list[Tuned]:
    """Each baseline with the terms and the number that rank best inside the rows that may be learned from.

    `texts`: those of everybody's training rows, which tell how rare a term is.
    """
    inner = [part for part in (split(rows, seed) for rows in training) if part.can_be_measured]
    collections = {terms: Collection(texts, terms) for terms in TERMS}
    return [_tuned(baseline, collections, inner) for baseline in BASELINES]


def _tuned(
    baseline: Baseline, collections: Mapping[Callable[[str], list[str]], Collection], inner: Sequence[Split]
) -> Tuned:
    kinds = TERMS if baseline.is_by_terms else TERMS[:1]
    grid = [Tuned(baseline, terms, value, collections[terms]) for terms, value in pairs_of(kinds, baseline.values)]
    if len(grid) == 1 or not inner:
        return grid[0]
    return max(grid, key=partial(_mean_auc, inner))


def _mean_auc(inner: Sequence[Split], candidate: Tuned) -> float:
    return mean(
        metrics.auc([row.wanted for row in part.offered], candidate.scores(part.seen, part.offered)) for part in inner
    )

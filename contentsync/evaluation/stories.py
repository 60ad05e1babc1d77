"""How well items are gathered into stories, measured on headlines whose stories are known. Pure but for reading a file.

The product's own index is given the title alone: no time, publisher, link, id or order. The threshold is chosen on one
half of the stories and the figures are of the other half, which was not looked at.
"""

import csv
import random
import statistics
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contentsync.evaluation.single_pass import single_pass
from contentsync.processor.stories import StoryIndex, Thresholds, Told
from contentsync.processor.terms import terms_of

SEEDS = 5
"""Runs, each with an order and halves of its own."""
WANTED_PRECISION = 0.95
"""Precision first: of the thresholds that keep it where they are chosen, the one of highest recall."""
THRESHOLDS = (0.04, 0.05, 0.06, 0.07, 0.08, 0.1)
"""Values of `Thresholds.many` to choose from."""
BASELINE_THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
_SAME_TIME = datetime(2020, 1, 1, tzinfo=UTC)

Assign = Callable[[Sequence[str], float], list[int]]


@dataclass(frozen=True, slots=True)
class Headline:
    """A title and the story it belongs to."""

    title: str
    story: str


@dataclass(frozen=True, slots=True)
class Score:
    """B-cubed figures, each 0 to 1.

    Source: A. Bagga and B. Baldwin, "Entity-Based Cross-Document Coreferencing Using the Vector Space Model", 1998.
    """

    precision: float
    recall: float

    @property
    def f(self) -> float:
        """The harmonic mean."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """One order and one pair of halves: the threshold chosen on the first, the score there and on the second."""

    threshold: float
    chosen_on: Score
    reported: Score


@dataclass(frozen=True, slots=True)
class StoriesReport:
    """All runs of the product and of the baseline, and the product as it is shipped on all headlines."""

    product: tuple[Run, ...]
    single_pass: tuple[Run, ...]
    shipped: tuple[Score, ...]

    def as_dict(self) -> dict[str, Any]:
        """The product's figures, and beside them its spread and the baseline's figures."""
        return {
            **_means([run.reported for run in self.product]),
            "runs": [_run(run) for run in self.product],
            "shipped": _means(self.shipped),
            "baselines": {
                "single-pass TF-IDF": {
                    **_means([run.reported for run in self.single_pass]),
                    "runs": [_run(run) for run in self.single_pass],
                }
            },
        }


def read_headlines(path: Path) -> list[Headline]:
    """The headlines of a CSV file with the columns TITLE and STORY; other columns are not looked at."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Headline(row["TITLE"], row["STORY"]) for row in csv.DictReader(file)]


def evaluate(headlines: Sequence[Headline], *, seeds: int = SEEDS) -> StoriesReport:
    """Measure the product and the baseline on the same orders and halves."""
    product, baseline, shipped = [], [], []
    for seed in range(seeds):
        chosen_on, reported = halves(headlines, seed)
        product.append(_run_of(product_stories, THRESHOLDS, chosen_on, reported))
        baseline.append(_run_of(single_pass, BASELINE_THRESHOLDS, chosen_on, reported))
        shuffled = list(headlines)
        random.Random(seed).shuffle(shuffled)
        shipped.append(score(shuffled, product_stories, Thresholds().many))
    return StoriesReport(tuple(product), tuple(baseline), tuple(shipped))


def product_stories(titles: Sequence[str], many: float) -> list[int]:
    """The story of each title, given one by one to the product's index."""
    index = StoryIndex(Thresholds(many=many))
    for number, title in enumerate(titles):
        index.add(Told(item_id=number, source_id=None, at=_SAME_TIME, terms=terms_of(title)))
    return [index.story_of(number) or 0 for number in range(len(titles))]


def halves(headlines: Sequence[Headline], seed: int) -> tuple[list[Headline], list[Headline]]:
    """The headlines of one half of the stories and of the other, each in an order of its own."""
    names = sorted({headline.story for headline in headlines})
    rng = random.Random(seed)
    rng.shuffle(names)
    first = set(names[: len(names) // 2])
    one = [headline for headline in headlines if headline.story in first]
    other = [headline for headline in headlines if headline.story not in first]
    rng.shuffle(one)
    rng.shuffle(other)
    return one, other


def score(headlines: Sequence[Headline], assign: Assign, threshold: float) -> Score:
    """How good the stories are that a method makes of the titles."""
    found = assign([headline.title for headline in headlines], threshold)
    return b_cubed([headline.story for headline in headlines], found)


def b_cubed(truth: Sequence[Hashable], found: Sequence[Hashable]) -> Score:
    """For each item: of those found with it, the share that belongs to it, and of those that belong to it, the share
    that was found with it; the means over all items."""
    if not truth:
        return Score(1.0, 1.0)
    together = Counter(zip(truth, found, strict=True))
    belonging, gathered = Counter(truth), Counter(found)
    precision = sum(count * count / gathered[story] for (_, story), count in together.items())
    recall = sum(count * count / belonging[story] for (story, _), count in together.items())
    return Score(precision / len(truth), recall / len(truth))


def _run_of(
    assign: Assign, thresholds: Sequence[float], chosen_on: Sequence[Headline], reported: Sequence[Headline]
) -> Run:
    scores = {threshold: score(chosen_on, assign, threshold) for threshold in thresholds}
    precise = [threshold for threshold in thresholds if scores[threshold].precision >= WANTED_PRECISION]
    if precise:
        threshold = max(precise, key=lambda threshold: scores[threshold].recall)
    else:
        threshold = max(thresholds, key=lambda threshold: scores[threshold].precision)
    return Run(threshold, scores[threshold], score(reported, assign, threshold))


def _means(scores: Sequence[Score]) -> dict[str, float]:
    """Means over the runs, and the standard deviation of precision and recall between them."""
    precision = [one.precision for one in scores]
    recall = [one.recall for one in scores]
    return {
        "precision": round(statistics.mean(precision), 4),
        "recall": round(statistics.mean(recall), 4),
        "f": round(statistics.mean(one.f for one in scores), 4),
        "precision_sd": round(statistics.pstdev(precision), 4),
        "recall_sd": round(statistics.pstdev(recall), 4),
    }


def _run(run: Run) -> dict[str, float]:
    return {
        "threshold": run.threshold,
        "chosen_precision": round(run.chosen_on.precision, 4),
        "chosen_recall": round(run.chosen_on.recall, 4),
        "precision": round(run.reported.precision, 4),
        "recall": round(run.reported.recall, 4),
    }

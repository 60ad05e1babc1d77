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

from contentsync.errors import ConfigurationError
from contentsync.evaluation.single_pass import single_pass
from contentsync.processor.stories import StoryIndex, Thresholds, Told
from contentsync.processor.terms import terms_of

COLUMNS = ("TITLE", "STORY")
LEAST_STORIES = 2
WANTED_PRECISION = 0.95
"""Precision first: of the thresholds that keep it where they are chosen, the one of highest recall."""
THRESHOLDS = (0.03, 0.04, 0.05, 0.06, 0.08, 0.1)
"""Values of `Thresholds.many` to choose from."""
BASELINE_THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
_SAME_TIME = datetime(2020, 1, 1, tzinfo=UTC)

BASELINE = "single-pass TF-IDF"

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
class SeedResult:
    """One run of the product and of the baseline, and the product as it is shipped on all headlines."""

    product: Run
    single_pass: Run
    shipped: Score


@dataclass(frozen=True, slots=True)
class StoriesReport:
    """All runs of the product and of the baseline, and the product as it is shipped on all headlines.

    Each run has an order and halves of its own.
    """

    headlines: int
    stories: int
    product: tuple[Run, ...]
    single_pass: tuple[Run, ...]
    shipped: tuple[Score, ...]

    def as_dict(self) -> dict[str, Any]:
        """The product's figures, and beside them its spread and the baseline's figures."""
        return {
            "headlines": self.headlines,
            "stories": self.stories,
            **_means([run.reported for run in self.product]),
            "runs": [_run(run) for run in self.product],
            "shipped": _means(self.shipped),
            "baselines": {
                BASELINE: {
                    **_means([run.reported for run in self.single_pass]),
                    "runs": [_run(run) for run in self.single_pass],
                }
            },
        }


def read_headlines(path: Path) -> list[Headline]:
    """The headlines of a CSV file with the columns TITLE and STORY; other columns are not looked at.

    Raises:
        ConfigurationError: the file cannot be read, or is of another form; the message says what is wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise ConfigurationError(
                    f"{path} has no column {' and no column '.join(missing)}. --headlines reads a CSV file whose first "
                    f"line names the columns {' and '.join(COLUMNS)}."
                )
            found = [Headline(row["TITLE"] or "", row["STORY"] or "") for row in reader]
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path} is not a CSV file in UTF-8.") from error
    if len({headline.story for headline in found}) < LEAST_STORIES:
        raise ConfigurationError(f"{path} holds fewer than {LEAST_STORIES} stories: there are no two halves of them.")
    return found


def measure_seed(headlines: Sequence[Headline], seed: int) -> SeedResult:
    """Measure the product and the baseline on the same order and halves."""
    chosen_on, reported = halves(headlines, seed)
    shuffled = list(headlines)
    random.Random(seed).shuffle(shuffled)
    return SeedResult(
        product=_run_of(product_stories, THRESHOLDS, chosen_on, reported),
        single_pass=_run_of(single_pass, BASELINE_THRESHOLDS, chosen_on, reported),
        shipped=score(shuffled, product_stories, Thresholds().many),
    )


def report(headlines: Sequence[Headline], results: Sequence[SeedResult]) -> StoriesReport:
    """What all seeds gave together."""
    return StoriesReport(
        headlines=len(headlines),
        stories=len({headline.story for headline in headlines}),
        product=tuple(one.product for one in results),
        single_pass=tuple(one.single_pass for one in results),
        shipped=tuple(one.shipped for one in results),
    )


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


def mean_score(scores: Sequence[Score]) -> Score:
    """The means of precision and of recall."""
    return Score(statistics.mean(one.precision for one in scores), statistics.mean(one.recall for one in scores))


def _means(scores: Sequence[Score]) -> dict[str, float]:
    """Means over the runs, and the standard deviation of precision and recall between them."""
    mean = mean_score(scores)
    return {
        "precision": round(mean.precision, 4),
        "recall": round(mean.recall, 4),
        "f": round(mean.f, 4),
        "precision_sd": round(statistics.pstdev(one.precision for one in scores), 4),
        "recall_sd": round(statistics.pstdev(one.recall for one in scores), 4),
    }


def _run(run: Run) -> dict[str, float]:
    return {
        "threshold": run.threshold,
        "chosen_precision": round(run.chosen_on.precision, 4),
        "chosen_recall": round(run.chosen_on.recall, 4),
        "precision": round(run.reported.precision, 4),
        "recall": round(run.reported.recall, 4),
    }

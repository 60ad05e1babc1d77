"""What was measured, as text for a terminal. Pure."""

from collections.abc import Iterable, Sequence
from statistics import mean

from contentsync.evaluation.baselines import BASELINES
from contentsync.evaluation.bootstrap import Difference
from contentsync.evaluation.ranking import NOT_ON_THE_CURVE, PRODUCT, UNRATED, RankingReport
from contentsync.evaluation.stories import BASELINE, Score, StoriesReport, mean_score

TITLES = {
    PRODUCT: "contentsync",
    UNRATED: "contentsync, no button pressed",
    **{baseline.name: baseline.title for baseline in BASELINES},
}
SHORT_TITLES = {PRODUCT: "contentsync", "tfidf": "TF-IDF", "bm25": "BM25", "rocchio": "Rocchio", "logistic": "logistic"}


def ranking_lines(report: RankingReport) -> list[str]:
    """The table of figures, and the learning curve."""
    rows = [["", "AUC", "± s.e.", "MRR", "nDCG@5", "nDCG@10", "contentsync ahead in AUC (95 %)"]]
    for name, title in TITLES.items():
        figures = report.figures(name)
        values = (figures.auc, report.standard_error(name), figures.mrr, figures.ndcg5, figures.ndcg10)
        ahead = "" if name == PRODUCT else _difference(report.ahead(name))
        rows.append([title, *(_figure(value) for value in values), ahead])
    return [
        f"Ranking: {_people(report.people)}, {report.rows:,} titles, {report.seeds} splits of 70/30 each; means over "
        "people. Best is 1; an AUC of .5 is chance.",
        "",
        *_aligned(rows),
        "",
        *(_unrepeated_lines(report) if report.repeats and report.unrepeated[PRODUCT] else ()),
        *_curve_lines(report),
    ]


def stories_lines(report: StoriesReport) -> list[str]:
    """The B-cubed figures."""
    rows = [["", "precision", "recall", "F"]]
    rows.append(["contentsync", *_score(mean_score([run.reported for run in report.product]))])
    rows.append([BASELINE, *_score(mean_score([run.reported for run in report.single_pass]))])
    rows.append(["contentsync as shipped, all headlines", *_score(mean_score(report.shipped))])
    return [
        f"Stories: {report.headlines:,} headlines of {report.stories} stories, titles alone, one by one, "
        f"{len(report.product)} shuffled orders; B-cubed.",
        "The threshold is chosen on one half of the stories, the figures are of the other.",
        "",
        *_aligned(rows),
    ]


def _unrepeated_lines(report: RankingReport) -> list[str]:
    rows = [["", "AUC", "contentsync ahead (95 %)"]]
    for name, title in TITLES.items():
        ahead = "" if name == PRODUCT else _difference(report.ahead_unrepeated(name))
        rows.append([title, _figure(mean(report.unrepeated[name])), ahead])
    return [
        f"Without the {report.repeats:,} titles to rank that the person had been shown before, word for word:",
        "",
        *_aligned(rows),
        "",
    ]


def _curve_lines(report: RankingReport) -> list[str]:
    names = [name for name in TITLES if name not in NOT_ON_THE_CURVE]
    rows = [["signals", "people", *(SHORT_TITLES[name] for name in names), "contentsync ahead of TF-IDF (95 %)"]]
    for point in report.curve:
        aucs = [_figure(point.auc[name]) for name in names]
        rows.append([str(point.signals), str(point.people), *aucs, _difference(point.ahead)])
    return ["AUC after so many signals, of the people who gave as many:", "", *_aligned(rows)]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_cells(row, widths)).rstrip() for row in rows]


def _cells(row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    first, *others = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]


def _figure(value: float) -> str:
    return f"{value:.3f}"


def _score(score: Score) -> list[str]:
    return [_figure(score.precision), _figure(score.recall), _figure(score.f)]


def _difference(difference: Difference) -> str:
    if difference.low is None or difference.high is None:
        return f"{difference.mean:+.3f} (too few people to be sure)"
    return f"{difference.mean:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"

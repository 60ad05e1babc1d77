"""The measure of rankings: what it reads, how it splits, what it may look at, and what it says."""

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from contentsync.errors import ConfigurationError
from contentsync.evaluation.curve import draw_curve
from contentsync.evaluation.product import Product
from contentsync.evaluation.ranking import LEAST_ROWS, RankingReport, SeedResult, measure_seed, report, tune
from contentsync.evaluation.shown import Shown, read_impressions, split, write_impressions
from contentsync.evaluation.tables import ranking_lines
from tests.evaluation.people import write_people


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> list[Shown]:
    """Eight people with 24 rows each."""
    return read_impressions(write_people(tmp_path_factory.mktemp("people") / "people.tsv", people=8, rows=24))


@pytest.fixture(scope="module")
def results(people: list[Shown]) -> list[SeedResult]:
    """Two splits, measured."""
    return [measure_seed(people, seed) for seed in range(2)]


@pytest.fixture(scope="module")
def measured(people: list[Shown], results: list[SeedResult]) -> RankingReport:
    """What they give together."""
    found = report(people, results)
    assert found is not None
    return found


def test_a_file_is_read_as_it_was_written(people: list[Shown], tmp_path: Path) -> None:
    assert (len(people), people[0].user, people[-1].user) == (192, "p0", "p7")
    assert {(row.wanted, row.signals[0].kind) for row in people} == {(True, "like"), (False, "dislike")}
    assert len({row.item_id for row in people}) == len(people)
    write_impressions(tmp_path / "again.tsv", people)
    assert read_impressions(tmp_path / "again.tsv") == people
    write_impressions(tmp_path / "odd.tsv", [replace(people[0], title="one\ttwo\nthree")])
    assert read_impressions(tmp_path / "odd.tsv")[0].title == "one two three"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b"p\t1\ta title\np\tyes\tanother\n", "Line 2 of"),
        (b"p,1,a title\n", "Line 1 of"),
        (b"p\t1\t \n", "Line 1 of"),
        (b"p\t1\t\xff\n", "is not a text file in UTF-8"),
    ],
    ids=["missing", "empty", "label", "commas", "no title", "binary"],
)
def test_an_odd_file_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "people.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        read_impressions(path)


def test_a_split_is_of_one_person_and_repeats(people: list[Shown]) -> None:
    rows = [row for row in people if row.user == "p3"]
    part = split(rows, 1)
    assert len(part.seen) == 16
    assert sorted(part.seen + part.offered, key=lambda row: row.item_id) == rows
    assert split(rows, 1) == part
    assert split(rows, 2) != part


def test_the_product_learns_a_plain_taste(measured: RankingReport) -> None:
    assert (measured.people, measured.rows, measured.seeds) == (8, 192, 2)
    assert measured.figures("product").auc > 0.75
    assert measured.figures("rocchio").auc > 0.75
    assert 0.3 < measured.figures("random").auc < 0.7
    first, *_, last = measured.curve
    assert (first.signals, last.signals) == (0, 10)
    assert first.auc["product"] == pytest.approx(0.5, abs=0.1)
    assert last.auc["product"] > first.auc["product"] + 0.1


def test_no_label_of_the_offered_is_looked_at(people: list[Shown]) -> None:
    part = split([row for row in people if row.user == "p0"], 0)
    turned = [replace(row, wanted=not row.wanted, signals=()) for row in part.offered]
    product = Product(part.seen)
    assert product.scores(part.seen, part.offered) == product.scores(part.seen, turned)
    assert product.unrated_scores(part.seen, part.offered) == product.unrated_scores(part.seen, turned)
    assert product.scores(part.seen, part.offered) != product.unrated_scores(part.seen, part.offered)
    one, other = (tune([part.seen], [row.text for row in part.seen], seed=0) for _ in range(2))
    assert [tuned.as_text() for tuned in one] == [tuned.as_text() for tuned in other]
    assert [tuned.scores(part.seen, part.offered) for tuned in one] == [
        tuned.scores(part.seen, turned) for tuned in other
    ]


def test_the_same_rows_give_the_same_figures(people: list[Shown], results: list[SeedResult]) -> None:
    assert measure_seed(people, 1) == results[1]


def test_people_without_both_kinds_or_enough_rows_are_left_out(people: list[Shown]) -> None:
    few = [row for row in people if row.user == "p0"][: LEAST_ROWS - 1]
    content = [replace(row, wanted=True) for row in people if row.user == "p1"]
    assert report(few + content, [measure_seed(few + content, 0)]) is None
    both = few + content + [row for row in people if row.user == "p2"]
    found = report(both, [measure_seed(both, 0)])
    assert found is not None
    assert (found.people, found.rows) == (1, 24)
    assert found.ahead("tfidf").low is None


def test_the_report_in_json_and_in_words(measured: RankingReport) -> None:
    found = json.loads(json.dumps(measured.as_dict()))
    figures = {"auc", "auc_se", "mrr", "ndcg5", "ndcg10"}
    assert set(found["product"]) == figures
    assert list(found["baselines"]) == ["random", "tfidf", "bm25", "rocchio", "logistic"]
    for baseline in found["baselines"].values():
        assert set(baseline) == figures | {"ahead", "tuned"}
        assert baseline["ahead"]["low"] <= baseline["ahead"]["mean"] <= baseline["ahead"]["high"]
    assert [point["signals"] for point in found["curve"]] == [0, 1, 3, 5, 10]
    assert all({"people", "product", "tfidf", "ahead"} <= set(point) for point in found["curve"])
    lines = ranking_lines(measured)
    assert lines[0].startswith("Ranking: 8 people, 192 titles, 2 splits")
    assert sum(line.startswith("contentsync") for line in lines) == 2
    assert any(re.match(r"Rocchio with negatives +0\.\d{3} .* [+-]0\.\d{3} \([+-]", line) for line in lines)


def test_the_curve_is_drawn(measured: RankingReport) -> None:
    picture = draw_curve(measured.curve)
    assert picture.startswith("<svg ")
    assert picture.count('<circle class="dot"') == 5 * len(measured.curve)
    assert "prefers-color-scheme: dark" in picture
    heights = sorted(float(y) for y in re.findall(r'class="name" x="602" y="([\d.]+)"', picture))
    assert len(heights) == 5
    assert all(below - above > 16.8 for above, below in pairwise(heights))

"""`contentsync eval`: what it prints, what it writes, and what it refuses."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from contentsync.commands.eval import Wanted, own_history, own_rows, run
from contentsync.db.engine import Database
from contentsync.db.history import GivenRow, ShownRow
from contentsync.db.models import Digest, DigestEntry
from contentsync.db.schema import migrate
from contentsync.db.taste_models import Feedback
from contentsync.errors import ConfigurationError
from contentsync.evaluation.ranking import measure_seed, report
from contentsync.evaluation.shown import read_impressions
from contentsync.processor.taste import IGNORED_AFTER
from contentsync.settings import Settings
from tests.evaluation.people import write_people
from tests.filling import NOW, add_item, add_source, add_subscriber
from tests.test_commands import contentsync


def test_files_give_json_and_nothing_else(tmp_path: Path) -> None:
    people = write_people(tmp_path / "people.tsv", people=6, rows=12)
    headlines = tmp_path / "headlines.csv"
    told = [f"Story {word} about the {word} of {word}ia, part {n}" for word in "abcdef" for n in "12"]
    headlines.write_text("TITLE,STORY\n" + "".join(f'"{title}",{title[6]}\n' for title in told), encoding="utf-8")
    measured = contentsync(
        "eval", "--impressions", str(people), "--headlines", str(headlines), "--json", "--seeds", "1",
        "--plot", str(tmp_path / "curve.svg"),
    )  # fmt: skip
    assert (measured.returncode, measured.stderr) == (0, "")
    found = json.loads(measured.stdout)
    assert set(found) == {"ranking", "stories"}
    assert set(found["ranking"]["product"]) == {"auc", "auc_se", "mrr", "ndcg5", "ndcg10"}
    assert set(found["ranking"]["baselines"]["rocchio"]) > set(found["ranking"]["product"])
    assert [point["signals"] for point in found["ranking"]["curve"]] == [0, 1, 3, 5]
    assert set(found["stories"]) >= {"precision", "recall", "f"}
    assert (tmp_path / "curve.svg").read_text(encoding="utf-8").endswith("</svg>\n")


async def add_history(data_dir: Path, *, liked: int, ignored: int) -> None:
    """Person 1, who was sent titles about apples and liked them, and titles about cars and left them alone."""
    db = Database(f"sqlite+aiosqlite:///{data_dir / 'contentsync.db'}")
    await migrate(db)
    person = await add_subscriber(db)
    source = await add_source(db)
    titles = [f"Ripe apples number {n}" for n in range(liked)] + [f"Old cars number {n}" for n in range(ignored)]
    items = [await add_item(db, source, str(n), title=title) for n, title in enumerate(titles)]
    async with db.write() as session:
        digest = Digest(subscriber_id=person, slot="a", state="sent", due_at=NOW, finished_at=NOW)
        session.add(digest)
        await session.flush()
        session.add_all(
            DigestEntry(digest_id=digest.id or 0, subscriber_id=person, item_id=item, position=place, score=1.0)
            for place, item in enumerate(items, start=1)
        )
        session.add_all(
            Feedback(subscriber_id=person, item_id=item, kind="rating", value=1, created_at=NOW)
            for item in items[:liked]
        )
    await db.close()


async def test_a_person_sees_whether_it_works_for_them(tmp_path: Path) -> None:
    await add_history(tmp_path, liked=10, ignored=12)
    measured = contentsync(
        "eval", "--subscriber", "1", "--export", str(tmp_path / "mine.tsv"), "--seeds", "2",
        CONTENTSYNC_DATA_DIR=str(tmp_path),
    )  # fmt: skip
    assert (measured.returncode, measured.stderr) == (0, "")
    assert measured.stdout.startswith("Ranking: 1 person, 22 titles, 2 splits of 70/30 each")
    assert "\ncontentsync                     1.000" in measured.stdout
    assert "(too few people to be sure)" in measured.stdout
    exported = read_impressions(tmp_path / "mine.tsv")
    assert [row.wanted for row in exported] == [True] * 10 + [False] * 12
    assert exported[0].title == "Ripe apples number 0"


async def test_a_history_says_when_it_is_too_short(tmp_path: Path) -> None:
    await add_history(tmp_path, liked=2, ignored=3)
    subject = await own_history(Settings(CONTENTSYNC_DATA_DIR=tmp_path), 1)
    assert subject.too_few.startswith("Subscriber 1 was shown 5 items so far and opened, liked or saved 2 of them.")
    assert report(subject.rows, [measure_seed(subject.rows, 0)]) is None


@pytest.mark.parametrize(
    ("directory", "words"),
    [(".", "There is no subscriber 7"), ("nowhere", "There is no database in")],
    ids=["nobody", "no database"],
)
async def test_a_history_that_is_not_there(tmp_path: Path, directory: str, words: str) -> None:
    await add_history(tmp_path, liked=0, ignored=1)
    with pytest.raises(ConfigurationError, match=words):
        await own_history(Settings(CONTENTSYNC_DATA_DIR=tmp_path / directory), 7)


def test_wanted_is_what_was_liked_unless_it_was_disliked_in_the_end() -> None:
    def shown(item_id: int, *signals: str, hours_ago: float = 48) -> ShownRow:
        at = NOW - timedelta(hours=hours_ago)
        given = tuple(GivenRow(kind, at) for kind in signals)
        return ShownRow(at, item_id, "T", "S", 7, "Ada", "video", "en", 3, 60, b"", given)

    found = own_rows(
        "5",
        [
            shown(1, "like"),
            shown(2, "opened", "saved"),
            shown(3, "opened", "dislike"),
            shown(4),
            shown(5, hours_ago=IGNORED_AFTER / timedelta(hours=1) - 1),
            shown(6, "opened", hours_ago=1),
            shown(7, "muted"),
        ],
        now=NOW,
    )
    assert [(row.item_id, row.wanted) for row in found] == [
        (1, True), (2, True), (3, False), (4, False), (6, True), (7, False),
    ]  # fmt: skip
    assert [given.kind for given in found[3].signals] == ["ignored"]
    assert found[3].signals[0].at == NOW - timedelta(hours=48)
    assert (found[0].user, found[0].text, found[0].source_id, found[0].media_kind) == ("5", "T S", 7, "video")


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Wanted(), "Say what to measure: --impressions FILE.tsv"),
        (Wanted(impressions=Path("x"), subscriber_id=1), "not both"),
        (Wanted(impressions=Path("x"), plot=Path("x.png")), "ends in .svg"),
        (Wanted(headlines=Path("x"), plot=Path("x.svg")), "--plot draws the learning curve of a ranking"),
        (Wanted(impressions=Path("x"), export=Path("y")), "give --subscriber too"),
        (Wanted(impressions=Path("/nowhere/x")), "/nowhere/x cannot be read"),
    ],
    ids=["nothing", "two rankings", "no svg", "no ranking", "nobody to export", "no file"],
)
def test_what_makes_no_sense_is_refused(wanted: Wanted, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        run(Settings(), wanted)

"""What people were shown and what they made of it: the rows by which a ranking is measured. Pure but for files."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from contentsync.errors import ConfigurationError

SEEN_SHARE = 0.7
"""Of a person's rows so many are learned from; the ranking is measured on the others."""
LIKE, DISLIKE, OPENED, IGNORED = "like", "dislike", "opened", "ignored"
UNDATED = datetime(2020, 1, 1, tzinfo=UTC)
LABELS = {"1": True, "0": False}


@dataclass(frozen=True, slots=True)
class Given:
    """Something a person did with an item: a kind of signal in the words of `contentsync.processor.taste`."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """An item that somebody was shown. `item_id`: unique among all rows. `wanted`: they clicked, liked or saved it.

    Files tell titles alone. An instance knows more of its own items: the other fields, and `features` as they are
    stored; where these are None they are made from the rest.
    """

    user: str
    item_id: int
    wanted: bool
    title: str
    signals: tuple[Given, ...]
    summary: str = ""
    source_id: int = 0
    author: str | None = None
    media_kind: str = "article"
    language: str | None = None
    word_count: int | None = None
    duration_seconds: int | None = None
    features: bytes | None = None

    @property
    def text(self) -> str:
        """Everything that is written about the item."""
        return f"{self.title} {self.summary}".rstrip()


@dataclass(frozen=True, slots=True)
class Split:
    """One person's rows: those a ranking may learn from, in the order of the signals, and those it has to rank."""

    user: str
    seen: tuple[Shown, ...]
    offered: tuple[Shown, ...]

    @property
    def can_be_measured(self) -> bool:
        """Whether there is anything to tell apart among the offered."""
        return len({row.wanted for row in self.offered}) == 2

    @property
    def unrepeated(self) -> "Split":
        """The same without offered titles that are among the seen ones, word for word: nothing is delivered twice."""
        titles = {row.title for row in self.seen}
        return Split(self.user, self.seen, tuple(row for row in self.offered if row.title not in titles))


def read_impressions(path: Path) -> list[Shown]:
    """The rows of a TSV file without a header: user, 1 (clicked) or 0 (shown and not clicked), title.

    The product is told them as 👍 and 👎, which is what the baselines make of them too.

    Raises:
        ConfigurationError: the file cannot be read, or is of another form; the message names the line.
    """
    rows = []
    for number, line in enumerate(_lines(path), start=1):
        user, label, title = [*line.split("\t"), "", "", ""][:3]
        if label not in LABELS or not user or not title.strip():
            raise ConfigurationError(
                f"Line {number} of {path} is not what --impressions reads: user, 1 or 0, title, with tabs between them."
            )
        wanted = LABELS[label]
        given = Given(LIKE if wanted else DISLIKE, UNDATED)
        rows.append(Shown(user=user, item_id=number, wanted=wanted, title=title, signals=(given,)))
    if not rows:
        raise ConfigurationError(f"{path} is empty. --impressions reads lines of user, 1 or 0, and title.")
    return rows


def write_impressions(path: Path, rows: Iterable[Shown]) -> None:
    """Write rows in the form that `read_impressions` reads.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    lines = [f"{row.user}\t{int(row.wanted)}\t{' '.join(row.title.split())}\n" for row in rows]
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from error


def split(rows: Sequence[Shown], seed: int) -> Split:
    """One person's rows, shuffled by the seed and the person alone, and cut in two."""
    shuffled = list(rows)
    user = rows[0].user
    random.Random(f"{seed} {user}").shuffle(shuffled)
    border = int(len(shuffled) * SEEN_SHARE)
    return Split(user, tuple(shuffled[:border]), tuple(shuffled[border:]))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not a text file in UTF-8.") from error

"""The command line: what it says of itself, what it refuses, and how `reprocess` tells how it goes."""

import io
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from typing_extensions import override

from contentsync.__main__ import COMMANDS
from contentsync.commands.reprocess import MOST_FILES, ProgressBar, describe
from contentsync.puller.reprocess import Reprocessed, Trouble


def contentsync(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a person would, with nothing set but these variables."""
    return subprocess.run(
        [sys.executable, "-m", "contentsync", *arguments],
        capture_output=True, text=True, env=environment(variables), check=False,
    )  # fmt: skip


def environment(variables: dict[str, str]) -> dict[str, str]:
    """This process's variables without any that mean something to the program, and these."""
    ours = ("CONTENTSYNC_", "DATABASE_URL", "TELEGRAM_", "TEMPORAL_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | variables


def test_help_shows_every_command_with_an_example() -> None:
    shown = contentsync("--help")
    assert shown.returncode == 0
    for name, (summary, example) in COMMANDS.items():
        assert re.search(rf"^  (  )?{name}\s+{summary}", shown.stdout, re.MULTILINE)
        assert f"  {example}\n" in shown.stdout
        assert example.startswith(f"contentsync {name}")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say what to do: run | reprocess"),
        (("fly",), "invalid choice: 'fly'"),
        (("run", "--fast"), "unrecognized arguments: --fast"),
        (("reprocess", "--since", "yesterday"), "'yesterday' is no date, write it like 2026-03-01"),
        (("reprocess", "--source", "https://example.org"), "invalid int value: 'https://example.org'"),
    ],
    ids=["nothing", "unknown command", "unknown option", "no date", "no id"],
)
def test_wrong_arguments_get_one_sentence(arguments: tuple[str, ...], words: str) -> None:
    refused = contentsync(*arguments)
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.startswith("contentsync: ")
    assert refused.stderr.count("\n") == 1
    assert words in refused.stderr
    assert "--help` shows what is understood" in refused.stderr


def test_reprocess_without_a_database_is_refused(tmp_path: Path) -> None:
    refused = contentsync("reprocess", CONTENTSYNC_DATA_DIR=str(tmp_path / "nowhere"))
    assert refused.returncode == 2
    assert f"There is no database in {tmp_path / 'nowhere'}. Set CONTENTSYNC_DATA_DIR" in refused.stderr
    assert not (tmp_path / "nowhere").exists()


def test_reprocess_says_when_the_database_does_not_answer() -> None:
    refused = contentsync("reprocess", DATABASE_URL="postgresql+asyncpg://person:hunter2@127.0.0.1:9/x")
    assert refused.returncode == 2
    assert refused.stderr.startswith("contentsync: The database does not answer (")
    assert refused.stderr.count("\n") == 1
    assert "hunter2" not in refused.stderr


class Terminal(io.StringIO):
    """Text that goes to somebody's eyes."""

    @override
    def isatty(self) -> bool:
        return True


def test_the_bar_is_not_redrawn_all_the_time() -> None:
    terminal, file = Terminal(), io.StringIO()
    for output in (terminal, file):
        bar = ProgressBar(output)
        for documents in range(10_001):
            bar.show(Reprocessed(documents=documents), 10_000)
        bar.end()
    assert 2 <= terminal.getvalue().count("\r") < 20
    assert "10,000 of 10,000" in terminal.getvalue()
    assert file.getvalue() == ""
    empty = Terminal()
    ProgressBar(empty).show(Reprocessed(), 0)
    assert "100%  0 of 0" in empty.getvalue()


def test_each_trouble_says_what_to_do_but_not_without_end() -> None:
    done = Reprocessed(documents=1234, added=1, changed=2, same=3456)
    done.troubles[Trouble.MISSING] = Counter({f"raw/{n:03}": 2 for n in range(MOST_FILES)})
    done.troubles[Trouble.DAMAGED] = Counter({"raw/x": 1})
    done.troubles[Trouble.UNREADABLE] = Counter({"raw/y": 1})
    summary, *lines = describe(done, 12.34)
    assert summary == (
        "1,234 answers read in 12.3 s, 40 missing, 1 damaged, 1 unreadable. "
        "Items: 1 added, 2 changed, 3,456 as they were."
    )
    assert (
        lines[0] == "raw/000 (2 answers) is missing or cannot be opened: put it back from a backup and run this again"
    )
    assert lines[-1] == "… and 2 more files."
    assert len(lines) == MOST_FILES + 1

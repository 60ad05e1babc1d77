"""A whole `contentsync reprocess`, in a process of its own."""

import asyncio
import os
import pty
import re
import sqlite3
import sys
from pathlib import Path

import pytest

from contentsync.db.engine import Database
from contentsync.db.schema import migrate
from tests.puller.conftest import World, rss
from tests.puller.test_activities import pull
from tests.test_commands import contentsync, environment


@pytest.fixture
async def stopped(world: World, tmp_path: Path) -> Path:
    """The data directory of an instance that has pulled two feeds, and lost its items."""
    world.web.serve("/a", rss("a1", "a2"))
    world.web.serve("/b", rss("b1"))
    await pull(world, await world.follow(world.web.url("/a"), world.web.url("/b")))
    directory = tmp_path / "data"
    directory.mkdir()
    database = Database(f"sqlite+aiosqlite:///{directory / 'contentsync.db'}")
    await migrate(database)
    await database.close()
    (world.data_dir / "raw").rename(directory / "raw")
    with sqlite3.connect(directory / "contentsync.db") as connection:
        connection.execute("ATTACH ? AS pulled", (str(world.data_dir / "contentsync.db"),))
        for table in ("source", "raw_document"):
            names = ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA pulled.table_info({table})"))
            connection.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM pulled.{table}")
    return directory


def titles(directory: Path) -> list[str]:
    with sqlite3.connect(directory / "contentsync.db") as connection:
        return [title for (title,) in connection.execute("SELECT title FROM item ORDER BY title")]


async def test_reprocess_brings_the_items_back(stopped: Path) -> None:
    done = await asyncio.to_thread(contentsync, "reprocess", CONTENTSYNC_DATA_DIR=str(stopped))
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"2 answers read in \d+\.\d s\. Items: 3 added, 0 changed, 0 as they were\.\n", done.stdout), (
        done.stdout
    )
    assert titles(stopped) == ["a1", "a2", "b1"]


async def test_reprocess_of_a_choice(stopped: Path) -> None:
    none = await asyncio.to_thread(
        contentsync, "reprocess", "--source", "2", "--since", "2026-03-02", CONTENTSYNC_DATA_DIR=str(stopped)
    )
    assert (none.returncode, none.stdout[:14]) == (0, "0 answers read")
    unknown = await asyncio.to_thread(contentsync, "reprocess", "--source", "99", CONTENTSYNC_DATA_DIR=str(stopped))
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "There is no source 99." in unknown.stderr


async def test_reprocess_names_what_is_missing(stopped: Path) -> None:
    (archive,) = stopped.rglob("*.warc.gz")
    archive.unlink()
    missing = await asyncio.to_thread(contentsync, "reprocess", CONTENTSYNC_DATA_DIR=str(stopped))
    assert missing.returncode == 1
    summary, advice = missing.stdout.splitlines()
    assert ", 2 missing. Items: 0 added" in summary
    assert advice == (
        f"{archive.relative_to(stopped)} (2 answers) is missing or cannot be opened: "
        "put it back from a backup and run this again"
    )


async def test_reprocess_draws_a_bar_on_a_terminal(stopped: Path) -> None:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "contentsync", "reprocess",
        env=environment({"CONTENTSYNC_DATA_DIR": str(stopped)}), stdout=asyncio.subprocess.PIPE, stderr=theirs,
    )  # fmt: skip
    out, _ = await process.communicate()
    os.close(theirs)
    drawn = os.read(ours, 10_000).decode()
    os.close(ours)
    assert process.returncode == 0
    assert "3 added" in out.decode()
    assert drawn.startswith("\r[------------------------]   0%  0 of 2 answers")
    assert re.search(r"\r\[#{24}\] 100%  2 of 2 answers  [\d,]+ items/s\x1b\[K\r?\n$", drawn), drawn

"""The whole path in one real process: a link pasted into the local chat becomes a digest; and what a crash leaves."""

import asyncio
import json
import os
import re
import signal
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.feeds import rss
from tests.fakes.web import FakeWeb, Reply
from tests.instance import Instance, buttons, has_button, says

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def table(chat: Instance, query: str) -> list[tuple[object, ...]]:
    """Rows of the instance's database, through a connection of our own."""
    with sqlite3.connect(f"file:{chat.data / 'contentsync.db'}?mode=ro", uri=True) as connection:
        return connection.execute(query).fetchall()


async def eventually(chat: Instance, query: str, rows: list[tuple[object, ...]], seconds: float = 40) -> None:
    """Wait until the database says so: it is written after the chat shows it, and after a crash later still."""
    deadline = asyncio.get_running_loop().time() + seconds
    while (found := table(chat, query)) != rows:
        assert asyncio.get_running_loop().time() < deadline, found
        await asyncio.sleep(0.2)


async def follow(chat: Instance, link: str) -> str:
    """Paste a link, tap Follow, and give what the bot then says."""
    offer = await chat.ask(link, has_button("Follow"))
    await chat.tap(offer, "Follow")
    return str((await chat.wait_for(has_button("Unfollow"), after=offer["message_id"] - 1))["text"])


async def test_a_pasted_link_becomes_a_digest(tmp_path: Path) -> None:
    async with FakeWeb() as web, Instance(tmp_path) as chat:
        web.serve("/feed.xml", rss("river", 12), content_type="application/rss+xml")
        web.serve(
            "/", b'<html><head><link rel=alternate type="application/rss+xml" href="/feed.xml"></head></html>',
            content_type="text/html",
        )  # fmt: skip

        greeting = await chat.ask("/start")
        assert "link" in greeting["text"]
        offer = await chat.ask(web.url("/"), has_button("Follow"))
        assert "river news" in offer["text"]
        assert [f"river story {n}" in offer["text"] for n in (1, 2, 3, 4)] == [True, True, True, False]
        await chat.tap(offer, "Follow")
        followed = await chat.wait_for(has_button("Unfollow"), after=offer["message_id"] - 1)
        assert "12" in followed["text"]

        digest = await chat.ask("/digest", says("river story 1"))
        assert [n for n in range(1, 13) if re.search(rf"river story {n}\b", digest["text"])] == list(range(1, 11))
        assert {e["url"] for e in digest["entities"] if e["type"] == "text_link"} == {
            f"https://river.example/{n}" for n in range(1, 11)
        }

        await chat.tap(digest, "3")
        card = await chat.wait_for(says("About river number 3."), after=digest["message_id"] - 1)
        await chat.tap(card, "👍")
        await chat.wait_for(lambda m: any("✓" in b["text"] for b in buttons(m)), after=digest["message_id"] - 1)
        assert table(chat, "SELECT value FROM feedback WHERE kind = 'rating'") == [(1,)]

        second = await chat.ask("/digest", says("river story 11"))
        assert "river story 12" in second["text"]
        assert not re.search(r"river story 1\b", second["text"]), "nothing is sent twice"
        third = await chat.ask("/digest")
        assert "river story" not in (await chat.wait_for(lambda m: m["message_id"] == third["message_id"]))["text"]

        ready = await chat.get("/ready")
        assert (ready.status_code, ready.json()) == (200, {"temporal": True, "database": True, "telegram": True})
        assert await chat.stop() == 0


async def test_the_daily_digest_comes_by_itself(tmp_path: Path) -> None:
    async with FakeWeb() as web, Instance(tmp_path) as chat:
        web.serve("/feed.xml", rss("garden", 3), content_type="application/rss+xml")
        await chat.ask("/start")
        await follow(chat, web.url("/feed.xml"))
        due_at = datetime.now(UTC).replace(second=0, microsecond=0)
        with sqlite3.connect(chat.data / "contentsync.db", timeout=10) as connection:
            connection.execute(
                "UPDATE subscriber SET digest_minute = ?, next_digest_at = ?",
                (due_at.hour * 60 + due_at.minute, due_at.strftime("%Y-%m-%d %H:%M:%S.%f")),
            )
        digest = await chat.wait_for(says("garden story 1"), seconds=30)
        assert "garden story 3" in digest["text"]
        await eventually(chat, "SELECT slot, state FROM digest", [(f"{due_at:%Y-%m-%dT%H:%M}", "sent")])


async def test_a_second_start_is_refused_and_a_forced_stop_is_possible(tmp_path: Path) -> None:
    async with Instance(tmp_path) as chat:
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "contentsync", "run",
            cwd=tmp_path, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"CONTENTSYNC_DATA_DIR": str(chat.data)},
        )  # fmt: skip
        out, err = await asyncio.wait_for(second.communicate(), 20)
        assert second.returncode == 2
        assert out == b""
        assert err.decode().count("\n") == 1
        assert f"Already running on {chat.data}" in err.decode()
        assert await chat.stop(signal.SIGINT) == 0


async def test_a_part_that_dies_takes_the_process_down_with_a_clear_last_line(tmp_path: Path) -> None:
    chat = Instance(tmp_path)
    async with chat:
        recorded = json.loads((chat.data / "temporal.json").read_text())
        os.kill(recorded["pid"], signal.SIGKILL)
        assert await chat.ended() == 1
        last = chat.errors.read_text().rstrip().splitlines()[-1]
        assert last.startswith("contentsync: The embedded Temporal server ended by itself")
        await chat.start()
        assert "link" in (await chat.ask("/start"))["text"]


@pytest.mark.parametrize("embedded_too", [False, True], ids=["temporal lives on", "temporal dies too"])
async def test_killed_in_the_middle_of_a_pull(tmp_path: Path, embedded_too: bool) -> None:
    async with FakeWeb() as web, Instance(tmp_path) as chat:
        await chat.ask("/start")
        for number in range(200):
            web.reply(
                f"/{number}.xml",
                Reply(body=rss(f"n{number}", 5), content_type="application/rss+xml", delay_seconds=0.3),
            )
        _follow_directly(chat, [web.url(f"/{number}.xml") for number in range(200)])
        while sum(web.hits(f"/{number}.xml") for number in range(200)) < 60:
            await asyncio.sleep(0.02)
        await chat.kill(embedded_too=embedded_too)
        assert table(chat, "SELECT count(*) FROM item") < [(1000,)]

        await chat.start()
        deadline = asyncio.get_running_loop().time() + 60
        while table(chat, "SELECT count(*) FROM source WHERE last_success_at IS NULL") != [(0,)]:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.2)
        assert table(chat, "SELECT count(*), count(DISTINCT source_id || external_id) FROM item") == [(1000, 1000)]
        missing = "SELECT count(*) FROM item WHERE raw_document_id IS NULL"
        assert table(chat, missing) == [(0,)]


async def test_killed_in_the_middle_of_sending_a_digest(tmp_path: Path) -> None:
    """Killed at three moments of the way of a digest: each digest's content stands in the chat exactly once."""
    async with FakeWeb() as web, Instance(tmp_path) as chat:
        web.serve("/feed.xml", rss("signal", 40), content_type="application/rss+xml")
        await chat.ask("/start")
        await follow(chat, web.url("/feed.xml"))
        first_ask = None
        for moment in range(3):
            asked = await chat.say("/digest")
            first_ask = first_ask or asked
            await asyncio.sleep(0.05 + 0.15 * moment)
            await chat.kill()
            await chat.start()
            await chat.wait_for(says("signal story"), after=asked, seconds=40)
        await eventually(chat, "SELECT state, count(*) FROM digest GROUP BY state", [("sent", 3)])
        texts = [str(m.get("text", "")) for m in await chat.messages(after=first_ask or 0)]
        shown = [int(n) for text in texts for n in re.findall(r"signal story (\d+)", text)]
        assert sorted(shown) == list(range(1, 31)), "every story of three digests, each once"
        lost = table(chat, "SELECT sum(stubs_lost) FROM delivery")[0][0]
        assert isinstance(lost, int)
        assert lost <= 3


def _follow_directly(chat: Instance, urls: list[str]) -> None:
    """Follow many feeds at once, as an import would; they are due at once."""
    with sqlite3.connect(chat.data / "contentsync.db", timeout=10) as connection:
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        for url in urls:
            row = connection.execute(
                "INSERT INTO source (kind, key, url, title, preview, interval_minutes, failures, last_error_params, "
                "created_at, next_pull_at) VALUES ('feed', ?, ?, '', '[]', 60, 0, '{}', ?, ?)",
                (url, url, now, now),
            )
            connection.execute(
                "INSERT INTO subscription (subscriber_id, source_id, origin, created_at) "
                "SELECT id, ?, 'link', ? FROM subscriber",
                (row.lastrowid, now),
            )

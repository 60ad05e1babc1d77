"""What survives a restart and a kill, who is let in, and how the server stops."""

import asyncio
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.types import BotCommand, BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup
from aiogram.utils.token import validate_token

from contentsync.localchat.server import LocalChat
from tests.fakes.telegram import FakeTelegram
from tests.localchat.conftest import connect

KILLED_AFTER_TALKING = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.fakes.telegram import FakeTelegram

async def talk():
    async with FakeTelegram(Path(sys.argv[1])) as telegram:
        for number in range(20):
            await telegram.say(f"message {number}", from_id=1 + number % 3)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(talk())
"""


async def test_everything_survives_a_restart(tmp_path: Path) -> None:
    telegram = FakeTelegram(tmp_path)
    async with telegram:
        token = telegram.token
        assert validate_token(token)
        await telegram.say("one", from_id=7)
        await telegram.say("two", from_id=7)
        async with connect(telegram) as bot:
            updates = await bot.get_updates()
            await bot.get_updates(offset=updates[0].update_id + 1)
            markup = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="x", callback_data="x")]])
            sent = await bot.send_message(7, "<b>x</b>", parse_mode="HTML", reply_markup=markup)
            await telegram.tap(sent.message_id, "x", from_id=7)
            document = await bot.send_document(7, BufferedInputFile(b"bytes", "a.txt"))
            await bot.delete_message(7, document.message_id)
            await bot.set_my_commands([BotCommand(command="help", description="Help")])
        before = await telegram.messages(7)
    async with telegram:
        assert telegram.token == token
        assert await telegram.messages(7) == before
        async with connect(telegram) as bot:
            waiting = await bot.get_updates()
            assert waiting[0].update_id == updates[1].update_id
            assert waiting[0].message is not None
            assert waiting[0].message.text == "two"
            assert waiting[1].callback_query is not None
            assert await bot.answer_callback_query(waiting[1].callback_query.id, text="late but there")
            await bot.get_updates(offset=waiting[1].update_id + 1)
            assert [command.command for command in await bot.get_my_commands()] == ["help"]
            assert document.document is not None
            assert await telegram.file(document.document.file_id) == b"bytes"
            new = await bot.send_message(7, "new")
            assert new.message_id > document.message_id
            await telegram.say("three", from_id=7)
            assert [update.update_id for update in await bot.get_updates()] == [waiting[1].update_id + 1]


def test_nothing_acknowledged_is_lost_by_kill(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER_TALKING, str(tmp_path)], cwd=Path(__file__).parents[2], timeout=20
    )
    assert ended.returncode == -signal.SIGKILL

    async def look() -> tuple[list[Any], list[Any]]:
        async with FakeTelegram(tmp_path) as telegram, connect(telegram) as bot:
            return await telegram.messages(2), await bot.get_updates()

    messages, updates = asyncio.run(look())
    assert [message["text"] for message in messages] == [f"message {number}" for number in range(1, 20, 3)]
    assert [update.message.text for update in updates] == [f"message {number}" for number in range(20)]


async def test_the_file_is_for_its_owner_only(telegram: FakeTelegram, tmp_path: Path) -> None:
    await telegram.say("private")
    files = list(tmp_path.glob("localchat.db*"))
    assert len(files) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


async def test_a_thrown_away_file_does_not_repeat_update_ids(tmp_path: Path) -> None:
    ids = []
    for name in ("old", "new"):
        async with FakeTelegram(tmp_path / name) as telegram, connect(telegram) as bot:
            await telegram.say("x")
            ids += [update.update_id for update in await bot.get_updates()]
        await asyncio.sleep(1.1 if name == "old" else 0)  # ids begin at the second of creation
    assert ids[1] > ids[0] > 1_500_000_000


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:{port}"}, 200),
        ({"Host": "[::1]:{port}"}, 200),
        ({"Origin": "http://localhost:{port}"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:{port}"}, 403),
        ({"Host": "localhost:1"}, 403),
        ({"Host": "localhost"}, 403),
        ({"Host": "localhost.evil.example:{port}"}, 403),
        ({"Host": "user@localhost:{port}"}, 403),
        ({"Host": "192.168.0.1:{port}"}, 403),
        ({"Host": ""}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Origin": "https://localhost:{port}"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_who_is_let_in(telegram: FakeTelegram, headers: dict[str, str], status: int) -> None:
    port = telegram.base_url.rpartition(":")[2]
    sent = {name: value.format(port=port) for name, value in headers.items()}
    paths = ["/chat", "/chat/chat.js", "/localchat/messages", "/localchat/state", f"/bot{telegram.token}/getMe"]
    async with aiohttp.ClientSession(telegram.base_url) as session:
        for path in paths:
            async with session.get(path, headers=sent) as response:
                assert response.status == status, path
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                if status == 403:
                    assert (await response.json())["description"].startswith("Forbidden: ")
        async with session.post("/localchat/messages", json={"text": "x"}, headers=sent) as response:
            assert response.status == status
    assert len(await telegram.messages()) == (1 if status == 200 else 0)


async def test_the_page_runs_its_own_script_only(telegram: FakeTelegram) -> None:
    async with aiohttp.ClientSession(telegram.base_url) as session, session.get("/chat") as response:
        policy = response.headers["Content-Security-Policy"]
        body = await response.text()
        for path in ("/chat/nothing.js", "/chat/..%2Fserver.py", "/file/botx/y"):
            async with session.get(path) as other:
                assert other.status in (401, 404)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in body
    assert body.count("<script") == body.count('<script type="module" src="/chat/chat.js"></script>') == 1


async def test_stopping_ends_what_waits(tmp_path: Path) -> None:
    telegram = FakeTelegram(tmp_path)
    async with telegram, aiohttp.ClientSession(telegram.base_url) as session:
        poll = asyncio.create_task(session.get(f"/bot{telegram.token}/getUpdates?timeout=50"))
        events = await session.get("/localchat/events")
        assert b"event: ready" in await events.content.readuntil(b"\n\n")
        await asyncio.sleep(0.1)
        stopping_at = time.perf_counter()
        await telegram.stop()
        assert time.perf_counter() - stopping_at < 1.5
        assert await (await poll).json() == {"ok": True, "result": []}
        assert await events.content.read() == b""


async def test_two_hundred_people_do_not_block_the_loop(telegram: FakeTelegram) -> None:
    """Every beat of a 5 ms clock is nearly in time while 200 people talk as fast as they can."""
    late: list[float] = []
    talking = True

    async def beat() -> None:
        while talking:
            began_at = time.perf_counter()
            await asyncio.sleep(0.005)
            late.append(time.perf_counter() - began_at - 0.005)

    clock = asyncio.create_task(beat())
    began_at = time.perf_counter()
    limit = asyncio.Semaphore(20)

    async def person(number: int) -> None:
        async with limit:
            await telegram.say("hello", from_id=number)

    await asyncio.gather(*(person(number) for number in range(1, 201)))
    seconds = time.perf_counter() - began_at
    talking = False
    await clock
    assert 200 / seconds > 50
    assert sorted(late)[len(late) // 2] < 0.05


def test_closing_twice_is_fine(tmp_path: Path) -> None:
    async def run() -> None:
        chat = LocalChat(tmp_path)
        await chat.close()
        await chat.close()

    asyncio.run(run())
    assert (tmp_path / "localchat.db").exists()


async def test_a_bot_told_by_its_token_alone(telegram: FakeTelegram, bot: Bot) -> None:
    assert bot.id == int(telegram.token.partition(":")[0]) == (await bot.get_me()).id

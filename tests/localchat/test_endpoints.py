"""The JSON endpoints for people and scripts."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from tests.fakes.telegram import FakeTelegram


@pytest.fixture
async def http(telegram: FakeTelegram) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(telegram.base_url) as session:
        yield session


async def post(http: aiohttp.ClientSession, endpoint: str, body: Any) -> tuple[int, dict[str, Any]]:
    async with http.post(f"/localchat/{endpoint}", json=body) as response:
        return response.status, await response.json()


async def test_messages_of_several_people(http: aiohttp.ClientSession, telegram: FakeTelegram) -> None:
    status, first = await post(http, "messages", {"text": "  see https://example.org/feed  "})
    assert (status, first["ok"]) == (200, True)
    _, second = await post(http, "messages", {"text": "two", "from_id": 2})
    _, third = await post(http, "messages", {"location": {"latitude": 52.5, "longitude": 13.4}, "from_id": "1"})
    assert first["message_id"] < second["message_id"] < third["message_id"]
    mine = await telegram.messages(1)
    assert [message["message_id"] for message in mine] == [first["message_id"], third["message_id"]]
    assert mine[0]["text"] == "see https://example.org/feed"
    assert mine[0]["entities"] == [{"type": "url", "offset": 4, "length": 24}]
    assert mine[1]["location"] == {"latitude": 52.5, "longitude": 13.4}
    assert (mine[0]["from"]["id"], mine[0]["chat"]["id"], mine[0]["from"]["language_code"]) == (1, 1, "en")
    assert await telegram.messages(1, after=first["message_id"]) == mine[1:]
    assert await telegram.messages(3) == []


async def test_ranges_of_messages(http: aiohttp.ClientSession, telegram: FakeTelegram) -> None:
    ids = [await telegram.say(str(number)) for number in range(5)]

    async def range_of(**params: int) -> list[int]:
        async with http.get("/localchat/messages", params=params) as response:
            return [message["message_id"] for message in await response.json()]

    assert await range_of() == ids
    assert await range_of(limit=2) == ids[3:]
    assert await range_of(before=ids[3], limit=2) == ids[1:3]
    assert await range_of(after=ids[3]) == ids[4:]


@pytest.mark.parametrize(
    ("endpoint", "body", "status", "sentence"),
    [
        ("messages", {}, 400, 'Say something: "text" is empty, and there is no "location".'),
        ("messages", {"text": " \n "}, 400, "Say something"),
        ("messages", {"text": "x" * 4097}, 400, "The text is too long: 4097 of at most 4096"),
        ("messages", {"text": "x", "from_id": "me"}, 400, '"from_id" is a positive whole number.'),
        ("messages", {"text": "x", "from_id": 0}, 400, '"from_id" is a positive whole number.'),
        ("messages", {"text": "\ud800"}, 400, "strings must be encoded in UTF-8"),
        ("messages", {"location": {"latitude": 1}}, 400, '"location" needs "latitude" and "longitude"'),
        ("messages", {"location": {"latitude": 91, "longitude": 0}}, 400, "A latitude is within ±90"),
        ("messages", ["text"], 400, "the request body must be a JSON object"),
        ("callbacks", {"data": "x"}, 400, '"message_id" is missing.'),
        ("callbacks", {"message_id": 999, "data": "x"}, 404, "Message 999 is not in the chat of person 1"),
        ("documents", {}, 400, 'Send a file that is not empty in the multipart field "file".'),
        ("people", {"id": 1, "first_name": "x" * 65}, 400, "A name has 1 to 64 characters."),
        ("people", {"id": 1, "language_code": "é"}, 400, "A language code looks like"),
    ],
)
async def test_sentences_for_mistakes(
    http: aiohttp.ClientSession, telegram: FakeTelegram, endpoint: str, body: Any, status: int, sentence: str
) -> None:
    answered, answer = await post(http, endpoint, body)
    assert (answered, answer["ok"]) == (status, False)
    assert sentence in answer["description"]
    assert await telegram.messages() == []


async def test_taps_on_buttons_that_are_not_there(
    http: aiohttp.ClientSession, telegram: FakeTelegram, bot: Bot
) -> None:
    said = await telegram.say("hi")
    markup = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="x", callback_data="x")]])
    sent = await bot.send_message(1, "choose", reply_markup=markup)
    status, answer = await post(http, "callbacks", {"message_id": sent.message_id, "data": "y"})
    assert status == 400
    assert "no button with this data" in answer["description"]
    assert (await post(http, "callbacks", {"message_id": said, "data": "x"}))[0] == 400
    assert (await post(http, "callbacks", {"message_id": sent.message_id, "data": "x", "from_id": 2}))[0] == 404
    status, answer = await post(http, "callbacks", {"message_id": sent.message_id, "data": "x"})
    assert (status, answer["message_id"]) == (200, sent.message_id)
    await bot.delete_message(1, sent.message_id)
    assert (await post(http, "callbacks", {"message_id": sent.message_id, "data": "x"}))[0] == 404


async def test_files_are_never_run_in_the_browser(http: aiohttp.ClientSession, telegram: FakeTelegram) -> None:
    await telegram.upload("evil.html", b"<script>alert(1)</script>")
    file_id = (await telegram.messages())[0]["document"]["file_id"]
    async with http.get(f"/localchat/files/{file_id}") as response:
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment")
    async with http.get("/localchat/files/nothing") as response:
        assert response.status == 404


async def test_a_large_file_is_taken_and_a_larger_one_refused(
    http: aiohttp.ClientSession, telegram: FakeTelegram, bot: Bot
) -> None:
    await telegram.upload("big.bin", bytes(21 * 1024 * 1024))
    document = (await telegram.messages())[0]["document"]
    assert document["file_size"] == 21 * 1024 * 1024
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await bot.get_file(document["file_id"])
    form = aiohttp.FormData({"from_id": "1"})
    form.add_field("file", io.BytesIO(bytes(52 * 1024 * 1024)), filename="bigger.bin")
    async with http.post("/localchat/documents", data=form) as response:
        assert response.status == 413


async def test_a_blocked_bot_hears_nothing_until_start(http: aiohttp.ClientSession, telegram: FakeTelegram) -> None:
    await telegram.say("hi")
    await post(http, "people", {"id": 1, "blocked": True})
    status, answer = await post(http, "messages", {"text": "hello?"})
    assert (status, answer["description"]) == (403, "You have blocked the bot. Send /start to talk to it again.")
    assert (await post(http, "messages", {"text": "/start again"}))[0] == 200
    assert (await post(http, "messages", {"text": "hello!"}))[0] == 200


async def test_events_tell_what_happens(http: aiohttp.ClientSession, telegram: FakeTelegram, bot: Bot) -> None:
    await telegram.say("hi")
    async with asyncio.timeout(4), http.get("/localchat/events", params={"chat_id": 1}) as stream:

        async def next_event() -> tuple[str, Any]:
            lines = (await stream.content.readuntil(b"\n\n")).decode().splitlines()
            return lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))

        assert (await next_event())[0] == "ready"
        await telegram.say("elsewhere", from_id=2)
        assert (await next_event())[0] == "changed"
        await bot.send_chat_action(1, "typing")
        assert await next_event() == ("typing", {"action": "typing"})
        markup = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="x", callback_data="x")]])
        sent = await bot.send_message(1, "one", reply_markup=markup)
        kind, shown = await next_event()
        assert (kind, shown["text"]) == ("message", "one")
        await telegram.tap(sent.message_id, "x")
        query = (await bot.get_updates())[-1].callback_query
        assert query is not None
        await bot.answer_callback_query(query.id, text="done", show_alert=True)
        kind, answer = await next_event()
        assert (kind, answer["text"], answer["show_alert"]) == ("answer", "done", True)
        await bot.delete_message(1, sent.message_id)
        kind, shown = await next_event()
        assert (kind, shown["deleted"], shown["answer"]) == ("message", True, "done")

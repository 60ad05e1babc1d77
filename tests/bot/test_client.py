"""The Bot API client: what it takes for success, and what it does not."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from contentsync.bot.client import open_bot, typing
from tests.fakes.telegram import FakeTelegram

KEYBOARD = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="a", callback_data="a")]])


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(tmp_path) as fake:
        await fake.say("hello")
        yield fake


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    opened = open_bot(telegram.token, telegram.base_url)
    yield opened
    await opened.session.close()


async def test_texts_are_html_without_preview(bot: Bot, telegram: FakeTelegram) -> None:
    await bot.send_message(1, "<b>bold</b> https://a.example")
    (call,) = telegram.calls("sendMessage")
    assert call["parse_mode"] == "HTML"
    assert "is_disabled" in str(call["link_preview_options"])
    assert (await telegram.messages())[-1]["text"] == "bold https://a.example"


async def test_an_edit_that_changes_nothing_is_no_error(bot: Bot) -> None:
    sent = await bot.send_message(1, "same", reply_markup=KEYBOARD)
    for _ in range(2):
        await bot.edit_message_text("same", chat_id=1, message_id=sent.message_id, reply_markup=KEYBOARD)
        await bot.edit_message_reply_markup(chat_id=1, message_id=sent.message_id, reply_markup=KEYBOARD)


async def test_other_refused_edits_are_errors(bot: Bot) -> None:
    sent = await bot.send_message(1, "text")
    with pytest.raises(TelegramBadRequest):
        await bot.edit_message_text("<b>open", chat_id=1, message_id=sent.message_id)
    with pytest.raises(TelegramBadRequest):
        await bot.edit_message_text("text", chat_id=1, message_id=999)
    with pytest.raises(TelegramBadRequest):
        await bot.send_message(1, "")


async def test_answering_a_tap_too_late_is_no_error(bot: Bot) -> None:
    await bot.answer_callback_query("unknown")


async def test_typing_goes_on_while_the_block_runs_and_no_longer(bot: Bot, telegram: FakeTelegram) -> None:
    async with typing(bot, 1):
        await asyncio.sleep(0.2)
    assert len(telegram.calls("sendChatAction")) == 1


async def test_typing_never_stops_the_work(bot: Bot, telegram: FakeTelegram) -> None:
    telegram.faults.server_error("sendChatAction", times=9)
    async with typing(bot, 1):
        await asyncio.sleep(0.1)
    assert telegram.calls("sendChatAction")

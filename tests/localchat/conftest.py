"""A Telegram of one's own and a real aiogram client of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from contentsync.bot.client import Session
from tests.fakes.telegram import FakeTelegram


def connect(telegram: FakeTelegram) -> Bot:
    """A bot that knows no other Telegram than this one."""
    session = Session(api=TelegramAPIServer.from_base(telegram.base_url), timeout=10)
    return Bot(telegram.token, session=session)


def keyboard(data: str = "x") -> InlineKeyboardMarkup:
    """A keyboard with one button."""
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Tap", callback_data=data)]])


async def call(telegram: FakeTelegram, method: str, **body: Any) -> dict[str, Any]:
    """A method called with JSON, as scripts do; the whole answer."""
    url = f"{telegram.base_url}/bot{telegram.token}/{method}"
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        answer: dict[str, Any] = await response.json()
        assert answer["ok"] or answer["error_code"] == response.status
        return answer


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(tmp_path) as telegram:
        yield telegram


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    bot = connect(telegram)
    async with bot:
        yield bot

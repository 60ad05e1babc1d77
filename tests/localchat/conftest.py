"""A Telegram of one's own and a real aiogram client of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer

from contentsync.bot.client import Session
from tests.fakes.telegram import FakeTelegram


def connect(telegram: FakeTelegram) -> Bot:
    """A bot that knows no other Telegram than this one."""
    session = Session(api=TelegramAPIServer.from_base(telegram.base_url), timeout=10)
    return Bot(telegram.token, session=session)


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(tmp_path) as telegram:
        yield telegram


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    bot = connect(telegram)
    async with bot:
        yield bot

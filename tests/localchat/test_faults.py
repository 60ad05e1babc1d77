"""The faults of the Telegram for tests, as a bot meets them."""

import time

import pytest
from aiogram import Bot
from aiogram.exceptions import (
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)

from tests.fakes.telegram import FakeTelegram


async def shown(telegram: FakeTelegram, chat_id: int = 1) -> list[str]:
    return [message["text"] for message in await telegram.messages(chat_id)]


async def test_a_connection_that_breaks_before_and_after_the_effect(bot: Bot, telegram: FakeTelegram) -> None:
    await telegram.say("hi")
    telegram.faults.drop_before("sendMessage")
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(1, "lost")
    telegram.faults.drop_after("sendMessage")
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(1, "sent")
    await bot.send_message(1, "fine")
    assert await shown(telegram) == ["hi", "sent", "fine"]
    assert [call["text"] for call in telegram.calls("sendMessage")] == ["lost", "sent", "fine"]


async def test_answers_that_are_failures(bot: Bot, telegram: FakeTelegram) -> None:
    await telegram.say("hi")
    telegram.faults.rate_limit("sendMessage", 3)
    telegram.faults.server_error("sendMessage")
    telegram.faults.blocked("sendMessage")
    telegram.faults.unauthorized("sendMessage")
    with pytest.raises(TelegramRetryAfter) as caught:
        await bot.send_message(1, "x")
    assert caught.value.retry_after == 3
    assert "Too Many Requests: retry after 3" in str(caught.value)
    with pytest.raises(TelegramServerError):
        await bot.send_message(1, "x")
    with pytest.raises(TelegramForbiddenError):
        await bot.send_message(1, "x")
    with pytest.raises(TelegramUnauthorizedError):
        await bot.send_message(1, "x")
    assert await shown(telegram) == ["hi"]


async def test_faults_strike_by_chat_and_count_only(bot: Bot, telegram: FakeTelegram) -> None:
    await telegram.say("hi", from_id=1)
    await telegram.say("hi", from_id=2)
    telegram.faults.server_error("sendMessage", chat_id=2, times=2, skip=1)
    await bot.send_message(1, "a")
    await bot.send_message(2, "a")
    for _ in range(2):
        with pytest.raises(TelegramServerError):
            await bot.send_message(2, "b")
    await bot.send_message(2, "c")
    telegram.faults.server_error("sendMessage", times=5)
    telegram.faults.clear()
    await bot.send_message(1, "d")
    assert await shown(telegram, 1) == ["hi", "a", "d"]
    assert await shown(telegram, 2) == ["hi", "a", "c"]


async def test_a_slow_answer(bot: Bot, telegram: FakeTelegram) -> None:
    telegram.faults.delay("getMe", 0.3)
    began_at = time.perf_counter()
    await bot.get_me()
    assert time.perf_counter() - began_at >= 0.3


async def test_waiting_for_a_message(bot: Bot, telegram: FakeTelegram) -> None:
    await telegram.say("hi")
    await bot.send_message(1, "there")
    assert (await telegram.wait_for(lambda message: message.get("text") == "there"))["from"]["is_bot"]
    with pytest.raises(AssertionError, match="no such message in chat 1"):
        await telegram.wait_for(lambda message: message.get("text") == "never", 0.1)

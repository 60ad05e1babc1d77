"""Updates: queued at once, kept until acknowledged, handed to one poll at a time."""

import asyncio
import time

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramConflictError

from tests.fakes.telegram import FakeTelegram


async def texts(bot: Bot, offset: int | None = None, limit: int | None = None) -> list[str | None]:
    updates = await bot.get_updates(offset=offset, limit=limit)
    return [update.message.text if update.message else None for update in updates]


async def test_an_offset_acknowledges_what_came_before(bot: Bot, telegram: FakeTelegram) -> None:
    for text in ("a", "b", "c"):
        await telegram.say(text)
    updates = await bot.get_updates()
    first = updates[0].update_id
    assert [update.update_id for update in updates] == [first, first + 1, first + 2]
    assert await texts(bot) == ["a", "b", "c"]
    assert await texts(bot, limit=2) == ["a", "b"]
    assert await texts(bot, offset=first + 1) == ["b", "c"]
    assert await texts(bot) == ["b", "c"]
    assert await texts(bot, offset=first) == ["b", "c"]
    assert await texts(bot, offset=first + 3) == []
    await telegram.say("d")
    assert (await bot.get_updates())[0].update_id == first + 3


async def test_a_negative_offset_counts_from_the_end(bot: Bot, telegram: FakeTelegram) -> None:
    assert await texts(bot, offset=-1) == []
    for text in ("a", "b", "c"):
        await telegram.say(text)
    assert await texts(bot, offset=-2) == ["b", "c"]
    assert await texts(bot) == ["b", "c"]


async def test_a_waiting_poll_wakes_at_once(bot: Bot, telegram: FakeTelegram) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.2)
    assert not poll.done()
    said_at = time.perf_counter()
    await telegram.say("wake up")
    [update] = await poll
    assert time.perf_counter() - said_at < 0.5
    assert update.message is not None
    assert update.message.text == "wake up"


async def test_a_poll_without_news_ends_in_time(bot: Bot, telegram: FakeTelegram) -> None:
    began_at = time.perf_counter()
    assert await bot.get_updates(timeout=1) == []
    assert 0.9 < time.perf_counter() - began_at < 2


async def test_a_second_poll_ends_the_first(bot: Bot, telegram: FakeTelegram) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.2)
    newer = asyncio.create_task(bot.get_updates(timeout=5))
    with pytest.raises(TelegramConflictError) as caught:
        await older
    assert caught.value.message == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    await telegram.say("x")
    assert len(await newer) == 1


async def test_only_the_updates_the_bot_wants_are_queued(bot: Bot, telegram: FakeTelegram) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    await telegram.say("unheard")
    assert await bot.get_updates() == []
    await bot.get_updates(allowed_updates=["message"])
    await telegram.say("heard")
    assert await texts(bot) == ["heard"]

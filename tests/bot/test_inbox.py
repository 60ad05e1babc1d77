"""No update is lost or handled with a double effect, whatever dies when; order holds for each chat."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiogram import Dispatcher
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import SendMessage
from aiogram.types import Message, TelegramObject
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select
from temporalio.client import RPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from contentsync.bot.inbox import TRIES, Inbox, chat_of, is_outage
from contentsync.db import inbox
from contentsync.db.base import utc_now
from contentsync.db.inbox import InboxRow
from contentsync.db.models import Draft, UpdateInbox
from tests.bot.front import Front, Json, eventually


class Recorder:
    """A dispatcher that notes what it is given; `hold` makes it wait after that, `fail` makes it raise so often."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.done: list[str] = []
        self.free = asyncio.Event()
        self.free.set()
        self.hold = ""
        self.fail: dict[str, int] = {}
        self.dispatcher = Dispatcher(disable_fsm=True)
        self.dispatcher.message.register(self._take)

    async def _take(self, message: Message) -> None:
        text = message.text or ""
        self.seen.append(text)
        if text.startswith(self.hold):
            await self.free.wait()
        if self.fail.get(text, 0) > 0:
            self.fail[text] -= 1
            raise ValueError("a fault of the handler")
        self.done.append(text)
        await message.answer(f"done {text}")


async def stored(front: Front) -> list[UpdateInbox]:
    async with front.db.read() as session:
        return list(await session.exec(select(UpdateInbox)))


async def restart(front: Front, dispatcher: Dispatcher | None = None) -> None:
    """As after a kill: nothing running is waited for."""
    await front.stop_inbox(0)
    await front.start_inbox(dispatcher)


async def test_killed_between_storing_and_handling(front: Front) -> None:
    recorder = Recorder()
    recorder.free.clear()
    await restart(front, recorder.dispatcher)
    await front.telegram.say("one")
    await eventually(lambda: recorder.seen == ["one"])
    await restart(front)
    assert (await front.answer(0))["text"].startswith("I did not understand")
    assert recorder.done == []


async def test_killed_between_handling_and_acknowledging(front: Front) -> None:
    """Telegram sends the update again, and nothing happens again."""
    recorder = Recorder()
    front.telegram.faults.drop_before("getUpdates", skip=1, times=1000)
    await restart(front, recorder.dispatcher)
    await front.telegram.say("one")
    await front.answer(0)
    await eventually(lambda: not front.inbox.connected)
    (row,) = await stored(front)
    assert row.handled_at is not None
    assert row.payload == ""
    await restart(front, recorder.dispatcher)
    front.telegram.faults.clear()
    before = len(front.telegram.calls("getUpdates"))
    await front.telegram.say("two")
    await front.telegram.wait_for(lambda m: m["text"] == "done two")
    assert recorder.seen == ["one", "two"]
    assert "offset" not in front.telegram.calls("getUpdates")[before], "so Telegram had to send the first one again"


async def test_killed_between_the_effect_and_its_mark(front: Front) -> None:
    """The handler runs twice; what it wrote is there once."""
    held = asyncio.Event()

    async def die_after(handler: Callable[..., Awaitable[Any]], event: TelegramObject, data: dict[str, Any]) -> Any:
        await handler(event, data)
        held.set()
        await asyncio.Event().wait()

    front.dispatcher.message.outer_middleware(die_after)
    front.web.serve("/feed.xml", RSS, content_type="application/rss+xml")
    await front.telegram.say(front.web.url("/feed.xml"))
    await asyncio.wait_for(held.wait(), 5)
    front.dispatcher.message.outer_middleware.unregister(die_after)
    await restart(front)
    await eventually(lambda: len(front.telegram.calls("sendMessage")) == 2)
    async with front.db.read() as session:
        assert len((await session.exec(select(Draft).where(col(Draft.update_id) > 0))).all()) == 1
    assert len([request for request in front.web.requests if request.target == "/feed.xml"]) == 1


async def test_a_handled_update_leaves_no_row(front: Front) -> None:
    for _ in range(4):
        await front.say("/help")
    await eventually(lambda: "offset" in front.telegram.calls("getUpdates")[-1])
    assert len(await stored(front)) <= 1, "only the last one is not acknowledged yet"


async def test_each_chat_keeps_its_order_and_no_chat_waits_for_another(front: Front) -> None:
    recorder = Recorder()
    recorder.hold = "slow"
    recorder.free.clear()
    await restart(front, recorder.dispatcher)
    for text in ("slow 1", "2", "3"):
        await front.telegram.say(text, 1)
    await front.say("other", 2)
    assert recorder.seen == ["slow 1", "other"]
    recorder.free.set()
    await front.telegram.wait_for(lambda m: m["text"] == "done 3")
    assert recorder.done == ["other", "slow 1", "2", "3"]


async def test_a_poisonous_update_is_set_aside_and_the_person_told(front: Front) -> None:
    recorder = Recorder()
    recorder.fail["poison"] = 1000
    await restart(front, recorder.dispatcher)
    assert "something went wrong" in (await front.say("poison"))["text"]
    assert recorder.seen == ["poison"] * TRIES
    assert (await front.say("next"))["text"] == "done next"
    aside = [row for row in await stored(front) if row.set_aside_at is not None]
    assert len(aside) == 1
    await restart(front, recorder.dispatcher)
    await front.say("after a restart")
    assert recorder.seen.count("poison") == TRIES


async def test_a_passing_fault_is_retried(front: Front) -> None:
    recorder = Recorder()
    recorder.fail["shaky"] = TRIES - 1
    await restart(front, recorder.dispatcher)
    assert (await front.say("shaky"))["text"] == "done shaky"
    assert recorder.done == ["shaky"]


async def test_an_update_that_kills_the_process_does_so_a_few_times_only(front: Front) -> None:
    recorder = Recorder()
    recorder.free.clear()
    await restart(front, recorder.dispatcher)
    await front.telegram.say("deadly")
    for deaths in range(1, TRIES + 2):
        await eventually(lambda deaths=deaths: len(recorder.seen) == deaths)  # type: ignore[misc]
        await restart(front, recorder.dispatcher)
    assert "something went wrong" in (await front.answer(0))["text"]
    assert len(recorder.seen) == TRIES + 1


async def test_an_update_nobody_can_read_is_set_aside(front: Front) -> None:
    await front.stop_inbox()
    payload = front.vault.encrypt(json.dumps({"update_id": 5, "message": {"chat": {"id": 1}}}))
    async with front.db.write() as session:
        row = InboxRow(update_id=5, chat_id=1, payload=payload, attempts=0, received_at=utc_now())
        await inbox.store_updates(session, rows=[row])
    await front.telegram.say("/help")
    await front.start_inbox()
    texts = [(await front.answer(0))["text"]]
    texts.append((await front.answer(2))["text"])
    assert any("something went wrong" in text for text in texts)
    assert any("What I understand" in text for text in texts)


async def test_telegram_refusing_for_a_while_costs_nothing(front: Front) -> None:
    front.telegram.faults.server_error("sendMessage", times=TRIES)
    assert "What I understand" in (await front.say("/help"))["text"]
    front.telegram.faults.drop_before("sendMessage", times=2)
    assert "What I understand" in (await front.say("/help"))["text"]
    assert [row for row in await stored(front) if row.set_aside_at or row.attempts] == []


async def test_connected_says_whether_telegram_answers(front: Front) -> None:
    await front.say("/help")
    assert front.inbox.connected
    front.telegram.faults.unauthorized("getUpdates", times=3)
    await front.telegram.say("/help")
    await eventually(lambda: not front.inbox.connected)
    await eventually(lambda: front.inbox.connected)
    assert "What I understand" in (await front.say("/help"))["text"]
    await front.stop_inbox()
    assert not front.inbox.connected
    await front.start_inbox()


async def test_draining_lets_handlers_finish_and_keeps_what_waits(front: Front) -> None:
    recorder = Recorder()
    recorder.free.clear()
    await restart(front, recorder.dispatcher)
    await front.telegram.say("one")
    await front.telegram.say("two")
    await eventually(lambda: recorder.seen == ["one"])
    draining = asyncio.create_task(front.stop_inbox(5))
    await asyncio.sleep(0.05)
    recorder.free.set()
    await draining
    assert recorder.done == ["one"]
    await front.start_inbox(recorder.dispatcher)
    await front.telegram.wait_for(lambda m: m["text"] == "done two")
    assert recorder.done == ["one", "two"]


async def test_nothing_readable_is_stored(front: Front) -> None:
    recorder = Recorder()
    recorder.free.clear()
    await restart(front, recorder.dispatcher)
    await front.telegram.say("a secret word")
    await eventually(lambda: recorder.seen)
    (row,) = await stored(front)
    assert "secret" not in row.payload
    assert json.loads(front.vault.decrypt(row.payload))["message"]["text"] == "a secret word"
    recorder.free.set()


async def test_nothing_is_started_after_draining(front: Front) -> None:
    never = Inbox(bot=front.bot, dispatcher=front.dispatcher, db=front.db, vault=front.vault)
    await never.drain(1)
    await asyncio.wait_for(never.run(), 1)


def test_chat_of() -> None:
    chat: Json = {"id": 7}
    assert chat_of({"update_id": 1, "message": {"chat": chat}}) == 7
    assert chat_of({"update_id": 1, "my_chat_member": {"chat": chat}}) == 7
    assert chat_of({"update_id": 1, "callback_query": {"from": {"id": 1}, "message": {"chat": chat}}}) == 7
    assert chat_of({"update_id": 1, "callback_query": {"from": {"id": 7}}}) == 7
    assert chat_of({"update_id": 1}) == 0


METHOD = SendMessage(chat_id=1, text="x")


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (TelegramNetworkError(METHOD, ""), True),
        (TelegramServerError(METHOD, ""), True),
        (TelegramUnauthorizedError(METHOD, ""), True),
        (TelegramEntityTooLarge(METHOD, ""), False),
        (TelegramBadRequest(METHOD, ""), False),
        (RPCError("", RPCStatusCode.UNAVAILABLE, b""), True),
        (RPCError("", RPCStatusCode.INVALID_ARGUMENT, b""), False),
        (RPCTimeoutOrCancelledError(), True),
        (OperationalError("", {}, Exception()), True),
        (ValueError(), False),
        (TimeoutError(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_away_for_now_and_what_is_wrong(error: Exception, away: bool) -> None:
    assert is_outage(error) is away


RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>A blog</title><link>http://a.example/</link>
<item><title>First</title><link>http://a.example/1</link><guid>1</guid></item></channel></rss>"""

"""One message on its way through the ledger, against a Bot API server with faults and a process that dies."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import SendMessage

from contentsync.bot.delivery import Outcome, Pace, Refusal, Sender, may_have_arrived, refusal
from contentsync.db import deliveries, digests
from contentsync.db.digests import Part
from contentsync.db.engine import Database
from contentsync.db.models import Delivery
from tests.bot.sending import LEASE, ProcessDied, Sending
from tests.filling import NOW, add_subscriber

STUB = "📬 Your digest · 1 story"
KEYBOARD = [[{"text": "1", "callback_data": "card:1:1"}]]
PART = Part(stub=STUB, body="<b>The content</b>", keyboard=KEYBOARD)
TOKEN = f"{LEASE}.1"
METHOD = SendMessage(chat_id=1, text="x")


@pytest.fixture
async def sending(db: Database, tmp_path: Path) -> AsyncIterator[Sending]:
    async with Sending(db, tmp_path) as stage:
        await stage.telegram.say("/digest")
        yield stage


async def plan(sending: Sending, part: Part = PART) -> int:
    """A frozen message of a digest that `TOKEN` holds."""
    digest_id = await sending.ask(await add_subscriber(sending.db))
    async with sending.db.write() as session:
        await digests.claim(session, digest_ids=[digest_id], lease_id=LEASE, token=TOKEN, now=NOW)
        await digests.freeze(session, digest_id=digest_id, token=TOKEN, chat_id=1, entries=[], parts=[part])
        (delivery_id,) = await deliveries.list_parts(session, digest_id=digest_id)
    return delivery_id


async def deliver(sending: Sending, delivery_id: int, *, lifetime: int | None = None, token: str = TOKEN) -> Outcome:
    database, bot = sending.process(lifetime)
    sender = Sender(database, bot, calls_per_second=10_000)
    return await sender.deliver(delivery_id, token=token, clock=lambda: NOW)


async def stored(sending: Sending, delivery_id: int) -> Delivery:
    async with sending.db.read() as session:
        return await session.get_one(Delivery, delivery_id)


async def assert_arrived_once(sending: Sending, delivery_id: int, *, lost: int = 0, orphans: int = 0) -> None:
    """The content is in the chat exactly once; so many stubs are beside it, and so many the ledger gave up."""
    message = await stored(sending, delivery_id)
    chat = await sending.chat()
    filled = [shown["message_id"] for shown in chat if shown["text"] == "The content"]
    assert filled == [message.message_id]
    assert [shown["text"] for shown in chat if shown["message_id"] not in filled] == [STUB] * orphans
    assert (message.state, message.stubs_lost, message.sent_at) == ("sent", lost, NOW)


async def test_a_stub_is_sent_and_then_filled(sending: Sending) -> None:
    delivery_id = await plan(sending)
    assert await deliver(sending, delivery_id) is Outcome.SENT
    await assert_arrived_once(sending, delivery_id)
    (call,) = sending.telegram.calls("sendMessage")
    assert call["text"] == STUB, "this is what Telegram shows in its notification"
    (shown,) = await sending.chat()
    assert shown["reply_markup"]["inline_keyboard"] == KEYBOARD
    assert [entity["type"] for entity in shown["entities"]] == ["bold"]


async def test_a_sent_message_is_left_alone(sending: Sending) -> None:
    delivery_id = await plan(sending)
    await deliver(sending, delivery_id)
    calls = len(sending.telegram.requests)
    assert await deliver(sending, delivery_id) is Outcome.SENT
    assert len(sending.telegram.requests) == calls


async def test_one_line_without_buttons_needs_no_edit(sending: Sending) -> None:
    delivery_id = await plan(sending, Part(stub="Nothing new", body="Nothing new", keyboard=[]))
    assert await deliver(sending, delivery_id) is Outcome.SENT
    assert [shown["text"] for shown in await sending.chat()] == ["Nothing new"]
    assert sending.telegram.calls("editMessageText") == []


async def test_without_the_lease_nothing_is_done(sending: Sending) -> None:
    delivery_id = await plan(sending)
    assert await deliver(sending, delivery_id, token=f"{LEASE}.2") is Outcome.LEASE_LOST
    assert sending.telegram.requests[1:] == []
    assert (await stored(sending, delivery_id)).state == "planned"


@pytest.mark.parametrize("steps", range(11))
async def test_death_between_any_two_steps(sending: Sending, steps: int) -> None:
    """Five things happen (begin, stub, place, edit, mark), each with a before and an after."""
    delivery_id = await plan(sending)
    try:
        await deliver(sending, delivery_id, lifetime=steps)
    except ProcessDied:
        died_at = (await stored(sending, delivery_id)).state
    else:
        died_at = "sent"
        assert steps == 10
    stubs = len(await sending.chat())
    assert await deliver(sending, delivery_id) is Outcome.SENT
    lost = 1 if died_at == "placing" else 0
    await assert_arrived_once(sending, delivery_id, lost=lost, orphans=stubs if lost else 0)


@pytest.mark.parametrize("seed", range(6))
async def test_many_deaths_and_faults(sending: Sending, seed: int) -> None:
    """A process that dies again and again while Telegram hangs up before and after the effect."""
    chance = random.Random(seed)
    delivery_id = await plan(sending)
    for method in ("sendMessage", "editMessageText"):
        for _ in range(3):
            fault = chance.choice(
                [
                    sending.telegram.faults.drop_after,
                    sending.telegram.faults.drop_before,
                    sending.telegram.faults.server_error,
                ]
            )
            fault(method, skip=chance.randrange(2))
    for _ in range(60):
        try:
            await deliver(sending, delivery_id, lifetime=chance.randrange(2, 14))
        except (ProcessDied, AiogramError):
            continue
        break
    message = await stored(sending, delivery_id)
    chat = [shown["text"] for shown in await sending.chat()]
    assert message.state == "sent"
    assert chat.count("The content") == 1
    assert chat.count(STUB) == len(chat) - 1 <= message.stubs_lost


async def test_no_answer_to_the_stub(sending: Sending) -> None:
    """It had its effect, which nobody can know: another one is sent, and counted."""
    delivery_id = await plan(sending)
    sending.telegram.faults.drop_after("sendMessage")
    with pytest.raises(TelegramNetworkError):
        await deliver(sending, delivery_id)
    message = await stored(sending, delivery_id)
    assert (message.state, message.stubs_lost) == ("planned", 1)
    await deliver(sending, delivery_id)
    await assert_arrived_once(sending, delivery_id, lost=1, orphans=1)


async def test_while_telegram_is_silent_no_further_stub_is_risked(sending: Sending) -> None:
    delivery_id = await plan(sending)
    sending.telegram.faults.drop_after("sendMessage", times=5)
    sending.telegram.faults.drop_before("sendChatAction", times=3)
    for _ in range(4):
        with pytest.raises(TelegramNetworkError):
            await deliver(sending, delivery_id)
    assert len(await sending.chat()) == 1


async def test_no_answer_to_the_edit(sending: Sending) -> None:
    """Editing again says "not modified", which is success."""
    delivery_id = await plan(sending)
    sending.telegram.faults.drop_after("editMessageText")
    with pytest.raises(TelegramNetworkError):
        await deliver(sending, delivery_id)
    await deliver(sending, delivery_id)
    await assert_arrived_once(sending, delivery_id)


async def test_a_server_error_is_tried_again(sending: Sending) -> None:
    delivery_id = await plan(sending)
    sending.telegram.faults.server_error("sendMessage")
    sending.telegram.faults.server_error("editMessageText")
    for _ in range(2):
        with pytest.raises(TelegramServerError):
            await deliver(sending, delivery_id)
    await deliver(sending, delivery_id)
    await assert_arrived_once(sending, delivery_id, lost=1)


async def test_nobody_there_is_certainly_not_sent(sending: Sending) -> None:
    delivery_id = await plan(sending)
    database, _ = sending.process()
    async with Bot(sending.telegram.token, session=sending.process()[1].session) as bot:
        bot.session.api = bot.session.api.from_base("http://127.0.0.1:9")
        with pytest.raises(TelegramNetworkError):
            await Sender(database, bot).deliver(delivery_id, token=TOKEN, clock=lambda: NOW)
    assert (await stored(sending, delivery_id)).state == "planned"
    await deliver(sending, delivery_id)
    await assert_arrived_once(sending, delivery_id)


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
async def test_flood_control_is_sat_out(sending: Sending, method: str) -> None:
    delivery_id = await plan(sending)
    sending.telegram.faults.rate_limit(method, 1)
    began_at = asyncio.get_running_loop().time()
    assert await deliver(sending, delivery_id) is Outcome.SENT
    assert asyncio.get_running_loop().time() - began_at >= 1
    await assert_arrived_once(sending, delivery_id)


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
async def test_a_person_who_blocked_the_bot(sending: Sending, method: str) -> None:
    delivery_id = await plan(sending)
    sending.telegram.faults.blocked(method)
    assert await deliver(sending, delivery_id) is Outcome.CHAT_REFUSED


async def test_a_chat_that_does_not_exist(sending: Sending) -> None:
    delivery_id = await plan(sending)
    async with sending.db.write() as session:
        message = await session.get_one(Delivery, delivery_id)
        message.chat_id = 404
        session.add(message)
    assert await deliver(sending, delivery_id) is Outcome.CHAT_REFUSED


async def test_a_revoked_token_leaves_the_message_where_it_is(sending: Sending) -> None:
    delivery_id = await plan(sending)
    sending.telegram.faults.unauthorized("sendMessage")
    with pytest.raises(TelegramUnauthorizedError):
        await deliver(sending, delivery_id)
    assert (await stored(sending, delivery_id)).state == "planned"
    await deliver(sending, delivery_id)
    await assert_arrived_once(sending, delivery_id)


async def test_refused_markup_goes_out_as_plain_text(sending: Sending) -> None:
    part = Part(stub=STUB, body="<b>The <blink>content</blink></b> &amp; more", keyboard=KEYBOARD)
    delivery_id = await plan(sending, part)
    assert await deliver(sending, delivery_id) is Outcome.SENT
    (shown,) = await sending.chat()
    assert shown["text"] == "The content & more"
    assert shown["reply_markup"]["inline_keyboard"] == KEYBOARD


async def test_what_is_refused_even_as_plain_text_is_an_error(sending: Sending) -> None:
    delivery_id = await plan(sending, Part(stub=STUB, body="x" * 5_000, keyboard=[]))
    with pytest.raises(TelegramBadRequest):
        await deliver(sending, delivery_id)
    assert (await stored(sending, delivery_id)).state == "placed"


async def test_a_stub_that_was_deleted_is_sent_again(sending: Sending) -> None:
    delivery_id = await plan(sending)
    with pytest.raises(ProcessDied):
        await deliver(sending, delivery_id, lifetime=6)
    assert (await stored(sending, delivery_id)).state == "placed"
    (stub,) = await sending.chat()
    _, bot = sending.process()
    await bot.delete_message(1, stub["message_id"])
    assert await deliver(sending, delivery_id) is Outcome.SENT
    await assert_arrived_once(sending, delivery_id)


async def test_two_senders_at_once_fill_one_message(sending: Sending) -> None:
    """A sender that lost its lease in the middle of a call leaves a stub at worst."""
    delivery_id = await plan(sending)
    sending.telegram.faults.delay("sendMessage", 0.3)
    late = asyncio.create_task(deliver(sending, delivery_id))
    while (await stored(sending, delivery_id)).state != "placing":
        await asyncio.sleep(0.01)
    async with sending.db.write() as session:
        digest_id = (await session.get_one(Delivery, delivery_id)).digest_id
        await digests.claim(session, digest_ids=[digest_id], lease_id=LEASE, token=f"{LEASE}.2", now=NOW)
    assert await deliver(sending, delivery_id, token=f"{LEASE}.2") is Outcome.SENT
    assert await late is Outcome.LEASE_LOST
    await assert_arrived_once(sending, delivery_id, lost=1, orphans=1)


async def test_pace_spaces_calls_evenly() -> None:
    pace, loop = Pace(50), asyncio.get_running_loop()
    began_at = loop.time()
    await asyncio.gather(*(pace.wait() for _ in range(11)))
    assert 0.19 <= loop.time() - began_at < 1
    began_at = loop.time()
    await asyncio.sleep(0.05)
    await pace.wait()
    assert loop.time() - began_at < 0.2, "time that passed unused is not owed, and not waited for either"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (
            "Bad Request: message is not modified: specified new message content and reply markup are exactly the same",
            Refusal.NOT_MODIFIED,
        ),
        ("Bad Request: message to edit not found", Refusal.MESSAGE_GONE),
        ("Bad Request: chat not found", Refusal.CHAT_GONE),
        ("Bad Request: can't parse entities: Unsupported start tag", Refusal.UNREADABLE),
        ("Bad Request: message is too long", Refusal.TOO_LONG),
        ("Bad Request: BUTTON_URL_INVALID", None),
    ],
)
def test_refusals(text: str, meaning: Refusal | None) -> None:
    assert refusal(TelegramBadRequest(METHOD, text)) is meaning


def network_error(cause: Exception) -> TelegramNetworkError:
    error = TelegramNetworkError(METHOD, "x")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (network_error(TimeoutError()), True),
        (network_error(aiohttp.ServerDisconnectedError()), True),
        (network_error(aiohttp.ConnectionTimeoutError()), False),
        (TelegramServerError(METHOD, "Bad Gateway"), True),
        (TelegramRetryAfter(METHOD, "x", 3), False),
        (TelegramForbiddenError(METHOD, "x"), False),
        (TelegramBadRequest(METHOD, "x"), False),
    ],
)
def test_what_may_have_arrived(error: AiogramError, expected: bool) -> None:
    assert may_have_arrived(error) is expected

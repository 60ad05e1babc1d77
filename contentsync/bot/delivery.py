"""The only sender of digests: takes each message through its ledger, so that its content appears exactly once.

A message is first a stub (one line; Telegram notifies for new messages only), which is then edited into the digest. The
content is only ever edited in, and editing twice is the same as once. What can be lost is the answer to sending the
stub: then its message id is unknown, another stub is sent, and one without content may stay in the chat. The ledger
counts these.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

import aiohttp
from aiogram import Bot
from aiogram.enums import ChatAction, ParseMode
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import InlineKeyboardMarkup, LinkPreviewOptions

from contentsync.bot.render import Keyboard, plain
from contentsync.db import deliveries
from contentsync.db.engine import Database
from contentsync.db.models import Delivery

CALLS_PER_SECOND = 25
"""Telegram asks for at most about 30 messages a second. Source: https://core.telegram.org/bots/faq#broadcasting-to-users"""
REQUEST_TIMEOUT_SECONDS = 20
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

Clock = Callable[[], datetime]


class Outcome(StrEnum):
    """How sending a message ended, where it did not fail."""

    SENT = "sent"
    CHAT_REFUSED = "chat_refused"
    """The person blocked the bot, or their account is gone."""
    LEASE_LOST = "lease_lost"
    """Somebody else works on this digest now."""


class Refusal(StrEnum):
    """What a 400 of Telegram means to a sender."""

    NOT_MODIFIED = "message is not modified"
    MESSAGE_GONE = "message to edit not found"
    CHAT_GONE = "chat not found"
    UNREADABLE = "can't parse entities"
    TOO_LONG = "message is too long"


UNSUITABLE = (Refusal.UNREADABLE, Refusal.TOO_LONG)
"""The text itself is refused; without markup and links it may pass."""


def refusal(error: TelegramBadRequest) -> Refusal | None:
    """Which refusal this is; None for any other.

    The one place that looks at a description: Telegram sends the same class and code for all of these. The wording is
    its server's. Source: https://github.com/tdlib/telegram-bot-api, Client.cpp
    """
    return next((meaning for meaning in Refusal if meaning.value in error.message), None)


class Pace:
    """Lets calls through one after another, evenly spaced: at most `per_second` in a second."""

    def __init__(self, per_second: float) -> None:
        self._interval_seconds = 1 / per_second
        self._next_at = 0.0

    async def wait(self) -> None:
        """Return when it is this caller's turn."""
        now = asyncio.get_running_loop().time()
        turn = max(self._next_at, now)
        self._next_at = turn + self._interval_seconds
        await asyncio.sleep(turn - now)


class Sender:
    """Sends messages of digests. One a process, so that all share its pace."""

    def __init__(self, db: Database, bot: Bot, *, calls_per_second: float = CALLS_PER_SECOND) -> None:
        self._db = db
        self._bot = bot
        self._pace = Pace(calls_per_second)

    async def deliver(self, delivery_id: int, *, token: str, clock: Clock) -> Outcome:
        """Take the message from wherever it stands to sent; flood waits are sat out here.

        Raises:
            AiogramError: Telegram did not answer or could not do it; the ledger says how far it came, so call again.
        """
        while True:
            async with self._db.read() as session:
                message = await deliveries.get_claimed(session, delivery_id=delivery_id, token=token)
            if message is None:
                return Outcome.LEASE_LOST
            if message.state == "sent":
                return Outcome.SENT
            try:
                await self._advance(message, token, clock)
            except TelegramRetryAfter as error:
                await asyncio.sleep(error.retry_after)
            except TelegramForbiddenError:
                return Outcome.CHAT_REFUSED
            except TelegramBadRequest as error:
                if refusal(error) is not Refusal.CHAT_GONE:
                    raise
                return Outcome.CHAT_REFUSED

    async def _advance(self, message: Delivery, token: str, clock: Clock) -> None:
        if message.state == "planned":
            await self._place(message, token)
        elif message.state == "placing":  # whoever sent this stub died before its answer was written down
            await self._note(deliveries.lose_stub, message, token)
        else:
            await self._fill(message, token, clock)

    async def _place(self, message: Delivery, token: str) -> None:
        if message.stubs_lost:  # while Telegram does not answer at all, no further stub is risked
            await self._pace.wait()
            await self._bot.send_chat_action(
                message.chat_id, ChatAction.TYPING, request_timeout=REQUEST_TIMEOUT_SECONDS
            )
        await self._pace.wait()
        if not await self._note(deliveries.begin_placing, message, token):
            return
        try:
            sent = await self._bot.send_message(
                message.chat_id,
                message.stub,
                parse_mode=None,
                link_preview_options=NO_PREVIEW,
                request_timeout=REQUEST_TIMEOUT_SECONDS,
            )
        except AiogramError as error:
            step = deliveries.lose_stub if may_have_arrived(error) else deliveries.take_back
            await self._note(step, message, token)
            raise
        await self._note(deliveries.place, message, token, message_id=sent.message_id)

    async def _fill(self, message: Delivery, token: str, clock: Clock) -> None:
        if message.body != message.stub or message.keyboard:
            refused = await self._edit(message, message.body, ParseMode.HTML)
            if refused in UNSUITABLE:
                refused = await self._edit(message, plain(message.body), None)
            if refused is Refusal.MESSAGE_GONE:
                await self._note(deliveries.lose_message, message, token)
                return
        await self._note(deliveries.mark_sent, message, token, now=clock())

    async def _edit(self, message: Delivery, text: str, parse_mode: ParseMode | None) -> Refusal | None:
        """Put the text into the message; the refusal if there was one that tells how to go on."""
        await self._pace.wait()
        try:
            await self._bot.edit_message_text(
                text,
                chat_id=message.chat_id,
                message_id=message.message_id,
                parse_mode=parse_mode,
                link_preview_options=NO_PREVIEW,
                reply_markup=markup(message.keyboard),
                request_timeout=REQUEST_TIMEOUT_SECONDS,
            )
        except TelegramBadRequest as error:
            meaning = refusal(error)
            is_hopeless = parse_mode is None and meaning in UNSUITABLE
            if meaning in (None, Refusal.CHAT_GONE) or is_hopeless:
                raise
            return meaning
        return None

    async def _note(self, step: Callable[..., Awaitable[bool]], message: Delivery, token: str, **values: Any) -> bool:
        """Take a step in the ledger, in a transaction of its own: what follows may rely on it."""
        async with self._db.write() as session:
            return await step(session, delivery_id=message.id, token=token, **values)


def may_have_arrived(error: AiogramError) -> bool:
    """Whether a call that failed so may have had its effect: it was sent, and no clear no came back."""
    if isinstance(error, TelegramNetworkError):
        never_connected = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
        return not isinstance(error.__cause__, never_connected)
    return isinstance(error, (TelegramServerError, ClientDecodeError))


def markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    """Stored buttons as aiogram wants them."""
    return InlineKeyboardMarkup.model_validate({"inline_keyboard": keyboard}) if keyboard else None

"""The aiogram Bot as this project uses it: where its server is, how long it waits, which refusals are none."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ChatAction, ParseMode
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageReplyMarkup,
    EditMessageText,
    GetMe,
    Response,
    SendMessage,
    TelegramMethod,
)
from aiogram.methods.base import TelegramType
from typing_extensions import override

from contentsync.bot.delivery import Refusal, refusal

log = logging.getLogger(__name__)

REQUEST_SECONDS = 30.0
TYPING_SECONDS = 4.5
"""Telegram shows a chat action for five seconds. Source: https://core.telegram.org/bots/api#sendchataction"""

ANSWERS: list[type] = [
    Response[method.__returning__]  # type: ignore[name-defined]
    for method in (SendMessage, EditMessageText, AnswerCallbackQuery, GetMe)
]
"""pydantic forgets a generic model that nobody holds, and aiogram would have it built anew (2 ms) for every answer."""


def open_bot(token: str, base_url: str) -> Bot:
    """A bot of the Bot API server at `base_url`: HTML texts, links without preview. Close its `session` when done."""
    session = Session(api=TelegramAPIServer.from_base(base_url), timeout=REQUEST_SECONDS)
    session.middleware.register(HarmlessRefusals())
    properties = DefaultBotProperties(parse_mode=ParseMode.HTML, link_preview_is_disabled=True)
    return Bot(token, session=session, default=properties)


class Session(AiohttpSession):
    """Closes without aiogram's pause of 0.25 s for connections to go: aiohttp waits for them itself since 3.12."""

    @override
    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


class HarmlessRefusals(BaseRequestMiddleware):
    """Takes two refusals for success: an edit that changes nothing, and the answer to a tap that is too long ago.

    Both come of updates that are handled a second time, and of double taps.
    """

    @override
    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType] | TelegramType:
        try:
            return await make_request(bot, method)
        except TelegramBadRequest as error:
            is_edit = isinstance(method, EditMessageText | EditMessageReplyMarkup)
            if isinstance(method, AnswerCallbackQuery) or (is_edit and refusal(error) is Refusal.NOT_MODIFIED):
                log.info("harmless refusal method=%s", method.__api_method__)
                return True  # type: ignore[return-value]  # what these methods give when there is no message to give
            raise


@asynccontextmanager
async def typing(bot: Bot, chat_id: int) -> AsyncIterator[None]:
    """Show "typing…" in the chat while the block runs. Failing to is no reason to stop."""

    async def show() -> None:
        while True:
            try:
                await bot.send_chat_action(chat_id, ChatAction.TYPING)
            except TelegramAPIError as error:
                log.info("no chat action error=%s", type(error).__name__)
            await asyncio.sleep(TYPING_SECONDS)

    showing = asyncio.create_task(show())
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.wait([showing])

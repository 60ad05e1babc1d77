"""Tells people what they did not ask for: a source is gone, an account needs a new sign-in."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiogram import Bot
from aiogram.exceptions import (
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from temporalio import activity

from contentsync.bot import texts
from contentsync.bot.access import set_blocked
from contentsync.bot.contract import SEND_NOTICES, SendNoticesInput, SendNoticesResult
from contentsync.bot.delivery import CALLS_PER_SECOND, Pace, markup
from contentsync.bot.render import Keyboard
from contentsync.credentials import Vault
from contentsync.db import notices
from contentsync.db.account_models import Notice
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber
from contentsync.temporal import heartbeating

MOST = 500
"""Notices in one run; the next run goes on."""


class NoticeActivities:
    """The only one who sends notices."""

    def __init__(self, *, db: Database, vault: Vault, bot: Bot) -> None:
        self._db = db
        self._vault = vault
        self._bot = bot
        self._pace = Pace(CALLS_PER_SECOND)

    def all(self) -> list[Callable[..., Any]]:
        """What a worker registers."""
        return [self.send_notices]

    @activity.defn(name=SEND_NOTICES)
    async def send_notices(self, request: SendNoticesInput) -> SendNoticesResult:
        """Send what waits. One that cannot be sent now waits behind the others; a chat that refuses us is left out.

        While Telegram does not answer nothing is tried any further.
        """
        now = datetime.fromisoformat(request.now)
        sent = 0
        refusing: set[int] = set()
        async with heartbeating():
            async with self._db.read() as session:
                waiting = await notices.list_unsent(session, limit=MOST)
            for notice, subscriber in waiting:
                if subscriber.chat_id in refusing:
                    continue
                try:
                    sent += await self._send(notice, subscriber, now)
                except TelegramForbiddenError:
                    refusing.add(subscriber.chat_id)
                    await set_blocked(self._db, subscriber.chat_id, blocked=True, now=now)
                except (TelegramNetworkError, TelegramServerError) as error:
                    activity.logger.warning("telegram does not answer error=%s", type(error).__name__)
                    break
            async with self._db.read() as session:
                left = await notices.count_unsent(session)
        return SendNoticesResult(sent=sent, left=left)

    async def _send(self, notice: Notice, subscriber: Subscriber, now: datetime) -> bool:
        """Whether it was sent; a notice that is the problem itself is tried again after all others.

        Raises:
            TelegramForbiddenError: the chat refuses us.
            TelegramNetworkError, TelegramServerError: Telegram does not answer.
        """
        try:
            text = texts.say_notice(notice.text_key, notice.params)
            await self._deliver(subscriber.chat_id, text, self._keyboard(notice))
        except (TelegramForbiddenError, TelegramNetworkError, TelegramServerError):
            raise
        except Exception as error:  # noqa: BLE001 - one that cannot be put into words must not stop the others
            activity.logger.warning("notice not sent notice=%s error=%s", notice.id, type(error).__name__)
            async with self._db.write() as session:
                await notices.count_attempt(session, notice_id=notice.id or 0)
            return False
        async with self._db.write() as session:
            await notices.mark_sent(session, notice_id=notice.id or 0, now=now)
        return True

    async def _deliver(self, chat_id: int, text: str, keyboard: Keyboard) -> None:
        while True:
            await self._pace.wait()
            try:
                await self._bot.send_message(chat_id, text, reply_markup=markup(keyboard))
            except TelegramRetryAfter as error:
                await asyncio.sleep(error.retry_after)
            else:
                return

    def _keyboard(self, notice: Notice) -> Keyboard:
        """The stored buttons; an encrypted address is read only here."""
        return [[self._button(button) for button in row] for row in notice.keyboard]

    def _button(self, button: dict[str, str]) -> dict[str, str]:
        if "secret_url" not in button:
            return button
        return {"text": button["text"], "url": self._vault.decrypt(button["secret_url"])}

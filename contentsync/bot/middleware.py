"""What happens to every update before a handler sees it: who may speak, and which open question it leaves."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.dispatcher.middlewares.user_context import EVENT_CONTEXT_KEY, EventContext
from aiogram.enums import ChatMemberStatus, ChatType
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import ChatMemberUpdated, Message, TelegramObject, Update
from typing_extensions import override

from contentsync.bot import texts
from contentsync.bot.access import Access, Seldom, Visitor, claim_token, set_blocked
from contentsync.bot.answers import is_command
from contentsync.bot.dialogs import Dialogs
from contentsync.db.base import utc_now
from contentsync.db.models import Subscriber

log = logging.getLogger(__name__)

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]

HOUR = 3600.0
GONE = {ChatMemberStatus.LEFT, ChatMemberStatus.KICKED}
KEEP_DIALOG = ("/cancel", "/add")
"""Commands that speak to the dialog themselves."""


class AccessMiddleware(BaseMiddleware):
    """Lets through what an admitted person does in their private chat, with `subscriber` and `claimed` for handlers."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._told_strangers = Seldom(HOUR)
        self._told_groups = Seldom(HOUR)

    @override
    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Update), "this is an outer middleware of updates"
        context: EventContext = data[EVENT_CONTEXT_KEY]
        bot: Bot = data["bot"]
        if context.chat is None or context.user is None or context.user.is_bot:
            return None
        if context.chat.type != ChatType.PRIVATE:
            return await self._answer_group(event, context.chat.id, bot)
        if event.my_chat_member is not None:
            blocked = event.my_chat_member.new_chat_member.status in GONE
            return await set_blocked(data["db"], context.chat.id, blocked=blocked, now=utc_now())
        user = context.user
        token = claim_token(event.message.text) if event.message else None
        visitor = Visitor(context.chat.id, user.first_name, user.language_code or "en", token)
        admission = await self._access.admit(visitor, utc_now())
        if admission.subscriber is None:
            return await self._refuse(event, visitor, bot)
        return await handler(event, data | {"subscriber": admission.subscriber, "claimed": admission.claimed})

    async def _answer_group(self, event: Update, chat_id: int, bot: Bot) -> None:
        """One polite line when somebody adds the bot or gives it a command, once an hour; else silence."""
        is_command = event.message is not None and (event.message.text or "").startswith("/")
        if (is_command or _has_joined(event.my_chat_member)) and self._told_groups.allows(chat_id):
            await _say_if_let(bot, chat_id, texts.say("groups"))

    async def _refuse(self, event: Update, visitor: Visitor, bot: Bot) -> None:
        """One polite line an hour, and nothing is stored."""
        if event.callback_query is not None:
            await event.callback_query.answer()
        if self._told_strangers.allows(visitor.chat_id):
            await _say_if_let(bot, visitor.chat_id, texts.say("stale_claim" if visitor.token else "private_bot"))


class LeaveDialogMiddleware(BaseMiddleware):
    """A command closes an open dialog silently, and then works as ever."""

    def __init__(self, dialogs: Dialogs) -> None:
        self._dialogs = dialogs

    @override
    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        subscriber: Subscriber = data["subscriber"]
        text = (event.text or "") if isinstance(event, Message) else ""
        if is_command(text) and not text.startswith(KEEP_DIALOG):
            await self._dialogs.leave(subscriber, data["event_update"].update_id)
        return await handler(event, data)


def _has_joined(change: ChatMemberUpdated | None) -> bool:
    return change is not None and change.old_chat_member.status in GONE and change.new_chat_member.status not in GONE


async def _say_if_let(bot: Bot, chat_id: int, text: str) -> None:
    try:
        await bot.send_message(chat_id, text)
    except (TelegramBadRequest, TelegramForbiddenError) as error:
        log.info("cannot refuse politely chat=%d error=%s", chat_id, type(error).__name__)

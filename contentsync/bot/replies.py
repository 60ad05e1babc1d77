"""How handlers answer a tap: by changing the message under which the button is."""

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery, InlineKeyboardMarkup

from contentsync.bot.delivery import Refusal, refusal


async def replace(query: CallbackQuery, bot: Bot, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
    """Put this into the message; a new message if it can no longer be changed."""
    if query.message is None:
        await bot.send_message(query.from_user.id, text, reply_markup=keyboard)
        return
    chat_id, message_id = query.message.chat.id, query.message.message_id
    try:
        await bot.edit_message_text(text, chat_id=chat_id, message_id=message_id, reply_markup=keyboard)
    except TelegramBadRequest as error:
        if refusal(error) is not Refusal.MESSAGE_GONE:
            raise
        await bot.send_message(chat_id, text, reply_markup=keyboard)

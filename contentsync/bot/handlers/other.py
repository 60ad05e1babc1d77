"""What nobody else understood gets a sentence that says what can be done."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from contentsync.bot import texts

router = Router(name="other")


@router.message(F.text.startswith("/"))
async def unknown_command(message: Message) -> None:
    """A command that does not exist."""
    await message.answer(texts.say("unknown_command"))


@router.message(F.text)
async def unknown_text(message: Message) -> None:
    """A text without a link, while nothing was asked."""
    await message.answer(texts.say("unknown_text"))


@router.message()
async def not_text(message: Message) -> None:
    """A sticker, a photo, a voice message, …"""
    await message.answer(texts.say("not_text"))


@router.callback_query()
async def unknown_button(query: CallbackQuery) -> None:
    """A button of a former version."""
    await query.answer(texts.SENTENCES["old_button"])

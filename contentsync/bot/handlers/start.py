"""/start and /help, and the buttons under the greeting that only show something."""

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandStart
from aiogram.types import CallbackQuery, Message

from contentsync.bot import keyboards, texts
from contentsync.bot.keyboards import Menu, MenuItem
from contentsync.db.base import utc_now
from contentsync.db.models import Subscriber

router = Router(name="start")


@router.message(CommandStart())
async def start(message: Message, subscriber: Subscriber, claimed: bool) -> None:
    """Greet, say what this is and what to do."""
    await message.answer(texts.say_greeting(subscriber, claimed=claimed), reply_markup=keyboards.greeting(subscriber))


@router.message(Command("help"))
async def show_help(message: Message) -> None:
    """Every command, a line each."""
    await message.answer(texts.say("help"))


@router.callback_query(Menu.filter(F.item == MenuItem.HELP))
async def show_help_on_tap(query: CallbackQuery, bot: Bot, subscriber: Subscriber) -> None:
    """The same, as a message of its own: the greeting stays."""
    await query.answer()
    await bot.send_message(subscriber.chat_id, texts.say("help"))


@router.callback_query(Menu.filter(F.item == MenuItem.SETTINGS))
async def show_settings_on_tap(query: CallbackQuery, bot: Bot, subscriber: Subscriber) -> None:
    """The settings, as a message of their own."""
    await query.answer()
    text = texts.say_settings(subscriber, utc_now())
    await bot.send_message(subscriber.chat_id, text, reply_markup=keyboards.settings(subscriber))

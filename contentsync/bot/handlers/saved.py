"""/saved: what a person keeps (⭐), page by page."""

from aiogram import Bot, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from contentsync.bot import render
from contentsync.bot.callbacks import SavedPage
from contentsync.bot.delivery import NO_PREVIEW, markup
from contentsync.bot.render import Keyboard
from contentsync.bot.replies import replace
from contentsync.db import saved, stories
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber

router = Router(name="saved")

PAGE_ITEMS = 10


@router.message(Command("saved"))
async def show_saved(message: Message, subscriber: Subscriber, db: Database) -> None:
    """The first page."""
    text, keyboard = await _page(db, subscriber, 0)
    await message.answer(text, reply_markup=markup(keyboard), link_preview_options=NO_PREVIEW)


@router.callback_query(SavedPage.filter())
async def turn_page(
    query: CallbackQuery, callback_data: SavedPage, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Another page, in place."""
    await query.answer()
    text, keyboard = await _page(db, subscriber, max(0, callback_data.page))
    await replace(query, bot, text, markup(keyboard))


async def _page(db: Database, subscriber: Subscriber, page: int) -> tuple[str, Keyboard]:
    subscriber_id = subscriber.id or 0
    async with db.read() as session:
        kept = await saved.list_saved(session, subscriber_id=subscriber_id, offset=page * PAGE_ITEMS, limit=PAGE_ITEMS)
        tellings = await stories.list_tellings(session, subscriber_id=subscriber_id, item_ids=kept.item_ids)
    return render.saved(tellings, page=page, size=PAGE_ITEMS, count=kept.count)

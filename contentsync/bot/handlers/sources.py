"""/sources: what a person follows, page by page, how each source is, and the way to stop following it."""

from aiogram import Bot, F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

from contentsync.bot import keyboards, newsletters, texts
from contentsync.bot.keyboards import PAGE_SOURCES, KeepSource, SourceDrop, SourcesPage
from contentsync.bot.replies import replace
from contentsync.credentials import Vault
from contentsync.db import sources
from contentsync.db.base import utc_now
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber

router = Router(name="sources")


@router.message(Command("sources"))
async def show_sources(message: Message, subscriber: Subscriber, db: Database) -> None:
    """The first page."""
    text, keyboard = await _page(db, subscriber, 0)
    await message.answer(text, reply_markup=keyboard)


@router.callback_query(SourcesPage.filter())
async def turn_page(
    query: CallbackQuery, callback_data: SourcesPage, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Another page, in place; also the way back from a question."""
    await query.answer()
    await replace(query, bot, *await _page(db, subscriber, callback_data.page))


@router.callback_query(SourceDrop.filter(~F.sure))
async def ask_to_drop(
    query: CallbackQuery, callback_data: SourceDrop, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Ask before unfollowing; a source that is not followed any more just shows the page."""
    await query.answer()
    async with db.read() as session:
        source = await sources.get_followed(
            session, subscriber_id=subscriber.id or 0, source_id=callback_data.source_id
        )
    if source is None:
        await replace(query, bot, *await _page(db, subscriber, callback_data.page))
        return
    text = texts.say("confirm_unfollow", title=texts.title_of(source))
    await replace(query, bot, text, keyboards.confirm_drop(callback_data.source_id, callback_data.page))


@router.callback_query(SourceDrop.filter(F.sure))
async def drop(
    query: CallbackQuery, callback_data: SourceDrop, bot: Bot, subscriber: Subscriber, db: Database, vault: Vault
) -> None:
    """Unfollow, and show the page as it is now; a newsletter can be left for good."""
    await query.answer(texts.SENTENCES["toast_unfollowed"])
    async with db.write() as session:
        await sources.unfollow(
            session, subscriber_id=subscriber.id or 0, source_id=callback_data.source_id, now=utc_now()
        )
    await replace(query, bot, *await _page(db, subscriber, callback_data.page))
    await newsletters.offer_leaving(bot, db, vault, subscriber, callback_data.source_id)


@router.callback_query(KeepSource.filter())
async def keep(query: CallbackQuery, callback_data: KeepSource, bot: Bot, subscriber: Subscriber, db: Database) -> None:
    """Leave a source that does not work among those that are followed."""
    await query.answer()
    async with db.read() as session:
        source = await sources.get_followed(
            session, subscriber_id=subscriber.id or 0, source_id=callback_data.source_id
        )
    text = texts.say("source_gone") if source is None else texts.say("source_kept", title=texts.title_of(source))
    await replace(query, bot, text, None)


async def _page(db: Database, subscriber: Subscriber, page: int) -> tuple[str, InlineKeyboardMarkup]:
    """The page, or the last one if there are fewer now."""
    async with db.read() as session:
        followed = await sources.list_followed(session, subscriber_id=subscriber.id or 0)
    if not followed:
        return texts.say("no_sources"), keyboards.begin()
    page = max(0, min(page, (len(followed) - 1) // PAGE_SOURCES))
    text = texts.say_sources(followed, page, PAGE_SOURCES, utc_now())
    return text, keyboards.source_list(followed, page)

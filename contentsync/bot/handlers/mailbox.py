"""Mailboxes: the newsletters in them, accepted one by one."""

from aiogram import Bot, F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, Update

from contentsync.bot import newsletters, texts
from contentsync.bot.account_keyboards import Connect
from contentsync.bot.accounts import Accounts
from contentsync.bot.dialogs import Dialogs
from contentsync.bot.mailbox_keyboards import Deed, Newsletter, NewsletterPage
from contentsync.bot.mailbox_questions import KIND, MAILBOX_ADDRESS
from contentsync.bot.replies import replace
from contentsync.credentials import Vault
from contentsync.db import channels, items
from contentsync.db.account_models import Channel
from contentsync.db.base import utc_now
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber

router = Router(name="mailbox")


@router.message(Command("newsletters"))
async def show_newsletters(message: Message, subscriber: Subscriber, db: Database) -> None:
    """How the mailboxes are, and the newsletters in them."""
    text, keyboard = await newsletters.page_of(db, subscriber, 0, utc_now())
    await message.answer(text, reply_markup=keyboard)


@router.callback_query(NewsletterPage.filter())
async def turn_page(
    query: CallbackQuery, callback_data: NewsletterPage, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Another page, in place."""
    await query.answer()
    await replace(query, bot, *await newsletters.page_of(db, subscriber, callback_data.page, utc_now()))


@router.callback_query(Connect.filter(F.kind == KIND))
async def connect_mailbox(
    query: CallbackQuery, bot: Bot, subscriber: Subscriber, event_update: Update, dialogs: Dialogs
) -> None:
    """Ask whose mailbox it is."""
    await query.answer()
    reply = await dialogs.open(subscriber, event_update.update_id, MAILBOX_ADDRESS)
    await bot.send_message(subscriber.chat_id, texts.say(reply.text_key, **reply.params))


@router.callback_query(Newsletter.filter(F.deed == Deed.FOLLOW))
async def follow(
    query: CallbackQuery,
    callback_data: Newsletter,
    bot: Bot,
    subscriber: Subscriber,
    db: Database,
    accounts: Accounts,
) -> None:
    """Follow it, show the list, read its mailbox at once, and say how many issues are there."""
    channel = await _tapped(query, callback_data, subscriber, db, toast="toast_looking")
    if channel is None:
        return
    async with db.write() as session:
        source_id = await newsletters.accept(session, channel=channel, subscriber=subscriber, now=utc_now())
    await replace(query, bot, *await newsletters.page_of(db, subscriber, callback_data.page, utc_now()))
    await accounts.sync(channel.integration_id)
    async with db.read() as session:
        count = await items.count_items(session, source_id=source_id)
    await bot.send_message(subscriber.chat_id, newsletters.say_following(channel, count))


@router.callback_query(Newsletter.filter(F.deed.in_({Deed.DECLINE, Deed.UNFOLLOW})))
async def decline(
    query: CallbackQuery,
    callback_data: Newsletter,
    bot: Bot,
    subscriber: Subscriber,
    db: Database,
    vault: Vault,
) -> None:
    """Leave it alone, show the list; one that was followed can be left for good."""
    channel = await _tapped(query, callback_data, subscriber, db)
    if channel is None:
        return
    async with db.write() as session:
        await newsletters.decline(session, channel=channel, subscriber=subscriber, now=utc_now())
    await replace(query, bot, *await newsletters.page_of(db, subscriber, callback_data.page, utc_now()))
    if callback_data.deed is Deed.UNFOLLOW and channel.source_id is not None:
        await newsletters.offer_leaving(bot, db, vault, subscriber, channel.source_id)


@router.callback_query(Newsletter.filter(F.deed == Deed.LEAVE))
async def leave(
    query: CallbackQuery,
    callback_data: Newsletter,
    bot: Bot,
    subscriber: Subscriber,
    db: Database,
    vault: Vault,
    accounts: Accounts,
) -> None:
    """Have its list left, and say how that went."""
    if await _tapped(query, callback_data, subscriber, db, toast="toast_looking") is None:
        return
    done = await accounts.unsubscribe(callback_data.channel_id)
    channel = await _own(db, subscriber, callback_data.channel_id)
    await replace(
        query, bot, newsletters.say_left(channel, vault, done=done) if channel else texts.say("newsletter_gone")
    )


async def _tapped(
    query: CallbackQuery, button: Newsletter, subscriber: Subscriber, db: Database, *, toast: str | None = None
) -> Channel | None:
    """The newsletter of a button, its tap answered; None, which the answer then says, if it is not theirs."""
    channel = await _own(db, subscriber, button.channel_id)
    said = toast if channel is not None else "old_button"
    await query.answer(texts.SENTENCES[said] if said else None)
    return channel


async def _own(db: Database, subscriber: Subscriber, channel_id: int) -> Channel | None:
    async with db.read() as session:
        return await channels.get_channel(session, channel_id=channel_id, subscriber_id=subscriber.id or 0)

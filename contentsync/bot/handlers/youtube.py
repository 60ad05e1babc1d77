"""YouTube accounts: signing in, and what is taken from them."""

from aiogram import Bot, F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

from contentsync.bot import texts, youtube_keyboards, youtube_texts
from contentsync.bot.account_keyboards import Connect
from contentsync.bot.accounts import Accounts
from contentsync.bot.replies import replace
from contentsync.bot.sign_in import begin_sign_in
from contentsync.bot.texts import Html
from contentsync.bot.youtube_keyboards import (
    PAGE_CHANNELS,
    Leaving,
    Part,
    YouTubeChannel,
    YouTubeChannels,
    YouTubeLeave,
    YouTubePage,
    YouTubeRead,
    YouTubeWant,
)
from contentsync.credentials import Vault
from contentsync.db import account_channels, channels, integrations, youtube_quota
from contentsync.db.account_channels import Wishes
from contentsync.db.account_models import Channel, Integration
from contentsync.db.base import utc_now
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber
from contentsync.settings import Settings

router = Router(name="youtube")

KIND = "youtube"

Page = tuple[Html, InlineKeyboardMarkup | None]


@router.message(Command("youtube"))
async def show(message: Message, subscriber: Subscriber, db: Database, settings: Settings) -> None:
    """What is connected, each account in a message of its own; or what is missing."""
    async with db.read() as session:
        own = await integrations.list_integrations(session, subscriber_id=subscriber.id or 0, kind=KIND)
    for account in own:
        text, keyboard = await _account_page(db, account)
        await message.answer(text, reply_markup=keyboard)
    if settings.has_google_credentials:
        text = Html("\n\n".join([*([] if own else [texts.say("youtube_none")]), await _quota(db)]))
        button = "Connect another account" if own else "Connect YouTube"
        await message.answer(text, reply_markup=youtube_keyboards.connect(button))
    else:
        await message.answer(_missing(settings))


@router.callback_query(Connect.filter(F.kind == KIND))
async def connect(
    query: CallbackQuery, bot: Bot, subscriber: Subscriber, db: Database, vault: Vault, settings: Settings
) -> None:
    """Send the way to Google's consent page, or what is missing for it."""
    await query.answer()
    if not settings.has_google_credentials:
        await bot.send_message(subscriber.chat_id, _missing(settings))
        return
    url = await begin_sign_in(
        subscriber_id=subscriber.id or 0,
        chat_url=await _chat_url(bot, settings),
        db=db,
        vault=vault,
        settings=settings,
        now=utc_now(),
    )
    await bot.send_message(
        subscriber.chat_id, texts.say("youtube_sign_in"), reply_markup=youtube_keyboards.sign_in(url)
    )


@router.callback_query(YouTubePage.filter())
async def show_account(
    query: CallbackQuery, callback_data: YouTubePage, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """The account as it is now."""
    await query.answer()
    await _show(query, bot, subscriber, db, callback_data.account_id)


@router.callback_query(YouTubeWant.filter())
async def want(
    query: CallbackQuery, callback_data: YouTubeWant, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Take or leave out Shorts or live streams of all its channels, also of those that come later."""
    await query.answer(texts.SENTENCES["toast_saved"])
    account = await _own(db, subscriber, callback_data.account_id)
    if account is not None:
        async with db.write() as session:
            await account_channels.want_of_all(
                session, integration=account, **_wishes(callback_data.part, callback_data.on)
            )
    await _show(query, bot, subscriber, db, callback_data.account_id)


@router.callback_query(YouTubeRead.filter())
async def read_now(
    query: CallbackQuery,
    callback_data: YouTubeRead,
    bot: Bot,
    subscriber: Subscriber,
    db: Database,
    accounts: Accounts,
) -> None:
    """Read the list before its time."""
    await query.answer(texts.SENTENCES["toast_reading_list"])
    account = await _own(db, subscriber, callback_data.account_id)
    if account is not None and account.state == "ok":
        async with db.write() as session:
            await account_channels.make_list_due(session, integration=account)
        await accounts.sync(account.id or 0)
    await _show(query, bot, subscriber, db, callback_data.account_id)


@router.callback_query(YouTubeLeave.filter())
async def leave(
    query: CallbackQuery,
    callback_data: YouTubeLeave,
    bot: Bot,
    subscriber: Subscriber,
    db: Database,
    accounts: Accounts,
) -> None:
    """Ask, then disconnect; the channels stay if that is the wish."""
    await query.answer()
    account = await _own(db, subscriber, callback_data.account_id)
    if account is None:
        await replace(query, bot, texts.say("youtube_gone"))
        return
    if callback_data.how is Leaving.ASK:
        await ask_leaving(query, bot, account, db)
        return
    if callback_data.how is Leaving.KEEP:
        async with db.write() as session:
            await account_channels.keep_following(session, integration=account)
    await accounts.remove(account.id or 0)
    kept = callback_data.how is Leaving.KEEP
    await replace(query, bot, texts.say("youtube_disconnected_kept" if kept else "youtube_disconnected"))


async def ask_leaving(query: CallbackQuery, bot: Bot, account: Integration, db: Database) -> None:
    """Ask whether the account's channels shall stay."""
    async with db.read() as session:
        counts = await account_channels.count_by_state(session, integration_id=account.id or 0)
    await replace(query, bot, youtube_texts.say_leaving(account, counts), youtube_keyboards.leaving(account.id or 0))


@router.callback_query(YouTubeChannels.filter())
async def show_channels(
    query: CallbackQuery, callback_data: YouTubeChannels, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """A page of its channels."""
    await query.answer()
    account = await _own(db, subscriber, callback_data.account_id)
    page = await _channels_page(db, account, callback_data.page) if account else (texts.say("youtube_gone"), None)
    await replace(query, bot, *page)


@router.callback_query(YouTubeChannel.filter())
async def show_channel(
    query: CallbackQuery, callback_data: YouTubeChannel, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """One channel; if a part is named, that is taken or left out before."""
    await query.answer()
    async with db.read() as session:
        channel = await channels.get_channel(
            session, channel_id=callback_data.channel_id, subscriber_id=subscriber.id or 0
        )
    if channel is not None and callback_data.part is not None:
        async with db.write() as session:
            await account_channels.want(
                session,
                subscriber_id=subscriber.id or 0,
                source_ids=[channel.source_id or 0],
                **_wishes(callback_data.part, callback_data.on),
            )
    await replace(query, bot, *await _channel_page(db, subscriber, channel, callback_data.page))


async def _own(db: Database, subscriber: Subscriber, account_id: int) -> Integration | None:
    """The account, if it is this person's."""
    async with db.read() as session:
        account = await integrations.get_integration(session, integration_id=account_id)
    is_own = account is not None and (account.subscriber_id, account.kind) == (subscriber.id, KIND)
    return account if is_own else None


async def _show(query: CallbackQuery, bot: Bot, subscriber: Subscriber, db: Database, account_id: int) -> None:
    account = await _own(db, subscriber, account_id)
    page = await _account_page(db, account) if account is not None else (texts.say("youtube_gone"), None)
    await replace(query, bot, *page)


async def _account_page(db: Database, account: Integration) -> Page:
    async with db.read() as session:
        counts = await account_channels.count_by_state(session, integration_id=account.id or 0)
    return youtube_texts.say_account(account, counts, utc_now()), youtube_keyboards.account(account)


async def _channels_page(db: Database, account: Integration, page: int) -> Page:
    """The page, or the last one if there are fewer now."""
    async with db.read() as session:
        every = await channels.list_channels(session, integration_id=account.id or 0)
    followed = sorted((c for c in every if c.state == channels.FOLLOWED), key=lambda c: (c.title.casefold(), c.id))
    pages = max(1, (len(followed) + PAGE_CHANNELS - 1) // PAGE_CHANNELS)
    page = max(0, min(page, pages - 1))
    shown = followed[page * PAGE_CHANNELS : (page + 1) * PAGE_CHANNELS]
    key = "youtube_channels" if followed else "youtube_no_channels"
    text = texts.say(key, account=account.account, page=page + 1, pages=pages)
    return text, youtube_keyboards.channel_list(account.id or 0, shown, page, pages)


async def _channel_page(db: Database, subscriber: Subscriber, channel: Channel | None, page: int) -> Page:
    if channel is None:
        return texts.say("youtube_gone"), None
    async with db.read() as session:
        wishes = await account_channels.get_wishes(
            session, subscriber_id=subscriber.id or 0, source_id=channel.source_id or 0
        )
    if wishes is None:
        return texts.say("source_gone"), None
    return youtube_texts.say_channel(channel, wishes), youtube_keyboards.one_channel(channel, wishes, page)


async def _quota(db: Database) -> Html:
    async with db.read() as session:
        return youtube_texts.say_quota(await youtube_quota.get_today(session, now=utc_now()))


async def _chat_url(bot: Bot, settings: Settings) -> str:
    """Where this chat is found again."""
    return f"{settings.own_url}/chat" if settings.local_chat else f"https://t.me/{(await bot.me()).username}"


def _missing(settings: Settings) -> Html:
    return texts.say("youtube_missing", redirect_uri=settings.oauth_redirect_uri)


def _wishes(part: Part, on: bool) -> Wishes:
    return Wishes(with_shorts=on) if part is Part.SHORTS else Wishes(with_live=on)

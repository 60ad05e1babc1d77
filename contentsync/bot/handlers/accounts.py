"""/connect and /topics: accounts, and what a person wants to read about."""

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message, Update

from contentsync.bot import account_keyboards, account_pages, texts
from contentsync.bot.account_keyboards import (
    KINDS,
    PAGE_TOPICS,
    AccountsPage,
    Connect,
    Disconnect,
    TopicDrop,
    TopicLanguage,
    TopicsPage,
)
from contentsync.bot.account_questions import NEWSAPI_KEY, TOPIC_LANGUAGE
from contentsync.bot.accounts import Accounts
from contentsync.bot.client import typing
from contentsync.bot.dialogs import Dialogs
from contentsync.bot.handlers.youtube import ask_leaving
from contentsync.bot.keyboards import Menu, MenuItem
from contentsync.bot.replies import replace
from contentsync.bot.topic_words import LANGUAGES, language_of, read_topic
from contentsync.bot.topics import add_topic
from contentsync.credentials import Vault
from contentsync.db import drafts, integrations, topics
from contentsync.db.account_models import Integration
from contentsync.db.base import utc_now
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber

router = Router(name="accounts")


@router.message(Command("connect", "integrations"))
async def show_accounts(message: Message, subscriber: Subscriber, db: Database) -> None:
    """Every kind of account, and how each is."""
    text, keyboard = await _accounts_page(db, subscriber)
    await message.answer(text, reply_markup=keyboard)


@router.callback_query(AccountsPage.filter())
async def show_accounts_again(query: CallbackQuery, bot: Bot, subscriber: Subscriber, db: Database) -> None:
    """The same in place; also the way back from a question."""
    await query.answer()
    await replace(query, bot, *await _accounts_page(db, subscriber))


@router.callback_query(Menu.filter(F.item == MenuItem.ACCOUNTS))
async def show_accounts_on_tap(query: CallbackQuery, bot: Bot, subscriber: Subscriber, db: Database) -> None:
    """The same, as a message of its own."""
    await query.answer()
    text, keyboard = await _accounts_page(db, subscriber)
    await bot.send_message(subscriber.chat_id, text, reply_markup=keyboard)


@router.callback_query(Connect.filter(F.kind == "newsapi"))
async def connect_newsapi(
    query: CallbackQuery, bot: Bot, subscriber: Subscriber, event_update: Update, dialogs: Dialogs
) -> None:
    """Ask for a key."""
    await query.answer()
    reply = await dialogs.open(subscriber, event_update.update_id, NEWSAPI_KEY)
    await bot.send_message(subscriber.chat_id, texts.say(reply.text_key, **reply.params))


@router.callback_query(Disconnect.filter(~F.sure))
async def ask_to_disconnect(
    query: CallbackQuery, callback_data: Disconnect, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Ask before disconnecting; an account that is not there any more just shows the page."""
    await query.answer()
    account = await _own(db, subscriber, callback_data.integration_id)
    if account is None:
        await replace(query, bot, *await _accounts_page(db, subscriber))
        return
    if account.kind == "youtube":  # its channels may stay
        await ask_leaving(query, bot, account, db)
        return
    question = "confirm_disconnect_newsapi" if account.kind == "newsapi" else "confirm_disconnect"
    text = texts.say(question, name=KINDS[account.kind], account=account_pages.label_of(account))
    await replace(query, bot, text, account_keyboards.confirm_disconnect(callback_data.integration_id))


@router.callback_query(Disconnect.filter(F.sure))
async def disconnect(
    query: CallbackQuery,
    callback_data: Disconnect,
    bot: Bot,
    subscriber: Subscriber,
    db: Database,
    accounts: Accounts,
) -> None:
    """Have it disconnected and deleted."""
    await query.answer()
    account = await _own(db, subscriber, callback_data.integration_id)
    if account is None:
        await replace(query, bot, texts.say("account_gone"), account_keyboards.to_accounts())
        return
    await accounts.remove(callback_data.integration_id)
    text = texts.say("disconnected", name=KINDS[account.kind], account=account_pages.label_of(account))
    await replace(query, bot, text, account_keyboards.to_accounts())


@router.message(Command("topics"), F.text)
async def show_topics(
    message: Message, command: CommandObject, subscriber: Subscriber, db: Database, accounts: Accounts
) -> None:
    """The topics; with words after the command, those become one, in the language the person's Telegram speaks."""
    if not command.args:
        text, keyboard = await _topics_page(db, subscriber, 0)
        await message.answer(text, reply_markup=keyboard)
        return
    words = read_topic(command.args)
    if words is None:
        await message.answer(texts.say("bad_topic"))
        return
    await answer_added(message, words, language_of(subscriber.language), subscriber, db, accounts)


@router.callback_query(TopicsPage.filter())
async def turn_page(
    query: CallbackQuery, callback_data: TopicsPage, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Another page, in place."""
    await query.answer()
    await replace(query, bot, *await _topics_page(db, subscriber, callback_data.page))


@router.callback_query(TopicDrop.filter())
async def drop_topic(
    query: CallbackQuery, callback_data: TopicDrop, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Remove it, and show the page as it is now."""
    await query.answer(texts.SENTENCES["toast_removed"])
    async with db.write() as session:
        await topics.remove_topic(
            session, subscriber_id=subscriber.id or 0, topic_id=callback_data.topic_id, now=utc_now()
        )
    await replace(query, bot, *await _topics_page(db, subscriber, callback_data.page))


@router.callback_query(TopicLanguage.filter())
async def choose_language(
    query: CallbackQuery,
    callback_data: TopicLanguage,
    bot: Bot,
    subscriber: Subscriber,
    event_update: Update,
    db: Database,
    vault: Vault,
    dialogs: Dialogs,
    accounts: Accounts,
) -> None:
    """The language that was asked for; a question that is still open is answered by it."""
    async with db.read() as session:
        draft = await drafts.get_draft(session, draft_id=callback_data.draft_id)
    asks = draft.outcome.get("reply", {}).get("asks") if draft and draft.subscriber_id == subscriber.id else None
    if draft is None or asks != f"{TOPIC_LANGUAGE}:{draft.id}" or callback_data.language not in LANGUAGES:
        await query.answer(texts.SENTENCES["old_button"])
        return
    await query.answer()
    await dialogs.leave(subscriber, event_update.update_id)
    async with typing(bot, subscriber.chat_id):
        text, keyboard = await add_topic(
            vault.decrypt(draft.text), callback_data.language, subscriber=subscriber, db=db, accounts=accounts
        )
    await replace(query, bot, text, keyboard)


async def answer_added(
    message: Message, words: str, language: str, subscriber: Subscriber, db: Database, accounts: Accounts
) -> None:
    """Add a topic, and say what came of it."""
    assert message.bot is not None, "handlers get messages of a bot"
    async with typing(message.bot, message.chat.id):
        text, keyboard = await add_topic(words, language, subscriber=subscriber, db=db, accounts=accounts)
    await message.answer(text, reply_markup=keyboard)


async def _own(db: Database, subscriber: Subscriber, integration_id: int) -> Integration | None:
    async with db.read() as session:
        account = await integrations.get_integration(session, integration_id=integration_id)
    return account if account is not None and account.subscriber_id == subscriber.id else None


async def _accounts_page(db: Database, subscriber: Subscriber) -> tuple[str, InlineKeyboardMarkup]:
    async with db.read() as session:
        accounts = await integrations.list_integrations(session, subscriber_id=subscriber.id or 0)
    return account_pages.say_accounts(accounts, utc_now()), account_keyboards.account_list(accounts)


async def _topics_page(db: Database, subscriber: Subscriber, page: int) -> tuple[str, InlineKeyboardMarkup]:
    """The page, or the last one if there are fewer now."""
    async with db.read() as session:
        own = await topics.list_topics(session, subscriber_id=subscriber.id or 0)
        keys = await integrations.list_integrations(session, subscriber_id=subscriber.id or 0, kind=topics.KIND)
    page = max(0, min(page, (len(own) - 1) // PAGE_TOPICS))
    text = account_pages.say_topics(own, page, utc_now(), has_key=bool(keys))
    return text, account_keyboards.topic_list(own, page, has_key=bool(keys))

"""What opens a dialog, answers its question, or leaves it. Only chats with an open question go to Temporal."""

import logging

from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, Update

from contentsync.bot import account_keyboards, keyboards, texts
from contentsync.bot.account_keyboards import under_reply
from contentsync.bot.account_questions import ADD_TOPIC
from contentsync.bot.accounts import Accounts
from contentsync.bot.answers import is_command
from contentsync.bot.client import typing
from contentsync.bot.contract import CONNECT, FIND_LINK
from contentsync.bot.dialog_activities import QUESTIONS
from contentsync.bot.dialogs import Dialogs
from contentsync.bot.feeds import Feeds
from contentsync.bot.handlers.accounts import answer_added
from contentsync.bot.handlers.links import answer_found
from contentsync.bot.keeping import keep_typed
from contentsync.bot.keyboards import Ask
from contentsync.bot.rule_making import make_rule
from contentsync.bot.rule_questions import ADD_RULE
from contentsync.credentials import Vault
from contentsync.db import drafts, integrations
from contentsync.db.base import utc_now
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber

log = logging.getLogger(__name__)

router = Router(name="dialogs")


@router.message(Command("cancel"))
async def cancel(message: Message, subscriber: Subscriber, event_update: Update, dialogs: Dialogs) -> None:
    """Leave the open question, if there is one."""
    was_open = subscriber.dialog_open
    await dialogs.leave(subscriber, event_update.update_id)
    await message.answer(texts.say("dialog_cancelled" if was_open else "nothing_to_cancel"))


@router.callback_query(Ask.filter())
async def ask(
    query: CallbackQuery,
    callback_data: Ask,
    bot: Bot,
    subscriber: Subscriber,
    event_update: Update,
    dialogs: Dialogs,
) -> None:
    """Ask the question of the button."""
    if callback_data.question not in QUESTIONS:
        await query.answer(texts.SENTENCES["old_button"])
        return
    await query.answer()
    reply = await dialogs.open(subscriber, event_update.update_id, callback_data.question)
    await bot.send_message(subscriber.chat_id, texts.say(reply.text_key, **reply.params))


async def answers_question(message: Message, subscriber: Subscriber, event_update: Update, db: Database) -> bool:
    """Whether this text answers an open question, or is the repeated update that answered one."""
    if message.text is None or is_command(message.text):
        return False
    if subscriber.dialog_open:
        return True
    async with db.read() as session:
        draft = await drafts.find_draft(session, subscriber_id=subscriber.id or 0, update_id=event_update.update_id)
    return draft is not None


@router.message(F.text, answers_question)
async def answer(
    message: Message,
    subscriber: Subscriber,
    event_update: Update,
    db: Database,
    vault: Vault,
    dialogs: Dialogs,
    feeds: Feeds,
    accounts: Accounts,
) -> None:
    """Keep the text as a draft, hand that to the dialog, and say what it says."""
    draft_id = await keep_typed(message.text or "", subscriber=subscriber, update=event_update, db=db, vault=vault)
    reply = await dialogs.answer(subscriber, event_update.update_id, draft_id)
    if reply.forget:
        await forget(message)
    if reply.text_key == FIND_LINK:
        await answer_found(message, draft_id, subscriber, db, feeds)
        return
    if reply.text_key == CONNECT:
        await connect(message, draft_id, str(reply.params["kind"]), db, accounts)
        return
    if reply.text_key == ADD_RULE:
        await answer_rule(message, str(reply.params["action"]), subscriber, db)
        return
    async with db.read() as session:
        understood = await drafts.get_draft(session, draft_id=draft_id)
    if reply.text_key == ADD_TOPIC:
        words = vault.decrypt(understood.text) if understood else ""
        await answer_added(message, words, str(reply.params["language"]), subscriber, db, accounts)
        return
    places = understood.outcome.get("places") if understood else None
    keyboard = keyboards.zones(places, utc_now()) if places else under_reply(reply, subscriber)
    await message.answer(texts.say(reply.text_key, **reply.params), reply_markup=keyboard)


async def answer_rule(message: Message, action: str, subscriber: Subscriber, db: Database) -> None:
    """Make a rule of the answer, or say why it is none."""
    text, keyboard = await make_rule(message.text or "", action, subscriber=subscriber, db=db, now=utc_now())
    await message.answer(text, reply_markup=keyboard)


async def connect(message: Message, draft_id: int, kind: str, db: Database, accounts: Accounts) -> None:
    """Have the account in the draft tried, say how it went, and then look into it at once."""
    assert message.bot is not None, "handlers get messages of a bot"
    async with typing(message.bot, message.chat.id):
        integration_id = await accounts.connect(draft_id, kind)
    async with db.read() as session:
        draft = await drafts.get_draft(session, draft_id=draft_id)
        account = await integrations.get_integration(session, integration_id=integration_id or 0)
    if account is not None:
        text = texts.say(f"{kind}_connected", account=account.account)
        await message.answer(text, reply_markup=account_keyboards.connected(kind))
        async with typing(message.bot, message.chat.id):
            await accounts.sync(account.id or 0)
    elif draft is not None and "reason_key" in draft.outcome:
        params = {"reason_key": draft.outcome["reason_key"], **draft.outcome["params"]}
        text = texts.say_notice(f"{kind}_not_connected", params)
        await message.answer(text, reply_markup=account_keyboards.connect_again(kind))
    else:
        await message.answer(texts.say("slow_search"))


async def forget(message: Message) -> None:
    """Delete a message that holds a secret. Telegram lets a bot do that for two days; else the person is asked to.

    Source: https://core.telegram.org/bots/api#deletemessage
    """
    try:
        await message.delete()
    except TelegramBadRequest as error:
        log.warning("secret message not deleted error=%s", type(error).__name__)
        await message.answer(texts.say("delete_it_yourself"))

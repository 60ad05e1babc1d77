"""What opens a dialog, answers its question, or leaves it. Only chats with an open question go to Temporal."""

from aiogram import Bot, F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, Update

from contentsync.bot import keyboards, texts
from contentsync.bot.contract import FIND_LINK
from contentsync.bot.dialog_activities import QUESTIONS
from contentsync.bot.dialogs import Dialogs
from contentsync.bot.feeds import Feeds
from contentsync.bot.handlers.links import answer_found
from contentsync.bot.keyboards import Ask
from contentsync.credentials import Vault
from contentsync.db import drafts
from contentsync.db.base import utc_now
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber

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
    if message.text is None or message.text.startswith("/"):
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
) -> None:
    """Keep the text as a draft, hand that to the dialog, and say what it says."""
    async with db.write() as session:
        draft = await drafts.keep_draft(
            session,
            subscriber_id=subscriber.id or 0,
            update_id=event_update.update_id,
            text=vault.encrypt(message.text or ""),
            now=utc_now(),
        )
    assert draft.id is not None, "a stored draft has an id"
    reply = await dialogs.answer(subscriber, event_update.update_id, draft.id)
    if reply.text_key == FIND_LINK:
        await answer_found(message, draft.id, subscriber, db, feeds)
        return
    async with db.read() as session:
        understood = await drafts.get_draft(session, draft_id=draft.id)
    places = understood.outcome.get("places") if understood else None
    keyboard = keyboards.zones(places, utc_now()) if places else None
    await message.answer(texts.say(reply.text_key, **reply.params), reply_markup=keyboard)

"""/digest, and what the buttons of digests and cards do."""

from datetime import UTC, datetime

from aiogram import Bot, Router
from aiogram.enums import ChatAction
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, Update
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from contentsync.bot import cards, render, texts
from contentsync.bot.callbacks import RateItem, SaveItem, ShowCard, ShowDigest
from contentsync.bot.cards import Place
from contentsync.bot.contract import SEND_DIGESTS, SendDigestsInput, ask_workflow_id
from contentsync.bot.delivery import markup
from contentsync.bot.replies import replace
from contentsync.db import deliveries, digests, feedback
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber
from contentsync.settings import Settings

router = Router(name="digest")

TOASTS = {1: "toast_liked", -1: "toast_disliked", 0: "toast_taken_back"}


@router.message(Command("digest"))
async def ask_for_digest(
    message: Message,
    bot: Bot,
    event_update: Update,
    subscriber: Subscriber,
    db: Database,
    temporal: Client,
    settings: Settings,
) -> None:
    """Have a digest made and sent now; it comes through the ledger, as the daily ones do."""
    async with db.write() as session:
        digest_id = await digests.ask_digest(
            session, subscriber_id=subscriber.id or 0, update_id=event_update.update_id, now=datetime.now(UTC)
        )
    await bot.send_chat_action(message.chat.id, ChatAction.TYPING)
    # An update that is handled twice starts a second run at worst, which finds the digest finished and does nothing.
    await temporal.start_workflow(
        SEND_DIGESTS,
        SendDigestsInput(digest_ids=[digest_id], lease_id=digests.asked_slot(event_update.update_id)),
        id=ask_workflow_id(digest_id),
        task_queue=settings.task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )


@router.callback_query(ShowCard.filter())
async def show_card(
    query: CallbackQuery, callback_data: ShowCard, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Turn the digest into the card of one of its items; that somebody opened it tells what they like."""
    place = Place(callback_data.digest_id, callback_data.position)
    is_there = await cards.give(db, subscriber, place, kind=feedback.OPENED, value=1, now=datetime.now(UTC))
    await query.answer(None if is_there else render.NOT_HERE)
    await _show(query, bot, db, subscriber, place)


@router.callback_query(RateItem.filter())
async def rate_item(
    query: CallbackQuery, callback_data: RateItem, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Write down a 👍 or 👎, or take it back, and show it on the card."""
    place, value = Place(callback_data.digest_id, callback_data.position), callback_data.value
    is_there = value in TOASTS and await cards.give(
        db, subscriber, place, kind=feedback.RATING, value=value, now=datetime.now(UTC)
    )
    await query.answer(texts.SENTENCES[TOASTS[value]] if is_there else render.NOT_HERE)
    await _show(query, bot, db, subscriber, place)


@router.callback_query(SaveItem.filter())
async def save_item(
    query: CallbackQuery, callback_data: SaveItem, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Keep the item, or no longer, and show it on the card."""
    place = Place(callback_data.digest_id, callback_data.position)
    is_there = await cards.save(db, subscriber, place, on=callback_data.on, now=datetime.now(UTC))
    toast = texts.SENTENCES["toast_kept" if callback_data.on else "toast_dropped"]
    await query.answer(toast if is_there else render.NOT_HERE)
    await _show(query, bot, db, subscriber, place)


@router.callback_query(ShowDigest.filter())
async def show_digest(
    query: CallbackQuery, callback_data: ShowDigest, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Turn a card back into the digest, exactly as it was sent."""
    message_id = query.message.message_id if query.message else 0
    async with db.read() as session:
        sent = await deliveries.get_shown(
            session,
            subscriber_id=subscriber.id or 0,
            digest_id=callback_data.digest_id,
            message_id=message_id,
        )
    await query.answer(None if sent else render.NOT_HERE)
    if sent:
        await replace(query, bot, sent.body, markup(sent.keyboard))


async def _show(query: CallbackQuery, bot: Bot, db: Database, subscriber: Subscriber, place: Place) -> None:
    """Put the card into the message, if there is such an item."""
    card = await cards.load(db, subscriber, place)
    if card is not None:
        text, keyboard = render.card(
            place.digest_id, card.line, marks=card.marks, now=datetime.now(UTC), time_zone=subscriber.time_zone
        )
        await replace(query, bot, text, markup(keyboard))

"""/digest, and what the buttons of digests and cards do."""

from datetime import UTC, datetime

from aiogram import Bot, Router
from aiogram.enums import ChatAction
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, Update
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from contentsync.bot import render
from contentsync.bot.callbacks import RateItem, ShowCard, ShowDigest
from contentsync.bot.contract import SEND_DIGESTS, SendDigestsInput, ask_workflow_id
from contentsync.bot.delivery import markup
from contentsync.bot.render import Keyboard
from contentsync.bot.replies import replace
from contentsync.db import deliveries, digests, feedback, stories
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber
from contentsync.settings import Settings

router = Router(name="digest")


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
    """Turn the digest into the card of one of its items."""
    shown = await _card(db, subscriber, callback_data.digest_id, callback_data.position)
    await query.answer(None if shown else render.NOT_HERE)
    if shown:
        await replace(query, bot, shown[0], markup(shown[1]))


@router.callback_query(RateItem.filter())
async def rate_item(
    query: CallbackQuery, callback_data: RateItem, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Write down a 👍 or 👎, or take it back, and show it on the card."""
    digest_id, position, value = callback_data.digest_id, callback_data.position, callback_data.value
    async with db.write() as session:
        item_id = await digests.get_entry_item(
            session, subscriber_id=subscriber.id or 0, digest_id=digest_id, position=position
        )
        if item_id is not None and value in render.TOASTS:
            await feedback.rate(
                session, subscriber_id=subscriber.id or 0, item_id=item_id, value=value, now=datetime.now(UTC)
            )
    shown = await _card(db, subscriber, digest_id, position)
    await query.answer(render.TOASTS.get(value) if shown else render.NOT_HERE)
    if shown:
        await replace(query, bot, shown[0], markup(shown[1]))


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


async def _card(db: Database, subscriber: Subscriber, digest_id: int, position: int) -> tuple[str, Keyboard] | None:
    """The card of an item of one of the subscriber's digests; None if there is no such item."""
    subscriber_id = subscriber.id or 0
    async with db.read() as session:
        item_id = await digests.get_entry_item(
            session, subscriber_id=subscriber_id, digest_id=digest_id, position=position
        )
        if item_id is None:
            return None
        tellings = await stories.list_tellings(session, subscriber_id=subscriber_id, item_ids=[item_id])
        rating = await feedback.get_rating(session, subscriber_id=subscriber_id, item_id=item_id)
    return render.card(
        tellings[0],
        digest_id=digest_id,
        position=position,
        rating=rating,
        now=datetime.now(UTC),
        time_zone=subscriber.time_zone,
    )

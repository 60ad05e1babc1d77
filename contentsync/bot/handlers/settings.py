"""/settings, /pause and /resume: what a person prefers. Each change moves the next digest in the same transaction."""

from aiogram import Bot, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, Update
from typing_extensions import Unpack

from contentsync.bot import keyboards, texts
from contentsync.bot.dialogs import Dialogs
from contentsync.bot.keyboards import READING_MINUTES, SIZES, SetPaused, SetReading, SetSize, SetTime, SetZone
from contentsync.bot.replies import replace
from contentsync.bot.zones import clock, is_zone
from contentsync.db import preferences
from contentsync.db.base import utc_now
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber
from contentsync.db.subscribers import Changes

router = Router(name="settings")

DAY_MINUTES = 24 * 60


@router.message(Command("settings"))
async def show_settings(message: Message, subscriber: Subscriber) -> None:
    """What is set, with buttons to change it."""
    text = texts.say_settings(subscriber, utc_now())
    await message.answer(text, reply_markup=keyboards.settings(subscriber))


@router.message(Command("pause"))
async def pause(message: Message, subscriber: Subscriber, db: Database) -> None:
    """No digests from now on."""
    await _prefer(db, subscriber, paused=True)
    await message.answer(texts.say("paused"))


@router.message(Command("resume"))
async def resume(message: Message, subscriber: Subscriber, db: Database) -> None:
    """Digests again."""
    await message.answer(texts.say_resumed(await _prefer(db, subscriber, paused=False)))


@router.callback_query(SetTime.filter())
async def set_time(
    query: CallbackQuery,
    callback_data: SetTime,
    bot: Bot,
    subscriber: Subscriber,
    event_update: Update,
    db: Database,
    dialogs: Dialogs,
) -> None:
    """One of the usual times; an open question for another one is answered by it."""
    await query.answer(texts.SENTENCES["toast_saved"])
    await dialogs.leave(subscriber, event_update.update_id)
    await _change(query, bot, db, subscriber, digest_minute=callback_data.minute % DAY_MINUTES)


@router.callback_query(SetSize.filter())
async def set_size(
    query: CallbackQuery, callback_data: SetSize, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """How many items a digest has."""
    await query.answer(texts.SENTENCES["toast_saved"])
    size = min(max(callback_data.size, SIZES[0]), SIZES[-1])
    await _change(query, bot, db, subscriber, digest_size=size)


@router.callback_query(SetReading.filter())
async def set_reading(
    query: CallbackQuery, callback_data: SetReading, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """How long the items of a digest may take together."""
    if callback_data.minutes not in READING_MINUTES:
        await query.answer(texts.SENTENCES["old_button"])
        return
    await query.answer(texts.SENTENCES["toast_saved"])
    await _change(query, bot, db, subscriber, reading_minutes=callback_data.minutes or None)


@router.callback_query(SetPaused.filter())
async def set_paused(
    query: CallbackQuery, callback_data: SetPaused, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Pause or resume."""
    await query.answer(texts.SENTENCES["toast_saved"])
    await _change(query, bot, db, subscriber, paused=callback_data.on)


@router.callback_query(SetZone.filter())
async def set_zone(
    query: CallbackQuery,
    callback_data: SetZone,
    bot: Bot,
    subscriber: Subscriber,
    event_update: Update,
    db: Database,
    dialogs: Dialogs,
) -> None:
    """One of the places that a name may mean; the question is answered by it."""
    zone = callback_data.zone
    if not is_zone(zone):
        await query.answer(texts.SENTENCES["old_button"])
        return
    await query.answer(texts.SENTENCES["toast_saved"])
    await dialogs.leave(subscriber, event_update.update_id)
    await _prefer(db, subscriber, time_zone=zone)
    await replace(query, bot, texts.say("time_zone_set", zone=zone, clock=clock(utc_now(), zone)))


async def _change(
    query: CallbackQuery, bot: Bot, db: Database, subscriber: Subscriber, **changes: Unpack[Changes]
) -> None:
    """Store the change, and show the settings as they are now."""
    changed = await _prefer(db, subscriber, **changes)
    await replace(query, bot, texts.say_settings(changed, utc_now()), keyboards.settings(changed))


async def _prefer(db: Database, subscriber: Subscriber, **changes: Unpack[Changes]) -> Subscriber:
    async with db.write() as session:
        return await preferences.prefer(session, subscriber_id=subscriber.id or 0, now=utc_now(), **changes)

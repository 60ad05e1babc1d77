"""/why and /whynot, and the button "Why?" of cards."""

from datetime import UTC, datetime

from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from contentsync.bot import cards, render, texts, whynot
from contentsync.bot.answers import bare_link, links_in
from contentsync.bot.callbacks import ShowWhy, Taste
from contentsync.bot.cards import Place
from contentsync.bot.delivery import markup
from contentsync.bot.handlers.links import marked_links
from contentsync.bot.render import Line
from contentsync.bot.replies import replace
from contentsync.db import digest_entries, feedback, stories, topics
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber

router = Router(name="why")

TOASTS = {1: "toast_more", -1: "toast_less", 0: "toast_taken_back"}


@router.message(Command("why"))
async def why(message: Message, subscriber: Subscriber, db: Database) -> None:
    """Of the latest digest: why each entry is in it."""
    subscriber_id = subscriber.id or 0
    async with db.read() as session:
        entries = await digest_entries.list_latest_entries(session, subscriber_id=subscriber_id)
        tellings = await stories.list_tellings(
            session, subscriber_id=subscriber_id, item_ids=[entry.item_id for entry, _ in entries]
        )
    if not entries:
        await message.answer(texts.say("why_none"))
        return
    told = {telling.item_id: telling for telling in tellings}
    lines = [
        Line(entry.position, told[entry.item_id], entry.reasons, is_update=entry.is_update)
        for entry, _ in entries
        if entry.item_id in told
    ]
    digest = entries[0][1]
    for text, keyboard in render.why(
        digest.id or 0,
        lines,
        now=digest.created_at,
        time_zone=subscriber.time_zone,
        topics=await _topics(db, subscriber),
    ):
        await message.answer(text, reply_markup=markup(keyboard))


@router.message(Command("whynot"))
async def why_not(message: Message, command: CommandObject, subscriber: Subscriber, db: Database) -> None:
    """What became of the link that was sent with it."""
    asked = (command.args or "").strip()
    if not asked:
        await message.answer(texts.say("whynot_usage"))
        return
    link = next(iter(links_in(asked, marked_links(message))), None) or bare_link(asked)
    if link is None:
        await message.answer(texts.say("whynot_no_link"))
        return
    whole = link if "://" in link else f"https://{link}"
    await message.answer(await whynot.answer(db, subscriber, whole, datetime.now(UTC)))


@router.callback_query(ShowWhy.filter())
async def show_why(
    query: CallbackQuery, callback_data: ShowWhy, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Turn a card into why its item is there."""
    is_there = await _show(query, bot, db, subscriber, Place(callback_data.digest_id, callback_data.position))
    await query.answer(None if is_there else render.NOT_HERE)


@router.callback_query(Taste.filter())
async def set_taste(query: CallbackQuery, callback_data: Taste, bot: Bot, subscriber: Subscriber, db: Database) -> None:
    """Write down that more or less like this is wanted, or take it back."""
    place, value = Place(callback_data.digest_id, callback_data.position), callback_data.value
    is_there = value in TOASTS and await cards.give(
        db, subscriber, place, kind=feedback.TASTE, value=value, now=datetime.now(UTC)
    )
    await query.answer(texts.SENTENCES[TOASTS[value]] if is_there else render.NOT_HERE)
    await _show(query, bot, db, subscriber, place)


async def _show(query: CallbackQuery, bot: Bot, db: Database, subscriber: Subscriber, place: Place) -> bool:
    card = await cards.load(db, subscriber, place)
    if card is None:
        return False
    text, keyboard = render.why_one(
        place.digest_id, card.line, taste=card.taste, now=card.decided_at, topics=await _topics(db, subscriber)
    )
    await replace(query, bot, text, markup(keyboard))
    return True


async def _topics(db: Database, subscriber: Subscriber) -> dict[int, str]:
    async with db.read() as session:
        views = await topics.list_topics(session, subscriber_id=subscriber.id or 0)
    return {view.topic.id or 0: view.topic.text for view in views}

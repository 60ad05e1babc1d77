"""A link becomes sources that can be followed: pasted anywhere, after /add, or answering its question."""

from typing import Any

from aiogram import Bot, F, Router
from aiogram.enums import MessageEntityType
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message, Update

from contentsync.bot import keyboards, texts
from contentsync.bot.answers import bare_link, links_in
from contentsync.bot.client import typing
from contentsync.bot.dialogs import Dialogs
from contentsync.bot.feeds import Feeds
from contentsync.bot.front_questions import ADD_LINK
from contentsync.bot.keeping import keep_typed
from contentsync.bot.keyboards import Follow, Menu, MenuItem
from contentsync.bot.replies import replace
from contentsync.credentials import Vault
from contentsync.db import drafts, items, sources
from contentsync.db.base import utc_now
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber

router = Router(name="links")

MOST_FOUND = 5
LINKS = {MessageEntityType.URL, MessageEntityType.TEXT_LINK}


def marked_links(message: Message) -> list[str]:
    """What Telegram marked as links in a text or a caption."""
    text = message.text or message.caption or ""
    entities = message.entities or message.caption_entities or []
    return [entity.url or entity.extract_from(text) for entity in entities if entity.type in LINKS]


def has_link(message: Message, subscriber: Subscriber) -> bool | dict[str, Any]:
    """Whether the message holds a link and is no command; a word like example.org only while no question is open."""
    text = message.text or message.caption or ""
    if text.startswith("/"):
        return False
    # While a question is open, a word with a dot that Telegram marks may as well be a password or a mail server.
    marked = [link for link in marked_links(message) if "://" in link or not subscriber.dialog_open]
    links = links_in(text, marked)
    bare = None if subscriber.dialog_open else bare_link(text)
    return {"links": links or [bare]} if links or bare else False


@router.message(Command("add"), F.text)
async def add(
    message: Message,
    command: CommandObject,
    subscriber: Subscriber,
    event_update: Update,
    db: Database,
    vault: Vault,
    dialogs: Dialogs,
    feeds: Feeds,
) -> None:
    """Find what follows the command, or ask for a link."""
    if command.args:
        await dialogs.leave(subscriber, event_update.update_id)
        links = links_in(command.args, marked_links(message)) or [command.args]
        await find(message, links, subscriber, event_update, db, vault, feeds)
    else:
        reply = await dialogs.open(subscriber, event_update.update_id, ADD_LINK)
        await message.answer(texts.say(reply.text_key, **reply.params))


@router.callback_query(Menu.filter(F.item == MenuItem.ADD))
async def add_on_tap(
    query: CallbackQuery, bot: Bot, subscriber: Subscriber, event_update: Update, dialogs: Dialogs
) -> None:
    """Ask for a link."""
    await query.answer()
    reply = await dialogs.open(subscriber, event_update.update_id, ADD_LINK)
    await bot.send_message(subscriber.chat_id, texts.say(reply.text_key, **reply.params))


@router.message(has_link)
async def pasted(
    message: Message,
    links: list[str],
    subscriber: Subscriber,
    event_update: Update,
    db: Database,
    vault: Vault,
    dialogs: Dialogs,
    feeds: Feeds,
) -> None:
    """Find the first link. A question that was open is dropped: a link is hardly ever a time or a city."""
    await dialogs.leave(subscriber, event_update.update_id)
    await find(message, links, subscriber, event_update, db, vault, feeds)


@router.callback_query(Follow.filter(F.on))
async def follow(
    query: CallbackQuery, callback_data: Follow, bot: Bot, subscriber: Subscriber, db: Database, feeds: Feeds
) -> None:
    """Follow, pull at once, and say how many items are there."""
    await query.answer(texts.SENTENCES["toast_looking"])
    source_id = callback_data.source_id
    async with db.write() as session:
        known = await sources.get_sources(session, source_ids=[source_id])
        if known:
            await sources.follow(session, subscriber_id=subscriber.id or 0, source_id=source_id, now=utc_now())
    if not known:
        await replace(query, bot, texts.say("source_gone"))
        return
    pulled = await feeds.pull(source_id)
    async with db.read() as session:
        (source,) = await sources.get_sources(session, source_ids=[source_id])
        count = await items.count_items(session, source_id=source_id)
    text = texts.say_following(source, count, pulled=pulled)
    await replace(query, bot, text, keyboards.found(source_id, followed=True))


@router.callback_query(Follow.filter(~F.on))
async def unfollow(query: CallbackQuery, callback_data: Follow, bot: Bot, subscriber: Subscriber, db: Database) -> None:
    """Stop following; the button leads back."""
    await query.answer()
    source_id = callback_data.source_id
    async with db.write() as session:
        known = await sources.get_sources(session, source_ids=[source_id])
        await sources.unfollow(session, subscriber_id=subscriber.id or 0, source_id=source_id, now=utc_now())
    if not known:
        await replace(query, bot, texts.say("source_gone"))
        return
    text = texts.say("unfollowed", title=texts.title_of(known[0]))
    await replace(query, bot, text, keyboards.found(source_id, followed=False))


async def find(
    message: Message,
    links: list[str],
    subscriber: Subscriber,
    event_update: Update,
    db: Database,
    vault: Vault,
    feeds: Feeds,
) -> None:
    """Keep the first link as this update's draft and answer with what it leads to."""
    draft_id = await keep_typed(links[0], subscriber=subscriber, update=event_update, db=db, vault=vault)
    await answer_found(message, draft_id, subscriber, db, feeds)
    if len(links) > 1:
        await message.answer(texts.say("first_link_only"))


async def answer_found(message: Message, draft_id: int, subscriber: Subscriber, db: Database, feeds: Feeds) -> None:
    """Find the feeds behind the draft's link, and answer with a message for each, or with what went wrong."""
    assert message.bot is not None, "handlers get messages of a bot"
    async with typing(message.bot, message.chat.id):
        source_ids = await feeds.find(draft_id)
    async with db.read() as session:
        draft = await drafts.get_draft(session, draft_id=draft_id)
        found = await sources.get_sources(session, source_ids=(source_ids or [])[:MOST_FOUND])
        followed = await sources.list_followed(session, subscriber_id=subscriber.id or 0)
    if source_ids is None or draft is None:
        await message.answer(texts.say("slow_search"))
        return
    if not found:
        await message.answer(texts.say_outcome(draft.outcome))
        return
    followed_ids = {source.id for source in followed}
    for source in found:
        is_followed = source.id in followed_ids
        text = texts.say_source(source, followed=is_followed)
        await message.answer(text, reply_markup=keyboards.found(source.id or 0, followed=is_followed))

"""/mute, /keep and /rules: what a person never wants to see, what they always do, and the 🔇 of a card."""

from datetime import UTC, datetime, timedelta

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message, Update

from contentsync.bot import cards, rule_keyboards, rule_pages, texts
from contentsync.bot.callbacks import MuteCard
from contentsync.bot.cards import Place
from contentsync.bot.dialogs import Dialogs
from contentsync.bot.replies import replace
from contentsync.bot.rule_keyboards import MuteThis, RuleChange, RuleRemove, RuleSource, RulesPage
from contentsync.bot.rule_making import make_rule, put_in_force, show_rule, show_rules
from contentsync.bot.rule_previews import LATEST_ITEMS
from contentsync.bot.rule_questions import KEEP_WHAT, MUTE_WHAT
from contentsync.bot.rule_suggestions import Suggestion, suggest
from contentsync.bot.rule_words import Wish
from contentsync.db import digests, feedback, rules, sources
from contentsync.db.base import utc_now
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber
from contentsync.db.rules import LatestItem
from contentsync.processor.rules import AUTHOR, KEEP, MOST_REGEXES, MOST_RULES, MUTE, SOURCE

router = Router(name="rules")

LENGTHS = {"day": timedelta(days=1), "week": timedelta(days=7), "ever": None}


@router.message(Command("mute", "keep"), F.text)
async def make(
    message: Message,
    command: CommandObject,
    subscriber: Subscriber,
    event_update: Update,
    db: Database,
    dialogs: Dialogs,
) -> None:
    """Make a rule of what follows the command, or ask for it."""
    action = KEEP if command.command == "keep" else MUTE
    if command.args:
        text, keyboard = await make_rule(command.args, action, subscriber=subscriber, db=db, now=utc_now())
        await message.answer(text, reply_markup=keyboard)
        return
    question = KEEP_WHAT if action == KEEP else MUTE_WHAT
    reply = await dialogs.open(subscriber, event_update.update_id, question)
    await message.answer(texts.say(reply.text_key, **reply.params))


@router.message(Command("rules", "unmute"), F.text)
async def show(message: Message, subscriber: Subscriber, db: Database) -> None:
    """The rules that are in force."""
    text, keyboard = await show_rules(0, subscriber=subscriber, db=db, now=utc_now())
    await message.answer(text, reply_markup=keyboard)


@router.callback_query(RulesPage.filter())
async def turn_page(
    query: CallbackQuery, callback_data: RulesPage, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Another page, in place."""
    await query.answer()
    await replace(query, bot, *await show_rules(callback_data.page, subscriber=subscriber, db=db, now=utc_now()))


@router.callback_query(RuleRemove.filter())
async def remove(
    query: CallbackQuery, callback_data: RuleRemove, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Remove a rule of the list or bring it back, and show the page as it is now."""
    await query.answer(texts.SENTENCES["toast_back_again" if callback_data.on else "toast_removed"])
    await _set_in_force(db, subscriber, callback_data.rule_id, on=callback_data.on)
    async with db.read() as session:
        gone = await rules.get_rule(session, subscriber_id=subscriber.id or 0, rule_id=callback_data.rule_id)
    page = await show_rules(
        callback_data.page, subscriber=subscriber, db=db, now=utc_now(), gone=None if callback_data.on else gone
    )
    await replace(query, bot, *page)


@router.callback_query(RuleChange.filter())
async def change(
    query: CallbackQuery, callback_data: RuleChange, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Take a rule back, bring it back, or change how long it holds; show it as it is now."""
    now, wish = utc_now(), callback_data.change
    if wish in LENGTHS:
        await query.answer()
        length = LENGTHS[wish]
        async with db.write() as session:
            await rules.set_end(
                session,
                subscriber_id=subscriber.id or 0,
                rule_id=callback_data.rule_id,
                expires_at=now + length if length is not None else None,
                now=now,
            )
    else:
        await query.answer(texts.SENTENCES["toast_back_again" if wish == "back" else "toast_taken_back"])
        await _set_in_force(db, subscriber, callback_data.rule_id, on=wish == "back")
        if callback_data.digest_id:
            place, value = Place(callback_data.digest_id, callback_data.position), -1 if wish == "back" else 0
            await cards.give(db, subscriber, place, kind=feedback.MUTED, value=value, now=now)
    card = callback_data.digest_id, callback_data.position
    answer = await show_rule(callback_data.rule_id, subscriber=subscriber, db=db, now=utc_now(), card=card)
    await replace(query, bot, *answer)


@router.callback_query(RuleSource.filter())
async def choose_source(
    query: CallbackQuery, callback_data: RuleSource, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Make the rule about this one of several sources."""
    async with db.read() as session:
        source = await sources.get_followed(
            session, subscriber_id=subscriber.id or 0, source_id=callback_data.source_id
        )
    if source is None or callback_data.action not in (MUTE, KEEP):
        await query.answer(texts.SENTENCES["old_button"])
        return
    await query.answer()
    end = datetime.fromtimestamp(callback_data.until, UTC) if callback_data.until else None
    answer = await put_in_force(
        callback_data.action, Wish(SOURCE, "", end), source.id, subscriber=subscriber, db=db, now=utc_now()
    )
    await replace(query, bot, *answer)


@router.callback_query(MuteCard.filter())
async def show_menu(
    query: CallbackQuery, callback_data: MuteCard, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Turn the card of an item into what can be muted of it."""
    digest_id, position = callback_data.digest_id, callback_data.position
    found = await _item_of(db, subscriber, digest_id, position)
    if found is None:
        await query.answer(texts.SENTENCES["old_button"])
        return
    await query.answer()
    item, suggestions = found
    keyboard = rule_keyboards.mute_menu(item, suggestions, digest_id=digest_id, position=position)
    await replace(query, bot, rule_pages.say_card_menu(item), keyboard)


@router.callback_query(MuteThis.filter())
async def mute_this(
    query: CallbackQuery, callback_data: MuteThis, bot: Bot, subscriber: Subscriber, db: Database
) -> None:
    """Mute the source, the author or words of an item."""
    digest_id, position = callback_data.digest_id, callback_data.position
    found = await _item_of(db, subscriber, digest_id, position)
    wish = _wish(callback_data, *found) if found is not None else None
    if found is None or wish is None:
        await query.answer(texts.SENTENCES["old_button"])
        return
    await query.answer()
    source_id = found[0].source_id if wish.kind == SOURCE else None
    answer = await put_in_force(
        MUTE, wish, source_id, subscriber=subscriber, db=db, now=utc_now(), card=(digest_id, position)
    )
    await replace(query, bot, *answer)


def _wish(tapped: MuteThis, item: LatestItem, suggestions: list[Suggestion]) -> Wish | None:
    """What was tapped, if the item still is as it was when the button was shown."""
    patterns = [each.pattern for each in suggestions if each.kind == tapped.kind]
    if tapped.kind == SOURCE and tapped.mark == item.source_id:
        return Wish(SOURCE, "")
    if tapped.kind == AUTHOR and item.author:
        patterns = [item.author]
    pattern = next((each for each in patterns if rule_keyboards.mark_of(each) == tapped.mark), None)
    return Wish(tapped.kind, pattern) if pattern is not None else None


async def _item_of(
    db: Database, subscriber: Subscriber, digest_id: int, position: int
) -> tuple[LatestItem, list[Suggestion]] | None:
    """The item of one of the person's digests, and words of its title; None if there is no such item."""
    person = subscriber.id or 0
    async with db.read() as session:
        item_id = await digests.get_entry_item(session, subscriber_id=person, digest_id=digest_id, position=position)
        item = await rules.get_item(session, item_id=item_id) if item_id is not None else None
        if item is None:
            return None
        latest = await rules.list_latest(session, subscriber_id=person, limit=LATEST_ITEMS)
    return item, suggest(item.title, [other.title for other in latest if other.item_id != item.item_id])


async def _set_in_force(db: Database, subscriber: Subscriber, rule_id: int, *, on: bool) -> None:
    """Bring a rule back, or remove it."""
    person, now = subscriber.id or 0, utc_now()
    async with db.write() as session:
        if on:
            await rules.restore_rule(
                session,
                subscriber_id=person,
                rule_id=rule_id,
                now=now,
                most=MOST_RULES,
                most_regexes=MOST_REGEXES,
            )
        else:
            await rules.remove_rule(session, subscriber_id=person, rule_id=rule_id, now=now)

"""Making a rule out of what was typed or tapped, and trying it on the latest items."""

import asyncio
from datetime import datetime

from aiogram.types import InlineKeyboardMarkup

from contentsync.bot import cards, rule_keyboards, rule_pages, texts
from contentsync.bot.answers import bare_link
from contentsync.bot.rule_previews import LATEST_ITEMS, rule_of, try_rule
from contentsync.bot.rule_words import Misfit, Wish, match_sources, read_rule
from contentsync.bot.texts import Html
from contentsync.db import feedback, rules, sources
from contentsync.db.engine import Database
from contentsync.db.models import Source, Subscriber
from contentsync.db.rules import RuleView
from contentsync.processor.rules import MOST_REGEXES, MOST_RULES, REGEX, SOURCE, WORDS

Answer = tuple[Html, InlineKeyboardMarkup | None]
NO_CARD = (0, 0)


async def make_rule(typed: str, action: str, *, subscriber: Subscriber, db: Database, now: datetime) -> Answer:
    """What to say of the rule that was typed, which is in force then if it can be."""
    wish = read_rule(typed, now=now, time_zone=subscriber.time_zone)
    if isinstance(wish, Misfit):
        return texts.say(wish.key, **wish.values), rule_keyboards.again(action)
    called = await _find_sources(wish, subscriber, db)
    if wish.kind == SOURCE or called:
        if not called:
            return texts.say("rule_no_source", name=wish.pattern), rule_keyboards.again(action)
        if len(called) > 1:
            keyboard = rule_keyboards.choose_source(action, called, wish.expires_at)
            return texts.say("choose_rule_source"), keyboard
        return await put_in_force(
            action, Wish(SOURCE, "", wish.expires_at), called[0].id, subscriber=subscriber, db=db, now=now
        )
    return await put_in_force(action, wish, None, subscriber=subscriber, db=db, now=now)


async def put_in_force(
    action: str,
    wish: Wish,
    source_id: int | None,
    *,
    subscriber: Subscriber,
    db: Database,
    now: datetime,
    card: tuple[int, int] = NO_CARD,
) -> Answer:
    """Store the rule; what to say of it. `card`: digest and position of the item that it was made for."""
    async with db.write() as session:
        rule = await rules.add_rule(
            session,
            subscriber_id=subscriber.id or 0,
            action=action,
            kind=wish.kind,
            pattern=wish.pattern,
            source_id=source_id,
            expires_at=wish.expires_at,
            now=now,
            most=MOST_RULES,
            most_regexes=MOST_REGEXES,
        )
    if rule is None:
        return await _too_many(wish, subscriber, db, now)
    if card != NO_CARD:
        await cards.give(db, subscriber, cards.Place(*card), kind=feedback.MUTED, value=-1, now=now)
    return await show_rule(rule.id or 0, subscriber=subscriber, db=db, now=now, card=card)


async def show_rule(
    rule_id: int, *, subscriber: Subscriber, db: Database, now: datetime, card: tuple[int, int] = NO_CARD
) -> Answer:
    """A rule as it is now: in force with what it would have done, or taken back."""
    person, (digest_id, position) = subscriber.id or 0, card
    async with db.read() as session:
        views = await rules.list_active(session, subscriber_id=person, now=now)
        latest = await rules.list_latest(session, subscriber_id=person, limit=LATEST_ITEMS)
        view = await rules.get_rule(session, subscriber_id=person, rule_id=rule_id)
    if view is None:
        return texts.say("rule_gone"), None
    if rule_id not in {active.rule.id for active in views}:
        keyboard = rule_keyboards.removed(rule_id, digest_id=digest_id, position=position)
        return rule_pages.say_removed(view), keyboard
    others = [rule_of(active) for active in views if active.rule.id != rule_id]
    preview = await asyncio.to_thread(try_rule, rule_of(view), others, latest)
    text = rule_pages.say_added(view, preview, now=now, time_zone=subscriber.time_zone)
    return text, rule_keyboards.added(view, digest_id=digest_id, position=position)


async def show_rules(
    page: int, *, subscriber: Subscriber, db: Database, now: datetime, gone: RuleView | None = None
) -> tuple[Html, InlineKeyboardMarkup]:
    """A page of the rules, or the last one if there are fewer now; `gone` is one that was just removed."""
    async with db.read() as session:
        views = await rules.list_active(session, subscriber_id=subscriber.id or 0, now=now)
    page = max(0, min(page, (len(views) - 1) // rule_keyboards.PAGE_RULES))
    text = rule_pages.say_rules(views, page, now=now, time_zone=subscriber.time_zone, gone=gone)
    gone_id = (gone.rule.id or 0) if gone is not None else 0
    return text, rule_keyboards.rule_list(views, page, gone_id=gone_id)


async def _find_sources(wish: Wish, subscriber: Subscriber, db: Database) -> list[Source]:
    """The followed sources that are meant: by a name, or by one word that looks like a site and is one of theirs."""
    if wish.kind != SOURCE and not (wish.kind == WORDS and bare_link(wish.pattern)):
        return []
    async with db.read() as session:
        followed = await sources.list_followed(session, subscriber_id=subscriber.id or 0)
    return match_sources(wish.pattern, followed)


async def _too_many(wish: Wish, subscriber: Subscriber, db: Database, now: datetime) -> Answer:
    async with db.read() as session:
        views = await rules.list_active(session, subscriber_id=subscriber.id or 0, now=now)
    regexes = sum(view.rule.kind == REGEX for view in views)
    if wish.kind == REGEX and regexes >= MOST_REGEXES:
        return texts.say("rule_too_many_regexes", count=regexes), rule_keyboards.rule_list(views, 0)
    return texts.say("rule_too_many", count=len(views)), rule_keyboards.rule_list(views, 0)

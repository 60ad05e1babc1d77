"""Adding a topic: stored at once as an interest, and searched at once if a News API key is connected."""

from aiogram.types import InlineKeyboardMarkup

from contentsync.bot import account_keyboards, account_pages, texts
from contentsync.bot.accounts import Accounts
from contentsync.bot.texts import Html
from contentsync.db import integrations, items, topics
from contentsync.db.base import utc_now
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber

MOST_TOPICS = 50
"""As many as a free key can ask about in half a day."""


async def add_topic(
    words: str, language: str, *, subscriber: Subscriber, db: Database, accounts: Accounts
) -> tuple[Html, InlineKeyboardMarkup]:
    """Add it, search for it, and give what to say of it."""
    person, now = subscriber.id or 0, utc_now()
    async with db.write() as session:
        count = await topics.count_topics(session, subscriber_id=person)
        if count >= MOST_TOPICS:
            return texts.say("too_many_topics", count=count), account_keyboards.topic_added(has_key=True)
        topic = await topics.add_topic(session, subscriber_id=person, text=words, language=language, now=now)
        keys = await integrations.list_integrations(session, subscriber_id=person, kind=topics.KIND)
        for key in keys:
            await topics.give_sources(session, subscriber_id=person, integration_id=key.id or 0, now=now)
            if key.state == "ok":  # should we die now, the schedule asks for it
                await integrations.change(session, integration_id=key.id or 0, next_sync_at=now)
    working = [key for key in keys if key.state == "ok"]
    for key in working:
        await accounts.sync(key.id or 0)
    async with db.read() as session:
        views = await topics.list_topics(session, subscriber_id=person)
        source = next((view.source for view in views if view.topic.id == topic.id), None)
        found = await items.count_items(session, source_id=source.id or 0) if source is not None else 0
    text = account_pages.say_added(topic, source, found, refused=bool(keys) and not working)
    return text, account_keyboards.topic_added(has_key=bool(keys))

"""What people want to read about: an interest for ranking, and with a News API key a search."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Table, update
from sqlmodel import and_, col, delete, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from contentsync.db import sources
from contentsync.db.account_models import Topic
from contentsync.db.base import Base, insert
from contentsync.db.models import Source, Subscription
from contentsync.errors import AccountRefused

TOPICS: Table = Base.metadata.tables["topic"]

KIND = "newsapi"
ORIGIN = "topic"


@dataclass(frozen=True, slots=True)
class TopicView:
    """A topic, and the source of its search while it is searched: a key is connected and the source is followed."""

    topic: Topic
    source: Source | None


async def add_topic(session: AsyncSession, *, subscriber_id: int, text: str, language: str, now: datetime) -> Topic:
    """The person's topic with this text (upper and lower case alike) and language, made if it was not there.

    A topic whose source the person has left is followed again.
    """
    known = {topic.text.casefold(): topic for topic in await _in_language(session, subscriber_id, language)}
    if text.casefold() in known:
        topic = known[text.casefold()]
        if topic.source_id is not None:
            await sources.follow(
                session, subscriber_id=subscriber_id, source_id=topic.source_id, now=now, origin=ORIGIN
            )
        return topic
    statement = insert(session, TOPICS).values(
        subscriber_id=subscriber_id, text=text, language=language, created_at=now
    )
    await session.exec(statement.on_conflict_do_nothing())
    found = select(Topic).where(
        col(Topic.subscriber_id) == subscriber_id, col(Topic.text) == text, col(Topic.language) == language
    )
    return (await session.exec(found)).one()


async def remove_topic(session: AsyncSession, *, subscriber_id: int, topic_id: int, now: datetime) -> Topic | None:
    """The topic that was removed, its search with it; None if the person has no such topic."""
    found = select(Topic).where(col(Topic.id) == topic_id, col(Topic.subscriber_id) == subscriber_id)
    topic = (await session.exec(found)).one_or_none()
    if topic is None:
        return None
    if topic.source_id is not None:
        await sources.unfollow(session, subscriber_id=subscriber_id, source_id=topic.source_id, now=now)
    await session.exec(delete(Topic).where(col(Topic.id) == topic_id))
    return topic


async def count_topics(session: AsyncSession, *, subscriber_id: int) -> int:
    """How many topics the person has."""
    statement = select(func.count()).select_from(Topic).where(col(Topic.subscriber_id) == subscriber_id)
    return (await session.exec(statement)).one()


async def list_topics(session: AsyncSession, *, subscriber_id: int) -> list[TopicView]:
    """A person's topics, the oldest first."""
    statement = (
        select(Topic, Source)
        .outerjoin(
            Subscription,
            and_(
                col(Subscription.source_id) == col(Topic.source_id),
                col(Subscription.subscriber_id) == col(Topic.subscriber_id),
            ),
        )
        .outerjoin(Source, col(Source.id) == col(Subscription.source_id))
        .where(col(Topic.subscriber_id) == subscriber_id)
        .order_by(col(Topic.id))
    )
    return [TopicView(topic, source) for topic, source in await session.exec(statement)]


async def give_sources(session: AsyncSession, *, subscriber_id: int, integration_id: int, now: datetime) -> None:
    """Make each of the person's topics that is not searched yet a source of this account, and have it followed."""
    waiting = select(Topic).where(col(Topic.subscriber_id) == subscriber_id, col(Topic.source_id).is_(None))
    for topic in (await session.exec(waiting.order_by(col(Topic.id)))).all():
        query = urlencode({"q": topic.text, "language": topic.language})
        source_id = await sources.add_owned(
            session,
            integration_id=integration_id,
            kind=KIND,
            key=f"{KIND}:{integration_id}:{topic.language}:{topic.text}",
            url=f"https://newsapi.org/v2/everything?{query}",
            title=f"{topic.text} ({topic.language}, News API)",
            now=now,
        )
        await session.exec(update(Topic).where(col(Topic.id) == topic.id).values(source_id=source_id))
        await sources.follow(session, subscriber_id=subscriber_id, source_id=source_id, now=now, origin=ORIGIN)


async def list_searched(session: AsyncSession, *, subscriber_id: int, integration_id: int) -> list[Topic]:
    """The topics that this account searches for."""
    views = await list_topics(session, subscriber_id=subscriber_id)
    return [view.topic for view in views if view.source is not None and view.source.integration_id == integration_id]


async def note_failing(
    session: AsyncSession, *, source_id: int, reason_key: str, params: Mapping[str, Any], now: datetime
) -> None:
    """A search has failed; why is told with the source."""
    await session.exec(
        update(Source)
        .where(col(Source.id) == source_id)
        .values(last_pull_at=now, last_error=reason_key, last_error_params=dict(params))
    )


async def forget_refusals(session: AsyncSession, *, integration_id: int) -> None:
    """The account was connected anew: its sources are no longer failing because the service refused it."""
    await session.exec(
        update(Source)
        .where(col(Source.integration_id) == integration_id, col(Source.last_error) == AccountRefused.reason_key)
        .values(last_error=None, last_error_params={})
    )


async def _in_language(session: AsyncSession, subscriber_id: int, language: str) -> list[Topic]:
    statement = select(Topic).where(col(Topic.subscriber_id) == subscriber_id, col(Topic.language) == language)
    return list(await session.exec(statement))

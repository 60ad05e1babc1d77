"""Topics, on both engines."""

from datetime import UTC, datetime

from sqlmodel import select

from contentsync.db import integrations, sources, subscribers, topics
from contentsync.db.engine import Database
from contentsync.db.models import Source, Subscription
from contentsync.db.topics import TopicView

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


async def add_person(database: Database, chat_id: int = 1) -> int:
    async with database.write() as session:
        return await subscribers.add_subscriber(session, chat_id=chat_id, name="", language="en", now=NOW)


async def add(database: Database, person: int, text: str, language: str = "en") -> int:
    async with database.write() as session:
        topic = await topics.add_topic(session, subscriber_id=person, text=text, language=language, now=NOW)
    return topic.id or 0


async def connect(database: Database, person: int, account: str = "…cdef") -> int:
    async with database.write() as session:
        integration_id = await integrations.connect(
            session, subscriber_id=person, kind="newsapi", account=account, credentials="x", options={}, now=NOW
        )
        await topics.give_sources(session, subscriber_id=person, integration_id=integration_id, now=NOW)
    return integration_id


async def views(database: Database, person: int) -> list[TopicView]:
    async with database.read() as session:
        return await topics.list_topics(session, subscriber_id=person)


async def test_a_topic_is_there_once_whatever_its_case(database: Database) -> None:
    person, other = await add_person(database), await add_person(database, 2)
    first = await add(database, person, "Climate Change")
    assert await add(database, person, "climate change") == first
    assert await add(database, person, "climate change", "fr") != first
    await add(database, other, "climate change")
    assert [(view.topic.text, view.topic.language) for view in await views(database, person)] == [
        ("Climate Change", "en"),
        ("climate change", "fr"),
    ]
    async with database.read() as session:
        assert await topics.count_topics(session, subscriber_id=person) == 2


async def test_a_key_makes_every_topic_a_search(database: Database) -> None:
    person = await add_person(database)
    await add(database, person, "rust")
    await add(database, person, "клімат", "uk")
    assert [view.source for view in await views(database, person)] == [None, None]
    integration_id = await connect(database, person)
    assert await connect(database, person) == integration_id
    found = [view.source for view in await views(database, person)]
    assert [source.key for source in found if source] == [
        f"newsapi:{integration_id}:en:rust",
        f"newsapi:{integration_id}:uk:клімат",
    ]
    assert all(source and source.kind == "newsapi" and source.next_pull_at is None for source in found)
    async with database.read() as session:
        origins = (await session.exec(select(Subscription.origin))).all()
        searched = await topics.list_searched(session, subscriber_id=person, integration_id=integration_id)
        assert await topics.list_searched(session, subscriber_id=person, integration_id=0) == []
    assert list(origins) == ["topic", "topic"]
    assert [topic.text for topic in searched] == ["rust", "клімат"]


async def test_removing_a_topic_ends_its_search(database: Database) -> None:
    person, other = await add_person(database), await add_person(database, 2)
    topic_id = await add(database, person, "rust")
    await connect(database, person)
    async with database.write() as session:
        assert await topics.remove_topic(session, subscriber_id=other, topic_id=topic_id, now=NOW) is None
        removed = await topics.remove_topic(session, subscriber_id=person, topic_id=topic_id, now=NOW)
        assert await topics.remove_topic(session, subscriber_id=person, topic_id=topic_id, now=NOW) is None
    assert removed is not None
    assert await views(database, person) == []
    async with database.read() as session:
        assert await sources.list_followed(session, subscriber_id=person) == []


async def test_a_search_that_was_left_begins_again_with_its_topic(database: Database) -> None:
    person = await add_person(database)
    await add(database, person, "rust")
    integration_id = await connect(database, person)
    ((view),) = await views(database, person)
    assert view.source is not None
    async with database.write() as session:
        await sources.unfollow(session, subscriber_id=person, source_id=view.source.id or 0, now=NOW)
        await topics.give_sources(session, subscriber_id=person, integration_id=integration_id, now=NOW)
    assert [view.source for view in await views(database, person)] == [None]
    await add(database, person, "RUST")
    assert [view.source is not None for view in await views(database, person)] == [True]


async def test_topics_outlive_the_account(database: Database) -> None:
    person = await add_person(database)
    await add(database, person, "rust")
    integration_id = await connect(database, person)
    async with database.write() as session:
        await integrations.remove(session, integration_id=integration_id)
    ((view),) = await views(database, person)
    assert (view.topic.source_id, view.source) == (None, None)
    again = await connect(database, person, "…3210")
    ((view),) = await views(database, person)
    assert view.source is not None
    assert view.source.integration_id == again


async def test_failures_are_noted_and_refusals_forgotten(database: Database) -> None:
    person = await add_person(database)
    await add(database, person, "rust")
    await add(database, person, "bitcoin")
    integration_id = await connect(database, person)
    first, second = [view.source.id or 0 for view in await views(database, person) if view.source]
    async with database.write() as session:
        for source_id, reason in ((first, "account_refused"), (second, "query_refused")):
            await topics.note_failing(
                session, source_id=source_id, reason_key=reason, params={"host": "newsapi.org"}, now=NOW
            )
        await topics.forget_refusals(session, integration_id=integration_id)
    async with database.read() as session:
        found = (await session.exec(select(Source).order_by(Source.key.desc()))).all()  # type: ignore[attr-defined]
    assert [(source.last_error, source.last_error_params, source.last_pull_at) for source in found] == [
        (None, {}, NOW),
        ("query_refused", {"host": "newsapi.org"}, NOW),
    ]

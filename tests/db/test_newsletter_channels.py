"""What is asked of channels that newsletters need."""

from contentsync.db import channels, integrations, sources
from contentsync.db.engine import Database
from contentsync.db.models import Subscriber
from tests.fakes.mails import NOW


async def _mailbox(db: Database, chat_id: int) -> tuple[int, int]:
    async with db.write() as session:
        subscriber = Subscriber(chat_id=chat_id)
        session.add(subscriber)
        await session.flush()
        integration_id = await integrations.connect(
            session,
            subscriber_id=subscriber.id or 0,
            kind="mailbox",
            account="me@example.org",
            credentials="",
            options={},
            now=NOW,
        )
    return subscriber.id or 0, integration_id


async def test_a_channel_is_found_by_its_source_and_only_by_its_owner(database: Database) -> None:
    owner_id, integration_id = await _mailbox(database, 1)
    other_id, _ = await _mailbox(database, 2)
    async with database.write() as session:
        channel = await channels.upsert_channel(
            session, integration_id=integration_id, external_id="tin", title="Tin", now=NOW
        )
        source_id = await sources.add_owned(
            session,
            integration_id=integration_id,
            kind="newsletter",
            key=f"mailbox:{integration_id}:tin",
            url="https://tin.example",
            title="Tin",
            now=NOW,
        )
        await channels.set_state(
            session, channel_id=channel.id or 0, state=channels.FOLLOWED, source_id=source_id, now=NOW
        )
    async with database.read() as session:
        found = await channels.find_by_source(session, subscriber_id=owner_id, source_id=source_id)
        assert found is not None
        assert found.id == channel.id
        assert await channels.find_by_source(session, subscriber_id=other_id, source_id=source_id) is None
        assert await channels.find_channel(session, channel_id=(channel.id or 0) + 1) is None


async def test_details_are_merged(database: Database) -> None:
    _, integration_id = await _mailbox(database, 1)
    async with database.write() as session:
        channel = await channels.upsert_channel(
            session, integration_id=integration_id, external_id="tin", title="Tin", details={"a": 1, "b": 2}, now=NOW
        )
    async with database.write() as session:
        await channels.merge_details(session, channel_id=channel.id or 0, details={"b": 3})
        await channels.merge_details(session, channel_id=(channel.id or 0) + 1, details={"b": 3})
    async with database.read() as session:
        stored = await channels.find_channel(session, channel_id=channel.id or 0)
    assert stored is not None
    assert stored.details == {"a": 1, "b": 3}

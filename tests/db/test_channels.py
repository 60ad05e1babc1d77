"""What accounts lead to, on both engines."""

from datetime import UTC, datetime, timedelta

from contentsync.db import channels, sources
from contentsync.db.account_models import Channel
from contentsync.db.channels import FOLLOWED, GONE, LEFT, OFFERED
from contentsync.db.engine import Database
from tests.db.test_integrations import add_person, connect

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


async def upsert(database: Database, integration_id: int, external_id: str, **values: object) -> Channel:
    given = {"title": "A", "now": NOW, **values}
    async with database.write() as session:
        return await channels.upsert_channel(
            session, integration_id=integration_id, external_id=external_id, **given  # type: ignore[arg-type]
        )  # fmt: skip


async def states(database: Database, integration_id: int) -> dict[str, str]:
    async with database.read() as session:
        found = await channels.list_channels(session, integration_id=integration_id)
    return {channel.external_id: channel.state for channel in found}


async def test_what_an_account_says_is_renewed_and_what_the_owner_said_stays(database: Database) -> None:
    account = await connect(database, await add_person(database))
    first = await upsert(database, account, "x", details={"videos": 3}, secret="token")
    assert (first.state, first.details, first.secret, first.changed_at) == (OFFERED, {"videos": 3}, "token", NOW)
    async with database.write() as session:
        await channels.set_state(session, channel_id=first.id or 0, state=LEFT, now=NOW)
    again = await upsert(database, account, "x", title="B", now=LATER)
    assert (again.id, again.title, again.state) == (first.id, "B", LEFT)
    assert (again.details, again.secret, again.changed_at) == ({"videos": 3}, "token", NOW), (
        "nothing is lost by saying less"
    )
    newest = await upsert(database, account, "x", details={}, secret="new")
    assert (newest.details, newest.secret) == ({}, "new")
    assert await states(database, account) == {"x": LEFT}


async def test_a_channel_is_its_owners_alone(database: Database) -> None:
    mine, other = await add_person(database), await add_person(database, 2)
    channel = await upsert(database, await connect(database, mine), "x")
    async with database.read() as session:
        found = await channels.get_channel(session, channel_id=channel.id or 0, subscriber_id=mine)
        assert found is not None
        assert await channels.get_channel(session, channel_id=channel.id or 0, subscriber_id=other) is None
        assert await channels.get_channel(session, channel_id=999_999, subscriber_id=mine) is None


async def test_leaving_a_source_leaves_the_channels_that_led_to_it(database: Database) -> None:
    mine, other = await add_person(database), await add_person(database, 2)
    accounts = [await connect(database, mine), await connect(database, mine, "b"), await connect(database, other)]
    async with database.write() as session:
        source_id, elsewhere = [
            await sources.upsert_found(
                session, kind="feed", key=key, url=key, title="", site_url=None, language=None, preview=[], now=NOW
            )
            for key in ("k", "l")
        ]
        await sources.follow(session, subscriber_id=mine, source_id=source_id, now=NOW)
    wanted = [(account, "x", FOLLOWED, source_id) for account in accounts]
    wanted += [(accounts[0], "gone", GONE, source_id), (accounts[0], "elsewhere", FOLLOWED, elsewhere)]
    for account, external_id, state, leads_to in wanted:
        channel = await upsert(database, account, external_id)
        async with database.write() as session:
            await channels.set_state(session, channel_id=channel.id or 0, state=state, now=NOW, source_id=leads_to)
    async with database.write() as session:
        await sources.unfollow(session, subscriber_id=mine, source_id=source_id, now=LATER)
    assert await states(database, accounts[0]) == {"x": LEFT, "gone": GONE, "elsewhere": FOLLOWED}
    assert await states(database, accounts[1]) == {"x": LEFT}
    assert await states(database, accounts[2]) == {"x": FOLLOWED}, "what others follow is theirs"
    async with database.write() as session:
        (left,) = await channels.list_channels(session, integration_id=accounts[1])
        assert (left.source_id, left.changed_at) == (source_id, LATER)
        await channels.set_state(session, channel_id=left.id or 0, state=FOLLOWED, now=LATER)
    async with database.read() as session:
        (back,) = await channels.list_channels(session, integration_id=accounts[1])
    assert (back.state, back.source_id) == (FOLLOWED, source_id), "the source is kept if none is given"

"""Accounts, on both engines."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import col, select

from contentsync.db import channels, integrations, sources, subscribers
from contentsync.db.account_models import Channel, Integration
from contentsync.db.engine import Database
from contentsync.db.models import Source

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def add_person(database: Database, chat_id: int = 1) -> int:
    async with database.write() as session:
        return await subscribers.add_subscriber(session, chat_id=chat_id, name="", language="en", now=NOW)


async def connect(database: Database, subscriber_id: int, account: str = "a", **values: Any) -> int:
    given = {"kind": "youtube", "credentials": "secret", "options": {"shorts": True}, "now": NOW, **values}
    async with database.write() as session:
        return await integrations.connect(session, subscriber_id=subscriber_id, account=account, **given)


async def get(database: Database, integration_id: int) -> Integration:
    async with database.read() as session:
        found = await integrations.get_integration(session, integration_id=integration_id)
    assert found is not None
    return found


async def claim(database: Database, lease_id: str, *ids: int, now: datetime = NOW, limit: int = 10) -> list[int]:
    async with database.write() as session:
        return await integrations.claim_due(
            session, now=now, lease_id=lease_id, lease_seconds=300, limit=limit, integration_ids=ids
        )


async def test_connecting_again_renews_the_same_account(database: Database) -> None:
    person, other = await add_person(database), await add_person(database, 2)
    first = await connect(database, person)
    async with database.write() as session:
        await integrations.change(
            session, integration_id=first, state="refused", next_sync_at=None, failures=3, last_error="x",
            last_error_params={"host": "h"}, cursor={"at": 7}, options={"shorts": False},
        )  # fmt: skip
    assert await connect(database, person, credentials="new", now=NOW + MINUTE) == first
    renewed = await get(database, first)
    assert (renewed.state, renewed.credentials, renewed.next_sync_at) == ("ok", "new", NOW + MINUTE)
    assert (renewed.failures, renewed.last_error, renewed.last_error_params) == (0, None, {})
    assert (renewed.cursor, renewed.options, renewed.created_at) == ({"at": 7}, {"shorts": False}, NOW)

    rest = [
        await connect(database, person, "b"), await connect(database, person, kind="mailbox"),
        await connect(database, other),
    ]  # fmt: skip
    assert len({first, *rest}) == 4
    async with database.read() as session:
        mine = await integrations.list_integrations(session, subscriber_id=person)
        videos = await integrations.list_integrations(session, subscriber_id=person, kind="youtube")
    assert [one.id for one in mine] == [first, *rest[:2]]
    assert [one.id for one in videos] == [first, rest[0]]


async def test_claims_are_exclusive_until_they_run_out(database: Database) -> None:
    person = await add_person(database)
    late = await connect(database, person, "late", now=NOW - MINUTE)
    due = await connect(database, person, "due")
    early = await connect(database, person, "early", now=NOW + MINUTE)
    refused = await connect(database, person, "refused")
    async with database.write() as session:
        await integrations.change(session, integration_id=refused, state="refused")
    assert await claim(database, "L1", limit=1) == [late], "the longest due first"
    assert await claim(database, "L2") == [due]
    assert await claim(database, "L3") == []
    assert await claim(database, "L4", early, refused, due) == [due, early]
    assert await claim(database, "L5", now=NOW + timedelta(seconds=299)) == []
    assert await claim(database, "L6", now=NOW + timedelta(seconds=300)) == [late, due, early]
    async with database.read() as session:
        held = await integrations.list_leased(session, lease_id="L6", integration_ids=[late, early, refused])
    assert [one.id for one in held] == [late, early]


async def test_only_who_holds_the_lease_ends_it(database: Database) -> None:
    account = await connect(database, await add_person(database))
    await claim(database, "L1")
    async with database.write() as session:
        assert await integrations.lock_leased(session, integration_id=account, lease_id="L1")
        assert not await integrations.lock_leased(session, integration_id=account, lease_id="L2")
        assert not await integrations.end_lease(session, integration_id=account, lease_id="L2", failures=9)
    assert (await get(database, account)).failures == 0
    async with database.write() as session:
        assert await integrations.end_lease(
            session, integration_id=account, lease_id="L1", failures=1, next_sync_at=NOW + MINUTE
        )
        assert not await integrations.end_lease(session, integration_id=account, lease_id="L1", failures=9)
    ended = await get(database, account)
    assert (ended.failures, ended.lease_id, ended.lease_until, ended.next_sync_at) == (1, None, None, NOW + MINUTE)


async def test_removing_takes_sources_and_channels_along_but_never_the_id(database: Database) -> None:
    person = await add_person(database)
    account = await connect(database, person)
    async with database.write() as session:
        owned = await sources.add_owned(
            session, integration_id=account, kind="feed", key=f"k/{account}", url="u", title="t", now=NOW
        )
        assert owned == await sources.add_owned(
            session, integration_id=account, kind="feed", key=f"k/{account}", url="u", title="new", now=NOW
        )
        await channels.upsert_channel(session, integration_id=account, external_id="c", title="t", now=NOW)
    async with database.write() as session:
        assert await integrations.remove(session, integration_id=account)
        assert not await integrations.remove(session, integration_id=account)
    async with database.read() as session:
        assert (await session.exec(select(Source).where(col(Source.id) == owned))).all() == []
        assert (await session.exec(select(Channel))).all() == []
        assert await integrations.get_integration(session, integration_id=account) is None
    assert await connect(database, person) > account


async def test_accounts_rest_while_their_owner_does(database: Database) -> None:
    paused, blocked, reading = [await add_person(database, chat_id) for chat_id in (1, 2, 3)]
    resting = [await connect(database, paused), await connect(database, blocked)]
    awake = await connect(database, reading)
    async with database.write() as session:
        await subscribers.change(session, subscriber_id=paused, paused=True)
        await subscribers.change(session, subscriber_id=blocked, blocked_at=NOW)
    assert await claim(database, "L1") == [awake]
    assert await claim(database, "L2", *resting) == resting, "asked for by name they are synced all the same"

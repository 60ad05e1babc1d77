"""What YouTube accounts ask of the database, on both engines: units, sign-ins, channels, and what of them is wanted."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from contentsync.db import account_channels, channels, integrations, oauth_states, offers, sources, youtube_quota
from contentsync.db.account_channels import Examined
from contentsync.db.account_models import Integration
from contentsync.db.engine import Database
from contentsync.db.models import Item, Source, Subscription
from contentsync.db.oauth_states import Verdict
from tests.filling import NOW, add_item, add_source, add_subscriber

MIDNIGHT = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""In California."""


async def add_account(db: Database, subscriber_id: int, name: str = "me") -> Integration:
    """A YouTube account."""
    async with db.write() as session:
        account_id = await integrations.connect(
            session, subscriber_id=subscriber_id, kind="youtube", account=name, credentials="x", options={}, now=NOW
        )
        account = await integrations.get_integration(session, integration_id=account_id)
    assert account is not None
    return account


async def add_channel(db: Database, account: Integration, source_id: int, external_id: str = "UC1") -> int:
    """A followed channel of the account that leads to the source."""
    async with db.write() as session:
        channel = await channels.upsert_channel(
            session, integration_id=account.id or 0, external_id=external_id, title=external_id, now=NOW
        )
        await account_channels.follow_channel(
            session, integration=account, channel_id=channel.id or 0, source_id=source_id, now=NOW
        )
    return channel.id or 0


async def spend(
    db: Database, account: Integration | None, now: datetime, *, units: int = 1, can_wait: bool = False
) -> bool:
    async with db.write() as session:
        return await youtube_quota.spend(
            session,
            units=units,
            purpose="test",
            now=now,
            integration_id=account.id if account is not None else None,
            can_wait=can_wait,
        )


async def test_units_are_never_overspent_by_many_at_once(database: Database) -> None:
    me = await add_subscriber(database, 1)
    account = await add_account(database, me)
    assert await spend(database, None, MIDNIGHT, units=9_990)
    paid = await asyncio.gather(*(spend(database, account, MIDNIGHT) for _ in range(25)))
    assert sum(paid) == 10
    async with database.read() as session:
        today = await youtube_quota.get_today(session, now=MIDNIGHT)
    assert today == (10_000, 10_000, MIDNIGHT + timedelta(days=1))
    assert await spend(database, account, MIDNIGHT + timedelta(days=1)), "a new day"
    assert not await spend(database, account, MIDNIGHT + timedelta(hours=23, minutes=59))


async def test_every_account_has_its_share(database: Database) -> None:
    accounts = [await add_account(database, await add_subscriber(database, number)) for number in range(1, 6)]
    assert await spend(database, accounts[0], MIDNIGHT, units=950, can_wait=True)
    assert not await spend(database, accounts[0], MIDNIGHT, can_wait=True), "half of a share for what can wait"
    assert await spend(database, accounts[0], MIDNIGHT, units=950)
    assert not await spend(database, accounts[0], MIDNIGHT), "no account takes another's"
    for account in accounts[1:]:
        assert await spend(database, account, MIDNIGHT, units=1_900)
    assert await spend(database, None, MIDNIGHT, units=500), "left for those who connect"
    assert not await spend(database, None, MIDNIGHT)


async def test_a_refusal_ends_the_day_for_everybody(database: Database) -> None:
    account = await add_account(database, await add_subscriber(database, 1))
    await spend(database, account, NOW, units=3)
    for _ in range(2):
        async with database.write() as session:
            await youtube_quota.close_day(session, now=NOW)
    assert not await spend(database, account, NOW)
    async with database.read() as session:
        assert await youtube_quota.spent_today(session, now=NOW) == 10_000


async def test_a_state_is_claimed_once(database: Database) -> None:
    me = await add_subscriber(database, 1)
    async with database.write() as session:
        await oauth_states.add_state(
            session, state="secret", subscriber_id=me, verifier="v", chat_url="https://t.me/x", now=NOW
        )

    async def claim(state: str, now: datetime = NOW) -> Verdict:
        async with database.write() as session:
            return (await oauth_states.claim_state(session, state=state, now=now)).verdict

    assert await claim("secret", NOW + oauth_states.LIFETIME) is Verdict.EXPIRED
    verdicts = await asyncio.gather(*(claim("secret") for _ in range(6)))
    assert sorted(verdict.value for verdict in verdicts) == ["used"] * 5 + ["valid"]
    assert await claim("other") is Verdict.UNKNOWN
    assert await claim("\ud800") is Verdict.UNKNOWN
    assert await claim("secret", NOW + oauth_states.LIFETIME) is Verdict.USED


@pytest.mark.parametrize(
    ("with_shorts", "with_live", "kinds"),
    [
        (True, True, {"video", "short", "live"}),
        (False, True, {"video", "live"}),
        (True, False, {"video", "short"}),
        (False, False, {"video"}),
    ],
)
async def test_what_a_person_leaves_out_is_not_offered(
    database: Database, with_shorts: bool, with_live: bool, kinds: set[str]
) -> None:
    me, other = await add_subscriber(database, 1), await add_subscriber(database, 2)
    source_id = await add_source(database, "Tube", followers=(me, other))
    ids = {kind: await add_item(database, source_id, kind) for kind in ("video", "short", "live")}
    async with database.write() as session:
        for kind, item_id in ids.items():
            item = await session.get(Item, item_id)
            assert item is not None
            item.media_kind = kind
        await account_channels.want(
            session, subscriber_id=me, source_ids=[source_id], with_shorts=with_shorts, with_live=with_live
        )

    async def offered(subscriber_id: int) -> set[str]:
        async with database.read() as session:
            (follow,) = await offers.list_follows(session, subscriber_id=subscriber_id)
            latest = await offers.list_latest(
                session, subscriber_id=subscriber_id, followed_since=NOW, before=NOW + timedelta(days=1), count=9
            )
        assert {kind for kind in ids if follow.wants(kind)} == {row.media_kind for row in latest}
        return {row.media_kind for row in latest}

    assert await offered(me) == kinds
    assert await offered(other) == {"video", "short", "live"}


async def test_letting_go_respects_links_and_other_accounts(database: Database) -> None:
    me = await add_subscriber(database, 1)
    first, second = await add_account(database, me, "one"), await add_account(database, me, "two")
    shared = await add_source(database, "Shared")
    linked = await add_source(database, "Linked", followers=(me,))
    for account in (first, second):
        await add_channel(database, account, shared, "UCshared")
    await add_channel(database, first, linked, "UClinked")

    async def let_go(account: Integration, external_id: str) -> bool:
        async with database.write() as session:
            every = await channels.list_channels(session, integration_id=account.id or 0)
            (channel,) = [one for one in every if one.external_id == external_id]
            return await account_channels.let_go(session, integration=account, channel=channel, now=NOW)

    assert not await let_go(first, "UClinked")
    assert not await let_go(first, "UCshared")
    assert await let_go(second, "UCshared")
    async with database.read() as session:
        assert [one.id for one in await sources.list_followed(session, subscriber_id=me)] == [linked]
        assert (await session.exec(select(Source.next_pull_at).where(col(Source.id) == shared))).one() is None
        counts = await account_channels.count_by_state(session, integration_id=first.id or 0)
    assert counts == {"gone": 2}


async def test_a_link_makes_what_came_by_an_account_ones_own(database: Database) -> None:
    me = await add_subscriber(database, 1)
    account = await add_account(database, me)
    for name in ("Pasted", "Kept"):
        await add_channel(database, account, await add_source(database, name), name)
    async with database.write() as session:
        (source_id,) = await session.exec(select(Source.id).where(col(Source.title) == "Pasted"))
        assert not await sources.follow(session, subscriber_id=me, source_id=source_id or 0, now=NOW)
        assert not await sources.follow(session, subscriber_id=me, source_id=source_id or 0, now=NOW, origin="youtube")
        origins = list(await session.exec(select(Subscription.origin).order_by(col(Subscription.id))))
        assert origins == ["link", "youtube"]
        await account_channels.keep_following(session, integration=account)
        assert list(await session.exec(select(Subscription.origin))) == ["link", "link"]


async def test_videos_are_examined_once(database: Database) -> None:
    me = await add_subscriber(database, 1)
    account = await add_account(database, me)
    source_id = await add_source(database, "Tube")
    await add_channel(database, account, source_id)
    ids = [await add_item(database, source_id, f"yt:video:{number}", hours=number + 1) for number in range(4)]
    async with database.write() as session:
        for item_id, kind in zip(ids, ("video", "short", "article", "live"), strict=True):
            item = await session.get(Item, item_id)
            assert item is not None
            item.media_kind = kind

    async def unexamined() -> list[int]:
        async with database.read() as session:
            found = await account_channels.list_unexamined(
                session, integration_id=account.id or 0, since=NOW - timedelta(days=1), limit=10
            )
        return [one.item_id for one in found]

    assert await unexamined() == ids[:2]
    async with database.write() as session:
        await account_channels.store_examined(session, videos=[Examined(ids[0], "live", 0), Examined(ids[1], None, 59)])
    assert await unexamined() == []
    async with database.read() as session:
        rows = await session.exec(select(Item.media_kind, Item.duration_seconds).order_by(col(Item.id)))
        assert [tuple(row) for row in rows] == [("live", 0), ("short", 59), ("article", None), ("live", None)]


async def test_silent_channels_are_those_whose_feed_fails(database: Database) -> None:
    me = await add_subscriber(database, 1)
    account = await add_account(database, me)
    for name in ("Fine", "Failing", "Briefly", "Never"):
        await add_channel(database, account, await add_source(database, name), name)
    last = {"Fine": 20, "Failing": 20, "Briefly": 1, "Never": None}
    async with database.write() as session:
        for source in await session.exec(select(Source)):
            hours = last[source.title]
            source.failures = 0 if source.title == "Fine" else 3
            source.created_at = NOW - timedelta(hours=30)
            source.last_success_at = NOW - timedelta(hours=hours) if hours is not None else None
    async with database.read() as session:
        silent = await account_channels.list_silent(
            session, integration_id=account.id or 0, before=NOW - timedelta(hours=6), limit=10
        )
    assert [one.external_id for one in silent] == ["Never", "Failing"]

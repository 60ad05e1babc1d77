"""What followers hear, and what becomes of subscriptions when a source moves: through the real activities."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from contentsync.bot import texts
from contentsync.db import moves, notices, sources
from contentsync.db.account_models import Notice
from contentsync.db.models import Subscriber, Subscription
from contentsync.sources.http import canonical_key
from tests.puller.conftest import NOW, World, rss
from tests.puller.days import Days

DAY = timedelta(days=1)


async def add_person(world: World, chat_id: int, *source_ids: int, **values: Any) -> int:
    """Another person, who follows these."""
    async with world.db.write() as session:
        person = Subscriber(chat_id=chat_id, **values)
        session.add(person)
        await session.flush()
        assert person.id is not None
        for source_id in source_ids:
            await sources.follow(session, subscriber_id=person.id, source_id=source_id, now=NOW)
        return person.id


async def kept(world: World) -> list[Notice]:
    """All notices, the oldest first."""
    async with world.db.read() as session:
        return list(await session.exec(select(Notice).order_by(col(Notice.id))))


async def followers(world: World, source_id: int) -> set[int]:
    """Who follows it."""
    async with world.db.read() as session:
        statement = select(Subscription.subscriber_id).where(col(Subscription.source_id) == source_id)
        found = list(await session.exec(statement))
    assert len(found) == len(set(found))
    return set(found)


async def test_every_follower_who_can_be_reached_hears_once_that_a_source_is_gone_and_back(world: World) -> None:
    world.web.fail("/feed?key=secret", 410)
    (source_id,) = await world.follow(world.web.url("/feed?key=secret"))
    boris = await add_person(world, 2, source_id)
    await add_person(world, 3, source_id, paused=True)
    await add_person(world, 4, source_id, blocked_at=NOW)
    await add_person(world, 5)
    days = Days(world)
    await days.live(20 * DAY)
    gone = await kept(world)
    assert {notice.subscriber_id for notice in gone} == {world.subscriber_id, boris}
    assert [notice.text_key for notice in gone] == ["source_is_gone"] * 2
    assert {notice.key for notice in gone} == {f"source/{source_id}/gone/2026-03-01"}
    assert "secret" not in str([notice.params for notice in gone])
    text = texts.say_notice(gone[0].text_key, gone[0].params)
    assert text.startswith("<b>127.0.0.1</b> seems to be gone: 127.0.0.1 has not had it for 3 days.")
    assert [button["text"] for button in gone[0].keyboard[0]] == ["Unfollow", "Keep"]
    assert (await world.source(source_id)).state == "gone"

    late = await add_person(world, 6, source_id)
    world.web.serve("/feed?key=secret", rss("one", title="Back & fine"))
    await days.live(40 * DAY)
    await days.close()
    back = (await kept(world))[2:]
    assert {notice.subscriber_id for notice in back} == {world.subscriber_id, boris} != {late}
    assert {(notice.text_key, len(notice.keyboard)) for notice in back} == {("source_is_back", 0)}
    assert texts.say_notice(back[0].text_key, back[0].params) == "<b>Back &amp; fine</b> works again."
    assert days.results.notices == 4


async def test_the_second_time_is_told_again(world: World) -> None:
    world.web.fail("/feed", 500)
    await world.follow(world.web.url("/feed"))
    days = Days(world)
    await days.live(4 * DAY)
    world.web.serve("/feed", rss("one"))
    await days.live(6 * DAY)
    world.web.fail("/feed", 500)
    await days.live(12 * DAY)
    await days.close()
    assert await days.told() == ["source_is_failing", "source_is_back", "source_is_failing"]
    first = (await kept(world))[0]
    words = texts.say_notice(first.text_key, first.params)
    assert words.startswith("<b>127.0.0.1</b> has not worked for 3 days. The server of 127.0.0.1 answers with an error")


async def test_a_moved_source_takes_its_new_address_with_its_items_and_validators(world: World) -> None:
    world.web.redirect("/old", "/new", status=308)
    world.web.serve("/new", rss("one"), etag='"1"')
    (source_id,) = await world.follow(world.web.url("/old"))
    days = Days(world)
    await days.live(5 * DAY)
    before = len(world.web.requests)
    await days.live(6 * DAY)
    await days.close()
    source = await world.source(source_id)
    assert (source.url, source.key) == (world.web.url("/new"), canonical_key(world.web.url("/new")))
    assert (source.family, source.etag, source.state) == ("127.0.0.1", '"1"', "moved")
    assert {request.target for request in world.web.requests[before:]} == {"/new"}
    assert await world.titles(source_id) == ["one"]
    assert await days.told() == []


@pytest.mark.parametrize("is_followed", [True, False])
async def test_who_followed_both_addresses_follows_the_source_once(world: World, is_followed: bool) -> None:
    world.web.redirect("/old", "/new", status=301)
    world.web.serve("/new", rss("one"))
    old, new = await world.follow(world.web.url("/old"), world.web.url("/new"))
    boris = await add_person(world, 2, old)
    clara = await add_person(world, 3, new)
    if not is_followed:
        async with world.db.write() as session:
            for subscriber_id in (world.subscriber_id, clara):
                await sources.unfollow(session, subscriber_id=subscriber_id, source_id=new, now=NOW)
    days = Days(world)
    await days.live(5 * DAY)
    await days.close()
    everybody = {world.subscriber_id, boris, clara} if is_followed else {world.subscriber_id, boris}
    assert await followers(world, new) == everybody
    assert await followers(world, old) == set()
    assert (await world.source(old)).next_pull_at is None
    twin = await world.source(new)
    assert twin.next_pull_at is not None
    assert twin.last_success_at is not None
    assert await world.titles(new) == ["one"]
    assert await days.told() == []


async def test_a_move_from_http_to_https_keeps_the_key(world: World) -> None:
    async with world.db.write() as session:
        source_id = await sources.upsert_found(
            session, kind="feed", key="https://a.example/f", url="http://a.example/f", title="", site_url=None,
            language=None, preview=[], now=NOW,
        )  # fmt: skip
        from_now_on = await moves.adopt_address(
            session, source_id=source_id, url="https://a.example/f", key="https://a.example/f", now=NOW
        )  # fmt: skip
    assert from_now_on == source_id
    source = await world.source(source_id)
    assert (source.url, source.key) == ("https://a.example/f", "https://a.example/f")


async def test_a_notice_is_kept_only_if_the_pull_is(world: World) -> None:
    """Both are one transaction: who lost the lease tells nobody."""
    world.web.fail("/feed", 410)
    (source_id,) = await world.follow(world.web.url("/feed"))
    days = Days(world)
    await days.live(2 * DAY)
    async with world.db.write() as session:
        source = (await sources.get_sources(session, source_ids=[source_id]))[0]
        source.absent_count, source.absent_since = 9, NOW - 9 * DAY
        source.next_pull_at = days.now
    days.lose_leases = True
    await days.tick()
    assert await kept(world) == []
    days.lose_leases = False
    days.now += timedelta(minutes=10)
    await days.tick()
    await days.close()
    assert len(await kept(world)) == 1
    async with world.db.read() as session:
        assert await notices.count_unsent(session) == 1

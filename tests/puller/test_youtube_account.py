"""A YouTube account: what it follows and lets go, what that costs, and what happens when Google says no."""

import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from contentsync.db import channels, sources
from contentsync.db.account_models import Integration, Quota
from contentsync.db.models import Source, Subscription
from tests.puller.conftest import World
from tests.puller.tube import Tube, channel, open_tube


@pytest.fixture
async def tube(world: World) -> AsyncIterator[Tube]:
    async with open_tube(world) as one:
        yield one


async def source_id(tube: Tube, title: str) -> int:
    """The id of the source with this title."""
    return int((await tube.rows(select(Source.id).where(col(Source.title) == title)))[0])


async def test_subscriptions_become_shared_sources(tube: Tube) -> None:
    for letter in "abc":
        tube.google.subscribe(channel(letter), f"Channel {letter}")
    integration_id = await tube.connected()
    account = await tube.integration(integration_id)
    assert account.account == "Channel of me (@me)"
    result = await tube.sync()
    assert (result.synced, result.failed) == (1, 0)
    assert await tube.followed() == {f"Channel {letter}": "youtube" for letter in "abc"}
    rows = await tube.rows(select(Source.url, Source.kind, Source.integration_id, Source.next_pull_at))
    assert {row[0] for row in rows} == {
        f"{tube.settings.youtube_feed_base_url}?channel_id={channel(letter)}" for letter in "abc"
    }
    assert {row[1:] for row in rows} == {("feed", None, tube.now)}, "due at once, for everybody, without the API"
    assert tube.google.units == 2, "one to connect, one for the list"
    assert await tube.notices() == ["youtube_connected"]


async def test_changes_follow_the_account(tube: Tube) -> None:
    for letter in "abc":
        tube.google.subscribe(channel(letter), letter.upper())
    await tube.connected()
    await tube.sync()
    tube.google.unsubscribe(channel("a"))
    tube.google.subscribe(channel("d"), "D")
    tube.wait(hours=5)
    await tube.sync()
    assert sorted(await tube.followed()) == ["A", "B", "C"], "not before six hours"
    tube.wait(hours=1, minutes=1)
    await tube.sync()
    assert sorted(await tube.followed()) == ["B", "C", "D"]
    assert (await tube.states())["A"] == channels.GONE
    rest = await tube.rows(select(Source.next_pull_at).where(col(Source.title) == "A"))
    assert rest == [None], "nobody follows it any more"
    tube.google.subscribe(channel("a"), "A")
    tube.wait(hours=6, minutes=1)
    await tube.sync()
    assert sorted(await tube.followed()) == ["A", "B", "C", "D"]


async def test_what_the_person_left_here_is_never_followed_again(tube: Tube) -> None:
    tube.google.subscribe(channel("a"), "A")
    await tube.connected()
    await tube.sync()
    left = await source_id(tube, "A")
    async with tube.world.db.write() as session:
        await sources.unfollow(session, subscriber_id=tube.world.subscriber_id, source_id=left, now=tube.now)
    for _ in range(2):
        tube.wait(hours=7)
        await tube.sync()
    tube.google.unsubscribe(channel("a"))
    tube.wait(hours=7)
    await tube.sync()
    tube.google.subscribe(channel("a"), "A")
    tube.wait(hours=7)
    await tube.sync()
    assert await tube.followed() == {}
    assert await tube.states() == {"A": channels.LEFT}


async def test_what_is_followed_by_its_link_too_stays(tube: Tube) -> None:
    for letter in "ab":
        tube.google.subscribe(channel(letter), letter.upper())
    await tube.connected()
    await tube.sync()
    by_link = await source_id(tube, "A")
    async with tube.world.db.write() as session:
        new = await sources.follow(session, subscriber_id=tube.world.subscriber_id, source_id=by_link, now=tube.now)
    assert not new
    tube.google.unsubscribe(channel("a"))
    tube.google.unsubscribe(channel("b"))
    for _ in range(2):
        tube.wait(hours=7)
        await tube.sync()
    assert await tube.followed() == {"A": "link"}


async def test_an_error_in_the_middle_of_the_list_is_no_removal(tube: Tube) -> None:
    ids = [f"UC{number:022d}" for number in range(120)]
    for id in ids:
        tube.google.subscribe(id, f"Channel {id}")
    integration_id = await tube.connected()
    await tube.sync()
    assert len(await tube.followed()) == 120
    for id in ids[60:]:
        tube.google.unsubscribe(id)
    tube.google.subscribe("UC" + "9" * 22, "New")
    tube.google.refuse("backendError", 503, resource="subscriptions", skip=1)
    tube.wait(hours=7)
    assert (await tube.sync()).failed == 1
    assert len(await tube.followed()) == 120
    assert (await tube.integration(integration_id)).last_error == "server_failed"
    tube.google.refusals.clear()
    tube.wait(hours=7)
    assert (await tube.sync()).failed == 0
    assert len(await tube.followed()) == 61


async def test_a_list_that_shows_less_than_it_counts_is_believed_the_second_time(tube: Tube) -> None:
    for letter in "ab":
        tube.google.subscribe(channel(letter), letter.upper())
    await tube.connected()
    await tube.sync()
    tube.google.unsubscribe(channel("a"))
    tube.google.total_off_by = 1
    tube.wait(hours=7)
    await tube.sync()
    assert sorted(await tube.followed()) == ["A", "B"]
    tube.wait(hours=7)
    await tube.sync()
    assert sorted(await tube.followed()) == ["B"]


async def test_unchanged_pages_are_not_sent_again(tube: Tube) -> None:
    for number in range(70):
        tube.google.subscribe(f"UC{number:022d}", f"{number:03d}")
    await tube.connected()
    await tube.sync()
    tube.wait(hours=7)
    await tube.sync()
    assert tube.google.unchanged == 2
    assert len(await tube.followed()) == 70
    tube.google.subscribe("UC" + "z" * 22, "999")
    tube.google.unsubscribe(f"UC{69:022d}")
    tube.wait(hours=7)
    await tube.sync()
    assert tube.google.unchanged == 3, "the first page is still the same"
    followed = await tube.followed()
    assert (len(followed), "999" in followed, "069" in followed) == (70, True, False)


async def test_tokens_are_renewed_and_kept(tube: Tube) -> None:
    tube.google.rotates = True
    tube.google.subscribe(channel("a"), "A")
    integration_id = await tube.connected()
    before = (await tube.integration(integration_id)).credentials
    for _ in range(3):
        tube.wait(hours=7)
        assert (await tube.sync()).failed == 0
    assert (await tube.integration(integration_id)).credentials != before
    tube.google.end_access_tokens()
    tube.wait(hours=6, minutes=1)
    assert (await tube.sync()).failed == 0, "an access token that ends before its time"


async def test_an_ended_grant_is_told_once_and_ends_with_a_new_sign_in(tube: Tube) -> None:
    tube.google.subscribe(channel("a"), "A")
    integration_id = await tube.connected()
    await tube.sync()
    tube.google.end_grants()
    for _ in range(4):
        tube.wait(days=2)
        await tube.sync()
    account = await tube.integration(integration_id)
    assert (account.state, account.next_sync_at) == ("refused", None)
    assert await tube.notices() == ["youtube_connected", "youtube_refused"]
    assert sorted(await tube.followed()) == ["A"], "what was followed stays"
    asked = len(tube.google.requests)
    tube.wait(days=2)
    await tube.sync()
    assert len(tube.google.requests) == asked, "Google is left alone"
    assert await tube.connect() == integration_id
    assert (await tube.sync()).failed == 0
    account = await tube.integration(integration_id)
    assert (account.state, account.last_error) == ("ok", None)


async def test_a_sync_with_the_former_tokens_cannot_undo_a_new_sign_in(tube: Tube) -> None:
    integration_id = await tube.connected()
    async with tube.world.db.write() as session:
        account = (await session.exec(select(Integration))).one()
        account.lease_id, account.lease_until = "slow", tube.now + timedelta(minutes=5)
        session.add(account)
    assert await tube.connect() == integration_id
    assert (await tube.integration(integration_id)).lease_id is None


@pytest.mark.parametrize("reason", ["authenticatedUserAccountClosed", "subscriptionForbidden"])
async def test_a_closed_account_is_asked_about(tube: Tube, reason: str) -> None:
    await tube.connected()
    tube.google.refuse(reason)
    await tube.sync()
    assert await tube.notices() == ["youtube_connected", "youtube_refused"]


async def test_a_refused_sign_in_says_so(tube: Tube) -> None:
    tube.google.grants_scope = "openid"
    assert await tube.connect() is None
    assert await tube.notices() == ["youtube_not_connected"]


async def test_two_accounts_of_one_person_share_a_channel(tube: Tube) -> None:
    tube.google.subscribe(channel("a"), "A")
    tube.google.subscribe(channel("a"), "A", person="work")
    await tube.connected()
    tube.google.person = "work"
    second = await tube.connected()
    await tube.sync()
    assert set(await tube.rows(select(Integration.account))) == {
        "Channel of me (@me)", "Channel of work (@work)",
    }  # fmt: skip
    for person, rest in (("me", ["A"]), ("work", [])):
        tube.google.unsubscribe(channel("a"), person=person)
        for _ in range(2):
            tube.wait(hours=7)
            await tube.sync()
        assert sorted(await tube.followed()) == rest
    await tube.remove(second)
    assert not tube.google.has_grant("work")
    assert tube.google.has_grant("me")


async def test_disconnecting_gives_the_tokens_back_and_follows_no_more(tube: Tube) -> None:
    tube.google.subscribe(channel("a"), "A")
    integration_id = await tube.connected()
    await tube.sync()
    await tube.remove(integration_id)
    assert not tube.google.has_grant()
    assert await tube.followed() == {}
    assert await tube.rows(select(Integration.id)) == []


async def test_lengths_live_streams_and_shorts_are_told(tube: Tube) -> None:
    tube.google.subscribe(channel("a"), "A")
    tube.google.publish(channel("a"), "video_video", "1 video", seconds=933)
    tube.google.publish(channel("a"), "short_short", "2 short", seconds=40, short=True)
    tube.google.publish(channel("a"), "stream_live", "3 live", live="live")
    tube.google.publish(channel("a"), "stream_past", "4 past", live="past", seconds=3600)
    tube.google.publish(channel("a"), "vanish_soon", "5 private")
    await tube.connected()
    await tube.sync()
    await tube.pull()
    tube.google._videos[channel("a")][-1].private = True
    tube.wait(minutes=16)
    await tube.sync()
    assert [(item.title, item.media_kind, item.duration_seconds) for item in await tube.items()] == [
        ("1 video", "video", 933),
        ("2 short", "short", 40),
        ("3 live", "live", 0),
        ("4 past", "live", 3600),
        ("5 private", "video", 0),
    ]
    assert all(item.image_url for item in await tube.items())
    assert tube.google.units == 3
    tube.wait(hours=2)
    await tube.sync()
    assert tube.google.units == 3, "nothing new, nothing asked"


async def test_the_api_stands_in_for_feeds_that_fail_for_hours(tube: Tube) -> None:
    tube.google.subscribe(channel("a"), "A")
    tube.google.subscribe(channel("b"), "B")
    tube.google.publish(channel("a"), "before_storm", "1 before", description="About it.")
    await tube.connected()
    await tube.sync()
    await tube.pull()
    tube.google.feeds_answer = 404
    tube.google.publish(channel("a"), "during_storm", "2 during", published_at=tube.now + timedelta(hours=1))
    for _ in range(9):
        tube.wait(hours=1)
        await tube.pull()
        await tube.sync()
    assert [item.title for item in await tube.items()] == ["1 before", "2 during"], "nothing twice"
    asked = [asked["playlistId"] for resource, asked in tube.google.requests if resource == "playlistItems"]
    assert sorted(asked) == ["UU" + "a" * 22, "UU" + "b" * 22], "once in six hours; a channel without videos once a day"
    archived = [path.relative_to(tube.world.data_dir).parts[0] for path in tube.world.data_dir.rglob("*.warc.gz")]
    assert set(archived) == {"raw"}, "what belongs to shared sources stays when the account goes"
    tube.google.feeds_answer = 200
    tube.wait(days=1)
    await tube.pull()
    assert [item.title for item in await tube.items()] == ["1 before", "2 during"], "the feed tells the same items"


async def test_googles_word_that_nothing_is_left_holds_for_everybody_until_midnight(tube: Tube) -> None:
    first = await tube.connected()
    other = await tube.somebody(2)
    tube.google.person = "other"
    second = await tube.connected(other)
    tube.google.limit = tube.google.units
    assert (await tube.sync(first)).failed == 1
    assert tube.google.quota_errors == 1
    tube.wait(minutes=1)
    assert (await tube.sync(second)).failed == 1
    assert tube.google.quota_errors == 1, "the other one does not even ask"
    account = await tube.integration(first)
    assert account.last_error == "quota_spent"
    midnight = datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert account.next_sync_at is not None
    assert midnight <= account.next_sync_at <= midnight + timedelta(minutes=30)
    tube.google.limit = 10_000
    tube.google.now = midnight + timedelta(minutes=31)
    assert (await tube.sync()).failed == 0


async def test_a_signin_goes_through_when_no_unit_is_left(tube: Tube) -> None:
    async with tube.world.db.write() as session:
        session.add(Quota(scope="youtube", spent_at=tube.now, units=10_000))
    integration_id = await tube.connected()
    assert (await tube.integration(integration_id)).account == "YouTube"
    assert tube.google.requests == []


async def test_wishes_hold_for_channels_that_come_later(tube: Tube) -> None:
    tube.google.subscribe(channel("a"), "A")
    integration_id = await tube.connected()
    await tube.sync()
    async with tube.world.db.write() as session:
        account = (await session.exec(select(Integration))).one()
        account.options = {**account.options, "with_shorts": False}
        session.add(account)
    tube.google.subscribe(channel("b"), "B")
    tube.wait(hours=7)
    await tube.sync(integration_id)
    wishes = await tube.rows(
        select(Source.title, Subscription.with_shorts, Subscription.with_live).join(
            Subscription, col(Subscription.source_id) == col(Source.id)
        )
    )
    assert sorted(tuple(row) for row in wishes) == [("A", True, True), ("B", False, True)]


async def test_an_account_whose_key_is_lost_can_be_connected_anew_or_removed(tube: Tube) -> None:
    integration_id = await tube.connected()
    async with tube.world.db.write() as session:
        account = (await session.exec(select(Integration))).one()
        account.credentials = "unreadable"
        session.add(account)
    await tube.sync()
    assert await tube.notices() == ["youtube_connected", "youtube_refused"]
    assert await tube.connect() == integration_id
    assert (await tube.sync()).failed == 0
    async with tube.world.db.write() as session:
        account = (await session.exec(select(Integration))).one()
        account.credentials = "unreadable"
        session.add(account)
    await tube.remove(integration_id)
    assert await tube.rows(select(Integration.id)) == []


async def test_no_secret_is_stored_in_clear(tube: Tube) -> None:
    tube.google.subscribe(channel("a"), "A")
    tube.google.publish(channel("a"), "video_video")
    await tube.connected()
    for _ in range(3):
        await tube.sync()
        await tube.pull()
        tube.wait(hours=7)
    files = [path for path in tube.world.data_dir.rglob("*") if path.is_file()]
    assert len(files) >= 2
    assert len(tube.google.secrets) >= 4
    secrets = tube.google.secrets | {tube.google.client_secret}
    assert [path.name for path in files for secret in secrets if secret.encode() in _plain(path)] == []


def _plain(path: Path) -> bytes:
    """A file's content, unpacked where it is an archive."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()

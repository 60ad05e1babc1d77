"""/youtube: what is missing, signing in, and what is taken of an account."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import select
from temporalio.testing import WorkflowEnvironment

from contentsync.bot.youtube_keyboards import Leaving, Part, YouTubeChannel, YouTubeLeave, YouTubeWant
from contentsync.db import account_channels, channels, integrations, oauth_states, sources, youtube_quota
from contentsync.db.account_models import Channel, Integration, OAuthState
from contentsync.db.base import utc_now
from contentsync.db.models import Subscription
from contentsync.puller.contract import remove_workflow_id
from contentsync.settings import Settings
from tests.bot.front import Front, button_texts, buttons, send_button


@pytest.fixture
async def desk(tmp_path: Path, temporal_dev: WorkflowEnvironment) -> AsyncIterator[Front]:
    """With Google's credentials."""
    front = Front(tmp_path, temporal_dev.client)
    changes = {
        "google_client_id": "the-client-id",
        "google_client_secret": "the-client-secret",
        "public_url": "https://digest.example",
    }
    front.settings = Settings.model_validate(
        {
            str(Settings.model_fields[name].validation_alias): changes.get(name, getattr(front.settings, name))
            for name in Settings.model_fields
        }
    )
    async with front:
        yield front


async def connect(front: Front, *titles: str) -> int:
    """An account with channels of these titles, all followed; its id."""
    await front.say("/start")
    subscriber = await front.subscriber()
    assert subscriber is not None
    async with front.db.write() as session:
        account_id = await integrations.connect(
            session,
            subscriber_id=subscriber.id or 0,
            kind="youtube",
            account="Slow <Workshop>",
            credentials=front.vault.encrypt("{}"),
            options={"with_shorts": True, "with_live": True},
            now=utc_now(),
        )
        account = await integrations.get_integration(session, integration_id=account_id)
        assert account is not None
        for title in titles:
            url = f"https://www.youtube.com/feeds/videos.xml?channel_id={title}"
            source_id = await sources.upsert_found(
                session, kind="feed", key=url, url=url, title=title, site_url=None, language=None, preview=[],
                now=utc_now(),
            )  # fmt: skip
            channel = await channels.upsert_channel(
                session, integration_id=account_id, external_id=title, title=title, now=utc_now()
            )
            await account_channels.follow_channel(
                session, integration=account, channel_id=channel.id or 0, source_id=source_id, now=utc_now()
            )
    return account_id


async def wishes(front: Front) -> list[tuple[bool, bool]]:
    """What is wanted of every subscription: Shorts, live streams."""
    async with front.db.read() as session:
        found = await session.exec(select(Subscription).order_by(Subscription.id))  # type: ignore[arg-type]
        return [(one.with_shorts, one.with_live) for one in found]


async def test_without_credentials_the_bot_says_what_is_missing(front: Front) -> None:
    await front.say("/start")
    told = await front.say("/youtube")
    assert "GOOGLE_CLIENT_ID" in told["text"]
    assert "GOOGLE_CLIENT_SECRET" in told["text"]
    assert "http://localhost:8080/oauth2/callback" in told["text"]
    assert "console.cloud.google.com" in told["text"]
    assert "link works all the same" in told["text"]
    button = await send_button(front, "connect:youtube")
    await front.tap(button, "Button")
    assert "GOOGLE_CLIENT_ID" in (await front.answer(button["message_id"]))["text"]
    async with front.db.read() as session:
        assert list(await session.exec(select(OAuthState))) == []


async def test_the_way_to_google(desk: Front) -> None:
    await desk.say("/start")
    offer = await desk.say("/youtube")
    assert ": 0 of 10,000" in offer["text"]
    assert button_texts(offer) == ["Connect YouTube"]
    await desk.tap(offer, "Connect")
    link = await desk.answer(offer["message_id"])
    (button,) = buttons(link)
    query = {name: values[0] for name, values in parse_qs(urlsplit(button["url"]).query).items()}
    assert button["url"].startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert query["scope"] == "https://www.googleapis.com/auth/youtube.readonly"
    assert query["redirect_uri"] == "https://digest.example/oauth2/callback"
    assert (query["access_type"], query["prompt"], query["response_type"]) == ("offline", "consent", "code")
    assert (query["code_challenge_method"], len(query["code_challenge"])) == ("S256", 43)
    assert len(query["state"]) >= 43
    async with desk.db.read() as session:
        (begun,) = await session.exec(select(OAuthState))
    assert begun.state_hash == oauth_states.hash_state(query["state"])
    assert 43 <= len(desk.vault.decrypt(begun.verifier)) <= 128
    assert begun.chat_url.startswith("https://t.me/")
    await desk.tap(offer, "Connect")
    again = await desk.answer(link["message_id"])
    assert buttons(again)[0]["url"] != button["url"], "every tap is a sign-in of its own"


async def test_an_account_shows_how_it_is(desk: Front) -> None:
    account_id = await connect(desk, "A", "B")
    async with desk.db.write() as session:
        await youtube_quota.spend(session, units=12, purpose="x", now=utc_now(), integration_id=account_id)
    page = await desk.say("/youtube")
    assert (
        page["text"]
        == "Slow <Workshop>\nConnected, the list is about to be read\n2 channels followed, 0 left out by you"
    )
    assert button_texts(page) == ["Shorts: on", "Live: on", "Channels ›", "Read the list now", "Disconnect"]
    quota = await desk.answer(page["message_id"])
    assert "12 of 10,000" in quota["text"]
    async with desk.db.write() as session:
        await integrations.change(session, integration_id=account_id, state="refused")
    page = await desk.say("/youtube")
    assert "does not accept the sign-in any more" in page["text"]
    assert button_texts(page)[0] == "Connect again"


async def test_shorts_and_live_streams_of_all_channels(desk: Front) -> None:
    account_id = await connect(desk, "A", "B")
    page = await desk.say("/youtube")
    await desk.tap(page, "Shorts: on")
    await desk.telegram.wait_for(lambda m: "Shorts: off" in button_texts(m), chat_id=1)
    await desk.tap((await desk.telegram.messages(1, page["message_id"] - 1))[0], "Live: on")
    await desk.telegram.wait_for(lambda m: "Live: off" in button_texts(m), chat_id=1)
    assert await wishes(desk) == [(False, False), (False, False)]
    async with desk.db.read() as session:
        account = await integrations.get_integration(session, integration_id=account_id)
    assert account is not None
    assert account.options == {"with_shorts": False, "with_live": False}


async def test_shorts_of_one_channel(desk: Front) -> None:
    await connect(desk, *(f"{number:02d}" for number in range(10)))
    page = await desk.say("/youtube")
    await desk.tap(page, "Channels")
    await desk.becomes(page, "page 1 of 2")
    await desk.tap((await desk.telegram.messages(1, page["message_id"] - 1))[0], "More")
    last = await desk.becomes(page, "page 2 of 2")
    assert button_texts(last) == ["08", "09", "‹ Back", "« Account"]
    await desk.tap(last, "09")
    one = await desk.becomes(page, "Shorts: taken")
    await desk.tap(one, "Shorts")
    one = await desk.becomes(page, "Shorts: left out")
    await desk.tap(one, "« Channels")
    await desk.becomes(page, "page 2 of 2")
    assert (await wishes(desk))[9] == (False, True)
    assert set((await wishes(desk))[:9]) == {(True, True)}


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "dropped"])
async def test_disconnecting_is_asked_first(desk: Front, keep: bool) -> None:
    account_id = await connect(desk, "A")
    page = await desk.say("/youtube")
    await desk.tap(page, "Disconnect")
    question = await desk.becomes(page, "Disconnect Slow <Workshop>?")
    await desk.tap(question, "Disconnect, keep" if keep else "Disconnect, unfollow")
    await desk.becomes(page, "The channels stay" if keep else "no longer followed")
    description = await desk.temporal.get_workflow_handle(remove_workflow_id(account_id)).describe()
    assert description.workflow_type == "puller.RemoveAccount"
    async with desk.db.read() as session:
        origins = [one.origin for one in await session.exec(select(Subscription))]
    assert origins == ["link" if keep else "youtube"]


async def test_from_the_accounts_it_is_asked_what_becomes_of_the_channels(desk: Front) -> None:
    await connect(desk, "A")
    page = await desk.say("/connect")
    await desk.tap(page, "Disconnect YouTube")
    question = await desk.becomes(page, "What about its 1 channel?")
    assert "Disconnect, keep the channels" in button_texts(question)


async def test_another_persons_account_cannot_be_touched(desk: Front) -> None:
    account_id = await connect(desk, "A")
    await desk.say("/start", from_id=2)
    async with desk.db.read() as session:
        channel_id = (await session.exec(select(Channel.id))).one() or 0
    for data in (
        YouTubeWant(account_id=account_id, part=Part.SHORTS, on=False).pack(),
        YouTubeLeave(account_id=account_id, how=Leaving.DROP).pack(),
        YouTubeLeave(account_id=account_id, how=Leaving.KEEP).pack(),
        YouTubeChannel(channel_id=channel_id, page=0, part=Part.SHORTS, on=False).pack(),
    ):
        button = await send_button(desk, data, chat_id=2)
        await desk.tap(button, "Button", from_id=2)
        await desk.becomes(button, "no longer connected", from_id=2)
    assert await wishes(desk) == [(True, True)]
    async with desk.db.read() as session:
        assert len(list(await session.exec(select(Integration)))) == 1

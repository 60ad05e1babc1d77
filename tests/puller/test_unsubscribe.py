"""The one request that leaves a list."""

import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from temporalio.testing import ActivityEnvironment

from contentsync.db import channels, integrations
from contentsync.db.account_models import Channel
from contentsync.errors import AddressRefused, InvalidLink, NotFound, Refused, ServerFailed, SourceError, Unreachable
from contentsync.puller.contract import UnsubscribeInput
from contentsync.puller.unsubscribe import UnsubscribeActivities, post_one_click
from contentsync.sources.http import open_client
from tests.fakes.mails import NOW
from tests.fakes.web import FakeWeb, self_signed
from tests.puller.conftest import World


@dataclass
class Lists:
    """A list's server, and the client that trusts its certificate."""

    web: FakeWeb
    client: httpx.AsyncClient
    context: ssl.SSLContext


@pytest.fixture
async def lists(tmp_path: Path) -> AsyncIterator[Lists]:
    tls, certificate = self_signed(tmp_path, "127.0.0.1")
    context = ssl.create_default_context(cafile=str(certificate))
    client = open_client(allow_private_networks=True, ssl_context=context)
    async with FakeWeb(tls=tls) as web:
        yield Lists(web, client, context)
        await client.aclose()


async def test_it_is_one_post(lists: Lists) -> None:
    lists.web.serve("/leave?u=1", b"ok")
    await post_one_click(lists.client, lists.web.url("/leave?u=1"))
    (request,) = lists.web.requests
    assert (request.method, request.target) == ("POST", "/leave?u=1")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["content-length"] == str(len("List-Unsubscribe=One-Click"))


@pytest.mark.parametrize(
    ("status", "expected"), [(403, Refused), (404, NotFound), (410, NotFound), (500, ServerFailed)], ids=str
)
async def test_a_server_that_does_not_accept_it(lists: Lists, status: int, expected: type[SourceError]) -> None:
    lists.web.fail("/leave", status)
    with pytest.raises(expected):
        await post_one_click(lists.client, lists.web.url("/leave"))


async def test_redirects_are_not_followed(lists: Lists) -> None:
    lists.web.redirect("/leave", "/elsewhere", status=307)
    lists.web.serve("/elsewhere", b"ok")
    with pytest.raises(Refused):
        await post_one_click(lists.client, lists.web.url("/leave"))
    assert lists.web.hits("/elsewhere") == 0


async def test_only_https_to_public_addresses(lists: Lists) -> None:
    with pytest.raises(InvalidLink):
        await post_one_click(lists.client, lists.web.url("/leave").replace("https", "http"))
    guarded = open_client(ssl_context=lists.context)
    with pytest.raises(AddressRefused):
        await post_one_click(guarded, lists.web.url("/leave"))
    await guarded.aclose()
    with pytest.raises(Unreachable):
        await post_one_click(lists.client, "https://127.0.0.1:4/leave")
    assert lists.web.requests == []


async def _channel(world: World, ways: dict[str, object] | None) -> int:
    async with world.db.write() as session:
        integration_id = await integrations.connect(
            session,
            subscriber_id=world.subscriber_id,
            kind="mailbox",
            account="me@example.org",
            credentials="",
            options={},
            now=NOW,
        )
        channel = await channels.upsert_channel(
            session,
            integration_id=integration_id,
            external_id="tin.example.org",
            title="Tin",
            details={"seen": {"a": "b"}},
            secret=world.vault.encrypt(json.dumps(ways)) if ways else None,
            now=NOW,
        )
    return channel.id or 0


async def _stored(world: World, channel_id: int) -> Channel:
    async with world.db.read() as session:
        channel = await channels.find_channel(session, channel_id=channel_id)
    assert channel is not None
    return channel


async def test_how_it_went_is_written_down(world: World, lists: Lists) -> None:
    activities = UnsubscribeActivities(db=world.db, vault=world.vault, client=lists.client)
    ways = {"link": lists.web.url("/leave?u=SECRET"), "mailto": "", "one_click": True}
    channel_id = await _channel(world, ways)
    lists.web.fail("/leave?u=SECRET", 500)
    leave = ActivityEnvironment().run
    assert not (await leave(activities.leave_list, UnsubscribeInput(channel_id))).done
    details = (await _stored(world, channel_id)).details
    assert details["not_left"]["reason_key"] == "server_failed"
    assert "SECRET" not in repr(details)
    lists.web.serve("/leave?u=SECRET", b"ok")
    assert (await leave(activities.leave_list, UnsubscribeInput(channel_id))).done
    details = (await _stored(world, channel_id)).details
    assert (details["unsubscribed"], details["not_left"], details["seen"]) == (True, None, {"a": "b"})


@pytest.mark.parametrize("ways", [None, {"link": "https://x.example/", "mailto": "", "one_click": False}])
async def test_nothing_is_sent_that_was_not_offered(world: World, lists: Lists, ways: dict[str, object] | None) -> None:
    activities = UnsubscribeActivities(db=world.db, vault=world.vault, client=lists.client)
    channel_id = await _channel(world, ways)
    assert not (await ActivityEnvironment().run(activities.leave_list, UnsubscribeInput(channel_id))).done
    assert not (await ActivityEnvironment().run(activities.leave_list, UnsubscribeInput(channel_id + 1))).done
    assert lists.web.requests == []

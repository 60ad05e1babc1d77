"""Mailboxes synced for real: a mail server on loopback, the database, the archive."""

import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from warcio.archiveiterator import ArchiveIterator

from contentsync.db import channels, integrations, notices, sources
from contentsync.db.account_models import Channel, Integration, Notice
from contentsync.errors import AccountRefused, AddressRefused, Unreachable
from contentsync.puller.account import AccountStore, LeaseLost, Synced
from contentsync.puller.mailbox_account import MailboxAccount
from contentsync.sources.registry import READERS
from tests.fakes.imap import FakeImap
from tests.fakes.mails import NOW, confirmation, letter, newsletter
from tests.fakes.web import self_signed
from tests.puller.conftest import World

MINUTES = timedelta(minutes=15)


@dataclass
class Desk:
    """A mailbox that is connected, and what a person does with it."""

    world: World
    imap: FakeImap
    account: MailboxAccount
    integration_id: int = 0

    def given(self, password: str = "app password", servers: list[list[object]] | None = None) -> str:
        return json.dumps(
            {
                "address": self.imap.user,
                "password": password,
                "servers": servers or [["127.0.0.1", self.imap.port]],
            }
        )

    async def connect(self) -> None:
        connected = await self.account.connect(self.world.subscriber_id, self.given(), NOW)
        async with self.world.db.write() as session:
            self.integration_id = await integrations.connect(
                session,
                subscriber_id=self.world.subscriber_id,
                kind="mailbox",
                account=connected.account,
                credentials=self.world.vault.encrypt(connected.credentials),
                options={},
                now=NOW,
            )

    async def lease(self, lease_id: str = "lease", now: datetime = NOW) -> Integration:
        async with self.world.db.write() as session:
            await integrations.claim_due(
                session,
                now=now,
                lease_id=lease_id,
                lease_seconds=300,
                limit=9,
                integration_ids=[self.integration_id],
            )
        async with self.world.db.read() as session:
            (leased,) = await integrations.list_leased(
                session, lease_id=lease_id, integration_ids=[self.integration_id]
            )
            return leased

    async def sync(self, now: datetime = NOW) -> Synced:
        return await self.account.sync(await self.lease(now=now), now)

    async def channels(self) -> dict[str, Channel]:
        async with self.world.db.read() as session:
            listed = await channels.list_channels(session, integration_id=self.integration_id)
        return {channel.external_id: channel for channel in listed}

    async def accept(self, name: str) -> int:
        channel = (await self.channels())[name]
        async with self.world.db.write() as session:
            source_id = await sources.add_owned(
                session,
                integration_id=self.integration_id,
                kind="newsletter",
                key=f"mailbox:{self.integration_id}:{name}",
                url="https://tin.example.org",
                title=channel.title,
                now=NOW,
            )
            await sources.follow(
                session, subscriber_id=self.world.subscriber_id, source_id=source_id, now=NOW, origin="mailbox"
            )
            await channels.set_state(
                session, channel_id=channel.id or 0, state=channels.FOLLOWED, source_id=source_id, now=NOW
            )
        return source_id

    async def notices(self) -> list[Notice]:
        async with self.world.db.read() as session:
            return [notice for notice, _ in await notices.list_unsent(session, limit=99)]

    async def dump(self) -> str:
        """Every value in the database."""
        async with self.world.db.engine.connect() as connection:
            names = await connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
            rows: list[Any] = []
            for (name,) in list(names):
                rows += list(await connection.exec_driver_sql(f'SELECT * FROM "{name}"'))
        return repr(rows)


@pytest.fixture
async def desk(world: World, tmp_path: Path) -> AsyncIterator[Desk]:
    tls, certificate = self_signed(tmp_path, "127.0.0.1")
    account = MailboxAccount(
        db=world.db,
        vault=world.vault,
        store=AccountStore(db=world.db, data_dir=tmp_path, readers=READERS),
        context=ssl.create_default_context(cafile=str(certificate)),
        allow_private_networks=True,
    )
    async with FakeImap(tls) as imap:
        yield Desk(world, imap, account)
        account.close()


async def test_a_newsletter_is_offered_accepted_and_read(desk: Desk) -> None:
    desk.imap.add(letter())
    for number in (1, 2):
        desk.imap.add(newsletter(number, sent_at=NOW - timedelta(days=3 - number)))
    await desk.connect()

    assert (await desk.sync()).new_items == 0
    (offer,) = await desk.notices()
    assert (offer.text_key, offer.params["count"], offer.params["names"]) == ("newsletter_found", 1, "Tin Weekly")
    (channel,) = (await desk.channels()).values()
    assert (channel.state, channel.title, channel.details["issues"]) == ("offered", "Tin Weekly", 2)
    assert [button["callback_data"] for button in offer.keyboard[0]] == [
        f"news:{channel.id}:follow:0",
        f"news:{channel.id}:no:0",
    ]

    source_id = await desk.accept("tin.example.org")
    assert (await desk.sync(NOW + MINUTES)).new_items == 2
    items = await desk.world.items(source_id)
    assert [item.title for item in items] == ["Issue 1 of Tin Weekly", "Issue 2 of Tin Weekly"]
    assert (items[0].media_kind, items[0].author) == ("newsletter", "Tin Weekly")
    assert len(await desk.notices()) == 1

    desk.imap.add(newsletter(3))
    assert (await desk.sync(NOW + 2 * MINUTES)).new_items == 1
    assert (await desk.sync(NOW + 3 * MINUTES)).new_items == 0
    assert desk.imap.changes == []
    assert [mail.flags for mail in desk.imap.mails] == [set()] * 4


async def test_nothing_personal_and_no_secret_is_stored_in_clear(desk: Desk, tmp_path: Path) -> None:
    desk.imap.add(letter())
    desk.imap.add(letter("Confirm our dinner subscription"))
    desk.imap.add(newsletter())
    desk.imap.add(confirmation())
    await desk.connect()
    await desk.sync()
    await desk.accept("tin.example.org")
    await desk.sync(NOW + MINUTES)
    dump = await desk.dump()
    for word in ("Anna", "anna.ash", "friends.example", "Dinner", "dinner", "PRIVATE-WORDS"):
        assert word not in dump, word
    for word in ("SECRET-READER", "CONFIRM-TOKEN", "app password"):
        assert word not in dump, word
    assert "Tin Weekly" in dump
    archived = b"".join(path.read_bytes() for path in tmp_path.rglob("*.warc.gz"))
    assert archived
    assert list((tmp_path / "owned" / str(desk.integration_id)).rglob("*.warc.gz"))


async def test_what_is_declined_is_not_asked_again_and_not_read(desk: Desk) -> None:
    desk.imap.add(newsletter())
    await desk.connect()
    await desk.sync()
    (channel,) = (await desk.channels()).values()
    async with desk.world.db.write() as session:
        await channels.set_state(session, channel_id=channel.id or 0, state=channels.LEFT, now=NOW)
    desk.imap.add(newsletter(2))
    desk.imap.commands.clear()
    await desk.sync(NOW + MINUTES)
    assert len(await desk.notices()) == 1
    assert (await desk.channels())["tin.example.org"].state == channels.LEFT
    assert not [command for command in desk.imap.commands if "BODY.PEEK[]" in command]


async def test_many_newsletters_are_one_notice(desk: Desk) -> None:
    for number in range(7):
        desk.imap.add(newsletter(1, title=f"Letter {number}", list_id=f"l{number}.example.org"))
    await desk.connect()
    await desk.sync()
    (offer,) = await desk.notices()
    assert (offer.text_key, offer.params["count"], offer.params["more"]) == ("newsletters_found_more", 7, 2)
    assert [row[0]["text"] for row in offer.keyboard] == [f"Follow Letter {number}" for number in range(5)] + [
        "See all 7"
    ]


async def test_new_uids_do_not_double_anything(desk: Desk) -> None:
    for number in (1, 2, 3):
        desk.imap.add(newsletter(number))
    await desk.connect()
    await desk.sync()
    source_id = await desk.accept("tin.example.org")
    await desk.sync(NOW + MINUTES)
    desk.imap.renumber()
    desk.imap.add(newsletter(4))
    desk.imap.commands.clear()
    assert (await desk.sync(NOW + 2 * MINUTES)).new_items == 1
    assert len(await desk.world.items(source_id)) == 4
    assert sum("BODY.PEEK[]" in command for command in desk.imap.commands) == 1, "known issues are not read again"
    assert len(await desk.notices()) == 1


async def test_copies_of_an_issue_are_one_item(desk: Desk) -> None:
    html = "<p>The same words to everybody. <a href='https://tin.example.org/r/{}'>More</a></p>"
    desk.imap.add(newsletter(1, subject="Same", html=html.format("a")))
    desk.imap.add(newsletter(1, subject="Same", html=html.format("a")))
    desk.imap.add(newsletter(2, subject="Same", html=html.format("b")))
    desk.imap.add(newsletter(3, subject="Same", html=html.format("c"), sent_at=NOW - timedelta(days=7)))
    await desk.connect()
    await desk.sync()
    source_id = await desk.accept("tin.example.org")
    await desk.sync(NOW + MINUTES)
    assert [item.external_id for item in await desk.world.items(source_id)] == [
        "tin.example.org.1@mail.example",
        "tin.example.org.3@mail.example",
    ]
    desk.imap.add(newsletter(4, subject="Same", html=html.format("d")))
    assert (await desk.sync(NOW + 2 * MINUTES)).new_items == 0


async def test_a_connection_that_breaks_loses_nothing(desk: Desk) -> None:
    for number in range(1, 13):
        desk.imap.add(newsletter(number))
    await desk.connect()
    await desk.sync()
    source_id = await desk.accept("tin.example.org")
    desk.imap.drops_in.add("UID FETCH")
    with pytest.raises(Unreachable):
        await desk.sync(NOW + MINUTES)
    desk.imap.drops_in.clear()
    desk.imap.add(newsletter(13))
    await desk.sync(NOW + 2 * MINUTES)
    assert len(await desk.world.items(source_id)) == 11, "ten past issues and the new one"


async def test_a_flood_is_taken_in_over_several_syncs(desk: Desk) -> None:
    desk.imap.add(newsletter(0))
    await desk.connect()
    await desk.sync()
    source_id = await desk.accept("tin.example.org")
    await desk.sync(NOW + MINUTES)
    for number in range(1, 71):
        desk.imap.add(newsletter(number))
    first = await desk.sync(NOW + 2 * MINUTES)
    assert (first.new_items, first.next_sync_at) == (60, NOW + 2 * MINUTES + timedelta(minutes=1))
    second = await desk.sync(NOW + 3 * MINUTES)
    assert (second.new_items, second.next_sync_at) == (10, None)
    assert len(await desk.world.items(source_id)) == 71


async def test_old_mail_is_not_looked_at(desk: Desk) -> None:
    desk.imap.add(newsletter(1), arrived_at=NOW - timedelta(days=40))
    await desk.connect()
    await desk.sync()
    assert await desk.channels() == {}
    desk.imap.add(newsletter(2))
    await desk.sync(NOW + MINUTES)
    assert list(await desk.channels()) == ["tin.example.org"]


async def test_a_confirmation_becomes_a_button_with_an_encrypted_link(desk: Desk) -> None:
    desk.imap.add(confirmation())
    desk.imap.add(confirmation(link="https://elsewhere.example.net/confirm?token=CONFIRM-TOKEN"))
    await desk.connect()
    await desk.sync()
    await desk.sync(NOW + MINUTES)
    (notice,) = await desk.notices()
    assert (notice.text_key, notice.params) == ("newsletter_confirm", {"name": "Tin Weekly", "host": "example.org"})
    ((button,),) = notice.keyboard
    assert desk.world.vault.decrypt(button["secret_url"]) == "https://tin.example.org/confirm?token=CONFIRM-TOKEN"
    assert await desk.channels() == {}


async def test_old_confirmations_are_left_alone(desk: Desk) -> None:
    desk.imap.add(confirmation())
    await desk.connect()
    await desk.sync(NOW + timedelta(days=3))
    assert await desk.notices() == []


async def test_whoever_lost_the_lease_stores_nothing(desk: Desk) -> None:
    desk.imap.add(newsletter())
    await desk.connect()
    mine = await desk.lease("mine")
    await desk.lease("theirs")
    with pytest.raises(LeaseLost):
        await desk.account.sync(mine, NOW)
    assert await desk.channels() == {}
    assert await desk.notices() == []


async def test_one_who_stopped_and_follows_again_gets_what_came_between(desk: Desk) -> None:
    desk.imap.add(newsletter(1))
    await desk.connect()
    await desk.sync()
    source_id = await desk.accept("tin.example.org")
    await desk.sync(NOW + MINUTES)
    async with desk.world.db.write() as session:
        await sources.unfollow(session, subscriber_id=desk.world.subscriber_id, source_id=source_id, now=NOW)
    desk.imap.add(newsletter(2))
    assert (await desk.sync(NOW + 2 * MINUTES)).new_items == 0
    assert (await desk.channels())["tin.example.org"].state == channels.LEFT
    await desk.accept("tin.example.org")
    assert (await desk.sync(NOW + 3 * MINUTES)).new_items == 1


async def test_connecting_says_what_is_wrong(desk: Desk) -> None:
    with pytest.raises(AccountRefused):
        await desk.account.connect(1, desk.given(password="wrong"), NOW)
    with pytest.raises(Unreachable) as nothing:
        await desk.account.connect(1, desk.given(servers=[["127.0.0.1", 9], ["localhost", 10]]), NOW)
    assert nothing.value.url == "imaps://127.0.0.1:9", "the first server is the one that is named"
    guarded = MailboxAccount(
        db=desk.world.db,
        vault=desk.world.vault,
        store=AccountStore(db=desk.world.db, data_dir=desk.world.data_dir, readers=READERS),
        context=ssl.create_default_context(),
    )
    with pytest.raises(AddressRefused):
        await guarded.connect(1, desk.given(), NOW)


async def test_the_second_server_is_tried_where_the_first_is_not_there(desk: Desk) -> None:
    connected = await desk.account.connect(
        1, desk.given(servers=[["127.0.0.1", 9], ["127.0.0.1", desk.imap.port]]), NOW
    )
    assert connected.account == "me@example.org"
    assert json.loads(connected.credentials)["port"] == desk.imap.port


async def test_a_password_that_was_changed_is_refused(desk: Desk) -> None:
    await desk.connect()
    desk.imap.password = "new"
    with pytest.raises(AccountRefused):
        await desk.sync()
    async with desk.world.db.read() as session:
        (stored,) = await session.exec(select(Integration))
    assert stored.cursor == {}


async def test_a_mail_is_archived_as_it_came(desk: Desk, tmp_path: Path) -> None:
    desk.imap.add(newsletter())
    await desk.connect()
    await desk.sync()
    await desk.accept("tin.example.org")
    await desk.sync(NOW + MINUTES)
    (path,) = (tmp_path / "owned" / str(desk.integration_id)).rglob("*.warc.gz")
    with path.open("rb") as file:
        _, mail = ((record, record.content_stream().read()) for record in ArchiveIterator(file, check_digests="raise"))
    record, body = mail
    assert (record.rec_type, record.rec_headers.get_header("Content-Type")) == ("resource", "message/rfc822")
    assert record.rec_headers.get_header("WARC-Target-URI") == "mid:tin.example.org.1@mail.example"
    assert body == newsletter()

"""After a whole run with everything that is secret in it: nobody who reads files, logs or histories finds any of it."""

import asyncio
import json
import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet
from temporalio.client import Client

from contentsync.credentials import Vault
from contentsync.puller.contract import HOUSEKEEPING
from tests.fakes.feeds import rss
from tests.fakes.telegram import FakeTelegram
from tests.fakes.web import FakeWeb
from tests.finding import find_secrets
from tests.instance import Instance, Message, Wanted, buttons, from_bot, has_button, says
from tests.living import (
    Services,
    ask_for_key,
    ask_for_password,
    connect_mailbox,
    connect_news,
    disconnect,
    leave_newsletters,
    sign_in,
    until_empty,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

FEED = "feed-token-4f9a1c7e"
UNFOLLOWED = "other-token-88d1e02b"
TYPED = "typed-secret-place-61b7"
NEWS_KEY = "5e1f0c2b7a9d4836b1e0f7c2d9a85346"
WRONG_KEY = "00ffee11dd22cc33bb44aa5599668877"
PASSWORD = "mail-password-c41e7d"
WRONG_PASSWORD = "wrong-password-7be2"
LEAVE = "leave-token-2d7f30aa"
LEAVE_PAGE = "leave-page-token-9c14"
CONFIRM = "confirm-token-b80e51"

TELEGRAM = {"file telegram/localchat.db", "file telegram/localchat.db-wal"}
CHAT = TELEGRAM | {"row localchat.db message.body"}
DATABASE = {"file data/contentsync.db", "file data/contentsync.db-wal"}
RAW, OWNED = "warc data/raw/*", "warc data/owned/*"
NECESSARY = {
    # A Telegram knows the tokens of its bots.
    "bot token": TELEGRAM | {"row localchat.db setting.value"},
    "its second part": TELEGRAM | {"row localchat.db setting.value"},
    # A feed is asked for by its address, and its raw answer says where it came from; a person sees what they wrote.
    "private feed": DATABASE
    | CHAT
    | {"row contentsync.db source.url", "row contentsync.db source.key", "row contentsync.db raw_document.url", RAW},
    "feed not followed": CHAT,
    "typed text": CHAT,
    # Raw mails are kept as they came, each mailbox's for itself, and go when it is disconnected.
    "link to leave": {OWNED},
    # These are opened by the person: they are buttons in their chat. The state works once, and has been used.
    "page to leave": CHAT | {OWNED},
    "link to confirm": CHAT,
    "sign-in state": CHAT,
}
"""Where a secret has to stand in clear, and why. Whatever is not here stands nowhere."""


class Talk:
    """The chat at a Telegram of its own."""

    def __init__(self, telegram: FakeTelegram) -> None:
        self._telegram = telegram

    async def say(self, text: str) -> int:
        """Type a text; its message id."""
        return await self._telegram.say(text)

    async def tap(self, message: Message, label: str) -> int:
        """Tap the first button that begins so."""
        data = next(b["callback_data"] for b in buttons(message) if b["text"].startswith(label))
        return await self._telegram.tap(message["message_id"], data)

    async def wait_for(self, wanted: Wanted, *, after: int = 0, seconds: float = 30) -> Message:
        """The bot's first message after this one that is as wanted."""
        return await self._telegram.wait_for(lambda m: from_bot(m) and wanted(m), seconds, after=after)

    async def ask(self, text: str, wanted: Wanted = lambda m: True, seconds: float = 30) -> Message:
        """Say something and wait for the first answer that is as wanted."""
        return await self.wait_for(wanted, after=await self.say(text), seconds=seconds)


async def follow_feeds(chat: Talk, web: FakeWeb) -> None:
    """A private feed is followed, another cannot be, and a text is typed that answers nothing."""
    web.serve("/private/feed.xml", rss("cellar", 3), content_type="application/rss+xml")
    web.fail("/other/feed.xml", 500)
    await chat.ask("/start")
    offer = await chat.ask(web.url(f"/private/feed.xml?token={FEED}"), has_button("Follow"))
    await chat.tap(offer, "Follow")
    await chat.wait_for(has_button("Unfollow"), after=offer["message_id"] - 1)
    await chat.ask("/digest", says("cellar story 1"))
    await chat.ask("/add")
    await chat.ask(web.url(f"/other/feed.xml?token={UNFOLLOWED}"), says("500"))
    await chat.ask(f"{web.url('/x')}#{UNFOLLOWED}")
    settings = await chat.ask("/settings", has_button("Time zone"))
    await chat.tap(settings, "Time zone")
    await chat.wait_for(lambda m: True, after=settings["message_id"])
    await chat.ask(TYPED)
    await chat.say("/cancel")


async def connect_accounts(chat: Talk, services: Services) -> str:
    """An account of each kind, some of them not at the first attempt; and an access token that ends too early.

    Gives the state of the sign-in.
    """
    services.send_mails(leave=LEAVE, leave_page=LEAVE_PAGE, confirm=CONFIRM)
    await ask_for_key(chat)
    await chat.ask(WRONG_KEY, says("News API is not connected"))
    await connect_news(chat, NEWS_KEY)
    await ask_for_password(chat, services.imap)
    await chat.ask(WRONG_PASSWORD, says("could not open that mailbox"))
    await connect_mailbox(chat, services.imap)
    await leave_newsletters(chat)
    (state,) = parse_qs(urlsplit(await sign_in(chat)).query)["state"]
    services.google.end_access_tokens()
    account = await chat.ask("/youtube", has_button("Read the list now"))
    await chat.tap(account, "Read the list now")
    async with asyncio.timeout(20):
        while len([token for token in services.google.secrets if token.startswith("ya29.")]) < 2:
            await asyncio.sleep(0.1)
    return state


async def go_wrong(chat: Talk, telegram: FakeTelegram, web: FakeWeb) -> None:
    """Telegram and the private feed fail."""
    telegram.faults.drop_before("getUpdates")
    telegram.faults.server_error("sendMessage")
    web.fail("/private/feed.xml", 500)
    await chat.ask("/help")
    async with asyncio.timeout(60):
        while "failing" not in (await chat.ask("/sources"))["text"]:
            await asyncio.sleep(1)


async def keep_house(instance: Instance) -> None:
    """Have the day's housekeeping done now, and wait for it."""
    port = json.loads((instance.data / "temporal.json").read_text())["port"]
    client = await Client.connect(f"127.0.0.1:{port}")
    await client.get_schedule_handle("housekeeping").trigger()
    async with asyncio.timeout(30):
        while not [run async for run in client.list_workflows(f"WorkflowType = '{HOUSEKEEPING}'") if run.close_time]:
            await asyncio.sleep(0.2)


async def disconnect_two(chat: Talk, services: Services, instance: Instance) -> None:
    """The mailbox and YouTube; the key stays."""
    await disconnect(chat, "newsletters by mail")
    await disconnect(chat, "YouTube")
    await until_empty(instance.data / "owned" / "2")
    async with asyncio.timeout(20):
        while services.google.has_grant():
            await asyncio.sleep(0.1)


def encrypted(instance: Instance, vault: Vault) -> str:
    """What stands encrypted with the accounts and their newsletters, read with the key."""
    with sqlite3.connect(f"file:{instance.data / 'contentsync.db'}?mode=ro", uri=True) as connection:
        tokens = connection.execute(
            "SELECT credentials FROM integration UNION ALL SELECT secret FROM channel WHERE secret IS NOT NULL"
        ).fetchall()
    connection.close()
    return "\n".join(vault.decrypt(token) for (token,) in tokens)


async def look(instance: Instance, secrets: Mapping[str, str], *, gone: frozenset[str] = frozenset()) -> None:
    """Each secret stands only where it has to, and not in a place that is `gone` by now."""
    found = await find_secrets(instance, list(secrets.values()))
    for name, secret in secrets.items():
        places = {re.sub(r"^(warc data/\w+/).*", r"\1*", place) for place in found[secret]}
        allowed = NECESSARY.get(name, set()) - gone
        assert places <= allowed, f"{name} is in {sorted(places - allowed)}"
    assert "row contentsync.db source.url" in found[FEED]
    assert "row localchat.db message.body" in found[CONFIRM]
    assert any(place.startswith("warc data/owned/") for place in found[LEAVE]) == (OWNED not in gone)


async def look_for_the_rest(instance: Instance) -> None:
    """What is no secret is found in all places, so looking there is worth something."""
    found = await find_secrets(
        instance, ["cellar story 2", "Tin Weekly", "puller.ConnectAccount", "bot_seconds=", "Ready after"]
    )
    assert {"row contentsync.db item.title", "row localchat.db message.body"} <= found["cellar story 2"]
    assert any(place.startswith("warc data/raw/") for place in found["cellar story 2"])
    assert any(place.startswith("warc data/owned/") for place in found["Tin Weekly"])
    assert {"file data/temporal.db", "row temporal.db history_node.data"} <= found["puller.ConnectAccount"]
    assert "history puller.ConnectAccount" in found["puller.ConnectAccount"]
    assert "stdout" in found["Ready after"]
    assert found["bot_seconds="] == {"file stderr.log"}


async def test_secrets_stay_where_they_belong(tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    directory = tmp_path / "instance"
    (directory / "telegram").mkdir(parents=True)
    services = Services(tmp_path, key=NEWS_KEY, password=PASSWORD)
    async with FakeTelegram(directory / "telegram") as telegram, FakeWeb() as web, services:
        chat = Talk(telegram)
        instance = Instance(
            directory,
            TELEGRAM_BOT_TOKEN=telegram.token,
            TELEGRAM_API_BASE_URL=telegram.base_url,
            CONTENTSYNC_ACCESS="open",
            CONTENTSYNC_SECRET_KEY=key,
            CONTENTSYNC_MIN_PULL_INTERVAL_MINUTES="0",
            CONTENTSYNC_MAX_PULL_INTERVAL_MINUTES="0",
            **services.settings(),
        )
        async with instance:
            await follow_feeds(chat, web)
            state = await connect_accounts(chat, services)
            await go_wrong(chat, telegram, web)
            of_google = services.google.secrets - {state}
            assert len(of_google) == 5, "a code, a verifier, a refresh token and two access tokens"
            secrets = {
                "bot token": telegram.token, "its second part": telegram.token.partition(":")[2], "secret key": key,
                "private feed": FEED, "feed not followed": UNFOLLOWED, "typed text": TYPED,
                "News API key": NEWS_KEY, "wrong key": WRONG_KEY, "password": PASSWORD,
                "wrong password": WRONG_PASSWORD, "link to leave": LEAVE, "page to leave": LEAVE_PAGE,
                "link to confirm": CONFIRM, "client secret": services.google.client_secret, "sign-in state": state,
                **{f"Google's or the verifier, {number}": one for number, one in enumerate(sorted(of_google))},
                "words of a letter": "PRIVATE-WORDS", "who wrote it": "anna.ash",
            }  # fmt: skip
            await look(instance, secrets)
            await look_for_the_rest(instance)
            kept = encrypted(instance, Vault([key]))
            refresh = next(token for token in of_google if token.startswith("1//0"))
            assert [one for one in (NEWS_KEY, PASSWORD, LEAVE, LEAVE_PAGE, refresh) if one not in kept] == []
            await disconnect_two(chat, services, instance)
            await keep_house(instance)
            await look(instance, secrets, gone=frozenset({OWNED}))
        assert await instance.command("reprocess") == 0
        assert "0 added, 0 changed" in instance.errors.read_text()
        await look(instance, secrets, gone=frozenset({OWNED}))
